#!/usr/bin/env python3
"""usage: places.py SOURCE-ROOT: the table "Where a newcomer adds something" in src/README.md is true.

Adds one of each to a copy of the tree, in just the places that the table names, builds the tool, and finds what was added.
"""
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# What is added: the row of the table, and what the places get. A place is a file and an edit:
#   a text             a new file
#   (pattern, text)    the text after the last line that the pattern matches; if the pattern has a group, in that line, after the group
ARCHITECTURE = {
    "name": "fiction", "token": "0xc0007777", "audit": "0xc0007777", "bits": "64", "endian": "little", "table": "fiction", "base": "0",
    "first": "0", "last": "0xffffffff", "mux": "no", "oci": "SCMP_ARCH_FICTION", "docker": "fictional", "registers": "64", "enosys": "38",
    "compat": "-", "mmap": "direct", "sigreturn": "rt_sigreturn", "constants": "riscv64", "since": "7.1", "checked": "7.1", "native": "defined(__fiction__)",
}
COMMAND = """/* callgate hello: what the test of places adds. */
#include <stdio.h>

#include "cli/command.h"

static const struct option_row options[] = {{0}};

static int run(struct call *call)
{
	(void)call;
	puts("hello");
	return CLI_OK;
}

const struct command cmd_hello = {
    .name = "hello", .what = "say hello", .synopsis = "", .options = options, .failed = CLI_FAILED, .run = run};
"""
PASS = """#include "compile/pass.h"

bool pass_keep(struct compilation *c)
{
	return (c->state & PASS_GRAPH) != 0;
}
"""
FORMAT = """static void hello_finish(struct test_output *output)
{
	fprintf(output->out, "hello: %zu passed\\n", output->counts.passed);
}
"""


def architecture_line(root):
    columns = next(line for line in (root / "src/arch/data/architectures.tbl").read_text().splitlines() if not line.startswith("#"))
    return " ".join(ARCHITECTURE[column] for column in columns.split())


def places(root):
    return {
        "an architecture": {
            "src/arch/data/fiction.tbl": "include generic.tbl\n",
            "src/arch/data/architectures.tbl": [(r"^riscv64 ", architecture_line(root))],
            "include/seccomp.h": [(r"^#define SCMP_ARCH_RISCV64 ", "#define SCMP_ARCH_FICTION 0xc0007777U")],
        },
        "a system call": {"src/arch/data/since-424.tbl": [(r"^\w+ \d+ [\d.]+$", "made_up 499 7.2")]},
        "a sub-command": {
            "src/cli/cmd_hello.c": COMMAND,
            "src/cli/command.h": [(r"^\s*cmd_\w+.*;$", "extern const struct command cmd_hello;")],
            "src/cli/main.c": [(r"^\s*&cmd_\w+,", "    &cmd_hello,")],
        },
        "an output of `callgate test`": {
            "src/cli/test_results.c": [
                (r"^/\* ---- all of them ---- \*/", FORMAT),
                (r'^const char \*const test_format_names\[\] = .*("\w+"), NULL', ', "hello"'),
                (r"^\s*\[TEST_FORMAT_JUNIT\] = \{", "    {.finish = hello_finish},"),
            ],
        },
        "a key of profiles": {
            "src/oci/schema.h": [(r"^\tKEY\(CAPS, ", '\tKEY(OWNER, PROFILE, "owner", STRING) \\')],
        },
        "a compiler pass": {
            "src/compile/keep.c": PASS,
            "src/compile/pass.h": [(r"^pass_function .*;", "pass_function pass_keep;")],
            "src/compile/compile.c": [(r"^     pass_trees\},", '    {"keep", "the same graph", PASS_GRAPH, PASS_GRAPH, pass_keep},')],
        },
    }


def edit(path, change):
    if isinstance(change, str):
        if path.exists():
            sys.exit(f"{path} is there already")
        path.write_text(change)
        return
    lines = path.read_text().split("\n")
    for pattern, text in change:
        at = [number for number, line in enumerate(lines) if re.search(pattern, line)]
        if not at:
            sys.exit(f"{path}: no line is like {pattern}: this test is to follow the code")
        match = re.search(pattern, lines[at[-1]])
        if match.re.groups:
            lines[at[-1]] = match.string[:match.end(1)] + text + match.string[match.end(1):]
        else:
            lines.insert(at[-1] + 1, text)
    path.write_text("\n".join(lines))


def add_to_build(root, name):
    """A new .c file is a line in the room's meson.build, as the text below the table says."""
    build = root / name
    build = build.parent / "meson.build"
    edit(build, [(r"^  '\w+\.c',$", f"  '{pathlib.Path(name).name}',")])


