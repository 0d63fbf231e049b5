#!/bin/sh
# usage: test_output.sh CALLGATE SOURCE SWAP: an output file is replaced as a whole or not at all, and what can't be written is an error.
set -eu
umask 022 # what is expected below depends on it
callgate=$(realpath "$1") source=$(realpath "$2") swap=$(realpath "$3")
profile=$source/examples/chmod.json
scratch=$(mktemp -d)
chmod 755 "$scratch"
trap 'umount "$scratch/disk" 2>/dev/null || :; rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir out
cp "$profile" p.json
printf "profile p.json\n\ntest it\nread -> ALLOW\nchmod -> EPERM\n" >t.test
"$callgate" test t.test >/dev/null || { echo "the test file of this test is wrong"; exit 1; }

fail()
{
	echo "$*"
	exit 1
}

# write_as KIND FILE [INPUT]: every way in which the tool writes a file.
write_as()
{
	case $1 in
	bpf | c | pfc) $under "$callgate" compile --profile "${3-p.json}" --format "$1" -o "$2" ;;
	dump) $under "$callgate" compile --profile "${3-p.json}" --dump after:rules -o "$2" ;;
	plain | tap | junit) $under "$callgate" test --format "$1" -o "$2" "${3-t.test}" ;;
	html) $under "$callgate" test -o /dev/null --coverage-html "$2" "${3-t.test}" ;;
	esac
}
under=
kinds="bpf c pfc dump plain tap junit html"

# refused KIND FILE WHY: this fails with exit status 2 and a message, leaves FILE as it was (or absent) and nothing beside it.
refused()
{
	before=$(cksum "$2" 2>/dev/null || echo absent)
	beside=$(ls -A "$(dirname "$2")" 2>&1 || :)
	status=0
	write_as "$1" "$2" >stdout 2>stderr || status=$?
	[ "$status" -eq 2 ] || fail "$3: $1: exit status $status"
	[ -s stderr ] || fail "$3: $1: no message"
	[ "$(cksum "$2" 2>/dev/null || echo absent)" = "$before" ] || fail "$3: $1: the file was touched"
	[ "$(ls -A "$(dirname "$2")" 2>&1 || :)" = "$beside" ] || fail "$3: $1: something is left behind"
}

# Is FILE what was expected? Results in JUnit's format have times besides.
is_expected()
{
	sed 's/ time="[0-9.]*"//' "$1" >found
	sed 's/ time="[0-9.]*"//' expected | cmp found -
}

# No output takes the place of a file that was read, whatever led to it: each command that writes one, for what it is given and for what that includes.
mkdir policies
cp "$profile" policies/given.json
printf 'write(7) -> ALLOW\n' >policies/innermost.policy
printf 'include innermost.policy\n' >policies/inner.policy
printf 'default EPERM\narch x86_64\ninclude inner.policy\nread -> ALLOW\n' >policies/outer.policy
printf 'profile outer.policy\nread -> ALLOW\n' >policies/outer.test
printf 'openat(AT_FDCWD, "x", O_RDONLY) = 3\n' >policies/trace
spared()
{
	file=$1
	shift
	before=$(cksum "$file")
	for name in "$file" "policies/../$file" policies/link; do
		ln -sf "${file#policies/}" policies/link
		status=0
		"$@" "$name" >stdout 2>stderr </dev/null || status=$?
		[ $status -ne 0 ] && grep -q "$name: this file is read, and is not written over" stderr || fail "$* $name: exit status $status, $(cat stderr)"
		[ "$(cksum "$file")" = "$before" ] || fail "$* $name: the file was touched"
		rm policies/link
	done
}
for file in policies/outer.policy policies/inner.policy policies/innermost.policy; do
	for format in bpf c pfc; do
		spared $file "$callgate" compile --profile policies/outer.policy --format $format -o
	done
	"$callgate" compile --profile policies/outer.policy --arch x86_64 --format header >header 2>stderr || grep -q libmd stderr || fail "a header: $(cat stderr)"
	[ ! -s header ] || spared $file "$callgate" compile --profile policies/outer.policy --arch x86_64 --format header -o
	spared $file "$callgate" explain policies/outer.policy -o
	spared $file "$callgate" explain --against policies/outer.policy policies/given.json --arch x86_64 -o
	spared $file "$callgate" profile convert policies/outer.policy -o
	spared $file "$callgate" test policies/outer.test -o
	spared $file "$callgate" test policies/outer.test -o /dev/null --coverage-html
