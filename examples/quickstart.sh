#!/bin/sh
# usage: examples/quickstart.sh [--help]
#
# Installs a compiler and what else it takes (Debian packages, as root or through sudo), builds callgate in build/quickstart, and runs two
# demonstrations on this machine's kernel. On a fresh Debian machine this is the only command; it takes one to five minutes.
set -eu
cd "$(dirname "$0")/.."
case ${1-} in
"") ;;
-h | --help)
	sed -n '2,5s/^# \{0,1\}//p' examples/quickstart.sh
	exit 0
	;;
*)
	sed -n '2s/^# //p' examples/quickstart.sh >&2
	exit 2
	;;
esac

echo "Step 1 of 3: the packages that the build needs"
sh tests/setup.sh gcc libc6-dev meson ninja-build pkg-config python3 binutils

build=build/quickstart
mkdir -p build
echo "Step 2 of 3: building in $build (the log is $build.log)"
build()
{
	[ -f "$build/build.ninja" ] || meson setup "$build" -Dtests=disabled -Ddocs=disabled || return
	ninja -C "$build"
}

# Until it is ended, shows what ninja has printed last, "[12/345] Compiling ...": in place on a terminal, now and then elsewhere.
show_progress()
{
	seconds=0
	while sleep 1; do
		seconds=$((seconds + 1))
		step=$(sed -n 's/^\[\([0-9]*\/[0-9]*\)\].*/\1/p' "$build.log" | tail -n 1)
		if [ -t 1 ]; then
			printf '\r  %s of the steps, %s s ' "${step:-0}" "$seconds"
		elif [ $((seconds % 15)) = 0 ]; then
			echo "  ${step:-0} of the steps, $seconds s"
		fi
	done
}

started=$(date +%s)
: >"$build.log"
show_progress &
progress=$!
trap 'kill "$progress" 2>/dev/null || :' EXIT
status=0
(build) >"$build.log" 2>&1 || status=$?
kill "$progress"
[ ! -t 1 ] || echo
[ "$status" = 0 ] || {
	cat "$build.log"
	echo "callgate could not be built: see above" >&2
	exit 1
}
echo "  built in $(($(date +%s) - started)) s"
echo "Step 3 of 3: two demonstrations"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
problems=0

# play EXPECTED-STATUS COMMAND...: shows a command, what it prints, and how it ended.
play()
{
	expected=$1
	shift
	printf '\n$ %s\n' "$*"
	status=0
	"$@" || status=$?
	case $status in
	137) how="killed by SIGKILL (\"Killed\")" ;;
	159) how="killed by SIGSYS (\"Bad system call\")" ;;
	*) how="exit status $status" ;;
	esac
	echo "-> $how"
	[ "$status" = "$expected" ] || {
		echo "-> but status $expected was expected"
		problems=$((problems + 1))
	}
}

echo "1. A program gives up all system calls but a few, then calls getpid()."
play 137 "$build/examples/strict"
play 159 "$build/examples/filter"
play 1 "$build/examples/trap"

echo
echo "2. A profile under which chmod fails with EPERM."
echo hello >"$scratch/file"
chmod 644 "$scratch/file"
play 1 "$build/src/cli/callgate" run --profile examples/chmod.json -- chmod 400 "$scratch/file"
mode=$(stat -c %a "$scratch/file")
echo "-> the file's mode is still $mode"
[ "$mode" = 644 ] || problems=$((problems + 1))

[ "$problems" = 0 ] || {
	printf '\n%s commands did not end as they should\n' "$problems"
	exit 1
}
printf '\nBoth demonstrations ended as they should.\n'
