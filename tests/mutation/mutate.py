#!/usr/bin/env python3
"""usage: mutate.py SOURCE BUILD [--kinds N] [--sample N] [--only FILE[:FUNCTION]] [--again LOG] [--seconds N] [--tests PATTERN] [--longest N] [--patience N] [--known LOG] [--figures FILE]: do the tests notice faults in the library?

Puts one fault after the other into the C of the core rooms and into the tables of architectures, builds libcallgate with it, and runs the fast
tests (of the suites unit, property, live, fuzz and formal, with their usual work) until one fails. Takes N faults of each kind of
kinds.txt, and a sample of N of all faults there are; CALLGATE_SEED repeats a run. --only takes them from one file or function, --again the
survivors that the output of another run names: so a first run can leave out long tests. --known believes what the output of an earlier run, of
the same library, says to be noticed.

BUILD is a meson build with tests, and built. A mutant is one file compiled anew and linked into a shared library, which all tests use. What
the compiler makes the same of, or refuses, is not counted. A fault that no test notices is a survivor: printed, and a failure unless survivors.txt says why
nothing could notice it. --seconds ends the run after some time, with what was found until then; --tests leaves out all others, --longest those that take longer, --patience ends the search for
a test that fails after so much of processor time.
"""
import argparse, atexit, collections, hashlib, json, os, pathlib, random, re, resource, shlex, shutil, signal, subprocess, sys, time

WAIT = 300  # seconds, for what waits without end
TRACE_BYTES = 1 << 22  # more than the library's code
ROOMS = ["policy", "compile", "bpf", "prove", "load", "api"]
SUITES = ["unit", "property", "live", "fuzz", "formal"]
# They watch time or memory, or have a library of their own, or take longer than all others together.
LEFT_OUT = re.compile(r"memcheck|compile-(work|memory)|prove-words|load-race|many_|lives|deadline|^profiles$|^(unit|live)?cli-(test|output|explain-page|completion)|"
                      r"arch-(values|gen|native|host|header)|bypasses|start-sets|embedded|dump-container|recorded|fuzz-arguments|info-widths|services|felt")
# Tests that have the facts of architectures from elsewhere than the tables.
TABLE_TESTS = re.compile(r"arch-(syscalls|facts|descriptors)|api-(arch|architectures|multiplexed)|recheck-distribution|^rules$")
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/|//[^\n]*|^[ \t]*#(?:\\\n|[^\n])*|[A-Za-z_]\w*|0[xX][0-9a-fA-F]+\w*|\d+\w*|'
                   r"<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^\s]", re.S | re.M)
OTHER = {"<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"],
         "<<": [">>"], ">>": ["<<"], "|=": ["&="], "&=": ["|="], "+=": ["-="], "-=": ["+="], "true": ["false"], "false": ["true"], "++": ["--"]}
BINARY = {"+": "-", "-": "+", "&": "|", "|": "&", "^": "|", "*": "+", "%": "+"}
PAIRS = {}
for a, b in [("first", "last"), ("then", "otherwise"), ("yes", "no"), ("low", "high"), ("jt", "jf"), ("min", "max"), ("loaded", "unloaded"), ("inside", "outside"),
             ("own", "other"), ("mask", "value"), ("left", "right"), ("lower", "upper"), ("known", "unknown"), ("audit", "token"), ("nr_first", "nr_last"), ("a", "b"),
             ("arch_first", "arch_last"), ("socketcall_nr", "ipc_nr"), ("LIVE_A", "LIVE_X"), ("BPF_JGE", "BPF_JGT"), ("BPF_JEQ", "BPF_JSET"), ("UINT32_MAX", "UINT16_MAX"),
             ("POLICY_EQ", "POLICY_MASKED_EQ"), ("POLICY_LT", "POLICY_LE"), ("POLICY_GT", "POLICY_GE"), ("INTERVAL_TRUE", "INTERVAL_FALSE"), ("KIND_NR", "KIND_ARCH")]:
    PAIRS[a], PAIRS[b] = b, a
