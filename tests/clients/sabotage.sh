#!/bin/sh
# usage: sabotage.sh CORE.a SABOTAGE.c KIND OUT.so WORKDIR [COMPILER-OPTION...]
# Links a libseccomp.so.2 in which the functions of SABOTAGE.c (built with -DKIND) have the place of the real ones.
set -eu
core=$1 source=$2 kind=$3 out=$4 directory=$5
shift 5
mkdir -p "$directory"
${CC:-cc} -fPIC -c -D_GNU_SOURCE -D"$kind" "$@" "$source" -o "$directory/sabotage.o"
ld -r --whole-archive "$core" -o "$directory/real.o"

# What both define is renamed in the real library.
nm --defined-only -g "$directory/sabotage.o" | awk '$2 == "T" {print $3, "real_" $3}' >"$directory/names"
objcopy --redefine-syms="$directory/names" "$directory/real.o"
${CC:-cc} -shared -Wl,-soname,libseccomp.so.2 -Wl,-z,defs -o "$out" "$directory/sabotage.o" "$directory/real.o"
