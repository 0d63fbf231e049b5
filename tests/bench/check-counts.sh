#!/bin/sh
# usage: check-counts.sh CALLGATE EXPECTED [PROFILE]: counts of the built-in policies must not get worse than in EXPECTED, and PROFILE can be
# measured too, though it has rules that other libraries have no words for.
# `check-counts.sh CALLGATE` prints what EXPECTED should be.
set -eu
[ "$(uname -m)" = x86_64 ] || {
	echo "the expected counts are those of x86_64"
	exit 77
}
"$1" bench --counts --repeats 1 | awk '
	/^[a-z-]+: [0-9]+ rules/ { policy = $1; next }
	/^  (instructions|executed)/ { printf "%s %s|%s\n", policy, substr($0, 3, 34), $0 == "" ? "" : substr($0, 37) }
' | awk -F'|' '{ sub(/ +$/, "", $1); split($2, value, " "); print $1 "|" value[1] }' >counts.$$
trap 'rm -f counts.$$' EXIT
[ $# -gt 1 ] || {
	cat counts.$$
	exit 0
}
awk -F'|' '
	NR == FNR { expected[$1] = $2; count++; next }
	!($1 in expected) { print "not expected: " $0; bad++; next }
	$2 > expected[$1] + 0.05 { print $1 ": " $2 ", and it was " expected[$1]; bad++ }
	$2 < expected[$1] - 0.05 { print $1 ": " $2 " is better than " expected[$1] ": write it down" }
	{ seen++ }
	END { if (seen != count) { print "counts are missing"; bad++ } exit bad ? 1 : 0 }
' "$2" counts.$$
[ $# -lt 3 ] || "$1" bench --counts --repeats 1 "$3" | grep -q '^  instructions  *[1-9]'
