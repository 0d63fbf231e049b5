#include "sandbox/plugin_filter.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <callgate/arch.h>

#include "sandbox/exit_reason.h"
#include "sandbox/plugin_host.h"

/* glibc's O_TMPFILE includes O_DIRECTORY, which is harmless alone; this is the rest of it. */
enum { TMPFILE_BIT = O_TMPFILE & ~O_DIRECTORY };
enum { NOT_READING = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | O_PATH | TMPFILE_BIT };

/* No comparison but one under a mask looks at no more than the kernel reads: the low 32 bits of an int, all bits of a long. */
#define INT_IS(index, value)                                             \
	{                                                                \
		index, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)(value) \
	}
#define BITS(index, mask, value)                       \
	{                                              \
		index, SCMP_CMP_MASKED_EQ, mask, value \
	}

/* What is allowed: a call with each of the groups of its alternatives. */
struct rule {
	int syscall;
	unsigned count;
	struct scmp_arg_cmp args[2];
	int own_fd; /* 1 + the index of an argument that must be a descriptor of the plugin's own; 0: none */
	bool no_fd; /* or -1, where there is none */
};

/* The descriptors from PLUGIN_OWN_FD to PLUGIN_FD_LIMIT - 1, of which `own_fd` speaks, as values under masks. */
static const struct {
	uint32_t mask, value;
} own_fds[] = {
    {UINT32_MAX, 5}, {UINT32_MAX - 1, 6}, {UINT32_MAX - 7, 8}, {UINT32_MAX - 15, 16}, {UINT32_MAX - 31, 32},
};
_Static_assert(PLUGIN_OWN_FD == 5 && PLUGIN_FD_LIMIT == 64, "own_fds must be the same descriptors");

/* What a plugin needs to serve. */
static const struct rule serving_rules[] = {
    {SCMP_SYS(read), 1, {INT_IS(0, PLUGIN_REQUEST_FD)}, 0, false},
    {SCMP_SYS(write), 1, {INT_IS(0, PLUGIN_RESPONSE_FD)}, 0, false},
    {SCMP_SYS(exit), 0, {{0}}, 0, false},
    {SCMP_SYS(rt_sigreturn), 0, {{0}}, 0, false},
};

#define NEVER_WRITABLE_AND_EXECUTABLE(call, count, second, ...)                                          \
	{SCMP_SYS(call), count, {BITS(2, PROT_WRITE | PROT_EXEC, 0), second}, __VA_ARGS__},              \
	    {SCMP_SYS(call), count, {BITS(2, PROT_WRITE | PROT_EXEC, PROT_WRITE), second}, __VA_ARGS__}, \
	{                                                                                                \
		SCMP_SYS(call), count, {BITS(2, PROT_WRITE | PROT_EXEC, PROT_EXEC), second}, __VA_ARGS__ \
	}

#define PRIVATE_MAPPING                                                      \
	{                                                                    \
		3, SCMP_CMP_MASKED_EQ, MAP_SHARED | MAP_PRIVATE, MAP_PRIVATE \
	}

/*
 * What the dynamic linker needs besides: finding, mapping and relocating objects, memory for its own lists, and one more filter.
 * Files are opened for reading only, mapped privately, and never writable and executable at once. The descriptors that the process
 * began with can't be read, mapped, moved in or closed; standard error may be a file of the host's.
 */
static const struct rule loading_rules[] = {
    {SCMP_SYS(open), 1, {BITS(1, NOT_READING, O_RDONLY)}, 0, false},
    {SCMP_SYS(openat), 1, {BITS(2, NOT_READING, O_RDONLY)}, 0, false},
    {SCMP_SYS(read), 0, {{0}}, 1, false},
    {SCMP_SYS(pread64), 0, {{0}}, 1, false},
    {SCMP_SYS(lseek), 0, {{0}}, 1, false},
    {SCMP_SYS(_llseek), 0, {{0}}, 1, false},
    {SCMP_SYS(close), 0, {{0}}, 1, false},
    {SCMP_SYS(fstat), 0, {{0}}, 0, false},
    {SCMP_SYS(fstat64), 0, {{0}}, 0, false},
    {SCMP_SYS(stat), 0, {{0}}, 0, false},
    {SCMP_SYS(stat64), 0, {{0}}, 0, false},
    {SCMP_SYS(newfstatat), 0, {{0}}, 0, false},
    {SCMP_SYS(fstatat64), 0, {{0}}, 0, false},
    {SCMP_SYS(statx), 0, {{0}}, 0, false},
    NEVER_WRITABLE_AND_EXECUTABLE(mmap, 2, PRIVATE_MAPPING, 5, true),
    NEVER_WRITABLE_AND_EXECUTABLE(mmap2, 2, PRIVATE_MAPPING, 5, true),
    NEVER_WRITABLE_AND_EXECUTABLE(mprotect, 1, {0}, 0, false),
    {SCMP_SYS(munmap), 0, {{0}}, 0, false},
    {SCMP_SYS(mremap), 0, {{0}}, 0, false},
    {SCMP_SYS(brk), 0, {{0}}, 0, false},
    {SCMP_SYS(futex), 0, {{0}}, 0, false},
    {SCMP_SYS(futex_time64), 0, {{0}}, 0, false},
    {SCMP_SYS(getrandom), 0, {{0}}, 0, false},
    {SCMP_SYS(exit_group), 0, {{0}}, 0, false},
    {SCMP_SYS(prctl), 2, {INT_IS(0, PR_SET_SECCOMP), {1, SCMP_CMP_EQ, SECCOMP_MODE_FILTER, 0}}, 0, false},
    {SCMP_SYS(prctl), 1, {INT_IS(0, PR_GET_DUMPABLE)}, 0, false},
    {SCMP_SYS(prctl), 2, {INT_IS(0, PR_SET_DUMPABLE), {1, SCMP_CMP_EQ, 0, 0}}, 0, false},
};

