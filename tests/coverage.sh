#!/bin/sh
# usage: tests/coverage.sh [--branches] [--figures FILE]: which lines and branches of the core rooms the fast tests execute, in a build without assertions. Prints a
# table, and the lines that no test reaches; those that coverage.txt does not give a reason for are a failure. --branches lists the branches too.
set -eu
cd "$(dirname "$0")/.."
case ${1-} in
-h | --help)
	sed -n '2,3s/^# //p' tests/coverage.sh
	exit 0
	;;
esac
build=build/coverage
options="-Dtests=enabled -Ddocs=disabled -Ddrop_in=true -Dformal=disabled -Db_coverage=true -Db_ndebug=true -Dbuildtype=debug -Doptimization=0"
mkdir -p build
gcc -c -O1 -fPIC -o build/coverage-exit.o tests/support/coverage_exit.c
# shellcheck disable=SC2086 # words are meant to split
[ -f $build/build.ninja ] || CC=gcc meson setup $build $options "-Dc_link_args=--coverage -Wl,--wrap=_exit $PWD/build/coverage-exit.o"
ninja -C $build
find $build -name '*.gcda' -delete
# Processes that die by a filter leave no record, which changes no result. A test that measures time or memory may fail in such a build.
export CK_TIMEOUT_MULTIPLIER=10
meson test -C $build --no-rebuild --timeout-multiplier 10 --suite unit --suite property --suite live --suite fuzz || echo "some tests failed; what they executed counts"
python3 tests/coverage.py . $build "$@"
