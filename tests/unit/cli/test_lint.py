#!/usr/bin/env python3
"""usage: test_lint.py CALLGATE SOURCE-ROOT: `callgate lint`: each finding where it is, not where it is not, and suppressed; published advisories as
profiles before and after; formats, baselines and fixes. What a finding shows is what `callgate sim` says."""
import json
import os
import pathlib
import re
import struct
import subprocess

from lint_support import ALLOW, ERRNO, EXEC, FOLDER, KILL, LOW, NEWUSER, ROOT, TIOCLINUX, TIOCSTI, TOOL, entry, lint, names, profile, run, write

# Filters that packages of distributions install.
INSTALLED = ("/usr/share/containers/seccomp.json", "/etc/containers/seccomp.json", "/usr/share/callgate/profiles/container-default.json")
NOT_ALL = entry("read write exit_group futex_waitv", ALLOW)
# name: (a profile with the finding, the same without, options, machine)
KINDS = {
    "always": (profile(ERRNO, NOT_ALL, entry("close", ALLOW, (0, 0, "GE"))),
               profile(ERRNO, NOT_ALL, entry("close", ALLOW, (0, 3, "GE")))),
    "broad": (profile(ERRNO, NOT_ALL, entry("ptrace", ALLOW)), profile(ERRNO, NOT_ALL, entry("ptrace", ALLOW, (0, 16, "LT")))),
    "bypass": (profile(ERRNO, NOT_ALL, entry("socket", ALLOW, (0, 1, "EQ")), entry("socketcall", ALLOW), archs=("SCMP_ARCH_X86_64", "SCMP_ARCH_X86")),
               profile(ERRNO, NOT_ALL, entry("socket", ALLOW, (0, 1, "EQ")), archs=("SCMP_ARCH_X86_64", "SCMP_ARCH_X86"))),
    "capability": (profile(ERRNO, NOT_ALL, entry("reboot", ALLOW)),
                   profile(ERRNO, NOT_ALL, entry("reboot", ALLOW, includes={"caps": ["CAP_SYS_BOOT"]}))),
    "cost": (profile(ERRNO, NOT_ALL, entry("futex", "SCMP_ACT_LOG")), profile(ERRNO, NOT_ALL, entry("futex", ALLOW))),
    "dead": (profile(ERRNO, NOT_ALL, entry("read", ALLOW)), profile(ERRNO, NOT_ALL)),
    "errno": (profile(ERRNO, NOT_ALL, entry("clone", ALLOW)),
              profile(ERRNO, NOT_ALL, entry("clone", ALLOW), entry("clone3", ERRNO, errnoRet=38))),
    "name": (profile(ERRNO, NOT_ALL, entry("setsidaccept4", ALLOW)), profile(ERRNO, NOT_ALL, entry("setsid", ALLOW))),
    "never": (profile(ERRNO, NOT_ALL, entry("close", ALLOW, (0, 0, "LT"))), profile(ERRNO, NOT_ALL, entry("close", ALLOW, (0, 1, "LT")))),
    "pointer": (profile(ALLOW, entry("openat", ERRNO, (1, 4096, "EQ"))), profile(ALLOW, entry("openat", ERRNO, (2, 4096, "EQ")))),
    "startup": (profile(ERRNO, NOT_ALL), profile(ALLOW)),
    "twin": (profile(ALLOW, entry("chmod", ERRNO)), profile(ALLOW, entry("chmod fchmod fchmodat fchmodat2", ERRNO))),
    "width": (profile(ALLOW, entry("ioctl", ERRNO, (1, TIOCSTI, "EQ"))), profile(ALLOW, entry("ioctl", ERRNO, (1, LOW, "MASKED_EQ", TIOCSTI)))),
}


