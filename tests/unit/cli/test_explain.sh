#!/bin/sh
# usage: test_explain.sh CALLGATE: `callgate explain` says what a filter does in words, as text, Markdown, JSON and DOT.
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
	"$callgate" explain "$@" >out 2>err </dev/null || status=$?
	[ "$status" = "$wanted" ] || fail "$*: exit status $status, not $wanted"
	sed 's/cost: [1-9][0-9]*\(-[1-9][0-9]*\)* /cost: N /; s/   */  /g; s/^  since Linux .*/  since V/' out >seen
	diff - seen || fail "$* prints something else"
}
says() { grep -qF -- "$1" err || fail "not said: $1"; }

cat >p.json <<'PROFILE'
{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": [
 {"names": ["read", "close", "clone3", "openat2"], "action": "SCMP_ACT_ALLOW"},
 {"names": ["openat"], "action": "SCMP_ACT_ALLOW",
  "args": [{"index": 2, "value": 3, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
 {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 10, "op": "SCMP_CMP_EQ"}]},
 {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
 {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]},
 {"names": ["socket"], "action": "SCMP_ACT_LOG",
  "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 3, "op": "SCMP_CMP_EQ"}]},
 {"names": ["clone"], "action": "SCMP_ACT_ALLOW",
  "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
 {"names": ["ptrace"], "action": "SCMP_ACT_KILL_PROCESS"}]}
PROFILE

# Conditions, places, costs, the bitmap, and what else has the same effect.
expect 0 --arch x86_64 p.json --syscall socket <<'OUT'
socket(family, type, protocol) on x86_64:
  LOG  if family == AF_NETLINK and type == SOCK_RAW  p.json:8
  ALLOW  if family in {AF_UNIX, AF_INET, AF_INET6}  p.json:5, 6, 7
  ERRNO(EPERM)  otherwise  the default, p.json:1
  cost: N instructions; not in the kernel's bitmap of allowed calls
  since V
  same effect: io_uring_enter (IORING_OP_SOCKET) (denied)
OUT
expect 0 --arch x86_64 p.json --syscall openat <<'OUT'
openat(dfd, filename, flags, mode) on x86_64:
  ALLOW  if flags & O_ACCMODE == O_RDONLY  p.json:3
  ERRNO(EPERM)  otherwise  the default, p.json:1
  cost: N instructions; not in the kernel's bitmap of allowed calls
  since V
  same effect: openat2 (allowed, line 2), io_uring_enter (IORING_OP_OPENAT) (denied)
  part of the effect: creat (denied)
  part of the effect: open (denied)
  part of the effect: open_by_handle_at (denied): with CAP_DAC_READ_SEARCH
OUT
expect 0 --arch x86_64 --arch x86 p.json --syscall clone <<'OUT'
clone(clone_flags, newsp, parent_tidptr, child_tidptr, tls) on x86_64:
  ALLOW  if clone_flags has none of CLONE_NEWCGROUP|CLONE_NEWIPC|CLONE_NEWNET|CLONE_NEWNS|CLONE_NEWPID|CLONE_NEWUSER|CLONE_NEWUTS
  p.json:10
  ERRNO(EPERM)  otherwise  the default, p.json:1
  cost: N instructions; not in the kernel's bitmap of allowed calls
  since V
  same effect: clone3 (allowed, line 2)
  part of the effect: unshare (unshare_flags & the same) (denied): without a new process, but for the namespaces of processes
clone(clone_flags, newsp, parent_tidptr, child_tidptr, tls) on x86:
  ALLOW  if clone_flags has none of CLONE_NEWCGROUP|CLONE_NEWIPC|CLONE_NEWNET|CLONE_NEWNS|CLONE_NEWPID|CLONE_NEWUSER|CLONE_NEWUTS
  p.json:10
  ERRNO(EPERM)  otherwise  the default, p.json:1
  cost: N instructions; not in the kernel's bitmap of allowed calls
  since V
  same effect: clone3 (allowed, line 2)
  part of the effect: unshare (unshare_flags & the same) (denied): without a new process, but for the namespaces of processes
OUT
expect 0 --arch x86_64 p.json --syscall read <<'OUT'
read(fd, buf, count) on x86_64:
  ALLOW  whatever the arguments are  p.json:2
  cost: N instructions; the kernel answers from its bitmap (Linux 5.11), without running the program
  since V
  same effect: io_uring_enter (IORING_OP_READ) (denied), readv (denied), preadv2 (denied)
  part of the effect: pread64 (denied): of files that have positions
  part of the effect: preadv (denied): of files that have positions
  part of the effect: io_submit (denied): with io_setup, of files
OUT
"$callgate" explain --arch x86 p.json --syscall socket 2>err | grep -qx '  same effect: socketcall (call == SYS_SOCKET) (denied), io_uring_enter (IORING_OP_SOCKET) (denied)' || fail "socketcall"
printf 'default EPERM\narch x86_64\nopenat(*, *, * & (O_ACCMODE|O_CREAT) == O_RDONLY) -> ALLOW\n' >masks.policy
"$callgate" explain masks.policy 2>err | grep -q 'ALLOW  *if flags & (O_ACCMODE|O_CREAT) == O_RDONLY' || fail "a mask without words"
# A ring that can't be set up is no way, whatever is allowed of it; rows about bits of an argument are for calls whose arguments decide.
printf '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["io_uring_enter"], "action": "SCMP_ACT_ALLOW"}, {"names": ["mmap"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 4, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]}]}' >ring.json
# Of a way that is one value of an argument, the answer is the one to this value, whatever other values get.
for answer in denied allowed; do
	printf 'default EPERM\narch x86\nsocketcall({%s, 7}) -> ALLOW\nsocketcall({20, 9}) -> ALLOW\n' "$([ "$answer" = allowed ] && echo 1 || echo 20)" >one.policy
	"$callgate" explain one.policy --syscall socket >out 2>err
	grep -q "same effect: socketcall (call == SYS_SOCKET) ($answer)" out || fail "a way of one value: not $answer: $(cat out)"
done
"$callgate" explain --arch x86_64 ring.json --syscall socket 2>err | grep -qx '  same effect: io_uring_enter (IORING_OP_SOCKET) (denied)' || fail "io_uring without io_uring_setup"
sed 's/"io_uring_enter"/&, "io_uring_setup"/' ring.json >set.json
"$callgate" explain --arch x86_64 set.json --syscall socket 2>err | grep -qx '  same effect: io_uring_enter (IORING_OP_SOCKET) (allowed, line 1)' || fail "io_uring"
"$callgate" explain --arch x86_64 ring.json --syscall mmap 2>err | grep -qx '  part of the effect: mprotect (prot & PROT_EXEC) (denied): after mapping it without' || fail "mprotect after mmap"
sed 's/"mmap"/"munmap"/' ring.json >other.json
"$callgate" explain --arch x86_64 other.json --syscall mmap 2>err | grep mprotect && fail "mprotect in place of a mmap that is denied as a whole"
expect 0 --arch s390x p.json --syscall ptrace <<'OUT'
ptrace(request, pid, addr, data) on s390x:
  KILL_PROCESS  whatever the arguments are  p.json:12
  cost: N instructions; not in the kernel's bitmap of allowed calls
  since V
  part of the effect: process_vm_readv (denied)
  part of the effect: process_vm_writev (denied)
  part of the effect: pidfd_getfd (denied)
OUT

# The cost is what the simulator counts, at the least and at the most; also where the program's bytes are in another order.
for arch in x86_64 s390x; do
	"$callgate" explain --arch $arch p.json --syscall openat --json >out 2>err
	"$callgate" sim --json --max 1000 --arch $arch p.json 'openat(*, *, *)' >sim.json
	python3 - <<'CHECK' || fail "the cost of openat on $arch"
import json
call = json.load(open("out"))["calls"][0]
executed = [case["executed"] for case in json.load(open("sim.json"))["calls"][0]["cases"]]
assert call["least"] == min(executed) and call["most"] >= max(executed), (call, executed)
assert call["cases"][0] == {"action": 2147418112, "action_name": "ALLOW", "condition": "if flags & O_ACCMODE == O_RDONLY", "place": "p.json:3", "line": 3}, call
assert call["since"], call
partial = [way for way in call["ways"] if way["call"] == "open_by_handle_at"]
assert len(partial) == 1 and partial[0]["kind"] == "partial" and partial[0]["condition"] == "with CAP_DAC_READ_SEARCH" and partial[0]["verdict"] == "denied", call
assert call["same_effect"][0] == "openat2" and call["verdict"] == "by argument" and call["complete"], call
CHECK
done

# An overview; lists.
expect 0 --arch x86_64 p.json <<OUT
p.json on x86_64: $(grep -c . out >/dev/null; "$callgate" explain --arch x86_64 p.json | sed -n '1s/^p.json on x86_64: //p')
clone:
  ALLOW  if clone_flags has none of CLONE_NEWCGROUP|CLONE_NEWIPC|CLONE_NEWNET|CLONE_NEWNS|CLONE_NEWPID|CLONE_NEWUSER|CLONE_NEWUTS
  p.json:10
  ERRNO(EPERM)  otherwise  the default, p.json:1
openat:
  ALLOW  if flags & O_ACCMODE == O_RDONLY  p.json:3
  ERRNO(EPERM)  otherwise  the default, p.json:1
socket:
  LOG  if family == AF_NETLINK and type == SOCK_RAW  p.json:8
  ALLOW  if family in {AF_UNIX, AF_INET, AF_INET6}  p.json:5, 6, 7
  ERRNO(EPERM)  otherwise  the default, p.json:1
OUT
"$callgate" explain --arch x86_64 p.json | head -n 1 | grep -q '^p.json on x86_64: 4 calls allowed, [0-9]* denied, 3 by argument$' || fail "the sums"
"$callgate" explain --arch x86_64 p.json --allowed | sed -n '2,$p' >out
printf 'allowed:\n  clone3 close openat2 read\n' | diff - out || fail "--allowed"
"$callgate" explain --arch x86_64 p.json --denied | awk 'length > 80 { exit 1 }' || fail "--denied is wide"
"$callgate" explain --arch x86_64 p.json --denied | grep -qw ptrace || fail "--denied has no ptrace"

# A program, which has no lines.
"$callgate" compile --profile p.json --arch x86_64 -o p.bpf
expect 0 --arch x86_64 p.bpf --syscall openat <<'OUT'
openat(dfd, filename, flags, mode) on x86_64:
  ALLOW  if flags & O_ACCMODE == O_RDONLY  the program
  ERRNO(EPERM)  if flags & O_ACCMODE != O_RDONLY  the program
  cost: N instructions; not in the kernel's bitmap of allowed calls
  since V
  same effect: openat2 (allowed), io_uring_enter (IORING_OP_OPENAT) (denied)
  part of the effect: creat (denied)
  part of the effect: open (denied)
  part of the effect: open_by_handle_at (denied): with CAP_DAC_READ_SEARCH
OUT

# What has changed, in both directions.
sed 's/"read", //; s/"close", /"close", "chmod", /; s/"value": 10,/"value": 11,/' p.json >old.json
"$callgate" explain --arch x86_64 p.json --against old.json --conditional >out 2>err
grep -q '^changed (A was before, B is now):$' out && grep -q '^  read(\*.* on x86_64: A gives ERRNO(EPERM), B allows$' out &&
	grep -q '^  chmod(.* A allows, B gives ERRNO(EPERM)$' out || fail "--against"
expect 0 --arch x86_64 p.json --syscall read --against old.json <<'OUT'
read(fd, buf, count) on x86_64:
  ALLOW  whatever the arguments are  p.json:2
  cost: N instructions; the kernel answers from its bitmap (Linux 5.11), without running the program
  since V
  same effect: io_uring_enter (IORING_OP_READ) (denied), readv (denied), preadv2 (denied)
  part of the effect: pread64 (denied): of files that have positions
  part of the effect: preadv (denied): of files that have positions
  part of the effect: io_submit (denied): with io_setup, of files
  allows more than before: read(*, *, *) on x86_64: A gives ERRNO(EPERM), B allows
OUT
"$callgate" explain --arch x86_64 p.json --against p.json | tail -n 1 | grep -qx 'nothing has changed' || fail "--against itself"
"$callgate" explain --arch x86_64 p.json --against old.json --markdown >out 2>err
[ "$(grep -c '^| `' out)" = 3 ] && grep -q '^| `chmod` | ERRNO(EPERM) | the default, p.json:1 | [0-9]* | \*\*allows less\*\*: chmod(' out || fail "--markdown --against"
"$callgate" explain --arch x86_64 p.json --markdown >out 2>err
# shellcheck disable=SC2016 # names of Markdown
grep -q '^| `clone` | ALLOW if clone_flags has none of CLONE_NEWCGROUP\\|CLONE_NEWIPC' out && grep -q '<br>ERRNO(EPERM) otherwise |' out || fail "--markdown"
cp p.json 'a|b<c>*.json'
"$callgate" explain --arch x86_64 'a|b<c>*.json' --markdown | grep -qF '### a\|b&lt;c>\*.json on x86_64' || fail "a name in Markdown"

# No name steers a terminal.
name=$(printf 'e\033[2J.json')
cp p.json "$name"
for options in '' '--syscall socket' '--markdown' '--json' '--html'; do
	# shellcheck disable=SC2086 # words are meant to split
	"$callgate" explain --arch x86_64 "$name" $options >out 2>err
	[ -s out ] || fail "$options prints nothing"
	! grep -q "$(printf '\033')" out err || fail "$options lets a name steer the terminal"
done

# The decisions as a graph: DOT that is well formed, with each answer.
"$callgate" explain --arch x86_64 p.json --syscall openat --dot >out 2>err
grep -q 'label="flags & O_ACCMODE [!=]= O_RDONLY"' out && grep -q '"ALLOW"' out && grep -q '"ERRNO(EPERM)"' out || fail "--dot"
if command -v dot >/dev/null; then
	dot -Tsvg out >/dev/null || fail "dot refuses it"
fi

# Output files, and bad usage.
"$callgate" explain --arch x86_64 p.json -o x.txt && [ -s x.txt ] || fail "-o"
expect 2 p.json -o p.json </dev/null
says "is not written over"
expect 2 p.json --against old.json -o old.json </dev/null
says "is not written over"
expect 2 </dev/null
says "one filter is to be named"
expect 2 p.json --syscall opnat </dev/null
says 'is "openat" meant?'
expect 2 p.json --syscall '' </dev/null
says 'no system call is called ""'
expect 2 --arch aarch64 p.json --syscall chmod </dev/null
says "the filter's architectures have no system call \"chmod\""
expect 2 p.json --dot </dev/null
says "--syscall says which"
expect 2 p.json --html --json </dev/null
says "one or the other"
expect 2 none.json </dev/null
says "none.json"
expect 2 p.json --against none.json </dev/null
says "none.json"
echo '{' >bad.json
expect 2 bad.json </dev/null
says "bad.json"
head -c 4096 /dev/urandom >noise.bpf
status=0
"$callgate" explain noise.bpf >out 2>err || status=$?
[ $status = 2 ] && [ -s err ] || fail "noise: exit status $status"
