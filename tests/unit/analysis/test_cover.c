/* callgate_simulator_cover(): calls of a kind come to all that they can reach, and to nothing else. */
#include <check.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/simulate.h>

#include <linux/filter.h>

#include "support/context.h"
#include "support/random.h"
#include "support/simulated.h"

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

static int cover_all(struct callgate_simulator *simulator, uint32_t arch)
{
	return callgate_simulator_cover(simulator, arch, 0, UINT32_MAX, 0, NULL);
}

/* Rules 1 and 2 need values on both sides of 32 bits, or bits; 3 to 5 become one range in the program. */
static void check_each_rule(uint32_t arch, uint32_t nr)
{
	const struct scmp_arg_cmp none = {0};
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(EPERM), arch);

	context_add(ctx, SCMP_ACT_ALLOW, "getpriority", 2, SCMP_A0_64(SCMP_CMP_GT, 0x500000007, 0),
	            SCMP_A1_64(SCMP_CMP_MASKED_EQ, 0x30, 0x10));
	context_add(ctx, SCMP_ACT_TRAP, "getpriority", 2, SCMP_A0_64(SCMP_CMP_LE, 0x500000007, 0),
	            SCMP_A1_64(SCMP_CMP_MASKED_EQ, 0x3, 0x2));
	for (unsigned i = 0; i < 3; i++)
		context_add(ctx, SCMP_ACT_ALLOW, "getrlimit", 1, SCMP_A0_64(SCMP_CMP_EQ, 20 + i, 0), none);
	struct callgate_simulator *simulator = simulator_of(ctx);
	ck_assert_int_eq(callgate_simulator_cover(simulator, arch, nr, nr, 0, NULL), 0);
	ck_assert_uint_gt(rule_hits(simulator, 1, arch), 0);
	ck_assert_uint_gt(rule_hits(simulator, 2, arch), 0);
	for (uint32_t id = 3; id <= 5; id++)
		ck_assert_uint_eq(rule_hits(simulator, id, arch), 0);
	ck_assert_int_eq(callgate_simulator_cover(simulator, arch, nr + 1, UINT32_MAX, 0, NULL), 0);
	ck_assert_int_eq(callgate_simulator_cover(simulator, arch, 0, nr - 1, 0, NULL), 0);
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
	const struct scmp_arg_cmp kind[] = {SCMP_A0_64(SCMP_CMP_EQ, UINT64_MAX - 99, 0),
	                                    SCMP_A2_64(SCMP_CMP_MASKED_EQ, 3, 1)};
	const struct scmp_arg_cmp wrong = {6, SCMP_CMP_EQ, 0, 0};
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(EPERM), SCMP_ARCH_X86_64);

	context_add(ctx, SCMP_ACT_ALLOW, "openat", 1, SCMP_A2_64(SCMP_CMP_MASKED_EQ, 3, 0), none);
	context_add(ctx, SCMP_ACT_TRAP, "openat", 2, SCMP_A2_64(SCMP_CMP_MASKED_EQ, 7, 5),
	            SCMP_A0_64(SCMP_CMP_EQ, 0xffffff9c, 0));
	context_add(ctx, SCMP_ACT_ALLOW, "openat", 2, SCMP_A2_64(SCMP_CMP_MASKED_EQ, 7, 5),
	            SCMP_A0_64(SCMP_CMP_EQ, UINT64_MAX - 99, 0));
	struct callgate_simulator *simulator = simulator_of(ctx);
	ck_assert_int_eq(callgate_simulator_cover(simulator, SCMP_ARCH_X86_64, 257, 257, 2, kind), 0);
	ck_assert_uint_eq(rule_hits(simulator, 1, SCMP_ARCH_X86_64), 0);
	ck_assert_uint_eq(rule_hits(simulator, 2, SCMP_ARCH_X86_64), 0);
	ck_assert_uint_gt(rule_hits(simulator, 3, SCMP_ARCH_X86_64), 0);
	ck_assert_uint_gt(callgate_simulator_reason_hits(simulator, CALLGATE_REASON_DEFAULT), 0);
	ck_assert_uint_eq(callgate_simulator_reason_hits(simulator, CALLGATE_REASON_BAD_ARCH), 0);
	ck_assert_int_eq(callgate_simulator_cover(NULL, SCMP_ARCH_X86_64, 257, 257, 2, kind), -EINVAL);
	ck_assert_int_eq(callgate_simulator_cover(simulator, SCMP_ARCH_X86_64, 257, 257, 2, NULL), -EINVAL);
	ck_assert_int_eq(callgate_simulator_cover(simulator, SCMP_ARCH_X86_64, 257, 256, 2, kind), -EINVAL);
	ck_assert_int_eq(callgate_simulator_cover(simulator, SCMP_ARCH_X86_64, 257, 257, 1, &wrong), -EINVAL);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

