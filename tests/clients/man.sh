#!/bin/sh
# man, which confines each program of its pipeline to an allow-list; what that denies fails with ENOSYS.
. "$(dirname "$0")/common.sh"
needs man nroff

printf '.TH EXAMPLE 1\n.SH NAME\nexample \\- a page to format\n' >"$work/example.1"
witnessed format man -P cat "$work/example.1"
expect 'man formats a page' 0 "$witnessed_status"
expect_line 'the page' 'example - a page to format' "$(cat "$work/output")"

# A formatter of our own finds out what a formatter may do.
cat >"$work/formatter" <<SCRIPT
#!/bin/sh
cat >/dev/null
for call in getuid chmod mount ptrace "socket 1 1"; do $CLIENTS_TOOLS/probe \$call; done
SCRIPT
chmod 755 "$work/formatter"
{
	cat /etc/manpath.config
	echo "DEFINE nroff $work/formatter"
} >"$work/manpath.config"
expect 'allowed and denied calls' 'getuid returned 0
chmod failed: EFAULT
mount failed: ENOSYS
ptrace failed: ENOSYS
socket failed: ENOSYS' "$(limited man -C "$work/manpath.config" -P cat "$work/example.1" 2>&1)"
expect 'the same without the filter' 'mount failed: EFAULT' \
	"$(MAN_DISABLE_SECCOMP=1 limited man -C "$work/manpath.config" -P cat "$work/example.1" 2>&1 |
		grep ^mount)"
finish
