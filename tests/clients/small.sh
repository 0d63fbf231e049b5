#!/bin/sh
# Small programs that confine themselves, or only look names up.
. "$(dirname "$0")/common.sh"
needs ctags scmp_sys_resolver
needs_remote

resolved() {
	limited scmp_sys_resolver "$@" 2>&1
}

expect 'a name' "$("$CLIENTS_TOOLS/probe" --number openat)" "$(resolved openat)"
expect 'a name on another architecture' 56 "$(resolved -a aarch64 openat)"
expect 'a number on another architecture' openat "$(resolved -a aarch64 56)"
expect 'a multiplexed name' -101 "$(resolved -a x86 socket)"
expect 'the call that multiplexes it' 102 "$(resolved -a x86 -t socket)"

printf 'int example(void)\n{\n\treturn 0;\n}\n' >"$work/example.c"
request="{\"command\": \"generate-tags\", \"filename\": \"example.c\", \"size\": $(wc -c <"$work/example.c")}"
{
	echo "$request"
	cat "$work/example.c"
} >"$work/request"
# shellcheck disable=SC2016 # the inner shell's
witnessed ctags sh -c 'exec ctags --_interactive=sandbox <"$1"' sh "$work/request"
expect 'ctags in its sandbox' 0 "$witnessed_status"
expect_line 'the tag' '"name": "example"' "$(cat "$work/output")"

# start_ctags: one that waits for a request, in its sandbox already.
start_ctags() {
	rm -f "$work/requests"
	mkfifo "$work/requests"
	ctags --_interactive=sandbox <"$work/requests" >"$work/ctags.log" 2>&1 &
	daemon=$!
	exec 8>"$work/requests"
	until_true 5 grep -q '^Seccomp:.*2$' "/proc/$daemon/status"
	expect_filtered "$daemon"
}

start_ctags
expect 'an allowed call' 'failed: EFAULT' "$(called "$daemon" statx -1 0 0 0 0)"
expect 'a denied call' 'signal SIGSYS' "$(called "$daemon" mount 0 0 0 0 0)"
exec 8>&-
finish
