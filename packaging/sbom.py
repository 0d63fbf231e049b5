#!/usr/bin/env python3
"""usage: sbom.py SOURCE-ROOT BUILD-ROOT [OUTPUT]: what callgate consists of, as SPDX 2.3 in JSON.

From meson's data (version, licence, what is installed), from the libraries that each built file asks the dynamic linker for, and from the
tree (each file with its digests). The same tree and build give the same bytes: the time is SOURCE_DATE_EPOCH, or the last commit's.
"""
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ADDRESS = "https://callgate.invalid"


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def introspect(build, what):
    return json.loads(output("meson", "introspect", "--" + what, build))


def git(root, *words):
    """What git says; "" without git or a repository."""
    if not shutil.which("git"):
        return ""
    return subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=False).stdout


def tree(root):
    listed = git(root, "ls-files", "-z")
    if listed:
        return sorted(name for name in listed.split("\0") if name and (root / name).is_file())
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.relative_to(root).parts[0] != "build")


def created(root):
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        epoch = git(root, "log", "-1", "--format=%ct").strip() or "0"
    return datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(*words):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(words))


def files(root):
    for name in tree(root):
        content = (root / name).read_bytes()
        yield {"fileName": "./" + name, "SPDXID": identifier("File", hashlib.sha256(name.encode()).hexdigest()[:16]),
               "checksums": [{"algorithm": kind.upper(), "checksumValue": hashlib.new(kind, content).hexdigest()} for kind in ("sha1", "sha256")],
               "licenseConcluded": "MIT", "licenseInfoInFiles": ["NOASSERTION"], "copyrightText": "NOASSERTION"}


def verification_code(listed):
    """SPDX's digest of a package: of the sorted SHA-1 digests of its files."""
    sums = sorted(entry["checksums"][0]["checksumValue"] for entry in listed)
    return hashlib.sha1("".join(sums).encode()).hexdigest()


def package(name, version, purpose, licence):
    return {"name": name, "SPDXID": identifier(purpose.title(), name), **({"versionInfo": version} if version else {}),
            "primaryPackagePurpose": purpose, "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": licence,
            "licenseDeclared": licence, "copyrightText": "NOASSERTION"}


def binaries(build):
    """What is installed and runs: name, kind, and the libraries that it needs."""
    for target in sorted(introspect(build, "targets"), key=lambda target: target["name"]):
        if target["installed"] and target["type"] in ("shared library", "executable"):
            path = target["filename"][0]
            dynamic = output("readelf", "-d", path)
            soname = re.search(r"\(SONAME\).*\[(.+)\]", dynamic)
            yield (soname.group(1) if soname else target["name"], "LIBRARY" if soname else "APPLICATION",
                   sorted(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)))


def document(root, build):
    project = introspect(build, "projectinfo")
    listed = list(files(root))
    source = package(project["descriptive_name"], project["version"], "SOURCE", "MIT")
    source.update(filesAnalyzed=True, packageVerificationCode={"packageVerificationCodeValue": verification_code(listed)},
                  licenseInfoFromFiles=["NOASSERTION"], copyrightText="Copyright (c) 2026 The callgate authors")
    packages, relations = {"": source}, [("SPDXRef-DOCUMENT", "DESCRIBES", source["SPDXID"])]
    built = list(binaries(build))
    for name, purpose, _ in built:
        packages[name] = package(name, project["version"], purpose, "MIT")
        relations.append((packages[name]["SPDXID"], "GENERATED_FROM", source["SPDXID"]))
    for name, _, needed in built:
        for library in needed:
            packages.setdefault(library, package(library, None, "LIBRARY", "NOASSERTION"))
            relations.append((packages[name]["SPDXID"], "DEPENDS_ON", packages[library]["SPDXID"]))
    for test in sorted({dependency["name"] for dependency in introspect(build, "dependencies")} & {"check", "jansson"}):
        packages[test] = package(test, None, "LIBRARY", "NOASSERTION")
        relations.append((packages[test]["SPDXID"], "TEST_DEPENDENCY_OF", source["SPDXID"]))
    relations += [(source["SPDXID"], "CONTAINS", entry["SPDXID"]) for entry in listed]
    name = f"{project['descriptive_name']}-{project['version']}"
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": name,
        "documentNamespace": f"{ADDRESS}/spdx/{name}-{source['packageVerificationCode']['packageVerificationCodeValue']}",
        "creationInfo": {"created": created(root), "creators": ["Tool: callgate-sbom.py"]},
        "packages": list(packages.values()), "files": listed,
        "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b} for a, kind, b in relations]}


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__.split("\n", maxsplit=1)[0])
    root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    text = json.dumps(document(root, build), indent=1) + "\n"
    if len(sys.argv) == 4:
        pathlib.Path(sys.argv[3]).write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
