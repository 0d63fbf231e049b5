#!/bin/sh
# usage: test_usage.sh CALLGATE MANUAL: every command has help that fits a screen and agrees with the manual, and says what was wrong.
set -eu
callgate=$1 manual=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail()
{
	echo "$*"
	exit 1
}

"$callgate" --help >"$dir/list"
commands=$(sed -n 's/^  \([a-z]*\) .*/\1/p' "$dir/list")
[ "$(echo "$commands" | wc -l)" -ge 9 ] || fail "few commands: $commands"
for command in $commands; do
	"$callgate" "$command" --help >"$dir/help"
	"$callgate" help "$command" | cmp - "$dir/help" || fail "help $command is not $command --help"
	awk 'length > 80 { print FILENAME ": " $0; bad = 1 } END { exit bad }' "$dir/help" || fail "$command: too wide"
	head -n 1 "$dir/help" | grep -q "^usage: callgate $command " || fail "$command: no usage"
	[ "$(grep -c -- '--help' "$dir/help")" = 0 ] || fail "$command: --help has help"
	sed -n 's/^  \(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p' "$dir/help" >"$dir/options"
	[ -s "$dir/options" ] || fail "$command: no options"
	while read -r option; do
		grep -q -- "^\*$option\|\*$option\*" "$manual" || fail "$command: the manual lacks $option"
	done <"$dir/options"
	# And each option of the command's own section in the manual is in the help.
	sed -n "/^## $command\$/,/^##* /p" "$manual" | grep '^\*-' | tr ' ,' '\n\n' | sed -n 's/^\*\(--[a-z-]*\).*/\1/p' >"$dir/documented"
	while read -r option; do
		grep -qx -- "$option" "$dir/options" || fail "$command: the manual has $option, which the help lacks"
	done <"$dir/documented"
	status=0
	"$callgate" "$command" --no-such-option >"$dir/out" 2>"$dir/err" || status=$?
	wanted=2
	case $command in run | record) wanted=125 ;; esac
	[ $status = $wanted ] && [ ! -s "$dir/out" ] || fail "$command: exit status $status for an unknown option"
	grep -q -- '--no-such-option' "$dir/err" && grep -q '^usage: ' "$dir/err" || fail "$command: $(cat "$dir/err")"
done
"$callgate" --version >"$dir/version"
"$callgate" -V | cmp - "$dir/version" || fail "-V is not --version"

# Values that are none are refused, with what there is.
says()
{
	wanted=$1
	shift
	status=0
	"$callgate" "$@" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	[ $status = 2 ] && [ ! -s "$dir/out" ] || fail "$*: exit status $status"
	grep -qF -- "$wanted" "$dir/err" || fail "$*: $(cat "$dir/err")"
}
says "aarch64, " syscalls --arch nope
says "s390x" profile check --arch nope file
says "bpf, c or pfc" compile --format elf
says "auto, enosys, default or named" profile check --unknown-calls soon file
says "plain, tap or junit" test --format xml file
says "from 1 to 256" test --jobs 257 file
says "from 1 to 256" test --jobs 18446744073709551617 file
says "from 0 to " diff --max -1 a b
says "which program?" disasm
says "which program?" disasm a b
says "two filters" diff a
says "is \"compile\" meant?" compil
