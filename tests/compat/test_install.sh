#!/bin/sh
# usage: test_install.sh SOURCE-ROOT BUILD-ROOT COMPILER: installs into a scratch folder and builds programs there as a user would, with
# pkg-config alone: against the shared library, the static one, and the drop-in.
set -eu
source=$1 build=$2 compiler=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

DESTDIR=$scratch meson install -C "$build" --no-rebuild --quiet >"$scratch/log" 2>&1 || {
	cat "$scratch/log"
	exit 1
}
for profile in "$source"/examples/profiles/*.json; do
	cmp "$profile" "$(find "$scratch" -path "*/callgate/profiles/$(basename "$profile")")" || {
		echo "$profile is not installed"
		exit 1
	}
done
pc=$(dirname "$(find "$scratch" -name callgate.pc)")
lib=$(dirname "$pc")
export PKG_CONFIG_PATH="$pc" PKG_CONFIG_SYSROOT_DIR="$scratch" PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1

cat >"$scratch/x.c" <<'PROGRAM'
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <seccomp.h>
#ifdef WITH_CALLGATE
#include <callgate/diagnosis.h>
#include <callgate/version.h>
#endif

int main(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

#ifdef WITH_CALLGATE
#if !CALLGATE_VERSION_AT_LEAST(0, 2, 0) || CALLGATE_VERSION_AT_LEAST(99, 0, 0)
#error "the headers have another version"
#endif
	if (seccomp_rule_add(ctx, SCMP_ACT_ERRNO(9), SCMP_SYS(getppid), 7) == 0 || !*callgate_diagnosis(ctx))
		return 3;
	printf("callgate %s, ", callgate_version());
#endif
	if (seccomp_rule_add(ctx, SCMP_ACT_ERRNO(9), SCMP_SYS(getppid), 0) < 0 || seccomp_load(ctx) < 0)
		return 2;
	seccomp_release(ctx);
	printf("libseccomp %u\n", seccomp_version()->major);
	return syscall(SYS_getppid) == -1 ? 0 : 1;
}
PROGRAM

# A function of another library fails at link time.
cat >"$scratch/y.c" <<'PROGRAM'
#include <callgate/strict.h>

int main(void)
{
	int numbers[CALLGATE_STRICT_CALLS];

	return callgate_strict_list(0, numbers);
}
PROGRAM
# shellcheck disable=SC2046 # words are meant to split
if $compiler "$scratch/y.c" -o "$scratch/y" $(pkg-config --cflags --libs callgate) 2>"$scratch/log" ||
	! grep -q 'undefined reference to .*callgate_strict_list' "$scratch/log" ||
	! $compiler "$scratch/y.c" -o "$scratch/y" $(pkg-config --cflags --libs callgate-sandbox); then
	echo "callgate_strict_list() is not in libcallgate-sandbox alone"
	exit 1
fi

# try NAME ENVIRONMENT COMPILER-ARGUMENT...: builds x.c and runs it.
try()
{
	name=$1 environment=$2
	shift 2
	$compiler -Wall -Wextra -Werror "$scratch/x.c" -o "$scratch/x" "$@"
	output=$(env $environment "$scratch/x") || {
		echo "$name: the program ended with status $?: $output"
		exit 1
	}
	echo "$name: $output"
}
# shellcheck disable=SC2046 # words are meant to split
{
	try shared "LD_LIBRARY_PATH=$lib" -DWITH_CALLGATE $(pkg-config --cflags --libs callgate)
	try rpath "X=" -DWITH_CALLGATE $(pkg-config --cflags --libs callgate) "-Wl,-rpath,$lib"
	try static "X=" -DWITH_CALLGATE -static $(pkg-config --static --cflags --libs callgate)
	if [ -e "$pc/libseccomp.pc" ]; then
		try drop-in "LD_LIBRARY_PATH=$lib" $(pkg-config --cflags --libs libseccomp)
		try drop-in-static "X=" -static $(pkg-config --static --cflags --libs libseccomp)
	fi
}
for package in "$pc"/callgate*.pc; do
	name=$(basename "$package" .pc)
	grep -q '^License: MIT$' "$package" && grep -q '^Libs.private:\|^Requires.private:' "$package" || {
		echo "$name.pc lacks License, or private libraries"
		exit 1
	}
done

