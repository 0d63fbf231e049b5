/*
 * The walk that proves a call's rules without diagrams: what it takes for equal is, and chains of many rules take
 * linear work.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/program.h"
#include "bpf/simulate.h"
#include "compile/compile.h"
#include "prove/space.h"
#include "query/proof.h"
#include "support/bits.h"
#include "support/random_policy.h"
#include "support/run.h"

enum { POLICIES = 400, CHANGES = 12, CHAIN_MOST = 800, CONDITIONS = 2, STEPS_PER_RULE = 250 };

static enum prove_outcome outcome_of(const struct filter *a, const struct filter *b, struct prove_result *ret_result)
{
	ck_assert_int_eq(proof_equal(a, b, NULL, NULL, ret_result), 0);
	return ret_result->outcome;
}

/*
 * One instruction with another constant or other ways out, or a return of a word; false where the kernel would not take
 * that.
 */
static bool change(struct random *random, struct callgate_program *program)
{
	struct sock_filter *insn = &program->insns[random_below(random, (uint32_t)program->count)];
	uint8_t jt = insn->jt;

	switch (random_below(random, 5)) {
	case 0:
		insn->k ^= 1u << random_below(random, 32);
		break;
	case 1:
		insn->k += random_below(random, 2) ? 1 : UINT32_MAX;
		break;
	case 2:
		insn->jt = insn->jf;
		insn->jf = jt;
		break;
	case 3:
		insn->code = BPF_RET | BPF_A;
		break;
	default:
		insn->jf = (uint8_t)random_below(random, (uint32_t)insn->jf + 2);
	}
	return bpf_accept(program, NULL) == 0;
}

/*
 * Rules beside a program, which the walk compares, and beside them the program that was made of the rules and the same
 * one, which only diagrams do.
 */
START_TEST(diagrams_agree)
{
	struct random random = random_start("diagrams_agree");
	unsigned long equal = 0, different = 0;

	for (int i = 0; i < POLICIES; i++) {
		struct arena arena = {0};
		struct compile_output output = {0};
		const struct policy *policy = random_policy(&random, &arena, 3, 6);
		ck_assert_int_eq(compile_policy(policy, false, NULL, &output), 0);
		struct callgate_program changed = *output.programs[0];
		const struct callgate_program *list = &changed;
		struct filter rules = {.policy = policy};
		struct filter made = {.programs = (const struct callgate_program *const *)output.programs,
		                      .program_count = 1};
		struct filter other = {.programs = &list, .program_count = 1};
		size_t size = changed.count * sizeof(*changed.insns);
		for (int j = 0; j < CHANGES && output.count == 1; j++) {
			struct prove_result walked, by_diagrams;
			changed.insns = memcpy(malloc(size), output.programs[0]->insns, size);
			if (change(&random, &changed)) {
				enum prove_outcome outcome = outcome_of(&rules, &other, &walked);
				enum prove_outcome second = outcome_of(&made, &other, &by_diagrams);
				/* Diagrams say nothing of a program with an instruction that is not modelled, even
				 * where no call comes to it. */
				if (outcome != PROVE_UNPROVED && second != PROVE_UNPROVED)
					ck_assert_int_eq(outcome, second);
				equal += outcome == PROVE_EQUAL;
				different += outcome == PROVE_DIFFERENT;
			}
			free(changed.insns);
		}
		compile_output_finish(&output);
		arena_finish(&arena);
	}
	printf("%lu changes equal, %lu different\n", equal, different);
	ck_assert_uint_gt(equal, 20);
	ck_assert_uint_gt(different, 1000);
}
END_TEST

/* ---- chains ---- */

struct chain {
	struct policy_condition conditions[CHAIN_MOST][CONDITIONS];
	struct policy_rule rules[CHAIN_MOST];
	struct policy_syscall call;
	struct policy_arch arch;
	struct policy policy;
	struct sock_filter insns[BPF_PROGRAM_MAX];
	struct callgate_program program;
};

static void emit(struct chain *c, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	c->insns[c->program.count++] = (struct sock_filter){code, jt, jf, k};
}

