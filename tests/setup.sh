#!/bin/sh
# usage: setup.sh PACKAGE...: installs what is missing of these Debian packages; as root, or through sudo.
set -eu
case ${1-} in
-h | --help)
	sed -n '2s/^# //p' "$0"
	exit 0
	;;
esac

missing=
for package in "$@"; do
	case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
	ii*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "setup: these packages are missing and there is no sudo to install them:$missing" >&2
		exit 1
	}
	as_root='sudo env DEBIAN_FRONTEND=noninteractive'
fi
# shellcheck disable=SC2086 # words are meant to be counted
set -- $missing
echo "setup: installing $# packages, which takes a minute or two:$missing"
started=$(date +%s)
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -o DPkg::Lock::Timeout=600 update -qq
# shellcheck disable=SC2086 # words are meant to split
$as_root apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends $missing >/dev/null
echo "setup: installed in $(($(date +%s) - started)) s"
