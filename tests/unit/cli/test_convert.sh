#!/bin/sh
# usage: test_convert.sh CALLGATE SOURCE-ROOT: `callgate profile convert` writes profiles as policies and back. That it proves both to be the same is
# believed no more than `callgate diff` says.
set -eu
callgate=$(realpath "$1") root=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() {
	echo "FAILED: $*"
	[ ! -f out ] || cat out
	exit 1
}
# The options that follow the file are the environment's.
both_ways() {
	file=$1
	shift
	"$callgate" profile convert "$@" -o there.policy "$file" >out 2>&1 || fail "$file $*: as a policy"
	"$callgate" diff "$@" "$file" there.policy >out 2>/dev/null || fail "$file $*: another policy"
	grep -q "^the filters are equal" out || fail "$file $*: not equal"
	"$callgate" profile convert -o back.json there.policy >out 2>&1 || fail "$file $*: as JSON again"
	like=runc
	! grep -q "filter as crun" out || like=crun
	"$callgate" diff --like $like $(sed -n 's/^arch /,/p' there.policy | sed 's/, */ --arch /g') there.policy back.json >out 2>/dev/null ||
		fail "$file $*: other JSON"
	grep -q "^the filters are equal" out || fail "$file $*: JSON is not equal"
}
profiles="$root/examples/profiles/container-default.json $root/examples/chmod.json"
for file in "$root"/../shared/policies/*.json "$root"/../shared/cases/*.json; do
	case $file in
	*\**) echo "without $file" ;;
	*/value-string.json) # which has an error
		"$callgate" profile convert "$file" >out 2>&1 && fail "$file has an error"
		;;
	*) profiles="$profiles $file" ;;
	esac
done
for file in $profiles; do
	for machine in x86_64 aarch64 s390x; do
		both_ways "$file" --machine $machine --cap none --kernel 6.1
		both_ways "$file" --machine $machine --cap CAP_SYS_ADMIN --kernel 6.1
	done
done

# What is like Docker's default fits two screens: 100 lines of 130 columns.
for file in $profiles; do
	case $file in
	*/container-default.json | */moby-default.json)
		"$callgate" profile convert --machine x86_64 --cap none --kernel 6.1 -o short.policy "$file" 2>out || fail "$file"
		[ "$(wc -l <short.policy)" -le 100 ] || fail "$file takes $(wc -l <short.policy) lines"
		! grep -q '.\{131\}' short.policy || fail "$file has a long line: $(grep '.\{131\}' short.policy)"
		;;
	esac
done
head -n 1 short.policy | grep -qx "default E[A-Z]*" || fail "the default does not come first"
grep -q "^clone(\* & (CLONE_NEWCGROUP|.*) == 0) -> ALLOW$" short.policy || fail "no names of flags"
grep -q "@file-write.* -> ALLOW$" short.policy || fail "no set"

# Policies; what they include is in the JSON.
for name in base decoder server build; do
	"$callgate" profile convert --arch x86_64 -o one.json "$root/examples/policies/$name.policy" 2>out || fail "$name as JSON"
	like=runc
	! grep -q "filter as crun" out || like=crun
	"$callgate" diff --arch x86_64 --like $like "$root/examples/policies/$name.policy" one.json >out 2>&1 || fail "$name: other JSON"
done

# JSON that means the same to one reader only names this one, and shows a call that the other decides differently. What is silent is right however it is read.
for policy in 'default EPERM\nread -> ALLOW\n' 'default EPERM\nnewer calls -> ENOSYS\nread -> ALLOW\n' 'default ENOSYS\nread -> ALLOW\n'; do
	printf "$policy" >reader.policy
	"$callgate" profile convert --arch x86_64 -o reader.json reader.policy 2>out || fail "$policy as JSON"
	for like in auto runc crun; do
		status=0
		"$callgate" diff --arch x86_64 --like $like reader.policy reader.json >differences 2>&1 || status=$?
		expected=0
		if grep -q "the same filter as crun reads it (--like crun); as runc, and callgate by default, read it, it is another one: .*: A gives ERRNO(EPERM), B gives ERRNO(ENOSYS)" out; then
			[ $like = crun ] || expected=1
		elif grep -q "the same filter as runc, and callgate by default, read it; as crun reads it (--like crun), it is another one: .*: A gives ERRNO(ENOSYS), B gives ERRNO(EPERM)" out; then
			[ $like != crun ] || expected=1
		elif [ -s out ]; then
			fail "$policy: other words"
		fi
		[ $status = $expected ] || fail "$policy with --like $like: exit status $status, and not $expected"
	done
