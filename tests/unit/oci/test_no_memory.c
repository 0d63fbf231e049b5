/*
 * Whichever allocation fails: -ENOMEM, never a filter that is not the profile's, nothing leaks, and other profiles are
 * fine.
 */
#include "reading.h"
#include "support/simulated.h"
#include "support/allocations.h"

/* Something of everything, with mistakes that are warned of. */
static const char good[] =
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSYS\",\"flags\":[\"SECCOMP_FILTER_FLAG_"
    "LOG\"],"
    "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]}],"
    "\"listenerPath\":\"/l\",\"listenerMetadata\":\"m\",\"syscalls\":["
    "{\"names\":[\"read\",\"raed\",\"ipc\"],\"action\":\"SCMP_ACT_ALLOW\",\"comment\":\"\\u00e9\"},"
    "{\"name\":\"mount\",\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":7,\"includes\":{\"caps\":[\"CAP_NO\"]}},"
    "{\"names\":[\"write\"],\"action\":\"SCMP_ACT_TRAP\",\"excludes\":{\"arches\":[\"vax\"],\"minKernel\":"
    "\"9.0\"},"
    "\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_GE\"},{\"index\":0,\"value\":9,\"op\":\"SCMP_CMP_"
    "LE\"}]},"
    "{\"names\":[\"socket\",\"bind\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
    "{\"index\":0,\"value\":1,\"valueTwo\":1,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}";

static const char bad[] = "{\"defaultAction\":\"SCMP_ACT_ALOW\",\"x\":1,\"syscalls\":[{\"names\":[\"read\",5],"
                          "\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":-1}]}";

static struct callgate_profile *profile_or_null(void)
{
	struct callgate_profile *profile = NULL;
	int result = callgate_profile_new(&profile);

	if (result == 0 && ((result = callgate_profile_add_capability(profile, NULL)) < 0 ||
	                    (result = callgate_profile_set_kernel(profile, "6.1")) < 0 ||
	                    (result = callgate_profile_add_arch(profile, SCMP_ARCH_X86_64)) < 0 ||
	                    (result = callgate_profile_add_arch(profile, SCMP_ARCH_X86)) < 0)) {
		callgate_profile_free(profile);
		profile = NULL;
	}
	return profile;
}

static int read_text(struct callgate_profile *profile, const char *text)
{
	return profile ? callgate_profile_read_memory(profile, text, strlen(text), "p.json") : -ENOMEM;
}

/* What is taken although an allocation failed is the whole profile. */
static void check_taken(struct callgate_profile *profile, const char *resolved)
{
	scmp_filter_ctx ctx = NULL;
	char *text = NULL;

	ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
	ck_assert_int_eq(callgate_profile_resolve(profile, &text), 0);
	ck_assert_str_eq(text, resolved);
	free(text);
	seccomp_release(ctx);
}

static void check_refused(struct callgate_profile *profile)
{
	scmp_filter_ctx ctx = NULL;

	ck_assert(!profile || *callgate_profile_diagnosis(profile));
	ck_assert_int_eq(callgate_profile_context(profile, &ctx), -EINVAL);
	ck_assert_ptr_null(ctx);
}

/* One allocation after the other fails while a profile is made and read. */
static void fail_reading(const char *text, const char *resolved)
{
	long allocation = 0, live_before;

	do {
		live_before = live;
		start_failing(allocation++);
		struct callgate_profile *profile = profile_or_null();
		int result = read_text(profile, text);
		fail_at = -1;
		/* Some allocations only serve speed. */
		ck_assert_msg(result == (resolved ? 0 : -EINVAL) || (failed && result == -ENOMEM), "allocation %ld: %d",
		              allocation - 1, result);
		if (result == 0)
			check_taken(profile, resolved);
		else
			check_refused(profile);
		callgate_profile_free(profile);
		ck_assert_msg(live == live_before, "allocation %ld leaks %ld", allocation - 1, live - live_before);
	} while (failed);
	ck_assert_int_gt(allocation, 5);
}

START_TEST(reading)
{
	struct callgate_profile *profile = profile_or_null();
	char *resolved;

	ck_assert_int_eq(read_text(profile, good), 0);
	ck_assert_int_eq(callgate_profile_resolve(profile, &resolved), 0);
	callgate_profile_free(profile);
	fail_reading(good, resolved);
	fail_reading(bad, NULL);
	fail_reading("{", NULL);
	free(resolved);
}
END_TEST

/* The assertions allocate: what a question answers is only judged when nothing fails any more. */
static bool is_consistent;

static int context(struct callgate_profile *profile)
{
	scmp_filter_ctx ctx = NULL;
	int result = callgate_profile_context(profile, &ctx);

	is_consistent = (result == 0) == (ctx != NULL);
	seccomp_release(ctx);
	return result;
}

static int program(struct callgate_profile *profile)
{
	struct callgate_program *made = NULL;
	int result = callgate_profile_program(profile, &made);

	is_consistent = (result == 0) == (made != NULL);
	callgate_program_free(made);
	return result;
}

static int text_of(struct callgate_profile *profile, int (*write)(struct callgate_profile *, char **))
{
	char *text = NULL;
	int result = write(profile, &text);

	is_consistent = (result == 0) == (text != NULL);
	free(text);
	return result;
}

static int resolve(struct callgate_profile *profile)
{
	return text_of(profile, callgate_profile_resolve);
}

static int describe(struct callgate_profile *profile)
{
	return text_of(profile, callgate_profile_describe);
}

