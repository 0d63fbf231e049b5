#!/bin/sh
# Builds callgate and plays the plugin example on this machine's kernel. On a fresh Debian machine this is the only command.
set -eu
cd "$(dirname "$0")/../.."
sh tests/setup.sh gcc libc6-dev meson ninja-build pkg-config python3 binutils

build=build/plugin-example
mkdir -p build
if ! { [ -f "$build/build.ninja" ] || meson setup "$build" -Dtests=disabled -Ddocs=disabled; } >"$build.log" 2>&1 ||
	! ninja -C "$build" >>"$build.log" 2>&1; then
	cat "$build.log"
	exit 1
fi
exec sh examples/plugin/play.sh "$build" "$build/rendered"
