#!/bin/sh
# The Go binding's own tests, built against this library's header and run with the library.
. "$(dirname "$0")/common.sh"
sources=${CLIENTS_GO_SOURCES:-/usr/share/gocode/src}
binding=github.com/seccomp/libseccomp-golang
needs go gcc pkg-config
[ -d "$sources/$binding" ] || skip 'golang-github-seccomp-libseccomp-golang-dev is not installed'

# The module that wraps the library has no dependencies, so it is built the old way, without a module cache or
# a network.
mkdir -p "$work/go/src/$binding"
cp "$sources/$binding/"*.go "$work/go/src/$binding"
cd "$work/go/src/$binding" || exit 1
export GOPATH="$work/go" GOCACHE="$work/go/cache" GO111MODULE=off CGO_CFLAGS="${CLIENTS_CFLAGS:-}"
LIMIT=100 limited go test -c -o "$work/go/tests" . >"$work/output" 2>&1 || {
	cat "$work/output"
	give_up 'the tests of the binding cannot be built'
}
witnessed binding "$work/go/tests" -test.v
expect 'the tests pass' 0 "$witnessed_status"
expect 'none fails' '' "$(grep -E -A 3 -- '--- FAIL' "$work/output")"
expect_line 'rules are loaded and deny' '--- PASS: TestRuleAddAndLoad' "$(cat "$work/output")"
expect_line 'notifications are answered' '--- PASS: TestNotif' "$(cat "$work/output")"
finish
