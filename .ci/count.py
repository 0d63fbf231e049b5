#!/usr/bin/env python3
"""usage: count.py testlog.json: prints how many tests of a meson run passed, failed and were skipped, then each that failed with the end of what
it printed; fails if none passed."""
import json
import sys

LINES = 30

with open(sys.argv[1], encoding="utf-8") as log:
    tests = [json.loads(line) for line in log]
passed = sum(test["result"] in ("OK", "EXPECTEDFAIL") for test in tests)
skipped = sum(test["result"] == "SKIP" for test in tests)
if passed == 0:
    sys.exit("no test passed")
print(passed, len(tests) - passed - skipped, skipped)
for test in tests:
    if test["result"] not in ("OK", "EXPECTEDFAIL", "SKIP"):
        print(test["name"], "ended as", test["result"])
        output = (test.get("stdout", "") + test.get("stderr", "")).splitlines()
        print("".join(f"    {line[:200]}\n" for line in output[-LINES:]), end="")
