#!/bin/sh
# usage: test_record.sh CALLGATE DENIED: `callgate record` of real programs: each runs under its profile without a denial, a second run
# with --more stops at no call, and what a recorded program does is what it does otherwise.
set -u
callgate=$1 denied=$2
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

# tool WORDS... : runs callgate; what the command prints is in output, what callgate says in words. The status is returned.
tool()
{
	"$callgate" "$@" >"$scratch/output" 2>"$scratch/words" </dev/null
}

# replays NAME COMMAND...: recorded, it prints the same; under its profile nothing is denied, and --more sees nothing.
replays()
{
	name=$1
	shift
	"$@" >"$scratch/plain" 2>/dev/null </dev/null
	plain=$?
	tool record -o "$scratch/$name.json" -- "$@"
	status=$?
	cp "$scratch/words" "$scratch/first"
	[ "$status" = "$plain" ] || fail "$name: recorded, it ends with $status, not $plain"
	cmp -s "$scratch/plain" "$scratch/output" || fail "$name: recorded, it prints something else"
	tool profile check "$scratch/$name.json" || fail "$name: the profile is not usable"
	tool run --profile "$scratch/$name.json" --why -- "$@"
	[ $? = "$plain" ] || fail "$name: it ends in another way under its profile"
	grep -q '^callgate: 0 denials' "$scratch/words" || fail "$name: denied under its own profile"
	cmp -s "$scratch/plain" "$scratch/output" || fail "$name: under its profile it prints something else"
	cp "$scratch/$name.json" "$scratch/before.json"
	tool record --more "$scratch/$name.json" -- "$@"
	grep -q '^callgate: 0 new calls' "$scratch/words" || fail "$name: a second run saw more"
	cmp -s "$scratch/before.json" "$scratch/$name.json" || fail "$name: a second run changed the profile"
}

