#!/bin/sh
# usage: test_coverage.sh CALLGATE MANUAL: `callgate test` with --coverage, --coverage-min and --mutate.
set -eu
callgate=$(realpath "$1") manual=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() {
	echo "$*"
	cat out err
	exit 1
}
# expect STATUS ARGUMENT...: runs `callgate test`.
expect() {
	status=0 wanted=$1
	shift
	"$callgate" test "$@" >out 2>err || status=$?
	[ "$status" = "$wanted" ] || fail "$*: exit status $status, not $wanted"
}
has() { grep -qxF -- "$1" out || fail "not printed: $1"; }
says() { grep -qF -- "$1" err || fail "not said: $1"; }
count() { [ "$(grep -c "$2" out)" = "$1" ] || fail "not $1 lines with: $2"; }

cat >p.json <<'PROFILE'
{
  "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
  "syscalls": [
    {"names": ["read", "close"], "action": "SCMP_ACT_ALLOW"},
    {"names": ["openat"], "action": "SCMP_ACT_ALLOW",
     "args": [{"index": 2, "value": 3, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
    {"names": ["ptrace"], "action": "SCMP_ACT_KILL_PROCESS"}
  ]
}
PROFILE
cat >full.test <<'TESTS'
profile p.json
option unknown-calls enosys
arch x86_64 x86
read, close -> ALLOW
openat(*, *, * & 3 == 0) -> ALLOW
openat(*, *, * & 1 == 1) -> EPERM
openat(*, *, * & 2 == 2) -> EPERM
ptrace -> KILL_PROCESS
other calls -> EPERM
unknown calls -> ENOSYS
other architectures -> KILL
TESTS
# without N...: full.test without these of its lines, in part.test.
without() {
	cp full.test part.test
	for line in $(printf '%s\n' "$@" | sort -rn); do
		sed -i "${line}d" part.test
	done
}

# Everything is exercised, and every mutant noticed.
expect 0 --coverage --coverage-min 100% --mutate full.test
has "coverage of p.json by full.test"
has "  rules: 11 of 11 (100.0%)"
count 1 '^  edges: \([0-9]*\) of \1 (100.0%)$'
count 0 'not exercised'
count 1 '^  [0-9]*: [0-9]* noticed, [0-9]* equivalent, 0 not noticed$'

# Each line is there for something: without it a rule is not exercised, or a mutant not noticed.
for lines in 4 5 6 7 "8 9" 10 11; do
	# shellcheck disable=SC2086 # words
	without $lines
	expect 1 --coverage-min 100% --mutate part.test
done

# What is missing is named by its place and in words, on the architectures where it is.
without 8 9 10 11
expect 1 --coverage --coverage-min 50% part.test
has "  p.json:7:16: not exercised: ptrace -> KILL_PROCESS on x86_64, x86"
has "  p.json: not exercised: unknown calls -> ERRNO(ENOSYS)"
has "  p.json: not exercised: other architectures -> KILL"
has "  rules: 7 of 11 (63.6%)"
count 1 '^  instruction [0-9]*: not exercised: nr == 101 (ptrace), as ptrace on x86_64 can come to$'
count 1 '^  instruction [0-9]*: not exercised: arch != x86$'

# A rule that is tested on one architecture only.
sed 's/^ptrace/on x86: ptrace/; /^other calls/d' full.test >part.test
expect 0 --coverage part.test
has "  p.json:7:16: not exercised: ptrace -> KILL_PROCESS on x86_64"
has "  rules: 10 of 11 (90.9%)"

# A survivor, with its place and a call that it is about. A part of the tests tells of that part.
without 7
expect 1 --mutate part.test
has "  p.json:5:16: no test notices: rule 5, openat: argument 2 & 0x3 == 0x0 is compared without its highest bit"
count 1 '^    openat(0x0, 0x0, 0x2, 0x0, 0x0, 0x0) on x86_64: ERRNO(EPERM), the default: no rule matches; with the mutant ALLOW$'
count 1 '^  [0-9]*: [0-9]* noticed, 0 equivalent, 2 not noticed$'
expect 0 --coverage part.test
expect 0 --coverage --filter 'read*' full.test
has "  rules: 4 of 11 (36.3%)"

# A mutant that answers every call as the filter does is equivalent: here 7 and more in place
# of 8 and more, and 7 compared without its highest bit.
cat >e.json <<'PROFILE'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
  {"names": ["personality"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_GE"}]},
  {"names": ["personality"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 7, "op": "SCMP_CMP_EQ"}]}]}
PROFILE
printf '%s\n' 'profile e.json' 'arch x86_64' 'personality(>= 7) -> EPERM' 'personality(< 7) -> ALLOW' \
	'other architectures -> KILL' >e.test
expect 0 --mutate e.test
count 1 '^  [0-9]*: [0-9]* noticed, 2 equivalent, 0 not noticed$'

# No mutants as long as a test fails; a failure stays one. What fails or can't be run exercises nothing.
{ cat full.test; echo 'read -> EPERM'; } >failing.test
expect 1 --mutate --coverage failing.test
has "mutants of p.json: none are made as long as a test fails"
echo 'no such line' >broken.test
expect 2 --mutate --coverage --coverage-min 0 broken.test
expect 2 --coverage full.test missing.test
has "  rules: 11 of 11 (100.0%)"

# Too little.
without 11
expect 1 --coverage-min 95 part.test
says 'part.test: p.json: coverage of rules is 90.9%, below 95%'
expect 0 --coverage-min 50% part.test
expect 1 --coverage-min 90.91% part.test # 10 of 11 are 90.9090...
says 'coverage of rules is 90.9%, below 90.91%'
expect 1 --coverage-min 100.0 part.test
expect 0 --coverage-min 100.0% full.test
for wrong in '' -1 101 50%% 5x '%' 100.001 99. .5 1.2345 1e2 nan 99999999999999999999; do
	expect 2 --coverage-min "$wrong" full.test
	says "--coverage-min takes a percentage from 0 to 100, such as 80% or 99.5%, not \"$wrong\""
done

# A program has edges, and no rules.
"$callgate" compile --profile p.json --unknown-calls enosys --arch x86_64 --arch x86 -o p.bpf
sed 's/^profile .*/program p.bpf/; /^option /d' full.test >program.test
expect 0 --coverage --coverage-min 90% --mutate program.test
has "coverage of p.bpf by program.test"
has "mutants of p.bpf: none, a program has no rules"
count 0 'rules:'
# What decides is told all the same.
sed 's/^openat(.*/openat -> ALLOW/; s/^read.*/read -> LOG/' program.test >wrong.test
expect 1 wrong.test
has "        expected ALLOW, but openat(0x0, 0x0, 0x1, 0x0, 0x0, 0x0) on x86_64: ERRNO(EPERM) (if argument 2 & 0x3 != 0)"
has "        expected LOG, but read(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64: ALLOW (whatever the arguments)"
sed -i '/^openat/d' program.test
expect 1 --coverage --coverage-min 95 program.test
count 2 'not exercised: argument 2 & 0x3 [!=]= 0'

# Several processes, and the same numbers; TAP has comments; JUnit has its own file.
expect 0 --coverage --mutate full.test
cp out one
expect 0 --coverage --mutate --jobs 3 full.test
cmp out one || fail "not the same with --jobs"
expect 0 --coverage --mutate --format tap full.test
has "#   rules: 11 of 11 (100.0%)"
grep -qv '^\(#\|ok\|1\.\.\|TAP\)' out && fail "a line is no TAP"
expect 0 --coverage --mutate --format junit full.test
/usr/bin/python3 -c 'import sys, xml.etree.ElementTree as t; t.parse("out")' || fail "no XML"
says "  rules: 11 of 11 (100.0%)"

# The examples of the manual.
cat >p.json <<'PROFILE'
{ "defaultAction": "SCMP_ACT_ALLOW",
  "syscalls": [
    { "names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO" } ] }
PROFILE
printf 'profile p.json\narch x86_64\nchmod -> EPERM\n' >p.test
for option in coverage mutate; do
	status=0
	"$callgate" test --$option p.test >out 2>err || status=$?
	awk -v want="$ callgate test --$option p.test" '$0 == want {on = 1; next} /^```/ {on = 0} on && $1 != "..."' "$manual" >example
	[ "$(wc -l <example)" -ge 8 ] || fail "no example of --$option in $manual"
	while IFS= read -r line; do
		has "$line"
	done <example
done
