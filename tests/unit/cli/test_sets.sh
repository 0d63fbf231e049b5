#!/bin/sh
# usage: test_sets.sh CALLGATE MANUAL TABLE SUMS: `callgate syscalls` about sets, that the manual has the sets that there are, and that SUMS
# ("VERSION SUM" lines) knows what is in them: who changes the table has to give it another version, and to note its sum here.
set -eu
callgate=$1 manual=$2 table=$3 sums=$4
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "FAILED: $*"
	exit 1
}
"$callgate" syscalls --sets >"$dir/sets"
version=$(sed -n 's/^version //p' "$table")
[ "$(head -n 1 "$dir/sets")" = "# version $version" ] || fail "the version"
sed 1d "$dir/sets" | tr '\t' ' ' >"$dir/lines"
grep '^@' "$table" | LC_ALL=C sort >"$dir/wanted"
cmp "$dir/lines" "$dir/wanted" || fail "not the sets of the table"

sum=$(awk '/^@/ {set = $1} /^[ \t]/ {for (i = 1; i <= NF; i++) print set, $i}' "$table" | LC_ALL=C sort | sha256sum | cut -d ' ' -f 1)
grep -qx "$version $sum" "$sums" || fail "the sets are not those of version $version; another version needs a line '$((version + 1)) $sum' in $sums"

# The manual's table: "*@name*", and the purpose behind it.
sed -n 's/^\(\[\[\|| \) \*\(@[a-z-]*\)\*$/\2/p; t name; d; :name; n; s/^:[< ] *//p' "$manual" | paste -d ' ' - - >"$dir/manual"
cmp "$dir/manual" "$dir/wanted" || fail "the manual has other sets: $(diff "$dir/manual" "$dir/wanted")"
grep -q "is version $version\." "$manual" || fail "the manual is of another version than $version"

[ "$("$callgate" syscalls --arch x86_64 @file-close)" = "$(printf '3\tclose\n436\tclose_range')" ] || fail "@file-close"
[ "$("$callgate" syscalls --arch s390x @file-close read)" = "$(printf '6\tclose\n436\tclose_range\n3\tread')" ] || fail "two words"
# A set that contains others has their calls.
"$callgate" syscalls --arch x86_64 @process-end >"$dir/part"
"$callgate" syscalls --arch x86_64 @process >"$dir/whole"
[ -s "$dir/part" ] && [ -z "$(LC_ALL=C sort "$dir/whole" "$dir/whole" "$dir/part" | uniq -u)" ] || fail "@process lacks some of @process-end"
if "$callgate" syscalls @fil-close >"$dir/out" 2>&1; then
	fail "a set that is none"
fi
grep -q 'there is no set "@fil-close"; is "@file-close" meant?' "$dir/out" || fail "no word of the set that is meant"
