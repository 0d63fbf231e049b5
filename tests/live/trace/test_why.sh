#!/bin/sh
# usage: test_why.sh CALLGATE DENIED SOURCE-ROOT: `callgate run --why` names what a profile denies, and changes nothing else: each
# scenario is run without and with it, and must print the same and end in the same way.
set -u
callgate=$1 denied=$2 source=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export LC_ALL=C
failures=0

fail()
{
	echo "FAIL: $*"
	sed 's/^/	/' "$scratch/words" "$scratch/output"
	failures=$((failures + 1))
}

cat >"$scratch/profile.json" <<'JSON'
{"defaultAction": "SCMP_ACT_ALLOW",
 "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
 "syscalls": [
  {"names": ["chmod", "fchmodat", "fchmodat2"], "action": "SCMP_ACT_ERRNO"},
  {"names": ["sethostname"], "action": "SCMP_ACT_KILL_PROCESS"},
  {"names": ["times"], "action": "SCMP_ACT_KILL_THREAD"},
  {"names": ["uname"], "action": "SCMP_ACT_TRAP"}
 ]}
JSON

# run OUTPUT [OPTION...] -- COMMAND...: what it prints, and its status.
run()
{
	output=$1
	shift
	"$callgate" run --profile "$scratch/profile.json" "$@" >"$scratch/$output" 2>"$scratch/words" </dev/null
	echo "status $?" >>"$scratch/$output"
}

# said PATTERN...: each is in a line of what callgate said.
said()
{
	for pattern; do
		grep -qE -- "$pattern" "$scratch/words" || fail "$scenario: nothing like \"$pattern\" is said"
	done
}

# same SCENARIO PATTERN...: as without --why, and the patterns are said.
same()
{
	scenario=$1
	shift
	run plain -- "$denied" "$scenario"
	run output --why -- "$denied" "$scenario"
	cmp -s "$scratch/plain" "$scratch/output" || {
		fail "$scenario: with --why it differs"
		sed 's/^/	without: /' "$scratch/plain"
	}
	said "$@"
}

"$callgate" run --profile "$scratch/profile.json" --why -- true 2>"$scratch/words" || {
	grep -q 'registers of this machine' "$scratch/words" && echo "SKIP: $(cat "$scratch/words")" && exit 77
}
same trapped 'DENIED uname\(0x[0-9a-f]+\) -> SIGSYS \(TRAP\) .* x1$' 'profile.json:7:14: rule for uname; since Linux [0-9.]* at the latest$' '1 denial .1 distinct. in 1 process; exit status 3'
same trapped-while-blocked 'DENIED uname' 'exit status 159'
same thread-killed 'DENIED times\(NULL\) -> SIGSYS \(KILL\)' 'profile.json:6:14' 'exit status 3'
same child-killed 'DENIED sethostname\(NULL, 0\) -> SIGSYS \(KILL_PROCESS\).*child of denied.* x1$' 'in 2 processes'
same own-trace 'DENIED chmod\("/nowhere/at/all", 0\) -> EPERM'
same own-error 'DENIED uname'
same vforks '0 denials .0 distinct. in 51 processes'
same narrow
same interrupted '20000 times: chmod\("/nowhere/at/all", 0\)' '20000 denials .1 distinct.'
[ "$(sed -n 's/.*DENIED chmod.* x\([0-9]*\)$/\1/p' "$scratch/words" | xargs)" = '1 10 100 1000 10000' ] || fail "interrupted: other counts"
[ "$(grep -c 'allow exactly this' "$scratch/words")" = 1 ] || fail "interrupted: the reason is repeated"
same stopped 'DENIED chmod'
same aborted 'exit status 134'
if [ "$(uname -m)" = x86_64 ]; then
	scenario=narrow
	run output --why -- "$denied" narrow
	said 'DENIED chmod\(NULL, 0\) -> EPERM'
	grep -qx 'chmod as a 32-bit call: -1' "$scratch/output" || fail "narrow: the 32-bit call is not denied"
fi

