#!/bin/sh
# usage: test_test.sh CALLGATE EXAMPLES: `callgate test` on right, failing and broken files, and what its outputs look like.
set -eu
umask 022 # what is expected below depends on it
callgate=$1 examples=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp "$examples/chmod.json" "$dir/a b.json"

fail() {
	echo "FAILED: $*"
	cat "$dir/out" "$dir/err"
	exit 1
}
expect() { # status [argument]...
	status=0 wanted=$1
	shift
	"$callgate" test "$@" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	[ "$status" = "$wanted" ] || fail "$*: exit status $status, not $wanted"
}
has() { grep -qxF -- "$1" "$dir/out" || fail "not printed: $1"; }
lacks() { ! grep -qF -- "$1" "$dir/out" || fail "printed: $1"; }
says() { grep -qF -- "$1" "$dir/err" || fail "not said: $1"; }

# The examples pass, and their tests are named in their order whatever the number of processes.
for file in "$examples"/*.test "$examples"/*/*.test; do
	! grep -q '^profile ' "$file" || expect 0 "$file" # programs would have to be made first
done

cat >"$dir/mixed.test" <<'TESTS'
profile "a b.json"
arch x86_64
test modes # a comment
chmod, fchmodat -> EPERM
chmod -> EACCES
read(1, *, < 10) -> ALLOW
read(1, *, O_RDONLY) -> EPERM
only @file-attribute -> ALLOW
program missing.bpf
test nothing
read -> ALLOW
profile "a b.json"
arch s390x
test far away
chmod -> EPERM
live: chmod("/nowhere/at/all", 0) -> EPERM
TESTS

