#!/bin/sh
# Which architecture the generated tables take for native, for every target: what its compiler predefines says it.
# Arguments: the generated tables.c, the directory of the sources, architectures.tbl.
set -eu

tables=$1
sources=$2
architectures=$3
failures=0

# Arguments: the wanted architecture, the compiler's options
check()
{
	want=$1
	shift
	position=$(clang "$@" -E -P -ffreestanding -I"$sources" "$tables" 2>/dev/null |
		sed -n 's/.*arch_native_position = \([0-9]*\);.*/\1/p')
	got=
	if [ -n "$position" ]; then # the first line of words names the columns
		got=$(sed '/^#/d;/^$/d' "$architectures" | sed -n "$((position + 2))s/ .*//p")
	fi
	if [ "$got" != "$want" ]; then
		echo "FAIL: with $* native is '$got', not '$want'"
		failures=$((failures + 1))
	fi
}

# For targets that clang does not know: what their gcc predefines.
without_target()
{
	want=$1
	shift
	check "$want" -undef -D__SIZEOF_POINTER__=8 "$@"
}

command -v clang >/dev/null || {
	echo 'skipped: no clang, which knows other targets'
	exit 77
}

check x86 -target i686-linux-gnu
check x86_64 -target x86_64-linux-gnu
check x32 -target x86_64-linux-gnux32
check arm -target armv7-linux-gnueabihf
check aarch64 -target aarch64-linux-gnu
check mips -target mips-linux-gnu
check mipsel -target mipsel-linux-gnu
check mips64 -target mips64-linux-gnuabi64
check mipsel64 -target mips64el-linux-gnuabi64
check mips64n32 -target mips64-linux-gnuabin32
check mipsel64n32 -target mips64el-linux-gnuabin32
check ppc -target powerpc-linux-gnu
check ppc64 -target powerpc64-linux-gnu
check ppc64le -target powerpc64le-linux-gnu
check riscv64 -target riscv64-linux-gnu
check s390x -target s390x-linux-gnu
big='-D__ORDER_LITTLE_ENDIAN__=1234 -D__ORDER_BIG_ENDIAN__=4321 -D__BYTE_ORDER__=4321'
little='-D__ORDER_LITTLE_ENDIAN__=1234 -D__ORDER_BIG_ENDIAN__=4321 -D__BYTE_ORDER__=1234'
# shellcheck disable=SC2086
{
	without_target loongarch64 $little -D__loongarch__ -D__loongarch_grlen=64
	without_target m68k $big -D__m68k__
	without_target parisc $big -D__hppa__
	without_target parisc64 $big -D__hppa__ -D__hppa64__
	without_target s390 $big -D__s390__
	without_target sheb $big -D__sh__
	without_target sh $little -D__sh__
	# Byte orders of a target that have no line must not pass for the other one.
	without_target '' $big -D__arm__ -D__ARMEB__
	without_target '' $big -D__aarch64__ -D__AARCH64EB__
}

[ "$failures" -eq 0 ]
