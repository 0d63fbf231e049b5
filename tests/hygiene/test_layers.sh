#!/bin/sh
# usage: test_layers.sh SOURCE-ROOT: the tree keeps the layers, and a tree that breaks them is told.
set -eu
here=$(dirname "$0")
python3 "$here/layers.py" "$1"

broken=$(mktemp -d)
trap 'rm -rf "$broken"' EXIT
cp -r "$1/src" "$broken/src"

# refuse FILE LINE: appends the line to the file, and expects a complaint about it.
refuse()
{
	cp "$broken/src/$1" "$broken/kept"
	echo "$2" >>"$broken/src/$1"
	if python3 "$here/layers.py" "$broken" >/dev/null; then
		echo "not noticed: $2 in $1"
		exit 1
	fi
	cp "$broken/kept" "$broken/src/$1"
}
refuse base/vec.h '#include "arch/arch.h"'
refuse policy/policy.c '#include "bpf/program.h"'
refuse prove/space.c '#include "compile/compile.h"'
refuse prove/space.c '#include "query/ask.h"'
refuse compile/compile.c '# include <seccomp.h>'
mkdir "$broken/src/attic"
if python3 "$here/layers.py" "$broken" >/dev/null; then
	echo "an unknown room was not noticed"
	exit 1
fi
