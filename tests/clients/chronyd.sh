#!/bin/sh
# chronyd, an allow-list with argument rules whose default action kills.
. "$(dirname "$0")/common.sh"
needs chronyd
needs_remote

# Without a port, a command port or the right to set the clock: all that is wanted of it is that it lives.
start_chronyd() {
	printf 'port 0\ncmdport 0\npidfile %s/chronyd.pid\n' "$work" >"$work/chrony.conf"
	chronyd -d -x -u root -F 1 -f "$work/chrony.conf" >"$work/chronyd.log" 2>&1 &
	daemon=$!
	until_true 20 grep -q 'Loaded seccomp filter' "$work/chronyd.log" || {
		cat "$work/chronyd.log"
		give_up 'chronyd does not start'
	}
	expect_filtered "$daemon"
}

start_chronyd
inspected chronyd "$daemon"
expect 'an allowed call' 'returned 0' "$(called "$daemon" getuid)"
expect 'an allowed argument' 'returned' "$(called "$daemon" socket 1 1 0 | cut -d ' ' -f 1)"
expect 'a denied call' 'signal SIGSYS' "$(called "$daemon" mount 0 0 0 0 0)"
expect 'the denied call has ended it' 'gone' "$([ -d "/proc/$daemon" ] || echo gone)"
start_chronyd
expect 'a denied argument' 'signal SIGSYS' "$(called "$daemon" socket 40 1 0)"
finish
