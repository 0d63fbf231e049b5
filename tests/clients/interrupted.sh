#!/bin/sh
# usage: interrupted.sh CLIENT...
# A client test that is stopped in the middle, by whatever signal, leaves no process, no mount and no cgroup behind.
set -u
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
packages=${CLIENTS_PACKAGES:-/var/cache/callgate-clients}
failures=0
stopped=0
mark=mark-$$

# Whatever a test starts inherits the mark.
marked() {
	grep -lsz "^CLIENTS_MARK=$mark\$" /proc/[0-9]*/environ
}

# The shell that made the namespaces, its timer, unshare, the test proper, and what that has started.
is_running() {
	[ "$(marked | wc -l)" -ge 5 ]
}

wait_for() {
	for try in $(seq "$1"); do
		"$2" && return
		sleep 0.1
	done
	return 1
}

is_gone() {
	[ -z "$(marked)" ]
}

stop() {
	mounts=$(sort /proc/self/mounts | sha256sum)
	CLIENTS_MARK=$mark setsid "$here/$1.sh" >/dev/null 2>&1 &
	test=$!
	if ! wait_for 50 is_running; then
		wait "$test"
		[ $? = 77 ] && return
		echo "$1 ended before it could be stopped"
		return
	fi
	kill "-$2" "$test"
	wait "$test" 2>/dev/null
	stopped=$((stopped + 1))
	left=
	wait_for 50 is_gone || left=$(for process in $(marked); do tr '\0' ' ' <"${process%environ}cmdline"; done)
	cgroups=$(find /sys/fs/cgroup -depth -type d -name "callgate-clients-$test*" 2>/dev/null)
	[ "$mounts" = "$(sort /proc/self/mounts | sha256sum)" ] || left="$left (mounts differ)"
	if [ -n "$left$cgroups" ]; then
		failures=$((failures + 1))
		echo "not ok $1 leaves after SIG$2: $left $cgroups"
	else
		echo "ok $1 leaves nothing after SIG$2"
	fi
}

[ "$(id -u)" = 0 ] || {
	echo 'SKIP interrupted: only root can run client tests'
	exit 77
}
for client; do
	for signal in INT TERM HUP KILL; do stop "$client" "$signal"; done
done
[ "$stopped" -gt 0 ] || exit 77
[ "$failures" = 0 ]