def check_kinds():
    known = {line.split()[0] for line in run("lint", "--explain", "all").stdout.splitlines()}
    assert known == set(KINDS) | {"suppression"}, known
    for name, (bad, good) in KINDS.items():
        found, status = lint(bad)
        of_name = [finding for finding in found if finding["name"] == name]
        assert of_name, (name, found)
        assert all(finding["line"] > 0 and finding["file"].endswith("p.json") for finding in of_name), of_name
        assert status == int(any(finding["level"] != "note" for finding in found)), (name, status)
        # Without the conditions of unknown calls: the newest call that a profile names decides about these.
        assert name not in names(lint(good, "--like", "runc")[0]), (name, lint(good)[0])
        assert name not in names(lint(bad, "--allow", name)[0])
        found, status = lint(bad, "--deny", name)
        assert status == 1 and all(finding["level"] == "error" for finding in found if finding["name"] == name)
        suppressed = dict(bad, _lint=f"lint:allow {name}: it is tested")
        found, _ = lint(suppressed)
        assert name not in names(found), (name, found)
        assert any(finding["suppressed"] == "it is tested" for finding in found), (name, found)
        text = run("lint", "--explain", name).stdout
        assert text.startswith(f"{name}: ") and len(text.splitlines()) > 2, text


def check_suppressions():
    two = [entry("ioctl", ERRNO, (1, TIOCSTI, "EQ")), entry("fcntl", ERRNO, (1, 5, "EQ"))]
    for key in ("comment", "_why"):
        entries = [dict(two[0], **{key: "lint:allow width: as before"}), two[1]]
        found = [finding for finding in lint(profile(ALLOW, *entries))[0] if finding["name"] == "width"]
        assert [finding["suppressed"] for finding in found] == ["as before", None], found
    for words, text in (("lint:allow width", "gives no reason"), ("lint:allow wdith: x", "names no finding"), ("lint:allow never: x", "suppresses nothing")):
        found, _ = lint(profile(ALLOW, dict(two[0], comment=words)))
        assert "width" in names(found) and any(f["name"] == "suppression" and text in f["text"] for f in found), (words, found)
    for content, name in ((profile(ALLOW, entry("clone", ERRNO, (0, NEWUSER, "MASKED_EQ", NEWUSER), _lint="lint:allow bypass: known")), "p.json"),
                          ("default ALLOW\nclone(* & CLONE_NEWUSER == CLONE_NEWUSER) -> EPERM # lint:allow bypass: known\n", "p.policy")):
        found = [f for f in lint(content, name=name)[0] if f["name"] in ("bypass", "suppression")]
        assert [f["suppressed"] for f in found if "clone with" in f["text"]] == ["known"], found
        assert "suppression" not in names(found), found
    found = lint(profile(ERRNO, NOT_ALL, entry("mmap", ALLOW, (2, EXEC, "MASKED_EQ", 0), _lint="lint:allow cost: known")))[0]
    assert [f["suppressed"] for f in found if f["text"].startswith("mmap is decided")] == ["known"], found
    policy = "# A policy.\ndefault ALLOW\nchmod -> EPERM{}\n"
    assert "twin" in names(lint(policy.format(""), name="p.policy")[0])
    assert "twin" not in names(lint(policy.format(" # lint:allow twin: it is old"), name="p.policy")[0])
    assert "twin" not in names(lint(policy.format("").replace("chmod", "# lint:allow twin: it is old\n\nchmod"), name="p.policy")[0])
    assert "twin" in names(lint(policy.format("").replace("default", "# lint:allow twin: of another line\ndefault"), name="p.policy")[0])


def program(*instructions):
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in instructions)


def load(offset):
    return (0x20, 0, 0, offset)


RET_ALLOW, RET_ERRNO, RET_KILL = (6, 0, 0, 0x7FFF0000), (6, 0, 0, 0x50001), (6, 0, 0, 0x80000000)
X86_64 = 0xC000003E


