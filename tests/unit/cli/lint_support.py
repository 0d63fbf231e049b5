"""What the tests of `callgate lint` share: running it on a profile, a policy or a program, and comparing each witness with `callgate sim`."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.umask(0o022)
TOOL, ROOT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
FOLDER = tempfile.TemporaryDirectory()
ALLOW, ERRNO, KILL = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS"
TIOCSTI, TIOCLINUX, NEWUSER, EXEC, LOW = 0x5412, 0x541C, 0x10000000, 4, 0xFFFFFFFF


def run(*arguments, wanted=(0, 1)):
    done = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode in wanted, (arguments, done.returncode, done.stdout, done.stderr)
    return done


def write(name, content):
    path = pathlib.Path(FOLDER.name) / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_bytes((content if isinstance(content, str) else json.dumps(content, indent=1)).encode())
    return path


def entry(names, action, *args, **more):
    keys = ("index", "value", "op", "valueTwo")
    return {"names": names.split(), "action": action,
            "args": [dict(zip(keys, (arg[0], arg[1], "SCMP_CMP_" + arg[2], *arg[3:]))) for arg in args], **more}


def profile(default, *entries, archs=("SCMP_ARCH_X86_64",), **more):
    return {"defaultAction": default, "architectures": list(archs), "syscalls": list(entries), **more}


def lint(content, *options, machine="x86_64", name="p.json", wanted=(0, 1)):
    """the findings, as JSON, and the exit status"""
    path = write(name, content)
    environment = ["--arch", machine] if isinstance(content, bytes) else ["--machine", machine]
    done = run("lint", "--format", "json", *environment, *options, path, wanted=wanted)
    found = json.loads(done.stdout)["findings"]
    for finding in found:
        check_witness(path, finding, environment)
    return found, done.returncode


def check_witness(path, finding, environment):
    """The simulator, asked separately, answers as the finding says."""
    witness = finding.get("witness")
    if not witness or not witness["call"]:
        return
    call = f"{witness['call']}({', '.join(witness['args'])})"
    machine = environment if environment[0] == "--machine" else []
    done = run("sim", "--cap", "none", *machine, "--arch", witness["arch_name"], path, call)
    first = done.stdout.splitlines()[0]  # ends with a colon where the instruction pointer decides
    assert f": {witness['action_name']}" in (done.stdout if first.endswith(":") else first), (finding, done.stdout)


def names(found):
    return {finding["name"] for finding in found if finding["suppressed"] is None}