# Each library by its .pc file alone, shared and static, with a function of its own.
uses()
{
	printf '#include <stdio.h>\n#include <seccomp.h>\n#include <callgate/%s>\nint main(void) { return !(%s); }\n' "$2" "$3" >"$scratch/z.c"
	# shellcheck disable=SC2046 # words are meant to split
	$compiler -Wall -Wextra -Werror "$scratch/z.c" -o "$scratch/z" $(pkg-config --cflags --libs "$1") && LD_LIBRARY_PATH=$lib "$scratch/z" &&
		$compiler -Wall -Wextra -Werror -static "$scratch/z.c" -o "$scratch/z" $(pkg-config --static --cflags --libs "$1") && "$scratch/z" || {
		echo "$1: a program that uses it does not build, or not run"
		exit 1
	}
}
uses callgate compile.h 'callgate_pass_name(0) != NULL && seccomp_api_get() > 0'
uses callgate-info info.h 'callgate_group_at(0) != NULL && seccomp_api_get() > 0'
uses callgate-sandbox strict.h 'callgate_strict_list(0, (int[CALLGATE_STRICT_CALLS]){0}) == 0 && seccomp_api_get() > 0'
uses callgate-testing testing.h 'callgate_failure()[0] == 0 && seccomp_api_get() > 0'
uses callgate-oci oci.h 'callgate_profile_diagnosis(NULL) != NULL && seccomp_api_get() > 0'
headers=$(cd "$scratch" && find . -name '*.h' | grep -v '/callgate-1/' | grep -v '/include/seccomp' || true)
[ -z "$headers" ] || {
	echo "headers outside of callgate-1: $headers"
	exit 1
}

# What bash completes, as the installed file says; and the installed manual.
completions=$(find "$scratch" -path '*/bash-completion/completions/callgate.bash')
bash -c '. "$1"; COMP_WORDS=(callgate comp) COMP_CWORD=1; _callgate; [ "${COMPREPLY[*]}" = "compile completion" ]' bash "$completions" || {
	echo "bash completes nothing with $completions"
	exit 1
}
for page in $(find "$scratch" -path '*/html/index.html' -exec sed -n 's/.*<a href="\([^"#:]*\.html\)">.*/\1/p' {} +); do
	[ -n "$(find "$scratch" -path "*/html/$page" -size +0)" ] || {
		echo "the manual has no $page"
		exit 1
	}
done

# With make: the rule of examples/embedded, which finds headers by pkg-config.
cp -r "$source/examples/embedded" "$source/examples/chmod.json" "$scratch/"
LD_LIBRARY_PATH=$lib make -C "$scratch/embedded" CALLGATE="$(find "$scratch" -name callgate -path '*/bin/*')" CC="$compiler" child >"$scratch/log" 2>&1 &&
	status=0 && { "$scratch/embedded/child" chmod 400 "$scratch/x.c" 2>"$scratch/log" || status=$?; } &&
	[ "$status" = 1 ] && grep -q 'Operation not permitted' "$scratch/log" || {
	cat "$scratch/log"
	echo "make: no child with a filter"
	exit 1
}

# With CMake: a program on the library, and one with a filter inside.
with_cmake()
{
	mkdir "$scratch/cmake"
	cp "$scratch/x.c" "$source/examples/chmod.json" "$source/examples/embedded/static.c" "$scratch/cmake/"
	cat >"$scratch/cmake/CMakeLists.txt" <<'PROJECT'
cmake_minimum_required(VERSION 3.18)
project(user C)
find_package(callgate 0.2.0 REQUIRED)
add_executable(x x.c)
target_link_libraries(x callgate::callgate callgate::oci)
target_compile_definitions(x PRIVATE WITH_CALLGATE)
add_executable(confined static.c)
callgate_filter(confined chmod.json NAME chmod_filter ARCH aarch64 x86_64 x86 OPTIONS --kernel 6.1 --strict)
find_package(callgate 0.1 QUIET)
if(callgate_FOUND)
  message(FATAL_ERROR "0.2 is taken for 0.1")
endif()
PROJECT
	config=$(dirname "$(find "$scratch" -name callgateConfig.cmake)")
	CC=$compiler cmake -Dcallgate_DIR="$config" -S "$scratch/cmake" -B "$scratch/cmake/build" &&
		LD_LIBRARY_PATH=$lib make -C "$scratch/cmake/build" && "$scratch/cmake/build/x" && "$scratch/cmake/build/confined" "$scratch/cmake/x.c"
}
if ! command -v cmake >/dev/null || ! command -v make >/dev/null; then
	echo "CMake: not installed, so its package is not tried"