def advisories():
    """(what it is, before, after, the finding, machine): mistakes that were published, and their remedies"""
    restricted = entry("clone", ERRNO, (0, NEWUSER, "MASKED_EQ", NEWUSER))
    mount = "fsopen fsmount move_mount open_tree open_tree_attr mount_setattr"
    both = ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86")
    no_exec = [entry("mmap mprotect", ERRNO, (2, EXEC, "MASKED_EQ", EXEC))]
    arch_check = [load(4), (0x15, 1, 0, X86_64), RET_KILL, load(0)]
    deny_kcmp = [(0x15, 0, 1, 312), RET_ERRNO, RET_ALLOW]
    yield ("CVE-2019-7303, CVE-2019-10063", *KINDS["width"], "width", "x86_64")
    yield ("CVE-2017-5226, CVE-2023-28100", profile(ALLOW, entry("ioctl", ERRNO, (1, LOW, "MASKED_EQ", TIOCSTI))),
           profile(ALLOW, entry("ioctl", ERRNO, (1, LOW, "MASKED_EQ", TIOCSTI)), entry("ioctl", ERRNO, (1, LOW, "MASKED_EQ", TIOCLINUX))), "bypass", "x86_64")
    yield ("CVE-2021-41133", profile(ALLOW, entry("mount umount2 unshare setns pivot_root chroot", ERRNO), restricted),
           profile(ALLOW, entry("mount umount2 unshare setns pivot_root chroot io_uring_setup", ERRNO), restricted, entry("clone3 " + mount, ERRNO, errnoRet=38)),
           "bypass", "x86_64")
    yield ("flags of clone(2) on s390x", profile(ERRNO, NOT_ALL, entry("clone", ALLOW, (0, 0x7E020000, "MASKED_EQ", 0), (0, 1, "GE")), archs=("SCMP_ARCH_S390X",)),
           profile(ERRNO, NOT_ALL, entry("clone", ALLOW, (1, 0x7E020000, "MASKED_EQ", 0)), archs=("SCMP_ARCH_S390X", "SCMP_ARCH_S390")), "pointer", "s390x")
    yield ("EPERM for clone3", *KINDS["errno"], "errno", "x86_64")
    yield ("EPERM for calls of later kernels", "default EPERM\nread, write -> ALLOW\n", "default EPERM\nkernel >= 5.10\nread, write -> ALLOW\n",
           "errno", "x86_64")
    yield ("CVE-2026-31431", profile(ERRNO, NOT_ALL, entry("socket", ALLOW, (0, 38, "NE")), entry("socketcall", ALLOW), archs=both),
           profile(ERRNO, NOT_ALL, entry("socket", ALLOW, (0, 38, "LT"))), "bypass", "x86_64")
    yield ("CVE-2026-31431, the width", profile(ERRNO, NOT_ALL, entry("socket", ALLOW, (0, 38, "NE"))),
           profile(ERRNO, NOT_ALL, entry("socket", ALLOW, (0, 38, "LT"))), "width", "x86_64")
    yield ("io_uring", profile(ERRNO, NOT_ALL, entry("io_uring_setup io_uring_enter io_uring_register", ALLOW)), profile(ERRNO, NOT_ALL), "bypass", "x86_64")
    yield ("numbers of x32", program(*arch_check, *deny_kcmp), program(*arch_check, (0x35, 0, 1, 0x40000000), RET_KILL, *deny_kcmp), "bypass", "x86_64")
    yield ("calls of another architecture", program(load(0), *deny_kcmp), program(*arch_check, (0x35, 0, 1, 0x40000000), RET_KILL, *deny_kcmp), "bypass", "x86_64")
    yield ("memory that becomes executable", profile(ALLOW, *no_exec),
           profile(ALLOW, *no_exec, entry("pkey_mprotect", ERRNO, (2, EXEC, "MASKED_EQ", EXEC)), entry("shmat", ERRNO, (2, 0x8000, "MASKED_EQ", 0x8000)),
                   entry("personality io_uring_setup", ERRNO)), "bypass", "x86_64")
    yield ("flags behind a pointer", profile(ALLOW, entry("clone3", ERRNO, (0, NEWUSER, "MASKED_EQ", NEWUSER))), profile(ALLOW, entry("clone3", ERRNO)), "pointer", "x86_64")
    yield ("windows of the instruction pointer", program(*arch_check, load(12), (0x15, 0, 1, 0x7FFF), RET_ALLOW, RET_ERRNO), program(*arch_check, RET_ALLOW), "pointer", "x86_64")
    yield ("two conditions on one argument", profile(ERRNO, NOT_ALL, entry("socket", ALLOW, (0, 1, "NE"), (0, 2, "NE"))),
           profile(ERRNO, NOT_ALL, entry("socket", ALLOW, (0, 3, "LT"))), "always", "x86_64")
    yield ("an entry with the default action", profile(ERRNO, NOT_ALL, entry("socket", ERRNO)), profile(ERRNO, NOT_ALL), "dead", "x86_64")
    yield ("a value outside of its mask", profile(ERRNO, NOT_ALL, entry("close", ALLOW, (0, 0xF0, "MASKED_EQ", 0xFF))),
           profile(ERRNO, NOT_ALL, entry("close", ALLOW, (0, 0xF0, "MASKED_EQ", 0xF0))), "never", "x86_64")
    yield ("a negative int", profile(ERRNO, NOT_ALL, entry("openat", ALLOW, (0, LOW - 99, "EQ"))),
           profile(ERRNO, NOT_ALL, entry("openat", ALLOW, (0, LOW, "MASKED_EQ", LOW - 99))), "width", "x86_64")


