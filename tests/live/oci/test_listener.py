#!/usr/bin/python3
"""test_listener.py CALLGATE: a rule with SCMP_ACT_NOTIFY: the supervisor at listenerPath gets the state of the process and the
listener, as the runtime specification says, and its answer becomes the call's."""
import errno
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

CALLGATE = os.path.abspath(sys.argv[1])
# struct seccomp_notif: id, pid, flags, data (nr, arch, instruction pointer, arguments); struct seccomp_notif_resp: id, value, error,
# flags (linux/seccomp.h).
NOTIFICATION = struct.Struct("=QIIiIQ6Q")
RESPONSE = struct.Struct("=QqiI")
RECEIVE, SEND = 0xC0502100, 0xC0182101
failures = []


def expect(what, wanted, found):
    if wanted != found:
        failures.append(what)
        print(f"FAIL: {what}: {found!r} instead of {wanted!r}")


def profile(scratch, names=("mkdir", "mkdirat"), **more):
    """Creating directories is notified. What coreutils call, and what busybox does."""
    path = scratch + "/profile.json"
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"defaultAction": "SCMP_ACT_ALLOW",
                   "syscalls": [{"names": names, "action": "SCMP_ACT_NOTIFY"}], **more}, file)
    return path


class Supervisor(threading.Thread):
    """Takes one connection, and answers every notification with an error until the process is gone."""

    def __init__(self, path, error):
        super().__init__(daemon=True)
        self.error, self.state, self.calls = error, None, 0
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen()
        self.start()

    def run(self):
        connection = self.server.accept()[0]
        text, fds, _, _ = socket.recv_fds(connection, 65536, 8)
        while more := connection.recv(65536):
            text += more
        self.state = (json.loads(text), len(fds))
        while True:
            notification = bytearray(NOTIFICATION.size)
            try:
                fcntl.ioctl(fds[0], RECEIVE, notification)
                fcntl.ioctl(fds[0], SEND, bytearray(RESPONSE.pack(NOTIFICATION.unpack(notification)[0], 0, -self.error, 0)))
            except OSError:
                return
            self.calls += 1


def run(path, *command, **environment):
    return subprocess.run([CALLGATE, "run", "--profile", path, "--", *command], capture_output=True, text=True, check=False,
                          timeout=60, env={**os.environ, "LC_ALL": "C", **environment}, cwd="/")


def check_answered(scratch):
    supervisor = Supervisor(scratch + "/socket", errno.EXDEV)
    path = profile(scratch, listenerPath=scratch + "/socket", listenerMetadata="for \"me\"")
    done = run(path, "sh", "-c", f"echo $$; mkdir {scratch}/made")
    supervisor.join(10)
    pid = int(done.stdout or 0)
    state, fds = supervisor.state or ({}, 0)
    expect("the call's error", True, "Invalid cross-device link" in done.stderr)
    expect("the supervisor's word counts", (1, False), (supervisor.calls, os.path.exists(scratch + "/made")))
    expect("one descriptor, and its name", (1, ["seccompFd"]), (fds, state.get("fds")))
    expect("metadata", "for \"me\"", state.get("metadata"))
    expect("the process", pid, state.get("pid"))
    inner = state.get("state", {})
    expect("the state", (pid, "/", f"callgate-{pid}", "creating"), tuple(inner.get(key) for key in ("pid", "bundle", "id", "status")))
    expect("versions", True, bool(state.get("ociVersion") and inner.get("ociVersion")))


def check_first_call(scratch):
    """The supervisor reads to the end of the connection before it answers the execve. Under the filter no memory is given back, so
    that a sanitizer must not look for any."""
    supervisor = Supervisor(scratch + "/first", errno.EXDEV)
    done = run(profile(scratch, listenerPath=scratch + "/first", names=["execve"]), "true", ASAN_OPTIONS="detect_leaks=0")
    supervisor.join(10)
    expect("execve is answered", (126, True, 1), (done.returncode, "Invalid cross-device link" in done.stderr, supervisor.calls))


def check_refused(scratch, words, **more):
    done = run(profile(scratch, **more), "touch", scratch + "/ran")
    expect(f"refused: {words}", (125, True, False), (done.returncode, words in done.stderr, os.path.exists(scratch + "/ran")))


def main():
    with tempfile.TemporaryDirectory() as scratch:
        check_answered(scratch)
        check_first_call(scratch)
        check_refused(scratch, "nobody would answer")
        check_refused(scratch, "No such file", listenerPath=scratch + "/nobody")
        socket.socket(socket.AF_UNIX).bind(scratch + "/deaf")
        check_refused(scratch, "Connection refused", listenerPath=scratch + "/deaf")
        check_refused(scratch, "too long", listenerPath="/" + "x" * 200)
    sys.exit(1 if failures else 0)


main()
