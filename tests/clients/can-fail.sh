#!/bin/sh
# usage: can-fail.sh LIBRARY CLIENT...
# The clients are run with a library that is known to be broken, and each must fail one of its checks: not being
# able to start is no proof. One that is skipped shows nothing; when all are, this fails.
set -u
here=$(cd "$(dirname "$0")" && pwd)
CLIENTS_LIBRARY=$1
export CLIENTS_LIBRARY CLIENTS_STOP_AT_FIRST=1
shift
unset CLIENTS_FILTERS
noticed=0
missed=0
for client; do
	output=$("$here/$client.sh" 2>&1)
	status=$?
	failed=$(echo "$output" | grep '^not ok' | head -n 1)
	if [ "$status" = 77 ]; then
		echo "$output" | tail -n 1
	elif [ "$status" = 1 ] && [ -n "$failed" ]; then
		noticed=$((noticed + 1))
		echo "noticed: $failed"
	else
		missed=$((missed + 1))
		echo "$client does not notice:"
		echo "$output"
	fi
done
echo "$noticed noticed, $missed did not"
[ "$missed" = 0 ] && [ "$noticed" -gt 0 ]
