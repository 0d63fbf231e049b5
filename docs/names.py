#!/usr/bin/env python3
"""usage: names.py PAGE.scd: the names that a page describes besides its own, one a line: they become links to it."""
import pathlib
import re
import sys


def main():
    page = pathlib.Path(sys.argv[1])
    heading = re.search(r"^# NAME\n(.*?) - ", page.read_text(), re.M | re.S)
    if not heading:
        sys.exit(f"{page}: no line 'names - what they do' below '# NAME'")
    for name in heading.group(1).split(","):
        if name.strip() != page.name.split(".")[0]:
            print(name.strip())


main()