FUNCTION = re.compile(r"^(?:static |inline |const |unsigned |struct |enum |_Thread_local )*\w[\w ]*[ *]+(\w+)\([^;{}]*\)\n\{\n.*?^\}", re.S | re.M)
STATEMENT = re.compile(r"^\t+(?!return\b|case\b|default\b|else\b|goto\b|struct\b|const\b|enum\b|static\b|assert\b|\(void\)|uint\w+ |int |bool |size_t |char )"
                       r"(?:continue|break|[\w*(][^;{}\n]*(?:=|\+\+|--|\))[^;{}\n]*);$", re.M)

COUNTED = ("killed", "argued", "survived")
Mutant = collections.namedtuple("Mutant", "file function line old new text")


def line_of(text, at):
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    return text[start:end].strip()


def edit(file, function, text, start, end, replacement):
    new = text[:start] + replacement + text[end:]
    old = line_of(text, start)
    if old in ("break;", "continue;", "return false;", "return true;"):  # which of them is said by the line before
        old = line_of(text, text.rfind("\n", 0, start) - 1) + " " + old
    return Mutant(file, function, text.count("\n", 0, start) + 1, old, line_of(new, start), new)


def mutants_of_token(token, before, after):
    """What may stand in a token's place."""
    if token in OTHER:
        return OTHER[token]
    if token in PAIRS:
        return [PAIRS[token]]
    if token in BINARY and re.match(r"[\w)\]]", before) and before not in ("return", "case") and re.match(r"[\w(~-]", after):
        return [BINARY[token]] if token != "*" else []
    if token in ("!", "~") and before not in ("!",):
        return [""]
    if re.fullmatch(r"\d+", token) and not (before == "[" and after == "]"):
        return [str(int(token) + 1)] + ([str(int(token) - 1)] if int(token) else [])
    if re.fullmatch(r"[A-Z][A-Z0-9_]*(MAX|MOST|REACH|LAST|SKIP|NONE|BITS|END)", token) and before != "case":
        return ["(%s - 1)" % token]
    return []


def mutants_of(file, text):
    """Every fault that a file can have; none in comments, texts, assertions and the preprocessor's lines."""
    # What only builds with assertions have is no part of what is installed.
    text_of_release = re.sub(r"^#ifndef NDEBUG$.*?^#endif$", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S | re.M)
    found, functions = [], [(m.start(), m.end(), m.group(1)) for m in FUNCTION.finditer(text_of_release)]
    for start, end, name in functions:
        body = text.index("{", start)
        tokens = [m for m in TOKEN.finditer(text, body, end) if not m.group().startswith(("/*", "//", "#"))]
        asserted = 0
        for i, m in enumerate(tokens):
            if m.group() == "assert":
                asserted = text.index(";", m.start())
            if m.start() < asserted or i == 0 or i + 1 == len(tokens):
                continue
            found += [edit(file, name, text, m.start(), m.end(), new) for new in mutants_of_token(m.group(), tokens[i - 1].group(), tokens[i + 1].group())]
            if m.group() in ("if", "while") and tokens[i + 1].group() == "(":
                found.append(edit_condition(file, name, text, m.end()))
        found += [edit(file, name, text, m.start(), m.end(), "\t;") for m in STATEMENT.finditer(text, body, end)]
        # Another answer, whatever the question.
        kind = re.match(r"(?:static |inline )*(\w+) \w+\(", text[start:body])
        answers = {"bool": ["true", "false"], "int": ["0"], "uint32_t": ["0"], "size_t": ["0"]}.get(kind.group(1) if kind else "", [])
        for m in re.finditer(r"\treturn ([^;]+);", text[body:end]):
            found += [edit(file, name, text, body + m.start(1), body + m.end(1), new) for new in answers if m.group(1) not in ("true", "false", "0")]
    for m in re.finditer(r"^enum \{[^}]*\}", text, re.M):
        for number in re.finditer(r"= (\d+)\b", m.group()):
            at = m.start() + number.start(1)
            found.append(edit(file, "", text, at, at + len(number.group(1)), str(int(number.group(1)) + 1)))
    return [m for m in found if m]