# What can't be watched is refused, and said.
scenario=listener
run output --why -- "$denied" listener
said 'seccomp\(SECCOMP_SET_MODE_FILTER, .* is refused with EBUSY' 'DENIED chmod'
grep -qx 'listener: -1 Device or resource busy' "$scratch/output" || fail "listener: not EBUSY"
grep -qx 'chmod: -1 Operation not permitted' "$scratch/output" || fail "listener: chmod is not denied after it"
scenario=untraced
run output --why -- "$denied" untraced
said 'clone\(SIGCHLD\|CLONE_UNTRACED, .* is refused with EBUSY'
grep -qx 'clone: -1 Device or resource busy' "$scratch/output" || fail "untraced: not EBUSY"
scenario=led
run output --why -- "$denied" led
said 'ptrace\(PTRACE_SEIZE, .* is refused with EPERM' 'ptrace\(PTRACE_TRACEME, .* is refused with EPERM'
grep -qx "the child's chmod was denied" "$scratch/output" || fail "led: a denied call was made"

# The command can't change the tracer. Root can change everybody.
scenario=memory unprivileged=
[ "$(id -u)" = 0 ] && unprivileged='setpriv --reuid 65534 --regid 65534 --clear-groups'
# The build may lie where another user can't read, as in root's home.
mkdir "$scratch/copies"
# shellcheck disable=SC2046 # names of libraries, without spaces
cp "$callgate" "$denied" $(ldd "$callgate" | awk '/libcallgate/ {print $3}') "$scratch/copies"
chmod -R a+rX "$scratch"
unprivileged="$unprivileged env LD_LIBRARY_PATH=$scratch/copies"
$unprivileged "$scratch/copies/denied" memory >"$scratch/output" 2>&1
if [ $? = 3 ]; then
	$unprivileged "$scratch/copies/callgate" run --profile "$scratch/profile.json" --why -- "$scratch/copies/denied" memory >"$scratch/output" 2>"$scratch/words"
	grep -q 'memory: -1' "$scratch/output" || fail "memory: the tracer's memory can be written"
fi

