#!/usr/bin/env python3
"""usage: test_lint_files.py CALLGATE SOURCE-ROOT: what `callgate lint` makes of the text of files: where suppressions count, line ends, very many of them,
and names that no format or terminal takes as they are."""
import json
import os
import subprocess

from lint_support import ALLOW, ERRNO, FOLDER, TIOCSTI, TOOL, entry, lint, names, profile, run, write

WIDTH = profile(ALLOW, entry("ioctl", ERRNO, (1, TIOCSTI, "EQ")))


def check_suppressions_in_json():
    """Only what stands in a remark counts: a string, or one in a list of strings, of the entry whose key begins with _ or is comment."""
    width = entry("ioctl", ERRNO, (1, TIOCSTI, "EQ"))
    words = "lint:allow width: it is tested"
    for content in (dict(profile(ALLOW, width), listenerPath="/run/x", listenerMetadata=words), profile(ALLOW, dict(width, names=["ioctl", words]))):
        found = [f for f in lint(content)[0] if f["name"] in ("width", "suppression")]
        assert found and all(f["suppressed"] is None for f in found) and names(found) == {"width"}, found
    for remark in (words, "as before; " + words, [words], ["more", words + " \"quoted\\\""], "lint:allow never: x; " + words, "lint:allow never: x " + words):
        found = [f for f in lint(profile(ALLOW, dict(width, _why=remark)))[0] if f["name"] == "width"]
        assert found and all(f["suppressed"].startswith("it is tested") for f in found), (remark, found)
        assert all((remark[1].endswith(f["suppressed"])) for f in found if isinstance(remark, list) and len(remark) > 1), found
    # Inner ones come before those around them, and what is already suppressed is suppressed once.
    both = profile(ALLOW, dict(width, _why="lint:allow width: inner"), entry("fcntl", ERRNO, (1, 5, "EQ")), _why="lint:allow width: outer")
    assert [f["suppressed"] for f in lint(both)[0] if f["name"] == "width"] == ["inner", "outer"]
    twice = [f["text"] for f in lint(profile(ALLOW, width, _a=words, _b=words))[0] if f["name"] == "suppression"]
    assert twice == ["lint:allow width suppresses nothing here"], twice


def check_line_ends():
    """Lines that end with CR and LF, a byte order mark: as without."""
    policy = "# A policy.\ndefault ALLOW\n{}chmod -> EPERM{}\n"
    suppressed = (policy.format("", " # lint:allow twin: it is old"), policy.format("# lint:allow twin: it is old\n", ""),
                  policy.format("# lint:allow twin: it is old\n\n  # more\n\t\n", ""))
    for text in suppressed:
        for bytes_ in (text, text.replace("\n", "\r\n"), "\ufeff" + text, "\ufeff" + text.replace("\n", "\r\n")):
            path = write("e.policy", bytes_.encode() + b"")
            found = json.loads(run("lint", "--format", "json", "--machine", "x86_64", path).stdout)["findings"]
            assert "twin" not in names(found) and "suppression" not in names(found), (bytes_, found)
            assert {f["suppressed"] for f in found if f["name"] == "twin"} == {"it is old"}, found
    for text in ("default ALLOW\nchmod -> EPERM\n# lint:allow twin: after it\n", policy.format('include "# lint:allow twin: x"\n', "")):
        path = write("e.policy", text)
        write("# lint:allow twin: x", "read -> ALLOW\n")
        found = json.loads(run("lint", "--format", "json", "--machine", "x86_64", path).stdout)["findings"]
        assert "twin" in names(found), found
    json_text = json.dumps(profile(ALLOW, entry("ioctl", ERRNO, (1, TIOCSTI, "EQ"), _why="lint:allow width: x")), indent=1)
    for text in (json_text, json_text.replace("\n", "\r\n")):
        assert "width" not in names(json.loads(run("lint", "--format", "json", "--machine", "x86_64", write("e.json", text.encode())).stdout)["findings"])
    # What --fix adds has the line ends of the file, and the lines that it shows have none.
    for name, text in (("f.policy", "default EPERM\nread, write, clone -> ALLOW\n"), ("f.json", json.dumps(profile(ERRNO, entry("read clone futex_waitv", ALLOW)), indent=1))):
        path = write(name, text.replace("\n", "\r\n").encode())
        done = run("lint", "--machine", "x86_64", "--fix", path)
        assert "mended" in done.stderr and "\\015" not in done.stdout, (done.stdout, done.stderr)
        fixed = path.read_bytes()
        assert b"clone3" in fixed and fixed.count(b"\n") == fixed.count(b"\r\n"), fixed


