#!/bin/sh
# bubblewrap, which loads a filter that another process has exported. Both languages' compilers build the exporter
# from this library's header, and link it with what stands in the system library's place.
. "$(dirname "$0")/common.sh"
needs bwrap gcc g++

exported() {
	# shellcheck disable=SC2086 # several options
	"$@" -D_GNU_SOURCE ${CLIENTS_CFLAGS:-} "$here/exporter.c" -x none -o "$work/exporter" \
		"$work/libseccomp.so.2" >"$work/output" 2>&1 &&
		limited "$work/exporter" >"$work/exported.bpf"
}

wrapped() {
	limited bwrap --bind / / --proc /proc --seccomp 7 "$@" 7<"$work/exported.bpf" 2>&1
}

for language in c c++; do
	compiler=gcc
	[ "$language" = c ] || compiler=g++
	exported "$compiler" -x "$language" || {
		cat "$work/output"
		give_up "the exporter cannot be built as $language, or fails"
	}
	expect "$language: a denied call" 'chmod failed: EPERM' "$(wrapped "$CLIENTS_TOOLS/probe" chmod)"
	expect "$language: an allowed call" 'getuid returned 0' "$(wrapped "$CLIENTS_TOOLS/probe" getuid)"
done

# bubblewrap knows no libseccomp: what it loads is what was exported, to the byte.
mkdir -p "$work/filters/bwrap"
limited "$CLIENTS_TOOLS/witness" "$work/libseccomp.so.2" "$work/filters/bwrap" -- \
	bwrap --bind / / --seccomp 7 true 7<"$work/exported.bpf"
expect 'the kernel has what was exported' same \
	"$(cmp "$work/exported.bpf" "$work/filters/bwrap/0.bpf" 2>&1 && echo same)"
finish