# Signals, as without a tracer: handed on, a stop that is continued, words that nobody reads, children from before.
python3 - "$callgate" "$scratch/profile.json" "$denied" <<'PYTHON' || fail "signals: not as without a tracer"
import os, signal, subprocess, sys, time
callgate, profile, denied = sys.argv[1:]
why = [callgate, "run", "--profile", profile, "--why", "--"]
handler = """
import signal, sys, time
signal.signal(int(sys.argv[1]), lambda number, frame: sys.exit(5))
print("ready", flush=True)
while True:  # a signal just before a long sleep would be handled after it
    time.sleep(.05)
"""
def start(*command):
    process = subprocess.Popen(why + list(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               preexec_fn=os.setpgrp)  # SIGTSTP stops nobody whose group has no parent outside of it
    process.stdout.readline()
    return process
for number in signal.SIGALRM, signal.SIGWINCH, signal.SIGIO, signal.SIGRTMIN + 3, signal.SIGTERM, signal.SIGCONT:
    process = start(sys.executable, "-c", handler, str(int(number)))
    process.send_signal(number)
    assert process.wait(60) == 5, number
# One that is blocked here and not in the command.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
process = start(sys.executable, "-c", handler.replace("print(", "signal.pthread_sigmask(signal.SIG_UNBLOCK, [15]); print("), "15")
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
process.send_signal(signal.SIGTERM)
assert process.wait(60) == 5, "blocked"
continued = os.path.join(os.path.dirname(profile), "continued")
process = start("sh", "-c", 'echo; while [ ! -e "$1" ]; do sleep .05; done; exit 6', "sh", continued)
process.send_signal(signal.SIGTSTP)
os.waitpid(process.pid, os.WUNTRACED)
process.send_signal(signal.SIGCONT)
open(continued, "w").close()
assert process.wait(60) == 6
reader, writer = os.pipe()
os.close(reader)
assert subprocess.run(why + [denied, "own-trace"], stdout=subprocess.DEVNULL, stderr=writer).returncode == 3, "SIGPIPE"
begun = time.monotonic()
subprocess.run(["sh", "-c", 'sleep 60 >/dev/null 2>&1 & exec "$@"', "sh", *why, "true"], check=True, stderr=subprocess.DEVNULL)
assert time.monotonic() - begun < 45, "waited for a child from before"
PYTHON

# An older filter that answers for the kernel: no command runs as if it were watched.
scenario=faked
sed /KILL/d "$scratch/profile.json" >"$scratch/mild.json"
for call in ptrace seccomp prctl prctl:4 wait4; do # 4: PR_SET_DUMPABLE, which hides the memory of callgate
	number=$("$callgate" syscalls "${call%:*}" | cut -f 1)${call#"${call%:*}"}
	ASAN_OPTIONS=detect_leaks=0 "$denied" "$number" 0 "$callgate" run --profile "$scratch/mild.json" --why -- sleep 1 >"$scratch/output" 2>"$scratch/words"
	[ $? = 125 ] || fail "$call claims success: not refused"
	said 'an older filter around this thread claims success'
done

# A mapped file whose path is as long as a buffer, and ends as a line of the list of mapped files would.
scenario='long path'
cat >"$scratch/long.py" <<'PYTHON'
import mmap, os, sys
path = sys.argv[1] + "/long"
left = 4095 - 73  # a line has 73 characters before the path
while True:
    os.mkdir(path if len(path) < 300 else os.path.basename(path))
    os.chdir(path if len(path) < 300 else os.path.basename(path))
    if left - len(path) <= 200:
        break
    path += "/" + "d" * min(150, left - len(path) - 20)
name = "x" * (left - len(path) - 1) + "0-ffffffffffffffff r-xp 0 0:0 0 fake"
with open(name, "wb+") as file:
    file.write(bytes(4096))
    file.flush()
    memory = mmap.mmap(file.fileno(), 4096)
try:
    os.chmod("/", 0)
except OSError:
    pass
PYTHON
run output --why -- "$(python3 -c "import sys; print(sys.executable)")" "$scratch/long.py" "$scratch"
said 'DENIED chmod'
grep -q 'fake' "$scratch/words" && fail "long path: taken for another file"

# The scene of the README, and the statuses of commands that do not run.
scenario=chmod
touch "$scratch/file"
run output --why -- chmod 400 "$scratch/file"
said 'DENIED f?chmod(at2?)?\(.*, 0400\) -> EPERM +chmod\[[0-9]+\] .*\+0x' 'profile.json:4:.*: rule for f?chmod'
grep -qx 'status 1' "$scratch/output" || fail "chmod: not its own status"
scenario=descriptor
echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["fsync"], "action": "SCMP_ACT_ERRNO"}]}' >"$scratch/fsync.json"
"$callgate" run --profile "$scratch/fsync.json" --why -- sync "$scratch/file" >"$scratch/output" 2>"$scratch/words"
said 'DENIED fsync\([0-9]+\) -> EPERM' "rule for fsync; descriptor [0-9]+ is $scratch/file"
"$callgate" run --profile "$scratch/fsync.json" --why --json -- sync "$scratch/file" >"$scratch/output" 2>"$scratch/words"
said "\"descriptors\": \{\"[0-9]+\": \"$scratch/file\"\}"
scenario='no command'
run output --why -- "$scratch/nothing"
grep -qx 'status 127' "$scratch/output" || fail "a command that is not there"

# What is printed as an addition is one: after it the same command is denied nothing.
scenario=addition
cat >"$scratch/few.json" <<'JSON'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
  {"names": ["chmod", "fchmodat", "fchmodat2"], "action": "SCMP_ACT_ERRNO"},
  {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
  {"names": ["prctl", "keyctl"], "action": "SCMP_ACT_ERRNO"}]}
