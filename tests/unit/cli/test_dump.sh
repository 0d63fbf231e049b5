#!/bin/sh
# usage: test_dump.sh CALLGATE PROFILE: the decision graph can be shown after every pass, as text and as a picture.
set -eu
callgate=$1 profile=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail()
{
	echo "$*"
	exit 1
}

"$callgate" compile --dump=after:help >"$scratch/passes"
grep -q '^rules ' "$scratch/passes" || fail "there is no pass that makes the first graph"
grep -q '^trees ' "$scratch/passes" || fail "there is no pass that makes trees"
[ "$(cut -d ' ' -f 1 "$scratch/passes" | tr '\n' ' ')" = "rules parts trees layout emit " ] || fail "the passes are others"
while read -r pass what; do
	[ -n "$what" ] || fail "$pass does not say what it does"
	"$callgate" compile --profile "$profile" --dump="after:$pass" >"$scratch/text"
	grep -q 'nr' "$scratch/text" || fail "after $pass: no number is looked at"
	grep -q 'ALLOW' "$scratch/text" || fail "after $pass: nothing is allowed"
	"$callgate" compile --profile "$profile" --dump "after:$pass" --dot -o "$scratch/dot"
	head -n 1 "$scratch/dot" | grep -q '^digraph' || fail "after $pass: no picture"
	tail -n 1 "$scratch/dot" | grep -q '^}' || fail "after $pass: the picture has no end"
done <"$scratch/passes"
for wrong in after:nothing rules help; do
	if "$callgate" compile --profile "$profile" --dump "$wrong" >"$scratch/out" 2>"$scratch/err"; then
		fail "--dump $wrong is taken"
	fi
	[ -s "$scratch/err" ] && [ ! -s "$scratch/out" ] || fail "--dump $wrong: no message, or some graph"
done
grep -q 'after:help' "$scratch/err" || fail "the message does not say where the passes are listed"
