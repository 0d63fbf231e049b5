#!/usr/bin/env python3
"""usage: readme.py SOURCE-ROOT BUILD-ROOT [--check|--print]: measures what README.md claims in "Size and speed", and writes it there, between
the comments <!-- measured --> and <!-- end -->. The build is a release with -Ddrop_in=true and tests; needs root, crun and the distribution's libseccomp.

--print prints it instead. --check measures only what is counted, which is the same on every machine, and fails if README.md has other numbers.
"""
import datetime
import os
import pathlib
import platform
import re
import subprocess
import sys

POLICY = "container" # of those that callgate bench measures
RUNS = 5
# A row of the table, and what `callgate bench` calls it.
COUNTED = [("instructions", "instructions"), ("executed by ordinary work, mean", "executed, ordinary work")]
TIMED = [("rules and compilation, µs", "adding rules and compiling, us"), ("proof, µs", "proving, us"), ("loading, µs", "loading, us")]
PLACE = re.compile(r"(<!-- measured[^\n]*-->\n).*?(<!-- end -->)", re.S)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def bench(build, *options):
    """Of each row that callgate prints, its numbers: callgate's and those of the peer's two levels, as far as there are some."""
    rows = {}
    printed = run(build / "src/cli/callgate", "bench", *options)
    policy = re.search(rf"^{POLICY}: .*?^(?=\S)", printed + "end", re.M | re.S)
    for line in policy.group().split("\n") if policy else sys.exit(f"no policy {POLICY} in:\n{printed}"):
        found = re.match(r"  (\S.*?)  +([\d.]+)(?: +([\d.]+) \( *[\d.]+\))?(?: +([\d.]+) \( *[\d.]+\))?", line)
        if found:
            rows[found.group(1)] = found.groups()[1:]
    return rows


def least(runs):
    """Of each number the least of several runs: other work on the machine only adds."""
    return {name: [value and str(min(float(rows[name][index]) for rows in runs)) for index, value in enumerate(values)]
            for name, values in runs[0].items()}


def number(text):
    if text is None:
        return "none"
    return f"{float(text):.1f}" if float(text) < 20 else f"{float(text):.0f}"


def table(rows, names):
    return "".join(f"| {row} | {' | '.join(number(value) for value in rows[name])} |\n" for row, name in names)


def container_start(root, build):
    """Milliseconds of processor time: without seccomp, with the peer, with callgate."""
    text = run("sh", root / "tests/bench/container_start.sh", build / "tests/bench/bench-turns", build / "src/libseccomp.so.2",
               build / "tests/bench/libbench-nothing.so", build / "src/cli/callgate")
    found = [re.search(rf"^{name} +processor.*median +([\d.]+)", text, re.M) for name in ("none", "libseccomp", "callgate")]
    if not all(found):
        sys.exit(text)
    return [f"{float(match.group(1)):.1f} ms" for match in found]


def code_size(library):
    """Kilobytes of code and constants."""
    return f"{int(run('size', library).split(chr(10))[1].split()[0]) / 1000:.0f} KB"


def measured(root, build):
    rows = least([bench(build) for _ in range(RUNS)])
    none, peer, ours = container_start(root, build)
    libseccomp = run("dpkg-query", "-W", "-f", "${Version}", "libseccomp2").split("-")[0]
    crun = run("crun", "--version").split("\n")[0].split()[-1]
    load = " on a busy machine" if os.getloadavg()[0] > os.cpu_count() else ""
    return (f"| | callgate | libseccomp, level 1 | level 2 |\n|---|---|---|---|\n"
            f"| start and end of a container by crun, processor time; {none} without seccomp | {ours} | {peer} | |\n"
            f"{table(rows, COUNTED)}{table(rows, TIMED)}\n"
            f"Measured, the least of {RUNS} runs (the container: the median), {datetime.date.today().isoformat()}{load}: Linux {'.'.join(platform.release().split('.')[:2])}, {os.cpu_count()} cores, "
            f"libseccomp {libseccomp}, crun {crun}. The core library has {code_size(build / 'src/libcallgate.so')} of code and constants ({platform.machine()}, release).\n")


def check(root, build):
    text = (root / "README.md").read_text()
    place = PLACE.search(text)
    if not place:
        return "README.md has no place for what is measured"
    rows = bench(build, "--counts")
    for row, name in COUNTED:
        if f"| {row} | {number(rows[name][0])} |" not in place.group():
            return f"README.md: {row}: it is {number(rows[name][0])} now: tests/bench/readme.py measures anew"
    return None


def main():
    root, build, how = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:]
    if how == ["--check"]:
        return check(root, build)
    text = measured(root, build)
    if how == ["--print"]:
        print(text, end="")
    else:
        readme = root / "README.md"
        readme.write_text(PLACE.sub(lambda found: found.group(1) + text + found.group(2), readme.read_text()))
    return None


sys.exit(main())
