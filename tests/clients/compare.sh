#!/bin/sh
# usage: compare.sh CLIENT...
# The filters that clients get from the library under test and from the system's own mean the same: they are read
# back from the kernel and proved equal. Left out are those that have reasons to differ: the engines' profiles name
# calls which an older library does not know and ignores; man has a rule on an ipc call, whose number the kernel
# reads in 16 bits and so do we; tor's filter holds addresses, which are new in every process.
set -u
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
tested=${CLIENTS_LIBRARY:?}
: "${CLIENTS_CALLGATE:?}"
system=$(ldconfig -p | sed -n 's/^\tlibseccomp\.so\.2 (libc6,x86-64) => //p' | head -n 1)
[ -n "$system" ] || {
	echo 'SKIP compare: the system has no libseccomp.so.2 to compare with'
	exit 77
}
filters=$(mktemp -d)
trap 'rm -rf "$filters"' EXIT
trap 'exit 1' INT TERM HUP
equal=0
different=0

# collect LIBRARY SIDE CLIENT: what the client itself finds is for its own test to say.
collect() {
	mkdir -p "$filters/$2/$3"
	CLIENTS_LIBRARY=$1 CLIENTS_FILTERS=$filters/$2/$3 "$here/$3.sh" >"$filters/output" 2>&1
	[ $? != 77 ] || echo "left out: $(tail -n 1 "$filters/output")"
}

compare() {
	if difference=$(timeout 60 "$CLIENTS_CALLGATE" diff --max 3 "$filters/system/$1" "$filters/tested/$1" 2>&1); then
		equal=$((equal + 1))
	else
		different=$((different + 1))
		echo "not ok $1: $difference"
	fi
}

for client; do
	collect "$system" system "$client"
	collect "$tested" tested "$client"
done
names=$(cd "$filters/system" && find . -name '*.bpf' ! -path '*/the-default-profile-of-*' | sort)
for name in $names; do compare "$name"; done
echo "$equal equal, $different not"
[ -n "$names" ] || exit 77
[ "$different" = 0 ]
