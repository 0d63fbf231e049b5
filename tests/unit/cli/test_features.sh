#!/bin/sh
# usage: test_features.sh CALLGATE: `callgate features` says what the kernel can do, and believes no filter that answers in its place.
set -eu
callgate=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail()
{
	echo "$*"
	cat out err
	exit 1
}
under() # STATUS ERRNO CALL...: these calls get the error
{
	wanted=$1 error=$2 names= status=0
	shift 2
	for name; do
		names=$names${names:+, }\"$name\"
	done
	echo "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [
		{\"names\": [$names], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": $error}]}" >p.json
	"$callgate" run --profile p.json "$callgate" features >out 2>err || status=$?
	[ "$status" = "$wanted" ] || fail "under a filter: exit status $status, not $wanted"
}

"$callgate" features >out 2>err || fail "exit status $?"
[ ! -s err ] || fail "something is wrong"
grep -q "^Linux $(uname -r) on " out || fail "no version"
awk 'length > 110 { print; bad = 1 } END { exit bad }' out || fail "too wide"
"$callgate" features --json >json 2>err
/usr/bin/python3 - <<'PYTHON'
import json
result = json.load(open("json"))
text = open("out").read().splitlines()
for feature in result["features"]:
    assert feature["supported"] in ("yes", "no", "unknown"), feature
    found = [line for line in text if line.startswith(f"  {feature['name']} ") and feature["use"] in line]
    assert len(found) == 1 and found[0].split(feature["name"])[1].split()[0] == feature["supported"], feature
groups = {feature["group"] for feature in result["features"]}
assert groups == {"filters", "actions", "flags", "notifications", "processes"}, groups
supported = {(feature["group"], feature["name"]): feature["supported"] for feature in result["features"]}
available = open("/proc/sys/kernel/seccomp/actions_avail").read().split()
names = {"kill_process": "KILL_PROCESS", "kill_thread": "KILL_THREAD", "trap": "TRAP", "errno": "ERRNO", "user_notif": "NOTIFY",
         "trace": "TRACE", "log": "LOG", "allow": "ALLOW"}
for kernel, ours in names.items():
    assert (supported["actions", ours] == "yes") == (kernel in available), (kernel, supported)
PYTHON
"$callgate" run --profile /dev/stdin true 2>err <<'PROFILE' || { echo "no filter can be loaded here"; exit 77; }
{"defaultAction": "SCMP_ACT_ALLOW"}
PROFILE

under 1 0 seccomp
grep -q '^  seccomp(2) *faked' out && grep -q '^  TSYNC *faked' out || fail "a faked seccomp(2) is believed"
grep -q 'claims success' err || fail "nothing is said of faked success"
under 1 0 prctl
grep -q '^  no_new_privs *faked' out || fail "a faked prctl(2) is believed"
under 0 38 seccomp
grep -q '^  seccomp(2) *no' out && grep -q '^  TRAP *yes' out && grep -q '^  LOG *no' out || fail "a kernel without seccomp(2)"
under 0 38 landlock_create_ruleset
grep -q '^  Landlock *no' out || fail "a kernel without Landlock"
