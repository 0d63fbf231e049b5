# shellcheck shell=sh disable=SC2034,SC2154 # some is for the tests to use, or theirs
# What container runtimes are asked to do, the same for each: a bundle with a static busybox and our probe is started with
# one seccomp section after the other. A test sources this after common.sh and calls `containers RUNTIME [OPTION...]`.

policies=${CLIENTS_POLICIES:-$here/../../../shared/policies}
bundle=$work/bundle
runs=0

make_bundle() {
	mkdir -p "$bundle/rootfs/bin" "$bundle/rootfs/proc" "$bundle/rootfs/tmp" "$bundle/rootfs/dev"
	cp "$(command -v busybox)" "$CLIENTS_TOOLS/probe" "$bundle/rootfs/bin"
	for applet in sh chmod grep touch true; do ln -s busybox "$bundle/rootfs/bin/$applet"; done
}

# configure SECCOMP SCRIPT: SECCOMP is a JSON object or null.
configure() {
	/usr/bin/python3 - "$1" "$2" "/$cgroup" >"$bundle/config.json" <<'PYTHON'
import json, sys
capabilities = ["CAP_CHOWN", "CAP_FOWNER", "CAP_KILL"]
print(json.dumps({
    "ociVersion": "1.0.2",
    "process": {
        "args": ["/bin/sh", "-c", "exec 2>&1\n" + sys.argv[2]], "env": ["PATH=/bin"],
        "user": {"uid": 0, "gid": 0}, "cwd": "/",
        "capabilities": {kind: capabilities for kind in ("bounding", "effective", "permitted")},
        "noNewPrivileges": True},
    "root": {"path": "rootfs"},
    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
    "linux": {
        "cgroupsPath": sys.argv[3],
        "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network")],
        "seccomp": json.loads(sys.argv[1])}}))
PYTHON
}

# contained RUNTIME...: runs the container that was configured last, and prints what it prints.
contained() {
	limited "$@" run --bundle "$bundle" "client-$$-$runs" 2>&1 </dev/null ||
		echo "the container ended with status $?"
}

# scenario NAME SECCOMP SCRIPT WANTED: the second run is for the witness, whom a tracing probe could not
# stand.
scenario() {
	runs=$((runs + 1))
	configure "$2" "$3"
	# shellcheck disable=SC2086 # the runtime comes with its options
	expect "$1" "$4" "$(contained $runtime)"
	[ "$2" != null ] || return
	configure "$2" true
	# shellcheck disable=SC2086
	witnessed "$(echo "$1" | tr ' ' -)" $runtime run --bundle "$bundle" "client-$$-$runs-witnessed"
}

# denying ACTION [RULE]: a section that allows all but chmod.
denying() {
	cat <<JSON
{"defaultAction": "SCMP_ACT_ALLOW",
 "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
 "syscalls": [{"names": ["chmod"], "action": "$1"${2:-}}]}
JSON
}

# argument_rule CALL INDEX OPERATOR VALUE [SECOND_VALUE]
argument_rule() {
	cat <<JSON
{"names": ["$1"], "action": "SCMP_ACT_ERRNO",
 "args": [{"index": $2, "op": "SCMP_CMP_$3", "value": $4, "valueTwo": ${5:-0}}]}
JSON
}

simple_scenarios() {
	use='touch /tmp/file; chmod 600 /tmp/file; probe chmod; probe getuid; grep ^Seccomp: /proc/self/status'
	scenario 'no filter' null "$use" \
		'chmod failed: EFAULT
getuid returned 0
Seccomp:	0'
	scenario 'chmod denied' "$(denying SCMP_ACT_ERRNO)" "$use" \
		'chmod: /tmp/file: Operation not permitted
chmod failed: EPERM
getuid returned 0
Seccomp:	2'
	scenario 'another error' "$(denying SCMP_ACT_ERRNO ', "errnoRet": 28')" 'probe chmod' \
		'chmod failed: ENOSPC'
	for kind in KILL KILL_THREAD KILL_PROCESS; do
		scenario "$kind" "$(denying "SCMP_ACT_$kind")" 'probe getuid; probe chmod; echo status $?' \
			'getuid returned 0
Bad system call
status 159'
	done
	scenario TRAP "$(denying SCMP_ACT_TRAP)" 'probe chmod' 'chmod trapped: data 0'
	scenario TRACE "$(denying SCMP_ACT_TRACE ', "errnoRet": 9')" \
		'probe chmod; probe --traced chmod; probe --traced getuid' \
		'chmod failed: ENOSYS
chmod traced: data 9
getuid returned 0'
	scenario LOG "$(denying SCMP_ACT_LOG)" 'probe chmod' 'chmod failed: EFAULT'
}

