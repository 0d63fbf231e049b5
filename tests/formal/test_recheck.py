#!/usr/bin/python3
"""usage: test_recheck.py TEST CALLGATE RECHECK WRITE_CASES SOURCE [KERNEL_TEST]: the library held against the proved checker."""
import ctypes, ctypes.util, glob, os, random, re, subprocess, sys, tempfile

TEST, CALLGATE, RECHECK, WRITE_CASES, SOURCE = sys.argv[1:6]
LONG = int(os.environ.get("CALLGATE_LONG", "1"))
SEED = int(os.environ.get("CALLGATE_SEED") or random.SystemRandom().randrange(1 << 32))
TABLE = [line.split() for line in open(SOURCE + "/src/arch/data/architectures.tbl") if line.strip() and line[0] != "#"]
ARCHITECTURES = [row[0] for row in TABLE[1:]]
HEAD = "callgate-proof 1\n"
RANDOM = random.Random(SEED)


def fail(why):
    print("FAILED:", why)
    sys.exit(1)


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def recheck(text):
    """The checker's answers, one line each."""
    done = subprocess.run([RECHECK], input=text, capture_output=True, text=True)
    if done.returncode not in (0, 1, 2):
        fail("callgate-recheck ended with %d: %s" % (done.returncode, done.stderr))
    return done.stdout.splitlines()


def cases_of(text):
    return [HEAD + case for case in text.split(HEAD)[1:]]


def all_equal(text, what):
    cases, answers = cases_of(text), recheck(text)
    for case, answer in zip(cases, answers):
        if answer != "equal":
            fail("%s: %s\n%s" % (what, answer, case))
    if not cases or len(answers) != len(cases):
        fail("%s: %d answers for %d cases" % (what, len(answers), len(cases)))
    print("%s: %d filters equal" % (what, len(cases)))


def write_cases(kind, count, seed=SEED):
    environment = dict(os.environ, CALLGATE_SEED=str(seed))
    return subprocess.run([WRITE_CASES, kind, str(count)], env=environment, check=True, capture_output=True, text=True).stdout


def compiled(profile, *options):
    command = [CALLGATE, "compile", "--format", "proof", "--profile", profile] + list(options)
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else fail("%s %s: %s" % (profile, options, done.stderr))


def shipped():
    """Every profile of the project, and real ones where they are at hand, as they are and on every architecture alone."""
    profiles = sorted(glob.glob(SOURCE + "/examples/profiles/*.json")) + [SOURCE + "/examples/chmod.json"]
    profiles += sorted(glob.glob(SOURCE + "/../shared/policies/*.json"))
    for profile in profiles:
        text = compiled(profile) + "".join(compiled(profile, "--arch", name) for name in ARCHITECTURES)
        all_equal(text, os.path.basename(profile))


def policies():
    """Random policies: several calls on several architectures, one call with up to 16 rules of any kind, several programs."""
    all_equal(write_cases("policies", 300 if LONG == 1 else 1000 * LONG), "random policies")
    all_equal(write_cases("long", 30 * LONG), "many rules of one call")
    all_equal(write_cases("unrelated", 24 * LONG), "16 unrelated rules of one call")
    text = write_cases("stacks", 1)
    if text.count("\nprogram\n") < 2:
        fail("the stack is a single program")
    all_equal(text, "a stack of %d programs" % text.count("\nprogram\n"))


def calls():
    """Calls of the interface: the library's programs, and what an independent reader makes of the calls."""
    all_equal(write_cases("calls", 300 * LONG), "random calls")


def compare_verdicts(text, which, what):
    """Each input's verdict by the specification, and the one that follows it as a comment."""
    expected = re.findall(r"^# expect (\S+)$", text, re.M)
    answers = [re.fullmatch(r"input \S+: program (\S+), policy (\S+)", line).group(which) for line in recheck(text)]
    if not expected or len(expected) != len(answers):
        fail("%s: %d answers for %d inputs" % (what, len(answers), len(expected)))
    for i, (a, b) in enumerate(zip(expected, answers)):
        if a != b:
            fail("%s: input %d gives %s, not %s" % (what, i, b, a))
    print("%s: %d verdicts agree" % (what, len(expected)))


def evaluations():
    """The specification's eval and policy_eval(), on random policies."""
    for part in range(LONG):
        compare_verdicts(write_cases("evaluations", 500 if LONG == 1 else 10000, SEED + part), 2, "policies")


