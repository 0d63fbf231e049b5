#!/usr/bin/env python3
"""usage: published.py SOURCE-ROOT: every test that tests/published_mistakes.tbl names is there; and, where the list of mistakes is at hand
(../shared/adversarial.md beside the tree), every row of it has one.
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
wrong, known = [], set()
for line in (root / "tests/published_mistakes.tbl").read_text().splitlines():
    if not line or line[0] == "#":
        continue
    number, *tests = line.split()
    known.add(number)
    if not tests:
        wrong.append(f"{number}: no test")
    for test in tests:
        file, _, name = test.partition(":")
        path = root / "tests" / file
        text = path.read_text() if path.is_file() else None
        if text is None or not re.search(rf"START_TEST\({name}\)|\bdef {name}\(|\b{name}\(const" if name else ".", text):
            wrong.append(f"{number}: there is no {test}")
        elif path.suffix == ".c" and name and not re.search(rf"tcase_add\w*\(\w+, {name}\b|\b{name}\(const", text):
            wrong.append(f"{number}: {test} does not run")
rows = root / "../shared/adversarial.md"
if rows.is_file():
    wrong += [f"{number}: a row without a test" for number in re.findall(r"^\| ([GU]\d+) \|", rows.read_text(), re.M) if number not in known]
if not known or wrong:
    sys.exit("published.py: " + "\n".join(wrong or ["no rows"]))