# int 0x80 makes a call of x86, the number's bit 30 one of x32: the section names both architectures.
architecture_scenarios() {
	limited "$CLIENTS_TOOLS/probe" --x86 20 >/dev/null 2>&1 || return
	scenario 'other architectures' "$(denying SCMP_ACT_ERRNO)" \
		'probe --x86 15; probe --x86 24; probe 0x4000005a' \
		'15 failed: EPERM
24 returned 0
0x4000005a failed: EPERM'
}

argument_scenarios() {
	rules="$(argument_rule chmod 1 EQ 7), $(argument_rule mkdir 1 NE 7), $(argument_rule mknod 1 LT 7)"
	rules="$rules, $(argument_rule creat 1 LE 7), $(argument_rule lchown 1 GE 7)"
	rules="$rules, $(argument_rule truncate 1 GT 4294967301)"
	rules="$rules, $(argument_rule fchmodat 2 MASKED_EQ 112 32)"
	scenario 'argument rules' "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [$rules]}" '
		probe chmod 0 7; probe chmod 0 8
		probe mkdir 0 7; probe mkdir 0 8
		probe mknod 0 6; probe mknod 0 7
		probe creat 0 7; probe creat 0 8
		probe lchown 0 6; probe lchown 0 7
		probe truncate 0 6; probe truncate 0 0x100000005; probe truncate 0 0x100000006
		probe fchmodat 0 0 0x127; probe fchmodat 0 0 0x167' \
		'chmod failed: EPERM
chmod failed: EFAULT
mkdir failed: EFAULT
mkdir failed: EPERM
mknod failed: EPERM
mknod failed: EFAULT
creat failed: EPERM
creat failed: EFAULT
lchown failed: EFAULT
lchown failed: EPERM
truncate failed: EFAULT
truncate failed: EFAULT
truncate failed: EPERM
fchmodat failed: EPERM
fchmodat failed: EFAULT'
	scenario 'two arguments in one rule' '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [
			{"index": 1, "op": "SCMP_CMP_EQ", "value": 3},
			{"index": 0, "op": "SCMP_CMP_EQ", "value": 1}]}]}' \
		'probe socket 1 3; probe socket 1 1; probe socket 2 2' \
		'socket failed: EPERM
socket returned 3
socket returned 3'
}

# profile ENGINE SCRIPT WANTED: the engine's own profile, resolved for a container without extra capabilities.
profile() {
	file=$policies/$1-default.json
	if [ -r "$file" ]; then
		scenario "the default profile of $1" "$(/usr/bin/python3 "$here/profile.py" "$file")" "$2" "$3"
	else
		echo "left out: the default profile of $1 ($file is not there)"
	fi
}

profile_scenarios() {
	profile moby '
		touch /tmp/file && chmod 600 /tmp/file && probe chmod
		probe mount; probe unshare 0x10000000; probe clone 0x10000000
		probe personality 0; probe personality 0x40000; probe personality 0xffffffff
		probe socket 1 1; probe socket 40 1' \
		'chmod failed: EFAULT
mount failed: EPERM
unshare failed: EPERM
clone failed: EPERM
personality returned 0
personality failed: EPERM
personality returned 0
socket returned 3
socket failed: EPERM'
	profile podman '
		touch /tmp/file && chmod 600 /tmp/file && probe chmod
		probe personality 0; probe personality 0x40000
		probe socket 1 1; probe socket 16 3 9; probe ptrace 0x4206 999' \
		'chmod failed: EFAULT
personality returned 0
personality failed: ENOSYS
socket returned 3
socket failed: EINVAL
ptrace failed: ESRCH'
}

containers() {
	runtime=$*
	make_bundle
	simple_scenarios
	architecture_scenarios
	argument_scenarios
	profile_scenarios
}
