#!/usr/bin/env python3
"""usage: watching.py CALLGATE: what it costs to watch a command, beside strace(1) where that is installed, all in turns in one run: the shortest of RUNS (in the
environment; 7), and the ratio to the command without anything."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

CALLS = 20000
STARTS = 100
COMMANDS = {
    f"{2 * CALLS} calls": ["dd", "if=/dev/zero", "of=/dev/null", "bs=1", f"count={CALLS}"],
    f"{STARTS} processes": ["sh", "-c", f"i=0; while [ $i -lt {STARTS} ]; do /bin/true; i=$((i + 1)); done"],
}
PROFILE = """{"defaultAction": "SCMP_ACT_ALLOW",
 "syscalls": [{"names": ["chmod", "fchmodat", "fchmodat2"], "action": "SCMP_ACT_ERRNO"}]}"""


def ways(callgate, profile, known):
    yield "the command alone", []
    yield "callgate run", [callgate, "run", "--profile", profile, "--"]
    yield "callgate run --why", [callgate, "run", "--profile", profile, "--why", "--"]
    yield "callgate record --more, all known", [callgate, "record", "--more", known, "--"]
    yield "callgate record", [callgate, "record", "--force", "-o", known + ".new", "--"]
    yield "callgate record --engine stops", [callgate, "record", "--engine", "stops", "--force", "-o", known + ".new", "--"]
    yield "callgate record --engine notify", [callgate, "record", "--engine", "notify", "--force", "-o", known + ".new", "--"]
    if shutil.which("strace"):
        yield "strace -f --seccomp-bpf, for 2 calls", ["strace", "-f", "--seccomp-bpf", "-e", "trace=chmod,fchmodat", "-o", "/dev/null"]
        yield "strace -f --seccomp-bpf, for all", ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null"]
        yield "strace -f", ["strace", "-f", "-o", "/dev/null"]


def seconds(command):
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return time.monotonic() - begun


def measure(callgate, folder, command, runs):
    profile, known = str(folder / "profile.json"), str(folder / "known.json")
    pathlib.Path(profile).write_text(PROFILE)
    seconds([callgate, "record", "--force", "-o", known, "--", *command])
    found = {}
    for _ in range(runs):
        for name, words in ways(callgate, profile, known):
            found.setdefault(name, []).append(seconds(words + command))
    return {name: min(times) for name, times in found.items()}


def main():
    runs = int(os.environ.get("RUNS", "7"))
    with tempfile.TemporaryDirectory() as folder:
        for what, command in COMMANDS.items():
            least = measure(sys.argv[1], pathlib.Path(folder), command, runs)
            print(f"{what}:")
            for name, time_taken in least.items():
                print(f"  {name:<38} {time_taken * 1000:9.1f} ms {time_taken / least['the command alone']:8.2f}")


if __name__ == "__main__":
    main()
