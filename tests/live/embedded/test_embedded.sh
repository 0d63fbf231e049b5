#!/bin/sh
# usage: test_embedded.sh CALLGATE SOURCE-ROOT: headers with filters, as `callgate compile --format header` writes them, in programs that
# use <callgate/load_only.h> and no library.
set -eu
callgate=$(realpath "$1")
source=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cc=${CC:-cc}
failures=0

expect() # WHAT WANTED FOUND
{
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		printf 'wanted:\n%s\nfound:\n%s\n' "$2" "$3"
		failures=$((failures + 1))
	fi
}
status_of()
{
	status=0
	"$@" >out 2>err || status=$?
	echo "$status"
}
header() # ARGUMENT...: a header of the profile in ./profile.json
{
	"$callgate" compile --profile profile.json --format header "$@"
}
compile() # SOURCE OUTPUT OPTION...
{
	from=$1 to=$2
	shift 2
	# shellcheck disable=SC2086 # the compiler may be several words
	$cc -Os -Wall -Wextra -Wconversion -Wcast-qual -Werror "-I$source/include" -I. "$@" "$from" -o "$to"
}

# --- what is written ---
cp "$source/examples/chmod.json" profile.json
header --arch all --name chmod_filter -o chmod_filter.h
header --arch all --name chmod_filter >again.h
expect 'the same input gives the same bytes' '' "$(cmp chmod_filter.h again.h)"
machines=$(sed -n 's|^#e*l*if .* /\* \([a-z0-9_]*\) \*/$|\1|p' chmod_filter.h)
expect 'there is a program for each architecture' "$(awk '/^[a-z]/ && $1 != "name" {print $1}' "$source/src/arch/data/architectures.tbl")" "$machines"
instructions() { sed -n 's/^\t\({0x.*},\)$/\1/p'; }
for machine in $machines; do
	wanted=$("$callgate" compile --profile profile.json --machine "$machine" --format c | instructions)
	found=$(sed -n "/ $machine \*\/$/,/^};/p" chmod_filter.h | instructions)
	expect "$machine: the program is that of --machine" "$wanted" "$found"
done
digest() { sed -n 's/^#define CHMOD_FILTER_DIGEST "\(.*\)"$/\1/p'; }
first=$(digest <chmod_filter.h)
expect 'the digest is of 256 bits' 64 "$(printf %s "$first" | wc -c)"
echo >>profile.json
[ "$(header --arch all --name chmod_filter | digest)" != "$first" ] || expect 'another text has another digest' no yes
[ "$(header --arch all --kernel 6.1 --name chmod_filter | digest)" != "$first" ] || expect 'another option has another digest' no yes
"$callgate" compile --profile - --format header <profile.json >from_input.h
expect 'a profile from standard input' 1 "$(grep -c '^#define FILTER_LENGTH [1-9]' from_input.h)"

# --- bad input ---
for name in '' '3f' 'a b' 'a-b' 'a*/' "$(printf '%080d' 0 | tr 0 x)"; do
	expect "the name \"$name\" is refused" 2 "$(status_of header --name "$name" -o bad.h)"
	expect '... with a message' 1 "$(grep -c -- '--name takes a name as in C' err)"
done
expect 'all architectures are for headers alone' 2 "$(status_of "$callgate" compile --profile profile.json --format c --arch all)"
expect '... with a message' 1 "$(grep -c -- '--arch all is for' err)"
echo '{' >profile.json
expect 'a broken profile is refused' 2 "$(status_of header -o bad.h)"
expect '... and leaves no file' no "$([ -e bad.h ] && echo yes || echo no)"
expect 'a missing profile is refused' 2 "$(status_of "$callgate" compile --profile none.json --format header)"
cp "$source/examples/chmod.json" profile.json

# --- what is loaded ---
cat >load.c <<'C'
#include "chmod_filter.h"
int load(unsigned int flags);
int load(unsigned int flags) { return chmod_filter_load(flags); }
C
compile load.c load.o -c
# shellcheck disable=SC2046 # numbers
set -- $(size -A load.o | awk '$1 ~ /^\.text/ {code += $2} END {print code}')
[ "$1" -le 1024 ] || expect 'the code is at most a kilobyte' 1024 "$1"
cat >try.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include FILTER
int main(int argc, char **argv)
{
	const struct sock_filter fake[] = { /* success without doing anything, for one call */
		{0x20, 0, 0, 0}, {0x15, 0, 1, 0}, {0x06, 0, 0, 0x00050000}, {0x06, 0, 0, 0x7fff0000}};
	struct sock_filter copy[4];
	const char *file = argv[1];
	unsigned int flags = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 0;
	memcpy(copy, fake, sizeof(copy));
	copy[1].k = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 0) : 0;
	if (argc > 3 && callgate_load_only(copy, 4, 0) != 0)
		return 99;
	errno = 77;
	const int result = NAME(flags);
	if (errno != 77)
		return 98;
	printf("%d %s\n", result, chmod(file, 0400) == 0 ? "done" : strerror(errno));
	return 0;
}
C
touch file
compile try.c try '-DFILTER="chmod_filter.h"' -DNAME=chmod_filter_load
expect 'chmod is denied' '0 Operation not permitted' "$(./try file)"
expect '... for all threads, with a log' '0 Operation not permitted' "$(./try file 3)"
expect 'an unknown flag is refused' '-22 done' "$(./try file 4)"
if [ "$(id -u)" = 0 ]; then
	expect 'root needs no no_new_privs' '0 Operation not permitted' "$(./try file 0x80000000)"
else
	expect 'no_new_privs is needed' '-13 done' "$(./try file 0x80000000)"
fi
number() { printf '#include <sys/syscall.h>\n__NR_%s\n' "$1" | $cc -E -P - | tail -n 1; }
expect 'seccomp(2) that fakes success is seen' '-125 done' "$(./try file 0 "$(number seccomp)")"
expect 'prctl(2) that fakes success is seen' '-125 done' "$(./try file 0 "$(number prctl)")"
other=s390x
[ "$(uname -m)" != s390x ] || other=riscv64
header --arch "$other" --name other -o other.h
compile try.c none '-DFILTER="other.h"' -DNAME=other_load
expect 'without a program for this machine nothing is loaded' '-95 done' "$(./none file)"

# --- the examples ---
cp -r "$source/examples/embedded" "$source/examples/chmod.json" .
cd embedded
export CALLGATE="$callgate" CPPFLAGS="-I$source/include"
chmod 600 ../file
make -s child CC="$cc"
expect 'a child after vfork' 1 "$(status_of ./child chmod 400 ../file)"
expect '... has the filter' 1 "$(grep -c 'Operation not permitted' err)"
expect '... and other commands work' 7 "$(status_of ./child sh -c 'exit 7')"
optional() # WHAT PROGRAM TARGET
{
	if ! command -v "$2" >/dev/null; then
		echo "ok $1 # SKIP there is no $2"
		return
	fi
	make -s "$3"
	expect "$1" 0 "$(status_of "./$3" ../file)"
	expect '... chmod is denied' 'chmod: Operation not permitted' "$(cat out)"
}
optional 'a static program' musl-gcc static
[ ! -e static ] || [ "$(stat -c %s static)" -le 8192 ] || expect 'the static program has at most 8 KB' 8192 "$(stat -c %s static)"
HOME=$dir optional 'a program in Go' go go
optional 'a program in Rust' rustc rust
expect 'the file was never changed' 600 "$(stat -c %a ../file)"
[ "$failures" = 0 ]
