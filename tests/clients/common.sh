# shellcheck shell=sh disable=SC2034,SC2154 # some is for the tests to use, or theirs
# Common ground of the client tests: each sources this file first thing.
#
# A client test runs a program nobody here wrote, with the library under test in the place of the system's.
# Nothing of that may be felt outside, so a test is run three times, each within the one before:
#   outside  finds out whether it can work here at all, and makes a mount namespace;
#   mounts   puts the library over the system's file and an empty directory over /run, starts the last one with a
#            time limit, and removes what it left in the cgroup tree, the only thing that outlives a namespace;
#   inside   is the test proper, in a process namespace: whatever it starts ends with it.
#
# From the environment: CLIENTS_LIBRARY (the library under test), CLIENTS_TOOLS (the directory with witness,
# probe and remote), and optionally CLIENTS_CFLAGS (how to find the library's header), CLIENTS_FILTERS (a directory
# that gets the filters the kernel was given), CLIENTS_STOP_AT_FIRST (not empty: one failure is enough). The
# exit status is 0 (passed), 1 (failed) or 77 (skipped, with the reason printed).
set -u

# The library is to be found where the system's was, and nowhere else.
unset LD_LIBRARY_PATH LD_PRELOAD

here=$(cd "$(dirname "$0")" && pwd)
client=$(basename "$0" .sh)
work=/run/clients
packages=${CLIENTS_PACKAGES:-/var/cache/callgate-clients}
PATH=$PATH:/usr/sbin:/sbin:$packages/usr/bin:$packages/usr/sbin
failures=0
checks=0

skip() {
	echo "SKIP $client: $*"
	exit 77
}

give_up() {
	echo "FAIL $client: $*"
	exit 1
}

# The system's files called libseccomp.so.2 which are for the same machine as the library under test.
system_libraries() {
	machine=$(od -An -tx2 -j18 -N2 "$CLIENTS_LIBRARY")
	ldconfig -p | sed -n 's/^\tlibseccomp\.so\.2 .* => //p' | while read -r path; do
		[ "$(od -An -tx2 -j18 -N2 "$path")" = "$machine" ] && readlink -f "$path"
	done | sort -u
}

enter_mount_namespace() {
	: "${CLIENTS_LIBRARY:?}" "${CLIENTS_TOOLS:?}"
	[ -r "$CLIENTS_LIBRARY" ] || give_up "there is no $CLIENTS_LIBRARY"
	[ "$(id -u)" = 0 ] || skip 'only root can put another library in the place of the system'\''s'
	unshare --mount true 2>/dev/null || skip 'no mount namespaces here'
	[ -n "$(system_libraries)" ] || skip 'the system has no libseccomp.so.2 to stand in for'
	CLIENT_STAGE=mounts exec unshare --mount --propagation private "$0"
}

# A private /run also holds the state of the container runtimes. The copy of the library keeps its permissions
# apart from the umask of whoever built it.
mount_everything() {
	exec 9<"$CLIENTS_LIBRARY"
	libraries=$(system_libraries)
	mount -t tmpfs -o mode=755 callgate-clients /run || give_up 'cannot mount a tmpfs'
	mkdir -p "$work/filters"
	cat <&9 >"$work/libseccomp.so.2"
	exec 9<&-
	chmod 755 "$work/libseccomp.so.2"
	for system in $libraries; do
		mount --bind "$work/libseccomp.so.2" "$system" || give_up "cannot stand in for $system"
	done
	umount -R /sys/fs/cgroup 2>/dev/null
	mount -t cgroup2 callgate-clients /sys/fs/cgroup 2>/dev/null
}

remove_cgroups() {
	for attempt in 1 2 3 4 5; do
		find /sys/fs/cgroup -depth -type d -path "*/$cgroup*" -exec rmdir {} + 2>/dev/null && return
		sleep "0.$attempt"
	done
}

