#include "corpus.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include <callgate/diagnosis.h>
#include <callgate/oci.h>

static const struct {
	const char *name;
	uint32_t action;
	unsigned count;
	struct scmp_arg_cmp args[2];
} rules[] = {
    {"read", SCMP_ACT_ALLOW, 0, {{0}}},
    {"write", SCMP_ACT_ALLOW, 0, {{0}}},
    {"exit_group", SCMP_ACT_ALLOW, 0, {{0}}},
    {"ptrace", SCMP_ACT_KILL_PROCESS, 0, {{0}}},
    {"personality", SCMP_ACT_ALLOW, 1, {{0, SCMP_CMP_EQ, 8, 0}}},
    {"personality", SCMP_ACT_ALLOW, 1, {{0, SCMP_CMP_EQ, 0xffffffff, 0}}},
    {"dup3", SCMP_ACT_ALLOW, 1, {{0, SCMP_CMP_LT, 38, 0}}},
    {"dup3", SCMP_ACT_LOG, 1, {{0, SCMP_CMP_GT, 40, 0}}},
    {"unshare", SCMP_ACT_ALLOW, 1, {{0, SCMP_CMP_MASKED_EQ, 0x7e020000, 0}}},
    {"mprotect", SCMP_ACT_ERRNO(13), 1, {{2, SCMP_CMP_MASKED_EQ, 6, 6}}},
    {"lseek", SCMP_ACT_ALLOW, 2, {{1, SCMP_CMP_GE, 0x100000005, 0}, {2, SCMP_CMP_NE, 7, 0}}},
};

scmp_filter_ctx corpus_context(const uint32_t *archs, size_t count, uint32_t default_action)
{
	scmp_filter_ctx ctx = seccomp_init(default_action);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(seccomp_arch_add(ctx, archs[i]), 0);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		int nr = seccomp_syscall_resolve_name(rules[i].name);
		if (rules[i].action == default_action)
			continue;
		ck_assert_int_eq(seccomp_rule_add_array(ctx, rules[i].action, nr, rules[i].count, rules[i].args), 0);
	}
	return ctx;
}

static void compile(struct corpus_entry *entry)
{
	ck_assert_msg(callgate_program_compile(entry->ctx, &entry->program) == 0, "%s: %s", entry->name,
	              callgate_diagnosis(entry->ctx));
}

static scmp_filter_ctx profile_context(const char *path, const uint32_t *archs, size_t count)
{
	struct callgate_profile *profile;
	scmp_filter_ctx ctx;

	ck_assert_int_eq(callgate_profile_new(&profile), 0);
	ck_assert_int_eq(callgate_profile_add_capability(profile, NULL), 0);
	ck_assert_int_eq(callgate_profile_set_kernel(profile, "6.1"), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(callgate_profile_add_arch(profile, archs[i]), 0);
	ck_assert_msg(callgate_profile_read_file(profile, path) == 0, "%s", callgate_profile_diagnosis(profile));
	ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
	callgate_profile_free(profile);
	return ctx;
}

size_t corpus_make(struct corpus_entry entries[CORPUS_MAX])
{
	static const uint32_t three[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32},
	                      big[] = {SCMP_ARCH_S390X, SCMP_ARCH_S390};
	const char *shared = getenv("CALLGATE_SHARED");
	char path[4096];
	size_t count = 0;

	entries[count++] = (struct corpus_entry){"one architecture", SCMP_ARCH_X86_64,
	                                         corpus_context(three, 1, SCMP_ACT_ERRNO(1)), NULL};
	entries[count++] = (struct corpus_entry){"three architectures", SCMP_ARCH_X86_64,
	                                         corpus_context(three, 3, SCMP_ACT_KILL_PROCESS), NULL};
	entries[count++] =
	    (struct corpus_entry){"big-endian", SCMP_ARCH_S390X, corpus_context(big, 1, SCMP_ACT_TRAP), NULL};
	entries[count++] =
	    (struct corpus_entry){"allowing", SCMP_ARCH_X86_64, corpus_context(three, 1, SCMP_ACT_ALLOW), NULL};
	entries[count++] = (struct corpus_entry){
	    "container-default", SCMP_ARCH_S390X,
	    profile_context(SOURCE_ROOT "/examples/profiles/container-default.json", big, 2), NULL};
	snprintf(path, sizeof(path), "%s/policies/moby-default.json", shared ? shared : SOURCE_ROOT "/../shared");
	FILE *file = fopen(path, "r");
	if (file) {
		fclose(file);
		entries[count++] =
		    (struct corpus_entry){"Docker's profile", SCMP_ARCH_X86_64, profile_context(path, three, 1), NULL};
		entries[count++] = (struct corpus_entry){"Docker's, three architectures", SCMP_ARCH_X86_64,
		                                         profile_context(path, three, 3), NULL};
	} else
		printf("without Docker's profile, which is not at %s\n", path);
	for (size_t i = 0; i < count; i++)
		compile(&entries[i]);
	return count;
}

void corpus_free(struct corpus_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		seccomp_release(entries[i].ctx);
		callgate_program_free(entries[i].program);
	}
}
