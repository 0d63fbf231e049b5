#!/bin/sh
# usage: test_last_tag.sh SOURCE-ROOT BUILD-ROOT COMMA-SEPARATED-LIBRARIES [COMMIT]: does abidiff(1) find no change of the ABI since the newest
# tag vNUMBER (or COMMIT), but functions that are new? A library whose soname is another one since is a new library, and programs keep the old one.
set -eu
source=$1 build=$2 libraries=$3
skip()
{
	echo "SKIP: $*"
	exit 77
}
command -v abidiff >/dev/null || skip 'there is no abidiff (Debian: abigail-tools)'
tag=${4:-$(git -C "$source" tag --list 'v[0-9]*' --sort=-v:refname --merged 2>/dev/null | head -n 1)}
[ -n "$tag" ] || skip 'no release has a tag vNUMBER yet; tests/abi/*.symbols has the symbols'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/tree"
git -C "$source" archive "$tag" | tar -C "$work/tree" -x
# shellcheck disable=SC2015,SC2046 # words are meant to split
meson setup --buildtype=debugoptimized -Ddrop_in=true -Dtests=disabled -Ddocs=disabled -Dexamples=false "$work/tree/build" "$work/tree" >"$work/log" 2>&1 &&
	ninja -C "$work/tree/build" $(echo "$libraries" | tr ',' '\n' | sed 's|.*|src/lib&.so|') >>"$work/log" 2>&1 || {
	tail -30 "$work/log"
	echo "the libraries of $tag don't build"
	exit 1
}
soname() { readelf -d "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p'; }
failures=0
for library in $(echo "$libraries" | tr ',' ' '); do
	old=$work/tree/build/src/lib$library.so new=$build/src/lib$library.so
	if [ "$(soname "$old")" != "$(soname "$new")" ]; then
		echo "lib$library: $(soname "$new") is another library than $(soname "$old") of $tag"
		continue
	fi
	status=0
	abidiff --no-added-syms --headers-dir1 "$work/tree/include" --headers-dir2 "$source/include" "$old" "$new" >"$work/changes" 2>&1 || status=$?
	if [ "$status" != 0 ]; then
		cat "$work/changes"
		failures=$((failures + 1))
	fi
	echo "lib$library: abidiff against $tag ends with status $status"
done
[ "$failures" = 0 ]
