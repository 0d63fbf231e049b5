/* The kinds of findings, in words. */
#include <callgate/lint.h>

static const struct callgate_finding_kind kinds[] = {
    {"always", "a condition that always holds",
     "A comparison that every argument satisfies restricts nothing: a mask without bits, or \"at least 0\". "
     "The rule\n"
     "decides more calls than it seems to. Leave the condition out, or compare with what was meant."},
    {"broad", "a dangerous call passes, or every unknown one",
     "Some calls give so much power, or have had so many flaws in the kernel, that a filter which lets them "
     "pass whatever\n"
     "their arguments are protects little. A filter that allows by default lets every call of later kernels "
     "pass as well."},
    {"bypass", "a restriction that another call, architecture or io_uring escapes",
     "A rule restricts a call by its arguments, or denies it, and another call has the same effect and "
     "passes: socketcall\n"
     "for socket, clone3 for clone's flags, an operation of io_uring, or the same call of another "
     "architecture that the\n"
     "machine runs. callgate_bypass(3) has the table; what a restriction means decides what escapes it, so "
     "that a rule on\n"
     "clone's namespaces does not accuse fork. Deny the other way too, or drop the restriction."},
    {"capability", "a call passes that needs a capability which the process lacks",
     "The call fails anyway, so allowing it gains nothing, but for whoever gets the capability in a "
     "namespace of users: then\n"
     "it is what attacks are made of. Deny it, or let the entry apply only with the capability "
     "(\"includes\")."},
    {"cost", "calls that could be answered from the kernel's bitmap are not",
     "Since Linux 5.11 the kernel runs no program for a call that is always allowed if the program, for that "
     "call, has looked\n"
     "at nothing but number and architecture. Rules on arguments and LOG keep calls out of the bitmap: each "
     "runs the program."},
    {"dead", "a rule that never decides",
     "Others decide every call that the rule is about. Either it is superfluous, or it was meant to come "
     "first."},
    {"errno", "a denied call gets another error than ENOSYS, and C libraries do not fall back",
     "C libraries try a new call first, and make the older one only if the new one fails with ENOSYS. With "
     "EPERM threads are\n"
     "not started (clone3) and files seem inaccessible (faccessat2). --fix adds an entry with ENOSYS."},
    {"name", "a name that is no system call's",
     "The name is ignored: perhaps it is misspelled, or newer than callgate's tables. What it was to allow "
     "or deny is left to\n"
     "the default."},
    {"never", "a condition that never holds",
     "No argument satisfies the comparison, or not together with another one: the rule decides nothing."},
    {"pointer", "an address is compared",
     "The argument is an address. What is there can be anything, filters do not see it, and another thread "
     "may change it\n"
     "after the filter has run. A comparison with NULL is not reported."},
    {"startup", "a program of a C library, or of Go, does not start under the filter",
     "Calls are denied without which programs of this kind do not start, or do not end. That is fine for a "
     "filter that a\n"
     "program loads itself after it has started, and not for one that it is started under. What is needed "
     "depends on the C\n"
     "library and on how it is linked: --libc says what is meant."},
    {"suppression", "a suppression without a reason, of an unknown name, or of nothing",
     "`lint:allow NAME: REASON` suppresses findings of this name in its entry or line. Without a reason, "
     "with a name that is no\n"
     "finding's, or where there is nothing to suppress, it is itself reported."},
    {"twin", "a call is denied while an older or newer form of it passes",
     "chmod is denied and fchmodat2 passes: the kernel's function is the same. The other way round, too: a "
     "call passes that C\n"
     "libraries replace by an older one where a kernel lacks it, and that one is denied."},
    {"width", "more bits are compared than the kernel reads",
     "The kernel reads 32 bits of an int, and the filter compares 64: a call with other upper bits evades a "
     "rule that denies,\n"
     "and does the same (CVE-2019-7303, CVE-2019-10063). Compare with SCMP_CMP_MASKED_EQ and the mask "
     "0xffffffff; --fix does so for\n"
     "SCMP_CMP_EQ."},
};

const struct callgate_finding_kind *callgate_finding_kind_at(size_t index)
{
	return index < sizeof(kinds) / sizeof(kinds[0]) ? &kinds[index] : NULL;
}
