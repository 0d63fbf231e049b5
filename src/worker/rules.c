/* Strict mode's calls as rules. */
#include <callgate/strict.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include <callgate/diagnosis.h>

#include "base/diag.h"

enum {
	ALLOW_ALL = CALLGATE_ALLOW_EXIT_GROUP | CALLGATE_ALLOW_CLOCK | CALLGATE_ALLOW_FUTEX |
	            CALLGATE_ALLOW_MEMORY | CALLGATE_ALLOW_RANDOM
};

/* bit 0: always. */
static const struct {
	unsigned bit;
	int syscall;
} calls[] = {
    {0, SCMP_SYS(read)},
    {0, SCMP_SYS(write)},
    {0, SCMP_SYS(exit)},
    {0, SCMP_SYS(rt_sigreturn)},
    {0, SCMP_SYS(sigreturn)},
    {CALLGATE_ALLOW_EXIT_GROUP, SCMP_SYS(exit_group)},
    {CALLGATE_ALLOW_CLOCK, SCMP_SYS(clock_gettime)},
    {CALLGATE_ALLOW_CLOCK, SCMP_SYS(clock_gettime64)},
    {CALLGATE_ALLOW_CLOCK, SCMP_SYS(gettimeofday)},
    {CALLGATE_ALLOW_CLOCK, SCMP_SYS(time)},
    {CALLGATE_ALLOW_FUTEX, SCMP_SYS(futex)},
    {CALLGATE_ALLOW_FUTEX, SCMP_SYS(futex_time64)},
    {CALLGATE_ALLOW_MEMORY, SCMP_SYS(brk)},
    {CALLGATE_ALLOW_MEMORY, SCMP_SYS(munmap)},
    {CALLGATE_ALLOW_MEMORY, SCMP_SYS(mremap)},
    {CALLGATE_ALLOW_RANDOM, SCMP_SYS(getrandom)},
};

static bool has(scmp_filter_ctx ctx, uint32_t arch)
{
	return seccomp_arch_exist(ctx, arch) == 0;
}

/* mmap on these architectures takes a pointer to its arguments; x86 and m68k also have mmap2, which does not. */
static bool memory_is_visible(scmp_filter_ctx ctx)
{
	bool hidden = has(ctx, SCMP_ARCH_X86) || has(ctx, SCMP_ARCH_M68K);
	bool native_too = has(ctx, SCMP_ARCH_NATIVE) && seccomp_arch_native() != SCMP_ARCH_X86 &&
	                  seccomp_arch_native() != SCMP_ARCH_M68K;

	return !has(ctx, SCMP_ARCH_S390) && !has(ctx, SCMP_ARCH_S390X) && !(hidden && native_too);
}

static int allow_anonymous_memory(scmp_filter_ctx ctx, int syscall)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, syscall, 2, SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	                        SCMP_A3_32(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
}

static int add_rules(scmp_filter_ctx ctx, unsigned allow)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!calls[i].bit || (calls[i].bit & allow))
			result = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i].syscall, 0);
	if (result == 0 && (allow & CALLGATE_ALLOW_MEMORY)) {
		result = allow_anonymous_memory(ctx, SCMP_SYS(mmap2));
		if (result == 0 && !has(ctx, SCMP_ARCH_X86) && !has(ctx, SCMP_ARCH_M68K))
			result = allow_anonymous_memory(ctx, SCMP_SYS(mmap));
	}
	return result;
}

/* The context's text may be the thread's own. */
static int fail_with_diagnosis(scmp_filter_ctx ctx, int result)
{
	char reason[DIAG_SIZE];

	snprintf(reason, sizeof(reason), "%s", callgate_diagnosis(ctx));
	return diag_fail(diag_thread(), result, "strict rules: %s", reason);
}

int callgate_strict_rules(scmp_filter_ctx ctx, unsigned allow)
{
	if (allow & ~(unsigned)ALLOW_ALL)
		return diag_fail(diag_thread(), -EINVAL, "strict rules: unknown CALLGATE_ALLOW_ bits 0x%x",
		                 allow & ~(unsigned)ALLOW_ALL);
	int result = seccomp_transaction_start(ctx);
	if (result < 0)
		return fail_with_diagnosis(ctx, result);
	if ((allow & CALLGATE_ALLOW_MEMORY) && !memory_is_visible(ctx)) {
		seccomp_transaction_reject(ctx);
		return diag_fail(
		    diag_thread(), -EOPNOTSUPP,
		    "strict rules: CALLGATE_ALLOW_MEMORY: an architecture of this context passes mmap's "
		    "arguments in memory, where a filter can't check them: leave it out");
	}
	result = add_rules(ctx, allow);
	if (result < 0) {
		fail_with_diagnosis(ctx, result);
		seccomp_transaction_reject(ctx);
		return result;
	}
	return seccomp_transaction_commit(ctx);
}
