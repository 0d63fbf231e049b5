#!/bin/sh
# usage: test_headers.sh INCLUDE BUILT: each public header compiles alone, as each C and C++ that the compilers at hand know.
set -eu
cd "$1"
failed=0
compilers=0
check() { # compiler standard language header
	if ! printf '#include <%s>\nint main(void) { return 0; }\n' "$4" |
		"$1" -std="$2" -x "$3" -Wall -Wextra -pedantic -Werror -fsyntax-only -I "$include" -I "$built" -; then
		echo "$4 does not compile: $1 -std=$2"
		failed=1
	fi
}
include=$1
built=$2
for header in seccomp.h callgate/*.h; do
	for cc in gcc clang; do
		command -v "$cc" >/dev/null || continue
		compilers=$((compilers + 1))
		for standard in c99 c11 c17 c2x; do check "$cc" "$standard" c "$header"; done
	done
	for cxx in g++ clang++; do
		command -v "$cxx" >/dev/null || continue
		for standard in c++11 c++14 c++17 c++20 c++2b; do check "$cxx" "$standard" c++ "$header"; done
	done
done
test "$compilers" -gt 0
exit "$failed"
