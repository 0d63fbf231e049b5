#!/bin/sh
# usage: test_policy.sh CALLGATE SOURCE-ROOT SERVER-SOURCE COMPILER...: the tool takes policies where it takes profiles, and those of the examples do what their tests say,
# also with real programs under them.
set -eu
callgate=$(realpath "$1") examples=$(realpath "$2")/examples/policies server=$(realpath "$3")
shift 3
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
grep -q "this is a policy, and show is for JSON: .callgate explain" out || fail "no word of show"
cp "$examples/server.policy" "$examples/base.policy" .
"$callgate" profile allow server.policy mkdir >out 2>&1 && fail "allow"
grep -q "server.policy is a policy; profile allow changes JSON profiles only" out || fail "no word of allow"
cmp server.policy "$examples/server.policy" || fail "allow has changed a policy"
"$callgate" run --why --suggest new.policy --profile server.policy -- touch ran >out 2>&1 && fail "suggest"
grep -q "server.policy is a policy; --suggest is for JSON profiles only" out || fail "no word of suggest"
[ ! -e ran ] || fail "the command ran"
rm server.policy base.policy

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
if "$callgate" run --why --profile "$examples/decoder.policy" mkdir made >out 2>err || grep -q "can't\|uncertain" err; then
	echo "without --why: $(head -n 1 err)"
else
	grep -q 'allow exactly this: add the line `mkdir.* -> ALLOW`$' err || fail "no line to add: $(cat err)"
fi
"$callgate" run --profile "$examples/build.policy" sh -c 'mkdir made && cp words made/copy && cat made/copy && rm -r made' >out 2>err ||
	fail "a build under its policy: $(cat err)"
cmp words out || fail "the build made something else"
"$callgate" run --profile "$examples/server.policy" cat words >out 2>err || fail "cat under the server's policy: $(cat err)"

# Where a rule comes from a file that is included, this file is named, and its line.
mkdir included
printf '# what is included\nsocket(AF_INET) -> EACCES\nwrite(7) -> ALLOW\n' >included/base.policy
printf 'default EPERM\narch x86_64\ninclude included/base.policy\nread -> ALLOW\n' >including.policy
"$callgate" explain --syscall socket including.policy >out 2>err || fail "explain: $(cat err)"
grep -q "ERRNO(EACCES) .*included/base.policy:2\$" out || fail "explain: $(cat out)"
echo 'socket(AF_INET, SOCK_STREAM, 0) = -1 EACCES (Permission denied)' | "$callgate" decode --arch x86_64 --profile including.policy >out 2>err || fail "decode: $(cat err)"
grep -q "rule 1 at included/base.policy:2:1" out || fail "decode: $(cat out)"
printf 'profile including.policy\nread -> ALLOW\n' >including.test
"$callgate" test --coverage --mutate including.test >out 2>err || :
grep -q "included/base.policy:2:1: not exercised: socket" out || fail "coverage: $(cat out err)"
"$callgate" test --coverage-html page.html including.test >/dev/null 2>err || fail "a page: $(cat err)"
grep -q "included/base.policy:2:1" page.html || fail "the page does not name the file that is included"
grep -q "included/base.policy:3:1: no test notices: rule 2, write" out || fail "mutants: $(cat out err)"
grep -q "including.policy:4:1: no test notices" out && fail "a mutant that is noticed: $(cat out)"

printf 'default EPERM\nkernel >= 5.10\n' >included/one.policy
printf '# the same default\ndefault EACCES\ninclude one.policy\n' >included/two.policy
for first in one two; do
	printf 'include included/%s.policy\n' $([ $first = one ] && echo one two || echo two one) | sed '1i default EPERM' >contrary.policy
	"$callgate" profile check contrary.policy >out 2>&1 && fail "a default that contradicts another"
	grep -q "included/two.policy:2:1: error: this contradicts .default EPERM. in line 1 of contrary.policy" out || fail "a default of another file: $(cat out)"
done
printf 'default EPERM\ninclude included/one.policy\nkernel >= 5.4\n' >contrary.policy
"$callgate" profile check contrary.policy >out 2>&1 && fail "kernels that contradict each other"
grep -q "contrary.policy:3:11: error: this contradicts .kernel >= 5.10. in line 2 of included/one.policy" out || fail "a kernel of another file: $(cat out)"

# A network server with threads; clients are not under the policy. Each command before the server's may put it under one.
serve() {
	rm -f port got
	"$@" ./network-server served 3 >port 2>log &
	pid=$!
	for i in $(seq 300); do
		[ ! -s port ] || break
		sleep 0.1
	done
	for i in 1 2 3; do
		python3 -c 'import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60)
connection.sendall(b"please")
while True:
    part = connection.recv(4096)
    if not part:
        break
    sys.stdout.buffer.write(part)' "$(cat port)" >got 2>err || { kill $pid 2>/dev/null; wait $pid || :; return 1; }
		cmp -s served got || { kill $pid 2>/dev/null; wait $pid || :; return 1; }
	done
	wait $pid
}
echo "what is served" >served
if ! "$@" -pthread -o network-server "$server" >out 2>&1; then
	echo "skipped: no compiler for a network server: $(head -n 1 out)"
elif ! serve env; then
	echo "skipped: no network here, even without a policy"
else
	serve "$callgate" run --profile "$examples/server.policy" || fail "a network server under its policy: $(cat log err)"
	[ "$(grep -c '^answered$' log)" = 3 ] || fail "not three answers: $(cat log)"
	status=0
	"$callgate" run --profile "$examples/server.policy" ./network-server family 17 >out 2>&1 || status=$?
	[ $status -ge 128 ] || fail "a socket of packets: exit status $status"
fi
echo "policies are taken where profiles are"
