/* Strict mode's calls as rules, the filters of a plugin's process as tables, and filters as bytes. */
#include "sandbox/confinement.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>
#include <callgate/strict.h>

#include "sandbox/exit_reason.h"
#include "sandbox/plugin_host.h"

enum {
	ALLOW_ALL = CALLGATE_ALLOW_EXIT_GROUP | CALLGATE_ALLOW_CLOCK | CALLGATE_ALLOW_FUTEX | CALLGATE_ALLOW_MEMORY |
	            CALLGATE_ALLOW_RANDOM
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
 * Has the context an architecture whose mmap takes a pointer to its arguments? With `or_mmap2`, also one that has a
 * mmap2 which does not.
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

static int allow_anonymous_memory(scmp_filter_ctx ctx, int syscall)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, syscall, 2, SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	                        SCMP_A3_32(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
}

static int fail(scmp_filter_ctx ctx, int result, const char *what)
{
	return refuse(result, "%s: %s", what, callgate_diagnosis(ctx));
}

static int allow_more(scmp_filter_ctx ctx, unsigned allow)
{
	/*
	 * A rule for mmap is for all architectures of a context: beside one that needs it there can be none that hides
	 * its arguments.
	 */
	bool needs_mmap = seccomp_arch_exist(ctx, SCMP_ARCH_NATIVE) == 0 &&
	                  callgate_arch_find(SCMP_ARCH_NATIVE)->mmap == CALLGATE_ARCH_MMAP_DIRECT;
	int result = 0;

	if (allow & ~(unsigned)ALLOW_ALL)
		return refuse(-EINVAL, "strict rules: unknown CALLGATE_ALLOW_ bits 0x%x", allow & ~(unsigned)ALLOW_ALL);
	if ((allow & CALLGATE_ALLOW_MEMORY) && hides_mmap(ctx, needs_mmap))
		return refuse(-EOPNOTSUPP,
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
	return result < 0 ? fail(ctx, result, "strict rules") : 0;
}

static int allow_each(scmp_filter_ctx ctx, const int *calls, size_t count, const char *what)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++)
		result = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	return result < 0 ? fail(ctx, result, what) : 0;
}

int callgate_strict_rules(scmp_filter_ctx ctx, unsigned allow)
{
	int result = seccomp_transaction_start(ctx);

	if (result < 0)
		return fail(ctx, result, "strict rules");
	result = allow_each(ctx, strict_calls, sizeof(strict_calls) / sizeof(strict_calls[0]), "strict rules");
	if (result == 0)
		result = allow_more(ctx, allow);
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

/* Adds to a context what `argument` says. 0, or -errno with the thread's diagnosis. */
typedef int fill_function(scmp_filter_ctx ctx, const void *argument);

static int compile(scmp_filter_ctx ctx, struct confinement_filter *ret_filter)
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
		return fail(ctx, result, "making a filter");
	}
	assert(size && size % 8 == 0);
	*ret_filter = (struct confinement_filter){.bytes = bytes, .size = size, .owned = bytes};
	return 0;
}

static int make(uint32_t action, fill_function *fill, const void *argument, struct confinement_filter *ret_filter)
{
	scmp_filter_ctx ctx = seccomp_init(action);

	if (!ctx)
		return -ENOMEM;
	int result = fill(ctx, argument);
	if (result == 0)
		result = compile(ctx, ret_filter);
	seccomp_release(ctx);
	return result;
}

static int fill_strict(scmp_filter_ctx ctx, const void *allow)
{
	return callgate_strict_rules(ctx, *(const unsigned *)allow);
}

int confinement_strict(unsigned allow, struct confinement_filter *ret_filter)
{
	return make(SCMP_ACT_TRAP, fill_strict, &allow, ret_filter);
}

void confinement_finish(struct confinement_filter *filter)
{
	assert(!filter->owned || filter->owned == filter->bytes);
	free(filter->owned);
	*filter = (struct confinement_filter){0};
}

/* ---- a plugin's filters ---- */

/* glibc's O_TMPFILE includes O_DIRECTORY, which is harmless alone; this is the rest of it. */
enum { TMPFILE_BIT = O_TMPFILE & ~O_DIRECTORY };
enum { NOT_READING = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | O_PATH | TMPFILE_BIT };

/*
 * No comparison but one under a mask looks at no more than the kernel reads: the low 32 bits of an int, all bits of a
 * long.
 */
#define BITS(index, mask, value)                       \
	{                                              \
		index, SCMP_CMP_MASKED_EQ, mask, value \
	}
#define INT_IS(index, value) BITS(index, UINT32_MAX, (uint32_t)(value))

/* What is allowed: a call with each combination of its alternatives. */
struct rule {
	int syscall;
	unsigned count;
	struct scmp_arg_cmp args[2];
	int own_fd;      /* 1 + the index of an argument that must be a descriptor of the plugin's own; 0: none */
	bool no_fd;      /* or -1, where there is none */
	bool is_mapping; /* argument 2 is never PROT_WRITE and PROT_EXEC at once */
};

