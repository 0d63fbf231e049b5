#!/usr/bin/env python3
"""usage: proof.py SOURCE-ROOT: the list of trusted files in docs/proof.md is the one that the includes give.

Those are the prover's files, every header that these include, directly or not, and the source of each such header, but for src/base, which is
trusted as a whole; and what says which programs the kernel accepts, which the prover relies on, and what asks it whether two filters are equal.
"""
import pathlib
import re
import sys

ACCEPT = {"bpf/program.h", "bpf/program.c", "query/proof.c"}
# What defines the functions of a public header that rooms of the core include.
PUBLIC = {"callgate/arch.h": "arch/arch.c", "callgate/action.h": "arch/actions.c"}
INCLUDE = re.compile(r'^#include ["<]([^">]+)[">]', re.MULTILINE)


def included(source):
    """Every file that the prover is made of, below src."""
    pending = [f"prove/{path.name}" for path in (source / "prove").glob("*.[ch]")]
    found = set(ACCEPT)
    while pending:
        name = pending.pop()
        name = PUBLIC.get(name, name)
        if name in found or name.startswith("base/") or not (source / name).exists():
            continue
        found.add(name)
        pending += INCLUDE.findall((source / name).read_text())
        pending.append(name[:-2] + ".c")
    return found


def listed(text):
    """The files of the table, which has a folder and the names in it in each row."""
    section = text.split("## What is trusted", 1)[-1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| src/([a-z]+) \| ([^|]+) \|", section, re.MULTILINE)
    return {f"{folder}/{stem}{suffix}" for folder, names in rows for stem, suffix in
            (match for name in names.split(",") if folder != "base" for match in expand(name.strip()))}


def expand(name):
    stem, _, suffixes = name.partition(".")
    return [(stem, "." + suffix.strip(".")) for suffix in suffixes.split("/")]


def main():
    root = pathlib.Path(sys.argv[1])
    expected = included(root / "src")
    stated = listed((root / "docs/proof.md").read_text())
    problems = [f"docs/proof.md does not name src/{name}" for name in sorted(expected - stated)]
    problems += [f"docs/proof.md names src/{name}, which the prover does not use" for name in sorted(stated - expected)]
    print("\n".join(problems) or f"the {len(stated)} trusted files of docs/proof.md are those that are used")
    return 1 if problems or len(stated) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
