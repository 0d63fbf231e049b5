#!/bin/sh
# usage: test_symbols.sh LIBSECCOMP.so: the drop-in defines the interface's 38 functions, callgate_*, and nothing else.
set -eu
names="api_get api_set arch_add arch_exist arch_native arch_remove arch_resolve_name attr_get attr_set export_bpf
export_bpf_mem export_pfc init load merge notify_addfd notify_alloc notify_fd notify_free notify_id_valid notify_receive
notify_respond precompute release reset rule_add rule_add_array rule_add_exact rule_add_exact_array syscall_priority
syscall_resolve_name syscall_resolve_name_arch syscall_resolve_name_rewrite syscall_resolve_num_arch transaction_commit
transaction_reject transaction_start version"
expected=$(for name in $names; do echo "seccomp_$name"; done | sort)
defined=$(nm -D --defined-only "$1" | awk '{ print $3 }' | sort)
actual=$(echo "$defined" | grep -v '^callgate_')
if [ "$expected" != "$actual" ]; then
	echo "the symbols differ:"
	echo "$expected" >"${TMPDIR:-/tmp}/expected.$$"
	echo "$actual" | diff "${TMPDIR:-/tmp}/expected.$$" - || true
	rm -f "${TMPDIR:-/tmp}/expected.$$"
	exit 1
fi
if nm -D --defined-only "$1" | awk '$2 != "T"' | grep .; then
	echo "only functions are exported"
	exit 1
fi
needed=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
if [ "$needed" != libc.so.6 ]; then
	echo "needs: $needed"
	exit 1
fi
readelf -d "$1" | grep -q 'SONAME.*\[libseccomp\.so\.2\]'