/*
 * The descriptors from PLUGIN_OWN_FD to PLUGIN_FD_LIMIT - 1, of which `own_fd` speaks, as values under masks; then
 * none, -1.
 */
static const struct {
	uint32_t mask, value;
} own_fds[] = {
    {UINT32_MAX, 5},       {UINT32_MAX - 1, 6},   {UINT32_MAX - 7, 8},
    {UINT32_MAX - 15, 16}, {UINT32_MAX - 31, 32}, {UINT32_MAX, UINT32_MAX},
};
_Static_assert(PLUGIN_OWN_FD == 5 && PLUGIN_FD_LIMIT == 64, "own_fds must be the same descriptors");
static const uint32_t protections[] = {0, PROT_WRITE, PROT_EXEC};

/* What a plugin needs to serve. */
static const struct rule serving_rules[] = {
    {SCMP_SYS(read), 1, {INT_IS(0, PLUGIN_REQUEST_FD)}},
    {SCMP_SYS(write), 1, {INT_IS(0, PLUGIN_RESPONSE_FD)}},
    {SCMP_SYS(exit)},
    {SCMP_SYS(rt_sigreturn)},
};

/*
 * What the dynamic linker needs besides: finding, mapping and relocating objects, memory for its own lists, and one
 * more filter. Files are opened for reading only, mapped privately, and never writable and executable at once. The
 * descriptors that the process began with can't be read, mapped, moved in or closed; standard error may be a file of
 * the host's.
 */
static const struct rule loading_rules[] = {
    {SCMP_SYS(open), 1, {BITS(1, NOT_READING, O_RDONLY)}},
    {SCMP_SYS(openat), 1, {BITS(2, NOT_READING, O_RDONLY)}},
    {SCMP_SYS(read), 0, {{0}}, 1},
    {SCMP_SYS(pread64), 0, {{0}}, 1},
    {SCMP_SYS(lseek), 0, {{0}}, 1},
    {SCMP_SYS(_llseek), 0, {{0}}, 1},
    {SCMP_SYS(close), 0, {{0}}, 1},
    {SCMP_SYS(mmap), 1, {BITS(3, MAP_SHARED | MAP_PRIVATE, MAP_PRIVATE)}, 5, true, true},
    {SCMP_SYS(mmap2), 1, {BITS(3, MAP_SHARED | MAP_PRIVATE, MAP_PRIVATE)}, 5, true, true},
    {SCMP_SYS(mprotect), 0, {{0}}, 0, false, true},
    {SCMP_SYS(prctl), 2, {INT_IS(0, PR_SET_SECCOMP), {1, SCMP_CMP_EQ, SECCOMP_MODE_FILTER, 0}}},
    {SCMP_SYS(prctl), 1, {INT_IS(0, PR_GET_DUMPABLE)}},
    /* 0, and 2, which the kernel never grants and child_hide_memory() asks for. */
    {SCMP_SYS(prctl), 2, {INT_IS(0, PR_SET_DUMPABLE), BITS(1, ~UINT64_C(2), 0)}},
};

static const int loading_calls[] = {SCMP_SYS(fstat),      SCMP_SYS(fstat64),   SCMP_SYS(stat),  SCMP_SYS(stat64),
                                    SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(munmap),
                                    SCMP_SYS(mremap),     SCMP_SYS(brk),       SCMP_SYS(futex), SCMP_SYS(futex_time64),
                                    SCMP_SYS(getrandom),  SCMP_SYS(exit_group)};

static const struct rule stderr_rule = {SCMP_SYS(write), 1, {INT_IS(0, 2)}, 0, false};

static int add_rule(scmp_filter_ctx ctx, const struct rule *rule)
{
	enum callgate_arch_mmap mmap_kind = callgate_arch_find(SCMP_ARCH_NATIVE)->mmap;
	size_t fds = rule->own_fd ? sizeof(own_fds) / sizeof(own_fds[0]) - !rule->no_fd : 1;
	size_t count = fds * (rule->is_mapping ? sizeof(protections) / sizeof(protections[0]) : 1);
	int result = 0;

	assert(rule->count <= 2 && rule->own_fd >= 0 && rule->own_fd <= 6);
	/* Where mmap takes a pointer to its arguments, a rule can't look at them: mmap2 is used, or there is none. */
	if (rule->syscall == SCMP_SYS(mmap) && mmap_kind == CALLGATE_ARCH_MMAP_ONLY_MMAP2)
		return 0;
	if (rule->syscall == SCMP_SYS(mmap) && mmap_kind == CALLGATE_ARCH_MMAP_IN_MEMORY)
		return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, rule->syscall, 0);
	for (size_t i = 0; result == 0 && i < count; i++) {
		struct scmp_arg_cmp args[4] = {rule->args[0], rule->args[1]};
		unsigned used = rule->count;
		if (rule->own_fd)
			args[used++] = (struct scmp_arg_cmp)BITS((unsigned)rule->own_fd - 1, own_fds[i % fds].mask,
			                                         own_fds[i % fds].value);
		if (rule->is_mapping)
			args[used++] = (struct scmp_arg_cmp)BITS(2, PROT_WRITE | PROT_EXEC, protections[i / fds]);
		result = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rule->syscall, used, args);
	}
	return result;
}