def runs():
    """The specification's machine, the simulator, and the kernel; what the kernel refuses."""
    for part in range(LONG):
        compare_verdicts(write_cases("runs", 500 if LONG == 1 else 10000, SEED + part), 1, "programs and stacks")
    text = write_cases("streams", 2000 * LONG)
    for case, line in zip(cases_of(text), recheck(text)):
        wanted = "refused" if "# refused" in case else re.search(r"# expect (\S+)", case).group(1)
        if ": program %s," % wanted not in line:
            fail("%s is not %s\n%s" % (line, wanted, case))
    print("streams: %d refused, %d not" % (text.count("# refused"), text.count(HEAD) - text.count("# refused")))


def kernel():
    """The specification's machine and the running kernel: programs and calls of a live test, after the kernel has agreed."""
    with tempfile.NamedTemporaryFile() as file:
        environment = dict(os.environ, CALLGATE_CASES=file.name, CALLGATE_RUNS=str(250 if LONG == 1 else 100 * LONG))
        done = subprocess.run([sys.argv[6]], env=environment, capture_output=True, text=True)
        if done.returncode == 77:
            skip("this kernel loads no filters here")
        if done.returncode:
            fail(done.stdout + done.stderr)
        compare_verdicts(open(file.name).read(), 1, "the kernel")


# ---- the distribution's libseccomp ----


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def library(path):
    lib = ctypes.CDLL(path)
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_init.argtypes = [ctypes.c_uint32]
    lib.seccomp_arch_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Comparison)]
    lib.seccomp_release.argtypes = [ctypes.c_void_p]
    return lib


def make_context(lib, default, architectures, rules):
    ctx = lib.seccomp_init(default)
    results = [lib.seccomp_arch_add(ctx, token) for token in architectures]
    for nr, action, comparisons in rules:
        array = (Comparison * 6)(*comparisons)
        results.append(lib.seccomp_rule_add_array(ctx, action, nr, len(comparisons), array))
    return ctx, results


def random_comparison(arg):
    value = RANDOM.choice([RANDOM.randrange(8), RANDOM.getrandbits(32), RANDOM.getrandbits(64), 1 << RANDOM.randrange(64)])
    op = RANDOM.randrange(1, 8)
    return Comparison(arg, op, value, RANDOM.getrandbits(64) & value if op == 7 else 0)


def distribution():
    """Programs of the distribution's libseccomp: one rule for each of many calls, which it and the contract read alike."""
    path = ctypes.util.find_library("seccomp")
    ours_path = os.path.join(os.path.dirname(os.path.dirname(CALLGATE)), "libcallgate.so")
    if not path or not os.path.exists(ours_path):
        skip("no libseccomp of the distribution")
    ours, theirs, text = library(ours_path), library(path), ""
    ours.callgate_compile_text.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p)]
    theirs.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    for _ in range(20 * LONG):
        architectures = RANDOM.sample([0x40000003, 0xC00000B7, 0x40000028, 0xC00000F3], RANDOM.randrange(3))
        rules = []
        for nr in RANDOM.sample([0, 1, 2, 3, 8, 9, 10, 16, 32, 39, 56, 59, 61, 72, 87, 101, 135, 157, 202, 231, 257], RANDOM.randrange(1, 20)):
            arguments = sorted(RANDOM.sample(range(6), RANDOM.choice([0, 0, 1, 2, 3])))
            rules.append((nr, 0x50000 + RANDOM.randrange(1, 4), [random_comparison(arg) for arg in arguments]))
        mine, results = make_context(ours, 0x7FFF0000, architectures, rules)
        other, other_results = make_context(theirs, 0x7FFF0000, architectures, rules)
        if results != other_results:
            fail("the libraries do not agree on what can be added: %r, %r" % (results, other_results))
        out = ctypes.c_char_p()
        if ours.callgate_compile_text(mine, ctypes.byref(out)):
            fail("callgate_compile_text")
        with tempfile.TemporaryFile() as file:
            if theirs.seccomp_export_bpf(other, file.fileno()):
                fail("seccomp_export_bpf")
            file.seek(0)
            code = file.read()
        policy = out.value.decode().split("program\n")[0]
        text += policy + "program\n" + "".join("code %s\n" % code[i : i + 8].hex() for i in range(0, len(code), 8))
        ours.seccomp_release(mine)
        theirs.seccomp_release(other)
    all_equal(text, "programs of " + path)


# ---- mutants, and z3 as the judge ----


