#!/bin/sh
# usage: sh check.sh: what the CI job does. Builds callgate from the folder callgate/ unless pkg-config knows it already, then the program,
# and runs its tests.
set -eu
cd "$(dirname "$0")"
if ! pkg-config --exists callgate-testing; then
	[ -d callgate-build ] ||
		meson setup callgate-build callgate --prefix="$PWD/callgate-prefix" -Dtests=disabled -Ddocs=disabled -Dexamples=false
	meson install -C callgate-build --quiet
	PKG_CONFIG_PATH=$(dirname "$(find "$PWD/callgate-prefix" -name callgate.pc)")
	export PKG_CONFIG_PATH
fi
make check