/* With calls of all architectures, every edge that is not unreachable is taken. */
START_TEST(everything)
{
	static const uint32_t archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64, SCMP_ARCH_S390X,
	                                 0x12345678};
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(EPERM), SCMP_ARCH_X86_64);
	struct callgate_edge edge;

	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X32), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86), 0);
	context_add(ctx, SCMP_ACT_ALLOW, "read", 0, (struct scmp_arg_cmp){0}, (struct scmp_arg_cmp){0});
	context_add(ctx, SCMP_ACT_ALLOW, "write", 1, SCMP_A0_64(SCMP_CMP_NE, 7, 0), (struct scmp_arg_cmp){0});
	struct callgate_simulator *simulator = simulator_of(ctx);
	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		ck_assert_int_eq(cover_all(simulator, archs[i]), 0);
	for (size_t i = 0; callgate_simulator_edge(simulator, i, &edge) == 0; i++) {
		ck_assert_int_ne(edge.reach, CALLGATE_REACH_UNKNOWN);
		ck_assert_msg((edge.hits > 0) == (edge.reach == CALLGATE_REACH_SOME), "edge %zu", i);
	}
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

static struct callgate_simulator *simulate_program(struct sock_filter *insns, size_t count)
{
	struct callgate_program *program = NULL;
	struct callgate_simulator *simulator = NULL;

	simulated_byte_order(SCMP_ARCH_X86_64, insns, count);
	ck_assert_int_eq(callgate_program_new(insns, count * sizeof(*insns), SCMP_ARCH_X86_64, &program), 0);
	ck_assert_int_eq(callgate_simulator_new_program(program, &simulator), 0);
	callgate_program_free(program);
	return simulator;
}

static struct callgate_edge edge_at(const struct callgate_simulator *simulator, size_t pc, bool taken)
{
	struct callgate_edge edge = {0};

	for (size_t i = 0; callgate_simulator_edge(simulator, i, &edge) == 0; i++)
		if (edge.instruction == pc && edge.taken == taken)
			return edge;
	ck_abort_msg("no edge at %zu", pc);
	return edge;
}

/* 1: argument 1 is tested, kept in scratch memory, and tested again, where a sum is looked at. */
START_TEST(what_is_compared)
{
	struct sock_filter insns[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24),               /* 0 */
	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff0),           /* 1 */
	    BPF_STMT(BPF_ST, 3),                                  /* 2 */
	    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0x100, 0, 3),     /* 3 */
	    BPF_STMT(BPF_LD | BPF_MEM, 3),                        /* 4 */
	    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0x80, 0, 1),      /* 5: always */
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ALLOW),            /* 6 */
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 12),               /* 7 */
	    BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 5),               /* 8 */
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 1),         /* 9 */
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_TRAP),             /* 10 */
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),                /* 11 */
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1u << 31, 0, 1), /* 12 */
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_LOG),              /* 13 */
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_KILL),             /* 14 */
	};
	struct callgate_simulator *simulator = simulate_program(insns, 15);
	struct callgate_edge edge = edge_at(simulator, 3, true);

	ck_assert_int_eq(edge.reach, CALLGATE_REACH_SOME);
	ck_assert_int_eq(edge.operand, CALLGATE_OPERAND_ARGUMENT);
	ck_assert_uint_eq(edge.argument, 1);
	ck_assert(!edge.upper);
	ck_assert_uint_eq(edge.mask, 0xff0);
	ck_assert_uint_eq(edge.code, BPF_JMP | BPF_JGT | BPF_K);
	ck_assert_uint_eq(edge.k, 0x100);
	edge = edge_at(simulator, 5, true);
	ck_assert_int_eq(edge.operand, CALLGATE_OPERAND_ARGUMENT);
	edge = edge_at(simulator, 5, false);
	ck_assert_int_eq(edge.reach, CALLGATE_REACH_NEVER);
	ck_assert_int_eq(edge.operand, CALLGATE_OPERAND_COMPUTED);
	edge = edge_at(simulator, 9, true);
	ck_assert_int_eq(edge.reach, CALLGATE_REACH_SOME);
	ck_assert_int_eq(edge.operand, CALLGATE_OPERAND_COMPUTED);
	ck_assert_uint_eq(edge.example.instruction_pointer >> 32, UINT32_MAX);
	edge = edge_at(simulator, 12, true);
	ck_assert_int_eq(edge.operand, CALLGATE_OPERAND_ARCH);
	/* On a 32-bit architecture the upper half of the pointer is 0. */
	ck_assert_int_eq(cover_all(simulator, SCMP_ARCH_X86), 0);
	ck_assert_uint_eq(edge_at(simulator, 9, true).hits, 0);
	ck_assert_uint_gt(edge_at(simulator, 9, false).hits, 0);
	ck_assert_uint_eq(edge_at(simulator, 12, true).hits, 0);
	ck_assert_int_eq(cover_all(simulator, SCMP_ARCH_X86_64), 0);
	ck_assert_uint_gt(edge_at(simulator, 9, true).hits, 0);
	ck_assert_uint_gt(edge_at(simulator, 12, true).hits, 0);
	callgate_simulator_free(simulator);
}
END_TEST

