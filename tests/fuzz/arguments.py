#!/usr/bin/env python3
"""usage: arguments.py CALLGATE SOURCE-ROOT: random command lines. Whatever they are, the tool ends by itself with one of its exit statuses, says
something where it fails, and changes no file but those that it was told to write.

CALLGATE_SEED chooses other command lines, CALLGATE_LONG makes more of them."""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

LINES = 600
# `run` and `record` have env(1)'s statuses, and the command's.
STATUSES = {"run": {0, 1, 2, 125, 126, 127, 159}, "record": {0, 1, 2, 125, 126, 127, 159}}
OTHERS = {0, 1, 2}
# They wait for what the terminal or the machine does, or take their time on purpose.
SLOW = {"bench"}


def read_options(callgate, command):
    """[(option, what its value is called, or None)] of a command's help."""
    text = subprocess.run([callgate, command, "--help"], check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^  (?:-(\w), )?--([a-z-]+)(\[?[ =]?[^ \n]*)?", text, re.M)
    return [("--" + name, value.strip() or None) for _, name, value in found]


def make_files(source, folder):
    shutil.copy(os.path.join(source, "examples/chmod.json"), os.path.join(folder, "profile.json"))
    shutil.copy(os.path.join(source, "examples/chmod.test"), os.path.join(folder, "filter.test"))
    for name, data in {"empty": b"", "broken.json": b'{"defaultAction": ', "noise": bytes(range(256)) * 8,
                       "program": bytes.fromhex("0600000000000000") * 3, "long": b"[" * 100000}.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def choose_value(rng, what):
    words = re.findall(r"[\w:]+", what or "")
    return rng.choice([*words, "", "-", "0", "-1", "1", "4294967296", "99999999999999999999", "x86_64", "s390x", "nope", "read",
                       "read(0, *, 5)", "open(", "CAP_SYS_ADMIN", "none", "5.10", "profile.json", "program", "noise", "empty",
                       "broken.json", "missing", "/", "/dev/null", "long", "é\x01\x7f", "%s%n", "x" * 3000, "out"])


def choose_line(rng, commands):
    command = rng.choice(sorted(commands))
    line = [command]
    for _ in range(rng.randrange(5)):
        option, value = rng.choice(commands[command] or [("--help", None)])
        line.append(option)
        if value and rng.random() < 0.9:
            line.append(choose_value(rng, value))
    line += [choose_value(rng, None) for _ in range(rng.randrange(4))]
    if command in ("run", "record"):
        line += ["--", "true"]
    return line


def state(folder):
    """What stands in the files that were made; `out` and what commands add are free."""
    found = {}
    for name in ("profile.json", "filter.test", "empty", "broken.json", "noise", "program", "long"):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = file.read()
    return found


def may_write(line):
    return any(word in ("-o", "--output", "-h") or word.startswith(("--output", "--more", "--html", "--coverage-html", "--junit", "--suggest", "--tap"))
               or word in ("allow", "convert") for word in line)


def main():
    callgate, source = os.path.realpath(sys.argv[1]), sys.argv[2]
    seed = int(os.environ.get("CALLGATE_SEED", "1"))
    rng = random.Random(seed)
    listing = subprocess.run([callgate, "--help"], check=True, capture_output=True, text=True).stdout
    names = [name for name in re.findall(r"^  ([a-z]+) ", listing, re.M) if name not in SLOW]
    commands = {name: read_options(callgate, name) for name in names}
    assert len(commands) > 10 and any(commands.values())
    failed = 0
    statuses = set()
    for _ in range(LINES * int(os.environ.get("CALLGATE_LONG", "1"))):
        line = choose_line(rng, commands)
        with tempfile.TemporaryDirectory() as folder:
            make_files(source, folder)
            before = state(folder)
            try:
                done = subprocess.run([callgate, *line], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                                      check=False)
            except subprocess.TimeoutExpired:
                print("seed", seed, line, "does not end")
                failed += 1
                continue
            wrong = []
            if done.returncode not in STATUSES.get(line[0], OTHERS):
                wrong.append("exit status %d" % done.returncode)
            if done.returncode in (2, 125) and not done.stderr + done.stdout and not may_write(line):
                wrong.append("nothing is said")
            if b"runtime error" in done.stderr or b"Sanitizer" in done.stderr:
                wrong.append("a sanitizer speaks")
            if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", done.stderr):
                wrong.append("control characters reach the terminal")
            if state(folder) != before and not may_write(line):
                wrong.append("a file was changed")
        statuses.add(done.returncode)
        if wrong:
            print("seed", seed, [word[:40] for word in line], "; ".join(wrong))
            print(done.stderr.decode(errors="replace")[-600:])
            failed += 1
    print("exit statuses seen:", sorted(statuses))
    assert {0, 1, 2} <= statuses
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
