#!/bin/sh
# usage: test_allow.sh CALLGATE: `callgate profile allow` makes a profile allow just the calls that it is asked for, whatever denied them, and keeps
# the rest of the text.
set -u
callgate=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export LC_ALL=C
failures=0

fail()
{
	echo "FAIL: $*"
	sed 's/^/	/' "$scratch/words" "$scratch/new.json"
	failures=$((failures + 1))
}

# allow STATUS CALL...: in a copy of the profile.
allow()
{
	expected=$1
	shift
	cp -p "$scratch/old.json" "$scratch/new.json"
	"$callgate" profile allow "$scratch/new.json" "$@" >"$scratch/words" 2>&1 </dev/null
	actual=$?
	[ $actual = "$expected" ] || fail "allow $*: status $actual, not $expected"
	[ "$expected" = 0 ] || cmp -s "$scratch/old.json" "$scratch/new.json" || fail "allow $*: refused, and the file was changed"
}

# only PATTERN CALL...: after it, exactly these calls of x86_64 are answered in another way: each line of the difference has the pattern.
only()
{
	pattern=$1
	shift
	allow 0 "$@"
	"$callgate" profile check "$scratch/new.json" >"$scratch/words" 2>&1 || fail "allow $*: no profile"
	"$callgate" diff "$scratch/old.json" "$scratch/new.json" >"$scratch/words" 2>&1
	[ $? = 1 ] || fail "allow $*: no difference"
	# Which error a call gets that stays denied depends on the newest call that the profile names.
	grep -E '(gives|allows|kills).*, B ' "$scratch/words" | grep -v 'A gives ERRNO(ENOSYS), B gives ERRNO(EPERM)' >"$scratch/differences"
	[ -s "$scratch/differences" ] || fail "allow $*: no difference is named"
	grep -vE "$pattern" "$scratch/differences" && fail "allow $*: another difference than \"$pattern\""
	for call; do
		"$callgate" sim "$scratch/new.json" "$call" >"$scratch/words" 2>&1 || fail "sim $call"
		grep -E '^ *(TRAP|KILL|ERRNO|TRACE)|: (TRAP|KILL|ERRNO)' "$scratch/words" && fail "allow $*: $call is not allowed"
	done
}

cat >"$scratch/old.json" <<'JSON'
{
  "comment": "äöü \" ] } is a text",
  "defaultAction": "SCMP_ACT_ERRNO",
  "syscalls": [
    { "names": ["read", "write"], "action": "SCMP_ACT_ALLOW" },
    { "names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [ { "index": 0, "value": 2, "op": "SCMP_CMP_EQ" } ] },
    { "comment": "ü", "names": [ "ptrace" , "chmod" ], "action": "SCMP_ACT_KILL_PROCESS" },
    { "action": "SCMP_ACT_ERRNO", "errnoRet": 13, "names": ["mount", "umount2"], "args": [ ] },
    { "names": ["sethostname"], "action": "SCMP_ACT_TRAP", "args": null },
    { "names": ["personality"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13,
      "args": [ { "index": 0, "value": 8, "op": "SCMP_CMP_EQ" } ] }
  ]
}
JSON
chmod 640 "$scratch/old.json"
only 'keyctl\(1, ' 'keyctl(KEYCTL_JOIN_SESSION_KEYRING)'
only 'socket\(1, ' 'socket(AF_UNIX)'
only 'socket(call)?\(' socket
only 'ptrace\(0, ' 'ptrace(PTRACE_TRACEME)'
only 'ptrace\(0, 5[,)]' 'ptrace(PTRACE_TRACEME, 5)'
only 'chmod\(\*, 256\)' 'chmod(*, 0400)'
only 'chmod\(\*, \*\)|chmod on' chmod
only 'mount\(\*, \*, \*, 4096[,)]' 'mount(*, *, *, MS_BIND)'
only 'sethostname' sethostname
only 'sethostname\(\*, 5\)' 'sethostname(*, 5)'
only 'personality\((8|\*|0)' personality
only 'keyctl\((0x)?[5-9]' 'keyctl((u32)5..9)'
only 'personality\(8' 'personality(8)'
only 'personality\(8, 3[,)]' 'personality(8, 3)'
only 'openat\(' 'openat(AT_FDCWD, *, O_RDONLY)'
only 'chmod|keyctl|sethostname' chmod keyctl sethostname
only '(lseek|read|pread|_llseek|cachestat|fadvise)' @file-read
grep -q '"comment": "äöü \\" \] } is a text"' "$scratch/new.json" || fail 'a text of the profile was changed'
# The entry that denies has the name for the other calls, and its own conditions and errors.
only 'umount2\(\*, 2\)' 'umount2(*, 2)'
grep -q '"errnoRet": 13, "names": \["umount2"\], "args": \[{"index": 1, "value": 2, "op": "SCMP_CMP_NE"}\]' "$scratch/new.json" || fail 'the entry that is left'

# The profile is a file like others: its mode is kept, and nothing is written for nothing.
[ "$(stat -c %a "$scratch/new.json")" = 640 ] || fail 'the mode was changed'
only keyctl 'keyctl(KEYCTL_JOIN_SESSION_KEYRING)'
allow 0 'keyctl(KEYCTL_JOIN_SESSION_KEYRING)'
grep -q 'gets another error: setdomainname' "$scratch/words" || fail 'other errors of denied calls are not named'
allow 0 read
grep -q 'allowed already' "$scratch/words" || fail 'read: allowed already'
cmp -s "$scratch/old.json" "$scratch/new.json" || fail 'read: the file was changed'
cp -p "$scratch/old.json" "$scratch/new.json"
"$callgate" profile allow --dry-run "$scratch/new.json" chmod >"$scratch/words" 2>&1 || fail '--dry-run'
grep -q '^-.*"ptrace" , "chmod"' "$scratch/words" && grep -q '^+.*"chmod"' "$scratch/words" || fail '--dry-run: no difference'
cmp -s "$scratch/old.json" "$scratch/new.json" || fail '--dry-run: the file was changed'
"$callgate" profile allow - chmod <"$scratch/old.json" >"$scratch/words" 2>/dev/null || fail 'standard input'
"$callgate" profile allow "$scratch/new.json" chmod 2>/dev/null
cmp -s "$scratch/words" "$scratch/new.json" || fail 'standard input: another text than in place'

# What entries can't say, or what is no call, changes nothing.
allow 2 'ptrace(0, -1)'
grep -q "can't deny all calls but these" "$scratch/words" || fail 'two forms of -1: no reason'
allow 2 nothing
allow 2 'chmod(' read
allow 2
allow 2 99999
printf '{"defaultAction": "SCMP_ACT_ERRNO"}' >"$scratch/old.json"
allow 2 read
printf '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"]}]}' >"$scratch/old.json"
allow 2 write
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "chmod", "action": "SCMP_ACT_ERRNO"}]}' >"$scratch/old.json"
allow 0 'chmod(*, 0400)'
allow 0 chmod
grep -q '"syscalls": \[\]' "$scratch/new.json" || fail 'an entry with one name'
# Two architectures, one of which makes these calls through others.
printf '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": []}' >"$scratch/old.json"
for call in semop socket 'socket(AF_UNIX)' 'openat(AT_FDCWD)' @network; do
	cp -p "$scratch/old.json" "$scratch/new.json"
	"$callgate" profile allow --machine x86_64 "$scratch/new.json" "$call" >"$scratch/words" 2>&1 || fail "x86: $call"
done
[ "$failures" = 0 ]
