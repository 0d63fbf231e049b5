#!/bin/sh
# usage: link-static.sh CORE.a OUT.a WORKDIR COMPILER...: one object with only the public names, as an archive. The compiler knows
# for which machine it links, and which tools go with it.
set -eu
core=$1 out=$2 work=$3
shift 3
mkdir -p "$work"
rm -f "$out"
"$@" -r -nostdlib -Wl,--whole-archive "$core" -o "$work/callgate.o"
"$("$@" -print-prog-name=objcopy)" --localize-hidden "$work/callgate.o"
"$("$@" -print-prog-name=ar)" rcs "$out" "$work/callgate.o"