def edit_condition(file, function, text, at):
    """An if or a while whose condition is negated."""
    depth, start = 0, text.index("(", at)
    for end in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0:
            return edit(file, function, text, start, end + 1, "(!" + text[start:end + 1] + ")")
    return None


def mutants_of_table(file, text, rng):
    """One number of an architecture's calls moved, swapped or left out; a fact of an architecture changed."""
    found, rows = [], [m for m in re.finditer(r"^(\w+)([ \t]+)(\d+)([ \t]+[\d.+]+)$", text, re.M)]
    for m in rng.sample(rows, min(len(rows), 6)):
        other = rng.choice(rows)
        moved = str(int(m.group(3)) + 1)
        found.append(edit(file, "", text, m.start(), m.end(), m.group(1) + m.group(2) + moved + m.group(4)))
        found.append(edit(file, "", text, m.start(), m.end() + 1, ""))
        if other.group(3) != m.group(3):
            found.append(edit(file, "", text, m.start(3), m.end(3), other.group(3)))
    if file.endswith("architectures.tbl"):
        lines = [m for m in re.finditer(r"^\w.*$", text, re.M)][1:]
        for line in lines:
            for word in re.finditer(r"\S+", line.group()):
                value, at = word.group(), line.start() + word.start()
                new = {"little": "big", "big": "little", "32": "64", "64": "32", "yes": "no", "no": "yes"}.get(value)
                if re.fullmatch(r"0x[0-9a-fA-F]+", value):
                    new = "0x%x" % (int(value, 16) ^ (1 << rng.randrange(8)))
                if new:
                    found.append(edit(file, "", text, at, at + len(value), new))
    return found


