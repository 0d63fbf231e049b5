#!/usr/bin/env python3
"""usage: gallery.py CALLGATE [--check]: writes docs/gallery.md and the pictures of docs/pictures from what callgate prints now, in the sessions that
this file lists. --check writes nothing, and fails if a file would change; the exit status is 77 if this machine can't run the sessions.

Pictures of terminals are drawn here. Pictures of HTML pages are screenshots that chromium takes. Such a picture contains the SHA-256 of the page that it shows, and --check
compares that with the page. Process numbers and addresses, which differ between machines, are written as [pid] and +0x...
"""
import hashlib
import html
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import textwrap
import zlib

DOCS = pathlib.Path(__file__).resolve().parent
ROOT = DOCS.parent
# Of each: the name of its picture, a heading, what it shows, and its commands.
SESSIONS = [
    ("why", "Why was it denied?", "Each denied call with its arguments in words, the rule that denied it, and the command that would allow it.",
     ["callgate run --why --profile chmod.json -- chmod 400 file"]),
    ("test", "A filter has tests", "The first line is proved for all arguments; the last makes a real call.", ["callgate test chmod.test"]),
    ("mistake", "A mistake is shown with a call", "This profile forgets a system call with the same effect.",
     ["callgate test forgotten.test", "callgate diff forgotten.json chmod.json"]),
    ("check", "A profile is reviewed", "`callgate profile check` finds calls that evade a rule, and calls with the same effect as a denied one.", ["callgate profile check evaded.json"]),
    ("program", "What the kernel gets", "The proved program, disassembled.", ["callgate compile --profile chmod.json --arch x86_64 -o chmod.bpf", "callgate disasm chmod.bpf"]),
]
# Of each: the name of its picture, a heading, what it shows, the command that writes page.html, the picture's height, and what is clicked first.
PAGES = [
    ("coverage", "What tests exercise", "`callgate test --coverage-html page.html --mutate chmod.test` draws the rules and the program, and marks the parts that no test notices.",
     ["callgate", "test", "--coverage-html", "page.html", "--mutate", "chmod.test"], 760, None),
    ("explain", "What a filter does, and why", "`callgate explain --html` writes a searchable page; the picture shows it after a click on *By argument*. The policy is "
     "[server.policy](../examples/policies/server.policy).",
     ["callgate", "explain", "--html", "--machine", "x86_64", "--kernel", "6.1", "--cap", "none", "-o", "page.html", "server.policy"], 760,
     'button[data-kind="conditional"]'),
]
FILES = {
    "forgotten.json": '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [\n'
                      '  {"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}\n',
    "forgotten.test": "profile forgotten.json\nchmod, fchmodat, fchmodat2 -> EPERM\n",
    "evaded.json": '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [\n'
                   '  {"names": ["ioctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,\n'
                   '   "args": [{"index": 1, "value": 21522, "op": "SCMP_CMP_EQ"}]},\n'
                   '  {"names": ["chmod"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}\n',
}
WIDTH = 118 # characters of a terminal
COLOURS = [(r"^\$ ", "#7fd1ff"), (r"DENIED|^ *FAIL|error|MISMATCH", "#ff8f80"), (r"^ +ok |proved| 0 failed", "#8fe28f"),
           (r"^callgate:", "#d9c98a"), (r"", "#dddddd")]


def same_everywhere(text):
    text = re.sub(r"\[\d+\]", "[pid]", text)
    return re.sub(r"(\.so[.\d]*|\b[\w-]+)\+0x[0-9a-f]+", r"\1+0x...", text)


def session(commands, folder, environment):
    lines = []
    for command in commands:
        done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL, check=False)
        lines += ["$ " + command, *same_everywhere(done.stdout).splitlines()]
    if lines[-1].startswith("$ "):
        sys.exit(f"{lines[-1]}: prints nothing, status {done.returncode}")
    return lines


