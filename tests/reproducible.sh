#!/bin/sh
# usage: tests/reproducible.sh: builds the tree twice, as a release, in folders of other names, with another time, locale,
# umask and number of jobs, and compares everything that is installed, byte by byte. Prints the first difference, by diffoscope if there is one.
set -eu
cd "$(dirname "$0")/.."
source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=$(git -c safe.directory='*' log -1 --format=%ct 2>/dev/null || echo 1700000000)
export SOURCE_DATE_EPOCH CCACHE_DISABLE=1

# build FOLDER JOBS
build()
{
	folder=$1
	mkdir -p "$folder/tree"
	git -c safe.directory='*' ls-files -z | xargs -0 cp --parents -t "$folder/tree"
	cd "$folder/tree"
	meson setup build --prefix=/usr --buildtype=release -Ddrop_in=true -Dtests=disabled -Dexamples=false
	ninja -C build -j "$2"
	DESTDIR=$folder/installed meson install -C build --no-rebuild
	cd "$source"
}
# shellcheck disable=SC2031 # each has its own
{
	(umask 022 && TZ=UTC LC_ALL=C && export TZ LC_ALL && build "$work/a" 1) >"$work/log" 2>&1 &&
		(umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 && export TZ LC_ALL && build "$work/another-folder/of-a-longer-name" 3) >"$work/log" 2>&1
} || {
	tail -30 "$work/log"
	exit 1
}
first=$work/a/installed second=$work/another-folder/of-a-longer-name/installed
count=$(find "$first" -type f | wc -l)
[ "$count" -gt 100 ] || {
	echo "reproducible: only $count files are installed"
	exit 1
}
if diff -r --no-dereference "$first" "$second" >"$work/differences"; then
	echo "reproducible: $count files are the same"
	exit 0
fi
cat "$work/differences"
file=$(sed -n "s/^Binary files $(echo "$work" | sed 's,/,\\/,g')\/a\/installed\/\(.*\) and .*/\1/p" "$work/differences" | head -n 1)
[ -z "$file" ] || ! command -v diffoscope >/dev/null || diffoscope "$first/$file" "$second/$file" | head -n 60
exit 1
