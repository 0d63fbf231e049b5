#!/bin/sh
# usage: test_policy.sh CALLGATE SOURCE-ROOT: the tool takes policies where it takes profiles, and those of the examples do what their tests say,
# also with real programs under them.
set -eu
callgate=$(realpath "$1") examples=$(realpath "$2")/examples/policies
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail()
{
	echo "FAILED: $*"
	[ ! -f out ] || cat out
	exit 1
}
for name in decoder server build; do
	"$callgate" profile check "$examples/$name.policy" >out 2>&1 || fail "$name: check"
	! grep -q "warning\|error" out || fail "$name has warnings"
	"$callgate" test "$examples/$name.test" >out 2>&1 || fail "$name: its tests"
done
"$callgate" profile check "$examples/base.policy" >out 2>&1 || fail "base: check"

# A program of the policy is proved to be it.
"$callgate" compile --profile "$examples/server.policy" -o server.bpf >out 2>&1 || fail "compile"
"$callgate" prove "$examples/server.policy" server.bpf >out 2>&1 || fail "prove"
grep -q "the filters are equal" out || fail "not equal"
"$callgate" diff "$examples/server.policy" "$examples/decoder.policy" >out 2>&1 && fail "two policies are no difference"
grep -q "^writev(0, \*, \*) on .*: A allows, B gives ERRNO(EPERM)" out || grep -q "A allows, B gives ERRNO(EPERM)" out || fail "diff"
"$callgate" profile check - <"$examples/server.policy" >out 2>&1 && fail "an include from standard input, which is in no folder"
grep -q "standard input:.*base.policy: No such file" out || fail "no word of the file that is not there"

# Rules that compare the low half of an argument are shown as such.
"$callgate" sim --arch x86_64 "$examples/decoder.policy" 'write(2)' >out 2>&1 || fail "sim"
grep -q "ALLOW, rule [0-9]* (if argument 0 & 0xffffffff <= 0x2 and argument 0 & 0xffffffff >= 0x1)" out || fail "sim of a range"

# What is asked for that a policy has not is an error, and nothing is changed.
"$callgate" profile resolve "$examples/server.policy" >out 2>&1 && fail "resolve"
grep -q "this is a policy" out || fail "no word of resolve"
"$callgate" profile show "$examples/server.policy" >out 2>&1 && fail "show"
grep -q "this is a policy" out || fail "no word of show"

# Real programs.
if "$callgate" features | grep -q "no  *SECCOMP_SET_MODE_FILTER"; then
	echo "no filters on this kernel: nothing was executed"
	exit 0
fi
echo words >words
"$callgate" run --profile "$examples/decoder.policy" cat words >out 2>err || fail "cat under the decoder's policy: $(cat err)"
cmp words out || fail "cat printed something else"
"$callgate" run --profile "$examples/decoder.policy" sh -c 'echo more >>words' >out 2>err && fail "a file was opened to be written"
[ "$(cat words)" = words ] || fail "a file was written"
"$callgate" run --profile "$examples/build.policy" sh -c 'mkdir made && cp words made/copy && cat made/copy && rm -r made' >out 2>err ||
	fail "a build under its policy: $(cat err)"
cmp words out || fail "the build made something else"
"$callgate" run --profile "$examples/server.policy" cat words >out 2>err || fail "cat under the server's policy: $(cat err)"
echo "policies are taken where profiles are"