done
spared policies/outer.test "$callgate" test policies/outer.test -o
spared policies/given.json "$callgate" profile convert policies/given.json -o
recorded()
{
	"$callgate" record --from strace --force -o "$1" policies/trace
}
spared policies/trace recorded

# What is written to a file is what is written to standard output.
for kind in bpf c pfc dump plain tap junit html; do
	write_as $kind out/new >stdout 2>stderr || fail "$kind: $(cat stderr)"
	write_as $kind - >expected
	is_expected out/new || fail "$kind: the file has something else than standard output"
	[ "$(stat -c %a out/new)" = 644 ] || fail "$kind: mode $(stat -c %a out/new)"
	echo old >out/new
	write_as $kind out/new >stdout
	is_expected out/new || fail "$kind: the old file was not replaced"
	rm out/new
done
(umask 077 && write_as bpf out/private && [ "$(stat -c %a out/private)" = 600 ]) || fail "the umask is not kept to"
(umask 077 && "$callgate" compile --profile p.json -o out/unnamed && [ "$(ls -A out | wc -l)" = 2 ]) ||
	fail "something is beside the outputs"

# What was looked at is opened: a link that is put in its place meanwhile is not followed. The sanitizers want to be loaded first.
echo old >out/swapped
: >out/victim
mkfifo out/pipe
cat out/pipe >out/victim &
reader=$!
status=0
SWAP_FILE=out/swapped SWAP_TARGET=pipe LD_PRELOAD=$swap timeout 20 "$callgate" compile --profile p.json -o out/swapped 2>stderr || status=$?
kill "$reader" 2>/dev/null || :
wait "$reader" 2>/dev/null || :
if ! grep -q 'ASan runtime' stderr; then
	[ -L out/swapped ] || fail "nothing was swapped: $(cat stderr)"
	[ ! -s out/victim ] || fail "a link that was put in the place of the output is followed"
	[ $status = 2 ] && grep -q swapped stderr || fail "a swapped output: exit status $status: $(cat stderr)"
