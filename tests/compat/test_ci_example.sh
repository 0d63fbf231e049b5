#!/bin/bash
# usage: test_ci_example.sh SOURCE-ROOT COMPILER: does in a copy of examples/ci what its CI jobs do, then breaks the policy, and expects the failing
# line with its reason.
set -eu
source=$1
export CC=$2
unset PKG_CONFIG_PATH
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r "$source/examples/ci/." "$scratch/"
ln -s "$source" "$scratch/callgate"
cd "$scratch"

# Each command of a job that installs no packages.
commands_of()
{
	sed -n 's/^ *- run: //p; s/^    - \([a-z].*\)/\1/p' "$1" | grep -v 'apt-get'
}
for job in .github/workflows/filter.yml .gitlab-ci.yml; do
	commands_of "$job" >commands
	grep -q '^sh check.sh' commands || {
		echo "$job does not run the tests"
		exit 1
	}
	bash -eu commands >log 2>&1 || {
		cat log
		exit 1
	}
done
grep '^100%: Checks:' log
grep '^0 failures$' log
grep '^no failures$' log
grep '^19 passed, 0 failed$' log
grep '^  edges: \([0-9]*\) of \1 (100.0%)$' log
/usr/bin/python3 -c 'import xml.etree.ElementTree as t; assert len(list(t.parse("count.xml").iter("testcase"))) == 19'

# breaks FROM TO FILE WORDS REASON: with the policy edited so, the assertion in FILE that has WORDS fails, and this is why.
breaks()
{
	cp "$source/examples/ci/filter.c" .
	sed -i "s/$1/$2/" filter.c
	! cmp -s filter.c "$source/examples/ci/filter.c"
	if sh check.sh >log 2>&1; then
		echo "no test notices: $2"
		exit 1
	fi
	line=$(awk -v words="$4" '/callgate_expect/ || FILENAME ~ /test$/{first = NR} index($0, words){exit} END{for (line = first; line <= NR + 1; line++) printf "%s%d", (line > first ? "\\|" : ""), line}' "$3")
	# In a test file the reason is the next line; compilers differ in which line of a statement is its place.
	tr '\n' '\a' <log | sed 's/\a *expected/: expected/g' | tr '\a' '\n' | grep "^ *$3:\($line\):.*$5" || {
		cat log
		echo "expected in the log: $3:$line: ... $5"
		exit 1
	}
}
breaks 'O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY' 'O_ACCMODE | O_CREAT, O_RDONLY' test_check.c 'O_ACCMODE | O_TRUNC, O_TRUNC' \
	'expected KILL_PROCESS, but openat(.*: ALLOW, rule 12 (if argument 2 & 0x43 == 0x0)'
breaks 'O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY' 'O_ACCMODE | O_CREAT, O_RDONLY' count.test 'O_ACCMODE|O_TRUNC' \
	'expected KILL_PROCESS, but openat(.*: ALLOW (if .*argument 2 & 0x43 == 0)'
breaks 'SCMP_SYS(brk)' 'SCMP_SYS(execve)' test_main.c '"execve"' \
	'expected KILL_PROCESS, but execve(.*: ALLOW, rule 5 (whatever the arguments)'
breaks 'SCMP_SYS(brk)' 'SCMP_SYS(execve)' test_check.c 'callgate_expect_only' \
	'expected nothing else to be allowed, but execve(.*: ALLOW, rule 5 (whatever the arguments)'
