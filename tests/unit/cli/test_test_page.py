#!/usr/bin/env python3
"""usage: test_test_page.py CALLGATE SOURCE-ROOT: what callgate-test(5) shows is so.

Each block after a line that ends in "_NAME_:" is the file NAME. Each block that begins with "$ callgate" is run, and prints what follows there, where "..." stands
for any number of lines. The first block is examples/chmod.test, and the last one the tests of a web server's profile.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

WEB_PROFILE = """{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
	{"names": ["read", "close", "mmap", "munmap", "ppoll", "write", "accept4", "exit_group"], "action": "SCMP_ACT_ALLOW"},
	{"names": ["openat"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 3, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
	{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]}
]}
"""


def run(folder, *arguments):
    return subprocess.run([CALLGATE, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def check_printed(folder, block):
    command, *expected = block.splitlines()
    result = run(folder, *command.split()[2:])
    pattern = "".join("(?:.*\\n)*?" if line.strip() == "..." else re.escape(line) + "\n" for line in expected)
    assert re.fullmatch(pattern, result.stdout), f"{command}\n{result.stdout}{result.stderr}\nand not\n{block}"


def main():
    text = (ROOT / "docs/callgate-test.5.scd").read_text()
    blocks = [(before.rstrip().rpartition("\n")[2], block) for before, block in re.findall(r"([^`]*)```\n(.*?)^```\n", text, re.M | re.S)]
    assert blocks[0][1] == (ROOT / "examples/chmod.test").read_text()
    assert run(ROOT, "test", "examples/chmod.test").returncode == 0
    printed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for before, block in blocks:
            file = re.search(r"_([\w.]+)_:$", before)
            if file:
                (folder / file[1]).write_text(block)
            if block.startswith("$ callgate "):
                check_printed(folder, block)
                printed += 1
        assert printed == 3, printed
        web = folder / "web"
        web.mkdir()
        (web / "web.test").write_text(blocks[-1][1])
        (folder / "container-default.json").write_text((ROOT / "examples/profiles/container-default.json").read_text())
        (web / "web.json").write_text(WEB_PROFILE)
        result = run(web, "test", "web.test")
        assert result.returncode == 0, result.stdout
        (web / "web.json").write_text(WEB_PROFILE.replace('"openat"', '"open", "openat"'))
        result = run(web, "test", "web.test")
        assert result.returncode == 1 and "expected nothing else to be allowed, but open(" in result.stdout, result.stdout


CALLGATE, ROOT = str(pathlib.Path(sys.argv[1]).absolute()), pathlib.Path(sys.argv[2])
main()
