#!/usr/bin/env python3
"""usage: page.py --names PAGE.scd | page.py SCDOC PAGE.scd OUTPUT DEPFILE

With --names: the names that a page describes besides its own, one per line. They become links to the page.

A line "@types HEADER [NAME...]" of a page stands for the structures and enumerations that a public header defines, or those of these names,
with the comments above them. They are names of the page, too.

Otherwise: the page, as scdoc makes it, but safe to copy from. Some formatters print "-", "'", "`", "^" and "~" as typographic characters, and some
read a doubled backslash twice; scdoc leaves the choice to the formatter, and this program writes the names of the ASCII characters. Tabs in
examples become spaces, up to every fourth column.
"""
import pathlib
import re
import subprocess
import sys

ASCII_NAMES = {"-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", "\\\\": r"\(rs"}
# An escape sequence of scdoc's (in lists it moves by \\h'...'), which stays, a backslash apart, or one of the characters.
TOKEN = re.compile(r"\\h'[^']*'|\\f.|\\\(..|\\\*\(..|\\[^f(*]|[-'`^~]")


HEADING = re.compile(r"^# NAME\n(.*?) - ", re.M | re.S)
TYPES = re.compile(r"^@types (\S+)(.*)$", re.M)
DEFINITION = re.compile(r"^(?:/\*(?:[^*]|\*(?!/))*\*/\n)?(?:struct|enum) ([a-z]\w*) \{\n.*?^\}.*?;$", re.M | re.S)
# What divides a header into parts.
BANNER = re.compile(r"^ \* ---- .* ----\n \*\n", re.M)


def header(page, name):
    return page.resolve().parent.parent / "include" / name


def definitions(page, asked):
    """Pairs of a name and a definition, for a match of TYPES."""
    wanted = asked.group(2).split()
    found = {match.group(1): match.group() for match in DEFINITION.finditer(header(page, asked.group(1)).read_text())}
    missing = set(wanted) - set(found)
    if missing or not found:
        sys.exit(f"{page}: {asked.group(1)} does not define {' '.join(sorted(missing)) or 'anything'}")
    return [(name, BANNER.sub("", text)) for name, text in found.items() if name in wanted or not wanted]


def names(page):
    """All names of a page, of which its own may be one."""
    text = page.read_text()
    heading = HEADING.search(text)
    if not heading:
        sys.exit(f"{page}: no line 'names - what they do' below '# NAME'")
    of_types = [name for asked in TYPES.finditer(text) for name, _ in definitions(page, asked)]
    return list(dict.fromkeys([name.strip() for name in heading.group(1).split(",")] + of_types))


def complete(page):
    """The page for scdoc, which takes a backslash for the beginning of an escape even in an example."""
    text = HEADING.sub(lambda match: f"# NAME\n\n{', '.join(names(page))} - ", page.read_text(), count=1)
    return TYPES.sub(lambda asked: "\n\n".join(f"```\n{definition}\n```" for _, definition in definitions(page, asked)).replace("\\", "\\\\"), text)


def ascii_text(line):
    return TOKEN.sub(lambda match: ASCII_NAMES.get(match.group(), match.group()), line)


def safe(roff):
    # man(1) runs tbl(1) for a page that asks for it in its first line.
    if "\n.TS\n" in roff:
        yield "'\\\" t"
    in_example = False
    # Cells are too narrow for lines that are spread to the right edge.
    roff = roff.replace("\n.TS\n", "\n.na\n.TS\n").replace("\n.TE\n", "\n.TE\n.ad\n")
    for line in roff.split("\n"):
        if line in (".nf", ".fi"):
            in_example = line == ".nf"
        if line.startswith(".") and not line.startswith(".TH"):
            yield line
        else:
            yield ascii_text(line.expandtabs(4) if in_example else line)


def main():
    if sys.argv[1] == "--names":
        page = pathlib.Path(sys.argv[2])
        print("\n".join(name for name in names(page) if name != page.name.split(".")[0]))
        return
    scdoc, page, output, depfile = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
    made = subprocess.run([scdoc], input=complete(page).encode(), stdout=subprocess.PIPE, check=False)
    if made.returncode != 0:
        sys.exit(f"{page}: scdoc refuses it")
    output.write_text("\n".join(safe(made.stdout.decode())))
    headers = sorted({str(header(page, asked.group(1))) for asked in TYPES.finditer(page.read_text())})
    depfile.write_text(f"{output}: {' '.join(headers)}\n")


if __name__ == "__main__":
    main()
