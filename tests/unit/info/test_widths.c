/*
 * How much of an argument filters look at: the table of what the kernel reads, and no filter that callgate itself makes
 * depends on bits above that.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <callgate/diagnosis.h>
#include <callgate/info.h>
#include <callgate/plugin.h>
#include <callgate/oci.h>
#include <callgate/program.h>
#include <callgate/prove.h>
#include <callgate/strict.h>
#include <callgate/syscall.h>

#include "info/tables.h"
#include "sandbox/confinement.h"
#include "support/simulated.h"

enum { ARGS = 6, DIFFERENCES = 4096, ALLOW_SETS = 32, TEXT = 512 };

static const uint32_t wide_archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, SCMP_ARCH_LOONGARCH64, SCMP_ARCH_MIPSEL64,
                                      SCMP_ARCH_MIPS64, SCMP_ARCH_PPC64LE, SCMP_ARCH_PPC64,       SCMP_ARCH_RISCV64,
                                      SCMP_ARCH_S390X,  SCMP_ARCH_PARISC64};
enum { WIDE_ARCHS = sizeof(wide_archs) / sizeof(wide_archs[0]) };

/* The program as it would be if the upper half of one argument were always zero. */
static struct callgate_program *without_upper_half(const struct callgate_program *program, uint32_t arch, unsigned arg)
{
	bool is_little = arch & __AUDIT_ARCH_LE;
	size_t offset = offsetof(struct seccomp_data, args) + 8 * arg + (is_little ? 4 : 0);
	size_t count = callgate_program_length(program), size = count * sizeof(struct sock_filter);
	const unsigned char load[] = {0x00, BPF_LD | BPF_W | BPF_ABS}, zero[] = {0x00, BPF_LD | BPF_W | BPF_IMM};
	unsigned char *bytes = malloc(size);
	struct callgate_program *changed;

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, callgate_program_bytes(program), size);
	for (unsigned char *insn = bytes; insn < bytes + size; insn += sizeof(struct sock_filter)) {
		unsigned char *low = is_little ? insn : insn + 1, *k = is_little ? insn + 4 : insn + 7;
		if (*low != load[1] || *k != offset)
			continue;
		*low = zero[1];
		*k = 0;
	}
	ck_assert_int_eq(callgate_program_new(bytes, size, arch, &changed), 0);
	free(bytes);
	return changed;
}

/* Is the difference about a call of which the kernel reads no more than the low half of the argument? */
static bool is_unread(const struct callgate_difference *difference, unsigned arg)
{
	uint32_t arch = difference->witness.arch;

	for (uint32_t nr = difference->nr_first; nr <= difference->nr_last; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, (int)nr);
		bool found = name && callgate_argument_bits(arch, name, arg) <= 32;
		free(name);
		if (found || !name)
			return found;
	}
	return false;
}

/* How many calls get a verdict by bits that the kernel does not read. `text` becomes the last of them. */
static size_t count_unread(uint32_t arch, const struct callgate_program *program, char text[TEXT])
{
	size_t found = 0;

	for (unsigned arg = 0; arg < ARGS; arg++) {
		struct callgate_program *changed = without_upper_half(program, arch, arg);
		const struct callgate_program *const first[] = {program}, *const second[] = {changed};
		struct callgate_filter a = {.programs = first, .program_count = 1};
		struct callgate_filter b = {.programs = second, .program_count = 1};
		struct callgate_comparison *comparison;
		ck_assert_int_eq(callgate_compare(&a, &b, DIFFERENCES, &comparison), 0);
		ck_assert_msg(comparison->complete, "%s", callgate_diagnosis(NULL));
		for (size_t i = 0; i < comparison->count; i++)
			if (is_unread(&comparison->differences[i], arg)) {
				found++;
				snprintf(text, TEXT, "argument %u: %s", arg, comparison->differences[i].text);
			}
		callgate_comparison_free(comparison);
		callgate_program_free(changed);
	}
	return found;
}

static size_t count_unread_by(scmp_filter_ctx ctx, uint32_t arch, char text[TEXT])
{
	struct callgate_program *program;

	ck_assert_msg(callgate_program_compile(ctx, &program) == 0, "%s", callgate_diagnosis(ctx));
	size_t found = count_unread(arch, program, text);
	callgate_program_free(program);
	return found;
}

static void check_context(const char *filter, uint32_t arch, scmp_filter_ctx ctx)
{
	char text[TEXT] = "";

	ck_assert_msg(count_unread_by(ctx, arch, text) == 0, "%s compares bits that the kernel does not read: %s",
	              filter, text);
}

