/* The kinds of findings, in words. */
#include <callgate/lint.h>

static const struct callgate_finding_kind kinds[] = {
    {"always", "a condition that always holds",
     "A comparison that every argument satisfies restricts nothing: a mask without bits, or \"at least 0\". "
     "The rule\nmatches more calls than it seems to. Leave the condition out, or compare with what was meant."},
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
     "machine runs. callgate_bypass(3) has the table. Only ways around the restriction itself are reported: for a rule "
     "on\nclone's namespaces, fork is not. Deny the other way, too, or drop the restriction."},
    {"capability", "a call passes that needs a capability which the process lacks",
     "The call fails anyway, so allowing it gains nothing, unless the process gets the capability in a user namespace, "
     "where\nattacks use such calls. Deny the call, or let the entry apply only with the capability (\"includes\")."},
    {"cost", "calls that could be answered from the kernel's bitmap are not",
     "Since Linux 5.11 the kernel does not run the program for a call that is always allowed, if the program looks "
     "only at\nthe number and the architecture of that call. Rules on arguments and LOG keep a call out of the "
     "bitmap."},
    {"dead", "a rule that never decides",
     "Other rules decide every call that the rule is about. Either it is superfluous, or it was meant to come "
     "first."},
    {"errno", "a denied call gets another error than ENOSYS, and C libraries do not fall back",
     "C libraries try a new call first, and make the older one only if the new one fails with ENOSYS. With "
     "EPERM threads are\n"
     "not started (clone3) and files seem inaccessible (faccessat2). --fix adds an entry with ENOSYS."},
    {"name", "a name that no system call has",
     "The name is ignored: it may be misspelled, or newer than callgate's tables. The call that it was meant for gets "
     "the\ndefault action."},
    {"never", "a condition that never holds",
     "No argument satisfies the comparison, or none satisfies it together with another one: the rule never matches."},
    {"pointer", "an address is compared",
     "The argument is an address. Filters do not see the data at that address, and another thread may change the "
     "data\nafter the filter has run. A comparison with NULL is not reported."},
    {"startup", "a program of a C library, or of Go, does not start under the filter",
     "The filter denies calls without which programs of this kind do not start, or do not end. This is no problem if "
     "a\nprogram loads the filter itself after it has started. The calls that a program needs depend on the C\nlibrary "
     "and on how it is linked, which --libc selects."},
    {"suppression", "a suppression without a reason, of an unknown name, or of nothing",
     "`lint:allow NAME: REASON` suppresses findings of this name in its entry or line. A suppression is itself "
     "reported if it\nhas no reason, if no finding has its name, or if there is nothing to suppress."},
    {"twin", "a call is denied while an older or newer form of it passes",
     "chmod is denied and fchmodat2 passes: the kernel's function is the same. The reverse is reported, too: a "
     "call\npasses for which C libraries fall back to an older one on older kernels, and the older one is denied."},
    {"width", "the comparison covers more bits than the kernel reads",
     "The kernel reads 32 bits of an int, and the filter compares 64: a call with other upper bits has the same "
     "effect, and\nevades a rule that denies it (CVE-2019-7303, CVE-2019-10063). Compare with\nSCMP_CMP_MASKED_EQ and "
     "the mask 0xffffffff; --fix does so for SCMP_CMP_EQ."},
};

const struct callgate_finding_kind *callgate_finding_kind_at(size_t index)
{
	return index < sizeof(kinds) / sizeof(kinds[0]) ? &kinds[index] : NULL;
}
