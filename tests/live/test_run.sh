#!/bin/sh
# usage: test_run.sh CALLGATE SOURCE-ROOT: `callgate run` on the real kernel: what a profile denies, env(1)'s exit statuses, and profiles
# that are not understood, under which nothing may run.
set -u
callgate=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export LC_ALL=C
failures=0

fail()
{
	echo "FAIL: $*"
	sed 's/^/	/' "$scratch/output"
	failures=$((failures + 1))
}

# expect STATUS TEXT COMMAND...: the status, and the text somewhere in what is printed.
expect()
{
	status=$1 text=$2
	shift 2
	"$@" >"$scratch/output" 2>&1 </dev/null
	actual=$?
	[ "$actual" = "$status" ] || fail "status $actual, not $status: $*"
	[ -z "$text" ] || grep -qF -- "$text" "$scratch/output" || fail "\"$text\" is not said: $*"
}

run()
{
	"$callgate" run --profile "$source/examples/chmod.json" -- "$@"
}

# A profile with this text must keep the command from running, with these words.
refuse()
{
	printf '%s' "$2" >"$scratch/profile.json"
	expect 125 "$1" "$callgate" run --profile "$scratch/profile.json" -- touch "$scratch/ran"
	[ ! -e "$scratch/ran" ] || fail "the command ran under: $2"
}

echo hello >"$scratch/file"
chmod 644 "$scratch/file"
expect 0 "" run true
expect 1 "Operation not permitted" run chmod 400 "$scratch/file"
expect 1 "Operation not permitted" run busybox chmod 400 "$scratch/file"
[ "$(stat -c %a "$scratch/file")" = 644 ] || fail "the mode has changed"
run cat "$scratch/file" | grep -q hello || fail "cat does not work"
chmod 400 "$scratch/file" || fail "chmod does not work without the profile either"

# A directory in PATH that can't be searched would make this "Permission denied", as env(1) says it too.
search=$PATH
PATH=/usr/bin:/bin
expect 127 "nosuchcommand" run nosuchcommand
PATH=$search
expect 126 "Permission denied" run "$scratch/file"
expect 7 "" run sh -c 'exit 7'
expect 143 "" run sh -c 'kill -TERM $$'
expect 137 "" run sh -c 'kill -KILL $$'
expect 126 "Permission denied" run "$scratch"
expect 127 "No such file" run ""
expect 127 "No such file" run ./nosuchcommand
expect 127 "" run "$scratch/file/command"
# shellcheck disable=SC2016 # the script's own
printf 'echo "from a script: $1"\n' >"$scratch/a-script"
chmod 755 "$scratch/a-script"
expect 0 "from a script: 1" run "$scratch/a-script" 1
PATH=$PATH:$scratch expect 0 "from a script: 2" run a-script 2
expect 0 "NoNewPrivs:	1" run grep NoNewPrivs /proc/self/status
if [ "$(id -u)" = 0 ]; then
	expect 0 "NoNewPrivs:	0" "$callgate" run --no-new-privs=no --profile "$source/examples/chmod.json" grep NoNewPrivs /proc/self/status
fi
expect 125 "takes yes or no" "$callgate" run --no-new-privs=1 --profile "$source/examples/chmod.json" true
expect 125 "which profile?" "$callgate" run true
expect 125 "which command is to run?" "$callgate" run --profile "$source/examples/chmod.json"
expect 125 "there is no option --nosuch" "$callgate" run --nosuch true
expect 125 "contradict" "$callgate" run --cap none --cap CAP_BPF --profile "$source/examples/chmod.json" true
[ "$("$callgate" run --profile - -- echo ran <"$source/examples/chmod.json")" = ran ] || fail "a profile from a pipe"
expect 125 "/nonexistent" "$callgate" run --profile /nonexistent -- true
refuse 'profile.json:' '{"defaultAction":"SCMP_ACT_ALLOW", "syscalls"'
refuse '2:3' '{"defaultAction":"SCMP_ACT_ALLOW",
  "sycalls": []}'
refuse 'profile.json' ''
refuse 'profile.json' '{}'
refuse 'profile.json' 'null'
refuse 'SCMP_ACT_NOTHING' '{"defaultAction":"SCMP_ACT_NOTHING"}'
refuse 'profile.json:1' '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]}'

# What can't be started at all: told in words, even where the filter would not let them be written.
printf '%s' '{"defaultAction":"SCMP_ACT_ERRNO","defaultErrno":"EACCES"}' >"$scratch/nothing.json"
expect 126 "true: Permission denied: the filter denies execve" "$callgate" run --profile "$scratch/nothing.json" -- true
printf '%s' '{"defaultAction":"SCMP_ACT_KILL_PROCESS"}' >"$scratch/nothing.json"
expect 159 "true: the filter kills for execve" "$callgate" run --profile "$scratch/nothing.json" -- true
other_user()
{
	setpriv --reuid 1 --clear-groups --bounding-set=-all --inh-caps=-all "$@"
}
if [ "$(id -u)" = 0 ] && other_user test -x "$callgate" -a -r "$source/examples/chmod.json" 2>/dev/null; then
	expect 125 "--no-new-privs=no needs CAP_SYS_ADMIN" other_user "$callgate" run --no-new-privs=no \
		--profile "$source/examples/chmod.json" true
	install -o 1 /dev/null "$scratch/theirs" && chmod 755 "$scratch"
	expect 1 "Operation not permitted" other_user "$callgate" run --profile "$source/examples/chmod.json" chmod 700 "$scratch/theirs"
	expect 0 "" other_user chmod 700 "$scratch/theirs"
