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

echo '{"defaultAction": "SCMP_ACT_ALLOW"}' >"$dir/p.json"
"$callgate" --help >"$dir/list"
awk 'length > 80 { bad = 1 } END { exit bad }' "$dir/list" || fail "the list of commands is too wide"
commands=$(sed -n 's/^  \([a-z]*\) .*/\1/p' "$dir/list")
[ "$(echo "$commands" | wc -l)" -ge 11 ] || fail "few commands: $commands"
for command in $commands; do
	"$callgate" "$command" --help >"$dir/help"
	"$callgate" help "$command" | cmp - "$dir/help" || fail "help $command is not $command --help"
	awk 'length > 80 { print FILENAME ": " $0; bad = 1 } END { exit bad }' "$dir/help" || fail "$command: too wide"
	head -n 1 "$dir/help" | grep -q "^usage: callgate $command " || fail "$command: no usage"
	[ "$(grep -c -- '--help' "$dir/help")" = 0 ] || fail "$command: --help has help"
	sed -n 's/^  \(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p' "$dir/help" >"$dir/options"
	[ -s "$dir/options" ] || [ "$command" = completion ] || fail "$command: no options"
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
says "bpf, c, pfc, proof or header" compile --format elf
says "auto, enosys, default or named" profile check --unknown-calls soon file
says "plain, tap or junit" test --format xml file
says "from 1 to 256" test --jobs 257 file
says "from 1 to 256" test --jobs 18446744073709551617 file
says "from 0 to " diff --max -1 a b
says "which program?" disasm
says "which program?" disasm a b
says "two filters" diff a
says "is \"compile\" meant?" compil
says "there is no option --mxa=1; is --max meant?" diff --mxa=1 a b
says "there is no option -y" profile -y
says "option --max needs a value" diff --max
says "option --help=me takes no value" diff --help=me
says "there is no option \"--nope\"" --nope
says "there is no command \"nope\"" help nope
says "after:help lists" compile --profile file --dump rules
says "after:help lists" compile --profile file --dump after:nothing
says "--dot is for --dump" compile --profile file --dot
says "either --format or --dump" compile --profile file --format c --dump after:rules
says "and one FILE" profile check a b
says "standard input: a program needs" disasm -
says "no argument" features now
says "\"\": column 1: " sim "$dir/p.json" ""
says "0 to 4294967295" diff --max x a b

# A program is not written to a terminal, which would take it for commands; text is.
if command -v script >/dev/null && script -qec true /dev/null >/dev/null 2>&1; then
	script -qec "$callgate compile --profile $dir/p.json" /dev/null >"$dir/out" </dev/null && fail "a program is written to a terminal"
	grep -q 'not for reading' "$dir/out" || fail "nothing is said of a program and a terminal: $(cat "$dir/out")"
	script -qec "$callgate compile --format c --profile $dir/p.json" /dev/null >"$dir/out" </dev/null || fail "text is not written to a terminal"
	grep -q 'sock_filter' "$dir/out" || fail "text is not written to a terminal"
fi

# A name steers no terminal.
"$callgate" sim "$(printf 'a\033[31m\302\233b\303\251')" x 2>"$dir/err" && fail "there is no such file"
[ "$(cat "$dir/err")" = "$(printf 'callgate: a\\033[31m\\302\\233b\303\251: No such file or directory')" ] || fail "control characters: $(od -c "$dir/err")"

# Every usage text fits a screen, whoever prints it, and breaks between options: no line ends within brackets, or between an option and its value.
"$callgate" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' >"$dir/commands"
[ "$(wc -l <"$dir/commands")" -ge 17 ] || fail "few commands: $(cat "$dir/commands")"
while read -r command; do
	"$callgate" "$command" --help >"$dir/help" </dev/null || fail "$command --help"
	"$callgate" help "$command" | cmp -s - "$dir/help" || fail "help $command says something else"
	"$callgate" "$command" --no-such-option >/dev/null 2>"$dir/misused" </dev/null && fail "$command takes every option"
	for text in "$dir/help" "$dir/misused"; do
		! grep '.\{81\}' "$text" || fail "$command: a line of more than 80 columns"
		sed -n '/^usage: /,/^[^ u]\|^$/p' "$text" | grep '^usage: \|^  ' >"$dir/usage" || fail "$command: no usage in $(cat "$text")"
		awk '{ open = gsub(/\[/, "["); if (open != gsub(/\]/, "]")) exit 1 } /\|$/ || /^ +[]|.]/ || (before ~ / -[-a-z]+$/ && !/callgate/) { exit 1 } { before = $0 }' "$dir/usage" ||
			fail "$command: a line breaks within an option: $(cat "$dir/usage")"
	done
