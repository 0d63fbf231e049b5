#!/bin/sh
# Installs what the client tests need. The daemons are only unpacked, below CLIENTS_PACKAGES: nobody who runs
# tests wants them started, or another time server removed.
set -eu
packages=${CLIENTS_PACKAGES:-/var/cache/callgate-clients}
export DEBIAN_FRONTEND=noninteractive

if [ "$(id -u)" != 0 ]; then
	echo "install.sh: only root can install packages; the tests would be skipped as well"
	exit 0
fi

installed() {
	dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q '^install ok installed$'
}

# What an index cannot offer is left out: its test says so when it is skipped.
install_packages() {
	wanted=
	for package; do
		installed "$package" || wanted="$wanted $package"
	done
	[ -n "$wanted" ] || return 0
	update_once
	# shellcheck disable=SC2086 # words are meant to split
	apt-get -o DPkg::Lock::Timeout=600 install -y -q --no-install-recommends --no-remove $wanted && return
	for package in $wanted; do
		apt-get -o DPkg::Lock::Timeout=600 install -y -q --no-install-recommends --no-remove "$package" ||
			echo "install.sh: no $package here"
	done
}

update_once() {
	[ -n "${updated:-}" ] || apt-get -o DPkg::Lock::Timeout=600 update -q
	updated=yes
}

# unpack_package PACKAGE PROGRAM: installs the libraries it depends on, but not the package.
unpack_package() {
	command -v "$2" >/dev/null && return
	[ ! -x "$packages/usr/bin/$2" ] && [ ! -x "$packages/usr/sbin/$2" ] || return 0
	update_once
	download=$(mktemp -d)
	chmod 755 "$download"
	if (cd "$download" && apt-get download -q -o APT::Sandbox::User=root "$1"); then
		libraries=$(dpkg-deb -f "$download"/*.deb Depends | tr ',' '\n' | sed -n 's/^ *\(lib[^ |]*\).*/\1/p')
		# shellcheck disable=SC2086
		install_packages $libraries
		mkdir -p "$packages"
		dpkg-deb -x "$download"/*.deb "$packages"
	else
		echo "install.sh: no $1 here"
	fi
	rm -rf "$download"
}

install_packages binutils bubblewrap busybox-static cargo crun g++ gcc git golang-github-seccomp-libseccomp-golang-dev \
	golang-go groff-base libc6-dev librust-syscallz-dev libseccomp2 man-db pkg-config python3 python3-seccomp qemu-system-x86 runc rustc seccomp \
	universal-ctags util-linux
unpack_package chrony chronyd
unpack_package nginx nginx
unpack_package redis-tools redis-benchmark
unpack_package redis-server redis-server
unpack_package lxc lxc-execute
unpack_package tor tor
unpack_package systemd-tests ../lib/systemd/tests/test-seccomp