START_TEST(answering)
{
	static int (*const questions[])(struct callgate_profile * profile) = {context, program, resolve, describe};
	struct callgate_profile *profile = profile_or_null();
	long allocation = 0, live_before;
	int result;

	ck_assert_int_eq(read_text(profile, good), 0);
	do {
		live_before = live;
		start_failing(allocation++);
		result = questions[_i](profile);
		fail_at = -1;
		/* Some allocations only serve speed. */
		ck_assert_msg(result == 0 || (failed && result == -ENOMEM), "allocation %ld: %d", allocation - 1,
		              result);
		ck_assert(is_consistent && (result == 0 || *callgate_profile_diagnosis(profile)));
		ck_assert_msg(live == live_before, "allocation %ld leaks %ld", allocation - 1, live - live_before);
	} while (failed);
	ck_assert_int_eq(questions[_i](profile), 0);
	callgate_profile_free(profile);
}
END_TEST

/* Names, numbers, sets and warnings; and mistakes, which are words or -ENOMEM. */
static const char *const policies[] = {
    ("default EPERM\n41(AF_UNIX|AF_INET), 0x167(!= AF_UNIX|AF_INET) -> ALLOW\nuse @file-read\n"
     "socket({AF_UNIX, 5}, *, * & 3 == 1) -> NOTIFY\nread -> EACCES\n"),
    "default EPERM\n41(AF_UNIX|3) -> ALLOW\n",
    "default EPERM\ndefault EACCES\nkernel >= 5.10\nkernel >= 5.4\nuse @file-read@\nread(x) -> NOTHING\n",
};

START_TEST(reading_policies)
{
	long allocation = 0;

	do {
		long live_before = live;
		start_failing(allocation);
		struct callgate_profile *profile = profile_or_null();
		int result = read_text(profile, policies[_i]);
		fail_at = -1;
		ck_assert_msg(result == (_i == 0 ? 0 : -EINVAL) || (failed && result == -ENOMEM), "allocation %ld: %d",
		              allocation, result);
		ck_assert(result == 0 || !profile || *callgate_profile_diagnosis(profile));
		callgate_profile_free(profile);
		ck_assert_msg(live == live_before, "allocation %ld leaks %ld", allocation, live - live_before);
		allocation += 1 + allocation / 64;
	} while (failed);
	ck_assert_int_gt(allocation, 5);
}
END_TEST

/* As long as it takes to fail at each allocation is too long: the steps grow. */
START_TEST(converting)
{
	static const enum callgate_profile_form forms[] = {CALLGATE_PROFILE_FORM_JSON, CALLGATE_PROFILE_FORM_POLICY};
	static const char text[] = "default EPERM\narch x86_64\nread, write(3), socket({1, 2}) -> ALLOW\n"
	                           "openat(*, *, * & 3 != 0) -> EACCES\n";
	long allocation = 1;
	bool done = false;

	for (; !done; allocation += 1 + allocation / 16) {
		char *converted = NULL;
		long live_before = live;
		struct callgate_profile *profile = new_profile();
		ck_assert_int_eq(callgate_profile_read_memory(profile, text, strlen(text), "p"), 0);
		start_failing(allocation);
		int result = callgate_profile_convert(profile, forms[_i], NULL, &converted);
		fail_at = -1;
		done = !failed;
		ck_assert_msg(result == 0 || (failed && result == -ENOMEM), "allocation %ld: %d: %s", allocation,
		              result, callgate_profile_diagnosis(profile));
		ck_assert((result == 0) == (converted != NULL));
		ck_assert(result == 0 || *callgate_profile_diagnosis(profile));
		/* Whom the JSON is for is said, or there is none. */
		ck_assert(callgate_profile_message_count(profile) == (result == 0 && _i == 0));
		free(converted);
		callgate_profile_free(profile);
		ck_assert_msg(live == live_before, "allocation %ld leaks %ld", allocation, live - live_before);
	}
}
END_TEST

/* The messages are all there or none of them is. */
START_TEST(reviewing)
{
	size_t before, after = 0;
	long allocation = 0, live_before;
	int result;

	do {
		live_before = live;
		struct callgate_profile *profile = profile_or_null();
		ck_assert_int_eq(read_text(profile, good), 0);
		before = callgate_profile_message_count(profile);
		start_failing(allocation++);
		result = callgate_profile_review(profile);
		fail_at = -1;
		bool has_failed = failed;
		size_t count = callgate_profile_message_count(profile);
		ck_assert_msg(result == 0 || (has_failed && result == -ENOMEM && count == before), "allocation %ld: %d",
		              allocation - 1, result);
		ck_assert_int_eq(callgate_profile_review(profile), 0);
		after = callgate_profile_message_count(profile);
		ck_assert(after > before && (result < 0 || after == count));
		ck_assert_int_eq(callgate_profile_review(profile), 0);
		ck_assert_uint_eq(callgate_profile_message_count(profile), after);
		callgate_profile_free(profile);
		ck_assert_msg(live == live_before, "allocation %ld leaks %ld", allocation - 1, live - live_before);
		failed = has_failed;
	} while (failed);
	ck_assert_int_gt(allocation, 5);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("profiles without memory");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, reading);
	tcase_add_loop_test(tcase, answering, 0, 4);
	tcase_add_loop_test(tcase, reading_policies, 0, 3);
	tcase_add_loop_test(tcase, converting, 0, 2);
	tcase_add_test(tcase, reviewing);
	return simulated_run(tcase);
}
