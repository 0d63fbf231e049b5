#!/usr/bin/env python3
"""usage: manual.py MANDOC OUTPUT-FOLDER PAGE...: the manual as HTML, PAGE.html for each man page and index.html, from the same pages that
man(1) shows. Names of pages and of documented functions become links.
"""
import html
import pathlib
import re
import subprocess
import sys

STYLE = """body { max-width: 60em; margin: 1em auto; padding: 0 1em; font: 16px/1.45 sans-serif; color: #222; background: #fff }
h1 { font-size: 1.2em; margin: 1.4em 0 0.4em } h2 { font-size: 1em } a { color: #0b5cad; text-decoration: none } a:hover { text-decoration: underline }
a.permalink { color: inherit } pre, code { font: 14px/1.4 monospace } pre { background: #f4f4f4; padding: 0.6em; overflow-x: auto }
.Bd-indent { margin-left: 2em } table.head, table.foot { width: 100%; color: #666 } td.head-vol { text-align: center }
td.head-rtitle, td.foot-os { text-align: right } dt { margin-top: 0.6em } table { border-spacing: 1em 0.1em; vertical-align: top }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } a { color: #7db7f0 } pre { background: #262626 } }"""
SECTIONS = {"1": "Commands", "3": "Functions", "5": "Files", "7": "Overview"}
# A name and its section, "name(3)", or a function in bold, "<b>name</b>()".
REFERENCE = re.compile(r"(?:<b>([\w.-]+)</b>|\b([\w.-]+))\(([1-9]?)\)")


def heading(page):
    """What stands below NAME: the names, and what they are."""
    text = page.read_text().replace("\\-", "-").replace("\\(aq", "'").replace("\\&", "")
    found = re.search(r'^\.SH NAME\n(?:\.P\n)?(.+?) - (.+?)\n\.(?:P|SH)', text, re.M | re.S)
    if not found:
        sys.exit(f"{page}: no line 'names - what they do' below NAME")
    return [name.strip() for name in found.group(1).split(",")], " ".join(found.group(2).split())


def whole(title, body):
    return (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
            f"<title>{html.escape(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n{body}</body>\n</html>\n")


def linked(text, page, places):
    def link(match):
        bold, plain, section = match.groups()
        name = bold or plain
        place = places.get((name, section)) if section or bold else None
        return match.group() if place in (None, page) else f'<a href="{place}.html">{match.group()}</a>'
    return REFERENCE.sub(link, text)


def index(pages, about):
    body = "<h1>callgate: the manual</h1>\n"
    for section, title in sorted(SECTIONS.items(), key=lambda item: "7153".index(item[0])):
        rows = []
        for page in (page for page in pages if page.suffix[1:] == section):
            others = ", ".join(name for name in about[page][0] if name != page.stem)
            rows.append(f'<dt><a href="{page.name}.html">{page.stem}</a>({section}): {html.escape(about[page][1])}</dt>'
                        f"<dd>{others}</dd>\n")
        if rows:
            body += f"<h1>{title}</h1>\n<dl>\n{''.join(rows)}</dl>\n"
    return whole("callgate: the manual", body)


def main():
    mandoc, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    pages = sorted(pathlib.Path(page) for page in sys.argv[3:])
    about = {page: heading(page) for page in pages}
    places = {}
    for page in pages:
        for name in about[page][0]:
            places[name, page.suffix[1:]] = places[name, ""] = page.name
    for page in pages: # a page's own name goes before a function of the same name elsewhere
        places[page.stem, page.suffix[1:]] = page.name
    for page in pages:
        made = subprocess.run([mandoc, "-T", "html", "-O", "fragment", page], capture_output=True, text=True, check=False)
        if made.returncode not in (0, 2) or not made.stdout: # 2: remarks about style
            sys.exit(f"{page}: mandoc refuses it: {made.stderr}")
        body = '<p><a href="index.html">callgate: the manual</a></p>\n' + linked(made.stdout, page.name, places)
        (folder / (page.name + ".html")).write_text(whole(f"{page.stem}({page.suffix[1:]})", body))
    (folder / "index.html").write_text(index(pages, about))


main()
