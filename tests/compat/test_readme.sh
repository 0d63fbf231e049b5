#!/bin/bash
# usage: test_readme.sh SOURCE-ROOT: does what README.md's "Five lines" says, to the letter, in a copy of the tree.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$1"
{ git ls-files -co --exclude-standard 2>/dev/null || find . -type f -not -path './build*' -not -path './.git/*'; } | tar cf - -T - | tar xf - -C "$scratch"
cd "$scratch"

# block HEADING N LANGUAGE: the Nth fenced block of that language below the heading.
block()
{
	awk -v heading="## $1" -v want="$2" -v fence="\`\`\`$3" '/^## /{on = $0 == heading} !on{next} in_block && /^```/{in_block = 0; next}
		$0 == fence{n++; in_block = n == want; next} in_block' README.md
}
{
	echo '#include <errno.h>'
	echo '#include <sys/ioctl.h>'
	echo '#include <sys/syscall.h>'
	echo '#include <unistd.h>'
	block "Five lines" 1 c | grep '^#include'
	echo 'int main(void) {'
	block "Five lines" 1 c | grep -v '^#include'
	echo 'if (ioctl(-1, TIOCGWINSZ) != -1 || errno != EBADF || ioctl(-1, TIOCSTI) != -1 || errno != EPERM) return 1;'
	echo 'return syscall(SYS_ioctl, -1, TIOCSTI | 1L << 32, 0) == -1 && errno == EPERM ? 0 : 1; }'
} >x.c
grep -q seccomp_load x.c
block "Five lines" 1 sh >commands
grep -q pkg-config commands

mkdir home
HOME=$scratch/home bash -eu commands >log 2>&1 || {
	cat log
	exit 1
}
./a.out
echo "the five lines work"

block "In CI" 1 "" >examples/readme.test
grep -q '^live:' examples/readme.test
tool=home/callgate/bin/callgate
LD_LIBRARY_PATH=$(dirname "$(find home/callgate -name libcallgate.so)")
export LD_LIBRARY_PATH
"$tool" test examples/readme.test
sed -i '/^chmod/s/EPERM/ALLOW/' examples/readme.test
status=0
"$tool" test examples/readme.test >log || status=$?
[ "$status" = 1 ] && grep -q 'expected ALLOW, but .*chmod' log || {
	cat log
	exit 1
}
