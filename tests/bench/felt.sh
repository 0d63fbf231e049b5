#!/bin/sh
# usage: felt.sh FELT-PROGRAM DROP-IN-LIBRARY CALLGATE [PROFILE]: what bench-felt measures, with the distribution's libseccomp and with the
# drop-in in turns, a fresh process each time; medians of RUNS (in the environment; 41) and ratios. The names are those that PROFILE
# (without: examples/profiles/container-default.json) allows whatever their arguments.
set -eu
felt=$1 library=$2 callgate=$3
here=$(cd "$(dirname "$0")" && pwd)
profile=${4:-$here/../../examples/profiles/container-default.json}
runs=${RUNS:-41}
# The folders of the distribution's library. The program would find the drop-in beside itself, and so would everything where a test runner
# sets LD_LIBRARY_PATH: each library is named to it, and it fails where it has loaded another one.
peers=$(ldconfig -p | sed -n 's#.*libseccomp\.so\.2 .*=> \(.*\)/[^/]*$#\1#p' | paste -sd :)
[ -n "$peers" ] || {
	echo 'SKIP: the distribution'\''s libseccomp is not installed'
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/lib"
cp "$library" "$work/lib/libseccomp.so.2"
"$callgate" profile resolve "$profile" 2>/dev/null | python3 -c '
import json, sys
names = [name for entry in json.load(sys.stdin)["syscalls"] if not entry.get("args") for name in entry["names"]]
print("\n".join(dict.fromkeys(names)))' >"$work/names"

# medians FILE: of each column, for each word in the first one, in the order of appearance.
medians() {
	python3 -c '
import statistics, sys
rows = {}
for line in open(sys.argv[1]):
    library, stage, *values = line.split()
    rows.setdefault(stage, {}).setdefault(library, []).append([float(value) for value in values])
for stage, found in rows.items():
    ours, peer = ([statistics.median(column) for column in zip(*found[name])] for name in ("callgate", "libseccomp"))
    print(f"{stage:<12} {ours[0]:10.1f} us {ours[1]:6.0f} faults {peer[0]:12.1f} us {peer[1]:6.0f} faults   {ours[0] / peer[0]:.3f}")' "$1"
}

# measure RUNS WHAT...
measure() {
	count=$1
	shift
	: >"$work/results"
	while [ "$count" -gt 0 ]; do
		for library in callgate libseccomp; do
			path=$work/lib
			[ $library = callgate ] || path=$peers
			LD_LIBRARY_PATH=$path "$felt" $library "$@" >"$work/result"
			sed "/^stage/d; s/^/$library /" "$work/result" >>"$work/results"
		done
		count=$((count - 1))
	done
	medians "$work/results"
}

printf '%-12s %29s %29s   ratio\n' '' callgate libseccomp
echo "a filter that allows $(wc -l <"$work/names") calls on three architectures, in a fresh process:"
measure "$runs" stages "$work/names"
echo "eight small filters for each of three architectures, all in one process:"
measure "$runs" stack
echo "a server whose children load one filter each, per child:"
measure 5 fork-server 1000
