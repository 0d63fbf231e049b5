#!/bin/sh
# usage: sabotage.sh CORE.a BASE.a SABOTAGE.c KIND OUT.so WORKDIR [COMPILER-OPTION...]
# Links a libseccomp.so.2 in which the functions of SABOTAGE.c (built with -DKIND) have the place of the real ones.
set -eu
core=$1 base=$2 source=$3 kind=$4 out=$5 directory=$6
shift 6
mkdir -p "$directory"
${CC:-cc} -fPIC -c -D_GNU_SOURCE -D"$kind" "$@" "$source" -o "$directory/sabotage.o"
ld -r --whole-archive "$core" "$base" -o "$directory/real.o"

# What both define is renamed in the real library.
nm --defined-only -g "$directory/sabotage.o" | awk '$2 == "T" {print $3, "real_" $3}' >"$directory/names"
objcopy --redefine-syms="$directory/names" "$directory/real.o"
${CC:-cc} -shared -Wl,-soname,libseccomp.so.2 -Wl,-z,defs -o "$out" "$directory/sabotage.o" "$directory/real.o"
