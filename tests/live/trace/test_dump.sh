#!/bin/sh
# usage: test_dump.sh CALLGATE DENIED: `callgate dump` of live processes: filters are recognised, compared and written, and what can't be read is said.
set -u
callgate=$1 denied=$2
scratch=$(mktemp -d)
processes=
trap 'kill $processes 2>/dev/null; rm -rf "$scratch"' EXIT
export LC_ALL=C
failures=0

fail()
{
	echo "FAIL: $*"
	sed 's/^/	/' "$scratch/output"
	failures=$((failures + 1))
}

tool()
{
	"$callgate" "$@" >"$scratch/output" 2>&1 </dev/null
}

# expect STATUS PATTERN ARGUMENT...
expect()
{
	status=$1 pattern=$2
	shift 2
	tool "$@"
	actual=$?
	[ $actual = "$status" ] || fail "status $actual, not $status: $*"
	grep -qE -- "$pattern" "$scratch/output" || fail "nothing like \"$pattern\": $*"
}

# until_true COMMAND...: waits half a minute for it.
until_true()
{
	tries=0
	until "$@" || [ $tries -ge 300 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

# sleeps PID: has the shell become the command?
sleeps()
{
	[ "$(cat "/proc/$1/comm")" = sleep ]
}

cat >"$scratch/chmod.json" <<'JSON'
{"defaultAction": "SCMP_ACT_ALLOW",
 "syscalls": [{"names": ["chmod", "fchmodat", "fchmodat2"], "action": "SCMP_ACT_ERRNO"}]}
JSON
cat >"$scratch/mkdir.json" <<'JSON'
{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG"],
 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
JSON
cat >"$scratch/both.json" <<'JSON'
{"defaultAction": "SCMP_ACT_ALLOW",
 "syscalls": [{"names": ["chmod", "fchmodat", "fchmodat2", "mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
JSON
"$callgate" run --profile "$scratch/chmod.json" -- "$callgate" run --profile "$scratch/mkdir.json" -- sleep 600 &
filtered=$!
sleep 600 &
free=$!
processes="$filtered $free"
until_true sleeps $filtered
until_true sleeps $free

expect 0 '^sleep.*no filter$' dump "$free"
expect 0 "^sleep.$filtered.: 2 filters, no_new_privs" dump --all
expect 2 'there is no process' dump 4194305
expect 2 'is no PID' dump here
expect 2 'Give a PID' dump
# Without the privilege, what /proc says is all. The build may lie where another user can't read, as in root's home.
mkdir "$scratch/copies"
# shellcheck disable=SC2046 # names of libraries, without spaces
cp "$callgate" $(ldd "$callgate" | awk '/libcallgate/ {print $3}') "$scratch/copies"
chmod -R a+rX "$scratch"
unprivileged=
[ "$(id -u)" != 0 ] || unprivileged='setpriv --reuid 65534 --clear-groups'
$unprivileged env LD_LIBRARY_PATH="$scratch/copies" "$scratch/copies/callgate" dump "$filtered" >"$scratch/output" 2>&1
[ $? = 2 ] || fail 'an ordinary user: not 2'
grep -q '2 filters, no_new_privs' "$scratch/output" || fail 'an ordinary user: not how many'
tool dump "$filtered" || {
	grep -qE 'CAP_SYS_ADMIN|CONFIG_CHECKPOINT_RESTORE' "$scratch/output" && [ "$failures" = 0 ] && echo "SKIP: $(tail -n 1 "$scratch/output")" && exit 77
	fail 'dump'
}
expect 0 "1 .*, the oldest: equal to .*chmod.json, proved" dump "$filtered" "$scratch/mkdir.json" "$scratch/chmod.json"
expect 0 "2 .*, flag LOG: equal to .*mkdir.json, proved" dump "$filtered" "$scratch/mkdir.json" "$scratch/chmod.json"
expect 0 'together, on .*: [0-9]+ calls allowed, [0-9]+ denied, 0 by argument' dump "$filtered"
expect 0 'are equal to .*both.json, proved' dump --against "$scratch/both.json" "$filtered"
expect 1 'mkdir' dump --against "$scratch/chmod.json" "$filtered"
expect 0 'allow nothing that is denied by .*chmod.json, proved' dump --against "$scratch/chmod.json" --subset "$filtered"
expect 0 '1 .*, the oldest: on .*: [0-9]+ calls allowed, [0-9]+ denied, 0 by argument; denied:( [a-z]+)? fchmodat fchmodat2$' dump "$filtered"
expect 0 ' ; f?chmod(at2?)? on ' dump --disasm 1 "$filtered"
expect 2 'there are 2 filters' dump --disasm 3 "$filtered"
expect 0 '' dump -o "$scratch" "$filtered"
expect 0 'the filters are equal' diff "$scratch/chmod.json" "$scratch/1.bpf"
expect 2 '' dump -o "$scratch/nowhere" "$filtered"
# Profiles that are installed with the program are known without being named.
mkdir -p "$scratch/prefix/bin" "$scratch/prefix/share/callgate/profiles"
cp "$callgate" "$scratch/prefix/bin/callgate"
cp "$scratch/mkdir.json" "$scratch/prefix/share/callgate/profiles"
LD_LIBRARY_PATH=$(dirname "$(dirname "$callgate")") "$scratch/prefix/bin/callgate" dump "$filtered" >"$scratch/output" 2>&1 || fail 'installed profiles'
grep -qE '2 .*: equal to .*/share/callgate/profiles/mkdir.json, proved' "$scratch/output" || fail 'an installed profile is not known'
# What is missing is said: here callgate has the privilege, and a filter.
"$callgate" run --profile "$scratch/chmod.json" -- "$callgate" dump "$filtered" >"$scratch/output" 2>&1
[ $? = 2 ] && grep -q '2 filters, no_new_privs' "$scratch/output" && grep -q 'it runs under one' "$scratch/output" || fail 'callgate itself under a filter'
# A thread of the process that has another filter, and a process that has ended.
"$callgate" run --profile "$scratch/both.json" -- "$denied" one-thread >"$scratch/thread" &
threads=$!
processes="$processes $threads"
until_true grep -q ready "$scratch/thread"
expect 0 '^thread [0-9]+ has other filters .2.' dump "$threads"
expect 1 '^thread [0-9]+ has other filters .2.' dump --against "$scratch/both.json" "$threads"
expect 2 'or it has ended' dump "$(tr -d " " </proc/$threads/task/$threads/children)"
kill -0 "$filtered" || fail 'the process has ended'
grep -q '^TracerPid:	0$' "/proc/$filtered/status" || fail 'the process is still traced'
[ "$failures" = 0 ]
