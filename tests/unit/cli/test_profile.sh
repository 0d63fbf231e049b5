#!/bin/sh
# usage: test_profile.sh CALLGATE SOURCE-ROOT: `callgate profile` and `callgate compile`: what they print, and their exit statuses.
set -u
callgate=$1 source=$2
default=$source/examples/profiles/container-default.json
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export LC_ALL=C
failures=0

fail()
{
	echo "FAIL: $*"
	sed 's/^/	/' "$scratch/output"
	failures=$((failures + 1))
}

# expect STATUS TEXT ARGUMENT...: the status, and a line with the text somewhere in what is printed.
expect()
{
	status=$1 text=$2
	shift 2
	"$callgate" "$@" >"$scratch/output" 2>&1 <"$scratch/input"
	actual=$?
	[ "$actual" = "$status" ] || fail "status $actual, not $status: $*"
	[ -z "$text" ] || grep -qF -- "$text" "$scratch/output" || fail "\"$text\" is not said: $*"
}

# silent ARGUMENT...: status 0, and nothing is printed but whose meaning a profile has.
silent()
{
	expect 0 "" "$@"
	! grep -qvE ': as [a-z]+ reads it$' "$scratch/output" || fail "something is said: $*"
}

# json EXPRESSION ARGUMENT...: the output is JSON for which the expression, in Python, holds.
json()
{
	expression=$1
	shift
	"$callgate" "$@" >"$scratch/output" 2>/dev/null <"$scratch/input"
	/usr/bin/python3 -c "import json, sys; j = json.load(open(sys.argv[1])); sys.exit(0 if $expression else 1)" \
		"$scratch/output" || fail "not so: $expression: $*"
}

cp "$default" "$scratch/input"
cat >"$scratch/mixed.json" <<'PROFILE'
{
  "defaultAction": "SCMP_ACT_ERRNO",
  "architectures": ["SCMP_ARCH_X86"],
  "syscalls": [
    {"names": ["read", "opne"], "action": "SCMP_ACT_ALLOW"},
    {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"], "minKernel": "5.0"}},
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
    {"names": ["write"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 2, "value": 10, "op": "SCMP_CMP_GE"}, {"index": 2, "value": 20, "op": "SCMP_CMP_LE"}]},
    {"names": ["chmod"], "action": "SCMP_ACT_TRACE"}
  ]
}
PROFILE
mixed=$scratch/mixed.json
echo '{"defaultAction": "SCMP_ACT_ALOW",
 "sycalls": 1}' >"$scratch/broken.json"

silent profile check --arch x86_64 "$default"
silent profile check --arch x86_64 -
silent profile check --arch x86_64 --profile "$default"
expect 0 "$mixed:5:24: warning: unknown system call \"opne\" is left out; is \"open\" meant?" profile check "$mixed"
expect 1 "$mixed:5:24: error: unknown system call \"opne\"" profile check --strict "$mixed"
expect 1 "$scratch/broken.json:1:19: error: unknown name \"SCMP_ACT_ALOW\"" profile check "$scratch/broken.json"
expect 1 "$scratch/broken.json:2:2: error: unknown key \"sycalls\"; is \"syscalls\" meant?" profile check "$scratch/broken.json"
expect 2 "No such file" profile check /nonexistent
expect 2 "directory" profile check /
expect 2 "usage:" profile check
expect 2 "usage:" profile check --profile "$default" "$default"
expect 2 "there is no \"profile chek\"; is \"check\" meant?" profile chek "$default"
expect 2 "there is no command \"profil\"; is \"profile\" meant?" profil check "$default"
expect 2 "there is no command \"nothing-like-it\"" nothing-like-it
expect 2 "callgate: there is no option --chek" profile --chek "$default"
expect 0 "--no-new-privs" help run
expect 0 "--no-new-privs" run -h
[ "$("$callgate" profile 2>&1 >/dev/null | wc -l)" -le 4 ] || fail "long complaints hide what is wrong"
[ -z "$("$callgate" profile 2>/dev/null)" ] || fail "a complaint on standard output"
expect 2 "--json is for" profile show --json "$default"

