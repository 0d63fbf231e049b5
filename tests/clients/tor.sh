#!/bin/sh
# tor, an allow-list with some hundred rules on the addresses of file names; what it denies fails with EPERM.
. "$(dirname "$0")/common.sh"
needs tor
needs_remote

mkdir -m 700 "$work/data"
: >"$work/torrc"
tor -f "$work/torrc" --defaults-torrc "$work/torrc" --Sandbox 1 --DataDirectory "$work/data" --SocksPort 0 \
	--DisableNetwork 1 --RunAsDaemon 0 --Log 'notice stdout' >"$work/tor.log" 2>&1 &
daemon=$!
until_true 20 grep -q 'Delaying directory fetches' "$work/tor.log" || {
	cat "$work/tor.log"
	give_up 'tor does not start'
}
expect_filtered "$daemon"
inspected tor "$daemon"
expect 'an allowed call' 'returned 0' "$(called "$daemon" getuid)"
expect 'a denied call' 'failed: EPERM' "$(called "$daemon" execve 0 0 0)"
expect 'an allowed argument' 'returned' "$(called "$daemon" socket 1 1 0 | cut -d ' ' -f 1)"
expect 'a denied argument' 'failed: EPERM' "$(called "$daemon" socket 40 1 0)"
expect 'a denied file name' 'failed: EPERM' "$(called "$daemon" openat -100 0 0)"
finish
