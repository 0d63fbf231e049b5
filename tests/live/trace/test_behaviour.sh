#!/bin/sh
# usage: test_behaviour.sh CALLGATE BEHAVIOUR: what a program sees of signals, stops, timers and exit statuses is the same under `run --why`, and while it
# is recorded, as without a tracer: no line differs.
set -u
callgate=$1 behaviour=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export LC_ALL=C
failures=0

printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO"}]}' >"$scratch/profile.json"
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}' >"$scratch/all.json"
"$behaviour" >"$scratch/plain"
[ $? = 3 ] && [ "$(wc -l <"$scratch/plain")" -ge 15 ] || {
	echo "FAIL: the program itself:"
	cat "$scratch/plain"
	exit 1
}

# same COMMAND...: prints and returns what the program does without it.
same()
{
	"$@" "$behaviour" >"$scratch/output" 2>"$scratch/words" </dev/null
	status=$?
	grep -q 'registers of this machine' "$scratch/words" && echo "SKIP: $(cat "$scratch/words")" && exit 77
	if [ $status != 3 ] || ! cmp -s "$scratch/plain" "$scratch/output"; then
		echo "FAIL: $*: status $status"
		diff "$scratch/plain" "$scratch/output"
		cat "$scratch/words"
		failures=$((failures + 1))
	fi
}

same "$callgate" run --profile "$scratch/profile.json"
same "$callgate" run --profile "$scratch/profile.json" --why --
same "$callgate" record -o "$scratch/recorded.json" --
same "$callgate" record --engine stops --force -o "$scratch/stops.json" --
same "$callgate" record --more "$scratch/recorded.json" --
same "$callgate" run --profile "$scratch/recorded.json" --why --
[ "$failures" = 0 ]
