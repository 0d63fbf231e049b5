#!/usr/bin/python3
"""usage: test_recheck.py TEST CALLGATE RECHECK WRITE_CASES SOURCE: what callgate compiles, held against the proved checker."""
import glob, os, random, subprocess, sys, tempfile

TEST, CALLGATE, RECHECK, WRITE_CASES, SOURCE = sys.argv[1:6]
LONG = int(os.environ.get("CALLGATE_LONG", "1"))
SEED = int(os.environ.get("CALLGATE_SEED") or random.SystemRandom().randrange(1 << 32))
ARCHITECTURES = [line.split()[0] for line in open(SOURCE + "/src/arch/data/architectures.tbl") if line.strip() and line[0] != "#"][1:]
print("seed %d" % SEED)


def fail(why):
    print("FAILED:", why)
    sys.exit(1)


def recheck(text):
    """The checker's answers, one line each."""
    done = subprocess.run([RECHECK], input=text, capture_output=True, text=True)
    if done.returncode not in (0, 1, 2):
        fail("callgate-recheck ended with %d: %s" % (done.returncode, done.stderr))
    return done.stdout.splitlines()


def cases_of(text):
    return ["callgate-proof 1\n" + case for case in text.split("callgate-proof 1\n")[1:]]


def all_equal(text, what):
    cases = cases_of(text)
    answers = recheck(text)
    for case, answer in zip(cases, answers):
        if answer != "equal":
            fail("%s: %s\n%s" % (what, answer, case))
    if not cases or len(answers) != len(cases):
        fail("%s: %d answers for %d cases" % (what, len(answers), len(cases)))
    print("%s: %d filters equal" % (what, len(cases)))


def write_cases(kind, count):
    return subprocess.run([WRITE_CASES, kind, str(count)], env=dict(os.environ, CALLGATE_SEED=str(SEED)), check=True, capture_output=True, text=True).stdout


def compiled(profile, *options):
    done = subprocess.run([CALLGATE, "compile", "--format", "proof", "--profile", profile] + list(options), capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else fail("%s %s: %s" % (profile, options, done.stderr))


def shipped():
    """Every profile of the project, and real ones where they are at hand, on every architecture alone and as they are."""
    profiles = sorted(glob.glob(SOURCE + "/examples/profiles/*.json")) + [SOURCE + "/examples/chmod.json"]
    profiles += sorted(glob.glob(SOURCE + "/../shared/policies/*.json"))
    for profile in profiles:
        text = compiled(profile) + "".join(compiled(profile, "--arch", name) for name in ARCHITECTURES)
        all_equal(text, os.path.basename(profile))


def policies():
    """Random policies: several calls on several architectures, and one call with up to 16 rules of any kind."""
    all_equal(write_cases("policies", 400 if LONG == 1 else 1000 * LONG), "random policies")
    all_equal(write_cases("long", 30 * LONG), "many rules of one call")
    all_equal(write_cases("unrelated", 24 * LONG), "16 unrelated rules of one call")


TESTS = {test.__name__: test for test in (shipped, policies)}
TESTS[TEST]()
