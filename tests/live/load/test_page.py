#!/usr/bin/env python3
"""usage: test_page.py PAGE.scd SOURCE PROGRAM: is the program of a man page the one that is built, and does it print what the page says?"""
import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    page, source = (pathlib.Path(name).read_text() for name in sys.argv[1:3])
    program = re.search(r"^```\n(.*?)^```\n", page, re.M | re.S)
    printed = re.search(r"^It prints:\n\n\t(.*?)\n\n", page, re.M | re.S)
    if not program or not printed:
        sys.exit(f"{sys.argv[1]}: no program, or nothing that it prints")
    if program.group(1) != source:
        sys.exit(f"{sys.argv[1]}: its program is not {sys.argv[2]}")
    with tempfile.TemporaryDirectory() as directory:
        program = pathlib.Path(sys.argv[3]).resolve()
        run = subprocess.run([program], cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    if run.returncode != 0 and "the kernel refused" in run.stderr:
        print(f"skipped: no filter can be loaded here: {run.stderr}")
        sys.exit(77)
    expected = printed.group(1).replace("++\n", "\n") + "\n"
    if run.returncode != 0 or run.stdout != expected:
        sys.exit(f"{sys.argv[3]}: status {run.returncode}, and it printed:\n{run.stdout}{run.stderr}instead of:\n{expected}")


main()