json 'j["usable"] and j["diagnostics"] == []' profile check --json --arch aarch64 "$default"
json 'j["usable"] and (5, 24, "warning") in [(d["line"], d["column"], d["severity"]) for d in j["diagnostics"]]' \
	profile check --json "$mixed"
json 'not j["usable"] and len(j["diagnostics"]) == 2 and {d["severity"] for d in j["diagnostics"]} == {"error"}' \
	profile check --json "$scratch/broken.json"
json 'not j["usable"] and j["diagnostics"] == [{"file": "/nonexistent", "line": 0, "column": 0, "severity": "error", "text": "/nonexistent: No such file or directory"}]' \
	profile check --json /nonexistent
cp "$scratch/broken.json" "$scratch/$(printf 'a\377b')"
json 'j["diagnostics"][0]["file"].endswith("/a\ufffdb")' profile check --json "$scratch/$(printf 'a\377b')"

# The table: a part for each architecture, and what the options change in it.
expect 0 "x86: " profile show --arch x86_64 --arch x86 "$mixed"
expect 0 "TRACE(1): 1" profile show --arch x86_64 "$mixed"
expect 0 "TRACE(13): 1" profile show --arch x86_64 --default-errno EACCES "$mixed"
expect 0 "default: ERRNO(EACCES)" profile show --arch x86_64 --default-errno 13 "$mixed"
expect 0 "socket: arg0 == 1 -> ALLOW" profile show --arch x86_64 "$mixed"
expect 0 "write: arg2 >= 10 or arg2 <= 20 -> ALLOW" profile show --arch x86_64 "$mixed"
expect 0 "write: arg2 >= 10 and arg2 <= 20 -> ALLOW" profile show --arch x86_64 --same-argument and "$mixed"
expect 0 "unknown calls, newer than all known ones: ENOSYS" profile show --arch x86_64 --unknown-calls enosys "$mixed"
expect 0 "  newer than all that are named, above 165: ENOSYS" profile show --cap CAP_SYS_ADMIN --arch x86_64 "$mixed"
expect 0 "ALLOW: 2" profile show --arch x86_64 --cap sys_admin --kernel 6.1 "$mixed"
expect 0 "ALLOW: 1" profile show --arch x86_64 --cap sys_admin --kernel 4.19 "$mixed"
expect 0 "ALLOW: 1" profile show --arch x86_64 --cap none --kernel 6.1 "$mixed"
expect 0 "through socketcall, where any arguments pass" profile check --arch x86 --socketcall open "$mixed"
expect 0 "through socketcall, where its arguments can't be seen: there it is denied" profile check --arch x86 "$mixed"
# Doors: what passes them is told, whoever decides about it.
cat >"$scratch/multiplexed.json" <<'PROFILE'
{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
 {"names": ["bind", "shmat"], "action": "SCMP_ACT_ALLOW"},
 {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 4294967297, "op": "SCMP_CMP_EQ"}]},
 {"names": ["socketcall"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 3, "op": "SCMP_CMP_EQ"}]}
]}
PROFILE
expect 0 "      ipc: (arg0 & 0xffff) == 0x15 (shmat) -> ALLOW" profile show --arch x86 "$scratch/multiplexed.json"
expect 0 "      socketcall: arg0 == 2 (bind) -> ALLOW" profile show --arch x86 "$scratch/multiplexed.json"
expect 0 "      socketcall: arg0 == 3 -> LOG" profile show --arch x86 "$scratch/multiplexed.json"
expect 0 "by arguments, else the default: 3" profile show --arch x86 "$scratch/multiplexed.json"
[ "$(grep -c 'socketcall:' "$scratch/output")" = 2 ] || fail "more passes socketcall than is allowed"
expect 0 "      socketcall: arg0 == 1 (socket) -> ALLOW" profile show --arch x86 --socketcall open "$scratch/multiplexed.json"
expect 0 "by arguments, else the default: 1" profile show --arch x86_64 "$scratch/multiplexed.json"
expect 0 "      socketcall: (arg0 & 0xffffffff) == 0x2 (bind) -> ALLOW" profile show --arch s390x "$scratch/multiplexed.json"
# Numbers as the architecture compares them.
expect 0 "      socket: arg0 == 1 -> ALLOW" profile show --arch x86 "$scratch/multiplexed.json"
expect 0 "      socket: arg0 == 4294967297 -> ALLOW" profile show --arch x86_64 "$scratch/multiplexed.json"
expect 0 "3:61: warning: on x86, where arguments have 32 bits" profile check --arch x86_64 --arch x86 "$scratch/multiplexed.json"
expect 2 "contradict each other" profile check --cap none --cap CAP_BPF "$mixed"
expect 2 "no capability" profile check --cap CAP_NONE "$mixed"
expect 2 "kernel version" profile check --kernel six "$mixed"
expect 2 "no architecture" profile check --arch pdp11 "$mixed"
expect 2 "byte order" profile check --arch x86_64 --arch s390x "$mixed"
expect 2 "twice" profile check --arch x86_64 --arch amd64 "$mixed"
for option in --default-errno=EFOO --default-errno=4096 --same-argument=xor --unknown-calls=no --socketcall=ajar; do
	name=${option%%=*}
	expect 2 "${name#--}" profile check "$option" "$mixed"
