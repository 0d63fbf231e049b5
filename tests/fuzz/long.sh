#!/bin/sh
# usage: long.sh BUILD MINUTES [NAME]...: searches with fuzz targets of a build with clang, one after the other and so long each; without names
# with all of them. What a target finds on its way is kept in BUILD/fuzz/NAME, from which the next search goes on, and what fails as
# BUILD/fuzz/NAME-crash-*, which `replay-NAME FILE` of any build runs again. CALLGATE_SEED chooses another way. What each did is one line.
#
#	CC=clang meson setup build/clang -Dtests=enabled && ninja -C build/clang
#	nice sh tests/fuzz/long.sh build/clang 60
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) minutes=$2
shift 2
names=${*:-$(ls "$here/corpus")}
failed=0
for name in $names; do
  found=$build/fuzz/$name
  mkdir -p "$found"
  set -- "$found" "$here/corpus/$name"
  [ ! -f "$here/$name.dict" ] || set -- "-dict=$here/$name.dict" "$@"
  status=0
  "$build/tests/fuzz/fuzz-$name" "-seed=${CALLGATE_SEED:-$(date +%s)}" -max_len=4096 -timeout=300 "-max_total_time=$((60 * minutes))" \
    "-artifact_prefix=$found-" "$@" >"$found.log" 2>&1 || status=$?
  if [ $status = 0 ]; then
    echo "$name: $(tail -n 1 "$found.log")"
  else
    echo "$name: exit status $status, see $found.log"
    failed=1
  fi
done
exit $failed
