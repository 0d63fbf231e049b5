#!/usr/bin/env python3
"""usage: test_coverage_html.py CALLGATE: is the page of --coverage-html well-formed, self-contained and escaped, and does it say what was exercised?"""
import html.parser
import pathlib
import subprocess
import sys
import tempfile

VOID = {"meta", "br", "hr", "img", "input", "link"}
# Everything that a page can load something with, or run.
FORBIDDEN_TAGS = {"script", "link", "img", "iframe", "object", "embed", "base", "form", "video", "audio", "source"}

PROFILE = """{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": [
 {"names": ["read"], "action": "SCMP_ACT_ALLOW"},
 {"names": ["openat"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 3, "op": "SCMP_CMP_LT"}]},
 {"names": ["ptrace"], "action": "SCMP_ACT_KILL_PROCESS"}]}
"""
NAME = """a&b <b>"quoted" 'x'.json"""
HEADING = "<script>alert('1')</script> & \"more\" &amp; ünïcode"
TESTS = f"""profile "{NAME.replace('"', chr(92) + '"')}"
cap none
arch x86_64 x86
test {HEADING}
read -> ALLOW
openat(*, *, < 3) -> ALLOW
openat(*, *, >= 3) -> EPERM
"""


class Page(html.parser.HTMLParser):
    """Tags that are open, and all texts with the tags around them."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.texts, self.problems, self.ids, self.targets = [], [], [], set(), set()
        self.rows, self.marks = [], []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.problems.append(f"{tag}: an attribute twice")
        if tag in FORBIDDEN_TAGS:
            self.problems.append(f"a {tag}")
        for name, value in attrs:
            if name.startswith("on") or name == "src":
                self.problems.append(f"{tag}: {name}")
            if name == "href":
                if not value.startswith("#"):
                    self.problems.append(f"a link to {value}")
                self.targets.add(value[1:])
            if name == "id":
                if value in self.ids:
                    self.problems.append(f"id {value} twice")
                self.ids.add(value)
        if tag == "mark":
            self.marks.append(dict(attrs))
        if tag == "tr":
            self.rows.append((dict(attrs).get("class") or "", []))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()} closes something else")

    def handle_data(self, data):
        self.texts.append(data)
        if self.rows and "tr" in self.open:
            self.rows[-1][1].append(data)
        if self.open and self.open[-1] == "mark":
            self.marks[-1]["text"] = self.marks[-1].get("text", "") + data


def check(condition, words):
    if not condition:
        sys.exit(f"FAILED: {words}")


def main():
    callgate = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / NAME).write_text(PROFILE)
        (folder / "x.test").write_text(TESTS)
        run = subprocess.run([callgate, "test", "--coverage-html", "x.html", "--mutate", "x.test"],
                             cwd=folder, capture_output=True, text=True, check=False)
        check(run.returncode == 1, f"exit status {run.returncode}: {run.stdout}{run.stderr}")
        text = (folder / "x.html").read_text(encoding="utf-8")
        full = subprocess.run([callgate, "test", "--coverage-html", "/dev/full", "x.test"], cwd=folder,
                              capture_output=True, text=True, check=False)
        check(full.returncode == 2 and "/dev/full" in full.stderr, f"a page that can't be written: {full}")

    page = Page()
    page.feed(text)
    page.close()
    check(text.startswith("<!DOCTYPE html>"), "no document type")
    check(not page.problems, page.problems)
    check(not page.open, f"never closed: {page.open}")
    check(page.targets <= page.ids, f"links that lead nowhere: {page.targets - page.ids}")
    check("://" not in text and "url(" not in text and "@import" not in text, "the page names something outside of it")
    check("prefers-color-scheme:dark" in text, "no colours for dark screens")
    check(NAME in page.texts, "the name of the profile is not there as it is")
    check(HEADING in page.texts, "the heading is not there as it is")
    check("openat(*, *, < 3) -> ALLOW" in page.texts, "a test is not there as it is")

    # The profile's own text, whole, with its names marked.
    source = ["".join(words[1:-1] if len(words) > 2 else words[1:]) for _, words in page.rows if words and words[0].isdigit()]
    check(PROFILE.splitlines()[0] in source, f"the profile's first line is not there: {source}")
    marks = {mark["text"]: mark for mark in page.marks}
    check(marks['"read"']["class"] == "hit" and "x86_64: " in marks['"read"']["title"], marks)
    check(marks['"openat"']["class"] == "hit", marks)
    check(marks['"ptrace"'] == {"class": "miss", "title": "x86_64: not exercised, x86: not exercised", "text": '"ptrace"'}, marks)

    rows = {words[0] + " " + words[1]: (kind, words) for kind, words in page.rows if len(words) > 1}
    kind, words = rows["2:13 read"]
    check(kind == "hit" and "5" in words and "x86_64" in words and "x86" in words, (kind, words))
    kind, words = rows["3:13 openat"]
    check(kind == "hit" and "if argument 2 < 0x3" in words and "6" in words, (kind, words))
    kind, words = rows["4:13 ptrace"]
    check(kind == "miss" and words[-1] == "none" and "KILL_PROCESS" in words, (kind, words))
    check(any("nr == 101 (ptrace)" in " ".join(words) and kind == "miss" for kind, words in page.rows), "no edge for ptrace")
    check("as ptrace on x86_64 can come to" in text, "no call for the edge")
    check(any("allows instead of KILL_PROCESS" in text for text in page.texts), "no surviving mutant")
    print(f"{len(page.rows)} rows, {len(page.ids)} ids, {len(text)} bytes")


if __name__ == "__main__":
    main()
