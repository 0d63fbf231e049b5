#!/bin/sh
# usage: test_resolver.sh RESOLVER: names and numbers, of this machine and others; and what is no command line. Where libseccomp's own tool is
# installed, both say the same.
set -u
resolver=$1
failures=0
expect() { # STATUS OUTPUT ARGUMENT...
	status=$1 output=$2
	shift 2
	found=$("$resolver" "$@" 2>/dev/null) && code=0 || code=$?
	if [ "$code" != "$status" ] || [ "$found" != "$output" ]; then
		echo "scmp_sys_resolver $*: status $code, '$found', not $status, '$output'"
		failures=1
	fi
	peer=/usr/bin/scmp_sys_resolver
	[ "$status" = 0 ] && [ -z "${OWN:-}" ] && [ -x "$peer" ] && ! readlink -f "$peer" | grep -q callgate || return 0
	theirs=$(env -u LD_LIBRARY_PATH "$peer" "$@") # with its own library, not the one under test
	[ "$theirs" = "$output" ] || {
		echo "scmp_sys_resolver $*: libseccomp's says '$theirs', not '$output'"
		failures=1
	}
}

expect 0 0 -a x86_64 read
expect 0 read -a x86_64 0
expect 0 257 -a x86_64 openat
expect 0 -101 -a x86 socket
expect 0 102 -t -a x86 socket
expect 0 socket -a x86 -- -101
expect 0 1073741826 -a x32 open
expect 0 4005 -a mips open
expect 0 117 -a s390x -t semctl
expect 0 open -a arm -t 5
expect 0 -1 no_such_call
expect 0 -1 ''
expect 0 UNKNOWN -a x86_64 99999
expect 0 UNKNOWN -- -1
expect 0 5 open -a x86
OWN=1
expect 0 'open' -a x86_64 0x2
expect 0 -1 2abc
expect 0 'usage: scmp_sys_resolver [-h] [-a ARCH] [-t] NAME|NUMBER' -h
expect 22 ''
expect 22 '' -a nope open
expect 22 '' -a X86 open
expect 22 '' -x open
expect 22 '' -a
expect 22 '' open close
"$resolver" -a nope open 2>&1 | grep -q 'unknown architecture: nope' || failures=1
"$resolver" open >/dev/full 2>/dev/null && failures=1
exit "$failures"
