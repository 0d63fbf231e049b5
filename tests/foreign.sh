#!/bin/sh
# usage: tests/foreign.sh [MACHINE...]
#
# As root on Debian, on a machine that is only for this (tests/roots.sh 12 foreign makes a root for it), as compilers for other machines
# can't be installed beside gcc-multilib: builds callgate for each MACHINE with Debian's cross compiler, runs the tests that simulate and
# prove there, under qemu-user, and then has callgate there and here compile every profile and policy of the tree for every architecture,
# and run every test file: what they print and the bytes that they write are the same. Default: s390x ppc64 armhf mips.
set -eu
cd "$(dirname "$0")/.."

machines="s390x ppc64 armhf mips"
case ${1-} in
-h | --help)
	sed -n '2,7s/^# \{0,1\}//p' tests/foreign.sh
	exit 0
	;;
?*) machines=$* ;;
esac

# machine NAME: sets triplet, libc, family, cpu, endian, emulator, and which tests are left out.
machine()
{
	case $1 in
	s390x) set -- s390x-linux-gnu s390x s390x s390x big s390x ;;
	ppc64) set -- powerpc64-linux-gnu ppc64 ppc64 ppc64 big ppc64 ;;
	armhf) set -- arm-linux-gnueabihf armhf arm armv7 little arm ;;
	mips) set -- mips-linux-gnu mips mips mips big mips ;;
	*)
		echo "foreign: there is no machine \"$1\"; there are s390x, ppc64, armhf and mips" >&2
		exit 2
		;;
	esac
	left_out=
	# The kernel's header has two names for call 341 there, of which the tables, as libseccomp's, have one.
	[ "$2" != armhf ] || left_out="arch-values arch-host"
	triplet=$1 libc=$2 family=$3 cpu=$4 endian=$5 emulator=$6
}

# What is left out. qemu-user passes neither seccomp(2) nor PR_SET_SECCOMP on, so that the library finds a kernel without filters; tests
# that simulate don't mind (support/simulated.h).
#   arch-header, arch-native  compile for many machines, with the compilers that are here
#   compile-memory            has the heap of a 64-bit machine with the numbers of x86_64 as its limit
#   sandbox-plugin-files      opens files with openat2(2), which this qemu does not know
#   sandbox-plugin-filter     looks at the filters that plugins get on this kernel
#   testing-example           is an example that takes the kernel as it is, as users' programs do
not_here="arch-header arch-native compile-memory sandbox-plugin-files sandbox-plugin-filter testing-example"

packages="gcc libc6-dev meson ninja-build pkg-config python3 qemu-user"
for name in $machines; do
	machine "$name"
	packages="$packages gcc-$triplet libc6-dev-$libc-cross"
done
# shellcheck disable=SC2086 # words are meant to split
sh tests/setup.sh $packages

# configure FOLDER OPTION...: a build there, made or as it was.
configure()
{
	folder=$1
	shift
	[ -f "$folder/build.ninja" ] || meson setup "$folder" -Dwerror=true -Ddocs=disabled -Dformal=disabled "$@"
	ninja -C "$folder"
}

cross_file()
{
	cat <<END
[binaries]
c = '$triplet-gcc'
ar = '$triplet-gcc-ar'
strip = '$triplet-strip'
exe_wrapper = ['qemu-$emulator', '-L', '/usr/$triplet']
[properties]
needs_exe_wrapper = true
[host_machine]
system = 'linux'
cpu_family = '$family'
cpu = '$cpu'
endian = '$endian'
END
}

# answers COMMAND...: what callgate, run by COMMAND, answers about all files of the tree, and a digest of what it writes, a line each.
answers()
{
	for file in examples/*.json examples/profiles/*.json examples/policies/*.policy src/cli/data/*.json tests/fuzz/corpus/profile/*; do
		for arch in $architectures; do
			for format in bpf pfc; do
				status=0
				"$@" compile --profile "$file" --machine "$arch" --kernel 6.6 --cap none --format "$format" >build/foreign/written 2>&1 || status=$?
				echo "compile $file $arch $format: $status $(sha256sum <build/foreign/written)"
			done
		done
	done
	# Live tests are this kernel's.
	for file in examples/*.test examples/policies/*.test examples/profiles/*.test tests/fuzz/corpus/testfile/*; do
		sed '/^live:/d' "$file" >"${file%/*}/simulated.test"
		status=0
		"$@" test "${file%/*}/simulated.test" >build/foreign/written 2>&1 || status=$?
		rm "${file%/*}/simulated.test"
		echo "test $file: status $status"
		cat build/foreign/written
	done
}

mkdir -p build/foreign
export CK_TIMEOUT_MULTIPLIER=10
status=0
configure build/foreign/native -Dtests=disabled
callgate=build/foreign/native/src/cli/callgate
architectures=$($callgate compile --profile examples/chmod.json --machine none 2>&1 | sed -n 's/.*; there are //p' | tr -d ,)
answers $callgate >build/foreign/native.txt

for name in $machines; do
	machine "$name"
	build=build/foreign/$name
	cross_file >"$build.ini"
	configure "$build" --cross-file "$build.ini" -Dtests=enabled -Down_check=true
	tests=$(meson test -C "$build" --no-rebuild --list --suite unit --suite property 2>/dev/null | sed -n 's#^callgate:[a-z]* / ##p')
	for test in $not_here $left_out; do
		tests=$(echo "$tests" | grep -vx "$test")
	done
	# shellcheck disable=SC2086 # words are meant to split
	meson test -C "$build" --print-errorlogs --no-rebuild --timeout-multiplier 10 $tests || status=1
	answers "qemu-$emulator" -L "/usr/$triplet" "$build/src/cli/callgate" >"$build.txt"
	if cmp -s build/foreign/native.txt "$build.txt"; then
		echo "foreign: $name: all $(grep -c ^compile "$build.txt") programs and texts are those of this machine"
	else
		diff build/foreign/native.txt "$build.txt" | head -40
		echo "foreign: $name answers otherwise than this machine"
		status=1
	fi
done
exit "$status"
