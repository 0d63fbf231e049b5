#!/bin/sh
# runc, whose init re-executes itself with an empty environment and loads the system's library, in whose place
# ours is.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/oci.sh"
needs runc busybox python3
[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || skip 'runc needs a cgroup tree, and none can be mounted'
containers runc
finish
