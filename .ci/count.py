#!/usr/bin/env python3
"""usage: count.py testlog.json: prints passed, failed and skipped tests of a meson run; fails if none passed."""
import collections
import json
import sys

with open(sys.argv[1], encoding="utf-8") as log:
    results = collections.Counter(json.loads(line)["result"] for line in log)
skipped = results.pop("SKIP", 0)
passed = results.pop("OK", 0) + results.pop("EXPECTEDFAIL", 0)
if passed == 0:
    sys.exit("no test passed")
print(passed, sum(results.values()), skipped)