static scmp_filter_ctx context_for(uint32_t arch)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, arch), 0);
	return ctx;
}

/* Arguments of every width, calls that differ between architectures, and those that nobody knows. */
START_TEST(the_table)
{
	static const struct {
		uint32_t arch;
		const char *call;
		unsigned arg, bits;
	} facts[] = {
	    {SCMP_ARCH_X86_64, "socket", 0, 32},     {SCMP_ARCH_X86_64, "socketpair", 3, 64},
	    {SCMP_ARCH_X86_64, "bind", 0, 32},       {SCMP_ARCH_X86_64, "bind", 1, 64},
	    {SCMP_ARCH_X86_64, "ioctl", 1, 32},      {SCMP_ARCH_X86_64, "ioctl", 2, 64},
	    {SCMP_ARCH_AARCH64, "fcntl", 1, 32},     {SCMP_ARCH_AARCH64, "fcntl", 2, 64},
	    {SCMP_ARCH_X86_64, "openat", 0, 32},     {SCMP_ARCH_X86_64, "openat", 1, 64},
	    {SCMP_ARCH_X86_64, "openat", 2, 32},     {SCMP_ARCH_X86_64, "openat", 3, 16},
	    {SCMP_ARCH_X86_64, "openat", 4, 0},      {SCMP_ARCH_X86_64, "prctl", 0, 32},
	    {SCMP_ARCH_X86_64, "prctl", 1, 64},      {SCMP_ARCH_X86_64, "mmap", 1, 64},
	    {SCMP_ARCH_X86_64, "mmap", 4, 32},       {SCMP_ARCH_X86_64, "mprotect", 2, 64},
	    {SCMP_ARCH_X86_64, "clone", 0, 32},      {SCMP_ARCH_S390X, "clone", 0, 64},
	    {SCMP_ARCH_S390X, "clone", 1, 32},       {SCMP_ARCH_X86_64, "unshare", 0, 64},
	    {SCMP_ARCH_PPC64, "personality", 0, 32}, {SCMP_ARCH_PPC64, "socketcall", 0, 32},
	    {SCMP_ARCH_X86_64, "nonesuch", 0, 64},   {SCMP_ARCH_X86, "nonesuch", 0, 32},
	    {SCMP_ARCH_X86_64, NULL, 0, 64},         {SCMP_ARCH_X86, "socketpair", 3, 32},
	    {SCMP_ARCH_X86, "openat", 3, 16},        {SCMP_ARCH_X32, "mmap", 1, 32},
	    {SCMP_ARCH_MIPS64N32, "mmap", 1, 32},    {SCMP_ARCH_X86_64, "socket", 6, 0},
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		ck_assert_msg(callgate_argument_bits(facts[i].arch, facts[i].call, facts[i].arg) == facts[i].bits,
		              "fact %zu", i);
	for (size_t i = 0; i < prototype_count; i++)
		ck_assert_msg(seccomp_syscall_resolve_name(prototype_table[i].call) != __NR_SCMP_ERROR, "%s",
		              prototype_table[i].call);
}
END_TEST

/* The check finds what it looks for: each kind of comparison of more than the kernel reads. */
START_TEST(the_check_itself)
{
	static const struct scmp_arg_cmp wide[] = {
	    {0, SCMP_CMP_GT, 5, 0},
	    {0, SCMP_CMP_EQ, 5, 0},
	    {0, SCMP_CMP_NE, 5, 0},
	    {0, SCMP_CMP_LE, 5, 0},
	    {0, SCMP_CMP_MASKED_EQ, UINT64_MAX, 5},
	    {0, SCMP_CMP_MASKED_EQ, UINT64_C(1) << 32, 0},
	};
	char text[TEXT];

	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		scmp_filter_ctx ctx = context_for(wide_archs[_i]);
		ck_assert_int_eq(seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(close), 1, &wide[i]), 0);
		ck_assert_uint_ge(count_unread_by(ctx, wide_archs[_i], text), 1);
		ck_assert_msg(strstr(text, "close("), "%s", text);
		seccomp_release(ctx);
	}
}
END_TEST

START_TEST(what_may_be_compared)
{
	scmp_filter_ctx ctx = context_for(wide_archs[_i]);

	ck_assert_int_eq(
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(close), 1, SCMP_A0_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, 5)),
	    0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, SCMP_A2_64(SCMP_CMP_GT, 5)), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 2,
	                                  SCMP_A0_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, 5), SCMP_A1_64(SCMP_CMP_EQ, 5)),
	                 0);
	check_context("a filter", wide_archs[_i], ctx);
	seccomp_release(ctx);
}
END_TEST

