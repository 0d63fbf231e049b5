/* What holds on an edge, in words; and the reasons of calls that no rule decides. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <callgate/simulate.h>
#include <callgate/testing.h>

#include "support/context.h"
#include "support/simulated.h"

static struct callgate_simulator *simulator_of(scmp_filter_ctx ctx)
{
	struct callgate_simulator *simulator = NULL;

	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	return simulator;
}

/* Is there an edge with these words? Each has some. */
static bool has_edge(const struct callgate_simulator *simulator, const char *words)
{
	struct callgate_edge edge;
	bool found = false;

	for (size_t i = 0; callgate_simulator_edge(simulator, i, &edge) == 0; i++) {
		char *text = callgate_explain_edge(&edge);
		ck_assert_ptr_nonnull(text);
		ck_assert_msg(*text != 'A', "%s", text); /* a rule computes nothing */
		found = found || strstr(text, words);
		free(text);
	}
	return found;
}

START_TEST(edges_in_words)
{
	const struct scmp_arg_cmp none = {0};
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(EPERM), SCMP_ARCH_X86_64);

	context_add_call(ctx, SCMP_ACT_ALLOW, "read");
	context_add(ctx, SCMP_ACT_ALLOW, "openat", 1, SCMP_A2_64(SCMP_CMP_MASKED_EQ, 3, 1), none);
	context_add(ctx, SCMP_ACT_TRAP, "lseek", 1, SCMP_A1_64(SCMP_CMP_GT, 0x500000000, 0), none);
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
	ck_assert_ptr_null(callgate_explain_edge(NULL));
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

/* Of each jump of a program: where the comparison holds, and where it does not. */
static void check_words(struct sock_filter *insns, size_t count, const char *taken, const char *not_taken)
{
	struct callgate_simulator *simulator = NULL;
	struct callgate_program *program = NULL;
	struct callgate_edge edge;

	simulated_byte_order(SCMP_ARCH_X86_64, insns, count);
	ck_assert_int_eq(callgate_program_new(insns, count * sizeof(*insns), SCMP_ARCH_X86_64, &program), 0);
	ck_assert_int_eq(callgate_simulator_new_program(program, &simulator), 0);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(callgate_simulator_edge(simulator, i, &edge), 0);
		char *text = callgate_explain_edge(&edge);
		ck_assert_str_eq(text, edge.taken ? taken : not_taken);
		free(text);
	}
	callgate_simulator_free(simulator);
	callgate_program_free(program);
}

#define CHECK_WORDS(taken, not_taken, ...)                                                   \
	do {                                                                                 \
		struct sock_filter insns[] = {__VA_ARGS__, BPF_STMT(BPF_RET | BPF_K, 0),     \
		                              BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}; \
		check_words(insns, sizeof(insns) / sizeof(insns[0]), taken, not_taken);      \
	} while (0)
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)

START_TEST(edges_of_programs_in_words)
{
	CHECK_WORDS("nr & 0x40000000 != 0", "nr & 0x40000000 == 0", LOAD(0),
	            BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x40000000, 1, 0));
	CHECK_WORDS("nr & 0xfff > 57", "nr & 0xfff <= 57", LOAD(0), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff),
	            BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 57, 1, 0));
	CHECK_WORDS("upper half of ip == 0x7", "upper half of ip != 0x7", LOAD(12),
	            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 1, 0));
	CHECK_WORDS("argument 1 & 0xff >= 0x29", "argument 1 & 0xff < 0x29", LOAD(24),
	            BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x29, 1, 0));
	CHECK_WORDS("argument 1 & 0xf != 0", "argument 1 & 0xf == 0", LOAD(24),
	            BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0xff0f, 1, 0));
	CHECK_WORDS("A >= 0x29", "A < 0x29", LOAD(16), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
	            BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x29, 1, 0));
	CHECK_WORDS("A & 0x6 != 0", "A & 0x6 == 0", LOAD(16), BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 1),
	            BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 6, 1, 0));
}
END_TEST

static void run(struct callgate_simulator *simulator, uint32_t arch, int32_t nr)
{
	const struct callgate_call call = {.arch = arch, .nr = nr};

	ck_assert_int_eq(callgate_simulator_run(simulator, &call, NULL), 0);
}

START_TEST(reasons)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(EPERM), SCMP_ARCH_X86_64);

	context_add_call(ctx, SCMP_ACT_ALLOW, "read");
	struct callgate_simulator *simulator = simulator_of(ctx);
	for (int nr = 0; nr < 3; nr++)
		run(simulator, SCMP_ARCH_X86_64, nr);
	run(simulator, SCMP_ARCH_AARCH64, 63);
	ck_assert_uint_eq(callgate_simulator_reason_hits(simulator, CALLGATE_REASON_RULE), 1);
	ck_assert_uint_eq(callgate_simulator_reason_hits(simulator, CALLGATE_REASON_DEFAULT), 2);
	ck_assert_uint_eq(callgate_simulator_reason_hits(simulator, CALLGATE_REASON_BAD_ARCH), 1);
	ck_assert_uint_eq(callgate_simulator_reason_hits(simulator, CALLGATE_REASON_UNKNOWN), 0);
	ck_assert_uint_eq(callgate_simulator_reason_hits(simulator, (enum callgate_reason)99), 0);
	ck_assert_uint_eq(callgate_simulator_reason_hits(NULL, CALLGATE_REASON_RULE), 0);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("testing words");

	tcase_add_test(tcase, edges_in_words);
	tcase_add_test(tcase, edges_of_programs_in_words);
	tcase_add_test(tcase, reasons);
	return simulated_run(tcase);
}