def check_costs():
    """As many comments, suppressions and findings as fit: with a cost that grows with their number times their number this takes hours."""
    policy = "default ALLOW\nchmod -> EPERM\n" + "#lint:allow twin: y\n" * 190000 + "rename -> EPERM\n"
    remarks = ",\n".join(f'"_{i}": "lint:allow x: y"' for i in range(120000))
    for name, text in (("c.policy", policy), ("c.json", '{"defaultAction": "SCMP_ACT_ALLOW",\n' + remarks + "}")):
        done = subprocess.run([TOOL, "lint", "--format", "json", "--machine", "x86_64", write(name, text)], capture_output=True, text=True, check=False, timeout=600)
        found = json.loads(done.stdout)["findings"]
        assert len(found) > 100000, (name, len(found), done.stderr)
        base = write("c.base", done.stdout)  # each of them is looked for in it
        done = subprocess.run([TOOL, "lint", "--machine", "x86_64", "--baseline", base, write(name, text)], capture_output=True, text=True, check=False, timeout=600)
        known = sum(finding["suppressed"] is None for finding in found)
        assert done.returncode == 0 and f"{known} in the baseline" in done.stderr, done.stderr


def check_names():
    """Names of files in each format: a reference of SARIF, the commands of a runner, and text that a terminal shows."""
    content = json.dumps(WIDTH)
    for name, uri in (("a b%#?.json", "a%20b%25%23%3F.json"), ("c:x.json", "c%3Ax.json"), ("\u00e9.json", "%C3%A9.json"), ("x\u202egpj.json", "x%E2%80%AEgpj.json"),
                      ("n\nl,.json", "n%0Al%2C.json"), (b"l\xe9.json", "l%E9.json")):
        path = os.path.join(os.fsencode(FOLDER.name), os.fsencode(name))
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        for file, wanted in ((path, f"{FOLDER.name}/{uri}"), (b"//" + path.lstrip(b"/"), f"{FOLDER.name}/{uri}"), (os.path.basename(path), uri)):
            done = subprocess.run([TOOL, "lint", "--machine", "x86_64", "--format", "sarif", file], cwd=FOLDER.name, capture_output=True, check=False)
            result = json.loads(done.stdout.decode())["runs"][0]
            uris = {place["physicalLocation"]["artifactLocation"]["uri"] for one in result["results"] for place in one["locations"]}
            assert uris == {wanted}, (uris, wanted)
            assert result["columnKind"] == "unicodeCodePoints"
        for form in ("text", "json", "sarif", "github"):
            done = subprocess.run([TOOL, "lint", "--machine", "x86_64", "--format", form, path], capture_output=True, check=False)
            text = done.stdout.decode()  # it is UTF-8
            assert "\u202e" not in text and "width" in text, text
            if form == "json":
                parsed = {f["file"] for f in json.loads(text)["findings"]}
                assert isinstance(name, bytes) or parsed == {f"{FOLDER.name}/{name}"}, parsed
            if form == "github":
                assert all(line.startswith("::") for line in text.splitlines()), text


def check_large_fix():
    """Changes far from each other in a file of many lines are shown: the memory that it takes grows with the changes."""
    content = profile(ERRNO, entry("ioctl", "SCMP_ACT_KILL_PROCESS", (1, TIOCSTI, "EQ")), entry("read clone futex_waitv", ALLOW))
    text = json.dumps(content, indent=1).replace('   "read"', "\n" * 200000 + '   "read"')
    done = subprocess.run([TOOL, "lint", "--machine", "x86_64", "--fix", write("l.json", text)], capture_output=True, text=True, check=False, timeout=600)
    assert "2 findings mended" in done.stderr, (done.returncode, done.stderr)
    changed = [line for line in done.stdout.splitlines() if line[:1] in "+-"]
    assert [line[0] for line in changed] == ["-"] * 5 + ["+"] + ["-"] + ["+"] * 2 and "clone3" in changed[-1], changed


def check_unkept():
    """Of very many warnings about a text the first are kept, which is said."""
    for count in (899, 1200):
        found = lint(profile(ALLOW, *(entry(f"x{i}", ERRNO) for i in range(count))))[0]
        assert any("only the first 900" in f["text"] for f in found) == (count > 900), (count, len(found))


for check in (check_large_fix, check_unkept, check_suppressions_in_json, check_line_ends, check_costs, check_names):
    check()
print("all of the text is as it should be")
