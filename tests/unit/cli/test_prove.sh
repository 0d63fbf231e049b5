#!/bin/sh
# usage: test_prove.sh CALLGATE PROFILE: `callgate prove` of the profile's program, and of broken ones.
set -eu
callgate=$1 profile=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "$*"
	cat "$dir/out" "$dir/err"
	exit 1
}
expect() { # status arch program [option]...
	status=0 wanted=$1 arch=$2 program=$3
	shift 3
	"$callgate" prove "$@" --arch "$arch" "$profile" "$dir/$program" >"$dir/out" 2>"$dir/err" || status=$?
	[ "$status" = "$wanted" ] || fail "$program on $arch: exit status $status, not $wanted"
}
has() { grep -qxF "$1" "$dir/out" || fail "not printed: $1"; }

# The programs: flip-N has a bit of the ERRNO's constant flipped, short lacks the last instruction, jump leads outside,
# odd ends inside an instruction.
for arch in x86_64 s390x; do
	"$callgate" compile --arch $arch --profile "$profile" -o "$dir/right"
	/usr/bin/python3 - "$dir" $arch <<'PYTHON'
import struct, sys
folder, order = sys.argv[1], ">" if sys.argv[2] == "s390x" else "<"
right = open(folder + "/right", "rb").read()
insns = list(struct.iter_unpack(order + "HBBI", right))
def write(name, insns):
    open(folder + "/" + name, "wb").write(b"".join(struct.pack(order + "HBBI", *insn) for insn in insns))
(errno,) = [i for i, insn in enumerate(insns) if insn[0] == 6 and insn[3] == 0x50001]
for bit in range(32):
    code, jt, jf, k = insns[errno]
    write("flip-%d" % bit, insns[:errno] + [(code, jt, jf, k ^ 1 << bit)] + insns[errno + 1:])
write("short", insns[:-1])
write("jump", [(5, 0, 0, len(insns))] + insns)
open(folder + "/odd", "wb").write(right[:-3])
PYTHON
	expect 0 $arch right
	has "the filters are equal"
	for bit in 0 1 2 3 16 17 18 31; do
		expect 1 $arch flip-$bit
		grep -q "^fchmodat(\*, \*, \*) on $arch: A gives ERRNO(EPERM), B " "$dir/out" || fail "no witness"
	done
	expect 1 $arch flip-0 --json
	/usr/bin/python3 - "$dir/out" <<'PYTHON'
import json, sys
result = json.load(open(sys.argv[1]))
assert result["relation"] == "same-allowed" and result["complete"], result
assert {(d["a"], d["b"]) for d in result["differences"]} == {(0x50001, 0x50000)}, result
assert {(d["a_name"], d["b_name"]) for d in result["differences"]} == {("ERRNO(EPERM)", "ERRNO(0)")}, result
assert all(f" on {d['arch_name']}: " in d["text"] for d in result["differences"]), result
assert all(d["text"].startswith(d["call"]) for d in result["differences"] if d["nr_first"] == d["nr_last"]), result
PYTHON
	expect 1 $arch flip-0 --max 1
	has "A and B allow the same calls, and refuse some differently"
	grep -q '^[0-9]* differences.* on .*; 1 is shown, --max [0-9]* shows all$' "$dir/out" || fail "no sum of differences"
	[ "$(wc -l <"$dir/out")" = 3 ] || fail "--max 1 shows more than one difference"
	for program in short jump odd missing; do
		expect 2 $arch $program
		[ -s "$dir/err" ] || fail "no reason"
	done
	expect 2 $arch right --max many

	# Stacked programs: the last one is the newest, whose ERRNO(0) counts before an older ERRNO(1).
	stack() { # status program...
		wanted=$1 status=0 paths=
		shift
		for program; do
			paths="$paths $dir/$program"
		done
		# shellcheck disable=SC2086 # words are meant to split
		"$callgate" prove --arch $arch "$profile" $paths >"$dir/out" 2>"$dir/err" || status=$?
		[ "$status" = "$wanted" ] || fail "a stack of $* on $arch: exit status $status, not $wanted"
	}
	stack 0 right right
	stack 0 flip-0 right
	stack 1 right flip-0
	stack 2 right short
	grep -q "^callgate: $dir/short: instruction " "$dir/err" || fail "not said which program is refused"
	stack 2 right missing
done
