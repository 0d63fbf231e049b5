#!/usr/bin/env python3
"""usage: test_page.py PAGE SOURCE-ROOT BUILD-ROOT COMPILER...

Is a man page true as a reader sees it? It is rendered by man, and by a groff that prints as the strictest systems do, on which "-" and "'" are
typographic characters unless the page says otherwise; the examples must come out the same. Each is compiled by the compiler of the environment (CC)
or of the build, by gcc and by clang as far as they are there, and run: examples.py. In section 3 the SYNOPSIS must be what the headers say, and
NAME must list just its functions, and the types of TYPES or of the functions.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import examples

# What groff does on systems that do not soften it in their man.local.
STRICT = "".join(f".char {plain} \\[u{code}]\n" for plain, code in
                 (("-", "2010"), ("'", "2019"), ("`", "2018"), ("^", "02C6"), ("~", "02DC")))
WIDTH = 2000  # columns; no paragraph is broken


def rendered_by_man(page):
    if not shutil.which("man"):
        return None
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}  # man has a filter of its own
    return subprocess.run(["man", "--no-hyphenation", "--no-justification", "-P", "cat", "-l", page], capture_output=True, text=True, check=True,
                          env=environment | {"MANWIDTH": str(WIDTH), "LC_ALL": "C.UTF-8"}).stdout


def rendered_strictly(page):
    with tempfile.TemporaryDirectory() as macros:
        (pathlib.Path(macros) / "man.local").write_text(STRICT)
        return subprocess.run(["groff", "-M", macros, "-ww", f"-rLL={WIDTH}n", "-Tutf8", "-t", "-man", "-P-cbou", page],
                              capture_output=True, text=True, check=True).stdout


def sections(text):
    """Lists of lines by heading. Paragraphs are indented by 7 columns, examples by 11."""
    found, title = {}, None
    for line in text.splitlines():
        if re.match(r"[A-Z]", line):
            title = line.strip()
            found[title] = []
        elif title:
            found[title].append(line)
    return found


def blocks(lines):
    """The examples of a section."""
    sentence, block = "", []
    for line in [*lines, "       end"]:
        if line.startswith(" " * 11) or (not line.strip() and block):
            block.append(line[11:])
        elif line.strip():
            if block:
                yield examples.Example("\n".join(block).rstrip("\n") + "\n", sentence)
            sentence, block = line.strip(), []


class Page:
    def __init__(self, text):
        parts = sections(text)
        synopsis = [line.strip() for line in parts.get("SYNOPSIS", [])]
        self.includes = [re.sub(r"\s*/\*.*", "", line) for line in synopsis if line.startswith("#include")]
        self.prototypes = [line for line in synopsis if re.match(r"\w[\w ]* \**\w+\(.*\);$", line)]
        self.names = set(re.split(r",\s+", " ".join(parts["NAME"]).strip().split(" - ")[0]))
        self.types = set(re.findall(r"^ *(?:struct|enum) (\w+) \{$", "\n".join(parts.get("TYPES", [])), re.M))
        self.named_types = set(re.findall(r"\bstruct (\w+)", " ".join(self.prototypes)))
        self.examples = [example for title in ("EXAMPLE", "EXAMPLES") for example in blocks(parts.get(title, []))]
        command = re.search(r"Compile with (cc .*\))\s*[.;,]", "\n".join(synopsis))
        self.says_how = bool(command)
        self.compile_command = command.group(1) if command else "cc program.c $(pkg-config --cflags --libs callgate)"


def synopsis_faults(page, own_name, place):
    listed = {re.search(r"(\w+)\(", prototype).group(1) for prototype in page.prototypes if not prototype.startswith("typedef")}
    alone = ((listed | page.types) ^ (page.names - (page.named_types - page.types))) - {own_name} # the others are opaque
    if listed and alone:
        yield f"in NAME or in SYNOPSIS alone: {sorted(alone)}"
    if not page.includes:
        yield "SYNOPSIS includes no header"
    if not page.says_how:
        yield "SYNOPSIS does not say 'Compile with cc program.c $(pkg-config ...)'"
    unit = "\n".join([*page.includes, *page.prototypes, "int main(void)", "{", "\treturn 0;", "}", ""])
    (place.directory / "synopsis.c").write_text(unit)
    made = place.run(page.compile_command.replace("program.c", "-o synopsis synopsis.c"), merge=True)
    if made.returncode != 0:
        yield f"SYNOPSIS is not what the headers say:\n{made.stdout}"


def faults(path, root, build, compiler, skipped):
    strict, usual = rendered_strictly(path), rendered_by_man(path)
    page = Page(strict)
    if not page.examples:
        yield "there is no example"
    if usual and [example.text for example in Page(usual).examples] != [example.text for example in page.examples]:
        yield "the examples are not the same in every rendering"
    wrong = sorted(set(re.findall("[\u2010\u2019\u2018\u02c6\u02dc]", strict)))
    if wrong:
        yield f"it has {wrong} where it means ASCII"
    with tempfile.TemporaryDirectory() as directory:
        place = examples.Workplace(directory, root, build, compiler)
        yield from examples.Document(path.name, page.examples, page.compile_command).faults(place)
        if path.suffix == ".3":
            yield from synopsis_faults(page, path.name.split(".")[0], place)
        skipped += place.skipped


def compilers(asked):
    """The one to build and run with, and others that have an opinion."""
    asked = os.environ.get("CC", asked)
    others = [name for name in ("gcc", "clang") if shutil.which(name) and name not in asked]
    return [asked, *(others if "-fsanitize" not in asked else [])]


def main():
    path, root, build, asked = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), " ".join(sys.argv[4:])
    if not shutil.which("groff"):
        print("skipped: there is no groff")
        sys.exit(77)
    found, skipped = [], []
    for compiler in compilers(asked):
        found += [f"{path.name}: {compiler}: {fault}" for fault in faults(path, root, build, compiler, skipped)]
    print("\n".join([*found, *(f"skipped: {reason}" for reason in dict.fromkeys(skipped))]))
    sys.exit(1 if found else 77 if any("no filter" in reason for reason in skipped) else 0)


if __name__ == "__main__":
    main()
