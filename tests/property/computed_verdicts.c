/*
 * Rules beside programs that compute what they return, or look as if they did: made of these rules, or of others, with
 * returns that became calculations. What the prover says, in both orders and of stacks, is held against every value of
 * the bits that count.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <linux/audit.h>

#include "bpf/simulate.h"
#include "compile/compile.h"
#include "query/proof.h"
#include "support/bits.h"
#include "support/random.h"
#include "support/run.h"

enum {
	CALLS = 3,
	RULES = 3,
	ARGS = 2,
	WINDOW_BITS = 3,
	INPUTS = 1 << (ARGS * WINDOW_BITS),
	LONGEST = 1024,
	RUNS = 4000
};

static const uint32_t actions[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1, SECCOMP_RET_KILL_PROCESS,
                                   SECCOMP_RET_KILL_THREAD, SECCOMP_RET_LOG};

/* Rules that see a few bits of two arguments. */
struct rules_of_few {
	uint64_t windows[ARGS];
	struct policy_condition conditions[CALLS][RULES][ARGS];
	struct policy_rule rules[CALLS][RULES];
	struct policy_syscall calls[CALLS];
	struct policy_arch arch;
	struct policy policy;
};

static uint32_t some_action(struct random *random)
{
	return actions[random_below(random, sizeof(actions) / sizeof(actions[0]))];
}

/* Some of the window's bits. */
static uint64_t some_bits(struct random *random, uint64_t window)
{
	uint64_t bits = random_next(random) & window;

	return bits ? bits : window;
}

static void draw_rules(struct random *random, struct rules_of_few *r)
{
	*r = (struct rules_of_few){.arch = {.arch = callgate_arch_find_name("x86_64"), .syscall_count = CALLS}};
	r->policy = (struct policy){some_action(random), some_action(random), 1, 1, &r->arch};
	r->arch.syscalls = r->calls;
	for (int arg = 0; arg < ARGS; arg++)
		while (__builtin_popcountll(r->windows[arg]) < WINDOW_BITS)
			r->windows[arg] |= UINT64_C(1) << random_below(random, 64);
	for (uint32_t i = 0; i < CALLS; i++) {
		r->calls[i] = (struct policy_syscall){.nr = i + (i ? random_below(random, 2) : 0),
		                                      .rule_count = 1 + random_below(random, RULES),
		                                      .rules = r->rules[i]};
		if (i && r->calls[i].nr <= r->calls[i - 1].nr)
			r->calls[i].nr = r->calls[i - 1].nr + 1;
		for (uint32_t j = 0; j < r->calls[i].rule_count; j++) {
			uint32_t count = random_below(random, ARGS + 1);
			for (uint32_t k = 0; k < count; k++) {
				uint8_t arg = (uint8_t)(count == ARGS ? k : random_below(random, ARGS));
				uint64_t mask = some_bits(random, r->windows[arg]);
				r->conditions[i][j][k] = (struct policy_condition){.arg = arg,
				                                                   .op = POLICY_MASKED_EQ,
				                                                   .mask = mask,
				                                                   .value = random_next(random) & mask};
			}
			r->rules[i][j] = (struct policy_rule){some_action(random), j + 1, count, r->conditions[i][j]};
		}
	}
}

/* What replaces a return of v; false if it may be another value, which is not modelled. */
static bool calculate(struct random *random, const struct rules_of_few *r, uint32_t v, struct sock_filter *insns,
                      size_t *ret_count)
{
	uint32_t arg = random_below(random, ARGS), low = 16 + 8 * arg, x = (uint32_t)random_next(random);
	uint32_t window = (uint32_t)r->windows[arg];
	const struct sock_filter load = {BPF_LD | BPF_W | BPF_ABS, 0, 0, low}, end = {BPF_RET | BPF_A, 0, 0, 0};
	const struct sock_filter sketches[][6] = {
	    {{BPF_LD | BPF_IMM, 0, 0, v}, end},
	    {{BPF_LD | BPF_IMM, 0, 0, v ^ x}, {BPF_ALU | BPF_XOR | BPF_K, 0, 0, x}, end},
	    {load, {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0}, {BPF_ALU | BPF_OR | BPF_K, 0, 0, v}, end},
	    {load,
	     {BPF_MISC | BPF_TAX, 0, 0, 0},
	     {BPF_ALU | BPF_SUB | BPF_X, 0, 0, 0},
	     {BPF_ALU | BPF_ADD | BPF_K, 0, 0, v},
	     end},
	    {load,
	     {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, x},
	     {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, x},
	     {BPF_RET | BPF_K, 0, 0, v},
	     end},
	    {load, {BPF_ALU | BPF_AND | BPF_K, 0, 0, window}, {BPF_ALU | BPF_ADD | BPF_K, 0, 0, v}, end},
	    {load, end},
	    {load,
	     {BPF_ALU | BPF_AND | BPF_K, 0, 0, window},
	     {BPF_JMP | BPF_JSET | BPF_K, 0, 1, window},
	     {BPF_RET | BPF_K, 0, 0, v},
	     end},
	};
	uint32_t which = random_below(random, sizeof(sketches) / sizeof(sketches[0]));

	/* The fifth returns the word where it is not x, and the last one 0 where the window is. */
	memcpy(insns, sketches[which], sizeof(sketches[0]));
	for (*ret_count = 1; insns[*ret_count - 1].code != (BPF_RET | BPF_A); ++*ret_count)
		;
	return which < 4;
}

