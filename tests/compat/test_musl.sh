#!/bin/sh
# usage: test_musl.sh SOURCE-ROOT: all libraries build with musl instead of glibc, and a program on them loads a filter. The kernel's headers are the
# machine's. It takes a minute: tests/run.sh --long.
set -eu
source=$1
[ -n "${CALLGATE_LONG:-}" ] || { echo "SKIP: slow; tests/run.sh --long builds with musl" && exit 77; }
command -v musl-gcc >/dev/null || { echo "SKIP: no musl-gcc (package musl-tools)" && exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
headers="-idirafter /usr/include -idirafter /usr/include/$(gcc -print-multiarch)"
# What pkg-config finds was built with glibc.
PKG_CONFIG_LIBDIR=$scratch CC=musl-gcc CFLAGS=$headers meson setup "$scratch/build" "$source" -Dtests=disabled -Ddocs=disabled -Dexamples=false -Ddrop_in=true \
	>"$scratch/log" 2>&1 && ninja -C "$scratch/build" >>"$scratch/log" 2>&1 || {
	cat "$scratch/log"
	exit 1
}
src=$scratch/build/src
# shellcheck disable=SC2086 # words are meant to split
sh "$source/tests/abi/test_static.sh" "$source/include" "$scratch/build/include" "$src/libcallgate.a" "$src/libcallgate-info.a" \
	"$src/libcallgate-sandbox.a" "$src/libcallgate-testing.a" "$src/libcallgate-oci.a" -- musl-gcc $headers
