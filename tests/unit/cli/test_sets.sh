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

[ "$("$callgate" syscalls --arch x86_64 @file-close)" = "$(printf '3\tclose\t2.6..4.0\n436\tclose_range\t5.9')" ] || fail "@file-close"
[ "$("$callgate" syscalls --arch s390x @file-close read)" = "$(printf '6\tclose\t2.4..4.0\n436\tclose_range\t5.9\n3\tread\t2.4..4.0')" ] || fail "two words"
# A set that contains others has their calls.
"$callgate" syscalls --arch x86_64 @process-end >"$dir/part"
"$callgate" syscalls --arch x86_64 @process >"$dir/whole"
[ -s "$dir/part" ] && [ -z "$(LC_ALL=C sort "$dir/whole" "$dir/whole" "$dir/part" | uniq -u)" ] || fail "@process lacks some of @process-end"
if "$callgate" syscalls @fil-close >"$dir/out" 2>&1; then
	fail "a set that is none"
fi
grep -q 'there is no set "@fil-close"; is "@file-close" meant?' "$dir/out" || fail "no word of the set that is meant"

# What a kernel has for certain, and bad versions.
"$callgate" syscalls --arch x86_64 --kernel 5.8 >"$dir/old"
grep -q "openat2" "$dir/old" || fail "openat2 is from Linux 5.6"
! grep -q "close_range" "$dir/old" || fail "close_range is from Linux 5.9"
! grep -q "never" "$dir/old" || fail "calls that no kernel has are not in Linux 5.8"
[ "$("$callgate" syscalls --arch x86_64 --kernel 5.8 @file-close)" = "$(printf '3\tclose\t2.6..4.0')" ] || fail "a set in Linux 5.8"
"$callgate" syscalls --arch mips clone3 | grep -qx "$(printf '4435\tclone3\t5.4')" || fail "clone3 on mips"
for version in 5 5.x 0.0 0.1 5.8.1 "" 999999.1; do
	if "$callgate" syscalls --kernel "$version" >"$dir/out" 2>&1; then
		fail "--kernel $version"
	fi
	grep -q "is not a version of Linux such as 5.10" "$dir/out" || fail "no word of --kernel $version"
done
if "$callgate" syscalls --arch x86_64 --kernel 5.8 close_range >"$dir/out" 2>&1; then
	fail "close_range with --kernel 5.8"
fi
grep -q 'close_range is newer than Linux 5.8, or may be: 5.9' "$dir/out" || fail "no word of close_range"
