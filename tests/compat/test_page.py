#!/usr/bin/env python3
"""usage: test_page.py PAGE.scd SOURCE-ROOT COMPILER-WITH-ARGUMENTS...

Is what a man page on functions says still so? Its prototypes are those of the headers, its NAME lists just them, and there is an example, in
which each block compiles and links: a whole program, functions, or lines from within one, which get the headers of the SYNOPSIS, what most
programs include, and a context called ctx. A whole program that is followed by "It prints:" is run, with the arguments of "With _ARGUMENTS_ it
prints:", and if the page names a file in examples/, it is that file, to the letter.
"""
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

COMMON = ["errno.h", "fcntl.h", "stdio.h", "stdlib.h", "string.h", "sys/socket.h", "unistd.h", "seccomp.h"]
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused", "-Wno-unused-parameter", "-Wno-missing-field-initializers"]


def plain(text):
    """The text without scdoc's marks."""
    escaped = re.sub(r"\\(.)", lambda match: chr(0xE000 + ord(match.group(1))), text.replace("++\n", "\n"))
    unmarked = re.sub(r"(?<!\w)_|_(?!\w)", "", escaped.replace("*", ""))
    return re.sub("[\uE000-\uE0FF]", lambda match: chr(ord(match.group()) - 0xE000), unmarked)


def section(page, title):
    found = re.search(rf"^# {title}S?\n(.*?)(?=^# |\Z)", page, re.M | re.S)
    return found.group(1) if found else ""


class Page:
    def __init__(self, path):
        self.path = path
        text = path.read_text()
        lines = plain(section(text, "SYNOPSIS")).splitlines()
        self.includes = [line.strip() for line in lines if line.strip().startswith("#include")]
        self.prototypes = [line.strip() for line in lines if re.match(r"\s*\w[\w ]* \**\w+\(.*\);$", line)]
        self.names = set(re.split(r",\s+", plain(section(text, "NAME")).strip().split(" - ")[0]))
        self.blocks = [block.replace("\\\\", "\\") for block in re.findall(r"^```\n(.*?)^```\n", text, re.M | re.S)]
        self.source = re.search(r"_examples/(\w+\.c)_", section(text, "EXAMPLE"))
        printed = re.search(r"^```\n\n(?:With _(.*?)_ it|It) prints(?:, until (SIG\w+) ends it)?:\n\n\t(.*?)\n\n", text, re.M | re.S)
        self.arguments = printed.group(1).split() if printed and printed.group(1) else []
        self.status = -signal.Signals[printed.group(2)] if printed and printed.group(2) else 0
        self.says_prints = re.search(r"^.*\bprints\b.*:$", section(text, "EXAMPLE"), re.M)
        self.printed = plain(printed.group(3)) + "\n" if printed else None


def unit_of(block, includes):
    """The block as a file to compile: as it is, or with what the page takes for granted."""
    if re.search(r"^int main\(", block, re.M):
        return block
    lines = block.splitlines(keepends=True)
    own = [line for line in lines if line.startswith("#include")]
    rest = "".join(line for line in lines if line not in own)
    head = "".join(f"#include <{name}>\n" for name in COMMON) + "\n".join(includes) + "\n" + "".join(own)
    if re.search(r"^\w.*\)\n\{", rest, re.M):
        return head + rest + "int main(void)\n{\n\treturn 0;\n}\n"
    return head + "int example(scmp_filter_ctx ctx);\nint example(scmp_filter_ctx ctx)\n{\n\t{\n" + rest + "\t}\n\treturn 0;\n}\n" \
        "int main(void)\n{\n\treturn example(NULL);\n}\n"


def build(unit, name, directory, compiler):
    """The error messages, or an empty string and a program of this name."""
    (directory / f"{name}.c").write_text(unit)
    command = [compiler[0], "-D_GNU_SOURCE", *WARNINGS, "-o", directory / name, directory / f"{name}.c", *compiler[1:]]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return run.stderr if run.returncode != 0 else ""


def run_example(page, program, root):
    with tempfile.TemporaryDirectory() as scratch:
        (pathlib.Path(scratch) / "examples").symlink_to(root / "examples")
        run = subprocess.run([program, *page.arguments], cwd=scratch, capture_output=True, text=True, timeout=60, check=False)
    if run.returncode != 0 and "the kernel refused" in run.stderr:
        print(f"skipped: no filter can be loaded here: {run.stderr}")
        sys.exit(77)
    if run.returncode != page.status or run.stdout != page.printed:
        return [f"status {run.returncode}, and the example printed:\n{run.stdout}{run.stderr}instead of:\n{page.printed}"]
    return []


def synopsis_faults(page, directory, compiler):
    listed = {re.search(r"(\w+)\(", prototype).group(1) for prototype in page.prototypes}
    faults = []
    alone = (listed ^ page.names) - {page.path.name.split(".")[0]}
    if listed and alone:
        faults.append(f"in NAME or in SYNOPSIS alone: {sorted(alone)}")
    if not page.includes:
        faults.append("SYNOPSIS includes no header")
    unit = "\n".join([*page.includes, *page.prototypes, "int main(void)", "{", "\treturn 0;", "}", ""])
    wrong = build(unit, "synopsis", directory, compiler)
    return faults + ([f"SYNOPSIS is not what the headers say:\n{wrong}"] if wrong else [])


def example_faults(page, root, directory, compiler):
    if not page.blocks:
        return ["there is no example"]
    faults = []
    for i, block in enumerate(page.blocks):
        wrong = build(unit_of(block, page.includes), f"block-{i}", directory, compiler)
        if wrong:
            faults.append(f"block {i + 1} of the example does not compile:\n{wrong}")
    if page.source and page.blocks[0] != (root / "examples" / page.source.group(1)).read_text():
        faults.append(f"the example is not examples/{page.source.group(1)}")
    if page.says_prints and not page.printed:
        faults.append("it says what is printed, in another form than this test reads")
    if page.printed and not faults:
        faults = run_example(page, directory / "block-0", root)
    return faults


def main():
    path, root, compiler = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    page = Page(path)
    with tempfile.TemporaryDirectory() as directory:
        faults = example_faults(page, root, pathlib.Path(directory), compiler)
        if path.name.split(".")[1] == "3":
            faults += synopsis_faults(page, pathlib.Path(directory), compiler)
    for fault in faults:
        print(f"{path.name}: {fault}")
    sys.exit(1 if faults else 0)


main()
