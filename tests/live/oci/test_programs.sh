#!/bin/sh
# usage: test_programs.sh CALLGATE PROFILE: programs do under the default profile for containers what they do without a filter,
# and what a container has no business with is denied.
set -u
callgate=$(realpath "$1") profile=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export LC_ALL=C HOME="$scratch" GIT_CONFIG_NOSYSTEM=1
failures=0
checks=0

confined()
{
	"$callgate" run --cap none --profile "$profile" -- "$@"
}

fail()
{
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# works SHELL SCRIPT: the same output and status 0 with the profile and without it, each in an empty directory.
works()
{
	checks=$((checks + 1))
	rm -rf free confined && mkdir free confined
	# shellcheck disable=SC2086 # "busybox sh" is two words
	(cd free && $1 -c "$2") >free.out 2>&1 || fail "without the profile: $2: $(cat free.out)"
	# shellcheck disable=SC2086
	(cd confined && confined $1 -c "$2") >confined.out 2>&1 || fail "$2: $(cat confined.out)"
	cmp -s free.out confined.out || fail "$2: $(cat confined.out) instead of $(cat free.out)"
}

# works_if PROGRAM SCRIPT
works_if()
{
	if command -v "$1" >/dev/null; then works sh "$2"; else echo "left out: $1 is not installed"; fi
}

# denied WORDS COMMAND...: it fails, and says so.
denied()
{
	checks=$((checks + 1))
	words=$1
	shift
	if confined "$@" >denied.out 2>&1; then
		fail "not denied: $*"
	else
		grep -q "$words" denied.out || fail "no \"$words\" from $*: $(cat denied.out)"
	fi
}

works 'busybox sh' 'echo hello >a; cp a b; mv b c; ln c d; ln -s d e; chmod 600 c; chown 0:0 c 2>/dev/null; cat e; ls; rm a c d; stat -c %a . >/dev/null'
works 'busybox sh' 'mkfifo p; (echo through >p &) ; cat p; sleep 0.01; kill -0 $$; echo a b c | tr " " "\n" | sort -r | sed s/a/z/ | grep -c .'
works 'busybox sh' 'tar -cf t.tar /etc/passwd 2>/dev/null; tar -tf t.tar; gzip t.tar; gunzip t.tar.gz; find . -name "t*"; md5sum t.tar >/dev/null'
works_if timeout 'timeout 5 env -i /bin/ls / ; nice -n 5 true; nohup true; df . >/dev/null; date -u +%Z; uname -s; id -u'
works_if dd 'dd if=/dev/zero of=f bs=4096 count=4 conv=fsync 2>/dev/null; truncate -s 100 f; wc -c f; sync f; shuf -i 1-1; touch -d @0 f; ls -l --time-style=+%s f'
works_if bash 'bash -c "set -m; sleep 0.01 & wait; cat <(echo substituted); ulimit -n 64; ulimit -n; trap \"echo got\" USR1; kill -USR1 \$\$"'
works_if python3 'python3 -c "
import multiprocessing, os, select, socket, subprocess, tempfile, threading, mmap, signal, time
with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2]))
thread = threading.Thread(target=print, args=(3,)); thread.start(); thread.join()
print(subprocess.check_output([\"echo\", \"4\"]))
server = socket.create_server((\"127.0.0.1\", 0)); client = socket.create_connection(server.getsockname())
client.send(b\"5\"); print(server.accept()[0].recv(1)); a, b = socket.socketpair(); a.send(b\"6\"); print(b.recv(1))
poll = select.epoll(); poll.register(b); a.send(b\"7\"); print(len(poll.poll(1))); print(socket.if_nameindex()[0][1])
m = mmap.mmap(-1, 4096); m[0] = 8; print(m[0], time.clock_getres(time.CLOCK_MONOTONIC) > 0, os.sched_getaffinity(0) != set())
print(os.getrandom(1) != b\"\", os.memfd_create(\"m\") > 0, signal.setitimer(signal.ITIMER_REAL, 0))
"'
works_if git 'git init -q r && cd r && echo 1 >f && git add f && git -c user.name=n -c user.email=e commit -qm m && git log --format=%s && git gc -q && git fsck'
works_if perl 'perl -e "print 1 + 1; pipe(R, W); print fork ? wait > 0 : exit"'
works_if apt-get 'apt-get --version | head -n 1; apt-cache policy libc6 | head -n 2'
works_if cc 'echo "int main(void) { return 0; }" >m.c; cc -o m m.c && ./m; echo $?'
# Only root may take from the bounding set.
works_if setpriv "setpriv --no-new-privs $([ "$(id -u)" != 0 ] || echo --bounding-set=-all) echo dropped"

denied 'Operation not permitted' unshare --user true
denied 'Operation not permitted' unshare --mount true
denied 'permission denied\|Operation not permitted\|must be superuser' mount -t tmpfs none .
denied 'Operation not permitted' busybox chroot . true
denied 'Operation not permitted' busybox hostname elsewhere
denied 'Operation not permitted' busybox pivot_root . .
denied 'Operation not permitted' setarch -R true

# A list from before statx(2): like runc, what is newer than the newest name gets ENOSYS, and ls takes an older call; like crun, EPERM.
old='"access","arch_prctl","brk","close","execve","exit_group","fcntl","fstat","fstat64","fstatat64","futex","getdents64","getrandom","ioctl","lseek",
"lstat","mmap","mmap2","mprotect","munmap","newfstatat","open","openat","pread64","prlimit64","read","readlink","rt_sigaction",
"rt_sigprocmask","set_robust_list","set_thread_area","set_tid_address","stat","statfs","statfs64","write"'
printf '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": [%s], "action": "SCMP_ACT_ALLOW"}]}' "$old" >old.json
: >listed
for like in auto runc docker crun podman; do
	checks=$((checks + 1))
	"$callgate" run --like "$like" --profile old.json -- /bin/ls listed >old.out 2>&1
	case $like$? in
	auto0 | runc0 | docker0) grep -qx listed old.out || fail "$like: $(cat old.out)" ;;
	crun[1-9] | podman[1-9]) grep -q 'Operation not permitted' old.out || fail "$like: $(cat old.out)" ;;
	*) fail "ls under an old list, like $like: $(cat old.out)" ;;
	esac
done

[ "$failures" = 0 ] && echo "$checks checks passed"
exit "$((failures > 0))"
