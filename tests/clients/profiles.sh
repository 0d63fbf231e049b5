#!/bin/sh
# The same profile as a container runtime makes a filter of it, with the library under test, and as callgate does: the two programs are
# the same bytes, or proved to mean the same, or differ in exactly the calls that are said here.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/oci.sh"
needs crun busybox python3
callgate=${CLIENTS_CALLGATE:?}
architectures='"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]'
[ "$(uname -m)" = x86_64 ] || skip 'the differences are told for x86_64'

# compared RUNTIME NAME SECTION [OPTION...]: the kernel is given a filter for a container with this section; the answer, in $found, is how
# the one that callgate makes with these options differs from it.
compared() {
	maker=$1 label="$1-$2"
	echo "$3" >"$work/section.json"
	configure "$3" true
	shift 3
	runs=$((runs + 1))
	# shellcheck disable=SC2046 # no option, or one
	witnessed "$label" "$maker" $([ "$maker" = runc ] || echo --cgroup-manager=disabled) \
		run --bundle "$bundle" "client-$$-$runs"
	theirs=$(find "$work/filters/$label" -name '*.bpf' | sort | tail -n 1)
	"$callgate" compile --like "$maker" --profile "$work/section.json" "$@" -o "$work/ours.bpf" 2>"$work/messages"
	if cmp -s "$theirs" "$work/ours.bpf"; then
		found='the same bytes'
	else
		found=$("$callgate" diff --max 1000 "$work/ours.bpf" "$theirs" 2>&1)
	fi
}

# equal RUNTIME NAME SECTION [OPTION...]
equal() {
	compared "$@"
	if [ "$found" = 'the filters are equal' ]; then
		echo "$label: proved equal, not the same bytes"
		found='the same bytes'
	fi
	expect "$label: callgate makes the same of it" 'the same bytes' "$found"
}

# different RUNTIME NAME SECTION PATTERN [OPTION...]: there are differences, and each is as the pattern says; A is callgate, B the runtime.
different() {
	engine=$1 what=$2 text=$3 pattern=$4
	shift 4
	compared "$engine" "$what" "$text" "$@"
	expect_line "$label: callgate differs" "$pattern" "$found"
	expect "$label: and in nothing else" '' "$(echo "$found" | sed '$d' | grep -vE -- "$pattern|^[0-9]+ differences?: ")"
}

# section DEFAULT-ACTION ENTRIES
section() {
	echo "{\"defaultAction\": \"$1\", $architectures, \"syscalls\": [$2]}"
}

# entry NAME ACTION [ARGUMENTS [MORE]]
entry() {
	echo "{\"names\": [\"$1\"], \"action\": \"SCMP_ACT_$2\", \"args\": [${3:-}]${4:-}}"
}

# argument INDEX OPERATOR VALUE [SECOND_VALUE]
argument() {
	echo "{\"index\": $1, \"op\": \"SCMP_CMP_$2\", \"value\": $3, \"valueTwo\": ${4:-0}}"
}