/* Some returns of the program become jumps to calculations at its end. false if one may return something else. */
static bool disguise(struct random *random, const struct rules_of_few *r, const struct callgate_program *program,
                     struct sock_filter *insns, size_t *ret_count)
{
	size_t count = program->count;
	bool same = true;

	memcpy(insns, program->insns, count * sizeof(*insns));
	for (size_t i = 0; i < program->count && count + 8 < LONGEST; i++) {
		size_t added;
		if (insns[i].code != (BPF_RET | BPF_K) || random_below(random, 2))
			continue;
		same = calculate(random, r, insns[i].k, insns + count, &added) && same;
		insns[i] = (struct sock_filter){BPF_JMP | BPF_JA, 0, 0, (uint32_t)(count - i - 1)};
		count += added;
	}
	*ret_count = count;
	return same;
}

/* Is there a difference for some call that the rules or the comparisons can tell from others? */
static bool differ(const struct rules_of_few *r, const struct filter *a, const struct filter *b)
{
	static const uint32_t archs[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64 - 1, AUDIT_ARCH_X86_64 + 1};
	static const uint32_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 0x3fffffff, 0x40000000, 0xfffffffe, 0xffffffff};

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++)
			for (uint32_t input = 0; input < INPUTS; input++) {
				struct seccomp_data call = {.arch = archs[i], .nr = (int)numbers[j]};
				for (int arg = 0; arg < ARGS; arg++)
					call.args[arg] = bits_scatter(input >> arg * WINDOW_BITS, r->windows[arg]);
				if (witness_verdict(a, &call) != witness_verdict(b, &call))
					return true;
			}
	return false;
}

static enum prove_outcome check(const struct rules_of_few *r, const struct filter *a, const struct filter *b)
{
	struct prove_result there, back;

	ck_assert_int_eq(proof_equal(a, b, NULL, NULL, &there), 0);
	ck_assert_int_eq(proof_equal(b, a, NULL, NULL, &back), 0);
	ck_assert_int_eq(there.outcome, back.outcome);
	ck_assert(there.outcome != PROVE_UNPROVED || there.failure.error == -EOPNOTSUPP);
	if (there.outcome == PROVE_DIFFERENT) {
		ck_assert_uint_ne(witness_verdict(a, &there.witness.call), witness_verdict(b, &there.witness.call));
		ck_assert_uint_ne(witness_verdict(a, &back.witness.call), witness_verdict(b, &back.witness.call));
	} else if (there.outcome == PROVE_EQUAL) {
		ck_assert_msg(!differ(r, a, b), "not equal");
	}
	return there.outcome;
}

START_TEST(computed_verdicts)
{
	struct random random = random_start("computed_verdicts");
	unsigned long outcomes[PROVE_REFUSED + 1] = {0}, disguised = 0;

	for (unsigned long i = random_runs(RUNS); i > 0; i--) {
		static struct sock_filter insns[2][LONGEST];
		static const struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
		struct rules_of_few rules;
		struct compile_output output = {0};
		struct callgate_program programs[2];
		const struct callgate_program *list[] = {&programs[0], &programs[1]};
		draw_rules(&random, &rules);
		ck_assert_int_eq(compile_policy(&rules.policy, false, NULL, &output), 0);
		ck_assert_uint_eq(output.count, 1);
		bool same = disguise(&random, &rules, output.programs[0], insns[0], &programs[0].count);
		programs[0] = (struct callgate_program){false, programs[0].count, insns[0], insns[0]};
		struct filter policy = {.policy = &rules.policy}, one = {.programs = list, .program_count = 1};
		enum prove_outcome outcome = check(&rules, &policy, &one);
		ck_assert(!same || outcome == PROVE_EQUAL);
		disguised += same;
		outcomes[outcome]++;
		/* Under a program that allows everything, or one more like it. */
		programs[1].count = 1;
		insns[1][0] = allow;
		if (random_below(&random, 2))
			(void)disguise(&random, &rules, output.programs[0], insns[1], &programs[1].count);
		programs[1] = (struct callgate_program){false, programs[1].count, insns[1], insns[1]};
		struct filter stack = {.programs = list, .program_count = 2};
		outcomes[check(&rules, &policy, &stack)]++;
		outcomes[check(&rules, &one, &stack)]++;
		compile_output_finish(&output);
	}
	printf("%lu equal, %lu different, %lu not modelled; %lu programs in disguise alone\n", outcomes[PROVE_EQUAL],
	       outcomes[PROVE_DIFFERENT], outcomes[PROVE_UNPROVED], disguised);
	ck_assert_uint_gt(outcomes[PROVE_EQUAL], 0);
	ck_assert_uint_gt(outcomes[PROVE_DIFFERENT], 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("computed-verdicts");

	tcase_set_timeout(tcase, 1200);
	tcase_add_test(tcase, computed_verdicts);
	return test_run(tcase);
}
