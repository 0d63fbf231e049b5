#!/usr/bin/env python3
"""usage: example.py PAGE.scd NUMBER OUTPUT: one of the programs and files of a man page, counted from 0."""
import pathlib
import re
import sys


def main():
    blocks = re.findall(r"^```\n(.*?)^```\n", pathlib.Path(sys.argv[1]).read_text(), re.M | re.S)
    pathlib.Path(sys.argv[3]).write_text(blocks[int(sys.argv[2])])


main()
