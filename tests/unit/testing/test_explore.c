/* The search for calls: it counts what calls of the kind reach, all of it, and nothing else. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "support/run.h"
#include "testing/explore.h"

static const struct callgate_argument any[6];

static struct callgate_simulator *simulator_of(scmp_filter_ctx ctx)
{
	struct callgate_simulator *simulator = NULL;

	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	return simulator;
}

static unsigned long rule_hits(const struct callgate_simulator *simulator, uint32_t id, uint32_t arch)
{
	struct callgate_rule rule;
	unsigned long hits = 0;

	for (size_t i = 0; callgate_simulator_rule(simulator, i, &rule) == 0; i++)
		if (rule.id == id && rule.arch == arch)
			hits += rule.hits;
	return hits;
}

static scmp_filter_ctx make_filter(uint32_t arch)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, arch), 0);
	return ctx;
}

static void add(scmp_filter_ctx ctx, uint32_t action, const char *name, unsigned count, struct scmp_arg_cmp a,
                struct scmp_arg_cmp b)
{
	struct scmp_arg_cmp conditions[] = {a, b};

	ck_assert_int_eq(
	    seccomp_rule_add_array(ctx, action, seccomp_syscall_resolve_name(name), count, conditions), 0);
}

/* Rules 1 and 2 need values on both sides of 32 bits, or bits; 3 to 5 become one range in the program. */
static void check_each_rule(uint32_t arch, int32_t nr)
{
	const struct scmp_arg_cmp none = {0};
	scmp_filter_ctx ctx = make_filter(arch);

	add(ctx, SCMP_ACT_ALLOW, "getpriority", 2, SCMP_A0_64(SCMP_CMP_GT, 0x500000007, 0),
	    SCMP_A1_64(SCMP_CMP_MASKED_EQ, 0x30, 0x10));
	add(ctx, SCMP_ACT_TRAP, "getpriority", 2, SCMP_A0_64(SCMP_CMP_LE, 0x500000007, 0),
	    SCMP_A1_64(SCMP_CMP_MASKED_EQ, 0x3, 0x2));
	for (unsigned i = 0; i < 3; i++)
		add(ctx, SCMP_ACT_ALLOW, "getrlimit", 1, SCMP_A0_64(SCMP_CMP_EQ, 20 + i, 0), none);
	struct callgate_simulator *simulator = simulator_of(ctx);
	ck_assert_int_eq(explore_calls(simulator, arch, nr, any), 0);
	ck_assert_uint_gt(rule_hits(simulator, 1, arch), 0);
	ck_assert_uint_gt(rule_hits(simulator, 2, arch), 0);
	for (uint32_t id = 3; id <= 5; id++)
		ck_assert_uint_eq(rule_hits(simulator, id, arch), 0);
	ck_assert_int_eq(explore_others(simulator, arch, &nr, 1), 0);
	for (uint32_t id = 3; id <= 5; id++)
		ck_assert_msg(rule_hits(simulator, id, arch) > 0, "rule %u", id);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}

START_TEST(each_rule)
{
	check_each_rule(SCMP_ARCH_X86_64, 140);
	check_each_rule(SCMP_ARCH_AARCH64, 141);
	check_each_rule(SCMP_ARCH_S390X, 96);
	check_each_rule(SCMP_ARCH_X32, 0x40000000 + 140);
}
END_TEST

