#!/usr/bin/env python3
"""usage: test_markdown.py DOCUMENT.md SOURCE-ROOT BUILD-ROOT COMPILER...

Are the examples of README.md, or of a document in docs/, true? They are its fenced blocks, and examples.py says what happens to them. README.md
speaks of the source, so its examples are tried in a copy of the tree. Its two commands are not run: one of them runs this test, and CI runs both.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import examples
from test_page import compilers

TWO_COMMANDS = "tests/run.sh"


def blocks(text):
    """The fenced blocks, with the last line of text before each."""
    sentence, language, block = "", None, []
    for line in text.splitlines(keepends=True):
        if line.startswith("```"):
            if language is not None and (language or re.match(r"`\S+`.*:$", sentence)) and TWO_COMMANDS not in "".join(block):
                yield examples.Example("".join(block), sentence, language)
            sentence = sentence if language is None else ""
            language, block = (line[3:].strip(), []) if language is None else (None, [])
        elif language is not None:
            block.append(line)
        elif line.strip():
            sentence = line.strip()


def copy_tree(root, directory):
    listed = b""
    if shutil.which("git"):
        listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], capture_output=True, check=False).stdout
    if not listed:
        listed = subprocess.run(["find", ".", "-type", "f", "-not", "-path", "./build*", "-not", "-path", "./.git/*"], cwd=root,
                                capture_output=True, check=True).stdout
    packed = subprocess.run(["tar", "-cf", "-", "--ignore-failed-read", "-T", "-"], cwd=root, input=listed, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, check=False)
    subprocess.run(["tar", "-xf", "-"], cwd=directory, input=packed.stdout, check=True)


def faults(path, root, build, compiler, skipped):
    found = list(blocks(path.read_text()))
    with tempfile.TemporaryDirectory() as directory:
        if path.name == "README.md":
            copy_tree(root, directory)
        place = examples.Workplace(directory, root, build, compiler)
        yield from examples.Document(path.name, found, "cc program.c $(pkg-config --cflags --libs callgate)").faults(place)
        skipped += place.skipped


def main():
    path, root, build, asked = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), " ".join(sys.argv[4:])
    found, skipped = [], []
    # What a script builds is built once.
    for compiler in compilers(asked)[:1 if path.name == "README.md" else None]:
        found += [f"{path.name}: {compiler}: {fault}" for fault in faults(path, root, build, compiler, skipped)]
    print("\n".join([*found, *(f"skipped: {reason}" for reason in dict.fromkeys(skipped))]))
    sys.exit(1 if found else 77 if any("no filter" in reason for reason in skipped) else 0)


main()
