"""The examples of a document: what they are, and running them as a reader would.

An example of a man page is an indented block in its EXAMPLE or EXAMPLES section; one of a Markdown document is a fenced block of the language c,
json, console or sh. The sentence before it says what to do with it, and everything of one document happens in one directory:

  a sentence that ends in ":" and names a file first, as in "x.c forbids sockets:"   the block becomes this file
  "It prints:", "With ARGUMENTS it prints:", "It prints, until SIGSYS ends it:"      what the program above writes to standard output
  any other                                                                          by what is in the block

A block with a main() is a whole program. It is compiled, and has to be run: by "It prints", or by a command of the document. Where no command
compiles it, that is done by the command of the document's sentence "Compile with ...". A block that begins with "$ " is a session: commands, each
with what it writes (tabs as spaces, up to every fourth column). A block of the language sh is a script.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess

WARNINGS = "-Wall -Wextra -Werror -O2"
REFUSED = "the kernel refused"


class Example:
    def __init__(self, text, sentence, language=""):
        self.text, self.sentence, self.language = text, " ".join(sentence.split()), language
        named = re.match(r"([\w./-]+\.(?:c|json|test|policy))\b.*:$", self.sentence.replace("`", ""))
        self.file = named.group(1) if named else None
        printed = re.match(r"(?:With (.*?) it|It) prints(?:, until (SIG\w+) ends it)?:$", self.sentence)
        self.printed = bool(printed)
        self.arguments = printed.group(1) or "" if printed else ""
        self.status = 128 + signal.Signals[printed.group(2)] if printed and printed.group(2) else 0
        self.session = text.startswith("$ ")
        self.script = language == "sh"
        self.program = "int main(" in text

    def commands(self):
        """Pairs of a command and its output."""
        found = []
        for line in self.text.splitlines(keepends=True):
            if line.startswith("$ "):
                found.append([line[2:].rstrip("\n"), ""])
            else:
                found[-1][1] += line
        return found


def comparable(output):
    """An output without what differs from run to run and from library to library."""
    return re.sub(r"\+0x[0-9a-f]+", "+0xOFFSET", re.sub(r"\[\d+\]", "[PROCESS]", output.expandtabs(4)))


def executable(path, text):
    path.write_text(text)
    path.chmod(0o755)


class Workplace:
    """A directory in which the documented commands find the build tree as if it were installed, and the compiler asked for as cc."""

    def __init__(self, directory, root, build, compiler):
        self.directory = pathlib.Path(directory)
        self.root, self.skipped = root, []
        tools = self.directory / ".tools"
        tools.mkdir()
        library = build / "src"
        executable(tools / "cc", f'#!/bin/sh\nexec {compiler} {WARNINGS} -I "{build}/include" "$@" -Wl,-rpath,"{library}"\n')
        executable(tools / "pkg-config", f'#!/bin/sh\nPKG_CONFIG_PATH="{library}" exec {shutil.which("pkg-config")} '
                   f'--define-variable=libdir="{library}" "$@" | sed "s#-I[^ ]*callgate-1#-I {root}/include#g"\n')
        (tools / "callgate").symlink_to(library / "cli" / "callgate")
        if not (self.directory / "examples").exists():
            (self.directory / "examples").symlink_to(root / "examples")
        self.environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "LC_ALL": "C", "NO_COLOR": "1",
                                         "CALLGATE_PLUGIN_HOST": str(library / "sandbox" / "callgate-plugin-host")}
        self.environment.pop("PKG_CONFIG_PATH", None)

    def run(self, command, merge=False):
        return subprocess.run(["sh", "-c", command], cwd=self.directory, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT if merge else subprocess.PIPE,
                              text=True, timeout=300, check=False)

    def lacks(self, command):
        """A program of the command line that is not installed here."""
        for part in re.split(r"\s*[|;]\s*|&&", command):
            word = part.split()[0] if part.split() else "true"
            if "/" not in word and not shutil.which(word, path=self.environment["PATH"]) and word not in ("export", "cd"):
                return word
        return None


class Document:
    def __init__(self, name, examples, compile_command):
        self.name, self.examples, self.compile_command = name, examples, compile_command

    def faults(self, place):
        """What is wrong with the examples, in words; place.skipped gets what could not be tried."""
        self.last_program, self.not_run = None, {}
        commands = [command for example in self.examples if example.session for command, _ in example.commands()]
        for example in self.examples:
            yield from self.try_example(example, place, " ".join(commands))
        yield from (f"nothing runs {name}" for name in self.not_run)

    def try_example(self, example, place, commands):
        if example.printed:
            yield from self.try_printed(example, place)
        elif example.session:
            yield from self.try_session(example, place)
        elif example.script:
            yield from self.try_script(example, place)
        elif example.program or example.file or example.language == "json":
            yield from self.try_file(example, place, commands)
        else:
            yield f"this block is neither a file, a whole program, a session nor an output ({example.sentence!r}):\n{example.text}"

    def try_file(self, example, place, commands):
        name = example.file or ("program.c" if example.program else "example.json")
        if name.startswith("examples/"):
            if not (place.root / name).exists() or (place.root / name).read_text().expandtabs(4) != example.text.expandtabs(4):
                yield f"the block is not {name}"
            name = pathlib.Path(name).name
        (place.directory / name).parent.mkdir(parents=True, exist_ok=True)
        (place.directory / name).write_text(example.text)
        if example.program:
            self.last_program = name.removesuffix(".c")
        if example.program and f"-o {self.last_program} " not in commands:
            self.not_run[self.last_program] = example
            made = place.run(self.compile_command.replace("program.c", f"-o {self.last_program} {name}", 1), merge=True)
            if made.returncode != 0:
                yield f"{name} does not compile with {self.compile_command}:\n{made.stdout}"

    def try_printed(self, example, place):
        self.not_run.pop(self.last_program, None)
        ran = place.run(f"./{self.last_program} {example.arguments}")
        if REFUSED in ran.stderr:
            place.skipped.append(f"no filter can be loaded here: {ran.stderr}")
        elif (ran.returncode if ran.returncode >= 0 else 128 - ran.returncode) != example.status or comparable(ran.stdout) != comparable(example.text):
            yield f"{self.last_program}: status {ran.returncode}, and it printed:\n{ran.stdout}{ran.stderr}instead of:\n{example.text}"

    def try_session(self, example, place):
        for command, output in example.commands():
            for name in re.findall(r"(?:^|\s)\./(\w+)", command):
                self.not_run.pop(name, None)
            missing = place.lacks(command)
            if missing:
                place.skipped.append(f"{command}: {missing} is not installed")
                continue
            ran = place.run(command, merge=True)
            if REFUSED in ran.stdout:
                place.skipped.append(f"no filter can be loaded here: {ran.stdout}")
            elif comparable(ran.stdout) != comparable(output):
                yield f"$ {command}\nprinted:\n{ran.stdout}instead of:\n{output}"

    def try_script(self, example, place):
        """A script builds, installs and runs by itself: it gets none of the tools of the workplace, and a home of its own."""
        self.not_run.clear()
        (place.directory / "home").mkdir(exist_ok=True)
        home = f'PATH="${{PATH#*:}}"; export HOME="{place.directory}/home"\nset -eu\n'
        ran = place.run(home + example.text, merge=True)
        if REFUSED in ran.stdout:
            place.skipped.append(f"no filter can be loaded here: {ran.stdout}")
            return
        if ran.returncode != 0:
            yield f"this script ends with status {ran.returncode}:\n{example.text}{ran.stdout}"
