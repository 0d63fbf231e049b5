#!/usr/bin/env python3
"""usage: test_sbom.py SOURCE-ROOT BUILD-ROOT: packaging/sbom.py gives the same bytes twice, and what they say is so: each file with its
digest, and each library with what ldd(1) finds for it.
"""
import json
import os
import pathlib
import subprocess
import sys


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def problems(root, build):
    make = [sys.executable, root / "packaging/sbom.py", root, build]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    text = run(*make, env=environment)
    if text != run(*make, env={**environment, "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}, cwd="/"):
        yield "a second run gives other bytes"
    document = json.loads(text)
    if document["creationInfo"]["created"] != "2023-11-14T22:13:20Z":
        yield "the time is not SOURCE_DATE_EPOCH"
    ids = [item["SPDXID"] for item in document["packages"] + document["files"]] + ["SPDXRef-DOCUMENT"]
    if len(ids) != len(set(ids)):
        yield "two things have the same SPDXID"
    relations = {(item["spdxElementId"], item["relationshipType"], item["relatedSpdxElement"]) for item in document["relationships"]}
    for a, kind, b in sorted(relations):
        if not {a, b} <= set(ids):
            yield f"{a} {kind} {b}: one of them is not in the document"
    for entry in document["files"][:: max(1, len(document["files"]) // 20)]:
        wanted = run("sha256sum", root / entry["fileName"]).split()[0]
        if wanted not in [item["checksumValue"] for item in entry["checksums"]]:
            yield f"{entry['fileName']}: not its digest"
    if "./src/api/context.c" not in [entry["fileName"] for entry in document["files"]]:
        yield "a source file is missing"
    names = {item["SPDXID"]: item["name"] for item in document["packages"]}
    libraries = [path for path in (build / "src").glob("lib*.so.?") if path.name in names.values()]
    if len(libraries) < 5:
        yield "fewer than five libraries"
    for library in libraries:
        said = {names[b].split(".so")[0] for a, kind, b in relations if kind == "DEPENDS_ON" and names[a] == library.name}
        needed = {pathlib.Path(line.split()[0]).name.split(".so")[0] for line in run("ldd", library).split("\n") if line.strip()}
        if not said or not said <= needed | {"ld-linux-x86-64"}:
            yield f"{library.name}: needs {needed}, and the document says {said}"


def main():
    found = list(problems(*(pathlib.Path(argument).resolve() for argument in sys.argv[1:])))
    print("\n".join(found))
    print(f"{len(found)} problems")
    return 1 if found else 0


sys.exit(main())