equal_sections() {
	runtime=$1
	equal "$runtime" chmod "$(denying SCMP_ACT_ERRNO)"
	for action in KILL KILL_PROCESS TRAP TRACE LOG; do
		equal "$runtime" $action "$(section SCMP_ACT_ALLOW "$(entry mkdir $action)")"
	done
	equal "$runtime" error "$(section SCMP_ACT_ALLOW "$(entry mkdir ERRNO '' ', "errnoRet": 28')")"
	for operator in NE LT LE EQ GE GT; do
		equal "$runtime" $operator "$(section SCMP_ACT_ALLOW "$(entry mkdir ERRNO "$(argument 1 $operator 4294967301)")")"
	done
	equal "$runtime" MASKED_EQ "$(section SCMP_ACT_ALLOW "$(entry mkdir ERRNO "$(argument 1 MASKED_EQ 112 32)")")"
	equal "$runtime" two-arguments "$(section SCMP_ACT_ALLOW "$(entry mkdir ERRNO "$(argument 1 EQ 7), $(argument 0 NE 0)")")"
	equal "$runtime" same-argument "$(section SCMP_ACT_ALLOW \
		"$(entry mkdir ERRNO "$(argument 1 GE 10), $(argument 1 LE 20), $(argument 0 EQ 1)")")"
	equal "$runtime" overlap "$(section SCMP_ACT_ALLOW \
		"$(entry mkdir ERRNO "$(argument 1 GE 10)"), $(entry mkdir LOG "$(argument 1 GE 20)"),
		$(entry mkdir TRAP "$(argument 1 EQ 30)"), $(entry mkdir KILL "$(argument 0 EQ 0)")")"
	equal "$runtime" prefix "$(section SCMP_ACT_ALLOW \
		"$(entry mkdir ERRNO "$(argument 0 EQ 1)"), $(entry mkdir LOG "$(argument 0 EQ 1), $(argument 1 EQ 1)")")"
	equal "$runtime" whole-behind "$(section SCMP_ACT_ALLOW \
		"$(entry mkdir ERRNO "$(argument 1 GE 10)"), $(entry mkdir LOG), $(entry mkdir TRAP)")"
	equal "$runtime" default-action "$(section SCMP_ACT_ALLOW "$(entry mkdir ERRNO), $(entry mkdir ALLOW), $(entry rmdir ALLOW)")"
	equal "$runtime" unknown "$(section SCMP_ACT_ALLOW "$(entry no_such_call ERRNO), $(entry umount ERRNO)")"
	equal "$runtime" multiplexed "$(section SCMP_ACT_ALLOW "$(entry shmat ERRNO), $(entry socket ERRNO)")"
}

# The engines' profiles and ours, resolved by callgate: the runtimes take only the plain form. Without x32 runc takes the numbers with the highest
# bit and without bit 30 for x86_64's; here they are nobody's.
default_profiles() {
	highest='^call number (-|0x[89ab]).*: A gives KILL, B gives ERRNO\(ENOSYS\)'
	for file in "$here/../../examples/profiles/container-default.json" "$policies"/*-default.json; do
		if [ ! -r "$file" ]; then
			echo "left out: $file is not there"
			continue
		fi
		title=$(basename "$file" .json)
		resolved=$("$callgate" profile resolve --cap none "$file" 2>/dev/null)
		equal crun "$title" "$resolved"
		[ "$runtimes" != crun ] || continue
		case $resolved in
		*'"defaultErrnoRet": 38'* | *SCMP_ARCH_X32*) equal runc "$title" "$resolved" ;;
		*) different runc "$title" "$resolved" "$highest" ;;
		esac
	done
}

# A condition on socket can't be seen behind socketcall: the runtimes let every socket through, callgate none, unless it is told otherwise.
multiplexed() {
	conditional=$(section SCMP_ACT_LOG "$(entry socket ALLOW "$(argument 0 EQ 1)")")
	for runtime in $runtimes; do
		equal "$runtime" open-socketcall "$conditional" --socketcall open
		different "$runtime" denied-socketcall "$conditional" '^socketcall\(1, .*\) on x86: A gives LOG, B allows$'
	done
}

# Several conditions on one argument: the runtimes take each for itself, and so does callgate, unless it is told otherwise.
same_argument() {
	range=$(section SCMP_ACT_ALLOW "$(entry mkdir ERRNO "$(argument 1 GE 10), $(argument 1 LE 20)")")
	for runtime in $runtimes; do
		equal "$runtime" alternatives "$range"
		different "$runtime" range "$range" '^mkdir\(.*: A allows, B gives ERRNO\(EPERM\)$' --same-argument and
	done
}

runtimes=crun
if command -v runc >/dev/null && [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
	runtimes='crun runc'
else
	echo 'left out: runc'
fi
make_bundle
for runtime in $runtimes; do equal_sections "$runtime"; done
default_profiles
multiplexed
same_argument
finish
