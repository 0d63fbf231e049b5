#!/bin/sh
# usage: fuzz.sh FUZZER CORPUS [OPTION]...: what the fuzzer finds on its way goes to a folder of its own, so that every run starts from the
# same corpus. An input that fails stays in the working directory. CALLGATE_SEED chooses another way.
set -u
fuzzer=$1 corpus=$2
shift 2
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
echo "seed ${CALLGATE_SEED:-1}"
"$fuzzer" "-seed=${CALLGATE_SEED:-1}" "$@" "$found" "$corpus" >"$found.log" 2>&1
status=$?
[ "$status" = 0 ] || cat "$found.log"
tail -n 1 "$found.log"
rm -f "$found.log"
exit "$status"
