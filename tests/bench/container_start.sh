#!/bin/sh
# usage: container_start.sh TURNS-PROGRAM DROP-IN-LIBRARY NOTHING-LIBRARY CALLGATE [PROFILE]: how long crun takes to start and end a
# container without seccomp, with the distribution's libseccomp, with the drop-in, and with a library that does nothing, in turns.
# PROFILE is Docker's or OCI's seccomp profile (without: examples/profiles/container-default.json). TURNS and RUNS in the
# environment: 5 turns of 40 starts.
set -eu
turns=$1 library=$2 nothing=$3 callgate=$4
here=$(cd "$(dirname "$0")" && pwd)
profile=${5:-$here/../../examples/profiles/container-default.json}
skip() {
	echo "SKIP: $*"
	exit 77
}
[ "$(id -u)" = 0 ] || skip 'crun makes containers as root here'
for program in crun busybox python3; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done
ldconfig -p | grep -q 'libseccomp\.so\.2' || skip 'the distribution'\''s libseccomp is not installed'

# crun wants the unified hierarchy of control groups, which a namespace of mounts can have to itself.
[ -n "${CONTAINER_START_MOUNTED:-}" ] || CONTAINER_START_MOUNTED=yes exec unshare --mount --propagation private "$0" "$@"
umount -R /sys/fs/cgroup 2>/dev/null || :
mount -t cgroup2 callgate-bench /sys/fs/cgroup || skip 'no cgroup2 here'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lib" "$work/nothing" "$work/rootfs/bin" "$work/rootfs/proc" "$work/rootfs/dev" "$work/none" "$work/filtered"
cp "$library" "$work/lib/libseccomp.so.2"
cp "$nothing" "$work/nothing/libseccomp.so.2"
cp "$(command -v busybox)" "$work/rootfs/bin/true"
"$callgate" profile resolve "$profile" >"$work/seccomp.json" 2>/dev/null
python3 - "$work" <<'PYTHON'
import json, sys
work = sys.argv[1]
config = {
    "ociVersion": "1.0.2",
    "process": {"args": ["/bin/true"], "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}, "cwd": "/", "noNewPrivileges": True},
    "root": {"path": work + "/rootfs"},
    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
    "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network")]}}
json.dump(config, open(work + "/none/config.json", "w"))
config["linux"]["seccomp"] = json.load(open(work + "/seccomp.json"))
json.dump(config, open(work + "/filtered/config.json", "w"))
PYTHON

# A comparison of a library with itself says nothing, and a test runner's LD_LIBRARY_PATH would make one.
unset LD_LIBRARY_PATH
# loaded FOLDER: the libseccomp that crun loads, with FOLDER before those of the system.
loaded() {
	LD_LIBRARY_PATH=$1 ldd "$(command -v crun)" | sed -n 's#.*libseccomp\.so\.2 => \(.*\) (.*#\1#p'
}
peer=$(loaded '') ours=$(loaded "$work/lib")
[ -n "$peer" ] || skip 'this crun loads no libseccomp'
if grep -q callgate_version "$peer" || ! grep -q callgate_version "$ours"; then
	echo "FAIL: libseccomp is $peer and callgate is $ours" >&2
	exit 1
fi

start="exec crun --root $work/state --cgroup-manager=disabled run --bundle"
"$turns" "${TURNS:-5}" "${RUNS:-40}" \
	none "$start $work/none bench-$$" \
	libseccomp "$start $work/filtered bench-$$" \
	callgate "LD_LIBRARY_PATH=$work/lib; export LD_LIBRARY_PATH; $start $work/filtered bench-$$" \
	nothing "LD_LIBRARY_PATH=$work/nothing; export LD_LIBRARY_PATH; $start $work/filtered bench-$$"