def check_advisories():
    for what, before, after, finding, machine in advisories():
        name = {bytes: "p.bpf", str: "p.policy", dict: "p.json"}[type(before)]
        found, _ = lint(before, machine=machine, name=name)
        assert finding in names(found), (what, found)
        found, _ = lint(after, machine=machine, name=name)
        assert finding not in names(found), (what, [f for f in found if f["name"] == finding])


def check_meaning():
    """A restriction of namespaces does not accuse fork; a bypass that is restricted as well is none."""
    restricted = entry("clone", ERRNO, (0, NEWUSER, "MASKED_EQ", NEWUSER))
    found = lint(profile(ALLOW, restricted, entry("clone3 unshare io_uring_setup", ERRNO, errnoRet=38)))[0]
    assert not {"bypass", "twin"} & names(found), found
    found = [f for f in lint(profile(ALLOW, restricted))[0] if f["name"] == "bypass"]
    assert any("unshare(CLONE_NEWUSER)" in f["text"] for f in found) and not any("fork" in f["text"] for f in found), found


# A call that is denied, and a way to its effect.
WAYS = (("select", "poll"), ("poll", "epoll_wait"), ("epoll_wait", "ppoll"), ("poll", "io_submit"), ("getxattr", "fgetxattr"), ("fsetxattr", "setxattrat"), ("statfs", "fstatfs"),
        ("pread64", "io_submit"), ("write", "sendfile"), ("writev", "copy_file_range"), ("sendfile", "splice"), ("splice", "sendfile"), ("copy_file_range", "sendfile"),
        ("request_key", "keyctl"), ("alarm", "setitimer"), ("setitimer", "timer_create"), ("nanosleep", "clock_nanosleep"), ("mlock", "mmap"), ("madvise", "process_madvise"),
        ("futex", "futex_wait"), ("inotify_init1", "fanotify_init"))


def check_ways():
    """Each is found where the way passes, and not where it is denied, too; a list of what is allowed is not accused of what it leaves out."""
    def ways(content):
        return [f for f in lint(content)[0] if f["name"] in ("bypass", "twin") and f["suppressed"] is None]
    for denied, way in WAYS:
        about = [f for f in ways(profile(ALLOW, entry(denied, ERRNO))) if f["text"].startswith(f"{denied} is denied") and way in f["text"]]
        assert about, (denied, way)
        assert not [f for f in ways(profile(ALLOW, entry(f"{denied} {way}", ERRNO))) if f["text"].startswith(f"{denied} is denied") and re.search(rf" {way}\b", f["text"])], (denied, way)
        assert not [f for f in ways(profile(ALLOW, entry(denied, ERRNO, _why=f"lint:allow bypass: known; lint:allow twin: known"))) if f["text"].startswith(denied)]
        assert not [f for f in ways(profile(ERRNO, NOT_ALL, entry(way, ALLOW))) if f["text"].startswith(f"{denied} ")], (denied, way)


def check_many():
    """A statement that never decides is found after hundreds of others for the same call, and what was not looked at is said."""
    lines = ["default EPERM", "@start, futex_waitv -> ALLOW", *(f"kcmp({i % 7}, {i * 3}, {i % 5}) -> ALLOW" for i in range(400))]
    more = ["kcmp(0, 0, 0) -> EACCES", "kcmp(0, 0, 1) -> EACCES", "kcmp(6, 39, 3), kcmp(5, 15, 9) -> EACCES", "kcmp(6, 39, 3), kcmp(5, 15, 0) -> EACCES"]
    found = lint("\n".join(lines + more) + "\n", name="p.policy")[0]
    dead = [(finding["line"], finding["text"]) for finding in found if finding["name"] == "dead"]
    assert [line - len(lines) for line, _ in dead] == [1, 4], dead
    assert all("the rule for kcmp never decides" in text for _, text in dead), dead
    suppressed = "\n".join([*lines, "# lint:allow dead: it is tested", *more]) + "\n"
    assert [f["suppressed"] for f in lint(suppressed, name="p.policy")[0] if f["name"] == "dead"] == ["it is tested", None]
    many = "default EPERM\n@start -> ALLOW\n" + "".join(f"kcmp({i // 100}, {i % 100 * 2}) -> ALLOW\n" for i in range(10001))
    assert any("of 20002 comparisons the first 20000 were looked at" in f["text"] for f in lint(many, name="p.policy")[0])
    assert not any("looked at for" in f["text"] for f in found)


