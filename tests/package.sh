#!/bin/sh
# usage: package.sh build FOLDER | package.sh try FOLDER
#
# As root on Debian, on a machine that is only for this (tests/roots.sh NUMBER package makes two roots for it):
#   build FOLDER  installs what the packages are built with, builds them from packaging/debian, lets lintian check them, and puts them
#                 into FOLDER
#   try FOLDER    runs the tests of packaging/debian/tests, with their dependencies and the packages of FOLDER installed by apt
set -eu
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
debian=$PWD/packaging/debian

install() # PACKAGE...
{
	apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "$@" >/tmp/apt.log 2>&1 || {
		grep -A5 -i error /tmp/apt.log
		return 1
	}
}

build()
{
	folder=$1
	install build-essential fakeroot lintian git
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	mkdir "$work/callgate"
	git -c safe.directory='*' ls-files -z | xargs -0 cp --parents -t "$work/callgate"
	cp -r packaging/debian "$work/callgate/debian"
	cd "$work/callgate"
	apt-get -o DPkg::Lock::Timeout=600 build-dep -y -qq --no-install-recommends ./ >/dev/null
	dpkg-buildpackage --build=binary --no-sign >"$work/log" 2>&1 || {
		grep -E '(error|ERROR|FAILED)[: ]' "$work/log" | head -20
		tail -50 "$work/log"
		exit 1
	}
	grep -E '^dpkg-gensymbols|^dpkg-shlibdeps: warning' "$work/log" || true
	# They are not for an upload to Debian.
	lintian --suppress-tags initial-upload-closes-no-bugs --fail-on error,warning --info --tag-display-limit 0 ../*.changes
	mkdir -p "$folder"
	cp ../*.deb "$folder/"
	echo "package: $(find "$folder" -name '*.deb' | wc -l) packages"
}

# The stanzas of debian/tests/control, a line each: NAMES|DEPENDS. A test that leaves its machine in pieces comes last there.
stanzas()
{
	awk -F ': *' '$1 == "Tests" {names = $2} $1 == "Depends" {gsub(/,/, "", $2); print names "|" $2}' "$debian/tests/control"
}

try()
{
	# apt takes the packages from a folder like any others, so that what a test does not name is not installed.
	(cd "$1" && install apt-utils && apt-ftparchive packages . >Packages)
	echo "deb [trusted=yes] file:$1 ./" >/etc/apt/sources.list.d/callgate-test.list
	apt-get update -qq
	failures=0
	stanzas >/tmp/stanzas
	while IFS='|' read -r names packages; do
		# shellcheck disable=SC2086 # words are meant to split
		install $packages
		for name in $names; do
			AUTOPKGTEST_TMP=$(mktemp -d)
			export AUTOPKGTEST_TMP
			if (cd "$debian/.." && "$debian/tests/$name") </dev/null >/tmp/output 2>&1; then
				echo "package: ok $name"
			else
				cat /tmp/output
				echo "package: FAILED $name"
				failures=$((failures + 1))
			fi
			rm -rf "$AUTOPKGTEST_TMP"
		done
	done </tmp/stanzas
	[ -s /tmp/stanzas ] && [ "$failures" = 0 ]
}

case ${1-}:${2-} in
build:/* | try:/*) "$1" "$2" ;;
*)
	sed -n '2,7s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac
