#!/usr/bin/env python3
"""usage: packaging.py SOURCE-ROOT debian|fedora|alpine|--update: are the recipes of packaging/ what the tree needs?

debian: the symbols files name each symbol of tests/abi/*.symbols, and the versions agree; --update adds what is missing, as of this version.
fedora: rpmlint finds no fault in the spec. alpine: sh and shellcheck find none in the APKBUILD. Both say that they are untested. Without
its checker, a test is skipped (77).
"""
import pathlib
import re
import shutil
import subprocess
import sys


def project_version(root):
    return re.search(r"version: '([\d.]+)'", (root / "meson.build").read_text()).group(1)


def symbols_file(root, abi_list):
    """The symbols file of a library's package, and the lines that it begins with."""
    name = abi_list.stem
    soversion = re.search(r"^soversion = '(\d+)'", (root / "src/meson.build").read_text(), re.M).group(1)
    package = f"lib{name}{soversion}"
    node = name.upper().replace("-", "_") + "_" + soversion
    head = f"lib{name}.so.{soversion} {package} #MINVER#\n* Build-Depends-Package: libcallgate-dev\n"
    return root / "packaging/debian" / (package + ".symbols"), head, node


def missing_symbols(root, update):
    version = project_version(root)
    for abi_list in sorted((root / "tests/abi").glob("*.symbols")):
        path, head, node = symbols_file(root, abi_list)
        text = path.read_text() if path.exists() else head
        listed = dict(re.findall(r"^ (\S+)@\S+ (\S+)$", text, re.M))
        wanted = set(abi_list.read_text().split()) | {node}
        for symbol in sorted(set(listed) - wanted):
            yield f"{path.name}: {symbol} is in no list of tests/abi"
        new = {symbol: version for symbol in wanted - set(listed)}
        if update:
            lines = [f" {symbol}@{node} {since}\n" for symbol, since in sorted({**listed, **new}.items())]
            path.write_text(head + "".join(lines))
        else:
            for symbol in sorted(new):
                yield f"{path.name}: no line for {symbol}: tests/hygiene/packaging.py . --update adds it"


def versions(root):
    version = project_version(root)
    places = {
        "packaging/debian/changelog": r"\Acallgate \(([\d.]+)-\d+\)",
        "packaging/fedora/callgate.spec": r"^Version:\s*(\S+)",
        "packaging/alpine/APKBUILD": r"^pkgver=(\S+)",
        "packaging/callgate.wrap": r"^# callgate ([\d.]+)$",
    }
    for name, pattern in places.items():
        found = re.search(pattern, (root / name).read_text(), re.M)
        if not found or found.group(1) != version:
            yield f"{name}: is of version {found.group(1) if found else 'unknown'}, and the project of {version}"


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        yield f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}"


def says_untested(path):
    if not re.search(r"^# UNTESTED", path.read_text(), re.M):
        yield f"{path}: does not say that it is untested"


def needs(program):
    if not shutil.which(program):
        print(f"SKIP: there is no {program}")
        sys.exit(77)


def fedora(root):
    needs("rpmlint")
    needs("rpm")
    spec = root / "packaging/fedora/callgate.spec"
    yield from says_untested(spec)
    yield from run("rpmlint", "--rpmlintrc", spec.with_suffix(".rpmlintrc"), spec)


def alpine(root):
    needs("shellcheck")
    build = root / "packaging/alpine/APKBUILD"
    yield from says_untested(build)
    yield from run("sh", "-n", build)
    # Variables are abuild's to read, and it sets builddir and pkgdir.
    yield from run("shellcheck", "--shell=sh", "--exclude=SC2034,SC2154", build)
    scripts = [*(root / "packaging/debian").glob("*.preinst"), *(root / "packaging/debian").glob("*.postrm")]
    scripts += [path for path in (root / "packaging/debian/tests").iterdir() if path.name != "control"]
    yield from run("shellcheck", "--exclude=SC2046", *scripts)


def main():
    root, what = pathlib.Path(sys.argv[1]), sys.argv[2]
    if what in ("debian", "--update"):
        problems = [*missing_symbols(root, what == "--update"), *versions(root)]
    else:
        problems = list({"fedora": fedora, "alpine": alpine}[what](root))
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