/* Strict mode with everything that may be allowed besides, where it can be had. */
START_TEST(strict_mode)
{
	uint32_t arch = wide_archs[_i];

	for (unsigned allow = 0; allow < ALLOW_SETS; allow++) {
		scmp_filter_ctx ctx = context_for(arch);
		int result = callgate_strict_rules(ctx, allow);
		ck_assert(result == 0 || (result == -EOPNOTSUPP && (allow & CALLGATE_ALLOW_MEMORY)));
		if (result == 0)
			check_context("strict mode", arch, ctx);
		seccomp_release(ctx);
	}
}
END_TEST

static void check_filter(const char *name, const struct confinement_filter *filter)
{
	struct callgate_program *program;
	char text[TEXT] = "";

	if (!filter->bytes)
		return;
	ck_assert_int_eq(callgate_program_new(filter->bytes, filter->size, SCMP_ARCH_NATIVE, &program), 0);
	ck_assert_msg(count_unread(seccomp_arch_native(), program, text) == 0,
	              "the %s filter compares bits that the kernel does not read: %s", name, text);
	callgate_program_free(program);
}

/* The filters of a plugin's process, which are for this machine, with all that may be allowed besides. */
START_TEST(plugins)
{
	for (unsigned allow = 0; allow < ALLOW_SETS; allow++)
		for (int allow_stderr = 0; allow_stderr < 2; allow_stderr++) {
			struct callgate_plugin_options options = {.allow = allow, .allow_stderr = allow_stderr};
			struct plugin_filters filters;
			int result = plugin_filters_make(&options, &filters);
			/* Its mmap() has the arguments in memory. */
			if (allow & CALLGATE_ALLOW_MEMORY && seccomp_arch_native() == SCMP_ARCH_S390X) {
				ck_assert_int_eq(result, -EOPNOTSUPP);
				continue;
			}
			ck_assert_msg(result == 0, "%s", callgate_diagnosis(NULL));
			ck_assert(filters.loading.bytes && filters.serving.bytes);
			check_filter("loading", &filters.loading);
			check_filter("serving", &filters.serving);
			check_filter("supervising", &filters.supervising);
			plugin_filters_finish(&filters);
		}
}
END_TEST

/* Multiplexed calls, each alone, for which the library itself makes a comparison. */
START_TEST(multiplexed_calls)
{
	const char *name;

	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		scmp_filter_ctx ctx = context_for(wide_archs[_i]);
		int nr = seccomp_syscall_resolve_name(name);
		if (nr != seccomp_syscall_resolve_name_rewrite(SCMP_ARCH_X86, name)) {
			ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0), 0);
			check_context(name, wide_archs[_i], ctx);
		}
		seccomp_release(ctx);
	}
}
END_TEST

static void check_profile(const char *path, uint32_t arch, bool all_capabilities)
{
	struct callgate_profile *profile;
	scmp_filter_ctx ctx;

	ck_assert_int_eq(callgate_profile_new(&profile), 0);
	ck_assert_int_eq(callgate_profile_add_arch(profile, arch), 0);
	ck_assert_int_eq(callgate_profile_add_capability(profile, all_capabilities ? "CAP_SYS_ADMIN" : NULL), 0);
	ck_assert_int_eq(callgate_profile_set_kernel(profile, "6.12"), 0);
	ck_assert_int_eq(callgate_profile_read_file(profile, path), 0);
	ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
	check_context(path, arch, ctx);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}

START_TEST(profiles)
{
	static const char *const paths[] = {SOURCE_ROOT "/examples/chmod.json",
	                                    SOURCE_ROOT "/examples/profiles/container-default.json"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		for (int all = 0; all < 2; all++)
			check_profile(paths[i], wide_archs[_i], all);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("widths");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, the_table);
	tcase_add_loop_test(tests, the_check_itself, 0, WIDE_ARCHS);
	tcase_add_loop_test(tests, what_may_be_compared, 0, WIDE_ARCHS);
	tcase_add_loop_test(tests, strict_mode, 0, WIDE_ARCHS);
	if (sizeof(long) == 8)
		tcase_add_test(tests, plugins);
	tcase_add_loop_test(tests, multiplexed_calls, 0, WIDE_ARCHS);
	tcase_add_loop_test(tests, profiles, 0, WIDE_ARCHS);
	return simulated_run(tests);
}
