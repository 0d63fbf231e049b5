#!/bin/sh
# The distribution's Python binding on the library: its whole interface, as its page shows it, in a process that confines itself.
. "$(dirname "$0")/common.sh"
# The distribution's interpreter: another one in PATH does not know its modules.
needs /usr/bin/python3
[ "$(uname -m)" = x86_64 ] || skip 'the jumps that lead to the library are written for x86_64'
/usr/bin/python3 -c 'import seccomp' 2>/dev/null || skip 'python3-seccomp is not installed'

cat >"$work/binding.py" <<'PYTHON'
import ctypes, errno, os, re, socket, subprocess, sys, tempfile
import seccomp
from seccomp import ALLOW, ERRNO, EQ, GE, KILL, LOG, LT, MASKED_EQ, NE, TRAP, Arch, Arg, Attr, SyscallFilter

def says(what, wanted, found):
    print(("ok: " if wanted == found else f"WRONG, {found!r} and not {wanted!r}: ") + what, flush=True)

def fails(call):
    try:
        call()
    except OSError as error:
        return error.errno
    except Exception as error:
        return type(error).__name__
    return 0

# Debian's module has libseccomp linked in and calls it without a symbol in between, so preloading changes nothing:
# each of its functions seccomp_* becomes a jump to the one of the library under test.
def redirect(module, library):
    libc = ctypes.CDLL(None, use_errno=True)
    inside, under_test = ctypes.CDLL(module), ctypes.CDLL(library)
    symbols = subprocess.run(["nm", "-D", "--defined-only", module], check=True, capture_output=True, text=True).stdout
    names = re.findall(r" T (seccomp_\w+)", symbols)
    for name in names:
        place = ctypes.cast(getattr(inside, name), ctypes.c_void_p).value
        target = ctypes.cast(getattr(under_test, name), ctypes.c_void_p).value
        jump = b"\x48\xb8" + target.to_bytes(8, "little") + b"\xff\xe0"  # mov $target, %rax; jmp *%rax
        page = place & -4096
        if libc.mprotect(ctypes.c_void_p(page), 8192, 7) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")
        ctypes.memmove(place, jump, len(jump))
    return len(names)

says("the module's functions lead to the library under test", True, redirect(seccomp.__file__, sys.argv[1]) > 20)
native = Arch()
number = seccomp.resolve_syscall(Arch(), "openat")
name = seccomp.resolve_syscall(Arch(), number)
says("names and numbers", "openat", name.decode() if isinstance(name, bytes) else name)
says("the API level", True, seccomp.get_api() >= 5)

filter = SyscallFilter(ALLOW)
says("attributes", (ALLOW, 1), (filter.get_attr(Attr.ACT_DEFAULT), filter.get_attr(Attr.CTL_NNP)))
filter.set_attr(Attr.CTL_LOG, 1)
filter.set_attr(Attr.CTL_LOG, 0)
filter.add_arch(Arch.AARCH64)
says("architectures", (True, False), (filter.exist_arch(Arch.AARCH64), filter.exist_arch(Arch.X32)))
filter.remove_arch(Arch.AARCH64)
filter.syscall_priority("read", 200)
filter.add_rule(ERRNO(errno.EXDEV), "mkdir")
filter.add_rule(ERRNO(errno.EXDEV), "mkdirat")
filter.add_rule(ERRNO(errno.ENOTTY), "chmod")
filter.add_rule_exactly(ERRNO(errno.EDOM), "dup3", Arg(2, MASKED_EQ, os.O_CLOEXEC, os.O_CLOEXEC))
filter.add_rule(ERRNO(errno.EPERM), "socket", Arg(0, EQ, socket.AF_INET6))
filter.add_rule(ERRNO(errno.ERANGE), "setpriority", Arg(0, EQ, 0), Arg(2, GE, 5), Arg(1, LT, 1))
says("a rule that changes nothing is refused", True, fails(lambda: filter.add_rule(ALLOW, "write")) != 0)
says("a call that is unknown is refused", True, fails(lambda: filter.add_rule(LOG, "no_such_call")) != 0)

other = SyscallFilter(ALLOW)
other.remove_arch(native)
other.add_arch(Arch.X86 if int(native) != Arch.X86 else Arch.X86_64)
other.add_rule(KILL, "reboot")
filter.merge(other)
with tempfile.TemporaryFile() as out:
    filter.export_pfc(out)
    out.seek(0)
    text = out.read().decode()
    says("pseudo code", True, "# pseudo filter code start" in text and 'syscall "reboot"' in text)
with tempfile.TemporaryFile() as out:
    filter.export_bpf(out)
    says("a program", (True, 0), (out.tell() > 0 or os.fstat(out.fileno()).st_size > 0, os.fstat(out.fileno()).st_size % 8))

filter.load()
says("mkdir is denied", errno.EXDEV, fails(lambda: os.mkdir("/tmp/clients-python")))
says("chmod is denied", errno.ENOTTY, fails(lambda: os.chmod("/tmp", 0o1777)))
says("dup3 with the flag is denied", errno.EDOM, fails(lambda: os.dup2(0, 60, inheritable=False)))
says("dup2 without it is not", 60, os.dup2(0, 60))
says("an IPv6 socket is denied", errno.EPERM, fails(lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM)))
says("a Unix socket is not", 0, fails(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close()))
says("a priority of 5 is denied", errno.ERANGE, fails(lambda: os.setpriority(os.PRIO_PROCESS, 0, 5)))
says("a priority of 4 is not", 0, fails(lambda: os.setpriority(os.PRIO_PROCESS, 0, 4)))
filter.reset(KILL)
says("a context that was reset", (KILL, False), (filter.get_attr(Attr.ACT_DEFAULT), filter.exist_arch(Arch.AARCH64)))
print("the end", flush=True)
PYTHON
witnessed binding /usr/bin/python3 "$work/binding.py" "$work/libseccomp.so.2"
expect 'the program ends well' 0 "$witnessed_status"
expect_line 'it comes to its end' 'the end' "$(cat "$work/output")"
expect_line 'filters are loaded and deny' 'ok: mkdir is denied' "$(cat "$work/output")"
expect 'nothing is wrong' '' "$(grep '^WRONG' "$work/output")"
finish