def terminal(lines):
    """A terminal's window as SVG."""
    rows = []
    for line in lines:
        rows += textwrap.wrap(line.expandtabs(8), WIDTH, subsequent_indent="    ", drop_whitespace=False, replace_whitespace=False) or [""]
    width, height = 24 + 8.43 * max(len(row) for row in rows), 44 + 19 * len(rows)
    text = "".join(
        f'<text x="12" y="{46 + 19 * index}" fill="{next(colour for pattern, colour in COLOURS if re.search(pattern, row))}" '
        f'xml:space="preserve" textLength="{8.43 * len(row):.0f}">{html.escape(row)}</text>\n' for index, row in enumerate(rows) if row)
    dots = "".join(f'<circle cx="{18 + 18 * index}" cy="16" r="5" fill="{colour}"/>' for index, colour in enumerate(("#e06c5f", "#dfb04f", "#6fb55a")))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}" '
            f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">\n'
            f'<rect width="100%" height="100%" rx="8" fill="#1e2227"/>\n{dots}\n{text}</svg>\n')


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def page_of(picture):
    """The digest of the page that a picture shows."""
    found = re.search(rb"tEXtpage\0([0-9a-f]{64})", picture.read_bytes()) if picture.exists() else None
    return found.group(1).decode() if found else None


def photograph(page, picture, height, clicked, digest):
    browser = shutil.which("chromium") or sys.exit("chromium is missing: a page has changed, and its picture with it")
    if clicked:
        page.write_text(page.read_text() + f"<script>document.querySelector('{clicked}').click()</script>\n")
    subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
                    f"--window-size=1100,{height}", f"--screenshot={picture}", page.as_uri()], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=120)
    made = picture.read_bytes()
    end = made.rindex(b"IEND") - 4
    picture.write_bytes(made[:end] + chunk(b"tEXt", b"page\0" + digest.encode()) + made[end:])


def compared(path, text, check, differences):
    if check:
        if not path.exists() or path.read_text() != text:
            differences.append(path)
    else:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def gallery(folder, environment, check):
    differences = []
    page = ("# What callgate prints\n\nReal output: `docs/gallery.py CALLGATE` writes this page and its pictures, and a test compares them with what callgate "
            "prints now. Process numbers\nand addresses are left out. The profiles and tests are in [examples](../examples) and at the end of this page.\n")
    for name, heading, about, commands in SESSIONS:
        lines = session(commands, folder, environment)
        compared(DOCS / f"pictures/{name}.svg", terminal(lines), check, differences)
        page += f"\n## {heading}\n\n{about}\n\n![{heading}](pictures/{name}.svg)\n\n<details><summary>as text</summary>\n\n```\n" + "\n".join(lines) + "\n```\n\n</details>\n"
    for name, heading, about, command, height, clicked in PAGES:
        subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        made = folder / "page.html"
        digest = hashlib.sha256(made.read_bytes()).hexdigest()
        picture = DOCS / f"pictures/{name}.png"
        if page_of(picture) != digest:
            if check:
                differences.append(picture)
            else:
                photograph(made, picture, height, clicked, digest)
        page += f"\n## {heading}\n\n{about}\n\n![{heading}](pictures/{name}.png)\n"
    page += "\n## The files\n"
    for name, text in FILES.items():
        page += f"\n{name}:\n\n```\n{text}```\n"
    compared(DOCS / "gallery.md", page, check, differences)
    return differences


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__.split("\n", maxsplit=1)[0])
    tool = pathlib.Path(arguments[0]).resolve()
    if os.uname().machine != "x86_64":
        print("SKIP: the sessions are those of x86_64")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for example in ("chmod.json", "chmod.test", "policies/server.policy", "policies/base.policy"):
            shutil.copy(ROOT / "examples" / example, folder)
        for file, text in FILES.items():
            (folder / file).write_text(text)
        (folder / "file").touch()
        environment = {**os.environ, "PATH": f"{tool.parent}:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "COLUMNS": "100"}
        differences = gallery(folder, environment, "--check" in sys.argv)
    for path in differences:
        print(f"{path.relative_to(ROOT)} is not what docs/gallery.py writes now: run it with the callgate that is built")
    return 1 if differences else 0


sys.exit(main())
