#!/usr/bin/env python3
"""usage: widths.py SOURCE-ROOT: does a comparison that is written in src, examples, docs or README.md look at more than the kernel reads?

Comparisons in C count for the call that is named before them (SCMP_SYS), those in JSON for the names of their entry. How much the
kernel reads is in src/arch/data/prototypes.tbl. A comparison that takes in more than 32 bits of an argument of which the kernel reads
32 or fewer is evaded, or misses, by a call with other bits set. tests/unit/info/test_widths.c asks the same of compiled programs.
"""
import importlib.util
import pathlib
import re
import sys

sys.dont_write_bytecode = True

CALL = re.compile(r"SCMP_SYS\((\w+)\)")
MACRO = re.compile(r"SCMP_(?:A(\d)|CMP)(?:_?(?:32|64))?\(\s*(?:(\d)\s*,\s*)?(SCMP_CMP_\w+)\s*,\s*([^,]+)")
BRACES = re.compile(r"\{\s*(?:\.arg = )?(\d)\s*,\s*(?:\.op = )?(SCMP_CMP_\w+)\s*,\s*(?:\.datum_a = )?([^,]+)")
ENTRY = re.compile(r'"names"\s*:\s*\[([^\]]*)\](?:(?!"names").)*?"args"\s*:\s*\[(.*?)\]', re.S)
CONDITION = re.compile(r"\{([^}]*)\}")

# Where a page shows what is wrong with such a comparison: file, call.
SHOWN = {("docs/callgate-test.5.scd", "socket"), ("docs/callgate_diagnosis.3.scd", "socket"),
         ("docs/gallery.md", "ioctl")}


def load_widths(root):
    """{call: [bits of each argument]}, as most architectures have it"""
    path = root / "src/arch/tables.py"
    spec = importlib.util.spec_from_file_location("tables", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = module.read_prototypes(root / "src/arch/data/prototypes.tbl")
    return {call: [module.bits_of(argument) for argument in arguments] for call, arch, arguments in rows if not arch}


def is_narrow(operator, mask):
    """Does the comparison take in 32 bits at most? A mask of names of flags is one of ints."""
    if operator != "SCMP_CMP_MASKED_EQ" or re.search(r"[~-]|64", mask):
        return False
    numbers = [int(number, 0) for number in re.findall(r"\b(?:0x[0-9a-fA-F]+|\d+)", mask)]
    return all(number <= 0xFFFFFFFF for number in numbers)


def comparisons_in_c(text):
    """(line, call, argument, operator, first datum)"""
    calls = list(CALL.finditer(text))
    for call, end in zip(calls, [call.start() for call in calls[1:]] + [len(text)]):
        statement = re.split(r";|\n\}", text[call.end():end])[0]
        for found in list(MACRO.finditer(statement)) + list(BRACES.finditer(statement)):
            groups = found.groups()
            arg = groups[0] if groups[0] is not None else groups[1]
            line = text.count("\n", 0, call.end() + found.start()) + 1
            yield line, call.group(1), int(arg), groups[-2], groups[-1]


def comparisons_in_json(text):
    for entry in ENTRY.finditer(text):
        for condition in CONDITION.finditer(entry.group(2)):
            fields = dict(re.findall(r'"(\w+)"\s*:\s*"?(\w+)', condition.group(1)))
            for name in re.findall(r'"(\w+)"', entry.group(1)):
                line = text.count("\n", 0, entry.start(2) + condition.start()) + 1
                yield line, name, int(fields["index"]), fields["op"], fields["value"]


def is_wide(widths, comparison):
    _, call, arg, operator, datum = comparison
    bits = widths.get(call, [64] * 6)
    return arg < len(bits) and bits[arg] <= 32 and not is_narrow(operator, datum)


def check_itself(widths):
    wide = [
        "SCMP_SYS(close), 1, SCMP_A0(SCMP_CMP_GT, 5)", "{SCMP_SYS(read), 1, {{0, SCMP_CMP_EQ, FD, 0}}}",
        "SCMP_SYS(prctl), 1, SCMP_CMP(0, SCMP_CMP_NE, 5)", "SCMP_SYS(socket), 1, SCMP_A0_32(SCMP_CMP_EQ, 5)",
        "SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, ~0xfu, 5)", "SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 0x100000000, 0)",
    ]
    narrow = ["SCMP_SYS(close), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, 5)", "SCMP_SYS(write), 1, SCMP_A2(SCMP_CMP_GT, 5)"]
    profile = '{"names": ["socket"], "action": "A", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}'
    assert all(is_wide(widths, comparison) for text in wide for comparison in list(comparisons_in_c(text)) or [None])
    assert not any(is_wide(widths, comparison) for text in narrow for comparison in comparisons_in_c(text))
    assert [is_wide(widths, comparison) for comparison in comparisons_in_json(profile)] == [True]


def main(root):
    widths = load_widths(root)
    check_itself(widths)
    files = [root / "README.md"]
    for folder in "src", "examples", "docs":
        files += [path for path in (root / folder).rglob("*") if path.suffix in (".c", ".cc", ".h", ".scd", ".md", ".json")]
    seen, bad = 0, 0
    # `callgate bench` measures profiles as they are met, and confines nothing by them.
    files = [path for path in files if path.parent != root / "src/cli/data"]
    for path in sorted(files):
        text = path.read_text()
        found = list(comparisons_in_json(text)) + (list(comparisons_in_c(text)) if path.suffix != ".json" else [])
        for comparison in found:
            line, call, arg, operator, _ = comparison
            seen += 1
            if is_wide(widths, comparison) and (str(path.relative_to(root)), call) not in SHOWN:
                print(f"{path.relative_to(root)}:{line}: {operator} compares 64 bits of {call}'s argument {arg}, and the kernel reads "
                      f"{widths[call][arg]}")
                bad += 1
    print(f"{seen} comparisons in {len(files)} files")
    if seen < 25:
        sys.exit("that can't be all")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