class Library:
    """libcallgate.so.1 with every name visible, of objects that are compiled one by one."""

    def __init__(self, source, build):
        self.source, self.build, self.place = source, build, build / ("mutation-%d" % os.getpid())
        atexit.register(shutil.rmtree, self.place, True)
        (self.place / "objects").mkdir(parents=True)
        self.launcher = ["ccache"] if shutil.which("ccache") else []
        self.commands, self.codes, self.linked = {}, {}, []
        for entry in json.load(open(build / "compile_commands.json")):
            if re.match(r"src/lib(base|callgate-fast|callgate-objects)\.a\.p/", entry["output"]):
                words = shlex.split(entry["command"])
                file = (build / entry["file"]).resolve()
                drop = {"-g", "-Werror", "-fvisibility=hidden", "-MD"}
                kept = [w for i, w in enumerate(words[:words.index("-MD")]) if w not in drop]
                while kept[0].endswith("ccache"):
                    kept.pop(0)
                self.commands[str(file)] = (kept, self.place / "objects" / (entry["output"].split("/")[-1]))
        (self.place / "map").write_text("CALLGATE_1 { global: *; };\n")
        for file in self.commands:
            self.compile(file, None, self.commands[file][1], check=True)
        self.link([])

    def objects(self, replaced=()):
        """With other objects in place of some: pairs of old and new."""
        return [str(dict(replaced).get(o, o)) for _, o in self.commands.values()]

    def compile(self, file, text, output, more=(), check=False):
        command = self.launcher + self.commands[file][0] + ["-w", *more, "-o", str(output), "-c"]
        if text is None:
            done = subprocess.run(command + [file], cwd=self.build, capture_output=True, text=True)
        else:
            # Its name, which assertions print, is the file's.
            changed = self.place / "changed.c"
            changed.write_text('#line 1 "%s"\n' % file + text)
            done = subprocess.run(command + ["-iquote", str(pathlib.Path(file).parent), str(changed)], cwd=self.build, capture_output=True, text=True)
        if check and done.returncode:
            sys.exit(done.stderr)
        return done.returncode == 0

    def output(self, *command):
        return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout

    def link(self, replaced, more=()):
        self.linked = self.objects(replaced) + list(more)
        subprocess.run(["gcc", "-shared", "-Wl,-soname,libcallgate.so.1", "-Wl,--version-script," + str(self.place / "map"), "-o",
                        str(self.place / "libcallgate.so.1")] + self.linked, check=True)

    def link_traced(self):
        """The library that says what of it is executed, and where: the line of each place that says so."""
        traced, library = self.place / "traced", self.place / "libcallgate.so.1"
        traced.mkdir()
        for file, (_, output) in self.commands.items():
            self.compile(file, None, traced / output.name, ["-Og", "-g", "-fsanitize-coverage=trace-pc"], check=True)
        subprocess.run(["gcc", "-O1", "-fPIC", "-DTRACE_BYTES=%d" % TRACE_BYTES, '-DTRACE_FILE="%s"' % (self.place / "trace"), "-c", "-o", str(traced / "trace.o"),
                        str(pathlib.Path(__file__).with_name("trace.c"))], check=True)
        self.link([(output, traced / output.name) for _, output in self.commands.values()], [str(traced / "trace.o")])
        calls = re.findall(r"^ *[0-9a-f]+:\tcall .*<__sanitizer_cov_trace_pc.*>\n *([0-9a-f]+):", self.output("objdump", "-d", "--no-show-raw-insn", library), re.M)
        lines = self.output("addr2line", "-e", library, *["0x%x" % (int(place, 16) - 1) for place in calls]).split("\n")
        return {int(place, 16): (str(pathlib.Path(line.split(":")[0]).resolve()), int(re.match(r"\d*", line.split(":")[1]).group() or 0))
                for place, line in zip(calls, lines)}

    def mutate(self, mutant):
        """The library with a fault; "equal" or "refused" where there is none."""
        file = str(self.source / mutant.file)
        if file.endswith(".tbl"):
            return self.mutate_table(mutant)
        old = self.commands[file][1]
        baseline, new = self.place / "baseline.o", self.place / "changed.o"
        if file not in self.codes:
            self.compile(file, (self.source / mutant.file).read_text(), baseline, check=True)
            self.codes[file] = code_of(baseline)
        if not self.compile(file, mutant.text, new):
            return "refused"
        if self.codes[file] == code_of(new):
            return "equal"
        self.link([(old, new)])
        return None

    def mutate_table(self, mutant):
        copy = self.place / "arch"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.source / "src/arch", copy)
        (copy / pathlib.Path(mutant.file).relative_to("src/arch")).write_text(mutant.text)
        done = subprocess.run([sys.executable, str(copy / "gen.py"), "tables", str(self.place / "tables.c"), str(self.place / "tables.d")], capture_output=True)
        file = next(f for f in self.commands if f.endswith("/tables.c"))
        if done.returncode or not self.compile(file, (self.place / "tables.c").read_text(), self.place / "changed.o"):
            return "refused"
        if (self.place / "tables.c").read_bytes() == pathlib.Path(file).read_bytes():
            return "equal"
        self.link([(self.commands[file][1], self.place / "changed.o")])
        return None


def code_of(path):
    """An object without what says where its lines are."""
    out = str(path) + ".bare"
    subprocess.run(["objcopy", "-g", "--remove-section=.comment", str(path), out], check=True)
    return hashlib.sha256(pathlib.Path(out).read_bytes()).digest()


