#!/bin/sh
# usage: test_test_page.sh CALLGATE SOURCE-ROOT: the files of callgate-test(5): one is an example's, and both pass.
set -eu
callgate=$1 root=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/web"
extract="$root/tests/unit/testing/example.py"

"$extract" "$root/docs/callgate-test.5.scd" 0 "$dir/chmod.test"
cmp "$dir/chmod.test" "$root/examples/chmod.test"
"$callgate" test "$root/examples/chmod.test"

"$extract" "$root/docs/callgate-test.5.scd" 3 "$dir/web/web.test"
cp "$root/examples/profiles/container-default.json" "$dir"
cat >"$dir/web/web.json" <<'PROFILE'
{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
	{"names": ["read", "close", "mmap", "munmap", "ppoll", "write", "accept4", "exit_group"], "action": "SCMP_ACT_ALLOW"},
	{"names": ["openat"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 3, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
	{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]}
]}
PROFILE
"$callgate" test "$dir/web/web.test"
sed -i 's/"openat"/"open", "openat"/' "$dir/web/web.json"
status=0
"$callgate" test "$dir/web/web.test" >"$dir/out" || status=$?
[ "$status" = 1 ] && grep -q "expected nothing else to be allowed, but open(" "$dir/out"