# timeout leads a process group of its own: killing it ends the first process of the namespace and so all of
# them.
run_inside() {
	setpriv --pdeathsig KILL timeout -s KILL "${CLIENT_TIME_LIMIT:-120}" \
		setpriv --pdeathsig KILL unshare --pid --fork --kill-child --mount-proc "$0" </dev/null &
	inside=$!
	trap 'kill -KILL "-$inside" 2>/dev/null' INT TERM HUP
	wait "$inside"
	status=$?
	trap '' INT TERM HUP
	kill -KILL "-$inside" 2>/dev/null
	remove_cgroups
	[ -z "${CLIENTS_FILTERS:-}" ] || cp -r "$work/filters/." "$CLIENTS_FILTERS/"
	case $status in
	0 | 1 | 77) exit "$status" ;;
	129 | 130 | 137 | 143) give_up 'interrupted, or it took too long' ;;
	*) give_up "ended with status $status" ;;
	esac
}

# --- What the tests proper are written with ---

needs() {
	for program; do
		command -v "$program" >/dev/null || skip "$program is not installed (tests/clients/install.sh does that)"
	done
}

# Makes calls in other processes, through the registers of this machine.
needs_remote() {
	[ "$(uname -m)" = x86_64 ] || skip 'remote knows the registers of x86_64 only'
}

# Every program is started through this: none may keep the test waiting.
limited() {
	timeout -k 2 "${LIMIT:-30}" "$@"
}

# expect WHAT WANTED FOUND
expect() {
	checks=$((checks + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $client: $1"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $client: $1"
	echo "$2" | sed 's/^/    wanted: /'
	echo "$3" | sed 's/^/    found:  /'
	[ -z "${CLIENTS_STOP_AT_FIRST:-}" ] || finish
}

# expect_line WHAT PATTERN TEXT: one line of the text matches the pattern.
expect_line() {
	if echo "$3" | grep -qE -- "$2"; then
		expect "$1" yes yes
	else
		expect "$1" "a line like: $2" "$3"
	fi
}

# witnessed NAME COMMAND...: runs the command, and expects that at least one process gave itself a filter, and
# that each that did had the library under test loaded and no other of that name.
witnessed() {
	name=$1
	shift
	mkdir "$work/filters/$name"
	: >"$work/nothing" # some programs set the mode of what they have as standard input
	limited "$CLIENTS_TOOLS/witness" "$work/libseccomp.so.2" "$work/filters/$name" -- "$@" \
		>"$work/output" 2>&1 <"$work/nothing"
	# shellcheck disable=SC2034 # for the test
	witnessed_status=$?
	expect_provenance "$name"
}

# inspected NAME PID: the same for a process which has its filter already.
inspected() {
	mkdir "$work/filters/$1"
	limited "$CLIENTS_TOOLS/witness" "$work/libseccomp.so.2" "$work/filters/$1" "$2"
	expect_provenance "$1"
}

expect_provenance() {
	expect "$1: the filter comes from the library under test" ours \
		"$(awk '{print $4}' "$work/filters/$1/log" 2>/dev/null | sort -u)"
}

# until_true SECONDS COMMAND...
until_true() {
	tries=$(($1 * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# Without a filter no call is denied, and some that would be made then are not harmless.
expect_filtered() {
	modes=$(cat "/proc/$1/task/"*/status | sed -n 's/^Seccomp:[[:space:]]*//p' | sort -u)
	expect 'all threads run under a filter' 2 "$modes"
	[ "$modes" = 2 ] || give_up 'there is no filter to test'
}

# called PID CALL [ARGUMENT...]: makes a process make the call and says what became of it: "returned N", "failed: ERRNO" or
# "signal SIGSYS". The names of calls are those of probe.
called() {
	pid=$1
	nr=$("$CLIENTS_TOOLS/probe" --number "$2")
	shift 2
	limited "$CLIENTS_TOOLS/remote" "$pid" "$nr" "$@" 2>&1
}

finish() {
	[ "$checks" -gt 0 ] || give_up 'nothing was checked'
	[ "$failures" -eq 0 ] || give_up "$failures of $checks checks failed"
	echo "PASS $client: $checks checks"
	exit 0
}

case ${CLIENT_STAGE:-outside} in
outside)
	enter_mount_namespace
	;;
mounts)
	cgroup=callgate-clients-$$
	export CLIENT_STAGE=inside cgroup
	mount_everything
	run_inside
	;;
esac
