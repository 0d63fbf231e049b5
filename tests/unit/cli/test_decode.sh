#!/bin/sh
# usage: test_decode.sh CALLGATE: `callgate decode` says what filters did in lines of the audit log, the kernel's log and strace.
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
expect() # STATUS ARGUMENT...: of the file `in`; what it prints is the standard input
{
	wanted=$1 status=0
	shift
	"$callgate" decode "$@" <in >out 2>err || status=$?
	[ "$status" = "$wanted" ] || fail "$*: exit status $status, not $wanted"
	sed 's/ rule [1-9][0-9]* at/ rule R at/g' out >seen
	diff - seen || fail "$* prints something else"
}
says() { grep -qF -- "$1" err || fail "not said: $1"; }

cat >p.json <<'PROFILE'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
 {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
 {"names": ["rmdir"], "action": "SCMP_ACT_TRAP"},
 {"names": ["personality"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 4294967295, "valueTwo": 8, "op": "SCMP_CMP_MASKED_EQ"}]},
 {"names": ["symlink"], "action": "SCMP_ACT_KILL_PROCESS"}]}
PROFILE

# Records, among lines that are something else; a name in hexadecimal, with what a terminal would obey; one that is cut off.
record='audit(1580000000.123:456): auid=1000 uid=1000 gid=1000 ses=3 subj=unconfined pid=812'
printf '%s\n' "something else" \
	"[   12.345678] audit: type=1326 $record comm=\"ln\" exe=\"/bin/ln\" sig=31 arch=c000003e syscall=88 compat=0 ip=0x7f00deadbeef code=0x80000000" \
	"type=SECCOMP msg=$record comm=611B5B324A exe=\"/bin/x\" sig=31 arch=c000003e syscall=250 compat=0 ip=0x7f code=0x80000000" \
	"type=1326 $record comm=\"cut" >in
