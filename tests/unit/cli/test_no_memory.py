#!/usr/bin/env python3
"""usage: test_no_memory.py CALLGATE SOURCE-ROOT FAILING-ALLOCATIONS: whichever allocation of a command fails, alone or with all after it, the command
does what it does with memory, or ends with an error that speaks of memory, and leaves no half of an output file. CALLGATE_LONG=N tries N times as many."""
import errno
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOOL, SOURCE, PRELOAD = (os.path.realpath(path) for path in sys.argv[1:4])
SAMPLES = 12 * int(os.environ.get("CALLGATE_LONG", "1"))
HERE = ["--cap", "none", "--kernel", "6.6"]
POLICY = "default EPERM\narch x86_64, x86\nkernel >= 5.10\nuse @file-read@1\nsocket(AF_UNIX|AF_INET) -> ALLOW\nread -> LOG\n"
TEST = "profile p.json\ntest some\nchmod, fchmodat -> EPERM\nread(1..5) -> ALLOW\nonly chmod -> ALLOW\n"
TRACE = 'openat(AT_FDCWD, "x", O_RDONLY) = 3\nread(3, "", 4) = 0\nexit_group(0) = ?\n'
LOG = "type=SECCOMP msg=audit(1.2:3): pid=4 comm=\"x\" sig=31 arch=c000003e syscall=90 compat=0 ip=0x7f code=0x80000000\n"

# Each way to run the tool: its arguments, and what is on its standard input. "out" is an output file; where one starts with OLD, it is there before.
COMMANDS = {
    "run": (["run", "--profile", "p.json", "--", "true"], ""),
    "run, a policy": (["run", "-v", "--profile", "p.policy", "--arch", "x86_64", "--", "/nonexistent"], ""),
    "run --why": (["run", "--why", "--profile", "p.json", "--", "true"], ""),
    "record": (["record", "-o", "out", "--", "true"], ""),
    "record --from": (["record", "-o", "out", "--from", "strace", "trace"], ""),
    "record --more": (["record", "--more", "out", "--from", "strace", "trace"], ""),
    "record --against": (["record", "--against", "p.json", "--from", "strace", "trace"], ""),
    "compile": (["compile", "--profile", "p.json", *HERE, "-o", "out"], ""),
    "compile, to standard output": (["compile", "--profile", "-", *HERE], "stdin"),
    "compile a policy": (["compile", "--profile", "p.policy", "--format", "pfc", "-o", "out"], ""),
    "compile to C": (["compile", "--profile", "p.json", *HERE, "--format", "c", "-o", "out"], ""),
    "compile for the checker": (["compile", "--profile", "p.json", *HERE, "--format", "proof", "-o", "out"], ""),
    "compile a header": (["compile", "--profile", "p.json", "--format", "header", "--arch", "all", "-o", "out"], ""),
    "compile --dump": (["compile", "--profile", "p.json", *HERE, "--dump", "after:rules", "-o", "out"], ""),
    "profile check": (["profile", "check", *HERE, "--json", "p.json"], ""),
    "profile show": (["profile", "show", *HERE, "p.json"], ""),
    "profile resolve": (["profile", "resolve", *HERE, "p.json"], ""),
    "profile convert": (["profile", "convert", "p.json", "-o", "out"], ""),
    "profile convert, which can't": (["profile", "convert", "p.policy", "-o", "out"], ""),
    "profile allow": (["profile", "allow", "out", "mkdir"], ""),
    "lint": (["lint", "p.json", "p.policy"], ""),
    "lint --format sarif": (["lint", "--format", "sarif", "p.json"], ""),
    "prove": (["prove", *HERE, "--arch", "x86_64", "p.json", "p.bpf"], ""),
    "diff": (["diff", *HERE, "--arch", "x86_64", "p.json", "p.policy"], ""),
    "sim": (["sim", *HERE, "p.json", "chmod", "read(3)", "openat(AT_FDCWD, *, O_RDONLY)"], ""),
    "explain": (["explain", *HERE, "p.json"], ""),
    "explain a call": (["explain", *HERE, "--syscall", "chmod", "p.json"], ""),
    "explain as a page": (["explain", *HERE, "--html", "-o", "out", "p.policy"], ""),
    "disasm": (["disasm", "--check", "p.bpf"], ""),
    "decode": (["decode", "--profile", "p.json"], LOG),
    "dump": (["dump", str(os.getpid())], ""),
    "test": (["test", "p.test"], ""),
    "test, with a page": (["test", "--coverage", "--mutate", "--coverage-html", "out", "p.test"], ""),
    "test in processes": (["test", "-j", "3", "--format", "tap", "-o", "out", "p.test"], ""),
    "bench": (["bench", "--counts", "--repeats", "1", "p.json"], ""),
    "syscalls": (["syscalls", "--arch", "s390x"], ""),
    "a set": (["syscalls", "--set", "@file-read"], ""),
    "features": (["features"], ""),
    "completion": (["completion", "bash"], ""),
    "help": (["compile", "--help"], ""),
    "a mistake": (["compile", "--profil", "p.json"], ""),
}
# They change a file that is there.
CHANGED = {"record --more": "p.json", "profile allow": "p.json"}
# Where an answer is right, it may lack details without memory: what an argument need not be, what the rule is, and the note that a rule is
# dead. And what is measured beside callgate is the library that the loader finds.
TERSE = ("diff", "lint", "test", "test, with a page", "test in processes", "bench")
# They report what went wrong with each test, up to this end.
REPORTS = {"test, with a page": b"</html>", "test in processes": b"\n1.."}