done <"$dir/commands"
grep -q '^       callgate profile allow \[OPTION\]\.\.\. FILE CALL\.\.\.$' <<END || fail "no form of its own"
$("$callgate" profile --help)
END

# Whatever a file, an option, a word of a profile or the program itself is called, no control character comes to a terminal,
# and none that turns the direction of writing.
turn=$(printf '\342\200\256')
escape=$(printf '\033[31m')$turn
printf '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["%s"],"action":"SCMP_ACT_ERRNO"}]}' '\u001b[31m\u202e' >"$dir/names.json"
printf '%s -> ALLOW\n' "$escape" >"$dir/$escape.test"
printf 'profile %s/p.json\nread -> ERRNO(5)\n' "$dir" >"$dir/a$escape.test"
quiet() { # ARGUMENT...
	bash -c 'program=$1; shift; exec -a "$(printf "\033[31mname")" "$program" "$@"' bash "$@" >"$dir/out" 2>&1 </dev/null || :
	! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" "$dir/out" || fail "control characters: $*: $(cat -v "$dir/out")"
	! LC_ALL=C grep -q "$turn" "$dir/out" || fail "the direction of writing: $*: $(cat -v "$dir/out")"
	[ -s "$dir/out" ] || fail "nothing is said: $*"
}
quiet "$callgate" "$escape"
quiet "$callgate" run "--$escape"
quiet "$callgate" run "-$escape"
quiet "$callgate" run --profile "$escape" true
quiet "$callgate" run --profile "$dir/p.json" "$escape"
quiet "$callgate" run --profile "$dir/p.json" --cap "$escape" true
quiet "$callgate" profile check "$dir/names.json"
quiet "$callgate" profile check --arch "$escape" "$dir/p.json"
quiet "$callgate" test "$dir/$escape.test"
quiet "$callgate" test "$dir/a$escape.test"
quiet "$callgate" test "$escape"
quiet "$callgate" syscalls "$escape"
quiet "$callgate" sim "$dir/p.json" "$escape"
quiet "$callgate" diff "$dir/p.json" "$escape"
# A file that is there: its name stands in answers.
cp "$dir/p.json" "$dir/$escape.json"
printf 'profile %s/p.json\nread -> ALLOW # %s\n' "$dir" "$turn" >"$dir/b$turn.test"
for format in text json sarif github; do
	quiet "$callgate" lint --format $format "$dir/$escape.json"
done
quiet "$callgate" lint "$dir/names.json"
quiet "$callgate" profile check "$dir/$escape.json"
quiet "$callgate" sim "$dir/$escape.json" "read(0)"
quiet "$callgate" sim --json "$dir/$escape.json" "read(0)"
quiet "$callgate" explain "$dir/$escape.json" read
quiet "$callgate" explain --format markdown "$dir/$escape.json"
quiet "$callgate" explain --format html "$dir/$escape.json"
quiet "$callgate" test --list "$dir/b$turn.test"
quiet "$callgate" test --coverage --mutate "$dir/b$turn.test"
quiet "$callgate" test --format tap "$dir/b$turn.test"
quiet "$callgate" test --format junit "$dir/b$turn.test"
printf 'type=%s\n' "$escape" >"$dir/log"
if command -v script >/dev/null && script -qec true /dev/null >/dev/null 2>&1; then
	script -qec "$callgate decode <$dir/log" /dev/null 2>&1 </dev/null | tr -d '\r' >"$dir/out"
	grep -q 'type=\\033\[31m\\342\\200\\256' "$dir/out" || fail "a line of a log on a terminal: $(cat -v "$dir/out")"
fi
resolver=${callgate%/*}/scmp_sys_resolver
if [ -x "$resolver" ]; then
	quiet "$resolver" "-$escape"
	quiet "$resolver" -a "$escape" read
	quiet "$resolver" read "$escape"
fi
