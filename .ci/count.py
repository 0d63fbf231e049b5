#!/usr/bin/env python3
"""usage: count.py testlog.json: prints passed, failed and skipped tests of a meson run, then the failed ones, a line each; fails if
none passed."""
import json
import sys

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
