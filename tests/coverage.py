#!/usr/bin/env python3
"""usage: coverage.py SOURCE BUILD [--figures FILE]: what of the core rooms the tests have executed, from gcov's records in BUILD: a table, and
every line that none has reached. A line that no test reaches must be one of coverage.txt, with a reason.
"""
import collections
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOMS = ["policy", "compile", "bpf", "prove", "load", "api"]
ARCHIVES = ["src/libcallgate-fast.a.p", "src/libcallgate-objects.a.p"]


def records(source, build):
    """Of each file of the rooms: the count of each line, and of each branch of it. A file is compiled once."""
    files = {}
    with tempfile.TemporaryDirectory() as place:
        for archive in ARCHIVES:
            for notes in sorted((build / archive).glob("*.gcno")):
                done = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", str(notes)], cwd=place, capture_output=True, check=True)
                text = done.stdout if done.stdout[:2] != b"\x1f\x8b" else gzip.decompress(done.stdout)
                for file in json.loads(text)["files"]:
                    path = (build / file["file"]).resolve()
                    if path.suffix != ".c" or source not in path.parents or path.relative_to(source).parts[:1] != ("src",):
                        continue
                    name = str(path.relative_to(source))
                    if name.split("/")[1] in ROOMS:
                        files[name] = [(line["line_number"], line["count"], [b["count"] for b in line["branches"]]) for line in file["lines"]]
    return files


def reasons(path):
    """FILE | the line | why no test reaches it."""
    found = {}
    for line in path.read_text().splitlines():
        if line and line[0] != "#":
            file, text, why = (part.strip() for part in line.split(" | ", 2))
            found[file, text] = why
    return found


def main():
    source, build = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
    known, files, missed, unmet = reasons(pathlib.Path(__file__).with_name("coverage.txt")), records(source, build), [], []
    rooms, partly = collections.defaultdict(lambda: [0, 0, 0, 0]), []
    for name, lines in files.items():
        room, text = rooms[name.split("/")[1]], (source / name).read_text().splitlines()
        for number, count, branches in lines:
            room[0] += 1
            room[1] += count > 0
            room[2] += len(branches)
            room[3] += sum(b > 0 for b in branches)
            here = text[number - 1].strip()
            if count == 0:
                missed.append("%s:%d: %s" % (name, number, here))
                if (name, here) not in known:
                    unmet.append(missed[-1])
            elif not all(branches):
                partly.append("%s:%d: %d of %d branches: %s" % (name, number, sum(b > 0 for b in branches), len(branches), here))
    if not files:
        sys.exit("coverage.py: no records in %s" % build)
    print("| room | lines | executed | branches | taken |\n|---|---|---|---|---|")
    all_rooms = [sum(row) for row in zip(*rooms.values())]
    for room, row in [(r, rooms[r]) for r in ROOMS] + [("all", all_rooms)]:
        print("| %s | %d | %.1f %% | %d | %.1f %% |" % (room, row[0], 100 * row[1] / row[0], row[2], 100 * row[3] / max(row[2], 1)))
    print("%d lines that no test reaches:" % len(missed))
    print("\n".join(missed))
    if "--branches" in sys.argv:
        print("\n".join(partly))
    if "--figures" in sys.argv:
        pathlib.Path(sys.argv[sys.argv.index("--figures") + 1]).write_text(json.dumps({"lines": all_rooms[0], "executed": all_rooms[1], "branches": all_rooms[2], "taken": all_rooms[3],
                                                                       "listed": len(missed)}) + "\n")
    reached = sorted(set(known) - {(line.split(":")[0], line.split(": ", 1)[1]) for line in missed})
    if reached:
        print("in coverage.txt, and reached this time:\n" + "\n".join("%s: %s" % place for place in reached))
    if unmet:
        print("not in coverage.txt:\n" + "\n".join(unmet))
    return 1 if unmet else 0


sys.exit(main())
