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
printf 'default EPERM\ninclude part\n' >whole.policy
echo 'read -> ALLOW' >part
first=$("$callgate" compile --profile whole.policy --format header --name chmod_filter | digest)
echo 'read, write -> ALLOW' >part
[ "$("$callgate" compile --profile whole.policy --format header --name chmod_filter | digest)" != "$first" ] ||
	expect 'an included file is part of the digest' no yes
"$callgate" compile --profile - --format header <profile.json >from_input.h
expect 'a profile from standard input' 1 "$(grep -c '^#define FILTER_PROGRAMS 1$' from_input.h)"

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
	const struct sock_filter fake[] = { /* success without doing anything, or an error, for one call */
		{0x20, 0, 0, 0}, {0x15, 0, 1, 0}, {0x06, 0, 0, 0x00050000}, {0x06, 0, 0, 0x7fff0000}};
	struct sock_filter copy[4];
	const char *file = argv[1];
	unsigned int flags = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 0;
	memcpy(copy, fake, sizeof(copy));
	copy[1].k = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 0) : 0;
	copy[2].k |= argc > 4 ? (unsigned int)strtoul(argv[4], NULL, 0) : 0;
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
expect 'a kernel without seccomp(2) is noticed' '-38 done' "$(./try file 0 "$(number seccomp)" 38)"
expect 'a kernel without no_new_privs is noticed' '-22 done' "$(./try file 0 "$(number prctl)" 22)"
other=s390x
[ "$(uname -m)" != s390x ] || other=riscv64
header --arch "$other" --name other -o other.h
compile try.c none '-DFILTER="other.h"' -DNAME=other_load
expect 'without a program for this machine nothing is loaded' '-95 done' "$(./none file)"

# --- policies that need several programs ---
# Calls that are far apart by number, each with rules that share nothing; and the two calls that loading needs are denied, too.
values=440
awk -v values="$values" 'BEGIN {
	print "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [";
	count = split("ioctl fcntl kill personality sched_yield openat2 close_range", names, " ");
	for (call = 1; call <= count; call++)
		for (i = 1; i <= values; i++)
			printf "{\"names\": [\"%s\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": %d, \"args\": [{\"index\": 5, \"value\": %.0f, \"op\": \"SCMP_CMP_EQ\"}]},\n",
				names[call], 200 + i % 100, i * 40503 * 65536 + call * 7919;
	print "{\"names\": [\"seccomp\", \"prctl\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 112}]}";
}' >long.json
"$callgate" compile --profile long.json --format header --arch all --name long_filter -o long_filter.h 2>warnings || cat warnings
expect 'there are several programs for each architecture, and none for others' "$(echo "$machines" | wc -l) 1" \
	"$(grep -cE '^#define LONG_FILTER_PROGRAMS ([2-9]|1[0-9])$' long_filter.h) $(grep -c '^#define LONG_FILTER_PROGRAMS 0$' long_filter.h)"
cat >long.c <<'C'
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "long_filter.h"
static const long calls[] = {SYS_ioctl, SYS_fcntl, SYS_kill, SYS_personality, SYS_sched_yield, SYS_openat2, SYS_close_range};
static int error_of(size_t call, long last)
{
	return syscall(calls[call], -1, 0x7fffffff, -1, -1, -1, last) < 0 ? errno : 0;
}
static int wrong_answers(void)
{
	int wrong = 0;
	for (size_t call = 0; call < sizeof(calls) / sizeof(calls[0]); call++)
		for (long i = 1; i <= VALUES; i += 3) {
			const long value = (long)((unsigned long long)i * 40503 * 65536 + (call + 1) * 7919); /* of 32 bits, the low ones */
			wrong += error_of(call, value) != 200 + i % 100;
			wrong += error_of(call, value + 1) >= 200;
		}
	return wrong + !(syscall(SYS_seccomp, 99, 0, 0) == -1 && errno == 112) + !(syscall(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0) == -1 && errno == 112);
}
int main(int argc, char **argv)
{
	static const unsigned short bad[] = {1, 0}, above[] = {1, 4097};
	const struct sock_filter none[4] = {{0x06, 0, 0, 0x7fff0000}, {0x06, 0, 0, 0x7fff0000}, {0, 0, 0, 0}, {0, 0, 0, 0}};
	if (argc > 1 && strcmp(argv[1], "refused") == 0) {
		printf("%d %d %d %d %d %d\n", callgate_load_only_stack(none, bad, 2, 0), callgate_load_only_stack(none, above, 2, 0),
			callgate_load_only_stack(none, bad, 0, 0), callgate_load_only_stack(NULL, bad, 1, 0), callgate_load_only_stack(none, NULL, 1, 0), callgate_load_only_stack(none, bad, 1, 4));
		return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) + prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	}
	const int result = long_filter_load(CALLGATE_LOAD_TSYNC);
	printf("%d %d\n", result, result < 0 ? -1 : wrong_answers());
	return long_filter_load(0) != -112;
}
C
compile long.c long "-DVALUES=$values"
expect 'a stack is loaded and decides all calls, as the last program alone denies seccomp(2)' 0 "$(status_of ./long)"
expect '... as the policy says' '0 0' "$(cat out)"
expect 'what is no stack is refused' 0 "$(status_of ./long refused)"
expect '... with an error for each reason' '-22 -22 -95 -95 -95 -22' "$(cat out)"

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