# A denied call stays denied through socketcall and ipc, whatever the bits are that the kernel does not read.
cat >"$dir/multiplexed.json" <<'PROFILE'
{"defaultAction": "SCMP_ACT_ALLOW",
 "syscalls": [{"names": ["socket", "shmat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}
PROFILE
for arch in x86 m68k mips mipsel ppc ppc64 ppc64le s390 s390x sheb sh; do
	cat <<TESTS
profile multiplexed.json
arch $arch
socket, shmat -> EPERM
socketcall(1, *) -> EPERM
socketcall(0x10002, *) -> ALLOW
ipc(21, *), ipc(0x10015, *) -> EPERM
ipc(22, *) -> ALLOW
TESTS
	case $arch in ppc64* | s390x)
		echo "socketcall(0x100000001, *) -> EPERM"
		echo "ipc(0xffffffff00010015, *) -> EPERM"
	esac
done >"$dir/multiplexed.test"
expect 0 "$dir/multiplexed.test"

# ---- plain ----
expect 2 "$dir/mixed.test"
has "$dir/mixed.test"
has "  ok    modes: chmod, fchmodat -> EPERM"
has "  FAIL  modes: chmod -> EACCES"
has "        $dir/mixed.test:5: chmod -> EACCES"
has "        expected ERRNO(EACCES), but chmod(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ERRNO(EPERM), rule 1 (whatever the arguments)"
has "        the rule is at $dir/a b.json:5:14"
has "  FAIL  modes: read(1, *, O_RDONLY) -> EPERM"
has "        expected ERRNO(EPERM), but read(0x1, 0x0, O_RDONLY (0x0), 0x0, 0x0, 0x0) on x86_64: ALLOW, the default: no rule matches"
has "  ERROR nothing: read -> ALLOW"
has "        $dir/missing.bpf: No such file or directory"
has "  ok    far away: chmod -> EPERM"
has '  skip  far away: live: chmod("/nowhere/at/all", 0) -> EPERM'
has "3 passed, 3 failed, 1 skipped, 1 without an answer"
cp "$dir/out" "$dir/first"
for jobs in 2 3 7; do
	expect 2 --jobs $jobs "$dir/mixed.test"
	cmp "$dir/out" "$dir/first" || fail "--jobs $jobs prints something else"
done
expect 2 -j 4 "$dir/mixed.test" "$dir/mixed.test" -o "$dir/written"
[ ! -s "$dir/out" ] && [ "$(grep -c "FAIL  modes: chmod -> EACCES" "$dir/written")" = 2 ] || fail "--output"
expect 1 --filter modes "$dir/mixed.test"
has "2 passed, 3 failed"
expect 1 --filter 'chmod*EACCES' "$dir/mixed.test"
has "0 passed, 1 failed"
expect 0 --filter 'chmod, ' "$dir/mixed.test"
has "1 passed, 0 failed"
expect 2 --filter nonsense "$dir/mixed.test"
says 'no test has "nonsense" in its name'
expect 0 --list --filter 'read' "$dir/mixed.test"
has "$dir/mixed.test:6: modes: read(1, *, < 10) -> ALLOW"
has "$dir/mixed.test:11: nothing: read -> ALLOW"
lacks "chmod"

# ---- colour: on a terminal, and nowhere else ----
/usr/bin/python3 - "$callgate" "$dir" <<'PYTHON'
import os, pty, subprocess, sys
def run(environment):
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    ours, theirs = pty.openpty()
    child = subprocess.Popen([sys.argv[1], "test", sys.argv[2] + "/mixed.test"], stdout=theirs,
                             stderr=subprocess.DEVNULL, env={**clean, **environment})
    os.close(theirs)
    written = b""
    while True:
        try:
            written += os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
    child.wait()
    os.close(ours)
    return written
assert b"\x1b[31;1mFAIL" in run({}), run({})
assert b"\x1b" not in run({"NO_COLOR": "1"})
assert b"\x1b[" in run({"NO_COLOR": ""})
assert b"\x1b" not in run({"TERM": "dumb"})
PYTHON
! grep -q "$(printf '\033')" "$dir/first" || fail "colour in a file"

# ---- TAP and JUnit, with names that need care ----
cat >"$dir/<odd> & \"name\" #1.test" <<'TESTS'
profile "a b.json"
test <a> & "b" \ c#d
chmod -> EPERM
chmod -> EACCES
live: chmod("<&\"\x01", 0) -> EACCES
TESTS
printf 'chmod -> EPREM\n' >"$dir/broken.test"
expect 2 --format tap -j 2 "$dir/mixed.test" "$dir/broken.test" "$dir/<odd> & \"name\" #1.test"
says "$dir/broken.test:1:10: error: \"EPREM\" is no action and no error; did you mean \"EPERM\"?"
/usr/bin/python3 - "$dir/out" <<'PYTHON'
import re, sys
lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
assert lines.pop() == "" and lines[0] == "TAP version 13" and lines[1] == "1..12", lines[:2]
points, block = [], None
for line in lines[2:]:
    if block is not None:
        if line == "  ...":
            block = None
        else:
            assert re.fullmatch(r'  [a-z]+: ("([^"\\]|\\["\\])*"|[a-z0-9]+)', line), line
            block.append(line)
    elif line == "  ---":
        block = []
    else:
        match = re.fullmatch(r"(not )?ok ([0-9]+) - ((?:[^#\\]|\\[#\\])+?)(?: # SKIP (.*))?", line)
        assert match, line
        points.append((not match[1], int(match[2]), match[3], match[4]))
assert block is None and [point[1] for point in points] == list(range(1, 13)), points
assert [point[0] for point in points] == [True, False, True, False, False, False, True, True, False, True, False, False]
assert points[7][3] == "the filter is not for this machine's architecture", points[7]
assert points[9][2] == r'<a> & "b" \\ c\#d: chmod -> EPERM', points[9]
PYTHON
if command -v prove >/dev/null; then
	prove -e "$callgate test --format tap" "$examples/chmod.test" >"$dir/out" 2>&1 || fail "prove does not take the TAP"
	grep -q '^Result: PASS' "$dir/out" || fail "prove does not pass"
	! prove -e "$callgate test --format tap" "$dir/mixed.test" >"$dir/out" 2>&1 || fail "prove passes what fails"
	! grep -q 'Parse errors' "$dir/out" || fail "prove does not understand the TAP"
else
	echo "prove(1) is not here, and not asked what it makes of the TAP"
fi
expect 2 --format junit "$dir/mixed.test" "$dir/broken.test" "$dir/<odd> & \"name\" #1.test"
[ "$(grep -c "<testcase .* time=\"[0-9]*\.[0-9][0-9][0-9]\"" "$dir/out")" -ge 8 ] && grep -q "<testsuites .* time=\"" "$dir/out" || fail "JUnit has no times"
/usr/bin/python3 - "$dir" <<'PYTHON'
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1] + "/out").getroot()
assert root.tag == "testsuites" and root.attrib["tests"] == "12", root.attrib
assert (root.attrib["failures"], root.attrib["errors"], root.attrib["skipped"]) == ("5", "2", "1"), root.attrib
mixed, broken, odd = root
assert odd.attrib["name"].endswith('/<odd> & "name" #1.test'), odd.attrib
assert (mixed.attrib["failures"], mixed.attrib["errors"], mixed.attrib["skipped"]) == ("3", "1", "1"), mixed.attrib
cases = list(mixed)
assert cases[1].attrib["name"] == "modes: chmod -> EACCES" and cases[1].attrib["line"] == "5"
assert cases[1][0].tag == "failure" and "rule 1" in cases[1][0].attrib["message"]
assert cases[1][0].text.endswith("mixed.test:5: chmod -> EACCES\nthe rule is at " + sys.argv[1] + "/a b.json:5:14")
assert cases[5][0].tag == "error" and cases[7][0].tag == "skipped" and len(cases[0]) == 0
assert "EPREM" in broken[0][0].attrib["message"]
assert list(odd)[0].attrib["name"] == '<a> & "b" \\ c#d: chmod -> EPERM'
PYTHON

# ---- notes, of tests that pass and that fail ----
echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ERRNO",
	"args": [{"index": 0, "value": 38, "op": "SCMP_CMP_EQ"}]}]}' >"$dir/socket.json"
echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ERRNO",
	"args": [{"index": 0, "value": 4294967295, "valueTwo": 38, "op": "SCMP_CMP_MASKED_EQ"}]}]}' >"$dir/masked.json"
printf '%s\n' 'profile socket.json' 'arch x86_64' 'socket(AF_ALG) -> EPERM' 'socket((u32) != 38) -> ALLOW' \
	'profile masked.json' 'arch x86_64' 'socket(!= AF_ALG) -> ALLOW' >"$dir/note.test"
expect 1 -j 2 "$dir/note.test"
[ "$(grep -c '^        note: ' "$dir/out")" = 2 ] || fail "not two notes"
expect 1 --format tap "$dir/note.test"
[ "$(grep -c '^# note: the kernel reads only 32 bits of argument 0' "$dir/out")" = 1 ] || fail "no comment with the note"
[ "$(grep -c '^  note: "it fails only because' "$dir/out")" = 1 ] || fail "no note of the failure"
expect 1 --format junit "$dir/note.test"
/usr/bin/python3 - "$dir/out" <<'PYTHON'
import sys, xml.etree.ElementTree
first, second, third = xml.etree.ElementTree.parse(sys.argv[1]).getroot().iter("testcase")
assert first.find("system-out").text.startswith("note: the kernel reads only 32 bits") and len(second) == 0
assert "note: it fails only because" in third.find("failure").text
PYTHON

# ---- live calls ----
cat >"$dir/live.json" <<'PROFILE'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	{"names": ["getuid"], "action": "SCMP_ACT_KILL_PROCESS"},
	{"names": ["getgid"], "action": "SCMP_ACT_TRAP"},
	{"names": ["geteuid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 17},
	{"names": ["getegid"], "action": "SCMP_ACT_NOTIFY"}
]}
PROFILE
cat >"$dir/live.test" <<'TESTS'
profile live.json
deadline 300
live: getuid() -> killed
live: getuid() -> SIGSYS
live: getgid() -> trapped
live: getgid() -> SIGSYS
live: geteuid() -> EEXIST
live: write(1, "to standard output\n", 19) -> 19
live: write(-1, "", 0) -> ERRNO(EBADF)
live: openat(AT_FDCWD, "/dev/null", O_RDONLY) -> success
live: umask(027) -> success
live: exit_group(3) -> 3
live: kill(0, 0) -> 0
live: kill(0, SIGUSR1) -> SIGUSR1
live: getuid() -> success
live: getgid() -> killed
live: geteuid() -> success
live: pause() -> success
live: getegid() -> success
live: umask(027) -> EPERM
TESTS
status=0
"$callgate" test "$dir/live.test" >"$dir/out" 2>"$dir/err" || status=$?
if [ "$(uname -m)" != x86_64 ] || grep -q "the filter could not be loaded" "$dir/out"; then
	echo "the live part is left out: $(uname -m), $(grep -m1 "could not be loaded" "$dir/out" || true)"
	status=0
else
	[ "$status" = 2 ] || fail "live: exit status $status"
	has "12 passed, 5 failed, 1 without an answer"
	says "to standard output"
	says "note: 18 live tests make real system calls"
	[ "$(grep -c "real system calls" "$dir/err")" = 1 ] || fail "the note about live calls stands there twice"
	! grep -qx "to standard output" "$dir/out" || fail "a live call writes between the results"
	has "        expected success, but it was killed by SIGSYS; the filter's answer to getuid(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: KILL_PROCESS, rule 1 (whatever the arguments)"
	has "        expected death by the filter, but it was trapped at getgid (104); the filter's answer to getgid(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: TRAP, rule 2 (whatever the arguments)"
	has "        expected success, but it returned -1 with errno 17, EEXIST; the filter's answer to geteuid(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ERRNO(EEXIST), rule 3 (whatever the arguments)"
	has "        expected success, but it hung and was killed after 300 ms; the filter's answer to pause(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ALLOW, the default: no rule matches"
	has "        the filter's answer is NOTIFY, and in a test there is nobody who answers in its place"
	has "        expected the error EPERM, but it returned 18; the filter's answer to umask(0x17, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ALLOW, the default: no rule matches"
fi
# A filter that denies all that a child of its own needs: the probe needs nothing.
cat >"$dir/nothing.test" <<'TESTS'
profile nothing.json
option unknown-calls default
live: read(-1, NULL, 0) -> EBADF
live: write(-1, NULL, 0) -> killed
live: exit_group(0) -> killed
TESTS
echo '{"defaultAction": "SCMP_ACT_KILL_PROCESS", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}' >"$dir/nothing.json"
[ "$status" != 2 ] || expect 0 "$dir/nothing.test"

# ---- standard input: names in it are relative to the working directory ----
sed "s|profile \"a b.json\"|profile \"$dir/a b.json\"|" "$dir/mixed.test" >"$dir/stdin.test"
"$callgate" test --filter 'far away' - <"$dir/stdin.test" >"$dir/out" 2>"$dir/err" || fail "standard input"
has "1 passed, 0 failed, 1 skipped"

# Workers that are stopped hold the run up for a while, and not for ever.
printf 'profile live.json\ntest slow\ndeadline 60000\nlive: pause() -> EINTR\nlive: pause() -> EINTR\n' >"$dir/slow.test"
"$callgate" test --jobs 2 "$dir/slow.test" >"$dir/out" 2>"$dir/err" </dev/null &
pid=$!
while [ "$(cat "/proc/$pid/task/$pid/children" | wc -w)" -lt 2 ]; do
	sleep 0.1
done
for worker in $(cat "/proc/$pid/task/$pid/children"); do
	kill -STOP "$worker"
done
status=0
wait "$pid" || status=$?
[ $status = 2 ] || fail "stopped workers: exit status $status"
[ "$(grep -c 'the process that ran it was stopped' "$dir/out")" = 2 ] || fail "nothing is said of stopped workers"

# ---- trouble ----
expect 2
expect 2 "$dir/missing.test"
has "  ERROR No such file or directory"
expect 2 "$dir"
: >"$dir/empty.test"
expect 2 "$dir/empty.test"
has "  ERROR there are no tests in it"
expect 2 "$dir/a b.json"
has "  ERROR this is JSON, and no file of tests: a \`profile\` line in one names it"
printf 'read -> ALLOW\n' >"$dir/nobody.test"
expect 2 "$dir/nobody.test"
has "        $dir/nobody.test names neither a profile nor a program"
expect 0 --profile "$dir/a b.json" "$dir/nobody.test"
expect 2 --profile "$dir/a b.json" --program x "$dir/nobody.test"
printf 'profile live.json\ncap CAP_NONSENSE\nread -> ALLOW\n' >"$dir/cap.test"
expect 2 "$dir/cap.test"
printf 'profile live.json\nkernel 5.4\ncap CAP_CHOWN SYS_ADMN\nread -> ALLOW\n' >"$dir/cap.test"
expect 2 "$dir/cap.test"
has "        $dir/cap.test:3: there is no capability \"SYS_ADMN\"; did you mean \"CAP_SYS_ADMIN\"?"
printf 'profile live.json\nkernel 5,4\ncap none\nread -> ALLOW\n' >"$dir/cap.test"
expect 2 "$dir/cap.test"
has "        $dir/cap.test:2: \"5,4\" is not a kernel version such as \"6.1\" or \">=5.10\""
printf 'profile live.json\noption default-errno ENEVER\nread -> ALLOW\n' >"$dir/option.test"
expect 2 "$dir/option.test"
has "        $dir/option.test:2: \"ENEVER\" is no value of the option default-errno"
echo '{"defaultAction": "SCMP_ACT_ALOW"}' >"$dir/wrong.json"
printf 'profile wrong.json\nread -> ALLOW\n' >"$dir/wrong.test"
expect 2 "$dir/wrong.test"
grep -q "        $dir/wrong.json:1:19: .*SCMP_ACT_ALLOW" "$dir/out" || fail "no reason in a wrong profile"
printf 'program wrong.bpf\nread -> ALLOW\n' >"$dir/program.test"
printf '\6\0\0\0\0\0\377\177\6\0\0\0\0\0\0' >"$dir/wrong.bpf"
expect 2 "$dir/program.test"
grep -q "$dir/wrong.bpf: ." "$dir/out" || fail "no reason in half an instruction"
printf '\25\0\5\5\0\0\0\0\6\0\0\0\0\0\377\177' >"$dir/wrong.bpf"
expect 2 "$dir/program.test"
grep -q "$dir/wrong.bpf: the kernel would refuse it: instruction 0" "$dir/out" || fail "no reason in a wrong program"
! grep -q "byte order" "$dir/out" || fail "another byte order would not help"
"$callgate" compile --profile "$dir/a b.json" --arch s390x -o "$dir/wrong.bpf" || fail "compile for s390x"
if [ "$(uname -m)" = x86_64 ]; then
	expect 2 "$dir/program.test"
	grep -q "would refuse it: .*; in the other byte order it is a program: an .arch. line" "$dir/out" || fail "no word of the byte order"
fi
printf '\6\0\0\0\0\0\377\177' >"$dir/wrong.bpf"
expect 0 "$dir/program.test"
printf 'profile "a b.json"\nno weaker than "missing.json"\nno weaker than "a b.json"\nno weaker than nothing.json\n' >"$dir/other.test"
expect 2 "$dir/other.test"
has "        $dir/missing.json: No such file or directory"
has "1 passed, 1 failed, 1 without an answer"
expect 2 --format xml "$dir/mixed.test"
expect 2 --jobs 0 "$dir/mixed.test"
expect 2 --jobs many "$dir/mixed.test"
expect 2 -o "$dir/no/such/folder" "$examples/chmod.test"
[ ! -e /dev/full ] || expect 2 -o /dev/full "$examples/chmod.test"
head -c 5000000 /dev/zero >"$dir/zeros.test"
expect 2 "$dir/zeros.test"
has "  ERROR longer than 4194304 bytes"
head -c 100000 /dev/zero >"$dir/zeros.test"
expect 2 "$dir/zeros.test"
says "$dir/zeros.test:1:1: error: a NUL byte; this is not a text"
