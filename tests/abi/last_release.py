#!/usr/bin/env python3
"""usage: last_release.py SOURCE-ROOT BUILD-ROOT COMMA-SEPARATED-LIBRARIES [--update]: does abidiff(1) find no change of the ABI since the
last release, but functions that are new? tests/abi/LIBRARY.abi is that ABI, as abidw(1) describes it, without what is behind opaque
structures. A library whose soname is another one since is a new library, and programs keep the old one. With --update, the files are
written anew: a step of a release, see CONTRIBUTING.md. And abidiff(1) must find changes that are made on purpose.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

DESCRIBE = ["abidw", "--exported-interfaces-only", "--drop-undefined-syms", "--no-elf-needed", "--no-corpus-path", "--no-comp-dir-path",
            "--no-show-locs", "--no-parameter-names", "--no-write-default-sizes"]


def opaque_structures(include):
    text = "".join(path.read_text() for path in sorted(include.rglob("*.h")))
    return set(re.findall(r"^struct (\w+);$", text, re.M)) - set(re.findall(r"^struct (\w+) \{$", text, re.M))


def hide(structure):
    """Makes a declaration of the definition of a structure."""
    for member in list(structure):
        structure.remove(member)
    structure.attrib.pop("size-in-bits", None)
    structure.set("is-declaration-only", "yes")


def keep_reached(root):
    """Removes the types that no function leads to, and variables: the libraries have those of others alone."""
    types = {element.get("id"): element for element in root.iter() if element.get("id")}
    reached, to_do = set(), list(root.iter("function-decl"))
    while to_do:
        for element in to_do.pop().iter():
            for name in (element.get("type-id"), element.get("naming-typedef-id")):
                if name and name not in reached:
                    reached.add(name)
                    to_do.append(types[name])
    for unit in list(root.iter("abi-instr")):
        for element in list(unit):
            if element.tag == "var-decl" or element.get("id", "") not in reached | {""}:
                unit.remove(element)
        if len(unit) == 0:
            root.remove(unit)


def describe(library, opaque):
    made = subprocess.run([*DESCRIBE, library.resolve()], stdout=subprocess.PIPE, text=True, check=True)
    root = xml.fromstring(made.stdout)
    for structure in root.iter("class-decl"):
        if structure.get("name") in opaque:
            hide(structure)
    keep_reached(root)
    xml.indent(root, " ")
    return root


def write(root, path, version):
    path.write_text(xml.tostring(root, encoding="unicode") + f"\n<!-- The ABI of callgate {version}: last_release.py writes it. -->\n")


def differences(old, new):
    """What abidiff(1) prints, and whether it says that something has changed."""
    done = subprocess.run(["abidiff", "--no-added-syms", old, new], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode & 3:
        sys.exit(f"abidiff can't compare {old} and {new}: {done.stdout}")
    return done.stdout, done.returncode != 0


def lose_function(root):
    symbol = next(root.iter("elf-symbol"))
    function = next(element for element in root.iter("function-decl") if element.get("elf-symbol-id", "").startswith(symbol.get("name") + "@"))
    symbols, = root.iter("elf-function-symbols")
    symbols.remove(symbol)
    for unit in root.iter("abi-instr"):
        if function in list(unit):
            unit.remove(function)


def grow_structure(root):
    structure = next(element for element in root.iter("class-decl") if (element.get("name") or "").startswith("callgate_") and len(element))
    structure.set("size-in-bits", str(int(structure.get("size-in-bits")) + 64))


def compare(old, library, opaque, folder):
    """Problems of one library, as texts."""
    version = re.search(r"of callgate ([\d.]+):", old.read_text()).group(1)
    new, root = folder / "new.abi", describe(library, opaque)
    write(root, new, "now")
    old_root = xml.fromstring(old.read_text())
    if old_root.get("soname") != root.get("soname"):
        print(f"{library.name}: {root.get('soname')} is another library than {old_root.get('soname')} of {version}")
        return
    text, changed = differences(old, new)
    print(f"{library.name}: {'changed' if changed else 'unchanged'} since {version}")
    if changed:
        yield f"{library.name} differs from that of {version}:\n{text}"
    for change in (lose_function, grow_structure):
        worse = xml.fromstring(old.read_text())
        change(worse)
        write(worse, folder / "worse.abi", "now")
        if not differences(old, folder / "worse.abi")[1]:
            yield f"{library.name}: abidiff does not see {change.__name__.replace('_', ' ')}"


def main():
    source, build = map(pathlib.Path, sys.argv[1:3])
    update = "--update" in sys.argv
    if not shutil.which("abidiff") or not shutil.which("abidw"):
        print("SKIP: there is no abidiff (Debian: abigail-tools)")
        return 77
    opaque = opaque_structures(source / "include")
    version = re.search(r"version: '([\d.]+)'", (source / "meson.build").read_text()).group(1)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[3].split(","):
            library, old = build / f"src/lib{name}.so", source / f"tests/abi/{name}.abi"
            if update:
                write(describe(library, opaque), old, version)
            else:
                found += compare(old, library, opaque, pathlib.Path(folder))
    print("\n".join(found))
    return 1 if found else 0


sys.exit(main())