done

# Whose meaning a profile has, on which machine, and what calls evade it.
cat >"$scratch/evaded.json" <<'PROFILE'
{"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}], "syscalls": [
 {"names": ["chmod"], "action": "SCMP_ACT_ERRNO"},
 {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 38, "op": "SCMP_CMP_EQ"}]}
]}
PROFILE
evaded="on x86_64 socket(0x100000026) gets ALLOW, and does what socket(0x26) does"
expect 0 "3:61: warning: the kernel reads only 32 bits of argument 0: $evaded" profile check --machine x86_64 "$scratch/evaded.json"
expect 0 "2:13: note: chmod is denied, but not fchmodat and fchmodat2" profile check --machine x86_64 "$scratch/evaded.json"
expect 0 "evaded.json: as docker reads it" profile check --machine x86_64 "$scratch/evaded.json"
expect 0 "evaded.json: as crun reads it" profile check --machine x86_64 --like crun "$scratch/evaded.json"
echo '{"DefaultAction": "SCMP_ACT_ALLOW"}' >"$scratch/case.json"
expect 1 "crun ignores the key" profile check --like crun "$scratch/case.json"
json "j['like'] == 'docker' and {m['severity'] for m in j['diagnostics']} == {'note', 'warning'}" \
	profile check --json --machine x86_64 "$scratch/evaded.json"
"$callgate" compile --machine x86_64 --profile "$scratch/evaded.json" -o "$scratch/evaded.bpf" 2>/dev/null || fail "compile --machine"
expect 0 "$evaded" prove --machine x86_64 "$scratch/evaded.json" "$scratch/evaded.bpf"
expect 0 "arm: " profile show --machine aarch64 "$scratch/evaded.json"
expect 0 "aarch64: " profile show --machine aarch64 "$scratch/evaded.json"
! grep -q x86 "$scratch/output" || fail "an architecture that aarch64 does not run"
expect 2 "no architecture" profile show --machine pdp11 "$scratch/evaded.json"
expect 2 "auto, docker, podman, runc or crun" profile check --like lxc "$scratch/evaded.json"
echo '[]' >"$scratch/array"
expect 2 "this is a profile, and no program" disasm "$scratch/array"
expect 2 "this is an ELF file, and no program" disasm "$callgate"
printf -- '---\ndefaultAction: SCMP_ACT_ALLOW\n' >"$scratch/yaml"
expect 2 "this is text, and no program" disasm "$scratch/yaml"
expect 1 "this is YAML" profile check "$scratch/yaml"
for yaml in '# a profile\narchitectures:\n- x86_64\n' '"syscalls":\n  - read\n' '- read\n' '%%YAML 1.2\n' 'listenerPath: /run/x\ndefaultAction: SCMP_ACT_ALLOW\n'; do
	printf -- "$yaml" >"$scratch/yaml"
	expect 1 "this is YAML" profile check "$scratch/yaml"
