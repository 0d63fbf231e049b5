#!/bin/sh
# usage: test_disasm.sh CALLGATE PROFILE: the listing has names beside the numbers, which are those of the tables, and -C leaves them out.
set -eu
callgate=$1 profile=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail()
{
	echo "$*"
	exit 1
}

"$callgate" compile --profile "$profile" --arch x86_64 --arch x86 --arch aarch64 -o "$dir/p"
"$callgate" disasm "$dir/p" >"$dir/names"
"$callgate" disasm -C "$dir/p" >"$dir/numbers"
"$callgate" disasm --no-names "$dir/p" | cmp - "$dir/numbers" || fail "--no-names is not -C"
grep -q ';' "$dir/numbers" && fail "-C has names"
sed 's/  ; .*//' "$dir/names" | cmp - "$dir/numbers" || fail "with names the listing says something else"
grep -q '== 0xc000003e .*  ; x86_64, x32$' "$dir/names" || fail "no name of an architecture"
grep -q 'return ERRNO(1)  ; EPERM$' "$dir/names" || fail "no name of an error"
# Each name of a call is that of its number, on the architecture that is named.
sed -n 's/.* if A [=>]*= \(0x[0-9a-f]*\) .*  ; \([a-z0-9_]*\) on \([a-z0-9_]*\)$/\1 \2 \3/p' "$dir/names" >"$dir/calls"
for arch in x86_64 x86 aarch64; do
	grep -q " $arch\$" "$dir/calls" || fail "no call on $arch has a name"
done
while read -r number name arch; do
	"$callgate" syscalls --arch "$arch" "$name" >"$dir/call"
	[ "$(cut -f 1 "$dir/call")" = $((number)) ] || fail "$name on $arch is not $number"
done <"$dir/calls"
# What is compared of an argument is said, also where the mask was applied before.
echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["openat"], "action": "SCMP_ACT_ERRNO", "args": [
	{"index": 2, "value": 3, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}]}]}' >"$dir/args.json"
"$callgate" compile --profile "$dir/args.json" --arch x86_64 -o "$dir/args"
"$callgate" disasm "$dir/args" | grep -q '  ; argument 2 & 0x3 == 0x1$' || fail "no name of an argument: $("$callgate" disasm "$dir/args")"
# What the kernel would refuse is listed nevertheless.
printf '\25\0\5\5\0\0\0\0\6\0\0\0\0\0\377\177' >"$dir/wrong"
status=0
"$callgate" disasm --check "$dir/wrong" >"$dir/out" 2>"$dir/err" || status=$?
[ $status = 1 ] && [ "$(wc -l <"$dir/out")" = 2 ] && [ -s "$dir/err" ] || fail "a refused program: $status"
status=0
"$callgate" disasm "$profile" >"$dir/out" 2>"$dir/err" || status=$?
[ $status = 2 ] && grep -q 'is a profile' "$dir/err" || fail "a profile is listed: $(cat "$dir/err")"
