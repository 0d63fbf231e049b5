#!/bin/sh
# usage: test_profiles.sh CALLGATE SOURCE-ROOT: each profile that callgate ships has tests that exercise every rule and notice every mutant, and
# would not without some of their lines.
set -eu
callgate=$(realpath "$1") source=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "$*"
	cat "$dir/out"
	exit 1
}

# Every rule of every filter, of which there are some; no mutant is left.
complete() {
	"$callgate" test --coverage --coverage-min 100% --mutate "$1" >"$dir/out" 2>&1 || fail "$1: exit status $?"
	filters=$(grep -c '^coverage of ' "$dir/out")
	[ "$filters" -gt 0 ] || fail "$1: no filter"
	[ "$(grep -c '^  rules: \([1-9][0-9]*\) of \1 (100.0%)$' "$dir/out")" = "$filters" ] || fail "$1: rules"
	[ "$(grep -c '^  [1-9][0-9]*: [0-9]* noticed, [0-9]* equivalent, 0 not noticed$' "$dir/out")" = "$filters" ] ||
		fail "$1: mutants"
	grep '^  rules:\|^  edges:\|noticed' "$dir/out" | sed "s|^|$(basename "$1"):|"
}

profiles=0
for profile in "$source"/examples/*.json "$source"/examples/profiles/*.json; do
	[ -e "$profile" ] || continue
	profiles=$((profiles + 1))
	tests=$(grep -lx "profile $(basename "$profile")" "$(dirname "$profile")"/*.test) || fail "$profile has no tests"
	for file in $tests; do
		complete "$file"
	done
done
[ "$profiles" -ge 2 ] || fail "only $profiles profiles found"

# incomplete FILE EDIT: without these lines a rule is not exercised, or a mutant not noticed.
incomplete() {
	cp "$1" "$(dirname "$1")"/*.json "$dir"
	file=$dir/$(basename "$1") status=0
	sed -i "$2" "$file"
	! cmp -s "$1" "$file" || fail "$2 changes nothing in $1"
	"$callgate" test --coverage --coverage-min 100% --mutate "$file" >"$dir/out" 2>&1 || status=$?
	[ $status = 1 ] || fail "$1 without $2: exit status $status"
	grep -q ' not exercised: \| no test notices: ' "$dir/out" || fail "$1 without $2: nothing is missed"
	! grep -q '^  FAIL' "$dir/out" || fail "$1 without $2: a test fails"
	grep ' not exercised: \| no test notices: ' "$dir/out" | sed -n "1s|.*\($(basename "$1" .test)\)|without $2: \1|p"
}
incomplete "$source/examples/chmod.test" '/^other architectures/d'
incomplete "$source/examples/chmod.test" 's/, fchmodat2//; /^other calls/d'
container=$source/examples/profiles/container-default.test
incomplete "$container" '/^unknown calls/d'
incomplete "$container" '/^clone3 -> ENOSYS/d; /^other calls/d'
incomplete "$container" '/^clone(\* & CLONE_NEWNET/d'
incomplete "$container" 's/^socket(0), //'
incomplete "$container" '/^socketpair(0)/d'
incomplete "$container" 's/17\.\.0xffffffff/17/'
