/* Reading a profile and asking the filter it becomes; for the tests of this folder. */
#ifndef CALLGATE_TESTS_OCI_READING_H
#define CALLGATE_TESTS_OCI_READING_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/oci.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#define ERRNO(n) SCMP_ACT_ERRNO(n)
#define ALLOW    SCMP_ACT_ALLOW

/* A profile with its environment: no capabilities, Linux 6.1, no ENOSYS, unless changed before read(). */
static inline struct callgate_profile *new_profile(void)
{
	struct callgate_profile *profile;

	ck_assert_int_eq(callgate_profile_new(&profile), 0);
	ck_assert_int_eq(callgate_profile_add_capability(profile, NULL), 0);
	ck_assert_int_eq(callgate_profile_set_kernel(profile, "6.1"), 0);
	ck_assert_int_eq(
	    callgate_profile_set_option(profile, CALLGATE_PROFILE_UNKNOWN_CALLS, CALLGATE_UNKNOWN_CALLS_DEFAULT), 0);
	return profile;
}

static inline scmp_filter_ctx read_profile(struct callgate_profile *profile, const char *text)
{
	scmp_filter_ctx ctx;
	int result = callgate_profile_read_memory(profile, text, strlen(text), "p.json");

	ck_assert_msg(result == 0, "%s", callgate_profile_diagnosis(profile));
	ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
	return ctx;
}

static inline uint32_t ask_number(scmp_filter_ctx ctx, uint32_t arch, int nr, uint64_t a0, uint64_t a1)
{
	struct callgate_call call = {.arch = arch, .nr = nr, .args = {a0, a1}};
	struct callgate_verdict verdict;

	ck_assert_msg(callgate_simulate(ctx, &call, &verdict) == 0, "%s", "simulate");
	return verdict.action;
}

static inline uint32_t ask(scmp_filter_ctx ctx, uint32_t arch, const char *name, uint64_t a0, uint64_t a1)
{
	int nr = callgate_syscall_number(arch, name);

	ck_assert_msg(nr >= 0, "%s", name);
	return ask_number(ctx, arch, nr, a0, a1);
}

static inline bool is_warned(const struct callgate_profile *profile, unsigned int line, unsigned int column,
                             const char *words)
{
	const struct callgate_profile_message *message;

	for (size_t i = 0; (message = callgate_profile_message(profile, i)); i++)
		if (message->line == line && message->column == column && strstr(message->text, words))
			return message->severity == CALLGATE_SEVERITY_WARNING;
	return false;
}

/* An entry for read with one condition on its first argument, and one with a selector. */
#define ONE(op, value)                                                                                \
	"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":" value \
	",\"op\":\"SCMP_CMP_" op "\"}]}"
#define IF(selectors) "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"," selectors "}"

#endif
