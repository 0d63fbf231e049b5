#!/bin/sh
# LXC, which makes a context for each architecture of a container and merges them, and has a supervisor of its own answer calls: it takes the
# listener and uses the library to receive and to respond.
. "$(dirname "$0")/common.sh"
needs lxc-execute busybox python3

# LXC sets the mode of what it has as standard input and error: that must not be the machine's /dev/null.
: >"$work/nothing"

root=$work/root
mkdir -p "$root/bin" "$root/sbin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/usr" "$root/etc" "$work/lxc"
: >"$root/dev/null"
cp "$(command -v busybox)" "$CLIENTS_TOOLS/probe" "$root/bin"

# configure NAME PROFILE-LINE...
configure() {
	container=$1
	shift
	mkdir -p "$work/lxc/$container"
	{
		printf '2\ndenylist\n'
		for line; do echo "$line"; done
	} >"$work/lxc/$container/profile"
	cat >"$work/lxc/$container/config" <<CONF
lxc.arch = x86_64
lxc.rootfs.path = dir:$root
lxc.uts.name = $container
lxc.net.0.type = none
lxc.apparmor.profile = unconfined
lxc.autodev = 0
lxc.cgroup.dir = $cgroup
lxc.seccomp.profile = $work/lxc/$container/profile
CONF
}

contained() {
	limited lxc-execute -P "$work/lxc" -n "$container" -o "$work/$container.log" -- "$@" 2>"$work/errors" <"$work/nothing"
}

# supervise SOCKET: answers each call with EBADFD (77), as lxc.container.conf(5) describes the messages.
supervise() {
	python3 - "$1" >"$work/supervisor.log" 2>&1 <<'PYTHON' &
import socket, struct, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.bind(sys.argv[1])
server.listen(1)
head = struct.calcsize("<QiiHHH2xQ")
while True:
    monitor, _ = server.accept()
    while True:
        message, _, _, _ = socket.recv_fds(monitor, 8192, 4)
        if not message:
            break
        ident, _, _, number = struct.unpack_from("<QIIi", message, head)
        print("notified", number, flush=True)
        answer = bytearray(message)
        struct.pack_into("<QqiI", answer, head + 80, ident, 0, -77, 0)
        monitor.send(answer)
PYTHON
	supervisor=$!
	until_true 10 test -S "$1" || give_up 'the supervisor does not start'
}

configure denied 'chmod errno 1' 'socket errno 13 [0,40,SCMP_CMP_EQ]' 'umount errno 9' '[x86]' 'mkdir errno 28'
expect 'a denied call' 'chmod failed: EPERM' "$(contained /bin/probe chmod)"
expect 'an allowed call' 'getuid returned 0' "$(contained /bin/probe getuid)"
expect 'a denied argument' 'socket failed: EACCES' "$(contained /bin/probe socket 40 1 0)"
expect 'an allowed argument' 'socket returned' "$(contained /bin/probe socket 1 1 0 | cut -d ' ' -f 1,2)"
expect 'a rule for all architectures, on the merged one' '15 failed: EPERM' "$(contained /bin/probe --x86 15)"
expect 'a rule of that architecture' '39 failed: ENOSPC' "$(contained /bin/probe --x86 39)"
witnessed denied lxc-execute -P "$work/lxc" -n denied -- /bin/probe getuid

configure notified 'chmod notify'
echo "lxc.seccomp.notify.proxy = unix:$work/supervisor" >>"$work/lxc/notified/config"
supervise "$work/supervisor"
expect 'a notified call' 'chmod failed: EBADFD' "$(contained /bin/probe chmod)"
expect 'the supervisor was asked' "notified $("$CLIENTS_TOOLS/probe" --number chmod)" "$(cat "$work/supervisor.log")"
kill "$supervisor"
finish
