#!/bin/sh
# usage: test_examples.sh DIRECTORY: do the programs of scene 1 print what they should, and die as they should?
set -u
directory=$1
failed=0

# expect PROGRAM STATUS OUTPUT: the status is the shell's, 128 + the signal.
expect()
{
	output=$("$directory/$1" 2>&1)
	status=$?
	if [ "$status" != "$2" ] || [ "$output" != "$3" ]; then
		printf '%s: status %s instead of %s, and it printed:\n%s\ninstead of:\n%s\n' "$1" "$status" "$2" "$output" "$3"
		failed=1
	fi
}

case $(uname -m) in
x86_64 | i?86) native=$(getconf LONG_BIT | sed 's/64/x86_64/; s/32/x86/') ;;
arm*) native=arm ;;
*) native=$(uname -m) ;;
esac

expect strict 137 "Step 1: no restrictions yet
Step 2: entering strict mode: read, write, exit and sigreturn are all that is left"
expect filter 159 "No restrictions yet"
expect trap 1 "No restrictions yet
Forbidden call: getpid on $native"
exit $failed
