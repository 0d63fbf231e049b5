#!/bin/sh
# usage: test_static.sh INCLUDE BUILT LIBRARY.a... -- COMPILER...: a program that uses all static libraries links without any shared one, and runs.
# (32-bit x86 once lacked functions of the compiler's that all objects share.)
set -eu
include=$1 built=$2
shift 2
libraries=
while [ "$1" != -- ]; do
	libraries="$1 $libraries" # each uses those before it
	shift
done
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/x.c" <<'PROGRAM'
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/info.h>
#include <callgate/oci.h>
#include <callgate/strict.h>
#include <callgate/testing.h>

int main(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int calls[CALLGATE_STRICT_CALLS];

	if (seccomp_rule_add(ctx, SCMP_ACT_ERRNO(9), SCMP_SYS(getppid), 0) < 0 || !callgate_group_at(0) ||
	    callgate_strict_list(SCMP_ARCH_NATIVE, calls) < 0 || !callgate_profile_diagnosis(NULL) ||
	    !callgate_expect(ctx, "getppid", SCMP_ACT_ERRNO(9)))
		return 2;
	if (seccomp_load(ctx) < 0)
		return 3;
	seccomp_release(ctx);
	return syscall(SYS_getppid) == -1 ? 0 : 1;
}
PROGRAM
# shellcheck disable=SC2086 # words are meant to split
"$@" -static -I "$include" -I "$built" "$scratch/x.c" $libraries -o "$scratch/x"
"$scratch/x"