def check_programs():
    """Every architecture of a program is looked at: pointers of x86 and x32, and a call with more cases than are."""
    arch_check = [load(4), (0x15, 1, 0, X86_64), RET_KILL, load(0)]
    for jump, nr, wanted, named in (((0x15, 0, 3, 0x40000003), 5, "x86", "open"), ((0x15, 0, 4, X86_64), 0x40000002, "x32", "open")):
        if wanted == "x86":
            code = [load(4), (0x15, 0, 5, jump[3]), load(0), (0x15, 0, 3, nr), load(16), (0x15, 0, 1, 4096), RET_ERRNO, RET_ALLOW]
        else:
            code = [load(4), (0x15, 0, 5, jump[3]), load(0), (0x15, 0, 3, nr), load(16), (0x15, 0, 1, 4096), RET_ERRNO, RET_ALLOW]
        found = [f for f in lint(program(*code), name="p.bpf")[0] if f["name"] == "pointer"]
        assert found and all(f"of {named} on {wanted} " in f["text"] for f in found), (wanted, found)
        code[5] = (0x15, 0, 1, 0)  # NULL may be compared with
        assert "pointer" not in names(lint(program(*code), name="p.bpf")[0])
    cases = [instruction for i in range(120) for instruction in ((0x15, 0, 1, i), (6, 0, 0, 0x50002 + i))]
    code = [*arch_check, (0x15, 0, 0, 312), load(16), *cases, load(24), *cases, RET_ALLOW]
    code[4] = (0x15, 0, len(code) - 6, 312) if len(code) - 6 < 256 else (0x15, 1, 0, 312)
    code.insert(5, (6, 0, 0, 0x7FFF0000))
    found = lint(program(*code), name="p.bpf")[0]
    assert any("only the first 200 cases" in f["text"] and f["text"].endswith(": kcmp") for f in found), found
    few = [*arch_check, (0x15, 1, 0, 312), RET_ALLOW, load(16), *cases, RET_ALLOW]
    assert not any("only the first 200 cases" in f["text"] for f in lint(program(*few), name="p.bpf")[0])


def fixes(found, name):
    return [finding["fix"] or "" for finding in found if finding["name"] == name]


def check_advice():
    """What is to be done is right for the format, and gets rid of the finding without another one."""
    restricted = entry("clone", ERRNO, (0, NEWUSER, "MASKED_EQ", NEWUSER))
    found = lint(profile(ALLOW, restricted))[0]
    advice = [fix for fix in fixes(found, "bypass") if "clone3" in fix]
    assert advice and all("give clone3 ENOSYS" in fix and "deny clone3" not in fix for fix in advice), advice
    found = lint(profile(ALLOW, restricted, entry("clone3", ERRNO, errnoRet=38)))[0]
    assert not any("clone3" in f["text"] for f in found if f["name"] in ("bypass", "errno", "twin")), found
    found = lint(profile(ALLOW, entry("rename", ERRNO)))[0]
    assert any("but not renameat and renameat2:" in f["text"] for f in found), found
    found = lint(profile(ERRNO, NOT_ALL))[0]
    assert [finding["level"] for finding in found if finding["name"] == "startup"] == ["warning"], found
    missing = fixes(found, "startup")[0].split(": ")[1].split(", ")
    assert {"set_tid_address", "rseq", "prlimit64", "getrandom", "brk", "execve"} <= set(missing) and "read" not in missing, missing
    assert not fixes(lint(profile(ERRNO, NOT_ALL, entry(" ".join(missing), ALLOW)))[0], "startup")
    assert "@start" in fixes(lint("default EPERM\nread -> ALLOW\n", name="p.policy")[0], "startup")[0]
    assert not fixes(lint("default EPERM\n@start, futex_waitv -> ALLOW\n", name="p.policy")[0], "startup")
    assert '"includes": {"caps": ["CAP_SYS_BOOT"]}' in fixes(lint(KINDS["capability"][0])[0], "capability")[0]
    assert fixes(lint("default EPERM\nreboot -> ALLOW\n", name="p.policy")[0], "capability") == ["deny it"]
    for operation, wanted in (("EQ", "SCMP_CMP_MASKED_EQ with the mask"), ("NE", "list the values")):
        found = lint(profile(ALLOW if operation == "EQ" else ERRNO, NOT_ALL, entry("socket", ERRNO if operation == "EQ" else ALLOW, (0, 38, operation))))[0]
        assert any(wanted in fix for fix in fixes(found, "width")), found


