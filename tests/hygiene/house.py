#!/usr/bin/env python3
"""usage: house.py SOURCE-ROOT: the files of src/ keep to the habits of CONTRIBUTING.md: names, sizes, headers, words."""
import collections
import fnmatch
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
ARCHITECTURE = re.compile(r"\b(SCMP_ARCH_(?!NATIVE\b)|AUDIT_ARCH_)[A-Z]\w*")
SHORT, SHORT_PERCENT = 60, 32  # lines; how many of the files may have fewer

# Metaphors of our own, for which the field has a word (CONTRIBUTING.md).
PRIVATE_WORDS = re.compile(
    r"[a-z_]*(door|keeper|courier|lifeline|passage|lateness|popularity|sweep|trouble|doubt|interrogat)[a-z_]*"
    r"|\b(?:callgate_side|is stood for by|told apart|warned of)\b", re.IGNORECASE)

# Headers that one other file of their room includes, and are a boundary all the same.
BOUNDARIES = {
    "cli/learned.h": "what was learned of a command, apart from watching it",
    "cli/why.h": "watching a command, apart from running one",
    "compile/cube.h": "conjunctions of literals, which know nothing of rules",
    "compile/literal.h": "tests of one word, which know nothing of conjunctions",
    "policy/journal.h": "how changes are undone, whatever they are",
    "prove/knowledge.h": "what is known of arguments and decides conditions, below the walk that uses it",
    "prove/value.h": "the algebra of symbolic values, below the instructions that use it",
    "sandbox/plugin_process.h": "the process of a plugin, below the messages to it",
    "trace/stopped_call.h": "the registers of each machine, apart from the stops of a process",
}

# What is still to be settled. The list only gets shorter.
OPEN = set()


def files_of(root, folder, *suffixes):
    return sorted(path for path in (root / folder).rglob("*") if path.suffix in suffixes)


def repeated_names(sources):
    """Base names that stand for two files: a reader who is told the name must find the file."""
    places = collections.defaultdict(list)
    for path in sources:
        places[path.name].append(str(path.parent.name))
    for name, rooms in places.items():
        if len(rooms) > 1:
            yield f"{name}: a file of this name is in {', '.join(rooms)}"


def module_of(stem, stems):
    """A header without a .c of its name belongs to the .c whose name it begins with: ruleset_private.h to ruleset.c."""
    owners = [other for other in stems if stem.startswith(other + "_")]
    return stem if stem in stems or not owners else max(owners, key=len)


def circles(root, sources):
    """Files of one room that include each other, directly or not. A .c file and its headers are one."""
    uses = collections.defaultdict(set)
    stems = collections.defaultdict(set)
    for path in sources:
        if path.suffix == ".c":
            stems[path.relative_to(root / "src").parts[0]].add(path.stem)
    for path in sources:
        room = path.relative_to(root / "src").parts[0]
        own = module_of(path.stem, stems[room])
        for quote in INCLUDE.findall(path.read_text()):
            target = pathlib.PurePath(quote)
            other = module_of(target.stem, stems[room])
            if target.parts[0] == room and other != own:
                uses[room, own].add((room, other))
    reached = {start: closure(uses, start) for start in uses}
    reported = set()
    for start in sorted(uses):
        circle = frozenset(other for other in reached[start] if start in reached.get(other, ()))
        if circle and circle not in reported:
            reported.add(circle)
            yield f"src/{start[0]}: these include each other: {', '.join(sorted(stem for _, stem in circle))}"


def closure(uses, start):
    seen, waiting = set(), list(uses[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += uses.get(node, ())
    return seen


def lonely_headers(root, sources):
    includers = collections.defaultdict(set)
    for path in sources + files_of(root, "tests", ".c", ".h"):
        for quote in INCLUDE.findall(path.read_text()):
            includers[quote].add(path)
    for header in (path for path in sources if path.suffix == ".h"):
        name = str(header.relative_to(root / "src"))
        others = [path for path in includers[name] if path != header.with_suffix(".c")]
        crosses = any(path.parent != header.parent for path in others)
        if len(others) < 2 and not crosses and name not in BOUNDARIES:
            yield f"src/{name}: {others[0].name if others else 'nobody'} alone includes it: declare it there, or say in this test why not"


def short_files(sources):
    short = [path for path in sources if path.read_text().count("\n") < SHORT]
    if 100 * len(short) > SHORT_PERCENT * len(sources):
        yield f"{len(short)} of {len(sources)} files have fewer than {SHORT} lines: at most {SHORT_PERCENT}% may"


def words(root, sources):
    for path in sources:
        text = path.read_text()
        name = path.relative_to(root)
        for found in sorted({match.group(0) for match in PRIVATE_WORDS.finditer(text)}):
            yield f"{name}: {found}: the field has another word for it"
        if name.parts[1] != "arch":
            for found in sorted({match.group(0) for match in ARCHITECTURE.finditer(COMMENT.sub("", text))}):
                yield f"{name}: {found}: ask <callgate/arch.h> for what is to be known"


def stale_names(root):
    """The map must not name what is gone: files in src/README.md, and functions in the files that it says they are in."""
    text = (root / "src/README.md").read_text()
    files = [str(path.relative_to(root)) for folder in ("src", "tests", "docs", "include") for path in (root / folder).rglob("*") if path.is_file()]
    for name in sorted(set(re.findall(r"`([\w/*.-]+\.(?:c|h|py|tbl|sh|html|symbols|build))`", text))):
        pattern = re.sub(r"NAME|KIND|LIBRARY", "*", name)
        if not any(fnmatch.fnmatch("/" + file, "*/" + pattern) for file in files):
            yield f"src/README.md: there is no {name}"
    for functions, name in re.findall(r"((?:`\w+\(\)`(?: and )?)+) in `([\w/.-]+\.c)`", text):
        path = root / "src" / name
        for function in re.findall(r"`(\w+)\(\)`", functions):
            if path.exists() and not re.search(rf"\b{function}\(", path.read_text()):
                yield f"src/README.md: {name} has no {function}()"


def problems(root):
    sources = files_of(root, "src", ".c", ".h")
    yield from repeated_names(sources)
    yield from circles(root, sources)
    yield from lonely_headers(root, sources)
    yield from short_files(sources)
    yield from words(root, sources)
    yield from stale_names(root)


def main():
    found = [problem for problem in problems(pathlib.Path(sys.argv[1])) if problem not in OPEN]
    print("\n".join(found) or "src/ is in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
