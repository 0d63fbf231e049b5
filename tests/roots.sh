#!/bin/bash
# usage: tests/roots.sh [--keep] 12|13 root|user|package|foreign [TEST-ARGUMENT...]
#
# Tries both commands of the README, sh examples/quickstart.sh and sh tests/run.sh, in a fresh Debian 12 or 13: a root folder made by
# debootstrap(8) from this machine's own package source, with a clean clone of HEAD, as root or as an ordinary user who has sudo, a
# umask of 077 and a directory in PATH that can't be read. Needs root, or sudo. Prints how each command ended and how long it took.
# With `package`, instead, builds the Debian packages there, and tries them in another root that is as fresh: tests/package.sh.
# With `foreign`, instead, builds for other machines there, and tests under qemu-user: tests/foreign.sh, with the arguments.
#   --keep            leave the root in build/roots/NUMBER-WHO; the next run then uses it again, with what is HEAD by then
#   TEST-ARGUMENT...  goes on to tests/run.sh, and the quickstart is not tried
# Everything runs in mount and process namespaces of its own, so that no mount or process is left, however this ends.
set -eu
cd "$(dirname "$0")/.."

usage()
{
	sed -n '2,11s/^# \{0,1\}//p' tests/roots.sh
	exit "$1"
}

case ${1-} in -h | --help) usage 0 ;; esac
arguments=("$@")
keep=false
if [ "${1-}" = --keep ]; then
	keep=true
	shift
fi
[ $# -ge 2 ] || usage 2
case $1 in 12) codename=bookworm ;; 13) codename=trixie ;; *) usage 2 ;; esac
case $2 in root | user | package | foreign) who=$2 ;; *) usage 2 ;; esac
name=$1-$2
shift 2

if [ "$(id -u)" != 0 ]; then
	exec sudo "$PWD/tests/roots.sh" "${arguments[@]}"
fi
sh tests/setup.sh debootstrap util-linux git
roots=$PWD/build/roots
root=$roots/$name base=$roots/$codename.tar
mkdir -p "$roots"
exec 9>"$roots/$name.lock"
flock -n 9 || {
	echo "roots: $name is in use" >&2
	exit 1
}

if [ "${CALLGATE_ROOTS_INSIDE-}" != yes ]; then
	inside=
	# shellcheck disable=SC2317 # the trap below calls it
	clean_up()
	{
		# The namespaces' first process ends with unshare(1), and all others with that one.
		[ -z "$inside" ] || kill -KILL "$inside" 2>/dev/null || :
		wait
		if $keep; then set -- "$root-clean"; else set -- "$root" "$root-clean"; fi
		rm -rf --one-file-system "$@" || { sleep 1 && rm -rf --one-file-system "$@"; }
	}
	trap clean_up EXIT
	trap 'exit 130' INT TERM HUP
	flock -u 9
	CALLGATE_ROOTS_INSIDE=yes unshare --mount --pid --fork --kill-child --propagation private -- \
		bash "$PWD/tests/roots.sh" "${arguments[@]}" &
	inside=$!
	status=0
	wait "$inside" || status=$?
	inside=
	exit "$status"
fi

# The debian source of this machine, whatever its name, serves the other release too.
source_of_packages()
{
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(LABEL) $(COMPONENT) $(SITE)' 'Identifier: Packages' |
		awk '$1 == "Debian" && $2 == "main" {print $3; exit}'
}

make_base()
{
	local site
	site=$(source_of_packages)
	[ -n "$site" ] || {
		echo "roots: no source of Debian packages in /etc/apt; apt-get update first" >&2
		exit 1
	}
	echo "roots: debootstrap of $codename"
	rm -rf --one-file-system "$root"
	debootstrap --variant=minbase --include=ca-certificates "$codename" "$root" "$site" >"$roots/$name.log" ||
		{
			tail -20 "$roots/$name.log" >&2
			exit 1
		}
	tar -C "$root" -cf "$base.$$" .
	mv "$base.$$" "$base"
}