class Tests:
    """The fast tests on the changed library: those that execute the changed place, in the order in which they find most for their time."""

    def __init__(self, library, build, pattern, longest, patience):
        self.library, self.place, self.build, self.patience, self.relinked, self.wrapped = library, library.place, build, patience, {}, {}
        self.tests, self.kills, self.sound, self.seconds, self.executed, self.places = [], collections.Counter(), {}, {}, {}, {}
        (self.place / "bin").mkdir()
        self.relink(build)
        # As long as the last run of meson's took, if there was one.
        log, took = build / "meson-logs/testlog.json", {}
        for line in log.read_text().splitlines() if log.exists() else []:
            result = json.loads(line)
            took[result["name"].split(" / ")[-1]] = result["duration"]
        for test in json.load(open(build / "meson-info/intro-tests.json")):
            suites = {suite.split(":")[-1] for suite in test["suite"]}
            if suites & set(SUITES) and not LEFT_OUT.search(test["name"]) and re.search(pattern, test["name"]) and not 0 < longest < took.get(test["name"], 1.0):
                self.tests.append((test["name"], [self.relinked.get(word, word) for word in test["cmd"]], test["env"], test["workdir"] or str(build)))
        self.trace(build / "mutation-executed.json")

    def relink(self, build):
        """Test programs that contain the library get it from outside; those that wrap functions of it are linked with each fault."""
        text = (build / "build.ninja").read_text()
        for m in re.finditer(r"^build (tests/\S+): c_LINKER ([^|\n]*).*\n LINK_ARGS = (.*)$", text, re.M):
            output, objects, arguments = m.groups()
            if "src/libcallgate-objects.a" not in arguments:
                continue
            # Once, without the archive's group.
            arguments = arguments.replace("src/libcallgate-objects.a", "").replace("src/libbase.a", "").replace("-Wl,--no-undefined", "")
            target = self.place / "bin" / output.replace("/", "_")
            self.relinked[str(build / output)] = str(target)
            command = ["gcc", "-o", str(target)] + objects.split() + shlex.split(arguments)
            if "--wrap" in arguments:
                self.wrapped[str(target)] = command
            else:
                self.link(command + [str(self.place / "libcallgate.so.1"), "-Wl,-rpath," + str(self.place)])

    def link(self, command):
        done = subprocess.run(command, cwd=self.build, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)

    def trace(self, path):
        """Which test executes what, and how long it takes: asked once for each state of the library, and once for each test."""
        state = hashlib.sha256(b"".join(pathlib.Path(file).read_bytes() for file in sorted(self.library.commands))).hexdigest()
        known = json.loads(path.read_text()) if path.exists() else {}
        if known.get("state") != state:
            known = {"state": state, "places": [], "tests": {}}
        missing = [test for test in self.tests if test[0] not in known["tests"]]
        places = self.library.link_traced() if missing else {}
        rooms = tuple(str(self.library.source / "src" / room) + "/" for room in ROOMS)
        places = {place: "%s:%d" % (file[len(str(self.library.source)) + 1:], line) for place, (file, line) in places.items() if file.startswith(rooms)}
        known["places"] = sorted(set(places.values())) or known["places"]
        for test in missing:
            (self.place / "trace").write_bytes(bytes(TRACE_BYTES))
            os.chmod(self.place / "trace", 0o666)
            start, before = time.monotonic(), os.times()
            answer = self.answer(*test)
            used = os.times().children_user + os.times().children_system - before.children_user - before.children_system
            traced = (self.place / "trace").read_bytes()
            executed = sorted({name for place, name in places.items() if traced[place]})
            known["tests"][test[0]] = {"seconds": max(used, (time.monotonic() - start) / 4), "answer": answer, "executed": executed}
            path.write_text(json.dumps(known) + "\n")
        self.library.link([])
        for name in known["places"]:
            file, line = name.split(":")
            self.places.setdefault(file, []).append(int(line))
        for lines in self.places.values():
            lines.sort()
        for test in self.tests:
            found = known["tests"][test[0]]
            self.seconds[test[0]], self.executed[test[0]] = found["seconds"], set(found["executed"])
            if found["answer"] != "passed":
                print("left out, as it fails without a fault: %s" % test[0], flush=True)
        self.tests = [test for test in self.tests if known["tests"][test[0]]["answer"] == "passed"]

    def answer(self, name, command, env, workdir):
        """Whether a test passed, failed, or computed without end: several times as long as it should. Processor time counts: the machine may be busy."""
        for target in set(command) & set(self.wrapped):
            self.link(self.wrapped[target] + self.library.linked)
        environment = dict(os.environ, **env, CK_DEFAULT_TIMEOUT="300", CK_TIMEOUT_MULTIPLIER="10")
        environment["LD_LIBRARY_PATH"] = "%s:%s" % (self.place, env.get("LD_LIBRARY_PATH", ""))
        seconds = int(2 + 3 * self.seconds.get(name, 20))

        # What a mutant allocates or computes without end harms nobody.
        def limits():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))

        with open(self.place / "output", "w+", errors="replace") as output:
            process = subprocess.Popen(command, env=environment, cwd=workdir, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                                       preexec_fn=limits)
            try:
                status = process.wait(WAIT)
            except subprocess.TimeoutExpired:
                return "endless"
            finally:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()
            output.seek(0)
            endless = status == -signal.SIGXCPU or (status and "CPU time limit" in output.read())
        return "passed" if status in (0, 77) else "endless" if endless else "failed"

    def is_sound(self, test, mutant):
        """A test that fails with a fault counts if it passes without one; asked once."""
        if test[0] not in self.sound:
            self.library.link([])
            self.sound[test[0]] = self.answer(*test) == "passed"
            if not self.sound[test[0]]:
                print("left out, as it fails without a fault: %s" % test[0], flush=True)
            self.library.mutate(mutant)
        return self.sound[test[0]]

    def candidates(self, mutant):
        """The tests that execute a fault's place; all, where nobody can say."""
        if mutant.file.endswith(".tbl"):
            return [test for test in self.tests if TABLE_TESTS.search(test[0])]
        lines = self.places.get(mutant.file, [])
        before, after = [line for line in lines if line <= mutant.line], [line for line in lines if line > mutant.line]
        # A line in the middle of a block says nothing itself: one of those around it does.
        near = before[-1:] if mutant.line in before else before[-4:] + after[:1]
        places = {"%s:%d" % (mutant.file, line) for line in near}
        return [test for test in self.tests if not mutant.function or not near or places & self.executed[test[0]] or set(test[1]) & set(self.wrapped)]

    def killer(self, mutant):
        """The name of a test that fails and how, or None."""
        room = mutant.file.split("/")[1]

        def worth(test):
            name = test[0]
            found = 9 * self.kills[mutant.file, mutant.function, name] + 3 * self.kills[mutant.file, name] + self.kills[room, name] + (1 if name.startswith(room) else 0.1)
            if name.replace("-", "_").endswith(pathlib.Path(mutant.file).stem):
                found += 9
            return found / (self.seconds[name] + 0.05)

        spent = 0
        for test in sorted(self.candidates(mutant), key=worth, reverse=True):
            spent += self.seconds[test[0]]
            if 0 < self.patience < spent:
                break
            answer = self.answer(*test) if self.sound.get(test[0], True) else "passed"
            if answer != "passed" and self.is_sound(test, mutant):
                for key in ((mutant.file, mutant.function), (mutant.file,), (room,)):
                    self.kills[(*key, test[0])] += 1
                return test[0] + (" (endless)" if answer == "endless" else "")
        return None