/* Rules that share nothing: each compares two of six arguments with values of its own, and has an action of its own. */
static void make_chain(struct chain *c, struct random *random, uint32_t count, enum policy_op op, bool wide)
{
	const unsigned length = wide ? 9 : 5; /* of a rule */

	*c = (struct chain){.arch = {.arch = callgate_arch_find_name(wide ? "aarch64" : "x86"), .syscall_count = 1},
	                    .program.insns = c->insns,
	                    .program.bytes = c->insns};
	c->policy = (struct policy){SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, 1, 1, &c->arch};
	c->arch.syscalls = &c->call;
	c->call = (struct policy_syscall){.nr = 54, .rule_count = count, .rules = c->rules};
	emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, 4);
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, c->arch.arch->audit);
	emit(c, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, 0);
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 54);
	emit(c, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	for (uint32_t i = 0; i < count; i++) {
		unsigned arg = random_below(random, 5);
		c->rules[i] = (struct policy_rule){SECCOMP_RET_ERRNO | (i + 1), i + 1, CONDITIONS, c->conditions[i]};
		for (unsigned j = 0; j < CONDITIONS; j++) {
			/* Ranges that get wider, so that each rule has calls of its own. */
			uint32_t value = random_below(random, op == POLICY_EQ ? UINT32_MAX : 1000);
			value = op == POLICY_EQ ? value : UINT32_MAX - 1000 * (i + 1) + value;
			c->conditions[i][j] = (struct policy_condition){(uint8_t)(j ? 5 : arg), (uint8_t)op,
			                                                wide ? UINT64_MAX : UINT32_MAX, value};
			emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, 16 + 8 * (j ? 5 : arg));
			emit(c, BPF_JMP | BPF_K | (op == POLICY_EQ ? BPF_JEQ : BPF_JGE), 0,
			     (uint8_t)(length - 2 - 2 * j), value);
		}
		/* The ways to the next rule meet there. */
		for (unsigned j = 0; wide && j < CONDITIONS; j++) {
			emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, 20 + 8 * (j ? 5 : arg));
			emit(c, BPF_JMP | BPF_K | BPF_JGE, (uint8_t)(length - 6 - 2 * j), 0, 1);
		}
		emit(c, BPF_RET | BPF_K, 0, 0, c->rules[i].action);
	}
	emit(c, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
}

static size_t work_of(struct random *random, uint32_t count, enum policy_op op, bool wide)
{
	static struct chain chain;
	const struct callgate_program *list = &chain.program;
	struct filter rules = {.policy = &chain.policy}, made = {.programs = &list, .program_count = 1};
	struct prove_result result;

	make_chain(&chain, random, count, op, wide);
	ck_assert_int_eq(outcome_of(&rules, &made, &result), PROVE_EQUAL);
	ck_assert_uint_eq(result.nodes, 0);
	size_t work = result.work;
	/* With another action of the first rule it is not: diagrams would be too large to say more. */
	const struct prove_budget small = {1 << 12, 1 << 19};
	chain.rules[0].action++;
	ck_assert_int_eq(proof_equal(&rules, &made, &small, NULL, &result), 0);
	ck_assert_int_ne(result.outcome, PROVE_EQUAL);
	return work;
}

START_TEST(chains_take_linear_work)
{
	static const struct {
		enum policy_op op;
		bool wide;
		uint32_t most;
	} kinds[] = {{POLICY_EQ, false, CHAIN_MOST}, {POLICY_GE, false, CHAIN_MOST}, {POLICY_EQ, true, CHAIN_MOST / 2}};
	struct random random = random_start("chains_take_linear_work");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint32_t most = kinds[i].most;
		size_t less = work_of(&random, most / 4, kinds[i].op, kinds[i].wide);
		size_t more = work_of(&random, most, kinds[i].op, kinds[i].wide);
		printf("%zu steps for %u rules, %zu for %u\n", less, most / 4, more, most);
		ck_assert_uint_lt(less, STEPS_PER_RULE * (most / 4));
		ck_assert_uint_lt(more, STEPS_PER_RULE * most);
	}
}
END_TEST

/* ---- groups of rules, one after the other, which long walks prove ---- */

enum { GROUPED = 40, GROUPED_LISTS = 6, GROUPED_CHANGES = 40 };

/* Two of six arguments, equal to values below 1000, and one action: the compiler looks such rules up in groups. */
static void make_grouped(struct chain *c, struct random *random)
{
	*c = (struct chain){.arch = {.arch = callgate_arch_find_name("x86_64"), .syscall_count = 1}};
	c->policy = (struct policy){SECCOMP_RET_ERRNO | 1, SECCOMP_RET_KILL_PROCESS, 1, 1, &c->arch};
	c->arch.syscalls = &c->call;
	c->call = (struct policy_syscall){.nr = 16, .rule_count = GROUPED, .rules = c->rules};
	for (uint32_t i = 0; i < GROUPED; i++) {
		const uint32_t first = random_below(random, 5), second = first + 1 + random_below(random, 5 - first);
		c->rules[i] = (struct policy_rule){SECCOMP_RET_ALLOW, i + 1, CONDITIONS, c->conditions[i]};
		for (unsigned j = 0; j < CONDITIONS; j++)
			c->conditions[i][j] = (struct policy_condition){(uint8_t)(j ? second : first), POLICY_EQ,
			                                                UINT64_MAX, random_below(random, 1000)};
	}
}

/*
 * Two bits of each of two arguments, which need more nodes than there are as diagrams of whole arguments; in whatever
 * order the compiler tests them.
 */
