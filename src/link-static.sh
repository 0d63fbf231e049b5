#!/bin/sh
# usage: link-static.sh CORE.a OUT.a WORKDIR: one object with only the public names, as an archive
set -eu
mkdir -p "$3"
rm -f "$2"
ld -r --whole-archive "$1" -o "$3/callgate.o"
objcopy --localize-hidden "$3/callgate.o"
ar rcs "$2" "$3/callgate.o"