def fill(folder):
    shutil.copy(f"{SOURCE}/examples/chmod.json", folder / "p.json")
    (folder / "p.policy").write_text(POLICY)
    (folder / "p.test").write_text(TEST)
    (folder / "trace").write_text(TRACE)
    subprocess.run([TOOL, "compile", "--profile", "p.json", *HERE, "--arch", "x86_64", "-o", "p.bpf"], cwd=folder, check=True)


class Folder:
    """A folder with the inputs. Of what a command leaves there all is known."""

    def __init__(self, folder):
        self.folder = folder
        fill(folder)
        self.inputs = self.contents()

    def contents(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}

    def run(self, name, environment):
        """The status, standard output, standard error, and the files that there are, of a command in the folder as it was at first."""
        for path in self.contents().keys() - self.inputs.keys():
            (self.folder / path).unlink()
        if name in CHANGED:
            shutil.copy(self.folder / CHANGED[name], self.folder / "out")
        arguments, given = COMMANDS[name]
        given = self.inputs["p.json"] if given == "stdin" else given.encode()
        ended = subprocess.run([TOOL, *arguments], cwd=self.folder, input=given, capture_output=True, timeout=120, check=False,
                               env=dict(os.environ, LC_ALL="C", NO_COLOR="1", **environment))
        return ended.returncode, ended.stdout, ended.stderr.decode(errors="replace"), self.contents()


def check(name, folder, reached, usual, number, always):
    """One run. False: the command makes no such allocation."""
    reached.unlink(missing_ok=True)
    environment = {"LD_PRELOAD": PRELOAD, "FAIL_AT": str(number), "FAIL_REACHED": str(reached)}
    status, printed, said, files = folder.run(name, dict(environment, **({"FAIL_ALWAYS": "yes"} if always else {})))
    what = f"{name}: allocation {number}{' and all after it' if always else ''}: status {status}"
    before = dict(folder.inputs, **({"out": folder.inputs[CHANGED[name]]} if name in CHANGED else {}))
    # A report may say it; and pthread_create(3) has EAGAIN for it.
    told = any("memory" in text.lower() or os.strerror(errno.EAGAIN) in text for text in (said, printed.decode(errors="replace"), files.get("out", b"").decode(errors="replace")))
    is_terse = name in TERSE and status == usual[0]
    problems = []
    if status < 0:
        problems.append("a crash")
    is_report = name in REPORTS and (is_terse or (told and status == 2)) and REPORTS[name] in files.get("out", b"")
    if files not in (before, usual[3]) and not is_report:
        problems.append(f"files: {[name for name in files if files[name] not in (before.get(name), usual[3].get(name))]}")
    if (status, printed, files) != (usual[0], usual[1], usual[3]) and not is_terse:
        if not told and name != "bench": # where another library builds, which gives no reason
            problems.append("no word of memory")
        if status == 0:
            problems.append("success")
    if problems:
        print(f"{what}: {', '.join(problems)}: {said.strip()[-300:] or 'no error'}")
    return reached.exists(), not problems


def numbers():
    """Each of the first, and then fewer and fewer."""
    number = 0
    while True:
        yield number
        number += 1 + number // SAMPLES


def check_command(name, folder, reached):
    usual = folder.run(name, {})
    again = folder.run(name, {})
    assert usual[:2] == again[:2] and usual[3] == again[3], f"{name} gives another result each time"
    assert usual[0] >= 0, (name, usual)
    failures = tried = 0
    for number in numbers():
        once, is_right = check(name, folder, reached, usual, number, False)
        if not once:
            break
        _, is_right_too = check(name, folder, reached, usual, number, True)
        tried += 2
        failures += (not is_right) + (not is_right_too)
    print(f"{name}: {tried} runs up to allocation {number}, {failures} wrong; usually status {usual[0]}", flush=True)
    return failures if tried else 1


def main():
    wanted = sys.argv[4:] or COMMANDS
    with tempfile.TemporaryDirectory() as scratch:
        failures = 0
        for number, name in enumerate(wanted):
            place = pathlib.Path(scratch) / str(number)
            place.mkdir()
            failures += check_command(name, Folder(place), pathlib.Path(scratch) / "reached")
    sys.exit(failures > 0)


main()
