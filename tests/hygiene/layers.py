#!/usr/bin/env python3
"""usage: layers.py SOURCE-ROOT: does every file of src/ include only the rooms that it may (src/README.md)?"""
import pathlib
import re
import sys

# room: the rooms it may include besides itself. Public headers (<...>) are seccomp.h and callgate/*.h.
MAY_INCLUDE = {
    "base": set(),
    "arch": {"base"},
    "policy": {"arch", "base"},
    "bpf": {"arch", "base"},
    "compile": {"policy", "bpf", "arch", "base"},
    "prove": {"policy", "bpf", "arch", "base"},
    "query": {"prove", "policy", "bpf", "arch", "base"},
    "load": {"policy", "bpf", "arch", "base"},
    "api": {"compile", "prove", "query", "load", "policy", "bpf", "arch", "base"},
    "analysis": {"api", "compile", "query", "policy", "bpf", "arch", "base"},
    "grammar": {"base"},
    "process": {"base"},
    "sandbox": {"process", "base"},
    "info": {"base"},
    "lint": {"info", "base"},
    "oci": {"grammar", "base"},
    "testing": {"grammar", "process", "base"},
    "trace": {"process", "base"},
    "cli": {"trace", "base"},
}
MAY_USE_PUBLIC = {"api", "analysis", "sandbox", "info", "lint", "grammar", "oci", "testing", "trace", "cli"}
# Facts are the same inside and outside: src/arch defines what these declare.
FACTS = {"callgate/arch.h", "callgate/action.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def problems(root):
    source = root / "src"
    rooms = {path.name for path in source.iterdir() if path.is_dir()}
    for room in sorted(rooms - MAY_INCLUDE.keys()):
        yield f"src/{room}: a room that tests/hygiene/layers.py does not know"
    files = [path for path in source.rglob("*") if path.suffix in (".c", ".h")]
    if len(files) < 20:
        yield f"only {len(files)} source files found below {source}"
    for path in sorted(files):
        room = path.relative_to(source).parts[0]
        name = path.relative_to(root)
        includes = INCLUDE.findall(path.read_text())
        own = f"{room}/{path.stem}.h"
        quoted = [quote for quote, _ in includes if quote]
        if path.suffix == ".c" and path.with_suffix(".h").exists() and (not includes or includes[0][0] != own):
            yield f'{name}: the first include must be its own header, "{own}"'
        for quote in quoted:
            target = quote.split("/")[0] if "/" in quote else room
            if target != room and target not in MAY_INCLUDE.get(room, set()):
                yield f'{name}: {room} may not include "{quote}"'
        for _, angle in includes:
            if angle in FACTS and (room == "arch" or "arch" in MAY_INCLUDE.get(room, set())):
                continue
            if (angle == "seccomp.h" or angle.startswith("callgate/")) and room not in MAY_USE_PUBLIC:
                yield f"{name}: {room} is below the interface and may not include <{angle}>"


def main():
    found = list(problems(pathlib.Path(sys.argv[1])))
    for problem in found:
        print(problem)
    print(f"{len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