static uint64_t random_value(struct random *random)
{
	static const uint64_t upper[] = {0, 0, 1, 0x80000000, 0xffffffff};

	return upper[random_below(random, 5)] << 32 | random_below(random, 10);
}

static scmp_filter_ctx random_filter(struct random *random)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(EPERM), SCMP_ARCH_X86_64);

	for (uint32_t i = random_below(random, 8) + 1; i > 0; i--) {
		struct scmp_arg_cmp conditions[3];
		unsigned count = random_below(random, 4);
		for (unsigned j = 0; j < count; j++)
			conditions[j] = (struct scmp_arg_cmp){j, (enum scmp_compare)(1 + random_below(random, 7)),
			                                      random_value(random), random_value(random)};
		/* Rules that contradict each other are refused. */
		(void)seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(random_below(random, 4)), 39 + (int)(i % 2), count,
		                             conditions);
	}
	return ctx;
}

/* What a call came to has been covered, if it is of the kind; and nothing was covered that no call ever comes to. */
static void check_hits(const struct callgate_simulator *covered, const struct callgate_simulator *tried)
{
	struct callgate_rule rule, tried_rule;
	struct callgate_edge edge, tried_edge;

	for (size_t i = 0; callgate_simulator_rule(tried, i, &tried_rule) == 0; i++) {
		ck_assert_int_eq(callgate_simulator_rule(covered, i, &rule), 0);
		ck_assert_msg(rule.hits || !tried_rule.hits, "rule %zu", i);
	}
	for (size_t i = 0; callgate_simulator_edge(tried, i, &tried_edge) == 0; i++) {
		ck_assert_int_eq(callgate_simulator_edge(covered, i, &edge), 0);
		ck_assert_msg(edge.hits || !tried_edge.hits, "edge %zu", i);
		ck_assert_msg(edge.reach == CALLGATE_REACH_SOME || (!edge.hits && !tried_edge.hits), "edge %zu", i);
	}
}

START_TEST(random_filters)
{
	struct random random = random_start("cover");

	for (unsigned long run = random_runs(200); run > 0; run--) {
		scmp_filter_ctx ctx = random_filter(&random);
		struct callgate_simulator *covered = simulator_of(ctx), *tried = simulator_of(ctx);
		uint64_t mask = random_below(&random, 2) ? random_below(&random, 8) : 0;
		uint64_t value = random_below(&random, 8) & mask;
		struct scmp_arg_cmp kind = {0, SCMP_CMP_MASKED_EQ, mask, value};
		ck_assert_int_eq(callgate_simulator_cover(covered, SCMP_ARCH_X86_64, 39, 39, 1, &kind), 0);
		for (int i = 0; i < 2000; i++) {
			struct callgate_call call = {.arch = SCMP_ARCH_X86_64, .nr = 39};
			for (int j = 0; j < 3; j++)
				call.args[j] = random_value(&random);
			call.args[0] = (call.args[0] & ~mask) | value;
			ck_assert_int_eq(callgate_simulator_run(tried, &call, NULL), 0);
		}
		check_hits(covered, tried);
		callgate_simulator_free(covered);
		callgate_simulator_free(tried);
		seccomp_release(ctx);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("cover");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, each_rule);
	tcase_add_test(tcase, only_calls_of_the_kind);
	tcase_add_test(tcase, everything);
	tcase_add_test(tcase, what_is_compared);
	tcase_add_test(tcase, random_filters);
	return simulated_run(tcase);
}