elif with_cmake >"$scratch/log" 2>&1; then
	echo "CMake: $("$scratch/cmake/build/x")"
else
	cat "$scratch/log"
	exit 1
fi

# With meson: the installed tool compiles a filter into a program.
mkdir "$scratch/meson"
cp "$source/examples/embedded/static.c" "$scratch/meson/"
cp "$source/examples/chmod.json" "$scratch/meson/chmod_filter.json"
cat >"$scratch/meson/meson.build" <<'PROJECT'
project('user', 'c')
filters = generator(find_program('callgate', native: true), output: '@BASENAME@.h',
  arguments: ['compile', '--profile', '@INPUT@', '--format', 'header', '--arch', 'all', '--name', '@BASENAME@', '-o', '@OUTPUT@'])
confined = executable('confined', 'static.c', filters.process('chmod_filter.json'),
  dependencies: dependency('callgate').partial_dependency(compile_args: true))
test('confined', confined, args: files('static.c'))
PROJECT
with_meson()
{
	CC=$compiler PATH=$(dirname "$(find "$scratch" -name callgate -path '*/bin/*')"):$PATH LD_LIBRARY_PATH=$lib \
		meson setup "$scratch/meson/build" "$scratch/meson" && LD_LIBRARY_PATH=$lib ninja -C "$scratch/meson/build" &&
		meson test -C "$scratch/meson/build" --no-rebuild
}
with_meson >"$scratch/log" 2>&1 || {
	cat "$scratch/log"
	exit 1
}

# As a meson subproject by way of the wrap file: all five and the tool are found, a filter is compiled into a program by the tool that is built for
# it, none of our tests is run, and the libraries alone are installed.
mkdir -p "$scratch/project/subprojects"
ln -s "$source" "$scratch/project/subprojects/callgate"
cp "$source/packaging/callgate.wrap" "$scratch/project/subprojects/"
cp "$scratch/x.c" "$scratch/meson/static.c" "$scratch/meson/chmod_filter.json" "$scratch/project/"
cat >"$scratch/project/meson.build" <<'PROJECT'
project('user', 'c', default_options: ['warning_level=3', 'werror=true'])
all = []
foreach name : ['callgate', 'callgate-info', 'callgate-sandbox', 'callgate-testing', 'callgate-oci']
  all += dependency(name)
endforeach
test('x', executable('x', 'x.c', dependencies: all, c_args: '-DWITH_CALLGATE'))
filter = subproject('callgate').get_variable('callgate_filter')
confined = executable('confined', 'static.c', filter.process('chmod_filter.json', extra_args: ['--kernel', '6.1']),
  dependencies: dependency('callgate').partial_dependency(compile_args: true, includes: true, sources: true))
test('confined', confined, args: files('static.c'))
test('tool', find_program('callgate'), args: '--version')
PROJECT
unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
CC=$compiler meson setup --prefix=/usr --force-fallback-for=callgate,callgate-info,callgate-sandbox,callgate-testing,callgate-oci \
	-Dcallgate:werror=false -Dcallgate:warning_level=2 "$scratch/project/build" "$scratch/project" >"$scratch/log" 2>&1 &&
	ninja -C "$scratch/project/build" >>"$scratch/log" 2>&1 &&
	meson test -C "$scratch/project/build" --no-rebuild >>"$scratch/log" 2>&1 &&
	DESTDIR=$scratch/as-subproject meson install -C "$scratch/project/build" --no-rebuild >>"$scratch/log" 2>&1 || {
	cat "$scratch/log"
	exit 1
}
tests=$(meson test -C "$scratch/project/build" --no-rebuild --list 2>/dev/null | grep -c .)
strangers=$(cd "$scratch/as-subproject" && find . ! -type d | grep -vE '/(lib(callgate|seccomp)[^/]*|callgate-plugin-host|[a-z_-]*\.(h|pc))$' || true)
if [ "$tests" != 3 ] || [ -n "$strangers" ]; then
	echo "subproject: $tests tests, and installed: $strangers"
	exit 1
fi
echo "subproject: $("$scratch/project/build/x")"
