#!/bin/sh
# usage: test_diff.sh CALLGATE MOBY_DEFAULT: `callgate diff` shows exactly what one argument check more or less makes.
set -eu
callgate=$1 moby=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "$*"
	cat "$dir/out" "$dir/err"
	exit 1
}
expect() { # status text a b: on standard output, exactly the text
	status=0
	"$callgate" diff --arch x86_64 --kernel 6.1 --cap CAP_CHOWN "$3" "$4" >"$dir/out" 2>"$dir/err" || status=$?
	[ "$status" = "$1" ] || fail "diff $3 $4: exit status $status, not $1"
	printf '%s\n' "$2" | diff - "$dir/out" || fail "diff $3 $4 prints something else"
}
profile() { # values that personality may have
	printf '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"}'
	for value; do
		printf ',{"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": %s, "op": "SCMP_CMP_EQ"}]}' "$value"
	done
	echo ']}'
}
more="personality(8) on x86_64: A allows, B gives ERRNO(EPERM)
A allows more than B"
less="personality(8) on x86_64: A gives ERRNO(EPERM), B allows
A allows less than B"
both="personality(8) on x86_64: A allows, B gives ERRNO(EPERM)
personality(9) on x86_64: A gives ERRNO(EPERM), B allows
A and B each allow calls that the other does not"

profile 0 8 >"$dir/a.json"
profile 0 >"$dir/b.json"
profile 0 9 >"$dir/c.json"
expect 0 "the filters are equal" "$dir/a.json" "$dir/a.json"
expect 1 "$more" "$dir/a.json" "$dir/b.json"
expect 1 "$less" "$dir/b.json" "$dir/a.json"
expect 1 "$both" "$dir/a.json" "$dir/c.json"

# A program in the place of a profile is the same.
"$callgate" compile --arch x86_64 --kernel 6.1 --cap CAP_CHOWN --profile "$dir/b.json" -o "$dir/b.bpf"
"$callgate" compile --arch x86_64 --kernel 6.1 --cap CAP_CHOWN --profile "$dir/a.json" -o "$dir/a.bpf"
echo '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["personality"], "action": "SCMP_ACT_ALLOW",
	"args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]}]}' >"$dir/none.json"
"$callgate" compile --arch x86_64 --kernel 6.1 --cap CAP_CHOWN --profile "$dir/none.json" -o "$dir/none.bpf"
expect 1 "$more" "$dir/a.json" "$dir/b.bpf"
expect 1 "$less" "$dir/b.bpf" "$dir/a.json"
expect 0 "the filters are equal" "$dir/b.bpf" "$dir/b.json"

# Two programs do not tell which calls they were made for: neighbours are one row.
expect 1 "read(*, *, *) on x86_64 (and all up to write): A allows, B gives ERRNO(EPERM)
personality(8) on x86_64: A allows, B gives ERRNO(EPERM)
A allows more than B" "$dir/a.bpf" "$dir/none.bpf"

"$callgate" diff --json --arch x86_64 "$dir/a.json" "$dir/b.json" >"$dir/out" 2>"$dir/err" && fail "equal"
/usr/bin/python3 - "$dir/out" <<'PYTHON'
import json, sys
result = json.load(open(sys.argv[1]))
(difference,) = result["differences"]
assert result["relation"] == "superset" and result["complete"], result
assert difference["nr"] == 135 and difference["args"] == ["0x8"] + 5 * [None], difference
assert difference["a"] == 0x7fff0000 and difference["b"] == 0x50001, difference
PYTHON


# Programs that multiply or divide: the same ones are equal, and others no answer, at once. A number that is kept in scratch memory is one range.
/usr/bin/python3 - "$dir" <<'PYTHON'
import struct, sys
def program(name, *insns):
    with open(f"{sys.argv[1]}/{name}.bpf", "wb") as file:
        for insn in insns:
            file.write(struct.pack("=HBBI", *insn))
allow, deny = (0x06, 0, 0, 0x7fff0000), (0x06, 0, 0, 0x50001)
program("product", (0x20, 0, 0, 16), (0x24, 0, 0, 7), (0x35, 0, 1, 9), allow, deny)
program("other", (0x20, 0, 0, 16), (0x24, 0, 0, 7), (0x35, 0, 1, 8), allow, deny)
program("quotient", (0x20, 0, 0, 16), (0x34, 0, 0, 7), (0x35, 0, 1, 9), allow, deny)
start = (0x20, 0, 0, 0), (0x02, 0, 0, 0), (0x20, 0, 0, 16), (0x15, 0, 3, 5), (0x60, 0, 0, 0)
program("kept", *start, (0x35, 0, 1, 1000), allow, deny)
program("unused", *start, (0x05, 0, 0, 1), allow, deny)
PYTHON
expect 0 "the filters are equal" "$dir/product.bpf" "$dir/product.bpf"
expect 0 "the filters are equal" "$dir/quotient.bpf" "$dir/quotient.bpf"
expect 1 "call number 1000(5, *, *, *, *, *) on architecture 0x00000001 (and all up to call number -1): A allows, B gives ERRNO(EPERM)
A allows more than B" "$dir/kept.bpf" "$dir/unused.bpf"
status=0
timeout 3 "$callgate" diff "$dir/product.bpf" "$dir/other.bpf" >"$dir/out" 2>"$dir/err" || status=$?
[ "$status" = 2 ] || fail "products: exit status $status, not 2"
grep -q 'not modelled: instruction 1 multiplies' "$dir/err" || fail "products: $(cat "$dir/err")"

status=0
"$callgate" diff "$dir/a.json" "$dir/missing.json" >"$dir/out" 2>"$dir/err" || status=$?
[ "$status" = 2 ] || fail "a missing file: exit status $status, not 2"

if [ ! -f "$moby" ]; then
	echo "skipped: Docker's profile is not at $moby; the small profiles passed"
	exit 77
fi
/usr/bin/python3 - "$moby" "$dir/less.json" <<'PYTHON'
import json, sys
profile = json.load(open(sys.argv[1]))
calls = profile["syscalls"]
(found,) = [c for c in calls if c["names"] == ["personality"] and c["args"][0]["value"] == 8]
calls.remove(found)
json.dump(profile, open(sys.argv[2], "w"))
PYTHON
expect 1 "$more" "$moby" "$dir/less.json"
expect 1 "$less" "$dir/less.json" "$moby"