START_TEST(masks_are_walked)
{
	enum { MASKS = 48 };
	static struct chain c;
	struct random random = random_start("masks_are_walked");

	for (unsigned own = 0; own < 2; own++) {
		struct compile_output output = {0};
		struct prove_result result;
		make_grouped(&c, &random);
		c.call.rule_count = MASKS;
		for (uint32_t i = 0; i < MASKS; i++) {
			c.rules[i] = (struct policy_rule){own ? SECCOMP_RET_ERRNO | (i + 2) : SECCOMP_RET_ALLOW, i + 1,
			                                  CONDITIONS, c.conditions[i]};
			for (uint8_t arg = 0; arg < CONDITIONS; arg++) {
				uint64_t mask = bits_two(&random);
				c.conditions[i][arg] =
				    (struct policy_condition){arg, POLICY_MASKED_EQ, mask, random_next(&random) & mask};
			}
		}
		ck_assert_int_eq(compile_policy(&c.policy, false, NULL, &output), 0);
		ck_assert_int_eq(proof_policy(&c.policy, output.programs, output.count, NULL, NULL, &result), 0);
		ck_assert_int_eq(result.outcome, PROVE_EQUAL);
		printf("%u masks: %zu steps\n", MASKS, result.work);
		/* One seed of forty took 977,606 steps, and each of the others at most 273,822. */
		ck_assert_uint_lt(result.work, 1 << 21);
		compile_output_finish(&output);
	}
}
END_TEST

/* Each rule's own call, with a value changed a little, with another rule's, and with a bit in an upper half. */
static bool agree(const struct chain *c, const struct callgate_program *program, struct random *random)
{
	for (uint32_t i = 0; i < 40 * GROUPED; i++) {
		struct seccomp_data call = {.arch = c->arch.arch->audit, .nr = 16};
		for (unsigned rule = 0; rule < 2; rule++) {
			const struct policy_condition *own =
			    c->conditions[rule ? random_below(random, GROUPED) : i % GROUPED];
			for (unsigned j = 0; j < CONDITIONS; j++)
				call.args[own[j].arg] = own[j].value;
		}
		__u64 *argument = &call.args[random_below(random, 6)];
		*argument += random_below(random, 3) ? 0 : random_below(random, 3) - UINT64_C(1);
		*argument ^= random_below(random, 4) ? 0 : UINT64_C(1) << random_below(random, 64);
		if (policy_eval(&c->policy, &call, NULL) != bpf_simulate(program, &call, NULL))
			return false;
	}
	return true;
}

/*
 * What a long walk takes for equal is so: the compiler's program, and of changed ones those on which no call shows a
 * difference.
 */
START_TEST(long_walks_are_right)
{
	static struct chain chain;
	const struct prove_budget small = {(1 << 15) + 1, 1 << 24}; /* diagrams can't do it */
	struct random random = random_start("long_walks_are_right");
	unsigned walked = 0, equal = 0, left = 0;

	for (int i = 0; i < GROUPED_LISTS; i++) {
		struct compile_output output = {0};
		struct prove_result result;
		make_grouped(&chain, &random);
		ck_assert_int_eq(compile_policy(&chain.policy, false, NULL, &output), 0);
		ck_assert_uint_eq(output.count, 1);
		struct callgate_program changed = *output.programs[0];
		const struct callgate_program *list = output.programs[0];
		const struct filter rules = {.policy = &chain.policy}, made = {.programs = &list, .program_count = 1};
		ck_assert_int_eq(outcome_of(&rules, &made, &result), PROVE_EQUAL);
		ck_assert_int_eq(proof_equal(&rules, &made, &small, NULL, &result), 0);
		walked += result.outcome == PROVE_EQUAL;
		for (int j = 0; j < GROUPED_CHANGES; j++) {
			const size_t size = changed.count * sizeof(*changed.insns);
			changed.insns = memcpy(malloc(size), output.programs[0]->insns, size);
			list = &changed;
			if (change(&random, &changed)) {
				ck_assert_int_eq(proof_equal(&rules, &made, &small, NULL, &result), 0);
				equal += result.outcome == PROVE_EQUAL;
				left += result.outcome != PROVE_EQUAL;
				if (result.outcome == PROVE_EQUAL)
					ck_assert_msg(agree(&chain, &changed, &random),
					              "a walk takes a changed program for equal");
			}
			free(changed.insns);
		}
		compile_output_finish(&output);
	}
	printf("%u of %d lists walked; %u changed programs equal, %u not\n", walked, GROUPED_LISTS, equal, left);
	ck_assert_uint_ge(walked, GROUPED_LISTS / 2);
	ck_assert_uint_gt(left, 20);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-argument-walk");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, diagrams_agree);
	tcase_add_test(tcase, masks_are_walked);
	tcase_add_test(tcase, long_walks_are_right);
	tcase_add_test(tcase, chains_take_linear_work);
	return test_run(tcase);
}
