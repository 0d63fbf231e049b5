#!/bin/sh
# usage: test_completion.sh CALLGATE: what shells complete is what the commands take.
set -eu
callgate=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail()
{
	echo "$*"
	exit 1
}
for shell in bash zsh fish; do
	"$callgate" completion "$shell" >"$shell"
	if command -v "$shell" >/dev/null; then
		"$shell" -n "./$shell" || fail "$shell does not read its file"
	fi
done
if "$callgate" completion csh 2>err || ! grep -q 'bash, zsh or fish' err; then
	fail 'csh is not refused'
fi

# Every command, and every option that a command's help has, stands in the file of each shell.
"$callgate" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' >commands
[ "$(wc -l <commands)" -ge 13 ] || fail 'the help lists too few commands'
while read -r command; do
	"$callgate" "$command" --help | sed -n 's/^  \(-., \)\{0,1\}--\([a-z-]*\).*/\2/p' | sort -u >options
	sed -n "s/^\t\t$command) words='--help\(.*\)' ;;\$/\1/p" bash | tr ' ' '\n' | sed -n 's/^--//p' | sort -u >found
	diff options found || fail "bash: the options of $command"
	sed -n "/^\t$command)/,/;;/s/.*'\*--\([a-z-]*\).*/\1/p" zsh | sort -u >found
	diff options found || fail "zsh: the options of $command"
	sed -n "s/^complete -c callgate -n '__fish_seen_subcommand_from $command' -l \([a-z-]*\) .*/\1/p" fish | sort -u >found
	diff options found || fail "fish: the options of $command"
done <commands

# bash's function is called as bash calls it.
completes() # WANTED WORD...: what the last word becomes
{
	wanted=$1
	shift
	found=$(bash -c '. ./bash; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _callgate; echo "${COMPREPLY[*]}"' bash "$@")
	[ "$found" = "$wanted" ] || fail "$*: \"$found\", not \"$wanted\""
}
completes 'compile completion' callgate comp
completes 'bpf c pfc proof header' callgate compile --format ''
completes 'riscv64' callgate prove --arch ri
completes '--profile' callgate compile --prof
touch profile.json
completes 'profile.json' callgate compile --profile pro