tool record -o "$scratch/true.json" -- true || {
	grep -q 'registers of this machine' "$scratch/words" && echo "SKIP: $(cat "$scratch/words")" && exit 77
	fail 'true'
}
replays pipeline sh -c 'i=0; while [ $i -lt 50 ]; do echo $i | cat | wc -c; i=$((i + 1)); done'
replays threads python3 -c 'import threading, subprocess
threads = [threading.Thread(target=lambda: subprocess.run(["true"], check=True)) for _ in range(5)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("done")'
replays vforks "$denied" vforks
replays own-filter "$denied" own-error
replays killed "$denied" aborted
replays stopped "$denied" stopped
replays narrow "$denied" narrow
if command -v gcc >/dev/null; then
	echo 'int main(void) { return 0; }' >"$scratch/empty.c"
	replays gcc gcc -c "$scratch/empty.c" -o "$scratch/empty.o"
fi
if command -v git >/dev/null; then
	git init -q "$scratch/repository" && replays git git -C "$scratch/repository" status --short
fi

# Arguments: what was seen, and no other.
python3 - "$scratch/threads.json" <<'PYTHON' || fail 'the entries with arguments'
import json, sys
entries = json.load(open(sys.argv[1]))["syscalls"]
maps = [entry for entry in entries if entry["names"] == ["mmap"]]
assert maps and all(entry["args"][0]["index"] == 2 for entry in maps), maps
assert not any("mmap" in entry["names"] for entry in entries if "args" not in entry)
PYTHON
tool record --no-args --force -o "$scratch/true.json" -- true || fail '--no-args'
grep -q '"args"' "$scratch/true.json" && fail '--no-args: there are arguments'

tool record --args=socket,keyctl --force -o "$scratch/sockets.json" -- "$denied" additions || [ $? = 3 ] || fail '--args'
python3 - "$scratch/sockets.json" <<'PYTHON' || fail 'the entries with the arguments that were asked for'
import json, sys
entries = json.load(open(sys.argv[1]))["syscalls"]
assert {tuple(entry["names"]) for entry in entries if "args" in entry} == {("socket",), ("keyctl",)}, entries
assert [entry["comment"] for entry in entries if entry["names"] == ["socket"]] == ["AF_UNIX", "AF_INET"], entries
PYTHON
tool record --args=socket,chmod -o "$scratch/none.json" -- true
[ $? = 125 ] && grep -q '"chmod" is no call whose arguments' "$scratch/words" || fail '--args of a call that has none'
tool record --args --no-args -o "$scratch/none.json" -- true
[ $? = 125 ] || fail '--args and --no-args'
# Of flags, more combinations than are listed are any of the flags, and no other.
replays combinations "$denied" combinations
grep -q '"comment": "any of PROT_EXEC|PROT_READ' "$scratch/combinations.json" || fail 'many combinations of flags'
"$callgate" sim "$scratch/combinations.json" 'mprotect(*, *, 0x8000000)' | grep -q ERRNO || fail 'a flag that was not seen is allowed'

# More values than are listed are ranges that a mask states; what is far apart is all.
replays values "$denied" values
python3 - "$scratch/values.json" <<'PYTHON' || fail 'many values: other ranges'
import json, sys
entries = json.load(open(sys.argv[1]))["syscalls"]
ioctls = [entry for entry in entries if entry["names"] == ["ioctl"]]
assert len(ioctls) <= 32, len(ioctls)
ranges = {entry["args"][0]["valueTwo"]: 0xffffffff ^ entry["args"][0]["value"] for entry in ioctls}
allowed = {value for first, span in ranges.items() for value in range(first, first + span + 1)}
assert allowed == {*range(0x5400, 0x543c), 0x12345678, 0xfedcba98}, sorted(allowed)
assert ranges[0x5400] == 31 and ioctls[0]["comment"].startswith("any of 0x5400 to 0x541f (seen: all, "), ioctls[0]
assert any("prctl" in entry["names"] for entry in entries if "args" not in entry)
PYTHON
grep -q 'with ranges of arguments around those that were seen: ioctl' "$scratch/first" || fail 'many values: not said'
"$callgate" explain "$scratch/values.json" --syscall ioctl | grep -q 'if cmd in 0x5400 to 0x541f ' || fail 'many values: not explained'
i=0
while [ $i -lt 70 ]; do
	echo "lseek(3, 0, $((i * 2))) = 0"
	i=$((i + 1))
done >"$scratch/strace"
tool record --from strace --args=lseek --force -o "$scratch/even.json" "$scratch/strace" || fail 'even values'
for answer in 'lseek(*, *, 138): ALLOW' 'lseek(*, *, 137): ' 'lseek(*, *, 1024): ERRNO(EPERM)'; do
	"$callgate" sim "$scratch/even.json" "${answer%%:*}" >"$scratch/output" 2>&1
	grep -q "${answer##*: }" "$scratch/output" || fail "even values: not $answer"
done

grep -q '"any of 0x0 to 0x7 (seen: SEEK_SET, SEEK_END, SEEK_HOLE, 0x6)"' "$scratch/even.json" || fail 'even values: the comment does not say which were seen'
i=0
while [ $i -lt 600 ]; do
	echo "lseek(3, 0, $((i * 6))) = 0"
	i=$((i + 1))
done >"$scratch/strace"
tool record --from strace --args=lseek --force -o "$scratch/many.json" "$scratch/strace" || fail 'values far from each other'
python3 - "$scratch/many.json" <<'PYTHON' || fail 'values far from each other: how many were seen'
import json, re, sys
entries = [entry for entry in json.load(open(sys.argv[1]))["syscalls"] if entry["names"] == ["lseek"]]
seen = 0
for entry in entries:
    condition = entry["args"][0]
    values = [value for value in range(0, 3600, 6) if value & condition["value"] == condition["valueTwo"]]
    words = re.fullmatch(r"any of \S+ to \S+ \(seen: (.*?)(?: and (\d+) more, up to (\S+))?\)", entry["comment"])
    shown = re.sub("SEEK_SET", "0x0", words[1]).split(", ")
    assert [int(word, 0) for word in shown] == values[:6], entry
    assert int(words[2] or 0) == len(values) - len(shown) and (not words[3] or int(words[3], 0) == values[-1]), entry
    seen += len(values)
assert seen == 600, seen
PYTHON

# Whether threads wait for each other is chance.
grep -q '"futex"' "$scratch/threads.json" || fail 'threads without futex'
grep -q '"futex"' "$scratch/vforks.json" && fail 'futex without threads'

# Where the start-up ends.
tool record --steady openat --force -o "$scratch/steady.json" -- true || fail '--steady'
grep -q '"execve"\], "action": "SCMP_ACT_ALLOW", "comment": "only before the first openat (start-up)"' "$scratch/steady.json" || fail '--steady: the profile does not say it'
grep -q 'only before the first openat (start-up):.* execve' "$scratch/words" || fail '--steady: not said'
tool profile check "$scratch/steady.json" || fail '--steady: no profile'
tool record --steady 0.3 --force -o "$scratch/steady.json" -- sh -c 'sleep 0.5; echo' || fail '--steady, in seconds'
grep -q '"comment": "only in the first 0.3 s (start-up)"' "$scratch/steady.json" || fail '--steady, in seconds: the profile does not say it'
tool record --steady accept4 --force -o "$scratch/steady.json" -- true
grep -q 'accept4 was never seen' "$scratch/words" || fail '--steady: a call that never comes'
tool record --steady nothing --force -o "$scratch/none.json" -- true
[ $? = 125 ] || fail '--steady: no call'

# Twins are listed, and added where that is asked for.
tool record --force -o "$scratch/twins.json" -- true
grep -q 'one step away (--twins adds them):.* openat2' "$scratch/words" || fail 'twins are not listed'
grep -q openat2 "$scratch/twins.json" && fail 'twins are added unasked'
tool record --twins --force -o "$scratch/twins.json" -- true || fail '--twins'
grep -q '"openat2"' "$scratch/twins.json" && grep -q 'and added.*: .*openat2' "$scratch/words" || fail '--twins: not added'

# Other engines see the same, and one that stops every call sees what filters of the command deny.
for engine in stops notify; do
	tool record --engine $engine --force -o "$scratch/engine.json" -- sh -c 'ls / | cat' || fail "--engine $engine"
	tool run --profile "$scratch/engine.json" --why -- sh -c 'ls / | cat' || fail "--engine $engine: the profile"
	grep -q '^callgate: 0 denials' "$scratch/words" || fail "--engine $engine: denied under its own profile"
done
"$callgate" record --engine stops --force -o "$scratch/engine.json" -- true 2>"$scratch/words" || fail '--engine stops: true'
grep -q '"execve"' "$scratch/engine.json" || fail '--engine stops: the first call is missing'
grep -q 'calls stopped, for about [0-9]* us each (measured)' "$scratch/words" || fail '--engine stops: what it cost is not said'
tool record --force -o "$scratch/engine.json" -- "$denied" own-error
grep -q '"chmod"' "$scratch/engine.json" && fail 'seen, although a filter of the command denies it'
grep -q 'has called seccomp(2): what filters of its own deny was not seen' "$scratch/words" || fail 'what was not seen is not said'
tool record --engine stops --force -o "$scratch/engine.json" -- "$denied" own-error
grep -q '"chmod"' "$scratch/engine.json" || fail '--engine stops: not seen, as a filter of the command denies it'
tool record --engine notify --force -o "$scratch/engine.json" -- true
grep -q 'signals can make calls fail with EINTR' "$scratch/words" || fail '--engine notify: no warning'
# On one processor with callgate, the command finds all that it may use.
tool record --force -o "$scratch/engine.json" -- nproc
[ "$(cat "$scratch/output")" = "$(nproc)" ] || fail 'the command finds other processors'
tool record --force -o "$scratch/engine.json" -- sh -c 'true & taskset -p $$; true & taskset -p $$' && tail -n 1 "$scratch/output" >"$scratch/mask"
[ "$(sed 's/.*: //' "$scratch/mask")" = "$(taskset -p $$ | sed 's/.*: //')" ] || fail 'the command may use other processors'

# Imports.
cat >"$scratch/strace" <<'TEXT'
[pid  4711] openat(AT_FDCWD, "/etc/(ld, so).cache", O_RDONLY|O_CLOEXEC) = 3
4711  12:00:01 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 4
ioctl(1, TCGETS, {c_iflag=ICRNL|IXON, c_oflag=NL0|(OPOST), ...}) = 0
clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 12
mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f
prctl(PR_STRANGE_THING_OF_STRACE, "x") = 0
read(3, "openat(", 832 <unfinished ...>
<... read resumed>"x", 1) = 1
--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---
+++ exited with 0 +++
TEXT
tool record --from strace --force -o "$scratch/import.json" "$scratch/strace" || fail '--from strace'
python3 - "$scratch/import.json" <<'PYTHON' || fail '--from strace: the entries'
import json, sys
entries = json.load(open(sys.argv[1]))["syscalls"]
names = {name for entry in entries for name in entry["names"]}
assert {"openat", "socket", "ioctl", "clone", "mmap", "prctl", "read"} <= names and not {"exited", "SIGCHLD"} & names, names
comments = {entry["names"][0]: entry["comment"] for entry in entries if "args" in entry}
assert comments["socket"] == "AF_INET" and comments["mmap"] == "PROT_READ|PROT_WRITE" and comments["clone"] == "SIGCHLD|CLONE_CHILD_CLEARTID", comments
assert "prctl" not in comments, comments
PYTHON
printf '%s\n' 'type=SECCOMP msg=audit(1700000000.123:45): auid=1000 uid=1000 gid=1000 ses=1 pid=7 comm="app" exe="/app" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000' \
	'type=USER_LOGIN msg=audit(1700000000.123:46): pid=7' >"$scratch/audit"
tool record --from audit --force -o "$scratch/import.json" "$scratch/audit" || fail '--from audit'
grep -q '"socket"' "$scratch/import.json" && grep -q '1 of 2 lines are calls; the audit log has no arguments' "$scratch/words" || fail '--from audit: the entries'
tool record --from strace -o "$scratch/none.json" "$scratch/nothing"
[ $? = 125 ] && [ ! -e "$scratch/none.json" ] || fail '--from: a file that is not there'
tool record --from strace -o "$scratch/none.json" /dev/null
[ $? = 125 ] && [ ! -e "$scratch/none.json" ] || fail '--from: nothing was seen'

# Adding to a profile, by hand written: what is there stays as it is, and a call that an entry denies stays denied.
cat >"$scratch/hand.json" <<'JSON'
{
  "comment": "syscalls are below",
  "defaultAction": "SCMP_ACT_KILL_PROCESS",
  "syscalls": [
    { "names": ["chmod", "fchmodat", "fchmodat2"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13 }
  ],
  "flags": []
}
JSON
touch "$scratch/file"
tool record --more "$scratch/hand.json" -- chmod 400 "$scratch/file"
grep -q 'Permission denied' "$scratch/words" || fail 'an entry that denies: the call was made'
tool run --profile "$scratch/hand.json" -- chmod 400 "$scratch/file"
grep -q 'Permission denied' "$scratch/words" || fail 'the profile that was added to'
grep -q '"comment": "syscalls are below"' "$scratch/hand.json" || fail 'what was there is gone'

# Lists and entries that a hand-made search could take for others; a profile that it can't add to is refused before the command runs.
for list in '"x": {"syscalls": []}, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "comment": "] } \" ["}]' '"SYSCALLS": [ ]'; do
	printf '{"defaultAction": "SCMP_ACT_ERRNO",\r\n%s}\r\n' "$list" >"$scratch/odd.json"
	tool record --more "$scratch/odd.json" -- true || fail "added to a profile with $list"
	tool run --profile "$scratch/odd.json" -- true || fail "a profile with $list that was added to"
done
for list in '"\u0073yscalls": []' '"syscalls": null' '"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}}'; do
	printf '{"defaultAction": "SCMP_ACT_ERRNO", %s}' "$list" >"$scratch/odd.json"
	cp "$scratch/odd.json" "$scratch/before.json"
	tool record --more "$scratch/odd.json" -- echo ran
	[ $? = 125 ] && [ ! -s "$scratch/output" ] || fail "$list: not refused before the command runs"
	cmp -s "$scratch/odd.json" "$scratch/before.json" || fail "$list: the file was changed"
done

# A call that an entry denies with some arguments can't be allowed with all: what would change is proved, not guessed.
sed 's/"syscalls": \[/&{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13, "args": [{"index": 1, "value": 448, "op": "SCMP_CMP_EQ"}]},/' "$scratch/true.json" >"$scratch/args.json"
cp "$scratch/args.json" "$scratch/before.json"
tool record --more "$scratch/args.json" -- mkdir "$scratch/mode"
[ $? = 125 ] || fail 'an entry that denies with some arguments'
grep -q 'more than what was seen would change: mkdir(\*, 448)' "$scratch/words" || fail 'what would change is not named'
cmp -s "$scratch/args.json" "$scratch/before.json" || fail 'the profile was changed'

# What others have added meanwhile stays.
cp "$scratch/true.json" "$scratch/both.json"
tool record --more "$scratch/both.json" -- sh -c 'sed '\''s/"syscalls": \[/&{"names": ["mkdirat"], "action": "SCMP_ACT_ALLOW"},/'\'' "$1" >"$1.new" && mv "$1.new" "$1"' sh "$scratch/both.json"
grep -q mkdirat "$scratch/both.json" || fail 'what another program has added is gone'

# A comparison.
tool record --against "$scratch/true.json" -- true || fail '--against: the same command is not equal'
tool record --against "$scratch/true.json" -- mkdir "$scratch/new"
[ $? = 1 ] || fail '--against: a new call is no difference'
grep -q '^+ mkdir  not allowed' "$scratch/output" || fail '--against: mkdir is not named'
printf 'default EPERM\nuse @start, @file-read, @file-close\nwrite, close -> ALLOW\nclose(3) -> ALLOW\nsocket -> ALLOW\n' >"$scratch/two.policy"
tool record --against "$scratch/two.policy" -- true
grep -q '^- socket  never seen' "$scratch/output" || fail '--against: a call that was never seen'
grep -q '^- close ' "$scratch/output" && fail '--against: what an earlier statement decided was never seen'
tool record --against "$scratch/sockets.json" -- "$denied" additions
[ $? = 0 ] || fail '--against: what was recorded is a difference'
sed -e 's/"valueTwo": 2,/"valueTwo": 17,/' "$scratch/sockets.json" >"$scratch/packet.json"
tool record --against "$scratch/packet.json" -- "$denied" additions
[ $? = 1 ] || fail '--against: other arguments are no difference'
grep -q '^+ socket(AF_INET)  not allowed' "$scratch/output" || fail '--against: the family that is new'
grep -q '^- socket if family == AF_PACKET  never seen' "$scratch/output" || fail '--against: the family that was never seen'
grep -q 'socket(AF_UNIX)' "$scratch/output" && fail '--against: a family that is allowed is a difference'

# Mistakes, after which there is no file, or the old one.
tool record -- true
[ $? = 125 ] || fail 'no file'
tool record -o "$scratch/true.json" -- true
[ $? = 125 ] || fail 'an old file was replaced'
tool record -o "$scratch/none.json" -- "$scratch/nothing"
[ $? = 127 ] || fail 'a command that is not there'
[ ! -e "$scratch/none.json" ] || fail 'a command that is not there has a profile'
tool record --more "$scratch/file" -- true
[ $? = 125 ] || fail 'no profile to add to'
if [ -e /dev/full ]; then
	tool record -o /dev/full -- true
	[ $? = 125 ] || fail 'a full disk'
	sed -n '/^callgate: what was recorded could not be written to .dev.full, and follows:$/,$p' "$scratch/words" | sed 1d >"$scratch/follows.json"
	tool run --profile "$scratch/follows.json" -- true || fail 'a full disk: what was recorded is lost'
fi

said=$(ulimit -f 0 && "$callgate" record -o "$scratch/limit.json" -- true 2>&1)
[ $? = 125 ] && [ ! -e "$scratch/limit.json" ] || fail 'a limit of files'
case $said in
*'and follows:'*'"defaultAction"'*) ;;
*) fail 'a limit of files: what was recorded is lost' ;;
esac
tool record -o "$scratch/nowhere/none.json" -- echo ran
[ $? = 125 ] && [ ! -s "$scratch/output" ] || fail 'a place that can not be written to is found after the run'

# Interrupted, it writes what it has, and the signal is the command's.
"$callgate" record -o "$scratch/interrupted.json" -- sh -c 'sleep 0.1; : >"$1"; exec sleep 60' sh "$scratch/slept" \
	2>"$scratch/words" &
recorder=$!
tries=0
while [ ! -e "$scratch/slept" ] && [ $tries -lt 300 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
kill -TERM "$recorder"
wait "$recorder"
[ $? = 143 ] || fail 'SIGTERM is not the command'\''s'
grep -q clock_nanosleep "$scratch/interrupted.json" || fail 'interrupted, it wrote nothing'
[ "$failures" = 0 ]