def kinds_of(path, mutants):
    """The kinds of kinds.txt, each with the mutants at its places: KIND | FILE:FUNCTION[ PATTERN], ..."""
    kinds = {}
    for line in path.read_text().splitlines():
        if not line or line[0] == "#":
            continue
        kind, places = (part.strip() for part in line.split("|", 1))
        kinds[kind] = []
        for place in places.split(","):
            file, _, rest = place.strip().partition(":")
            function, _, pattern = rest.partition(" ")
            here = [m for m in mutants if m.file == "src/" + file and (not function or m.function == function) and re.search(pattern.strip() or "", m.old)]
            if not here:
                sys.exit("%s: nothing to change at %s" % (path, place))
            kinds[kind] += here
    return kinds


def argued(path):
    """The survivors that nothing could notice: FILE:FUNCTION ||| OLD ||| NEW ||| why."""
    found = {}
    for line in path.read_text().splitlines():
        if line and line[0] != "#":
            place, old, new, why = (part.strip() for part in line.split(" ||| ", 3))
            found[tuple(place.split(":")), old, new] = why
    return found


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    for option in ("--kinds", "--sample", "--seconds"):
        parser.add_argument(option, type=int, default=0)
    for option in ("--longest", "--patience"):
        parser.add_argument(option, type=float, default=0)
    for option in ("--only", "--figures", "--again", "--known", "--tests"):
        parser.add_argument(option)
    options = parser.parse_args()
    source, build, here = options.source.resolve(), options.build.resolve(), pathlib.Path(__file__).parent
    seed = int(os.environ.get("CALLGATE_SEED") or random.SystemRandom().randrange(1 << 32))
    print("seed %d (CALLGATE_SEED repeats it)" % seed, flush=True)
    rng, mutants = random.Random(seed), []
    for room in ROOMS:
        for path in sorted((source / "src" / room).glob("*.c")):
            mutants += mutants_of(str(path.relative_to(source)), path.read_text())
    tables = []
    for path in sorted((source / "src/arch/data").glob("*.tbl")):
        if path.name not in ("prototypes.tbl", "pseudo.tbl"):
            tables += mutants_of_table(str(path.relative_to(source)), path.read_text(), rng)
    chosen = []
    if options.kinds:
        # One of each kind, then a second one: a run that is ended early has seen something of all. Some more, as not every one counts.
        shuffled = {kind: rng.sample(list_of, len(list_of)) for kind, list_of in kinds_of(here / "kinds.txt", mutants + tables).items()}
        for turn in range(3 * options.kinds):
            chosen += [(kind, list_of[turn]) for kind, list_of in shuffled.items() if turn < len(list_of)]
    if options.only:
        file, _, function = options.only.partition(":")
        chosen = [("all", m) for m in mutants + tables if m.file == file and (not function or m.function == function)]
    if options.again:
        survived = {tuple(line.split(" ||| ")[:3]) for line in open(options.again) if line.startswith("SURVIVED ")}
        chosen = [("all", m) for m in mutants + tables if ("SURVIVED %s:%s" % (m.file, m.function), m.old, m.new) in survived]
    chosen += [("sample", m) for m in rng.sample(mutants, min(3 * options.sample, len(mutants)))]
    print("%d faults to choose from" % (len(mutants) + len(tables)), flush=True)
    return judge(Library(source, build), chosen, options, argued(here / "survivors.txt"), build)


