#!/bin/sh
# usage: tests/run.sh [--help] [--clients] [--clang] [--narrow] [--lto] [--optimize LEVEL] [--release] [--sanitize] [--sanitize-memory] [--sanitize-threads] [--strict] [--long] [MESON-TEST-ARGUMENT...]
#
# Installs what the tests need, builds, and runs all tests; on a fresh Debian machine this is the only command.
#   --clients    instead, the suite of real programs on the drop-in libseccomp.so.2 (installs them; needs root)
#   --clang      build with clang instead of gcc
#   --narrow     build the library and its own tests for 32-bit x86, and run those; they need nothing of that architecture but libc
#   --lto        build with optimisation at link time
#   --optimize   build with -O0, -O1, -O2 or -O3, as LEVEL says
#   --release    build with more optimisation and without assertions
#   --sanitize   build with AddressSanitizer and UndefinedBehaviorSanitizer
#   --sanitize-memory, --sanitize-threads
#                build with clang's MemorySanitizer, or with ThreadSanitizer; both know only what they built, so that the tests are
#                built as with --narrow, without libcheck
#   --strict     take a compiler's warning for an error, as changes to callgate must have none
#   --long       give random and exhaustive tests ten times the usual work, or CALLGATE_LONG times
# The build is in build/<variant> beside this folder; a second run only builds what has changed.
set -eu
cd "$(dirname "$0")/.."

variant=gcc compiler=gcc clients=false sanitize=none strict=false type=debugoptimized level='' lto=false own_check=false slow=10
while [ $# -gt 0 ]; do
	case $1 in
	--clients) clients=true variant=clients ;;
	--clang) compiler=clang variant=clang ;;
	--lto) lto=true variant=lto ;;
	--narrow) compiler="gcc -m32" variant=narrow own_check=true ;;
	--sanitize) sanitize=address,undefined ;;
	--sanitize-memory) sanitize=memory compiler=clang variant=memory own_check=true ;;
	--sanitize-threads) sanitize=thread variant=threads own_check=true ;;
	--strict) strict=true ;;
	--optimize) level=$2 variant=gcc-O$2 && shift ;;
	--release) type=release variant=release ;;
	--long)
		export CALLGATE_LONG="${CALLGATE_LONG:-10}"
		slow=$((10 * CALLGATE_LONG))
		;;
	-h | --help)
		sed -n '2,18s/^# \{0,1\}//p' tests/run.sh
		exit 0
		;;
	*) break ;;
	esac
	shift
done
[ "$sanitize" = none ] || variant=$variant-sanitize
build=build/$variant

packages="gcc g++ clang libclang-rt-dev libc6-dev make meson ninja-build pkg-config python3 check libjansson-dev libmd-dev cmake scdoc man-db groff-base busybox-static binutils musl-tools"
[ "$(uname -m)" != x86_64 ] || packages="$packages gcc-multilib" # for calls from 32-bit programs, and --narrow
# shellcheck disable=SC2086 # words are meant to split
sh tests/setup.sh $packages
if $clients; then
	bash tests/clients/install.sh
fi

options="-Dtests=enabled -Ddocs=enabled -Ddrop_in=true -Dclients=$clients -Dwerror=$strict -Db_sanitize=$sanitize -Dbuildtype=$type -Db_lto=$lto -Down_check=$own_check"
[ "$sanitize" = none ] || options="$options -Db_lundef=false"
[ -z "$level" ] || options="$options -Doptimization=$level"
# The verified checker is the same in every variant.
[ "$variant" = gcc ] || options="$options -Dformal=disabled"
! $own_check || options="$options -Ddocs=disabled"
if [ -f "$build/build.ninja" ]; then
	# shellcheck disable=SC2086
	meson configure "$build" $options >/dev/null
else
	# shellcheck disable=SC2086
	CC=$compiler meson setup "$build" $options
fi
ninja -C "$build"
if $clients; then
	set -- --suite clients "$@"
fi
# The time limits end what hangs; a slow or busy machine must not fail a test.
export CK_TIMEOUT_MULTIPLIER=$slow
status=0
rm -f "$build/meson-logs/testlog.json"
# Where addresses are very random, older sanitizers of memory and threads need them less so.
placed=
case $sanitize in memory | thread) ! setarch -R true 2>/dev/null || placed="setarch -R" ;; esac
[ "$sanitize" != memory ] || export LD_PRELOAD="$PWD/$build/tests/libkernel-writes.so"
$placed meson test -C "$build" --print-errorlogs --no-rebuild --timeout-multiplier "$slow" "$@" || status=$?
# What was skipped says why in its output, which meson does not show.
python3 tests/skipped.py "$build/meson-logs/testlog.json"
exit "$status"