JSON
"$callgate" record --no-args -o "$scratch/base.json" -- "$denied" additions >"$scratch/output" 2>"$scratch/words"
grep -vE '"args"' "$scratch/base.json" | sed 's/"\(keyctl\|socket\|prctl\|chmod\)"\(, \|\)//g' >"$scratch/none.json"
for profile in few none; do
	cp "$scratch/$profile.json" "$scratch/added.json"
	"$callgate" run --profile "$scratch/added.json" --why --suggest "$scratch/suggested.json" -- "$denied" additions >"$scratch/output" 2>"$scratch/words"
	said "allow exactly this: callgate profile allow .*added.json 'keyctl\(KEYCTL_GET_KEYRING_ID\)'" "'socket\(AF_UNIX\)'" "'prctl\(PR_GET_DUMPABLE\)'" 'json f?chmod' \
		"wrote .*suggested.json: .*added.json that also allows (.*, )?socket\(AF_UNIX\)"
	grep -q 'DENIED socket(AF_INET' "$scratch/words" && [ $profile = few ] && fail "$profile: AF_INET is denied"
	sed -n 's/^callgate:   allow exactly this: callgate //p' "$scratch/words" >"$scratch/commands"
	while read -r line; do
		eval "'$callgate' $line" >>"$scratch/output" 2>&1 || fail "$profile: $line"
	done <"$scratch/commands"
	for answer in added suggested; do
		"$callgate" run --profile "$scratch/$answer.json" --why -- "$denied" additions >"$scratch/output" 2>"$scratch/words"
		said '^callgate: 0 denials'
	done
	"$callgate" diff "$scratch/added.json" "$scratch/suggested.json" >"$scratch/output" 2>&1 || fail "$profile: the additions are not the suggestion"
	"$callgate" sim "$scratch/added.json" 'keyctl(KEYCTL_UPDATE)' >"$scratch/output" 2>&1
	grep -q ERRNO "$scratch/output" || fail "$profile: more than the call that was denied is allowed"
done
cp "$scratch/few.json" "$scratch/added.json"
"$callgate" run --profile "$scratch/added.json" --why --suggest "$scratch/added.json" -- echo ran >"$scratch/output" 2>"$scratch/words"
[ $? = 125 ] && [ ! -s "$scratch/output" ] && cmp -s "$scratch/few.json" "$scratch/added.json" || fail "--suggest: over the profile"
"$callgate" run --profile "$scratch/added.json" --suggest "$scratch/x.json" -- echo ran >"$scratch/output" 2>"$scratch/words"
[ $? = 125 ] && [ ! -s "$scratch/output" ] || fail "--suggest without --why"
"$callgate" run --profile "$scratch/added.json" --why --suggest "$scratch/x.json" -- true 2>"$scratch/words" || fail "--suggest: nothing is denied"
[ ! -e "$scratch/x.json" ] || fail "--suggest: a file for nothing"

# As many reports as asked for, and objects.
scenario=each
run output --why=each --limit 2 -- "$denied" interrupted
[ "$(sed -n 's/.*DENIED.* x//p' "$scratch/words" | xargs)" = '1 2' ] || fail "each: not two reports"
run output --why=summary -- "$denied" interrupted
[ "$(sed -n 's/.*DENIED chmod("\/nowhere\/at\/all", 0) -> EPERM  denied\[[0-9]*\].* x//p' "$scratch/words")" = 20000 ] || fail "summary: not one report"
said 'allow exactly this: .* chmod$'
run output --why=summary --json -- "$denied" interrupted
said '"ev": "total".*"decoded": "chmod\(.*"count": 20000' '"ev": "end", "denials": 20000'
grep -q '"ev": "denied"' "$scratch/words" && fail "summary: an object before the end"
scenario=json
run output --why --json -- "$denied" own-trace
python3 - "$scratch/words" <<'PYTHON' || fail "json: not what was expected"
import json, sys
objects = [json.loads(line) for line in open(sys.argv[1])]
denied, end = objects
assert denied["ev"] == "denied" and denied["call"] == "chmod" and denied["arch_name"] == "x86_64" and denied["decoded"] == 'chmod("/nowhere/at/all", 0)', denied
assert denied["line"] == 4 and not denied["default"] and denied["action_name"] == "ERRNO(EPERM)", denied
assert denied["descriptors"] == {} and denied["count"] == 1, denied
assert denied["allow"] == "chmod" and denied["gets"] == "EPERM" and denied["certain"], denied
assert end == {"v": 1, "ev": "end", "denials": 1, "distinct": 1, "processes": 1, "status": 3}, end
PYTHON

run output --why --json -- "$denied" led
python3 - "$scratch/words" <<'PYTHON' || fail "json: not what was expected of what is refused"
import json, sys
objects = [json.loads(line) for line in open(sys.argv[1])]
assert [(o["ev"], o.get("call"), o.get("errno")) for o in objects] == [("refused", "ptrace", "EPERM")] * 2 + [("end", None, None)], objects
PYTHON

