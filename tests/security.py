#!/usr/bin/env python3
"""usage: security.py SOURCE BUILD [ROW...]: measures the figures of SECURITY.md's table and writes them there, each with its day.

A figure stands after <!-- measured NAME --> to the end of its cell. ROW names those to measure anew, all by default: coverage takes half an hour, mutation as long as
CALLGATE_SECONDS says (an hour if it is not set). CALLGATE_LONG is the work of random tests, ten times the usual. BUILD is a build with tests and with coq, by gcc. --check fails if a row of the table has no measurement here, or the other way round, and measures nothing.
"""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PLACE = re.compile(r"(<!-- measured (\S+) -->)([^|\n]*)")
LONG = os.environ.get("CALLGATE_LONG") or "10"
SECONDS = int(os.environ.get("CALLGATE_SECONDS") or "3600")


def run(*command, fails=False, **environment):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ, **environment))
    if done.returncode and not fails:
        sys.exit(f"{command}: status {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def test(build, *names, **environment):
    """What tests of meson print."""
    run("meson", "test", "-C", build, "--no-rebuild", "--timeout-multiplier", "100", *names, **environment)
    return (build / "meson-logs/testlog.txt").read_text()


def total(pattern, text):
    return sum(int(number) for number in re.findall(pattern, text))


def theorem(source, build):
    log = next((build / "tests/formal").glob("**/Proof.log")).read_text()
    return "%d theorems, no axiom" % log.count("Closed under the global context")


def shipped(source, build):
    text = test(build, "recheck-shipped", "recheck-policies", "recheck-calls", "recheck-distribution", CALLGATE_LONG=LONG)
    return "%d filters equal, none unknown" % total(r": (\d+) filters equal", text)


def recheck_mutants(source, build):
    text = test(build, "recheck-mutants", CALLGATE_LONG=os.environ.get("CALLGATE_LONG") or "50")
    return re.search(r"^mutants: (.*)$", text, re.M).group(1)


def machine(source, build):
    text = test(build, "recheck-runs", "recheck-evaluations", "recheck-kernel", CALLGATE_LONG=LONG)
    return "%d verdicts agree" % total(r": (\d+) verdicts agree", text)


def solver(source, build):
    return "%d programs equal" % total(r"z3: (\d+) programs equal", test(build, "recheck-solver"))


def mutation(source, build):
    with tempfile.NamedTemporaryFile() as figures:
        run(sys.executable, source / "tests/mutation/mutate.py", source, build, "--kinds", "5", "--sample", "500", "--seconds", SECONDS, "--figures", figures.name, fails=True)
        found = json.load(open(figures.name))
    tried = found["killed"] + found["argued"] + found["survived"]
    return "%d faults of %d kinds and any: %d noticed, %d argued, %d not" % (tried, found["kinds"], found["killed"], found["argued"], found["survived"])


def coverage(source, build):
    with tempfile.NamedTemporaryFile() as figures:
        run("sh", source / "tests/coverage.sh", "--figures", figures.name, fails=True)
        found = json.load(open(figures.name))
    return "%.1f %% of %d lines, %.1f %% of %d branches" % (100 * found["executed"] / found["lines"], found["lines"], 100 * found["taken"] / found["branches"], found["branches"])


def fuzzing(source, build):
    """What every run with clang tries, and what is kept: tests/fuzz/meson.build has the numbers, and says how to search for longer."""
    runs = dict(re.findall(r"'(\w+)': \{'sources'.*'runs': (\d+)\}", (source / "tests/fuzz/meson.build").read_text()))
    kept = sum(1 for path in (source / "tests/fuzz/corpus").rglob("*") if path.is_file())
    return "in each run %s; %d inputs kept" % (", ".join(f"{name} {count}" for name, count in runs.items()), kept)


def tests(source, build):
    listed = json.load(open(build / "meson-info/intro-tests.json"))
    count = {}
    for suite in (name.split(":")[-1] for one in listed for name in one["suite"]):
        count[suite] = count.get(suite, 0) + 1
    return ", ".join(f"{count[name]} {name}" for name in ("unit", "property", "live", "fuzz", "formal"))


MEASUREMENTS = {"theorem": theorem, "shipped": shipped, "recheck-mutants": recheck_mutants, "machine": machine, "solver": solver, "mutation": mutation,
                "coverage": coverage, "fuzzing": fuzzing, "tests": tests}


def main():
    source, build, rows = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:]
    page = source / "SECURITY.md"
    text = page.read_text()
    there = [found[1] for found in PLACE.findall(text)]
    if sorted(there) != sorted(MEASUREMENTS):
        sys.exit("security.py: rows of SECURITY.md: %s; measurements: %s" % (sorted(there), sorted(MEASUREMENTS)))
    if rows == ["--check"]:
        empty = [name for _, name, figure in PLACE.findall(text) if not figure.strip()]
        sys.exit("security.py: no figure for %s" % ", ".join(empty) if empty else 0)
    for name in rows or there:
        figure = MEASUREMENTS[name](source, build)
        print(f"{name}: {figure}", flush=True)
        dated = f" {figure} ({datetime.date.today().isoformat()}) "
        text = page.read_text()  # others may have measured meanwhile
        text = PLACE.sub(lambda found, name=name, dated=dated: found.group(1) + dated if found.group(2) == name else found.group(), text)
        page.write_text(text)


main()