fi

# Under a filter that fakes the success of what loads filters nothing runs.
for calls in '"seccomp"' '"prctl"' '"seccomp", "prctl"'; do
	printf '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[%s],"action":"SCMP_ACT_ERRNO","errnoRet":0}]}' "$calls" \
		>"$scratch/fake.json"
	rm -f "$scratch/ran"
	expect 0 "" "$callgate" run --profile "$scratch/fake.json" -- touch "$scratch/ran"
	rm -f "$scratch/ran"
	expect 125 "is faked: an older filter around this thread claims success in the kernel's place" "$callgate" run --profile "$scratch/fake.json" -- "$callgate" run \
		--profile "$source/examples/chmod.json" -- touch "$scratch/ran"
	[ ! -e "$scratch/ran" ] || fail "a command ran unconfined while $calls was faked"
done

# Entries that depend on capabilities are chosen as for a container where root runs the command, and that is said once. Warnings are for
# those who ask for them.
cat >"$scratch/container.json" <<'PROFILE'
{
	"defaultAction": "SCMP_ACT_ALLOW",
	"syscalls": [
		{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 3, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
		{"names": ["rmdir", "unlinkat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 3, "includes": {"caps": ["CAP_CHOWN"]}},
		{"names": ["no_such_call"], "action": "SCMP_ACT_ERRNO"}
	]
}
PROFILE
mkdir "$scratch/there"
if [ "$(id -u)" = 0 ]; then
	note="entries are chosen as for a container; the command keeps its own capabilities"
	expect 1 "$note" "$callgate" run --profile "$scratch/container.json" -- mkdir "$scratch/new"
	grep -q "No such process" "$scratch/output" || fail "an entry for CAP_SYS_ADMIN applies to a container"
	[ "$(wc -l <"$scratch/output")" = 2 ] || fail "more is said than what matters"
	expect 1 "No such process" "$callgate" run --profile "$scratch/container.json" -- rmdir "$scratch/there"
	expect 1 "no_such_call" "$callgate" run -v --profile "$scratch/container.json" -- mkdir "$scratch/new"
	expect 0 "" "$callgate" run --cap CAP_SYS_ADMIN --profile "$scratch/container.json" -- mkdir "$scratch/new"
	[ ! -s "$scratch/output" ] || fail "--cap needs no note"
	expect 0 "" "$callgate" run --profile "$source/examples/chmod.json" -- true
	[ ! -s "$scratch/output" ] || fail "a profile without capabilities needs no note"
	expect 0 "" "$callgate" run --cap CAP_CHOWN --profile "$scratch/container.json" -- grep -q "CapEff:.*[1-9a-f]" /proc/self/status
fi

# Old form and conditions: one name, an argument that counts, and the errno that the profile chooses.
cat >"$scratch/old.json" <<'PROFILE'
{
	"defaultAction": "SCMP_ACT_ALLOW",
	"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"],
	"syscalls": [
		{"name": "kill", "action": "SCMP_ACT_ERRNO", "errnoRet": 3, "args": [{"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]}
	]
}
PROFILE
expect 0 "No such process" "$callgate" run --profile "$scratch/old.json" -- sh -c 'kill -0 $$ && ! kill -10 $$'

# A kernel without seccomp(2), as emulators and some containers have it: filters for other machines are made and asked there, too.
cat >"$scratch/without.json" <<'PROFILE'
{
	"defaultAction": "SCMP_ACT_ALLOW",
	"syscalls": [{"names": ["seccomp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]
}
PROFILE
cat >"$scratch/young.policy" <<'POLICY'
default EPERM
read -> ALLOW
ptrace -> KILL_PROCESS
mount -> NOTIFY
reboot -> LOG
POLICY
without()
{
	"$callgate" run --profile "$scratch/without.json" -- "$callgate" "$@"
}
expect 0 "API level 1" without features
expect 0 "" without compile --profile "$scratch/young.policy" --arch aarch64 -o "$scratch/young.bpf"
expect 0 "" without prove --arch aarch64 "$scratch/young.policy" "$scratch/young.bpf"
expect 0 "KILL_PROCESS" without sim "$scratch/young.policy" ptrace
expect 0 "" without profile check "$scratch/young.policy"
expect 125 "API level 1" without run --profile "$scratch/young.policy" -- true

[ "$failures" = 0 ] && echo "callgate run does what it says"
exit "$((failures > 0))"
