#!/usr/bin/env python3
"""usage: page.py --names PAGE.scd | page.py SCDOC PAGE.scd OUTPUT

With --names: the names that a page describes besides its own, one per line. They become links to the page.

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


def names(page):
    heading = re.search(r"^# NAME\n(.*?) - ", page.read_text(), re.M | re.S)
    if not heading:
        sys.exit(f"{page}: no line 'names - what they do' below '# NAME'")
    for name in heading.group(1).split(","):
        if name.strip() != page.name.split(".")[0]:
            yield name.strip()


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
        print("\n".join(names(pathlib.Path(sys.argv[2]))))
        return
    scdoc, page, output = sys.argv[1:]
    with open(page, "rb") as text:
        made = subprocess.run([scdoc], stdin=text, stdout=subprocess.PIPE, check=False)
    if made.returncode != 0:
        sys.exit(f"{page}: scdoc refuses it")
    pathlib.Path(output).write_text("\n".join(safe(made.stdout.decode())))


main()