LIBCS = {"glibc": "@start", "glibc-static": "@start-static", "glibc-threads": "@start, @threads", "musl": "@start", "musl-static": "@start-static",
         "musl-threads": "@start, @threads", "go": "@start-go"}


def check_start():
    """For each kind of program: its sets let it start, without one call it does not, and the finding says of which kind it is."""
    for libc, sets in LIBCS.items():
        def startup(policy, *options):
            return [f for f in lint(policy, *(options or ("--libc", libc)), name="p.policy")[0] if f["name"] == "startup"]
        assert not startup(f"default EPERM\n{sets} -> ALLOW\n"), libc
        without = f"default EPERM{{}}\nexecve -> EACCES\n{sets} -> ALLOW\n"
        found = startup(without.format(""))
        assert len(found) == 1 and found[0]["text"].endswith("which lacks: execve") and f"use {sets}," in found[0]["fix"], (libc, found)
        assert libc.split("-")[0] in found[0]["text"].lower() and found[0]["suppressed"] is None, found
        assert [f["suppressed"] for f in startup(without.format(" # lint:allow startup: it loads it itself"))] == ["it loads it itself"]
    # What goes on after an error is killed by what kills for the call.
    for action, wanted in (("EPERM", False), ("KILL_PROCESS", True)):
        found = lint(f"default EPERM\nset_tid_address -> {action}\n@start -> ALLOW\n", name="p.policy")[0]
        assert ("startup" in names(found)) == wanted, (action, found)
    # Whose programs a filter is made for is seen from what it lets pass; if it is for none of them alone, glibc's are meant.
    for policy, text in (("@start-go", None), ("execve, arch_prctl, set_tid_address, ioctl, writev, exit_group", None), ("@start", None), ("@start-static", None),
                         ("execve, arch_prctl, set_tid_address, brk, mmap, munmap, open, read, close, fstat, mprotect, exit_group", None),
                         ("read, write, exit_group", "dynamically linked program of glibc")):
        found = [f for f in lint(f"default EPERM\n{policy} -> ALLOW\n", name="p.policy")[0] if f["name"] == "startup"]
        assert len(found) == bool(text) and all(text in f["text"] for f in found), (policy, found)
    for policy, lacking, text in (("@start-go", "sigaltstack", "program of Go"), ("@start", "mprotect", "dynamically linked program of glibc"),
                                  ("@file, @network, @start-go, @start", "mprotect", "dynamically linked program of glibc"), ("@start-static", "execve", "statically linked program of glibc")):
        found = [f for f in lint(f"default EPERM\n{lacking} -> EACCES\n{policy} -> ALLOW\n", name="p.policy")[0] if f["name"] == "startup"]
        assert len(found) == 1 and text in found[0]["text"] and lacking in found[0]["text"], (policy, found)
    assert "auto, glibc" in run("lint", "--libc", "uclibc", write("p.json", profile(ALLOW)), wanted=(2,)).stderr


