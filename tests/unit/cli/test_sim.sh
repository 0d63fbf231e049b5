#!/bin/sh
# usage: test_sim.sh CALLGATE: `callgate sim` says what a filter answers, why, where the rule is, and what it costs.
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
expect() # STATUS ARGUMENT...: what it prints is the standard input
{
	wanted=$1 status=0
	shift
	"$callgate" sim "$@" >out 2>err </dev/null || status=$?
	[ "$status" = "$wanted" ] || fail "$*: exit status $status, not $wanted"
	sed 's/[1-9][0-9]* instructions,/N instructions,/; s/ rule [1-9][0-9]* (/ rule R (/' out >seen
	diff - seen || fail "$* prints something else"
}
says() { grep -qF -- "$1" err || fail "not said: $1"; }

cat >p.json <<'PROFILE'
{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
 {"names": ["read", "close"], "action": "SCMP_ACT_ALLOW"},
 {"names": ["openat"], "action": "SCMP_ACT_ALLOW",
  "args": [{"index": 2, "value": 3, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
 {"names": ["openat"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 7, "op": "SCMP_CMP_LE"},
  {"index": 2, "value": 3, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}]}]}
PROFILE

expect 0 --arch x86_64 p.json 'openat(AT_FDCWD, *, O_RDONLY)' read <<'OUT'
openat(AT_FDCWD, *, O_RDONLY) on x86_64: ALLOW
  openat(0xffffff9c, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ALLOW, rule R (if argument 2 & 0x3 == 0x0)
  p.json:3:13; N instructions, not cached by the kernel
read on x86_64: ALLOW
  read(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ALLOW, rule R (whatever the arguments)
  p.json:2:13; N instructions, answered from the kernel's bitmap
OUT

# Every answer of open arguments, each once; the two forms of AT_FDCWD, which are answered alike, are one.
expect 0 --arch x86_64 p.json 'openat(*, *, *)' 'openat(AT_FDCWD, *, 2)' <<'OUT'
openat(*, *, *) on x86_64:
  ALLOW if argument 0 <= 0x7 and argument 2 & 0x3 == 0x0
    openat(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ALLOW, rule R (if argument 2 & 0x3 == 0x0)
    p.json:3:13; N instructions, not cached by the kernel
  LOG if argument 0 <= 0x7 and argument 2 & 0x3 == 0x1
    openat(0x0, 0x0, 0x1, 0x0, 0x0, 0x0) on x86_64: LOG, rule R (if argument 0 <= 0x7 and argument 2 & 0x3 == 0x1)
    p.json:5:13; N instructions, not cached by the kernel
  ERRNO(EPERM) if argument 0 <= 0x7 and argument 2 & 0x3 > 0x1
    openat(0x0, 0x0, 0x2, 0x0, 0x0, 0x0) on x86_64: ERRNO(EPERM), the default: no rule matches
    N instructions, not cached by the kernel
  ALLOW if argument 0 >= 0x8 and argument 2 & 0x3 == 0x0
    openat(0x8, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ALLOW, rule R (if argument 2 & 0x3 == 0x0)
    p.json:3:13; N instructions, not cached by the kernel
  ERRNO(EPERM) if argument 0 >= 0x8 and argument 2 & 0x3 != 0x0
    openat(0x8, 0x0, 0x1, 0x0, 0x0, 0x0) on x86_64: ERRNO(EPERM), the default: no rule matches
    N instructions, not cached by the kernel
openat(AT_FDCWD, *, 2) on x86_64: ERRNO(EPERM)
  openat(0xffffff9c, 0x0, 0x2, 0x0, 0x0, 0x0) on x86_64: ERRNO(EPERM), the default: no rule matches
  N instructions, not cached by the kernel
OUT

# Forms that are answered differently are told apart.
echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["close"], "action": "SCMP_ACT_ERRNO",
 "args": [{"index": 0, "value": 4294967295, "op": "SCMP_CMP_EQ"}]}]}' >forms.json
expect 0 --arch x86_64 forms.json 'close(-1)' <<'OUT'
close(-1) on x86_64:
  ERRNO(EPERM) if argument 0 == 0xffffffff
    close(0xffffffff, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ERRNO(EPERM), rule R (if argument 0 == 0xffffffff)
    forms.json:1:61; N instructions, not cached by the kernel
  ALLOW if argument 0 == 0xffffffffffffffff
    close(0xffffffffffffffff, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ALLOW, the default: no rule matches
    N instructions, not cached by the kernel
OUT
expect 0 --arch x86 --arch x86_64 forms.json 'close(-1)' read <<'OUT'
close(-1) on x86: ERRNO(EPERM)
  close(0xffffffff, 0x0, 0x0, 0x0, 0x0, 0x0) on x86: ERRNO(EPERM), rule R (if argument 0 == 0xffffffff)
  forms.json:1:61; N instructions, not cached by the kernel
close(-1) on x86_64:
  ERRNO(EPERM) if argument 0 == 0xffffffff
    close(0xffffffff, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ERRNO(EPERM), rule R (if argument 0 == 0xffffffff)
    forms.json:1:61; N instructions, not cached by the kernel
  ALLOW if argument 0 == 0xffffffffffffffff
    close(0xffffffffffffffff, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ALLOW, the default: no rule matches
    N instructions, not cached by the kernel
read on x86: ALLOW
  read(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) on x86: ALLOW, the default: no rule matches
  N instructions, answered from the kernel's bitmap
read on x86_64: ALLOW
  read(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ALLOW, the default: no rule matches
  N instructions, answered from the kernel's bitmap
OUT

# A program is answered for without its rules; a set is its calls.
"$callgate" compile --arch x86_64 --profile p.json -o p.bpf
expect 0 --arch x86_64 p.bpf 'openat(9, *, *)' <<'OUT'
openat(9, *, *) on x86_64:
  ALLOW if argument 2 & 0x3 == 0x0
    openat(0x9, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ALLOW (if argument 2 & 0x3 == 0)
    N instructions, not cached by the kernel
  ERRNO(EPERM) if argument 2 & 0x3 != 0x0
    openat(0x9, 0x0, 0x1, 0x0, 0x0, 0x0) on x86_64: ERRNO(EPERM) (if argument 2 & 0x3 != 0 and upper half of argument 0 < 0x1 and argument 0 >= 0x8)
    N instructions, not cached by the kernel
OUT
"$callgate" sim --arch x86_64 p.json @network >out 2>err
grep -qx 'connect(\*) on x86_64: ERRNO(EPERM)' out && ! grep -q '^mkdir' out || fail "@network"
[ "$(grep -c '^[a-z0-9_]*(\*) on x86_64: ERRNO(EPERM)$' out)" -gt 10 ] || fail "@network has few calls"

# More cases than are wanted.
"$callgate" sim --max 2 --arch x86_64 p.json openat >out 2>err
[ "$(grep -c '^  [A-Z]' out)" = 2 ] && grep -q 'and more cases, which --max 4 may show' out || fail "--max 2"

# The same as JSON: names beside numbers.
"$callgate" sim --json --arch x86_64 p.json 'openat(8, *, *)' read >out 2>err
/usr/bin/python3 - <<'PYTHON'
import json
first, second = json.load(open("out"))["calls"]
assert (first["text"], first["nr"], first["call"], first["arch_name"]) == ("openat(8, *, *)", 257, "openat", "x86_64"), first
allow, deny = first["cases"]
assert first["complete"] and (allow["action"], allow["action_name"]) == (0x7fff0000, "ALLOW"), first
assert allow["condition"] == "argument 2 & 0x3 == 0x0" and (allow["file"], allow["line"], allow["column"]) == ("p.json", 3, 13), allow
assert (deny["action_name"], deny["file"]) == ("ERRNO(EPERM)", None) and deny["example"]["args"][0] == "0x8", deny
assert allow["executed"] > 0 and not allow["from_bitmap"] and second["cases"][0]["from_bitmap"], (allow, second)
PYTHON

# What is no call, and what this architecture lacks. The other calls are answered nevertheless.
expect 2 p.json 'opnat(3)' <<'OUT'
OUT
says '"opnat(3)": column 1: there is no system call "opnat"; did you mean "openat"?'
expect 2 --arch aarch64 p.json 'open(*)' 'read(1, O_RDNOLY)' read <<'OUT'
read on aarch64: ALLOW
  read(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) on aarch64: ALLOW, rule R (whatever the arguments)
  p.json:2:13; N instructions, answered from the kernel's bitmap
OUT
says '"open(*)": aarch64 does not have the call open'
says '"read(1, O_RDNOLY)": column 9: there is no constant "O_RDNOLY"; did you mean "O_RDONLY"?'
expect 2 p.json </dev/null
expect 2 nothing.json read </dev/null
says 'nothing.json: No such file'
printf '\25\0\5\5\0\0\0\0\6\0\0\0\0\0\377\177' >wrong.bpf
expect 2 wrong.bpf read </dev/null
says 'instruction 0'

# For an older kernel: newer calls get ENOSYS unless the profile names them, the others the default.
"$callgate" sim --arch x86_64 --kernel '>=5.8' --unknown-calls default p.json openat2 close_range write read 1000 >out 2>err || fail "--kernel"
grep -qF 'on x86_64: ERRNO(ENOSYS), because it is an unknown call, newer than the rules' out || fail "no reason"
grep ': ' out | grep -v '^ ' >seen
diff - seen <<'OUT' || fail "--kernel '>=5.8'"
openat2 on x86_64: ERRNO(EPERM)
close_range on x86_64: ERRNO(ENOSYS)
write on x86_64: ERRNO(EPERM)
read on x86_64: ALLOW
1000 on x86_64: ERRNO(ENOSYS)
OUT
for version in '>=' '>=5' '>=0.0' '>=5.8.1' '>5.8' '>= 5.8'; do
	"$callgate" sim --kernel "$version" p.json read >out 2>err && fail "--kernel '$version'"
	grep -qE 'is not a kernel version such as "6.1" or ">=5.10"|no Linux before 1.0' err || fail "not said: --kernel '$version'"
done
echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}' >open.json
"$callgate" sim --kernel '>=5.8' open.json read >out 2>err && fail "a baseline under a default that allows"
says "a baseline is for contexts whose default action denies calls; this one's is ALLOW"