static int add(scmp_filter_ctx ctx, const struct rule *rules, size_t count)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++)
		result = add_rule(ctx, &rules[i]);
	return result < 0 ? fail(ctx, result, "the plugin's filter") : 0;
}

/* ---- calls that are allowed by name ---- */

/* What a call can do, with arguments that nobody checks, that the filters beside it would not let pass. */
enum power {
	OPENS_FILES = 1,    /* any file, or executes it */
	REACHES_FILES = 2,  /* or memory, in ways that a notification of open() and openat() does not see */
	MAKES_PROCESSES = 4 /* which nothing ends when the plugin does */
};

static const struct {
	enum power power;
	const char *calls[16]; /* NULL at the end */
} powers[] = {
    {OPENS_FILES, {"open", "openat", "openat2", "open_by_handle_at", "execve", "execveat"}},
    {REACHES_FILES,
     {"io_uring_setup", "io_uring_enter", "io_uring_register", "ptrace", "process_vm_readv", "process_vm_writev",
      "pidfd_getfd", "open_tree", "mount", "move_mount", "fsmount", "chroot", "pivot_root", "setns", "unshare"}},
    {MAKES_PROCESSES, {"fork", "vfork", "clone", "clone3"}},
};

static unsigned powers_of(const char *name)
{
	unsigned found = 0;

	for (size_t i = 0; i < sizeof(powers) / sizeof(powers[0]); i++)
		for (const char *const *call = powers[i].calls; *call; call++)
			found |= strcmp(*call, name) == 0 ? powers[i].power : 0;
	return found;
}

/* All that the names of the options can do together. Names that are unknown, or not to be allowed, are refused. */
static int take_names(const struct callgate_plugin_options *options, unsigned *ret_powers)
{
	*ret_powers = 0;
	for (const char *const *name = options->allow_calls; name && *name; name++) {
		if (seccomp_syscall_resolve_name(*name) == __NR_SCMP_ERROR)
			return refuse(-EINVAL, "allow_calls: there is no system call \"%s\"", *name);
		*ret_powers |= powers_of(*name);
		if (*ret_powers & MAKES_PROCESSES)
			return refuse(-EINVAL,
			              "allow_calls: %s: a plugin makes no processes or threads, which "
			              "could outlive it",
			              *name);
	}
	return 0;
}

static int add_names(scmp_filter_ctx ctx, const char *const *names)
{
	for (; names && *names; names++) {
		int result = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(*names), 0);
		if (result < 0)
			return fail(ctx, result, *names);
	}
	return 0;
}

/* ---- the three filters ---- */

static int fill_serving(scmp_filter_ctx ctx, const void *argument)
{
	const struct callgate_plugin_options *options = argument;
	int result = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);

	if (result < 0)
		return fail(ctx, result, "the plugin's filter");
	result = add(ctx, serving_rules, sizeof(serving_rules) / sizeof(serving_rules[0]));
	if (result == 0 && options->allow_stderr)
		result = add(ctx, &stderr_rule, 1);
	if (result == 0)
		result = allow_more(ctx, options->allow);
	return result == 0 ? add_names(ctx, options->allow_calls) : result;
}

static int fill_loading(scmp_filter_ctx ctx, const void *options)
{
	int result = fill_serving(ctx, options);

	if (result == 0)
		result = add(ctx, loading_rules, sizeof(loading_rules) / sizeof(loading_rules[0]));
	return result == 0 ? allow_each(ctx, loading_calls, sizeof(loading_calls) / sizeof(loading_calls[0]),
	                                "the plugin's filter")
	                   : result;
}

static int fill_supervising(scmp_filter_ctx ctx, const void *unused)
{
	int result = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);

	(void)unused;
	if (result == 0)
		result = seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(open), 0);
	return result == 0 ? seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(openat), 0) : result;
}

int plugin_filters_make(const struct callgate_plugin_options *options, struct plugin_filters *ret_filters)
{
	struct plugin_filters filters = {0};
	unsigned found;
	int result = take_names(options, &found);

	if (result == 0)
		result = make(SCMP_ACT_TRAP, fill_loading, options, &filters.loading);
	if (result == 0)
		result = make(SCMP_ACT_TRAP, fill_serving, options, &filters.serving);
	/* Where the library can't make this one, and Landlock limits files, nobody will ask for it. */
	if (result == 0 && !found && make(SCMP_ACT_ALLOW, fill_supervising, NULL, &filters.supervising) == -ENOMEM)
		result = refuse(-ENOMEM, "plugin: out of memory");
	filters.limits_files = !(found & OPENS_FILES);
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
