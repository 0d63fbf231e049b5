#!/bin/sh
# <seccomp-syscalls.h> in every language, compiler and ABI that is at hand, and beside kernel headers older than it.
# Arguments: the directory of the generated header, and a file with CALL(NAME) for each name.
set -eu

include=$1
names=$(readlink -f "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
runs=0

fail()
{
	echo "FAIL: $*"
	failures=$((failures + 1))
}

cat >"$work/all.c" <<END
#define _SECCOMP_H
#include <asm/unistd.h>
#include <seccomp-syscalls.h>
#define CALL(name) __SNR_##name,
int numbers[] = {
#include "$names"
};
END
printf '#include <asm/unistd.h>\n#include <seccomp-syscalls.h>\n' >"$work/alone.c"
printf '#define _SECCOMP_H\n#include <asm/unistd.h>\n#include <seccomp-syscalls.h>\nint nr = __SNR_no_such_call;\n' >"$work/unknown.c"

# Whether a compiler with these options works at all here.
works()
{
	echo '#include <asm/unistd.h>' | "$@" -fsyntax-only -x c - 2>/dev/null
}

check_compiler()
{
	for language in 'c -std=c99' 'c -std=c11' 'c++ -std=c++98' 'c++ -std=c++17'; do
		runs=$((runs + 1))
		# shellcheck disable=SC2086
		"$@" -fsyntax-only -Wall -Wextra -Wundef -Werror -pedantic -I"$include" -x $language "$work/all.c" ||
			fail "$* -x $language"
	done
	if "$@" -fsyntax-only -I"$include" "$work/alone.c" 2>"$work/errors"; then
		fail "$*: compiles without <seccomp.h>"
	fi
	grep -q '#error' "$work/errors" || fail "$*: no #error without <seccomp.h>"
	if "$@" -fsyntax-only -I"$include" "$work/unknown.c" 2>/dev/null; then
		fail "$*: an unknown name compiles"
	fi
}

# What a name is where <asm/unistd.h> knows none. Arguments: name, wanted number, options of the preprocessor
without_header()
{
	mkdir -p "$work/old/asm"
	: >"$work/old/asm/unistd.h"
	name=$1
	want=$2
	shift 2
	sed '/^#define CALL/,$d' "$work/all.c" >"$work/old.c"
	echo "@__SNR_$name" >>"$work/old.c"
	runs=$((runs + 1))
	text=$(cc -E -P -undef -nostdinc "$@" -I"$work/old" -I"$include" "$work/old.c" | sed -n 's/^@//p')
	[ "$(($text))" = "$((want))" ] || fail "$name with $* and an old <asm/unistd.h> is $text, not $want"
}

for compiler in gcc clang; do
	for abi in '' -m64 -m32 -mx32; do
		# shellcheck disable=SC2086
		if works "$compiler" $abi; then
			check_compiler "$compiler" $abi
		else
			echo "skipped: $compiler $abi does not compile here"
		fi
	done
done

mips='-D__MIPSEL__ -D_ABIO32=1 -D_ABIN32=2 -D_ABI64=3'
# shellcheck disable=SC2086
{
	without_header mseal 462 -D__x86_64__
	without_header mseal 462 -D__aarch64__
	without_header mseal 0x400001ce -D__x86_64__ -D__ILP32__
	without_header mseal 4462 $mips -D_MIPS_SIM=1
	without_header mseal 6462 $mips -D_MIPS_SIM=2
	without_header mseal 5462 $mips -D_MIPS_SIM=3
	without_header open -10166 -D__aarch64__
	without_header socket -101 -D__i386__
	without_header breakpoint -10182 -D__i386__
	without_header breakpoint 0x0f0001 -D__ARM_NR_breakpoint=0x0f0001
	without_header cacheflush 0x0f0002 -D__ARM_NR_cacheflush=0x0f0002
	without_header cacheflush 123 -D__NR_cacheflush=123
}

[ "$runs" -gt 12 ] || fail "no compiler was tried"
[ "$failures" -eq 0 ]