done
for other in '{"syscalls": []}' '"syscalls"' 'read -> ALLOW' 'x' '# only a comment'; do
	printf '%s\n' "$other" >"$scratch/yaml"
	if "$callgate" profile check "$scratch/yaml" 2>&1 | grep -q YAML; then
		echo "FAILED: taken for YAML: $other"
		exit 1
	fi
done
expect 2 "at least one instruction" disasm /dev/null
expect 1 "the profile is empty" profile check /dev/null
expect 1 "this is a BPF program, not a profile" profile check "$scratch/evaded.bpf"

# Resolved: plain, and the same filter.
for profile in "$default" "$mixed" "$source/examples/chmod.json"; do
	for options in "--cap none" "--cap CAP_SYS_ADMIN --arch aarch64 --arch arm" "--arch s390x --kernel 4.0"; do
		# shellcheck disable=SC2086 # words are meant to split
		"$callgate" profile resolve $options "$profile" >"$scratch/resolved.json" 2>/dev/null || fail "resolve $options $profile"
		grep -E '"(includes|excludes|archMap|comment)"' "$scratch/resolved.json" && fail "$profile is not resolved"
		# shellcheck disable=SC2086
		expect 0 "the filters are equal" diff $options "$scratch/resolved.json" "$profile"
	done
done

# Programs in all formats, and none where there is no profile.
"$callgate" compile --profile "$default" -o "$scratch/program.bpf" 2>/dev/null || fail "compile"
"$callgate" compile --profile - <"$default" 2>/dev/null | cmp - "$scratch/program.bpf" || fail "compile from and to a pipe"
expect 0 "the filters are equal" prove "$default" "$scratch/program.bpf"
expect 1 "ERRNO(ENOSYS)" prove --unknown-calls default "$default" "$scratch/program.bpf"
expect 0 "static const struct sock_filter filter[" compile --format c --profile "$default"
expect 0 "# filter for syscall \"chmod\"" compile --format pfc --profile "$default"
for format in bpf c pfc; do
	expect 2 "callgate: /nonexistent/x: No such file or directory" compile --format "$format" --profile "$default" -o /nonexistent/x
	"$callgate" compile --format "$format" --profile "$default" 2>/dev/null >"$scratch/to-stdout"
	"$callgate" compile --format "$format" --profile "$default" -o "$scratch/to-file" 2>/dev/null
	cmp "$scratch/to-stdout" "$scratch/to-file" || fail "$format to a file"
done
# C source has no byte order: a compiler for s390x reads the number 0x20, load a word.
expect 0 "	{0x20, 0, 0, 0x00000004}," compile --format c --arch s390x --profile "$default"
if command -v "${CC:-cc}" >/dev/null; then
	"$callgate" compile --format c --profile "$default" -o "$scratch/filter.c" 2>/dev/null
	echo 'int main(void) { return fwrite(filter, sizeof(*filter), sizeof(filter) / sizeof(*filter), stdout) == 0; }' >"$scratch/main.c"
	"${CC:-cc}" -Wall -Werror -include stdio.h -include "$scratch/filter.c" -o "$scratch/main" "$scratch/main.c" >"$scratch/output" 2>&1 ||
		fail "the C source does not compile"
	"$scratch/main" | cmp - "$scratch/program.bpf" || fail "the C source is another program"
fi
expect 2 "can't be used" compile --profile "$scratch/broken.json" -o "$scratch/none.bpf"
[ ! -e "$scratch/none.bpf" ] || fail "a program of a broken profile"
expect 2 "takes bpf, c, pfc, proof or header" compile --format elf --profile "$default"
expect 2 "which profile?" compile
if [ -c /dev/full ]; then
	for command in "profile check $mixed" "profile check --json $default" "profile show $default" "profile resolve $default" \
		"compile --profile $default" "compile --format c --profile $default" "compile --format pfc --profile $default" \
		"diff $default $mixed" "syscalls" "--help" "--version"; do
		# shellcheck disable=SC2086
		"$callgate" $command >/dev/full 2>"$scratch/output"
		[ $? = 2 ] || fail "no complaint of a full disk: $command"
	done
fi

[ "$failures" = 0 ] && echo "profiles are checked, shown, resolved and compiled as callgate(1) says"
exit "$((failures > 0))"
