#!/bin/sh
# usage: link-static.sh OBJECTS.a BASE.a OUT.a WORKDIR COMPILER...: one object of all OBJECTS and what they need of BASE, with only the public
# names, as an archive. The compiler knows for which machine it links, and which tools go with it.
set -eu
objects=$1 base=$2 out=$3 work=$4
shift 4
mkdir -p "$work"
rm -f "$out"
"$@" -r -nostdlib -Wl,--whole-archive "$objects" -Wl,--no-whole-archive "$base" -o "$work/callgate.o"
"$("$@" -print-prog-name=objcopy)" --localize-hidden "$work/callgate.o"
"$("$@" -print-prog-name=ar)" rcs "$out" "$work/callgate.o"