done

# Whatever can't be converted, the reason is in words: rules that fit no filter, and arguments that take too many cases.
many() {
	echo "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \"syscalls\": ["
	i=0
	while [ $i -lt "$1" ]; do
		[ $i = 0 ] || echo ,
		printf '{"names": ["ioctl"], "action": "SCMP_ACT_ALLOW", "args": ['"$2"']}' $((i * 7)) $((i * 11 % 1009))
		i=$((i + 1))
	done
	echo "]}"
}
many 2000 '{"index": 1, "value": %d, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": %d, "op": "SCMP_CMP_GE"}' >many.json
status=0
"$callgate" profile convert many.json >out 2>&1 || status=$?
[ $status = 2 ] && grep -q "many.json: .*instructions" out || fail "no words for rules that fit no filter"
! grep -q ': $' out || fail "a reason without words"
many 2000 '{"index": 1, "value": %d, "op": "SCMP_CMP_EQ"}'"$(printf '%%.0s')" >many.json
"$callgate" profile convert -o many.policy many.json >out 2>&1 || fail "2,000 values of one argument"
"$callgate" diff many.json many.policy >out 2>&1 || fail "2,000 values are others"

# Numbers without a name, each on some architectures only, and numbers that have one.
printf 'default EPERM\narch x86_64, x86, x32\n359(AF_UNIX|AF_INET) -> ALLOW\n41(3), 4000, 0x7000(*, (u32) 5, != 6) -> ALLOW\non x86: 600 -> EACCES\n' >numbers.policy
"$callgate" profile convert --to policy -o other.policy numbers.policy 2>out || fail "numbers"
"$callgate" diff numbers.policy other.policy >out 2>&1 || fail "other numbers"
grep -qx "on x86: socket({AF_UNIX, AF_INET}) -> ALLOW" other.policy || { cp other.policy out; fail "a number with a name"; }

# What JSON can't say, and how to ask.
printf 'default EPERM\narch x86_64, x86\non x86: read -> ALLOW\n' >one.policy
"$callgate" profile convert -o none.json one.policy >out 2>&1 && fail "JSON has said what it can't"
status=0
"$callgate" profile convert one.policy >out 2>&1 || status=$?
[ $status = 1 ] || fail "exit status $status for what JSON can't say"
grep -q "plain JSON can't say the same: read(\*, \*, \*) on x86: A allows, B gives ERRNO(EPERM) (A: this policy, B: the JSON)" out || fail "no witness"
[ ! -e none.json ] || fail "something was written"
"$callgate" profile convert --to policy one.policy >out 2>&1 || fail "a policy as a policy"
"$callgate" profile convert --to json "$root/examples/chmod.json" >out 2>&1 || fail "JSON as JSON"
for wrong in "convert --to xml one.policy" "convert nowhere.policy" "check --to json one.policy" "show -o x one.policy" "convert one.policy two.policy"; do
	status=0
	"$callgate" profile $wrong >out 2>&1 || status=$?
	[ $status = 2 ] || fail "profile $wrong: exit status $status"
done

# Whoever converts, the filter is the same: without --cap there are no capabilities.
cat >capable.json <<'EOF'
{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
	{"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
	{"names": ["read"], "action": "SCMP_ACT_ALLOW"},
	{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_SYS_ADMIN"]}}]}
EOF
"$callgate" profile convert capable.json >out 2>&1 || fail "capabilities"
grep -q "socket" out || fail "an entry for those without a capability is lost"
! grep -q "bpf" out || fail "an entry for a capability that nobody gave"
"$callgate" profile convert --cap CAP_SYS_ADMIN capable.json >out 2>&1 && grep -q "bpf" out && ! grep -q "socket" out || fail "--cap"
echo "conversions are what they are proved to be"