def judge(library, chosen, options, reasons, build):
    tests = Tests(library, build, options.tests or "", options.longest, options.patience)
    print("%d tests, %.0f s" % (len(tests.tests), sum(tests.seconds[t[0]] for t in tests.tests)), flush=True)
    counts, survivors, known, start, wanting = collections.defaultdict(collections.Counter), [], {}, time.monotonic(), collections.Counter()
    earlier = {}
    for line in open(options.known) if options.known else []:
        found = re.match(r"((?:killed|equal|refused): (.*)): .*\n", line)
        if found:
            earlier[found.group(2)] = found.group(1)
    for kind, mutant in chosen:
        if options.seconds and time.monotonic() - start > options.seconds:
            print("the time is over")
            break
        if kind != "all" and sum(counts[kind][result] for result in COUNTED) >= (options.sample if kind == "sample" else options.kinds):
            continue
        key = (mutant.file, mutant.function), mutant.old, mutant.new
        name = "%s:%d: %s -> %s" % (mutant.file, mutant.line, mutant.old, mutant.new)
        if name in earlier:
            known[mutant.file, mutant.text] = earlier[name].split(": ")[0]
        if (mutant.file, mutant.text) not in known:
            result = library.mutate(mutant)
            result = result or ("argued" if key in reasons else None)
            killer = None if result else tests.killer(mutant)
            known[mutant.file, mutant.text] = result or ("killed" if killer else "survived")
            print("%s: %s: %s" % (known[mutant.file, mutant.text], name, killer or ""), flush=True)
            if known[mutant.file, mutant.text] == "survived":
                survivors.append(mutant)
                print("SURVIVED %s:%s ||| %s ||| %s ||| line %d" % (mutant.file, mutant.function, mutant.old, mutant.new, mutant.line), flush=True)
        counts[kind][known[mutant.file, mutant.text]] += 1
    total = collections.Counter(result for result in known.values())
    lines = ["%s: %d killed, %d argued, %d survived (%d equal, %d refused by the compiler)" % (
        kind, c["killed"], c["argued"], c["survived"], c["equal"], c["refused"]) for kind, c in list(counts.items()) + [("in all", total)]]
    print("\n".join(lines))
    if options.figures:
        pathlib.Path(options.figures).write_text(json.dumps({"killed": total["killed"], "argued": total["argued"], "survived": total["survived"], "kinds": len(counts)}) + "\n")
    return 1 if survivors else 0


sys.exit(main())
