#!/bin/sh
# Builds callgate and runs two demonstrations on this machine's kernel. On a fresh Debian machine this is the only command.
set -eu
cd "$(dirname "$0")/.."
sh tests/setup.sh gcc libc6-dev meson ninja-build pkg-config python3 binutils

build=build/quickstart
mkdir -p build
if ! { [ -f "$build/build.ninja" ] || meson setup "$build" -Dtests=disabled -Ddocs=disabled; } >"$build.log" 2>&1 ||
	! ninja -C "$build" >>"$build.log" 2>&1; then
	cat "$build.log"
	exit 1
fi

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
