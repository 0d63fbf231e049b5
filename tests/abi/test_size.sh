#!/bin/sh
# usage: test_size.sh LIBRARY.so KIBIBYTES: what is mapped read-only of the library, as size(1) counts it, is at most so much.
set -eu
text=$(size "$1" | awk 'NR == 2 { print $1 }')
echo "$(basename "$1"): $text bytes of text; at most $(($2 * 1024))"
[ "$text" -le $(($2 * 1024)) ]
