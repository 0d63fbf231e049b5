#!/bin/sh
# QEMU, a deny-list with four groups; calls are killed, made to fail, or denied by their arguments.
. "$(dirname "$0")/common.sh"
needs qemu-system-x86_64
needs_remote

start_qemu() {
	qemu-system-x86_64 -S -machine none -display none -nodefaults -pidfile "$work/qemu.pid" \
		-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \
		>"$work/qemu.log" 2>&1 &
	daemon=$!
	until_true 20 test -s "$work/qemu.pid" || {
		cat "$work/qemu.log"
		give_up 'qemu does not start'
	}
	expect_filtered "$daemon"
}

start_qemu
inspected qemu "$daemon"
expect 'a call of no group' 'returned 0' "$(called "$daemon" getuid)"
expect 'a call made to fail' 'failed: ENOSYS' "$(called "$daemon" clone3 0 0)"
expect 'an allowed argument' 'failed: EINVAL' "$(called "$daemon" sched_setscheduler 0 5 0)"
expect 'a denied argument' 'failed: EPERM' "$(called "$daemon" sched_setscheduler 0 1 0)"
expect 'a denied call' 'signal SIGSYS' "$(called "$daemon" execve 0 0 0)"
expect 'the denied call has ended it' gone "$([ -d "/proc/$daemon/task" ] || echo gone)"
finish
