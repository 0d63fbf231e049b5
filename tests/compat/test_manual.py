#!/usr/bin/env python3
"""usage: test_manual.py BUILT-DOCS: the manual as HTML: every page of docs/ is there and in the index, every link leads somewhere, and
examples are as in the page. And man(1) has no complaint about the man pages.
"""
import html.parser
import os
import pathlib
import shutil
import subprocess
import sys


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.places, self.open, self.errors, self.text = [], set(), [], [], ""
        self.feed(path.read_text())
        self.errors += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if "id" in attributes:
            self.places.add(attributes["id"])
        if tag not in ("meta", "br", "col", "hr", "img", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "br" and (not self.open or self.open.pop() != tag):
            self.errors.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.text += data


def problems(folder, sources):
    pages = {path.name: Page(path) for path in folder.glob("*.html")}
    wanted = {source.name[:-4] + ".html" for source in sources} | {"index.html"}
    if not any(name.startswith("scmp_sys_resolver") for name in pages): # of the drop-in alone
        wanted.discard("scmp_sys_resolver.1.html")
    for name in sorted(wanted ^ set(pages)):
        yield f"{name}: {'missing' if name in wanted else 'of no page'}"
    for name in sorted(wanted - {"index.html"} - set(pages.get("index.html", Page(folder / "index.html")).links)):
        yield f"index.html: no link to {name}"
    for name, page in sorted(pages.items()):
        yield from (f"{name}: {error}" for error in page.errors)
        if name != "index.html" and len(set(page.links) & set(pages)) < 2:
            yield f"{name}: no links to other pages"
        for link in page.links:
            place, _, anchor = link.partition("#")
            target = pages.get(place) if place else page
            if "://" not in link and (not target or (anchor and anchor not in target.places)):
                yield f"{name}: the link {link} leads nowhere"


def examples(folder, sources):
    for source in sources:
        path = folder / (source.name[:-4] + ".html")
        if not path.exists():
            continue
        text = Page(path).text
        for index, block in enumerate(source.read_text().split("\n```\n")):
            lines = [line.strip().replace("\\\\", "\\") for line in block.split("\n")] if index % 2 else []
            for line in lines:
                if line.expandtabs(4) not in text.expandtabs(4):
                    yield f"{path.name}: lacks the line {line!r} of an example"


def complaints(folder):
    """What man(1) says when lintian(1) asks it. A page that includes another one is complete only where it is installed."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"}
    pages = [page for page in sorted(folder.glob("*.[1-9]")) if not page.read_text().startswith(".so ")] if shutil.which("man") else []
    for page in pages:
        command = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page]
        if "\n.TS\n" in page.read_text() and not page.read_text().startswith("'\\\" t\n"):
            yield f"{page.name}: has a table, and its first line does not ask man(1) for tbl(1)"
        made = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if made.returncode != 0 or not made.stdout:
            yield f"{page.name}: man(1) ends with status {made.returncode}"
        yield from (f"{page.name}: {line}" for line in made.stderr.strip().split("\n") if line)


def main():
    folder = pathlib.Path(sys.argv[1])
    sources = list((pathlib.Path(sys.argv[0]).resolve().parents[2] / "docs").glob("*.scd"))
    found = [*problems(folder, sources), *examples(folder, sources), *complaints(folder)]
    print("\n".join(found))
    print(f"{len(found)} problems in {len(sources)} pages")
    return 1 if found or not sources else 0


sys.exit(main())