make_root()
{
	apt-config dump Acquire | grep -i proxy >"$root/etc/apt/apt.conf.d/90-proxy" || true
	mkdir "$root/closed"
	chmod 700 "$root/closed"
	in_root "$root" useradd --create-home --shell /bin/bash user
	in_root "$root" apt-get update -qq
	in_root "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends sudo >/dev/null
	echo 'user ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/user"
	chmod 440 "$root/etc/sudoers.d/user"
	touch "$root/made"
}

in_root()
{
	local root=$1
	shift
	chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
}

mount_in_root()
{
	local device
	mount -t proc proc "$root/proc"
	mount -t sysfs -o ro sysfs "$root/sys"
	mount -t tmpfs -o mode=755 tmpfs "$root/dev"
	for device in "null 3" "zero 5" "full 7" "random 8" "urandom 9"; do
		mknod -m 666 "$root/dev/${device% *}" c 1 "${device#* }"
	done
	mknod -m 666 "$root/dev/tty" c 5 0
	mkdir "$root/dev/pts" "$root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	for device in stdin:0 stdout:1 stderr:2; do
		ln -s "/proc/self/fd/${device#*:}" "$root/dev/${device%:*}"
	done
	mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

# The clone belongs to whoever tries it, and is where that is at home. In a root that was kept only what was committed since is new.
clone()
{
	local git="git -c safe.directory=* -c advice.detachedHead=false"
	umask 022
	rm -rf "$roots/$name.clone"
	$git clone -q --no-hardlinks . "$roots/$name.clone"
	if [ -d "$root$home/callgate" ]; then
		# What is the same keeps its time, and is not built again.
		(cd "$roots/$name.clone" && find . -type f ! -path './.git/*' -exec sh -c \
			'old=$1; shift; for file; do cmp -s "$old/$file" "$file" && touch -r "$old/$file" "$file"; done; :' \
			sh "$root$home/callgate" {} +)
		rm -rf "$roots/$name.clone/build"
		mv "$root$home/callgate/build" "$roots/$name.clone/" 2>/dev/null || true
		rm -rf "$root$home/callgate"
	fi
	mv "$roots/$name.clone" "$root$home/callgate"
	chroot "$root" chown -R "$account:" "$home/callgate"
}

# try COMMAND...
failures=0
try()
{
	local started=$SECONDS status=0 took
	echo "=== $name: $*"
	# shellcheck disable=SC2016 # for the shell in the root
	chroot "$root" runuser -u "$account" -- env -i HOME="$home" USER="$account" LANG=C.UTF-8 \
		PATH=/closed:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin \
		sh -c 'umask "$1"; shift; cd; cd callgate; exec "$@"' sh "$mask" "$@" </dev/null || status=$?
	took=$((SECONDS - started))
	echo "=== $name: $*: status $status after $((took / 60)) min $((took % 60)) s"
	[ "$status" = 0 ] || failures=$((failures + 1))
}

if [ "$who" = user ]; then account=user home=/home/user mask=077; else account=root home=/root mask=022; fi

fresh_root()
{
	rm -rf --one-file-system "$root"
	if [ ! -f "$base" ]; then
		make_base
		rm -rf --one-file-system "$root"
	fi
	mkdir "$root"
	tar -C "$root" -xpf "$base"
	mount_in_root
	make_root
	clone
}

# What the packages were built with is not there where they are tried.
try_packages()
{
	rm -rf "$root/packages"
	try sh tests/package.sh build /packages
	[ "$failures" = 0 ] || exit 1
	local packages=$root/packages
	root=$root-clean
	fresh_root
	cp -r "$packages" "$root/packages"
	try sh tests/package.sh try /packages
	exit "$failures"
}

# In a function, as bash reads a script while it runs, and that can be edited meanwhile.
main()
{
	if [ -f "$root/made" ]; then
		mount_in_root
		clone
	else
		fresh_root
	fi
	[ "$who" != package ] || try_packages
	if [ "$who" = foreign ]; then
		try sh tests/foreign.sh "$@"
		exit "$failures"
	fi
	if [ $# = 0 ]; then
		try sh examples/quickstart.sh
	fi
	try sh tests/run.sh "$@"
	exit "$failures"
}
main "$@"