def check_formats():
    path = write("f.json", KINDS["width"][0])
    text = run("lint", "--machine", "x86_64", path)
    assert text.returncode == 1 and "error[width]: the kernel reads only 32 bits" in text.stdout, text.stdout
    assert "    call: ioctl(" in text.stdout and "    help: " in text.stdout
    assert "1 error, 0 warnings" in text.stderr, text.stderr
    sarif = json.loads(run("lint", "--machine", "x86_64", "--format", "sarif", path).stdout)
    results = sarif["runs"][0]["results"]
    rules = {rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]}
    assert sarif["version"] == "2.1.0" and {result["ruleId"] for result in results} <= rules
    place = next(result for result in results if result["ruleId"] == "width")["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == str(path) and place["region"]["startLine"] > 1
    lines = run("lint", "--machine", "x86_64", "--format", "github", path).stdout.splitlines()
    assert any(line.startswith(f"::error file={path},line=") and "title=callgate lint (width)::" in line for line in lines), lines


def check_baseline():
    path = write("b.json", KINDS["width"][0])
    base = write("base", run("lint", "--machine", "x86_64", "--format", "json", path).stdout)
    assert run("lint", "--machine", "x86_64", "--baseline", base, path).returncode == 0
    moved = profile(ALLOW, entry("fcntl", ERRNO, (1, 5, "EQ")), *KINDS["width"][0]["syscalls"])
    write("b.json", moved)
    done = run("lint", "--machine", "x86_64", "--baseline", base, path)
    assert done.returncode == 1 and "fcntl" in done.stdout and "ioctl" not in done.stdout, done.stdout
    sarif = write("base", run("lint", "--machine", "x86_64", "--format", "sarif", path).stdout)
    assert run("lint", "--machine", "x86_64", "--baseline", sarif, path).returncode == 0
    marked = write("base", "\ufeff" + sarif.read_text())  # as some shells write what is redirected
    assert run("lint", "--machine", "x86_64", "--baseline", marked, path).returncode == 0
    run("lint", "--baseline", path.with_name("absent"), path, wanted=(2,))
    for other in ('{"x":1}', "", "[]", "findings", '{"findings": 1}', '{"findings": ['):
        assert "is no baseline" in run("lint", "--baseline", write("base", other), path, wanted=(2,)).stderr, other
    for other in ("/dev/zero", "/dev/null", FOLDER.name, write("fifo", "")):
        if str(other).endswith("fifo"):
            os.unlink(other)
            os.mkfifo(other)
        done = subprocess.run([TOOL, "lint", "--baseline", other, path], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 2 and not done.stdout and ("no regular file" in done.stderr or "directory" in done.stderr), (other, done.stderr)
    large = write("large", '{"findings": [')
    os.truncate(large, 5 << 30)  # without taking so much of the disk
    assert "more than 64 MiB" in run("lint", "--baseline", large, path, wanted=(2,)).stderr
    large.unlink()
    empty = write("base", run("lint", "--format", "json", write("none.json", profile(ALLOW)), "--allow", "broad").stdout)
    assert '"findings": []' in empty.read_text() and run("lint", "--machine", "x86_64", "--baseline", empty, path).returncode == 1


def check_fix():
    path = write("x.json", profile(ERRNO, entry("read clone futex_waitv", ALLOW), entry("read", ALLOW), entry("ioctl", KILL, (1, TIOCSTI, "EQ")),
                                   _note="stays"))
    done = run("lint", "--machine", "x86_64", "--fix", path)
    assert "2 findings mended" in done.stderr and "+" in done.stdout, (done.stdout, done.stderr)
    fixed = json.loads(path.read_text())
    assert fixed["_note"] == "stays" and len(fixed["syscalls"]) == 4, fixed
    assert names(lint(fixed)[0]) & {"dead", "width"} == {"dead"}
    assert not any(f["name"] == "errno" and "clone3" in f["text"] for f in lint(fixed)[0])
    for blanks in ("\t", "    "):
        indented = write("i.json", json.dumps(profile(ERRNO, entry("read clone futex_waitv", ALLOW)), indent=blanks))
        lines = indented.read_text().splitlines()
        run("lint", "--machine", "x86_64", "--fix", indented)
        added = [line for line in indented.read_text().splitlines() if line not in lines and "clone3" in line]
        assert len(added) == 1 and added[0].startswith(2 * blanks + "{"), indented.read_text()
    both = write("b.json", profile(ERRNO, entry("read futex futex_waitv", ALLOW), archs=("SCMP_ARCH_X86_64", "SCMP_ARCH_X86")))
    done = run("lint", "--machine", "x86_64", "--fix", both)
    assert "1 finding mended" in done.stderr and "futex_time64" in both.read_text() and "[twin]" not in done.stdout, done.stdout
    before = path.read_bytes()
    run("lint", "--machine", "x86_64", "--fix", path)
    assert path.read_bytes() == before
    for form in ("json", "sarif", "github"):
        content = profile(ERRNO, entry("read clone futex_waitv", ALLOW), entry("ioctl", KILL, (1, TIOCSTI, "EQ")))
        done = run("lint", "--machine", "x86_64", "--fix", "--format", form, write("o.json", content))
        assert "\n+" in done.stderr and "clone3" in done.stderr and "2 findings mended" in done.stderr, done.stderr
        assert all(line.startswith("::") for line in done.stdout.splitlines()) if form == "github" else json.loads(done.stdout)
    kept = write("k.json", profile(ALLOW, entry("ioctl", ERRNO, (1, TIOCSTI, "EQ"), comment="lint:allow width: as it is")))
    before = kept.read_bytes()
    assert run("lint", "--machine", "x86_64", "--fix", kept).returncode == 0 and kept.read_bytes() == before
    run("lint", "--fix", "-", wanted=(2,))
    policy = write("x.policy", "default EPERM\nread, write, clone -> ALLOW\nread -> EACCES # never\n")
    assert "1 finding mended" in run("lint", "--machine", "x86_64", "--fix", policy).stderr
    assert policy.read_text() == "default EPERM\nread, write, clone -> ALLOW\nread -> EACCES # never\nclone3 -> ENOSYS\n", policy.read_text()
    for other in (write("y.policy", "default EPERM\nraed -> ALLOW\n"), write("y.bpf", program(RET_ALLOW))):
        before = other.read_bytes()
        run("lint", "--fix", other, wanted=(0, 2))
        assert other.read_bytes() == before
    for path in (ROOT / "examples/policies").glob("*.policy"):
        write(path.name, path.read_text())
    server = pathlib.Path(FOLDER.name) / "server.policy"
    before = server.read_bytes()
    assert run("lint", "--machine", "x86_64", "--fix", server).returncode == 0 and server.read_bytes() == before


def check_statuses():
    good, bad = write("g.json", profile(ALLOW)), write("w.json", KINDS["twin"][0])
    assert run("lint", good).returncode == 0
    assert run("lint", "--deny", "notes", good).returncode == 1
    assert run("lint", "--machine", "x86_64", bad).returncode == 1
    assert "error[twin]" in run("lint", "--machine", "x86_64", "--deny", "warnings", bad).stdout
    for arguments in ([], ["--deny", "wdith", good], ["--explain", "nothing"], [good.with_name("absent")], [write("e.json", "{")], [write("e.json", "")]):
        assert not run("lint", *arguments, wanted=(2,)).stdout
    assert "takes warnings, notes or a finding's name" in run("lint", "--deny", "qqqqqqqq", good, wanted=(2,)).stderr
    assert "width" in run("lint", "--allow", "widht", good, wanted=(2,)).stderr


def check_shipped():
    """What the project ships is clean; published filters are judged by what the simulator says, and known mistakes are found in them."""
    for path in [*sorted((ROOT / "examples/policies").glob("*.policy")), ROOT / "examples/profiles/container-default.json"]:
        done = run("lint", "--machine", "x86_64", path)
        assert done.returncode == 0, (path, done.stdout)
    for path in map(pathlib.Path, INSTALLED):
        if path.exists():
            lint(path.read_text(), name="installed.json")
    policies = ROOT / "../shared/policies"
    if not policies.exists():
        print("skipped: no published filters")
        return
    for name, wanted in (("moby-default", {"bypass", "width"}), ("podman-default", {"bypass", "width", "dead"})):
        found, status = lint((policies / f"{name}.json").read_text(), name=f"{name}.json")
        assert status == 1 and wanted <= names(found), (name, names(found))
        assert len(found) > 3


for check in (check_kinds, check_suppressions, check_advisories, check_ways, check_many, check_programs, check_meaning, check_advice, check_start, check_formats, check_baseline, check_fix, check_statuses, check_shipped):
    check()
print("all of lint is as it should be")