fi
rm out/*

# A limit of file sizes, and a full disk.
echo old >out/file
for kind in $kinds; do
	(
		ulimit -f 0
		status=0
		write_as $kind out/file >/dev/null 2>&1 || status=$?
		[ $status -eq 2 ]
	) || fail "ulimit -f: $kind: another exit status than 2"
	[ "$(cat out/file)" = old ] || fail "ulimit -f: $kind: the old file is gone"
	[ "$(ls -A out)" = file ] || fail "ulimit -f: $kind: left behind: $(ls -A out)"
done
mkdir disk
if mount -t tmpfs -o size=8k none disk 2>/dev/null; then
	echo old >disk/file
	dd if=/dev/zero of=disk/rest bs=4k 2>/dev/null || :
	for kind in $kinds; do
		refused $kind disk/file "full disk"
		refused $kind disk/new "full disk, new file"
	done
	umount disk
else
	echo "no disk can be filled here: mount needs root"
fi
for kind in $kinds; do
	status=0
	write_as $kind /dev/full >stdout 2>stderr || status=$?
	[ $status -eq 2 ] && [ -s stderr ] || fail "/dev/full: $kind: exit status $status"
done

# An input is not written over, whatever it is called.
cp p.json keep.json
cp t.test keep.test
ln -s p.json link.json
ln p.json hard.json
ln -s t.test link.test
for name in p.json link.json hard.json ./p.json; do
	for kind in $kinds; do
		refused $kind $name "onto the profile as $name"
		grep -q 'is read' stderr || fail "onto $name: $(cat stderr)"
	done
done
for kind in plain tap junit html; do
	refused $kind link.test "onto the test file"
done
"$callgate" compile --profile - -o p.json <p.json 2>stderr && fail "standard input is written over"
"$callgate" test -o t.test - <t.test 2>stderr && fail "standard input is written over by the results"
cmp -s p.json keep.json && cmp -s t.test keep.test || fail "an input was touched"
"$callgate" test -o out/both --coverage-html out/both t.test 2>stderr && fail "two outputs are one file"
ln -s both out/alias
"$callgate" test -o out/both --coverage-html out/alias t.test 2>stderr && fail "two outputs are one file, by a link"
[ ! -e out/both ] || fail "one of two equal outputs was written"
rm out/alias

# Conversions, and the files that a policy includes.
printf 'default EPERM\nread -> ALLOW\n' >part.policy
printf 'default EPERM\narch x86_64\ninclude part.policy\nwrite -> ALLOW\n' >p.policy
cp part.policy keep.part
cp p.policy keep.policy
ln -s p.policy link.policy
for name in p.policy link.policy part.policy; do
	for command in "profile convert" "profile convert --to policy" explain "compile --profile"; do
		status=0
		"$callgate" $command p.policy -o $name 2>stderr || status=$?
		[ $status = 2 ] && grep -q 'is read' stderr || fail "$command onto $name: exit status $status: $(cat stderr)"
	done
done
"$callgate" profile convert -o p.policy - <p.policy 2>stderr && fail "standard input is written over by a conversion"
cmp -s p.policy keep.policy && cmp -s part.policy keep.part || fail "a policy was touched"

# Symbolic links are followed, and stay.
mkdir out/target
echo old >out/target/file
ln -s target/file out/relative
ln -s relative out/chain
ln -s "$scratch/out/target/new" out/dangling
ln -s loop out/loop
for link in relative chain; do
	echo old >out/target/file
	write_as c out/$link
	[ -L out/$link ] || fail "the link $link was replaced"
	grep -q sock_filter out/target/file || fail "the link $link was not followed"
done
write_as c out/dangling
[ -L out/dangling ] && grep -q sock_filter out/target/new || fail "a link to nothing was not followed"
refused c out/loop "a link to itself"
[ "$(ls -A out/target | tr '\n' ' ')" = "file new " ] || fail "left behind: $(ls -A out/target)"

# Mode and owner stay; where they can't, nothing changes.
for mode in 600 640 755 2755; do
	chmod $mode out/target/file
	write_as bpf out/target/file
	[ "$(stat -c %a out/target/file)" = $mode ] || fail "mode $mode became $(stat -c %a out/target/file)"
done
if [ "$(id -u)" = 0 ]; then
	chown 1:2 out/target/file
	write_as bpf out/target/file
	[ "$(stat -c %u:%g out/target/file)" = 1:2 ] || fail "the owner was not kept"
	if ! setpriv --reuid 65534 --regid 65534 --clear-groups "$callgate" --version >/dev/null 2>&1; then
		echo "left out: another user can't run $callgate here, or there is no setpriv(1)"
	elif [ "$(setpriv --reuid 65534 --clear-groups cat p.json t.test | wc -c)" != 0 ]; then
		under="setpriv --reuid 65534 --regid 65534 --clear-groups"
		chmod 666 out/target/file
		chmod 777 out/target
		refused bpf out/target/file "a file of another owner"
		chmod 755 out/target
		refused html out/target/file "a directory that can't be written"
		grep -q directory stderr || fail "$(cat stderr)"
		refused bpf out/target/another "a new file in a directory that can't be written"
		chmod 644 out/target/file
		chmod 777 out/target
		refused bpf out/target/file "a file that can't be written"
		under=
	fi
else
	chmod 444 out/target/new
	refused bpf out/target/new "a file that can't be written"
	chmod 644 out/target/new
	chmod 555 out/target
	refused bpf out/target/new "a directory that can't be written"
	grep -q directory stderr || fail "$(cat stderr)"
	chmod 755 out/target
fi
if command -v setfacl >/dev/null && setfacl -m u:65534:r out/target/new 2>/dev/null; then
	write_as bpf out/target/new
	getfacl -cn out/target/new | grep -q '^user:65534:r--' || fail "the access list was not kept"
fi
refused bpf out/nothing/file "a directory that is not there" 2>/dev/null
refused bpf out/target/ "a directory"

# Standard output by its names, pipes and devices.
write_as bpf - >expected
for name in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
	write_as bpf $name | cmp - expected || fail "$name in a pipe"
	{ echo before && write_as bpf $name && echo after; } >mixed
	{ echo before && cat expected && echo after; } | cmp - mixed || fail "$name to a file"
done
write_as bpf /dev/fd/7 7>seventh
cmp seventh expected || fail "/dev/fd/7"
mkfifo fifo
cat fifo >received &
write_as bpf fifo
wait
cmp received expected || fail "a fifo"
[ -p fifo ] || fail "the fifo was replaced"
for kind in $kinds; do
	write_as $kind /dev/null >stdout || fail "/dev/null: $kind"
done
[ -c /dev/null ] || fail "/dev/null was replaced"

# Whatever ends the process early leaves the old file, and no other.
printf 'profile p.json\n\ntest it\ndeadline 5000\nlive: pause() -> EINTR\n' >slow.test
echo old >out/file
for signal in TERM USR1 KILL; do
	"$callgate" test -o out/file --coverage-html out/page slow.test >stdout 2>stderr &
	pid=$!
	sleep 0.3
	kill -s $signal $pid 2>/dev/null || :
	wait $pid 2>/dev/null || :
	[ "$(cat out/file)" = old ] || fail "SIG$signal: the file was touched"
	[ ! -e out/page ] && ! ls -A out | grep -q '^\.' || fail "SIG$signal: left behind: $(ls -A out)"
done

# What the kernel can answer to each step, by the tool's own filter. SCMP_CMP_MASKED_EQ of O_TMPFILE is 0x410000.
# answer FILE NAME ACTION [ERRNO]; an openat is one of a file without a name.
answer()
{
	args=
	[ "$2" != openat ] || args=', "args": [{"index": 2, "value": 4259840, "valueTwo": 4259840, "op": "SCMP_CMP_MASKED_EQ"}]'
	printf '{"names": ["%s"], "action": "SCMP_ACT_%s"%s%s}' "$2" "$3" "${4:+, \"errnoRet\": $4}" "$args" >>"$1"
}
profile_of()
{
	file=$1
	shift
	printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [' >"$file"
	separator=
	for entry in "$@"; do
		printf '%s' "$separator" >>"$file"
		IFS=: read -r name action number <<-END
			$entry
		END
		answer "$file" "$name" "$action" "$number"
		separator=', '
	done
	printf ']}\n' >>"$file"
}
profile_of check.json mkdir:ERRNO:1
if "$callgate" run --profile check.json true 2>stderr; then
	echo old >out/file
	under="$callgate run --profile filter.json"
	# No files without a name here: one with a name does as well.
	for unsupported in openat:ERRNO:95 openat:ERRNO:21 linkat:ERRNO:2; do
		profile_of filter.json $unsupported
		write_as bpf out/file
		cmp out/file expected || fail "$unsupported: the file is wrong"
		! ls -A out | grep -q '^\.' || fail "$unsupported: left behind: $(ls -A out)"
		echo old >out/file
		(
			ulimit -f 0
			! write_as bpf out/file 2>/dev/null
		) || fail "$unsupported: ulimit -f is no error"
		[ "$(cat out/file)" = old ] || fail "$unsupported: ulimit -f: the old file is gone"
		! ls -A out | grep -q '^\.' || fail "$unsupported: ulimit -f: left behind: $(ls -A out)"
	done
	for broken in fsync:ERRNO:5 renameat:ERRNO:16 linkat:ERRNO:28 fchmod:ERRNO:1 openat:ERRNO:28; do
		profile_of filter.json $broken
		refused bpf out/file $broken
		profile_of filter.json openat:ERRNO:95 $broken
		[ $broken = openat:ERRNO:28 ] || [ $broken = linkat:ERRNO:28 ] || refused bpf out/file "$broken, with a name"
	done
	for killed in fsync:KILL_PROCESS linkat:KILL_PROCESS; do
		profile_of filter.json $killed
		write_as bpf out/file 2>/dev/null && fail "$killed: it was not killed"
		[ "$(cat out/file)" = old ] || fail "$killed: the file was touched"
		! ls -A out | grep -q '^\.' || fail "$killed: left behind: $(ls -A out)"
	done
	under=
else
	echo "no filter can be loaded here: $(cat stderr)"
fi

# Nobody reads the answer: that is an error of every command that has one.
write_as bpf p.bpf
for command in "compile --profile p.json" "compile --dump after:help" "profile show p.json" "profile resolve p.json" \
	"profile check --json p.json" "prove p.json p.bpf" "diff --json p.json p.bpf" "disasm p.bpf" "test t.test" \
	"test --list t.test" "test --format junit t.test" "test --coverage t.test" "syscalls" "syscalls read" "syscalls --sets" \
	"bench --counts --repeats 1 p.json" "--version" "--help" "help compile"; do
	# Sanitizers don't let bench open another library.
	[ "${command#bench}" = "$command" ] || "$callgate" $command >stdout 2>stderr || {
		grep -q RTLD_DEEPBIND stderr && continue
		fail "$command: $(cat stderr)"
	}
	for where in '>/dev/full' '>&-'; do
		status=0
		eval "\"$callgate\" $command $where 2>stderr" || status=$?
		[ $status -eq 2 ] || fail "$command $where: exit status $status"
		grep -q 'standard output: ' stderr || fail "$command $where: $(cat stderr)"
	done
done
# And no file takes the place of closed ones.
write_as bpf out/file >&- 2>&- <&-
cmp out/file expected || fail "with standard files closed the output is wrong"
write_as html out/file 2>&- >stdout <&-
grep -q '</html>' out/file || fail "with standard error closed the page is wrong"
"$callgate" run --profile p.json sh -c '[ ! -e /proc/self/fd/1 ]' >&- 2>stderr ||
	fail "a command under a filter finds another standard output than was there"

# Results of workers that are killed are missed at once, not when the tests' deadline is over.
printf 'profile p.json\n\ntest it\ndeadline 60000\nlive: pause() -> EINTR\nlive: pause() -> EINTR\n' >slow.test
"$callgate" test -j 2 slow.test >stdout 2>stderr &
pid=$!
sleep 0.5
kill -KILL $(cat /proc/$pid/task/$pid/children)
status=0
timeout 10 tail -f --pid=$pid /dev/null || fail "the tool waits for workers that are gone"
wait $pid || status=$?
[ $status -eq 2 ] && [ "$(grep -c 'ended without an answer' stdout)" = 2 ] || fail "killed workers: $(cat stdout)"

# Live calls do not meet the files of the tool.
{
	printf 'profile p.json\n\ntest it\n'
	for fd in 3 4 5 6 7 8 9 10 11 12; do
		printf 'live: write(%s, "live", 4) -> EBADF\n' $fd
	done
} >files.test
for jobs in 1 3; do
	status=0
	"$callgate" test -j $jobs --coverage-html out/page -o out/results files.test 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- 2>stderr </dev/null || status=$?
	[ $status -eq 0 ] || fail "-j $jobs: $(cat out/results stderr)"
	"$callgate" test -j $jobs files.test 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- >stdout 2>stderr </dev/null || status=$?
	[ $status -eq 0 ] && [ "$(tail -n 1 stdout)" = "10 passed, 0 failed" ] || fail "-j $jobs: $(cat stdout stderr)"
done