expect 0 --arch x86_64 --profile p.json <<OUT
$(sed -n 1,2p in)
callgate: ln[812]: symlink(...) on x86_64: KILL_PROCESS, rule R at p.json:5:13
$(sed -n 3p in)
callgate: a?[2J[812]: keyctl(...) on x86_64: KILL_PROCESS, by another filter; this one gives ALLOW, the default: no rule matches
$(sed -n 4p in)
OUT
says "line 4: this record of a filter is cut off or broken"
expect 0 --only <<OUT
callgate: ln[812]: symlink(...) on x86_64: KILL_PROCESS
callgate: a?[2J[812]: keyctl(...) on x86_64: KILL_PROCESS
OUT
"$callgate" decode --json --profile p.json --arch x86_64 <in 2>err >out
python3 - <<'CHECK' || fail "the JSON is something else"
import json
first, second = [json.loads(line) for line in open("out", encoding="utf-8")]
assert (first["call"], first["pid"], first["comm"], first["input_line"], first["action_name"]) == ("symlink", 812, "ln", 2, "KILL_PROCESS"), first
assert first["args"] == [None] * 6 and first["v"] == 1, first
assert second["comm"] == "a\x1b[2J" and second["call"] == "keyctl", second
CHECK

# strace: with and without processes and times; calls that are continued; errors of the filter and of the kernel.
cat >in <<'STRACE'
mkdir("/tmp/a, b) = \" \"", 0755)    = -1 EPERM (Operation not permitted)
openat(AT_FDCWD, "/nowhere", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)
chmod("/etc/passwd", 0644)              = -1 EPERM (Operation not permitted)
[pid  7255] 12:00:00.123456 personality(PER_LINUX32)          = -1 EPERM (Operation not permitted)
7255  personality(0)   = -1 EPERM (Operation not permitted)
7255  rmdir("/tmp/zz")                  = 84
7255  --- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0x7f089f3e8b77, si_syscall=__NR_rmdir, si_arch=AUDIT_ARCH_X86_64} ---
7256  mkdir("x", 0700 <unfinished ...>
7255  symlink("a", "b" <unfinished ...>
7256  <... mkdir resumed>)              = -1 EPERM (Operation not permitted)
7255  <... symlink resumed>)            = 88
7255  +++ killed by SIGSYS +++
7260  --- SIGSYS {si_signo=SIGSYS, si_code=SI_TKILL, si_pid=7260, si_uid=0} ---
7261  +++ killed by SIGSYS +++
mkdir(
mkdir(((((("
--- SIGSYS {si_code=SYS_SECCOMP, si_syscall=__NR_nonsense} ---
= -1 EPERM
STRACE
expect 0 --only --arch x86_64 --profile p.json <<'OUT'
callgate: mkdir(..., 0755) on x86_64: ERRNO(EPERM), rule R at p.json:2:13
callgate: [7255]: personality(0x8) on x86_64: ERRNO(EPERM), rule R at p.json:4:13
callgate: [7255]: rmdir(...) on x86_64: TRAP, rule R at p.json:3:13
callgate: [7256]: mkdir(..., ...) on x86_64: ERRNO(EPERM), rule R at p.json:2:13
callgate: [7255]: symlink(..., ...) on x86_64: KILL_PROCESS, rule R at p.json:5:13
OUT
expect 0 --only --arch x86_64 <<'OUT'
callgate: [7255]: rmdir(...) on x86_64: TRAP
callgate: [7255]: symlink(..., ...) on x86_64
OUT
"$callgate" compile --profile p.json --arch x86_64 -o p.bpf
expect 0 --only --arch x86_64 --profile p.bpf <<'OUT'
callgate: mkdir(..., 0755) on x86_64: ERRNO(EPERM)
callgate: [7255]: personality(0x8) on x86_64: ERRNO(EPERM)
callgate: [7255]: rmdir(...) on x86_64: TRAP
callgate: [7256]: mkdir(..., ...) on x86_64: ERRNO(EPERM)
callgate: [7255]: symlink(..., ...) on x86_64
OUT

# No name steers a terminal.
name=$(printf 'e\033[2J.json')
cp p.json "$name"
"$callgate" decode --only --arch x86_64 --profile "$name" <in >out 2>err || fail "a strange name"
! grep -q "$(printf '\033')" out err || fail "a name steers the terminal"

# Nothing to say, nothing to read, bytes that are no text, lines of megabytes.
echo nothing >in
expect 1 <<'OUT'
nothing
OUT
says "nothing in the input is said to be a filter's doing"
: >in
expect 1 </dev/null
head -c 3000000 /dev/zero | tr '\0' 'type=1326 (' >in
printf '\ntype=1326 \000\377\nmkdir(\377\000) = -1 EPERM\n' >>in
cp in all
status=0
"$callgate" decode --profile p.json <in >out 2>err || status=$?
[ $status = 1 ] && cmp all out || fail "hostile lines: exit status $status"
says "cut off or broken"

# Bad usage.
expect 2 argument </dev/null
says "takes no argument"
expect 2 --profile - </dev/null
says "is to be in a file"
expect 2 --profile none.json </dev/null
says "none.json"
status=0
"$callgate" decode <&- >out 2>err || status=$?
[ $status = 2 ] || fail "closed standard input: exit status $status"
says "standard input: "
if [ -w /dev/full ]; then
	status=0
	cp p.json in
	"$callgate" decode <in >/dev/full 2>err || status=$?
	[ $status = 2 ] || fail "a full device: exit status $status"
fi

# What strace and the kernel really print.
if command -v strace >/dev/null && strace -o s.txt "$callgate" run --profile p.json mkdir "$dir/new" 2>/dev/null || [ -s s.txt ]; then
	"$callgate" decode --only --profile p.json <s.txt >out 2>err || fail "strace's own output"
	grep -Eq '^callgate: mkdir(at)?\(.*: ERRNO\(EPERM\), rule [0-9]+ at p.json:2:' out || fail "strace's own output"
fi
