#include "sandbox/plugin_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/diag.h"
#include "sandbox/rules.h"
#include "sandbox/setup.h"

/* glibc's O_TMPFILE includes O_DIRECTORY, which is harmless alone; this is the rest of it. */
enum { TMPFILE_BIT = O_TMPFILE & ~O_DIRECTORY };
enum { WRITING = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | TMPFILE_BIT };

struct rule {
	int syscall;
	unsigned count;
	struct scmp_arg_cmp args[2];
};

/* What a plugin needs to serve. */
static const struct rule serving_rules[] = {
    {SCMP_SYS(read), 1, {{0, SCMP_CMP_EQ, PLUGIN_REQUEST_FD, 0}}},
    {SCMP_SYS(write), 1, {{0, SCMP_CMP_EQ, PLUGIN_RESPONSE_FD, 0}}},
    {SCMP_SYS(exit), 0, {{0}}},
    {SCMP_SYS(rt_sigreturn), 0, {{0}}},
};

#define NOT_WRITABLE_AND_EXECUTABLE(call, ...)                                                               \
	{SCMP_SYS(call), 2, {{2, SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, 0}, __VA_ARGS__}},              \
	    {SCMP_SYS(call), 2, {{2, SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_WRITE}, __VA_ARGS__}}, \
	{                                                                                                    \
		SCMP_SYS(call), 2,                                                                           \
		{                                                                                            \
			{2, SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_EXEC}, __VA_ARGS__              \
		}                                                                                            \
	}

/*
 * What the dynamic linker needs besides: finding, mapping and relocating objects, memory for its own lists, and one more filter.
 * Files are opened for reading only, mapped privately, and never writable and executable at once. The descriptors of the frame, the
 * lifeline among them, can't be closed.
 */
static const struct rule loading_rules[] = {
    {SCMP_SYS(open), 1, {{1, SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY}}},
    {SCMP_SYS(openat), 1, {{2, SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY}}},
    {SCMP_SYS(read), 1, {{0, SCMP_CMP_GT, PLUGIN_LIFELINE_FD, 0}}},
    {SCMP_SYS(pread64), 0, {{0}}},
    {SCMP_SYS(lseek), 0, {{0}}},
    {SCMP_SYS(_llseek), 0, {{0}}},
    {SCMP_SYS(close), 1, {{0, SCMP_CMP_GT, PLUGIN_LIFELINE_FD, 0}}},
    {SCMP_SYS(fstat), 0, {{0}}},
    {SCMP_SYS(fstat64), 0, {{0}}},
    {SCMP_SYS(stat), 0, {{0}}},
    {SCMP_SYS(stat64), 0, {{0}}},
    {SCMP_SYS(newfstatat), 0, {{0}}},
    {SCMP_SYS(fstatat64), 0, {{0}}},
    {SCMP_SYS(statx), 0, {{0}}},
    NOT_WRITABLE_AND_EXECUTABLE(mmap, {3, SCMP_CMP_MASKED_EQ, MAP_SHARED | MAP_PRIVATE, MAP_PRIVATE}),
    NOT_WRITABLE_AND_EXECUTABLE(mmap2, {3, SCMP_CMP_MASKED_EQ, MAP_SHARED | MAP_PRIVATE, MAP_PRIVATE}),
    {SCMP_SYS(mprotect), 1, {{2, SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, 0}}},
    {SCMP_SYS(mprotect), 1, {{2, SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_WRITE}}},
    {SCMP_SYS(mprotect), 1, {{2, SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_EXEC}}},
    {SCMP_SYS(munmap), 0, {{0}}},
    {SCMP_SYS(mremap), 0, {{0}}},
    {SCMP_SYS(brk), 0, {{0}}},
    {SCMP_SYS(futex), 0, {{0}}},
    {SCMP_SYS(futex_time64), 0, {{0}}},
    {SCMP_SYS(getrandom), 0, {{0}}},
    {SCMP_SYS(exit_group), 0, {{0}}},
    {SCMP_SYS(prctl), 2, {{0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0}, {1, SCMP_CMP_EQ, SECCOMP_MODE_FILTER, 0}}},
};

static const struct rule stderr_rule = {SCMP_SYS(write), 1, {{0, SCMP_CMP_EQ, 2, 0}}};

static int add(scmp_filter_ctx ctx, const struct rule *rules, size_t count)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++)
		result = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rules[i].syscall, rules[i].count,
		                                rules[i].args);
	return result < 0 ? rules_fail(ctx, result, "the plugin's filter") : 0;
}

static int add_names(scmp_filter_ctx ctx, const char *const *names)
{
	for (; names && *names; names++) {
		int number = seccomp_syscall_resolve_name(*names);
		if (number == __NR_SCMP_ERROR)
			return diag_fail(diag_thread(), -EINVAL,
			                 "allow_calls: there is no system call \"%s\"", *names);
		int result = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, number, 0);
		if (result < 0)
			return rules_fail(ctx, result, *names);
	}
	return 0;
}

static int add_all(scmp_filter_ctx ctx, const struct callgate_plugin_options *options, bool loading)
{
	int result = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);

	if (result < 0)
		return rules_fail(ctx, result, "the plugin's filter");
	result = add(ctx, serving_rules, sizeof(serving_rules) / sizeof(serving_rules[0]));
	if (result == 0 && loading)
		result = add(ctx, loading_rules, sizeof(loading_rules) / sizeof(loading_rules[0]));
	if (result == 0 && options->allow_stderr)
		result = add(ctx, &stderr_rule, 1);
	if (result == 0)
		result = rules_allow(ctx, options->allow);
	return result == 0 ? add_names(ctx, options->allow_calls) : result;
}

static int make(const struct callgate_plugin_options *options, bool loading,
                struct confinement_filter *ret_filter)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);

	if (!ctx)
		return -ENOMEM;
	int result = add_all(ctx, options, loading);
	if (result == 0)
		result = confinement_compile(ctx, ret_filter);
	seccomp_release(ctx);
	return result;
}

int plugin_filters_make(const struct callgate_plugin_options *options, struct confinement_filter *ret_loading,
                        struct confinement_filter *ret_serving)
{
	int result = make(options, true, ret_loading);

	if (result == 0 && (result = make(options, false, ret_serving)) < 0)
		confinement_finish(ret_loading);
	return result;
}
