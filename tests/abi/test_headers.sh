#!/bin/sh
# usage: test_headers.sh INCLUDE BUILT MACROS.c USES.c: each public header compiles alone, as each C and C++ that the compilers at hand know, with the
# warnings that strict projects ask for; and so do the comparison macros, which mean the same in each, and all macros in use.
set -eu
include=$1
built=$2
macros=$(readlink -f "$3")
uses=$(readlink -f "$4")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$include"
headers="seccomp.h seccomp-kvers.h $(echo callgate/*.h)"
failed=0
compilers=0

compile() { # compiler standard language argument...
	compiler=$1 standard=$2 language=$3
	shift 3
	"$compiler" -std="$standard" -x "$language" -Wall -Wextra -Wpedantic -Werror -Wconversion \
		-Wmissing-field-initializers -Wshadow -I "$include" -I "$built" "$@"
}

check() { # compiler standard language
	for header in $headers; do
		printf '#include <%s>\nint main(void) { return 0; }\n' "$header" | compile "$@" -fsyntax-only - || {
			echo "$header does not compile: $1 -std=$2"
			failed=1
		}
	done
	if ! compile "$@" -Wsign-conversion -o "$work/macros" "$macros" || ! "$work/macros"; then
		echo "the comparison macros do not compile, or make something else: $1 -std=$2"
		failed=1
	fi
	printf '#include <seccomp.h>\nstruct scmp_arg_cmp made(void) { return SCMP_A1(1, SCMP_CMP_EQ, 2, 3); }\n' |
		compile "$@" -fsyntax-only - 2>/dev/null && {
		echo "the comparison macros take more than they can: $1 -std=$2"
		failed=1
	}
	compile "$@" -fsyntax-only "$uses" || {
		echo "a program that uses all macros does not compile: $1 -std=$2"
		failed=1
	}
	return 0
}

for cc in gcc clang; do
	command -v "$cc" >/dev/null || continue
	compilers=$((compilers + 1))
	for standard in c99 c11 c17 c2x; do check "$cc" "$standard" c; done
done
for cxx in g++ clang++; do
	command -v "$cxx" >/dev/null || continue
	for standard in c++98 c++11 c++14 c++17 c++20 c++2b; do check "$cxx" "$standard" c++; done
done
test "$compilers" -gt 0
exit "$failed"
