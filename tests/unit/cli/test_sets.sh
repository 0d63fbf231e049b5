#!/bin/sh
# usage: test_sets.sh CALLGATE MANUAL TABLE SUMS: `callgate syscalls` about sets, that the manual has the sets that there are, and that SUMS
# ("SET@VERSION SUM" lines) knows what is in each: what is once there never changes. Who changes a set gives it another version, and notes its sum here.
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
[ "$(head -n 1 "$dir/sets")" = "# edition $version" ] || fail "the version"
sed 1d "$dir/sets" | tr '\t' ' ' | LC_ALL=C sort >"$dir/lines"
grep '^@' "$table" | LC_ALL=C sort >"$dir/all"
cmp "$dir/lines" "$dir/all" || fail "not the sets of the table"
sed 's/^\(@[a-z-]*\)@[0-9]*/\1/' "$dir/all" | LC_ALL=C sort >"$dir/wanted"

# Without reasons, which may be said better.
for set in $(cut -d ' ' -f 1 "$dir/all"); do
	sum=$(awk -v set="$set" '/^@/ {on = $1 == set} on && /^[ \t]/ {sub(/:.*/, ""); for (i = 1; i <= NF; i++) print $i}' "$table" |
		LC_ALL=C sort | sha256sum | cut -d ' ' -f 1)
	grep -qx "$set $sum" "$sums" || fail "$set has other calls than it had, or is new: a new version needs a line '$set $sum' in $sums"
done
[ "$(wc -l <"$sums")" = "$(wc -l <"$dir/all")" ] || fail "a version is gone"

# The manual's table: "*@name*", and the purpose behind it.
sed -n 's/^\(\[\[\|| \) \*\(@[a-z-]*\)\*$/\2/p; t name; d; :name; n; s/^:[< ] *//p' "$manual" | paste -d ' ' - - >"$dir/manual"
cmp "$dir/manual" "$dir/wanted" || fail "the manual has other sets: $(diff "$dir/manual" "$dir/wanted")"
grep -q "is edition $version " "$manual" || fail "the manual is of another edition than $version"

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

# Versions, reasons and differences.
[ "$("$callgate" syscalls --arch x86_64 @file-close@1)" = "$("$callgate" syscalls --arch x86_64 @file-close)" ] || fail "@file-close@1"
[ "$("$callgate" syscalls --arch x86_64 --set @file-close@1)" = "$(printf '3\tclose\t2.6..4.0\tone, or many\n436\tclose_range\t5.9\tone, or many')" ] ||
	fail "--set @file-close@1"
"$callgate" syscalls --arch x86_64 --set @file@1 | awk -F '\t' '$4 == "" {exit 1}' || fail "a call without a reason"
"$callgate" syscalls --set @file-read@1 --against @file-read >"$dir/out" || fail "a set differs from itself"
[ ! -s "$dir/out" ] || fail "a difference to itself"
status=0
"$callgate" syscalls --set @process-start@1 --against @process-end@1 >"$dir/out" || status=$?
[ $status = 1 ] || fail "exit status $status for a difference"
grep -qxe "$(printf -- '- fork\tprocesses and threads')" "$dir/out" && grep -qxe "$(printf -- '+ wait4\twaits for the end of children')" "$dir/out" || fail "the difference"
status=0
"$callgate" syscalls --set @file-read@1 --against @file-read@7 >"$dir/out" 2>&1 || status=$?
[ $status = 2 ] && grep -q 'there is no set "@file-read@7"; the newest version is "@file-read@1"' "$dir/out" || fail "no word of a version that is none"
for wrong in "--against @file-read@1" "--set @file-read@1 read" "--set @file-read@0" "--set @file-read@" "--set @file-read@1x"; do
	if "$callgate" syscalls $wrong >"$dir/out" 2>&1; then
		fail "syscalls $wrong"
	fi
done

# How the table is read: a second version is the first one, with calls that join and leave it, and the first one stays.
generate=${table%/data/*}/gen.py
printf 'version 3\n@a@1 what a is\n\tread write: bytes\n@b@1 what b is\n\t@a@1\n\topen: names\n@a@2 what a is\n\t@a@1\n\tpread64: bytes at a place\n\t- write: it writes\n' >"$dir/sets.tbl"
python3 "$generate" groups "$dir/sets.tbl" "$dir/sets.c" || fail "a second version"
tr -d '\n\t' <"$dir/sets.c" >"$dir/line"
for wanted in 'group_a_1\[\] = {"read","write",NULL' 'group_a_2\[\] = {"pread64","read",NULL' 'reasons_a_2\[\] = {"bytes at a place","bytes",NULL' \
	'group_b_1\[\] = {"open","read","write",NULL' '{{"a", "what a is", group_a_1}, 1, 2, reasons_a_1},{{"a", "what a is", group_a_2}, 2, 2, reasons_a_2},{{"b"'; do
	grep -q "$wanted" "$dir/line" || fail "the table of versions lacks $wanted"
done
for wrong in '@a@1 a\n\tread\n' '@a@2 a\n\tread: x\n' '@a@1 a\n\tread: x\n@a@1 a\n\tread: x\n' '@a@1 a\n\t@a@1\n' '@a@1 a\n\t@b@1\n' '@a a\n\tread: x\n' '@a@1 a\n\t- read: x\n'; do
	printf "version 1\n$wrong" >"$dir/sets.tbl"
	if python3 "$generate" groups "$dir/sets.tbl" "$dir/sets.c" 2>"$dir/out"; then
		fail "a table with $wrong"
	fi
	grep -q "@\|read" "$dir/out" || fail "no word of $wrong"
done

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