def read_case(case):
    policy, programs, where = {"architectures": []}, [], None
    for line in case.splitlines():
        word, *rest = line.split()
        numbers = [int(x, 16) for x in rest if x.startswith("0x")]
        if word == "order":
            policy["order"] = rest[0]
        elif word in ("default", "bad-architecture"):
            policy[word] = numbers[0]
        elif word == "architecture":
            policy["architectures"].append({"facts": numbers, "wide": rest[3] == "64", "unknown": None, "calls": []})
        elif word == "unknown":
            policy["architectures"][-1]["unknown"] = numbers
        elif word == "call":
            policy["architectures"][-1]["calls"].append((numbers[0], []))
        elif word == "rule":
            policy["architectures"][-1]["calls"][-1][1].append((numbers[0], []))
        elif word == "condition":
            policy["architectures"][-1]["calls"][-1][1][-1][1].append((int(rest[0]), rest[1]) + tuple(numbers))
        elif word == "program":
            programs.append([])
        elif word == "code":
            programs[-1].append(bytes.fromhex(rest[0]))
    return policy, programs


class Judge:
    """Policies and programs as bit vectors, after docs/verified-checker.md alone."""

    def __init__(self, z3):
        self.z3 = z3
        self.words = [z3.BitVec("w%d" % i, 32) for i in range(16)]

    def value(self, number):
        return self.z3.BitVecVal(number, 32)

    def condition(self, policy, wide, condition):
        z3, (arg, op, mask, value) = self.z3, condition
        halves = self.words[4 + 2 * arg], self.words[5 + 2 * arg]
        low, high = halves if policy["order"] == "little" else halves[::-1]
        x = z3.Concat(high, low) & z3.BitVecVal(mask & (2**64 - 1 if wide else 2**32 - 1), 64)
        v = z3.BitVecVal(value, 64)
        return {"NE": lambda: x != v, "LT": lambda: z3.ULT(x, v), "LE": lambda: z3.ULE(x, v), "EQ": lambda: x == v,
                "GE": lambda: z3.UGE(x, v), "GT": lambda: z3.UGT(x, v), "MASKED_EQ": lambda: x == v}[op]()

    def policy(self, policy):
        z3, nr, arch = self.z3, self.words[0], self.words[1]
        last, covered, rules, unknown = self.value(0xFFFFFFFF), [], [], []
        for a in policy["architectures"]:
            audit, first, end = a["facts"]
            here = arch == audit
            inside = z3.And(z3.UGE(nr, first), z3.ULE(nr, end))
            covered.append(z3.And(here, z3.Or(nr == last, inside)))
            if a["unknown"]:
                begin, action = a["unknown"]
                unknown.append((z3.And(here, z3.UGE(nr, begin), z3.ULE(nr, end), nr != last), action))
            for number, list_of_rules in a["calls"]:
                for action, conditions in list_of_rules:
                    named = z3.And(here, nr == number)
                    rules.append((named, z3.And(named, *[self.condition(policy, a["wide"], c) for c in conditions]), action))
        result = self.value(policy["default"])
        for guard, action in reversed(unknown):
            result = z3.If(guard, self.value(action), result)
        if rules:
            result = z3.If(z3.Or([named for named, _, _ in rules]), self.value(policy["default"]), result)
        for _, guard, action in reversed(rules):
            result = z3.If(guard, self.value(action), result)
        return z3.If(z3.Or(covered), result, self.value(policy["bad-architecture"]))

    def program(self, code, order):
        """Instructions from first to last; where ways meet, their states become one, with ifs."""
        z3 = self.z3
        zero = self.value(0)
        states, answer = {0: (z3.BoolVal(True), zero, zero, [zero] * 16)}, zero

        def go(to, condition, a, x, m):
            if to in states:
                c, a2, x2, m2 = states[to]
                mix = lambda new, old: old if new is old else z3.If(condition, new, old)
                states[to] = (z3.Or(c, condition), mix(a, a2), mix(x, x2), [mix(n, o) for n, o in zip(m, m2)])
            else:
                states[to] = (condition, a, x, m)

        for pc, raw in enumerate(code):
            if pc not in states:
                continue
            here, a, x, m = states.pop(pc)
            op, jt, jf = int.from_bytes(raw[:2], order), raw[2], raw[3]
            k = int.from_bytes(raw[4:], order)
            operand = x if op & 8 else self.value(k)
            if op in (0x06, 0x16):
                answer = z3.If(here, a if op == 0x16 else self.value(k), answer)
                continue
            if op == 0x05:
                go(pc + 1 + k, here, a, x, m)
                continue
            if op & 7 == 5:
                taken = {0x10: lambda: a == operand, 0x20: lambda: z3.UGT(a, operand), 0x30: lambda: z3.UGE(a, operand),
                         0x40: lambda: a & operand != 0}[op & 0xF0]()
                go(pc + 1 + jt, z3.And(here, taken), a, x, m)
                go(pc + 1 + jf, z3.And(here, z3.Not(taken)), a, x, m)
                continue
            if op == 0x20:
                a = self.words[k // 4]
            elif op in (0x00, 0x80):
                a = self.value(64 if op else k)
            elif op in (0x01, 0x81):
                x = self.value(64 if op == 0x81 else k)
            elif op == 0x60:
                a = m[k]
            elif op == 0x61:
                x = m[k]
            elif op in (0x02, 0x03):
                m = m[:k] + [a if op == 2 else x] + m[k + 1 :]
            elif op == 0x07:
                x = a
            elif op == 0x87:
                a = x
            elif op == 0x84:
                a = -a
            else:
                if op == 0x3C:
                    here = z3.And(here, x != 0)  # else the answer stays 0
                shift = operand & 31
                a = {0x00: lambda: a + operand, 0x10: lambda: a - operand, 0x20: lambda: a * operand, 0x30: lambda: z3.UDiv(a, operand),
                     0x40: lambda: a | operand, 0x50: lambda: a & operand, 0x60: lambda: a << shift, 0x70: lambda: z3.LShR(a, shift),
                     0xA0: lambda: a ^ operand}[op & 0xF0]()
            go(pc + 1, here, a, x, m)
        # The kernel begins with ALLOW, and takes what is stricter.
        action = z3.Extract(31, 16, answer)
        return z3.If(action < z3.BitVecVal(0x7FFF, 16), answer, self.value(0x7FFF0000))

    def differ(self, policy, code):
        solver = self.z3.Solver()
        solver.set("timeout", 60000)
        solver.add(self.program(code, policy["order"]) != self.policy(policy))
        answer = solver.check()
        return None if answer == self.z3.unknown else answer == self.z3.sat


def mutate(code):
    """One instruction changed: a bit, an offset, a constant by one, or another instruction in its place."""
    code = [bytearray(insn) for insn in code]
    insn = RANDOM.choice(code)
    kind = RANDOM.randrange(4)
    if kind == 0:
        insn[RANDOM.randrange(8)] ^= 1 << RANDOM.randrange(8)
    elif kind == 1:
        insn[2 + RANDOM.randrange(2)] = RANDOM.randrange(8)
    elif kind == 2:
        insn[RANDOM.choice([4, 7])] = (insn[RANDOM.choice([4, 7])] + RANDOM.choice([1, 255])) % 256
    else:
        insn[:] = RANDOM.choice(code)
    return [bytes(insn) for insn in code]


def computes(code, order):
    """Is there arithmetic other than an AND with a constant? Such a program may be one that the checker does not decide."""
    return any(op & 7 == 4 and op != 0x54 for op in (int.from_bytes(insn[:2], order) for insn in code))


def mutants():
    """Mutants of random filters: z3 and the checker agree about every one that the kernel would take."""
    try:
        import z3
    except ImportError:
        skip("there is no z3 module")
    judge, wanted, counts = Judge(z3), 120 if LONG == 1 else 100 * LONG, {}
    part = 0
    while sum(counts.get(answer, 0) for answer in ("equal", "different", "unknown")) < wanted:
        text, subjects = "", []
        for case in cases_of(write_cases("small", 40, SEED + part)):
            policy, programs = read_case(case)
            for _ in range(3):
                code = mutate(programs[0])
                if code != programs[0]:
                    subjects.append((policy, code))
                    text += case.split("program\n")[0] + "program\n" + "".join("code %s\n" % insn.hex() for insn in code)
        part += 1
        for (policy, code), case, answer in zip(subjects, cases_of(text), recheck(text)):
            kind = "refused" if "refuse" in answer else re.match(r"\w+", answer).group()
            counts[kind] = counts.get(kind, 0) + 1
            if kind == "refused":
                continue
            differ = judge.differ(policy, code)
            if differ is None:
                counts["undecided by z3"] = counts.get("undecided by z3", 0) + 1
            elif kind == "unknown" and differ and not computes(code, policy["order"]):
                fail("%s, but z3 says different\n%s" % (answer, case))
            elif differ != (kind == "different") and kind != "unknown":
                fail("%s, but z3 says %s\n%s" % (answer, "different" if differ else "equal", case))
    print("mutants:", ", ".join("%d %s" % (count, kind) for kind, count in sorted(counts.items())))
    # What a mutant computes otherwise than compilers do is not modelled; such a one is never called equal.
    if counts.get("unknown", 0) > 3 + wanted / 50 or counts.get("undecided by z3"):
        fail("too many without an answer")


def solver():
    """A second decider, of bytes: z3 finds every compiled program equal to its policy, every shipped profile on every architecture."""
    try:
        import z3
    except ImportError:
        skip("there is no z3 module")
    judge, count = Judge(z3), 0
    profiles = sorted(glob.glob(SOURCE + "/examples/profiles/*.json")) + [SOURCE + "/examples/chmod.json"]
    for profile in profiles:
        for name in ARCHITECTURES:
            policy, programs = read_case(compiled(profile, "--arch", name))
            if len(programs) != 1 or judge.differ(policy, programs[0]) is not False:
                fail("%s on %s: no proof" % (profile, name))
            count += 1
    policy, programs = read_case(compiled(profiles[0], "--arch", "x86_64"))
    for i in RANDOM.sample(range(len(programs[0])), 3):
        code = list(programs[0])
        code[i] = bytes([6, 0, 0, 0, 0, 0, 5, 0])
        answer = recheck(compiled(profiles[0], "--arch", "x86_64").split("program\n")[0] + "program\n" + "".join("code %s\n" % c.hex() for c in code))
        if judge.differ(policy, code) != answer[0].startswith("different"):
            fail("z3 and the checker do not agree on instruction %d" % i)
    print("z3: %d programs equal" % count)


def reader():
    """The reader refuses what it does not understand, in words and with the line; unknown rules get Unknown."""
    head = HEAD + "order little\ndefault 0x7fff0000\nbad-architecture 0x0\narchitecture 0xc000003e 0x0 0x3fffffff 64\n"
    program = "program\ncode 060000000000ff7f\n"
    for text, words in [("", "nothing to read"), ("order little\n", "the first line"), (head + "nonsense\n", ":6: no such line"),
                        (HEAD + "call 0x1\n", "no architecture yet"), (head + "rule 0x0\n", "no call yet"), (head + "code 06\n", "no program yet"),
                        (head + "call 0x1\nrule 0x0\ncondition 6 EQ 0x1 0x1\n", "6 is no argument"), (head + "call 1\n", "1 is no number"),
                        (head + "call 0x1ffffffffffffffff\n", "no number"), (head + "call 0xG\n", "no hexadecimal digit"),
                        (head + "program\ncode 060\n", "half a byte"), (head + "call 0x1\nrule 0x0\ncondition 0 == 0x1 0x1\n", "no comparison")]:
        done = subprocess.run([RECHECK], input=text, capture_output=True, text=True)
        if done.returncode != 3 or words not in done.stderr:
            fail("%r: %d %s" % (text, done.returncode, done.stderr))
    for text, answer, status in [
        (head + "program\ncode 06\n", "unknown: the kernel would refuse a program", 2),
        (head + "call 0x1\nrule 0x0\ncondition 0 LT 0xf 0x1\n" + program, "unknown: an order of masked values", 2),
        (head + program, "different, input ", 1),
        (HEAD + "order big\ndefault 0x7fff0000\nbad-architecture 0x7fff0000\nprogram\ncode 000600007fff0000\n", "equal", 0),
        (HEAD + "order little\ndefault 0x5\nbad-architecture 0x50001\nprogram\ncode 0600000001000500\nprogram\ncode 0600000002000500\n", "different", 1),
        (HEAD + "order little\ndefault 0x5\nbad-architecture 0x50002\nprogram\ncode 0600000001000500\nprogram\ncode 0600000002000500\n", "equal", 0),
        (HEAD + "order little\ndefault 0x5\nbad-architecture 0x50001\nprogram\ncode 0600000001000500\nprogram\ncode 0600000002000600\n", "equal", 0),
    ]:
        done = subprocess.run([RECHECK, "-"], input=text, capture_output=True, text=True)
        if done.returncode != status or not done.stdout.startswith(answer):
            fail("%r: %d %s" % (text, done.returncode, done.stdout))


TESTS = {test.__name__: test for test in (shipped, policies, calls, evaluations, runs, kernel, distribution, mutants, solver, reader)}
print("seed %d" % SEED)
TESTS[TEST]()
