#!/usr/bin/env python3
"""usage: skipped.py meson-logs/testlog.json: which tests a run skipped, and the last line of what each printed, which says why."""
import json
import pathlib
import sys

log = pathlib.Path(sys.argv[1])
for line in log.read_text(errors="replace").splitlines() if log.exists() else []:
    test = json.loads(line)
    if test["result"] == "SKIP":
        printed = (test.get("stdout", "") + test.get("stderr", "")).strip().splitlines()
        print(f"skipped {test['name']}: {printed[-1] if printed else 'without a word'}")
