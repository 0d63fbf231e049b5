#!/usr/bin/env python3
"""usage: test_explain_page.py CALLGATE

Is the page of `callgate explain --html` well-formed, self-contained, escaped, and complete without JavaScript? And, where chromium and chromedriver are
installed, does it search, filter, fold and colour as it should, on wide and narrow screens? Ends with 77 where it was not opened in a browser.
"""
import html.parser
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

VOID = {"meta", "br", "hr", "img", "input", "link", "wbr"}
FORBIDDEN = {"link", "img", "iframe", "object", "embed", "base", "video", "audio", "source"}
NAME = """a&b <b>"quoted" 'x'.json"""
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1400,1000"]
PROFILE = """{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": [
 {"names": ["read", "close", "openat2"], "action": "SCMP_ACT_ALLOW"},
 {"names": ["openat"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 3, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
 {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
 {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]},
 {"names": ["ptrace"], "action": "SCMP_ACT_KILL_PROCESS"}]}
"""
OLD = PROFILE.replace('"read", ', "").replace('"close"', '"close", "chmod"').replace('"value": 2,', '"value": 3,')


def check(condition, words):
    if not condition:
        sys.exit(f"FAILED: {words}")


class Page(html.parser.HTMLParser):
    """What is open, the rows of the table by the name of their call, and everything that is wrong."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.problems, self.ids, self.targets, self.rows, self.titles = [], [], set(), set(), {}, []
        self.row, self.pictures = None, []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if len(values) != len(attrs):
            self.problems.append(f"{tag}: an attribute twice")
        if tag in FORBIDDEN:
            self.problems.append(f"a {tag}")
        self.problems += [f"{tag}: {name}" for name in values if name.startswith("on") or name in ("src", "action", "style") and tag == "script"]
        if "href" in values:
            self.targets.add(values["href"])
        if "id" in values:
            if values["id"] in self.ids:
                self.problems.append(f"id {values['id']} twice")
            self.ids.add(values["id"])
        if tag == "svg":
            self.pictures.append({"size": values, "boxes": [], "ways": []})
        elif self.pictures and tag == "rect" and self.open[-1] in ("svg", "g"):
            self.pictures[-1]["boxes"].append(values)
        elif self.pictures and tag == "path" and values.get("class") in ("yes", "no"):
            self.pictures[-1]["ways"].append(values)
        if tag == "tr" and "id" in values:
            self.row = self.rows.setdefault(values["id"], {"attributes": values, "text": ""})
        elif self.row and tag in ("td", "span", "p"):
            self.row["text"] += " "
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        if "svg" not in self.open:
            self.problems.append(f"<{tag}/> outside of a picture")
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()} closes something else")
        if tag == "tr":
            self.row = None

    def handle_data(self, data):
        if self.open and self.open[-1] == "h1":
            self.titles.append(data)
        if self.row:
            self.row["text"] += data


def check_picture(picture):
    """Boxes are apart and in the picture, and each decision has two ways that begin below it and go down to the top of a box."""
    number = lambda values, *names: [float(values[name]) for name in names]
    width, height = number(picture["size"], "width", "height")
    boxes = [number(box, "x", "y", "width", "height") for box in picture["boxes"]]
    decisions = [number(box, "x", "y", "width", "height") for box in picture["boxes"] if box.get("class") == "box"]
    check(decisions and len(boxes) > len(decisions), boxes)
    for i, (x, y, w, h) in enumerate(boxes):
        check(x >= 0 and y >= 0 and x + w <= width and y + h <= height, ("outside of the picture", boxes[i], width, height))
        check(all(x + w <= a or a + c <= x or y + h <= b or b + d <= y for a, b, c, d in boxes[:i]), ("boxes overlap", boxes[i]))
    starts, words = [], []
    for way in picture["ways"]:
        places = [float(word) for word in re.findall(r"-?\d+", way["d"])]
        starts += [i for i, (x, y, w, h) in enumerate(decisions) if x <= places[0] <= x + w and y + h == places[1]]
        words.append(way["class"])
        check(any(x <= places[-2] <= x + w and y == places[-1] for x, y, w, h in boxes), ("a way that leads nowhere", way))
        check(places[1] < places[-1], ("a way that goes up", way))
    check(sorted(starts) == sorted(2 * list(range(len(decisions)))), ("ways that begin elsewhere", starts))
    check(words.count("yes") == words.count("no") == len(decisions), words)


def tangled(source):
    """A profile whose programs share decisions: many conditions on several arguments."""
    compare = ["SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_GE", "SCMP_CMP_MASKED_EQ"]
    entries = []
    for name in "mmap", "prctl", "clone":
        for _ in range(source.randrange(1, 12)):
            indexes = source.sample(range(5), source.randrange(1, 4))
            values = [source.choice((source.randrange(9), source.randrange(1 << 34))) for _ in indexes]
            conditions = [{"index": index, "value": value, "op": source.choice(compare)} for index, value in zip(indexes, values)]
            for condition in conditions:
                if condition["op"] == "SCMP_CMP_MASKED_EQ":
                    condition["valueTwo"] = condition["value"] & source.randrange(16)
            entries.append({"names": [name], "action": "SCMP_ACT_ALLOW", "args": conditions})
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": entries})


def check_tangled(callgate, folder, seed):
    (folder / "tangled.json").write_text(tangled(random.Random(seed)))
    run = subprocess.run([callgate, "explain", "--arch", "x86_64", "--html", "tangled.json"], cwd=folder, capture_output=True, text=True, check=False)
    check(run.returncode == 0, (seed, run.stderr))
    page = Page()
    page.feed(run.stdout)
    for picture in page.pictures:
        check_picture(picture)
    return len(page.pictures)


def check_page(text):
    page = Page()
    page.feed(text)
    page.close()
    check(text.startswith("<!DOCTYPE html>") and not page.problems and not page.open, (page.problems, page.open))
    check({target[1:] for target in page.targets} <= page.ids and all(target[0] == "#" for target in page.targets), page.targets - page.ids)
    outside = text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    check("://" not in outside and "url(" not in text and "@import" not in text and "fetch" not in text, "the page names something outside of it")
    check(page.titles == [f"{NAME} explained"], page.titles)
    check('class="controls" hidden' in text, "controls that do nothing without JavaScript are shown")
    rows = {name: " ".join(row["text"].split()) for name, row in page.rows.items()}
    check(len(rows) > 350, len(rows))
    check("ALLOW" in rows["read"] and "bitmap" in rows["read"] and " 2 " in rows["read"], rows["read"])
    check("ALLOW if family in {AF_UNIX, AF_INET} line 4, 5" in rows["socket"] and "EPERM otherwise the default, line 1" in rows["socket"], rows["socket"])
    check("if flags & O_ACCMODE == O_RDONLY" in rows["openat"] and "openat2 allowed" in rows["openat"], rows["openat"])
    check("KILL_PROCESS" in rows["ptrace"], rows["ptrace"])
    check("allows more read(*, *, *) on x86_64: A gives ERRNO(EPERM), B allows" in rows["read"], rows["read"])
    changes = {name: row["attributes"]["data-change"] for name, row in page.rows.items() if row["attributes"]["data-change"]}
    check(changes == {"read": "more", "chmod": "less", "socket": changes.get("socket")} and changes["socket"], changes)
    kinds = {name: page.rows[name]["attributes"]["data-kind"] for name in ("read", "socket", "ptrace")}
    check(kinds == {"read": "allowed", "socket": "conditional", "ptrace": "denied"}, kinds)
    check(len(page.pictures) >= 2, len(page.pictures))
    for picture in page.pictures:
        check_picture(picture)


class Browser:
    """chromium, by WebDriver."""

    def __init__(self, folder):
        environment = {**os.environ, "HOME": str(folder)}
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
        self.session, self.url = None, None
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                self.url = f"http://127.0.0.1:{int(line.rsplit('port', 1)[1].strip(' .' + chr(10)))}"
                break
        check(self.url, "chromedriver does not start")
        options = {"args": [*OPTIONS, f"--user-data-dir={folder}"]}
        try:
            made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        except urllib.error.HTTPError as error: # as in a container that lets it make no namespaces
            self.close()
            print("skipped: chromium does not start here:", json.load(error)["value"]["message"].splitlines()[0])
            sys.exit(77)
        self.session = "/session/" + made["sessionId"]

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + (self.session or "") + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=300) as answer:
            return json.load(answer)["value"]

    def run(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def element(self, selector):
        return "/element/" + next(iter(self.call("POST", "/element", {"using": "css selector", "value": selector}).values()))

    def click(self, selector):
        self.call("POST", self.element(selector) + "/click", {})

    def visible(self):
        return self.run("return [...document.querySelectorAll('.calls tr[id]')].filter(row => row.offsetHeight > 0).map(row => row.id)")

    def becomes(self, is_so):
        """What clicks and resizing lead to comes after them."""
        deadline = time.monotonic() + 60
        while not is_so() and time.monotonic() < deadline:
            time.sleep(0.05)
        return is_so()

    def resize(self, width):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": size})
        check(self.becomes(lambda: self.run("return window.innerWidth") == width), f"no window is {width} wide")

    def close(self):
        if self.session:
            self.call("DELETE", "")
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()


def check_search(browser, rows):
    check(len(browser.visible()) == rows, "not all rows are visible at first")
    search = browser.element("input[type=search]")
    browser.call("POST", search + "/value", {"text": "AF_UNIX"})
    check(browser.visible() == ["socket"], f"a search shows {browser.visible()}")
    check(browser.run("return document.querySelector('output').textContent") == f"1 of {rows} calls", "the count is wrong")
    browser.call("POST", search + "/clear", {})
    browser.click("button[data-kind=denied]")
    check("ptrace" in browser.visible() and "read" not in browser.visible(), "Denied shows something else")
    browser.click("button[data-kind=conditional]")
    check(browser.visible() == ["openat", "socket"], f"By argument shows {browser.visible()}")
    check(browser.run("return document.querySelector('[aria-pressed=true]').textContent") == "By argument", "no button is pressed")
    browser.click("#openat + .drawn summary")
    check(browser.run("return document.querySelector('#openat + .drawn svg').getBoundingClientRect().height > 40"), "the picture does not open")
    browser.click("#openat a[href='#openat2']")
    check(browser.becomes(lambda: "openat2" in browser.visible()), "a link leads to a hidden row")
    browser.click("button[data-kind=denied]")
    check(browser.run("return document.querySelector('#openat + .drawn').offsetHeight") == 0, "a picture without its call is shown")
    browser.click("button[data-kind=changed]")
    check(browser.visible() == ["chmod", "read", "socket"], f"Changed shows {browser.visible()}")


def check_looks(browser):
    shadow = "return getComputedStyle(document.querySelector('#%s td')).boxShadow"
    colours = [browser.run(shadow % name) for name in ("read", "chmod", "close")]
    check(len(set(colours)) == 3 and colours[2] == "none", f"what changed has no colours: {colours}")
    browser.click("button[data-kind='']")
    browser.run("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    for width in (1400, 900, 400):
        browser.resize(width)
        seen = browser.run("return [window.innerWidth, document.documentElement.scrollWidth]")
        check(seen[1] <= seen[0], f"the page is wider than the window: {seen}")
    check(browser.becomes(lambda: browser.run("return getComputedStyle(document.querySelector('.calls tr[id]')).display") == "block"), "rows of a narrow page are no cards")
    light = browser.run("return getComputedStyle(document.body).backgroundColor")
    browser.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}})
    check(browser.becomes(lambda: browser.run("return getComputedStyle(document.body).backgroundColor") != light), "dark screens get light pages")


def check_browser(path, folder):
    browser = Browser(folder)
    try:
        browser.call("POST", "/url", {"url": path.as_uri()})
        rows = browser.run("return document.querySelectorAll('.calls tr[id]').length")
        check_search(browser, rows)
        check_looks(browser)
        complaints = [entry["message"] for entry in browser.call("POST", "/se/log", {"type": "browser"})]
        check(not complaints, complaints)
    finally:
        browser.close()


def main():
    callgate = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / NAME).write_text(PROFILE)
        (folder / "old.json").write_text(OLD)
        for page, options in (("x.html", ["--against", "old.json"]), ("plain.html", []), ("one.html", ["--syscall", "socket"])):
            run = subprocess.run([callgate, "explain", "--arch", "x86_64", "--arch", "x86", *options, "--html", "-o", page, NAME], cwd=folder,
                                 capture_output=True, text=True, check=False)
            check(run.returncode == 0, f"{page}: exit status {run.returncode}: {run.stdout}{run.stderr}")
        check_page((folder / "x.html").read_text(encoding="utf-8"))
        plain, one = [(folder / page).read_text() for page in ("plain.html", "one.html")]
        check("What has changed" not in plain and "data-kind=\"changed\"" not in plain, "changes against nothing")
        check(one.count("<tr id=") == 1, "--syscall shows other calls")
        check(sum(check_tangled(callgate, folder, seed) for seed in range(12)) > 12, "few pictures")
        full = subprocess.run([callgate, "explain", "--html", "-o", "/dev/full", NAME], cwd=folder, capture_output=True, text=True, check=False)
        check(full.returncode == 2 and "/dev/full" in full.stderr, full)
        if not shutil.which("chromium") or not shutil.which("chromedriver"):
            print("skipped: without chromium and chromedriver the page was read and not opened")
            sys.exit(77)
        check_browser(folder / "x.html", folder / "browser")
    print("the page was clicked through")


if __name__ == "__main__":
    main()
