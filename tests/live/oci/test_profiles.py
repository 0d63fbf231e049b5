#!/usr/bin/python3
"""test_profiles.py CALLGATE ATTEMPT SOURCE-ROOT: every profile at hand is checked, proved and loaded, and every call that it denies is
made, under the filter, without capabilities, with CAP_SYS_ADMIN, and with all that the profile names."""
import errno
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from meaning import Profile

CALLGATE, ATTEMPT, SOURCE = map(os.path.abspath, sys.argv[1:])
SHARED = os.environ.get("CALLGATE_SHARED") or SOURCE + "/../shared"
# Arguments that conditions are about. Should they pass the filter, the kernel refuses what would change anything: a new user
# namespace with CLONE_FS, say.
TELLING = {
    "clone": [[0x10000200], [0x7e020200], [0x20200]],
    "unshare": [[0x10000001], [0x20001], [0x81]],
    "socket": [[38, 5, 0], [40, 1, 0], [1 << 32 | 38, 5, 0], [44, 3, 0], [16, 3, 9], [16, 3, 12], [0xffff, 1, 0]],
    "socketpair": [[30, 1, 0], [38, 5, 0]],
    "personality": [[0x40000], [0x20000], [6], [1 << 32 | 6]],
    "socketcall": [[1]],
}
# A kernel that has these lets them past every filter: it makes them itself, in a probed program, and sends SIGILL to others.
PAST_FILTERS = {"uprobe", "uretprobe"}
failures = []


def expect(what, wanted, found):
    if wanted != found:
        failures.append(what)
        print(f"FAIL: {what}: {found!r} instead of {wanted!r}")


def callgate(*arguments, **options):
    return subprocess.run([CALLGATE, *arguments], capture_output=True, text=True, check=False, **options)


def numbers(*options):
    lines = callgate("syscalls", *options).stdout.splitlines()
    rows = [line.split() for line in lines]
    return {row[1]: row[0] for row in rows if row[1] not in PAST_FILTERS}


def calls_of_x86():
    """Those of the 32-bit architecture, where there are any."""
    works = subprocess.run([ATTEMPT, "x86:20"], capture_output=True, text=True, check=False).stdout == "0\n"
    return {name: "x86:" + number for name, number in numbers("--arch=x86").items() if works}


def denied(profile, known):
    """(name, number, arguments, error) of calls that one answer is certain for, and that is an error."""
    for name, number in known.items():
        largest = (1 << (64 if number.isdigit() else 32)) - 1
        for args in [[]] + TELLING.get(name, []):
            answers = profile.answers(name, [arg & largest for arg in args] + [largest] * (6 - len(args)))
            if len(answers) == 1 and isinstance(error := answers.pop(), int) and error:
                yield name, number, args, error


def attempt(options, calls):
    words = ["/".join([number, *map(str, args)]) for _, number, args, _ in calls]
    command = [ATTEMPT, *words]
    if options:
        command = [CALLGATE, "run", *options, "--", *command]
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                              start_new_session=True, cwd=empty)
    return [int(line) for line in done.stdout.split()], done


def expect_denied(what, options, calls):
    found, done = attempt(options, calls)
    expect(f"{what}: all of {len(calls)} calls were made ({done.stderr[-300:]})", (0, len(calls)), (done.returncode, len(found)))
    for (name, _, args, error), actual in zip(calls, found):
        expect(f"{what}: {name}{args}", errno.errorcode[error], errno.errorcode.get(actual, actual))
    return len(calls)


def expect_proved(what, path, options):
    with tempfile.TemporaryDirectory() as scratch:
        program = scratch + "/program.bpf"
        checked = callgate("profile", "check", *options, path)
        expect(what + ": check", 0, checked.returncode)
        if path.startswith(SOURCE + "/examples/"):
            expect(what + ": nothing to complain of", 1, len(checked.stdout.splitlines()))
        expect(what + ": compile", 0, callgate("compile", *options, "--profile", path, "-o", program).returncode)
        expect(what + ": prove", "the filters are equal\n", callgate("prove", *options, path, program).stdout)


def expect_unknown(what, options, profile):
    """Above all known calls: ENOSYS if that is wanted. In a gap: the default, which no kernel would say."""
    if isinstance(profile.default, int) and profile.default:
        calls = [("an unknown call", "4000", [], errno.ENOSYS), ("a gap", "400", [], profile.default)]
        expect_denied(what, [*options, "--unknown-calls=enosys"], calls)


def profiles():
    yield from sorted(glob.glob(SOURCE + "/examples/**/*.json", recursive=True))
    yield from sorted(glob.glob(SHARED + "/policies/*.json"))


def capability_sets(path):
    """None, the usual one, and all that the profile names."""
    with open(path, encoding="utf-8") as file:
        words = set(file.read().split('"'))
    named = frozenset(word for word in words if re.fullmatch("CAP_[A-Z_]+", word))
    return sorted({frozenset(), frozenset({"CAP_SYS_ADMIN"}), named}, key=len)


def main():
    known, x86 = numbers(), calls_of_x86()
    # Without a filter some of these calls fail in other ways, so the filter is what denies them.
    control = [("keyctl", known["keyctl"], [], 0), ("reboot", known["reboot"], [], 0), ("bpf", known["bpf"], [], 0)]
    without, _ = attempt([], control)
    expect("calls fail differently without a filter", False, os.getuid() == 0 and errno.EPERM in without)
    if not glob.glob(SHARED + "/policies/*.json"):
        print(f"left out: the profiles in {SHARED}/policies, which is not there")
    for path in profiles():
        for capabilities in capability_sets(path):
            options = [f"--cap={capability}" for capability in sorted(capabilities) or ["none"]]
            what = f"{os.path.relpath(path, SOURCE)} with {len(capabilities)} capabilities"
            profile = Profile(path, capabilities)
            calls = list(denied(profile, known))
            if "SCMP_ARCH_X86" in str(profile.json):
                calls += denied(profile, x86)
            expect_proved(what, path, options)
            expect(f"{what}: something is denied", True, bool(calls))
            count = expect_denied(what, [*options, "--unknown-calls=default", f"--profile={path}"], calls)
            expect_unknown(what, [*options, f"--profile={path}"], profile)
            print(f"{what}: {count} denied calls were made")
    sys.exit(1 if failures else 0)


main()
