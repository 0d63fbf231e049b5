#!/bin/sh
# usage: link-static.sh OUT.a WORKDIR OBJECTS.a ARCHIVE.a... -- COMPILER...: one object of all OBJECTS and what they need of the archives, each of
# which may need the ones after it, with only the public names, as an archive. The compiler knows for which machine it links, and which
# tools go with it.
set -eu
out=$1 work=$2 objects=$3
shift 3
archives=
while [ "$1" != -- ]; do
	archives="$archives $1"
	shift
done
shift
mkdir -p "$work"
rm -f "$out"
# Groups end here: 32-bit x86 has functions in some that every object brings along, and a linker that takes another's copy would drop ours, which are
# local by then.
# shellcheck disable=SC2086 # words are meant to split; the paths are the build's own
"$@" -r -nostdlib -Wl,--force-group-allocation -Wl,--whole-archive "$objects" -Wl,--no-whole-archive $archives -o "$work/callgate.o"
"$("$@" -print-prog-name=objcopy)" --localize-hidden "$work/callgate.o"
"$("$@" -print-prog-name=ar)" rcs "$out" "$work/callgate.o"
