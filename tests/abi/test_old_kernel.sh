#!/bin/sh
# usage: test_old_kernel.sh INCLUDE BUILT SIZES.c: <seccomp.h> beside the headers of an older kernel and C library, which know nothing of notifications nor of
# some machines: it defines what they lack, and what programs have compiled in is the same.
set -eu
include=$1 built=$2 sizes=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/linux"

# What Linux 4.13 has of it.
cat >"$work/linux/seccomp.h" <<'HEADER'
#pragma once
#include <linux/types.h>
#define SECCOMP_RET_KILL 0x00000000U
#define SECCOMP_RET_ALLOW 0x7fff0000U
struct seccomp_data {
	int nr;
	__u32 arch;
	__u64 instruction_pointer;
	__u64 args[6];
};
HEADER

# The header of today without some of its names.
without() { # header name...
	header=$1
	shift
	{
		echo "#include_next <$header>"
		for name; do echo "#undef $name"; done
	} >"$work/$header"
}
without elf.h EM_AARCH64 EM_LOONGARCH EM_MIPS EM_RISCV
without linux/audit.h EM_AARCH64 EM_LOONGARCH EM_MIPS EM_RISCV __AUDIT_ARCH_CONVENTION_MIPS64_N32 AUDIT_ARCH_AARCH64 \
	AUDIT_ARCH_LOONGARCH64 AUDIT_ARCH_MIPS AUDIT_ARCH_MIPS64 AUDIT_ARCH_MIPS64N32 AUDIT_ARCH_MIPSEL64N32 AUDIT_ARCH_PPC64LE \
	AUDIT_ARCH_RISCV64

tried=0
for compiler in gcc clang; do
	command -v "$compiler" >/dev/null || continue
	tried=$((tried + 1))
	"$compiler" -std=c11 -Wall -Wextra -Werror -isystem "$work" -I "$include" -I "$built" -fsyntax-only "$sizes" || {
		echo "$compiler: <seccomp.h> is another with old headers"
		exit 1
	}
	# It is the headers above that were read.
	if printf '#include <linux/seccomp.h>\nint x = SECCOMP_RET_USER_NOTIF;\n' |
		"$compiler" -isystem "$work" -fsyntax-only -x c - 2>/dev/null; then
		echo "$compiler does not read the old headers"
		exit 1
	fi
done
[ "$tried" -gt 0 ]
