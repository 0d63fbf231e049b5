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
grep -q '^+ mkdir(' "$scratch/output" || fail '--against: mkdir is not named'

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
fi

# Interrupted, it writes what it has, and the signal is the command's.
"$callgate" record -o "$scratch/interrupted.json" -- sh -c 'sleep 0.1; : >"$1"; exec sleep 60' sh "$scratch/slept" \
	2>"$scratch/words" &
recorder=$!
tries=0
while [ ! -e "$scratch/slept" ] && [ $tries -lt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
kill -TERM "$recorder"
wait "$recorder"
[ $? = 143 ] || fail 'SIGTERM is not the command'\''s'
grep -q clock_nanosleep "$scratch/interrupted.json" || fail 'interrupted, it wrote nothing'
[ "$failures" = 0 ]
