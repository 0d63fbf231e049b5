#!/bin/bash
# usage: test_readme.sh SOURCE-ROOT: does what README.md's "Five lines" says, to the letter, in a copy of the tree.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$1"
{ git ls-files -co --exclude-standard 2>/dev/null || find . -type f -not -path './build*' -not -path './.git/*'; } | tar cf - -T - | tar xf - -C "$scratch"
cd "$scratch"

# block N LANGUAGE: the Nth fenced block of that language below the heading.
block()
{
	awk -v want="$1" -v fence="\`\`\`$2" '/^## /{on = /Five lines/} !on{next} $0 == fence{n++; in_block = n == want; next}
		/^```/{in_block = 0} in_block' README.md
}
{
	echo '#include <errno.h>'
	echo '#include <sys/socket.h>'
	block 1 c | grep '^#include'
	echo 'int main(void) {'
	block 1 c | grep -v '^#include'
	echo 'int unix_fd = socket(AF_UNIX, SOCK_STREAM, 0), inet_fd = socket(AF_INET, SOCK_STREAM, 0);'
	echo 'return unix_fd >= 0 && inet_fd == -1 && errno == EPERM ? 0 : 1; }'
} >x.c
grep -q seccomp_load x.c
block 1 sh >commands
grep -q pkg-config commands

mkdir home
HOME=$scratch/home bash -eu commands >log 2>&1 || {
	cat log
	exit 1
}
./a.out
echo "the five lines work"
