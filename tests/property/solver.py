#!/usr/bin/python3
"""usage: solver.py CALLGATE: exported programs and what their profiles say, as bit vectors: an SMT solver finds no difference."""
import json, os, struct, subprocess, sys, tempfile

try:
    import z3
except ImportError:
    print("skipped: there is no z3 module")
    sys.exit(77)

ALLOW, ERRNO, KILL, X86_64 = 0x7FFF0000, 0x50001, 0, 0xC000003E
NUMBERS = {"read": 0, "socket": 41, "personality": 135}
COMPARE = {
    "SCMP_CMP_EQ": lambda a, v: a == v,
    "SCMP_CMP_NE": lambda a, v: a != v,
    "SCMP_CMP_LT": z3.ULT,
    "SCMP_CMP_GE": z3.UGE,
    "SCMP_CMP_GT": z3.UGT,
}
PROFILES = [
    [("read", [])],
    [("socket", [(0, "SCMP_CMP_LT", 38)]), ("socket", [(0, "SCMP_CMP_GT", 40)])],
    [("personality", [(0, "SCMP_CMP_EQ", 8)]), ("socket", [(1, "SCMP_CMP_GE", 0x100000005), (2, "SCMP_CMP_NE", 7)])],
]
words = [z3.BitVec("word%d" % i, 32) for i in range(16)]


def arg(i):
    return z3.Concat(words[5 + 2 * i], words[4 + 2 * i])


def expected(rules):
    verdict = z3.BitVecVal(ERRNO, 32)
    for name, conditions in rules:
        holds = [COMPARE[op](arg(i), z3.BitVecVal(value, 64)) for i, op, value in conditions]
        verdict = z3.If(z3.And(words[0] == NUMBERS[name], *holds), z3.BitVecVal(ALLOW, 32), verdict)
    other = z3.And(z3.UGE(words[0], 0x40000000), words[0] != 0xFFFFFFFF)
    return z3.If(z3.Or(words[1] != X86_64, other), z3.BitVecVal(KILL, 32), verdict)


def run(insns, pc, a):
    code, jt, jf, k = insns[pc]
    if code == 0x06:
        return z3.BitVecVal(k, 32)
    if code == 0x20:
        return run(insns, pc + 1, words[k // 4])
    if code == 0x54:
        return run(insns, pc + 1, a & k)
    if code == 0x05:
        return run(insns, pc + 1 + k, a)
    taken = {0x15: lambda: a == k, 0x25: lambda: z3.UGT(a, k), 0x35: lambda: z3.UGE(a, k), 0x45: lambda: a & k != 0}[code]()
    return z3.If(taken, run(insns, pc + 1 + jt, a), run(insns, pc + 1 + jf, a))


def differs(insns, rules):
    solver = z3.Solver()
    solver.add(run(insns, 0, z3.BitVecVal(0, 32)) != expected(rules))
    answer = solver.check()
    assert answer != z3.unknown
    return answer == z3.sat


for rules in PROFILES:
    calls = [{"names": [name], "action": "SCMP_ACT_ALLOW",
              "args": [{"index": i, "op": op, "value": value} for i, op, value in conditions]}
             for name, conditions in rules]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "profile.json")
        with open(path, "w") as file:
            json.dump({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": calls}, file)
        command = [sys.argv[1], "compile", "--arch", "x86_64", "--unknown-calls", "default", "--profile", path]
        insns = list(struct.iter_unpack("<HBBI", subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    assert not differs(insns, rules), rules
    flipped = [(c, t, f, k ^ 1 if c == 0x06 and k == ALLOW else k) for c, t, f, k in insns]
    assert differs(flipped, rules), "a changed program is not told apart"
print("%d programs are what their profiles say, and changed they are not" % len(PROFILES))