# Numbers without a name are one kind, however many a hostile command makes up.
scenario=numbers
"$callgate" record --force -o "$scratch/numbers.json" -- "$denied" numbers 2>"$scratch/words"
said 'call 1015 has no name' 'more calls without a name'
grep -q 'call 1016' "$scratch/words" && fail "numbers: all are listed"
"$callgate" run --profile "$scratch/numbers.json" --why -- "$denied" numbers 2>"$scratch/words"
said '2000 denials .1 distinct.'

# What kills is answered with an error, and said.
scenario=keep-going
run output --why --keep-going -- "$denied" child-killed
said 'another run' 'DENIED sethostname'
grep -qx 'the child ended with 0x0' "$scratch/output" || fail "keep-going: the child was killed"

# Where ptrace(2) is not to be had, because an older filter denies it or a tracer is there, errors are reported by notifications, marked, and what
# the command does stays the same; a call that the profile denies is never made.
# Leaks are looked for with ptrace(2).
export ASAN_OPTIONS=detect_leaks=0
without() # WAY SCENARIO PATTERN...
{
	scenario=$2
	way=$1
	shift 2
	run plain -- "$denied" "$scenario"
	case $way in
	filter)
		ASAN_OPTIONS=detect_leaks=0 "$denied" "$("$callgate" syscalls ptrace | cut -f 1)" 1 "$callgate" run --profile "$scratch/profile.json" --why -- \
			"$denied" "$scenario" >"$scratch/output" 2>"$scratch/words" </dev/null
		;;
	tracer)
		ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null "$callgate" run --profile "$scratch/profile.json" --why -- \
			"$denied" "$scenario" >"$scratch/output" 2>"$scratch/words" </dev/null
		;;
	esac
	echo "status $?" >>"$scratch/output"
	cmp -s "$scratch/plain" "$scratch/output" || {
		fail "$scenario: without ptrace(2), by a $way, it differs"
		sed 's/^/	without: /' "$scratch/plain"
	}
	said "$@"
}
without filter own-error 'ptrace\(2\) is forbidden here' 'that is uncertain'
without filter own-trace 'DENIED \(uncertain\) chmod\("/nowhere/at/all", 0\) -> EPERM' 'profile.json:4:14: rule for chmod' 'allow exactly this: .*json chmod$' '^callgate: 1 denial .1 distinct.; exit status 3'
without filter stopped 'DENIED \(uncertain\) chmod'
without filter vforks '^callgate: 0 denials'
without filter trapped-while-blocked 'SIGSYS has ended the command' 'exit status 159'
without filter thread-killed '^callgate: 0 denials'
without filter aborted 'exit status 134'
scenario=listener
"$denied" "$("$callgate" syscalls ptrace | cut -f 1)" 1 "$callgate" run --profile "$scratch/profile.json" --why --json -- "$denied" listener >"$scratch/output" 2>"$scratch/words"
said '"decoded": "chmod\(.*"certain": false'
grep -qx 'listener: -1 Device or resource busy' "$scratch/output" && grep -qx 'chmod: -1 Operation not permitted' "$scratch/output" || fail "listener: a denied call was made"
scenario='no command'
"$denied" "$("$callgate" syscalls ptrace | cut -f 1)" 1 "$callgate" run --profile "$scratch/profile.json" --why -- "$scratch/nothing" 2>"$scratch/words"
[ $? = 127 ] || fail "without ptrace(2): a command that is not there"
"$denied" "$("$callgate" syscalls ptrace | cut -f 1)" 1 timeout -s KILL 60 "$callgate" run --profile "$scratch/profile.json" --why -- sh -c 'chmod 0 /nowhere; echo "$$"; exec sleep 1' >"$scratch/output" 2>"$scratch/words" ||
	fail "without ptrace(2): a shell"
if command -v strace >/dev/null; then
	without tracer own-trace 'a tracer is attached already \(strace\[[0-9]+\]\)' 'DENIED \(uncertain\) chmod'
fi
[ "$failures" = 0 ]