START_TEST(only_calls_of_the_kind)
{
	const struct scmp_arg_cmp none = {0};
	struct callgate_argument arguments[6] = {callgate_int_(-100), callgate_bits_(0, 0),
	                                         callgate_bits_(3, 1)};
	scmp_filter_ctx ctx = make_filter(SCMP_ARCH_X86_64);

	add(ctx, SCMP_ACT_ALLOW, "openat", 1, SCMP_A2_64(SCMP_CMP_MASKED_EQ, 3, 0), none);
	add(ctx, SCMP_ACT_TRAP, "openat", 2, SCMP_A2_64(SCMP_CMP_MASKED_EQ, 7, 5),
	    SCMP_A0_64(SCMP_CMP_EQ, 0xffffff9c, 0));
	add(ctx, SCMP_ACT_ALLOW, "openat", 2, SCMP_A2_64(SCMP_CMP_MASKED_EQ, 7, 5),
	    SCMP_A0_64(SCMP_CMP_EQ, UINT64_MAX - 99, 0));
	add(ctx, SCMP_ACT_LOG, "openat", 2, SCMP_A2_64(SCMP_CMP_MASKED_EQ, 7, 5),
	    SCMP_A0_64(SCMP_CMP_EQ, 3, 0));
	struct callgate_simulator *simulator = simulator_of(ctx);
	ck_assert_int_eq(explore_calls(simulator, SCMP_ARCH_X86_64, 257, arguments), 0);
	ck_assert_uint_eq(rule_hits(simulator, 1, SCMP_ARCH_X86_64), 0);
	ck_assert_uint_gt(rule_hits(simulator, 2, SCMP_ARCH_X86_64), 0);
	ck_assert_uint_gt(rule_hits(simulator, 3, SCMP_ARCH_X86_64), 0);
	ck_assert_uint_eq(rule_hits(simulator, 4, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(explore_calls(NULL, SCMP_ARCH_X86_64, 257, arguments), -EINVAL);
	ck_assert_int_eq(explore_calls(simulator, SCMP_ARCH_X86_64, 257, NULL), -EINVAL);
	ck_assert_int_eq(explore_others(NULL, SCMP_ARCH_X86_64, NULL, 0), -EINVAL);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

/* All numbers of x32 are none of x86_64's; and an architecture that the filter is not for has numbers too. */
START_TEST(other_numbers)
{
	scmp_filter_ctx ctx = make_filter(SCMP_ARCH_X86_64);
	const int32_t read_number = 0;
	struct callgate_edge edge;
	size_t untaken = 0;

	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X32), 0);
	add(ctx, SCMP_ACT_ALLOW, "read", 0, (struct scmp_arg_cmp){0}, (struct scmp_arg_cmp){0});
	add(ctx, SCMP_ACT_ALLOW, "write", 0, (struct scmp_arg_cmp){0}, (struct scmp_arg_cmp){0});
	struct callgate_simulator *simulator = simulator_of(ctx);
	ck_assert_int_eq(explore_others(simulator, SCMP_ARCH_X86_64, &read_number, 1), 0);
	ck_assert_uint_eq(rule_hits(simulator, 1, SCMP_ARCH_X86_64), 0);
	ck_assert_uint_gt(rule_hits(simulator, 2, SCMP_ARCH_X86_64), 0);
	ck_assert_uint_eq(rule_hits(simulator, 1, SCMP_ARCH_X32), 0);
	ck_assert_uint_eq(rule_hits(simulator, 2, SCMP_ARCH_X32), 0);
	ck_assert_int_eq(explore_others(simulator, SCMP_ARCH_X32, NULL, 0), 0);
	ck_assert_uint_gt(rule_hits(simulator, 1, SCMP_ARCH_X32), 0);
	ck_assert_int_eq(explore_calls(simulator, SCMP_ARCH_X86_64, read_number, any), 0);
	ck_assert_int_eq(explore_others(simulator, SCMP_ARCH_AARCH64, NULL, 0), 0);
	ck_assert_int_eq(explore_others(simulator, SCMP_ARCH_S390X, NULL, 0),
	                 0); /* of the other byte order */
	for (size_t i = 0; callgate_simulator_edge(simulator, i, &edge) == 0; i++)
		untaken += edge.hits == 0;
	ck_assert_uint_eq(untaken, 0);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

/* Is there an edge with these words? Each has some. */
static bool has_edge(const struct callgate_simulator *simulator, const char *words)
{
	struct callgate_edge edge;
	bool found = false;

	for (size_t i = 0; callgate_simulator_edge(simulator, i, &edge) == 0; i++) {
		char *text = callgate_explain_edge(simulator, &edge);
		ck_assert_ptr_nonnull(text);
		ck_assert_msg(*text != 'A', "%s", text);
		found = found || strstr(text, words);
		free(text);
	}
	return found;
}

START_TEST(edges_in_words)
{
	const struct scmp_arg_cmp none = {0};
	const struct callgate_edge nowhere = {.instruction = 5000};
	scmp_filter_ctx ctx = make_filter(SCMP_ARCH_X86_64);

	add(ctx, SCMP_ACT_ALLOW, "read", 0, none, none);
	add(ctx, SCMP_ACT_ALLOW, "openat", 1, SCMP_A2_64(SCMP_CMP_MASKED_EQ, 3, 1), none);
	add(ctx, SCMP_ACT_TRAP, "lseek", 1, SCMP_A1_64(SCMP_CMP_GT, 0x500000000, 0), none);
	struct callgate_simulator *simulator = simulator_of(ctx);
	ck_assert(has_edge(simulator, "arch == x86_64"));
	ck_assert(has_edge(simulator, "arch != x86_64"));
	ck_assert(has_edge(simulator, " 257 (openat)") || has_edge(simulator, " 8 (lseek)"));
	ck_assert(has_edge(simulator, "nr >= 0x40000000"));
	ck_assert(has_edge(simulator, "nr < 0x40000000"));
	ck_assert(has_edge(simulator, "argument 2 & 0x3 == 0x1"));
	ck_assert(has_edge(simulator, "argument 2 & 0x3 != 0x1"));
	ck_assert(has_edge(simulator, "upper half of argument 1 "));
	ck_assert(!has_edge(simulator, "nr == 256"));
	ck_assert_ptr_null(callgate_explain_edge(simulator, NULL));
	ck_assert_ptr_null(callgate_explain_edge(simulator, &nowhere));
	ck_assert_ptr_null(callgate_explain_edge(NULL, &nowhere));
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

static void run(struct callgate_simulator *simulator, uint32_t arch, int32_t nr)
{
	const struct callgate_call call = {.arch = arch, .nr = nr};

	ck_assert_int_eq(callgate_simulator_run(simulator, &call, NULL), 0);
}

START_TEST(reasons)
{
	const struct scmp_arg_cmp none = {0};
	scmp_filter_ctx ctx = make_filter(SCMP_ARCH_X86_64);

	add(ctx, SCMP_ACT_ALLOW, "read", 0, none, none);
	struct callgate_simulator *simulator = simulator_of(ctx);
	for (int nr = 0; nr < 3; nr++)
		run(simulator, SCMP_ARCH_X86_64, nr);
	run(simulator, SCMP_ARCH_AARCH64, 63);
	ck_assert_uint_eq(callgate_simulator_reason_hits(simulator, CALLGATE_REASON_RULE), 1);
	ck_assert_uint_eq(callgate_simulator_reason_hits(simulator, CALLGATE_REASON_DEFAULT), 2);
	ck_assert_uint_eq(callgate_simulator_reason_hits(simulator, CALLGATE_REASON_BAD_ARCH), 1);
	ck_assert_uint_eq(callgate_simulator_reason_hits(simulator, CALLGATE_REASON_NEWER), 0);
	ck_assert_uint_eq(callgate_simulator_reason_hits(simulator, (enum callgate_reason)99), 0);
	ck_assert_uint_eq(callgate_simulator_reason_hits(NULL, CALLGATE_REASON_RULE), 0);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

static uint64_t random_value(struct random *random)
{
	static const uint64_t upper[] = {0, 0, 1, 0x80000000, 0xffffffff};

	return upper[random_below(random, 5)] << 32 | random_below(random, 10);
}

static scmp_filter_ctx random_filter(struct random *random)
{
	scmp_filter_ctx ctx = make_filter(SCMP_ARCH_X86_64);

	for (uint32_t i = random_below(random, 8) + 1; i > 0; i--) {
		struct scmp_arg_cmp conditions[3];
		unsigned count = random_below(random, 4);
		for (unsigned j = 0; j < count; j++)
			conditions[j] =
			    (struct scmp_arg_cmp){j, (enum scmp_compare)(1 + random_below(random, 7)),
			                          random_value(random), random_value(random)};
		/* Rules that contradict each other are refused. */
		(void)seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(random_below(random, 4)), 39 + (int)(i % 2),
		                             count, conditions);
	}
	return ctx;
}

static bool is_complete(const struct callgate_simulator *found, const struct callgate_simulator *tried)
{
	struct callgate_rule rule, expected_rule;
	struct callgate_edge edge, expected_edge;

	for (size_t i = 0; callgate_simulator_rule(tried, i, &expected_rule) == 0; i++) {
		ck_assert_int_eq(callgate_simulator_rule(found, i, &rule), 0);
		if (expected_rule.hits && !rule.hits)
			return false;
	}
	for (size_t i = 0; callgate_simulator_edge(tried, i, &expected_edge) == 0; i++) {
		ck_assert_int_eq(callgate_simulator_edge(found, i, &edge), 0);
		if (expected_edge.hits && !edge.hits)
			return false;
	}
	return true;
}

/* Whatever one of many random calls of a kind reaches, the search has found too. */
START_TEST(random_filters)
{
	struct random random = random_start("explore");

	for (unsigned long run = random_runs(200); run > 0; run--) {
		scmp_filter_ctx ctx = random_filter(&random);
		struct callgate_simulator *found = simulator_of(ctx), *tried = simulator_of(ctx);
		struct callgate_argument arguments[6] = {callgate_bits_(0, 0)};
		if (random_below(&random, 2))
			arguments[0] = callgate_bits_(random_below(&random, 8), random_below(&random, 8));
		ck_assert_int_eq(explore_calls(found, SCMP_ARCH_X86_64, 39, arguments), 0);
		for (int i = 0; i < 2000; i++) {
			struct callgate_call call = {.arch = SCMP_ARCH_X86_64, .nr = 39};
			for (int j = 0; j < 3; j++)
				call.args[j] = random_value(&random);
			call.args[0] = (call.args[0] & ~arguments[0].mask) | arguments[0].value;
			ck_assert_int_eq(callgate_simulator_run(tried, &call, NULL), 0);
		}
		ck_assert_msg(is_complete(found, tried), "%lu runs before the end", run);
		callgate_simulator_free(found);
		callgate_simulator_free(tried);
		seccomp_release(ctx);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("testing explore");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, each_rule);
	tcase_add_test(tcase, only_calls_of_the_kind);
	tcase_add_test(tcase, other_numbers);
	tcase_add_test(tcase, edges_in_words);
	tcase_add_test(tcase, reasons);
	tcase_add_test(tcase, random_filters);
	return test_run(tcase);
}
