#!/bin/sh
# usage: test_symbols.sh LIBRARY.so SONAME LIST [OTHER-LIBRARY...]: the library defines the functions in LIST and nothing else, it needs libc and
# libraries of this project alone, no thread-local storage that a dlopen() could lack, and no OTHER-LIBRARY defines a function of LIST too. With UPDATE=1 LIST is written anew,
# and packaging/debian/*.symbols get what they lack.
set -eu
library=$1 soname=$2 list=$3
shift 3
symbols()
{
	nm -D --defined-only "$1" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort
}
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
symbols "$library" >"$scratch"
if [ "${UPDATE:-0}" != 0 ]; then
	cp "$scratch" "$list"
	tests=$(dirname "$0")/..
	"$tests/hygiene/packaging.py" "$tests/.." --update
fi
failures=0
fail()
{
	echo "$(basename "$library"): $*"
	failures=1
}

diff "$list" "$scratch" || fail "the symbols differ from those in $list (<: in the list)"
others=$(nm -D --defined-only "$library" | awk '$2 != "T" && $2 != "A"')
[ -z "$others" ] || fail "only functions are exported: $others"
needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -Ev '^(libc\.so\.6|ld-linux.*|libjansson\.so.*|libcallgate.*\.so\.1)$' || true)
[ -z "$needed" ] || fail "needs: $needed"
! readelf -d "$library" | grep -q STATIC_TLS || fail "has thread-local storage of the initial-exec model"
readelf -d "$library" | grep SONAME | grep -qF "[$soname]" || fail "the SONAME is not $soname"
for other; do
	twice=$(symbols "$other" | grep -xFf "$list" || true)
	[ -z "$twice" ] || fail "$(basename "$other") defines too: $twice"
done
exit "$failures"