static const struct rule stderr_rule = {SCMP_SYS(write), 1, {INT_IS(0, 2)}, 0, false};

static int add_alternative(scmp_filter_ctx ctx, const struct rule *rule, uint32_t mask, uint32_t value)
{
	struct scmp_arg_cmp args[3] = {rule->args[0], rule->args[1]};

	assert(rule->count <= 2 && rule->own_fd >= 1 && rule->own_fd <= 6 && (value & ~mask) == 0);
	args[rule->count] = (struct scmp_arg_cmp)BITS((unsigned)rule->own_fd - 1, mask, value);
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rule->syscall, rule->count + 1, args);
}

static int add_rule(scmp_filter_ctx ctx, const struct rule *rule)
{
	enum callgate_arch_mmap mmap_kind = callgate_arch_find(SCMP_ARCH_NATIVE)->mmap;
	int result = 0;

	/* Where mmap takes a pointer to its arguments, a rule can't look at them: mmap2 is used, or there is none. */
	if (rule->syscall == SCMP_SYS(mmap) && mmap_kind == CALLGATE_ARCH_MMAP_ONLY_MMAP2)
		return 0;
	if (rule->syscall == SCMP_SYS(mmap) && mmap_kind == CALLGATE_ARCH_MMAP_IN_MEMORY)
		return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, rule->syscall, 0);
	if (!rule->own_fd)
		return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rule->syscall, rule->count, rule->args);
	for (size_t i = 0; result == 0 && i < sizeof(own_fds) / sizeof(own_fds[0]); i++)
		result = add_alternative(ctx, rule, own_fds[i].mask, own_fds[i].value);
	if (result == 0 && rule->no_fd)
		result = add_alternative(ctx, rule, UINT32_MAX, UINT32_MAX);
	return result;
}

static int add(scmp_filter_ctx ctx, const struct rule *rules, size_t count)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++)
		result = add_rule(ctx, &rules[i]);
	return result < 0 ? confinement_fail(ctx, result, "the plugin's filter") : 0;
}

static int add_names(scmp_filter_ctx ctx, const char *const *names)
{
	for (; names && *names; names++) {
		int number = seccomp_syscall_resolve_name(*names);
		if (number == __NR_SCMP_ERROR)
			return refuse(-EINVAL, "allow_calls: there is no system call \"%s\"", *names);
		int result = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, number, 0);
		if (result < 0)
			return confinement_fail(ctx, result, *names);
	}
	return 0;
}

static int add_all(scmp_filter_ctx ctx, const struct callgate_plugin_options *options, bool loading)
{
	int result = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);

	if (result < 0)
		return confinement_fail(ctx, result, "the plugin's filter");
	result = add(ctx, serving_rules, sizeof(serving_rules) / sizeof(serving_rules[0]));
	if (result == 0 && loading)
		result = add(ctx, loading_rules, sizeof(loading_rules) / sizeof(loading_rules[0]));
	if (result == 0 && options->allow_stderr)
		result = add(ctx, &stderr_rule, 1);
	if (result == 0)
		result = confinement_allow(ctx, options->allow);
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

/* Without it the host can't open files for the plugin, and where Landlock limits them nobody will ask for it. */
static int make_supervising(struct confinement_filter *ret_filter)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (!ctx)
		return -ENOMEM;
	int result = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
	if (result == 0)
		result = seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(open), 0);
	if (result == 0)
		result = seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(openat), 0);
	if (result == 0)
		result = confinement_compile(ctx, ret_filter);
	seccomp_release(ctx);
	return result == -ENOMEM ? refuse(result, "plugin: out of memory") : 0;
}

bool plugin_filters_free_files(const struct callgate_plugin_options *options)
{
	static const char *const opening[] = {"open",   "openat",  "openat2", "open_by_handle_at",
	                                      "execve", "execveat"};

	for (const char *const *name = options->allow_calls; name && *name; name++)
		for (size_t i = 0; i < sizeof(opening) / sizeof(opening[0]); i++)
			if (strcmp(*name, opening[i]) == 0)
				return true;
	return false;
}

/* Do these calls open files, or make others open them, in ways that a notification of open() and openat() does not see? */
static bool needs_landlock(const struct callgate_plugin_options *options)
{
	static const char *const calls[] = {"io_uring_setup",
	                                    "io_uring_enter",
	                                    "io_uring_register",
	                                    "ptrace",
	                                    "process_vm_readv",
	                                    "pidfd_getfd",
	                                    "open_tree",
	                                    "mount",
	                                    "move_mount",
	                                    "fsmount",
	                                    "chroot",
	                                    "pivot_root",
	                                    "setns",
	                                    "unshare",
	                                    "process_vm_writev"};

	for (const char *const *name = options->allow_calls; name && *name; name++)
		for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
			if (strcmp(*name, calls[i]) == 0)
				return true;
	return false;
}

int plugin_filters_make(const struct callgate_plugin_options *options, struct plugin_filters *ret_filters)
{
	struct plugin_filters filters = {0};
	int result = make(options, true, &filters.loading);

	if (result == 0)
		result = make(options, false, &filters.serving);
	if (result == 0 && !plugin_filters_free_files(options) && !needs_landlock(options))
		result = make_supervising(&filters.supervising);
	if (result < 0)
		plugin_filters_finish(&filters);
	else
		*ret_filters = filters;
	return result;
}

void plugin_filters_finish(struct plugin_filters *filters)
{
	confinement_finish(&filters->loading);
	confinement_finish(&filters->serving);
	confinement_finish(&filters->supervising);
}