def named_places(root, what):
    """The files that the row of the table names, as patterns below the root."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", (root / "src/README.md").read_text(), re.MULTILINE)
    cells = [cell for title, cell in rows if title == what]
    if len(cells) != 1:
        sys.exit(f'src/README.md: the table of places has {len(cells)} rows for "{what}"')
    names = [name.replace("NAME", "*") for name in re.findall(r"`([^` ]+)`", cells[0])]
    known = {"<seccomp.h>": "include/seccomp.h", ".tbl": "src/arch/data/*.tbl"}
    return [known.get(name, "src/" + name + ("*" if name.endswith("/") else "")) for name in names]


def add_all(root):
    for what, files in places(root).items():
        patterns = named_places(root, what)
        for name, change in files.items():
            if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
                sys.exit(f'src/README.md: "{what}" also touches {name}, which its row does not name ({", ".join(patterns)})')
            is_new_code = isinstance(change, str) and name.endswith(".c")
            edit(root / name, change)
            if is_new_code:
                add_to_build(root, name)


def copy_tree(source, root):
    names = []
    if shutil.which("git"):
        listed = subprocess.run(["git", "-C", source, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True, check=False)
        names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name] if listed.returncode == 0 else []
    if not names:
        names = [str(path.relative_to(source)) for path in pathlib.Path(source).rglob("*") if not str(path.relative_to(source)).startswith("build")]
    for name in names:
        path = pathlib.Path(source, name)
        if path.is_file() and not path.is_symlink():
            pathlib.Path(root, name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, pathlib.Path(root, name))


def build(root):
    commands = [
        ["meson", "setup", "build", "-Dtests=disabled", "-Ddocs=disabled", "-Dexamples=false", "-Dbuildtype=plain", "-Db_ndebug=false", "-Dwerror=true"],
        ["ninja", "-C", "build", "src/cli/callgate"],
    ]
    for command in commands:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(done.stdout[-6000:], done.stderr[-2000:])
            sys.exit(f"{' '.join(command)} failed")


class Tool:
    """Runs `callgate` in a folder of its own, and says what is missing in what it prints."""

    def __init__(self, root, folder):
        self.path, self.folder, self.failures = root / "build/src/cli/callgate", folder, 0

    def expect(self, arguments, patterns, status=0):
        done = subprocess.run([self.path, *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        printed = done.stdout + done.stderr
        missing = [pattern for pattern in patterns if not re.search(pattern, printed, re.MULTILINE)]
        if done.returncode == status and not missing:
            return
        self.failures += 1
        print(f"callgate {' '.join(arguments)}: exit status {done.returncode}, not found: {missing}; it printed:\n{printed}")


def write_inputs(folder):
    def profile(name, calls, **keys):
        (folder / name).write_text(json.dumps(
            {"defaultAction": "SCMP_ACT_ERRNO", **keys, "syscalls": [{"names": calls, "action": "SCMP_ACT_ALLOW"}]}))

    profile("plain.json", ["read", "made_up"])
    profile("more.json", ["read", "made_up", "write"])
    profile("own.json", ["read"], architectures=["SCMP_ARCH_FICTION"])
    profile("owned.json", ["read"], owner="me")
    (folder / "fiction.test").write_text("profile plain.json\narch fiction\nread, made_up -> ALLOW\nopenat(AT_FDCWD, *) -> EPERM\n")


def look(tool):
    of_fiction = ["--arch", "fiction"]
    tool.expect(["compile", *of_fiction, "--profile", "plain.json", "-o", "plain.bpf"], [])
    tool.expect(["disasm", *of_fiction, "plain.bpf"], ["c0007777"])
    tool.expect(["profile", "check", *of_fiction, "plain.json"], [])
    tool.expect(["profile", "check", "--arch", "fictional", "own.json"], [])
    tool.expect(["test", "fiction.test"], ["read", "made_up"])
    tool.expect(["syscalls", *of_fiction, "read"], [r"\b63\b"])
    tool.expect(["diff", *of_fiction, "plain.json", "more.json"], ["^write.* on fiction"], status=1)
    tool.expect(["syscalls", *of_fiction, "made_up"], [r"\b499\b"])
    tool.expect(["syscalls", "made_up"], [r"\b499\b"])
    tool.expect(["hello"], ["^hello$"])
    tool.expect(["--help"], ["hello +say hello"])
    tool.expect(["test", "--format", "hello", "fiction.test"], ["^hello: 2 passed$"])
    tool.expect(["profile", "check", "--strict", "owned.json"], [])
    tool.expect(["compile", *of_fiction, "--profile", "plain.json", "--dump", "after:keep"], ["nr"])


def main():
    with tempfile.TemporaryDirectory() as scratch:
        root, folder = pathlib.Path(scratch, "tree"), pathlib.Path(scratch, "inputs")
        root.mkdir()
        folder.mkdir()
        copy_tree(sys.argv[1], root)
        add_all(root)
        build(root)
        write_inputs(folder)
        tool = Tool(root, folder)
        look(tool)
        print(f"{tool.failures} of what was added is not found" if tool.failures else "everything that was added is found")
        return 1 if tool.failures else 0


if __name__ == "__main__":
    sys.exit(main())
