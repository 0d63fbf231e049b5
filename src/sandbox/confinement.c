/* Strict mode's calls as rules, and filters as bytes. */
#include "sandbox/confinement.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>
#include <callgate/strict.h>

#include "sandbox/exit_reason.h"

enum {
	ALLOW_ALL = CALLGATE_ALLOW_EXIT_GROUP | CALLGATE_ALLOW_CLOCK | CALLGATE_ALLOW_FUTEX |
	            CALLGATE_ALLOW_MEMORY | CALLGATE_ALLOW_RANDOM
};

static const int strict_calls[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(exit), SCMP_SYS(rt_sigreturn),
                                   SCMP_SYS(sigreturn)};

static const struct {
	unsigned bit;
	int syscall;
} more_calls[] = {
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

/*
 * Has the context an architecture whose mmap takes a pointer to its arguments? With `or_mmap2`, also one that has a mmap2 which
 * does not.
 */
static bool hides_mmap(scmp_filter_ctx ctx, bool or_mmap2)
{
	const struct callgate_arch *arch;

	for (size_t i = 0; (arch = callgate_arch_at(i)); i++)
		if (seccomp_arch_exist(ctx, arch->token) == 0 &&
		    (arch->mmap == CALLGATE_ARCH_MMAP_IN_MEMORY ||
		     (or_mmap2 && arch->mmap == CALLGATE_ARCH_MMAP_ONLY_MMAP2)))
			return true;
	return false;
}

/* A rule for mmap is for all architectures of a context: beside one that needs it there can be none that hides its arguments. */
static bool memory_is_visible(scmp_filter_ctx ctx)
{
	bool needs_mmap = seccomp_arch_exist(ctx, SCMP_ARCH_NATIVE) == 0 &&
	                  callgate_arch_find(SCMP_ARCH_NATIVE)->mmap == CALLGATE_ARCH_MMAP_DIRECT;

	return !hides_mmap(ctx, needs_mmap);
}

static int allow_anonymous_memory(scmp_filter_ctx ctx, int syscall)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, syscall, 2, SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	                        SCMP_A3_32(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
}

int confinement_fail(scmp_filter_ctx ctx, int result, const char *what)
{
	return refuse(result, "%s: %s", what, callgate_diagnosis(ctx));
}

int confinement_allow(scmp_filter_ctx ctx, unsigned allow)
{
	int result = 0;

	if (allow & ~(unsigned)ALLOW_ALL)
		return refuse(-EINVAL, "strict rules: unknown CALLGATE_ALLOW_ bits 0x%x",
		              allow & ~(unsigned)ALLOW_ALL);
	if ((allow & CALLGATE_ALLOW_MEMORY) && !memory_is_visible(ctx))
		return refuse(
		    -EOPNOTSUPP,
		    "strict rules: CALLGATE_ALLOW_MEMORY: an architecture of this context passes mmap's "
		    "arguments in memory, where a filter can't check them: leave it out");
	for (size_t i = 0; result == 0 && i < sizeof(more_calls) / sizeof(more_calls[0]); i++)
		if (more_calls[i].bit & allow)
			result = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, more_calls[i].syscall, 0);
	if (result == 0 && (allow & CALLGATE_ALLOW_MEMORY)) {
		result = allow_anonymous_memory(ctx, SCMP_SYS(mmap2));
		if (result == 0 && !hides_mmap(ctx, true))
			result = allow_anonymous_memory(ctx, SCMP_SYS(mmap));
	}
	return result < 0 ? confinement_fail(ctx, result, "strict rules") : 0;
}

int callgate_strict_rules(scmp_filter_ctx ctx, unsigned allow)
{
	int result = seccomp_transaction_start(ctx);

	if (result < 0)
		return confinement_fail(ctx, result, "strict rules");
	for (size_t i = 0; result == 0 && i < sizeof(strict_calls) / sizeof(strict_calls[0]); i++)
		result = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, strict_calls[i], 0);
	result = result < 0 ? confinement_fail(ctx, result, "strict rules") : confinement_allow(ctx, allow);
	if (result == 0)
		return seccomp_transaction_commit(ctx);
	seccomp_transaction_reject(ctx);
	return result;
}

int callgate_strict_list(uint32_t arch, int ret_syscalls[CALLGATE_STRICT_CALLS])
{
	const struct callgate_arch *facts = callgate_arch_find(arch);
	int numbers[CALLGATE_STRICT_CALLS];

	if (!ret_syscalls)
		return refuse(-EINVAL, "strict list: the place for the numbers is NULL");
	if (!facts)
		return refuse(-EINVAL, "strict list: unknown architecture 0x%x", arch);
	if (!facts->strict_sigreturn)
		return refuse(-EOPNOTSUPP, "strict mode lets no call of an %s program pass", facts->name);
	const char *names[CALLGATE_STRICT_CALLS] = {"read", "write", "exit", facts->strict_sigreturn};
	for (int i = 0; i < CALLGATE_STRICT_CALLS; i++)
		numbers[i] = seccomp_syscall_resolve_name_arch(facts->token, names[i]);
	memcpy(ret_syscalls, numbers, sizeof(numbers));
	return 0;
}

/* ---- filters as bytes ---- */

int confinement_compile(scmp_filter_ctx ctx, struct confinement_filter *ret_filter)
{
	size_t size = 0;
	void *bytes = NULL;
	int result = seccomp_export_bpf_mem(ctx, NULL, &size);

	if (result == 0 && !(bytes = malloc(size)))
		return refuse(-ENOMEM, "out of memory for a filter");
	if (result == 0)
		result = seccomp_export_bpf_mem(ctx, bytes, &size);
	if (result < 0) {
		free(bytes);
		return refuse(result, "making a filter: %s", callgate_diagnosis(ctx));
	}
	assert(size && size % 8 == 0);
	*ret_filter = (struct confinement_filter){.bytes = bytes, .size = size, .owned = bytes};
	return 0;
}

int confinement_strict(unsigned allow, struct confinement_filter *ret_filter)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	int result;

	if (!ctx)
		return -ENOMEM;
	result = callgate_strict_rules(ctx, allow);
	if (result == 0)
		result = confinement_compile(ctx, ret_filter);
	seccomp_release(ctx);
	return result;
}

int confinement_borrow(const struct callgate_program *program, struct confinement_filter *ret_filter)
{
	int result = callgate_program_check(program);

	if (result < 0)
		return result;
	*ret_filter = (struct confinement_filter){.bytes = callgate_program_bytes(program),
	                                          .size = 8 * callgate_program_length(program)};
	return 0;
}

void confinement_finish(struct confinement_filter *filter)
{
	assert(!filter->owned || filter->owned == filter->bytes);
	free(filter->owned);
	*filter = (struct confinement_filter){0};
}
