#!/usr/bin/env python3
"""usage: proof.py SOURCE-ROOT: the sizes of trusted files in docs/proof.md are those of the files, to a twentieth."""
import pathlib
import re
import sys


def problems(root):
    rows = re.findall(r"^\| (src/[^|]*) \| (\d+) \|", (root / "docs/proof.md").read_text(), re.MULTILINE)
    if len(rows) < 5:
        yield "docs/proof.md has no table of trusted files"
    for names, stated in rows:
        names = names.split(", ")
        folder = pathlib.Path(names[0]).parent
        paths = [root / folder / pathlib.Path(name).name for name in names]
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            yield f"docs/proof.md names {missing}, which is not there"
            continue
        size = sum(path.stat().st_size for path in paths)
        if abs(size - int(stated)) > size / 20:
            yield f"docs/proof.md: {', '.join(names)} is {size} bytes, not {stated}"


found = list(problems(pathlib.Path(sys.argv[1])))
print("\n".join(found) or "the sizes in docs/proof.md hold")
sys.exit(1 if found else 0)
