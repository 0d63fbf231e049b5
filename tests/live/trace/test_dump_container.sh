#!/bin/sh
# usage: test_dump_container.sh CALLGATE PROFILE LIBRARY: a container that crun starts with this profile, and with this library in place of the system's, which does not
# know all of the calls, has one filter, and `callgate dump` proves that it
# is the profile. Needs root, crun and busybox.
set -u
callgate=$1 profile=$2 library=$3
# crun knows one hierarchy of control groups: in a mount namespace of this test there is no other.
if [ "${DUMP_INSIDE:-}" != yes ] && [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
	DUMP_INSIDE=yes exec unshare --mount sh "$0" "$@"
fi
scratch=$(mktemp -d)
name=callgate-dump-$$
trap 'crun --root "$scratch/state" delete --force "$name" >/dev/null 2>&1; find /sys/fs/cgroup -depth -type d -name "*$name*" -exec rmdir {} + 2>/dev/null; rm -rf "$scratch"' EXIT
export LC_ALL=C

skip()
{
	echo "SKIP: $*"
	exit 77
}

[ "$(id -u)" = 0 ] || skip 'only root can start a container and read its filters'
for needed in crun busybox python3; do
	command -v $needed >/dev/null || skip "no $needed is installed"
done
umount -R /sys/fs/cgroup 2>/dev/null
mount -t cgroup2 callgate-dump /sys/fs/cgroup 2>/dev/null
"$callgate" profile resolve --like crun --cap none "$profile" >"$scratch/seccomp.json" || exit 1
mkdir -p "$scratch/rootfs/bin" "$scratch/rootfs/proc" "$scratch/rootfs/dev"
cp "$(command -v busybox)" "$scratch/rootfs/bin/busybox"
python3 - "$scratch" "$name" <<'PYTHON'
import json, sys
scratch = sys.argv[1]
json.dump({
    "ociVersion": "1.0.2", "root": {"path": "rootfs"},
    "process": {"args": ["/bin/busybox", "sleep", "100"], "cwd": "/", "user": {"uid": 0, "gid": 0}, "noNewPrivileges": True,
                "capabilities": {kind: [] for kind in ("bounding", "effective", "permitted")}},
    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
    "linux": {"cgroupsPath": "/" + sys.argv[2], "namespaces": [{"type": "pid"}, {"type": "mount"}], "seccomp": json.load(open(scratch + "/seccomp.json"))},
}, open(scratch + "/config.json", "w"))
PYTHON
(cd "$scratch" && LD_LIBRARY_PATH=$(dirname "$library") timeout 60 crun --root "$scratch/state" --cgroup-manager=disabled run --detach "$name") >"$scratch/output" 2>&1 </dev/null ||
	skip "crun can't start a container here: $(head -n 1 "$scratch/output")"
pid=$(crun --root "$scratch/state" state "$name" | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')
"$callgate" dump --like crun --cap none "$pid" "$profile" >"$scratch/output" 2>&1 || {
	grep -qE 'CAP_SYS_ADMIN|CONFIG_CHECKPOINT_RESTORE' "$scratch/output" && skip "$(tail -n 1 "$scratch/output")"
	cat "$scratch/output"
	exit 1
}
cat "$scratch/output"
grep -qE '^ *1 .*: equal to .*, proved' "$scratch/output" || exit 1
"$callgate" dump --like crun --cap none --against "$profile" "$pid"
