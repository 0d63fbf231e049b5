#!/bin/sh
# systemd's own test of what it makes of its sandboxing options: it loads each filter in a child, and makes allowed and denied
# calls there.
. "$(dirname "$0")/common.sh"
tests=$packages/usr/lib/systemd/tests/test-seccomp
[ -x "$tests" ] || skip 'systemd-tests is not unpacked (tests/clients/install.sh does that)'
ldd "$tests" | grep -q 'not found' && skip "$(ldd "$tests" | grep 'not found' | head -n 1)"

expect 'without a tracer the test passes' 0 "$(limited "$tests" >"$work/alone" 2>&1 && echo 0 || tail -n 3 "$work/alone")"
for part in restrict_suid_sgid native_syscalls_filtered load_syscall_filter_set_raw restrict_archs memory_deny_write_execute_mmap \
	restrict_realtime restrict_address_families protect_syslog protect_sysctl restrict_namespace filter_sets; do
	expect_line "$part was tested" "test_$part \*/" "$(cat "$work/alone")"
done
expect 'nothing is said to be missing' '' "$(grep -i 'seccomp not available' "$work/alone")"

witnessed load "$tests"
expect_line 'many filters were loaded' '^[0-9]{2,}$' "$(wc -l <"$work/filters/load/log")"
finish
