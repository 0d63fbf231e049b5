#!/usr/bin/env python3
"""usage: tree.py SOURCE-ROOT: the shape of the tree: what may stand at the top, how long files are, what every header and tool has."""
import pathlib
import re
import shutil
import subprocess
import sys

TOP = {
    "include", "src", "tests", "examples", "docs", "packaging", "subprojects", "meson.build", "meson_options.txt", "README.md", "LICENSE",
    "SECURITY.md", "CONTRIBUTING.md", "NEWS.md", "action.yml",
}
LONGEST = 500  # lines; tables are data and may be longer


def tracked(root):
    if shutil.which("git"):
        listed = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True, check=False)
        if listed.returncode == 0 and listed.stdout:
            return listed.stdout.split("\n")[:-1]
    return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]


FUNCTION = re.compile(r"^(?!#|\s|/|\*|typedef|static)[^(=]*?\b((?:callgate|seccomp)_\w*[a-z0-9])\(", re.MULTILINE)


STRUCTURE = re.compile(r"^(?:struct|enum) ([a-z]\w*)(?: \{|;)$", re.MULTILINE)


def documented(root):
    """Every name that stands in the NAME section of a man page."""
    sys.path.insert(0, str(root / "docs"))
    from page import names # pylint: disable=import-error,import-outside-toplevel
    return {name for page in (root / "docs").glob("*.scd") for name in names(page)}


def undocumented(root):
    """Public functions and types of the headers, and exported symbols, that no man page names."""
    names = documented(root)
    for header in [root / "include/seccomp.h", *sorted((root / "include/callgate").glob("*.h"))]:
        for function in sorted(set(FUNCTION.findall(header.read_text())) - names):
            yield f"{header.relative_to(root)}: {function}() is in the NAME of no man page"
        for structure in sorted(set(STRUCTURE.findall(header.read_text())) - names):
            yield f"{header.relative_to(root)}: {structure} is in the NAME of no man page"
    for symbols in sorted((root / "tests/abi").glob("*.symbols")):
        exported = re.findall(r"\b((?:callgate|seccomp)_\w+)", symbols.read_text())
        for symbol in sorted(set(exported) - names):
            yield f"{symbols.relative_to(root)}: {symbol} is in the NAME of no man page"


def problems(root):
    yield from undocumented(root)
    files = [name for name in tracked(root) if not name.startswith("build")]
    for top in sorted({name.split("/")[0] for name in files} - TOP):
        if not top.startswith("."):
            yield f"{top}: does not belong at the top level"
    for name in files:
        path = root / name
        if path.suffix in (".c", ".h", ".py", ".sh") and path.exists():
            lines = path.read_text().count("\n")
            if lines > LONGEST:
                yield f"{name}: {lines} lines; at most {LONGEST} are easy to read"
    installed = "".join(path.read_text() for path in [root / "include/meson.build", *root.glob("src/*/meson.build")])
    pages = "".join(path.read_text() for path in (root / "docs").glob("*.scd"))
    for header in (root / "include" / "callgate").glob("*.h"):
        text = header.read_text()
        if f"#include <callgate/{header.name}>" not in pages:
            yield f"{header.relative_to(root)}: in the SYNOPSIS of no man page"
        if f"callgate/{header.name}'" not in installed:
            yield f"{header.relative_to(root)}: installed by no meson.build"
        guard = "CALLGATE_" + header.stem.upper() + "_H"
        if not re.search(rf"#ifndef {guard}\n#define {guard}\n", text):
            yield f"{header.relative_to(root)}: the include guard must be {guard}"
        if "SPDX-License-Identifier: MIT" not in text:
            yield f"{header.relative_to(root)}: no licence line"


def main():
    found = list(problems(pathlib.Path(sys.argv[1])))
    for problem in found:
        print(problem)
    print(f"{len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
