#!/bin/sh
# apt-get update on a local repository: each of its methods confines itself to an allow-list whose default
# action traps.
. "$(dirname "$0")/common.sh"
needs apt-get
needs_remote

methods=/usr/lib/apt/methods
repository=$work/repository

# Everything apt-get reads or writes is below $work.
make_repository() {
	mkdir -p "$repository" "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/parts"
	{
		printf 'Package: example\nVersion: 1.0\nArchitecture: all\n'
		printf 'Filename: ./example.deb\nSize: 1\nSHA256: %064d\n\n' 0
	} >"$repository/Packages"
	sum=$(sha256sum <"$repository/Packages" | cut -d ' ' -f 1)
	{
		printf 'Date: %s\nSHA256:\n' "$(date -u '+%a, %d %b %Y %H:%M:%S UTC')"
		echo " $sum $(wc -c <"$repository/Packages") Packages"
	} >"$repository/Release"
	echo "deb [trusted=yes] file:$repository ./" >"$work/apt/sources.list"
	: >"$work/apt/status"
	cat >"$work/apt.conf" <<CONF
Dir::State "$work/apt"; Dir::State::status "$work/apt/status"; Dir::Cache "$work/apt/cache";
Dir::Log "$work/apt";
Dir::Etc "$work/apt"; Dir::Etc::main "/dev/null"; Dir::Etc::parts "$work/apt/parts";
Dir::Etc::sourcelist "$work/apt/sources.list"; Dir::Etc::sourceparts "$work/apt/parts";
Dir::Etc::preferencesparts "$work/apt/parts"; Dir::Etc::trustedparts "$work/apt/parts";
Acquire::Languages "none"; APT::Sandbox::Seccomp "true";
CONF
	export APT_CONFIG="$work/apt.conf"
}

# start_method NAME: a method on its own, configured as apt-get does it.
start_method() {
	rm -f "$work/requests"
	mkfifo "$work/requests"
	"$methods/$1" <"$work/requests" >"$work/method.log" 2>&1 &
	daemon=$!
	exec 8>"$work/requests"
	printf '601 Configuration\nConfig-Item: APT::Sandbox::Seccomp=true\n\n' >&8
	until_true 5 grep -q '^Seccomp:.*2$' "/proc/$daemon/status"
	expect_filtered "$daemon"
}

make_repository
witnessed update apt-get update
expect 'apt-get update' 0 "$witnessed_status"
expect_line 'the package is known afterwards' 'Candidate: 1\.0' "$(limited apt-cache policy example)"

limited apt-get update -o APT::Sandbox::Seccomp::Trap::=utimensat >"$work/output" 2>&1
expect 'apt-get update with a rule whose action is the default action' 100 $?
expect_line 'the refusal' '^E: Cannot trap utimensat: Permission denied' "$(cat "$work/output")"

start_method file
expect 'an allowed call' 'returned 0' "$(called "$daemon" getuid)"
expect 'a denied call' 'signal SIGSYS' "$(called "$daemon" mount 0 0 0 0 0)"
exec 8>&-
until_true 5 test ! -d "/proc/$daemon/task"
expect_line 'apt names the denied call' 'prevented execution of syscall 0*165 on architecture amd64' \
	"$(cat "$work/method.log")"

finish
