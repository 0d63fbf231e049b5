/*
 * The prover with words of two bits, so that arguments have four: every policy of two rules on one argument, and every
 * program of two loads and two comparisons, on every input. Equal functions must be the same node, and different ones not.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "prove/machine.h"
#include "prove/rules.h"
#include "support/run.h"

enum { INPUTS = 1 << INPUT_WIDE_BITS, WORDS = 1 << INPUT_WORD_BITS, TABLE_SLOTS = 1 << 18, MASKED = 7 };
enum { CONDITIONS_MAX = 6 * INPUTS + INPUTS * INPUTS };

_Static_assert(INPUT_WORD_BITS == 2, "compiled with -DPROVE_WORD_BITS=2");

static const uint32_t verdicts[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1, SECCOMP_RET_KILL_PROCESS};
static const struct cell cell = {1, 1, 1, 1};

/* A function of four bits: its verdict on every input, two bits each; and the node it must be. */
static struct function {
	uint32_t verdicts;
	uint32_t node;
	bool used;
} functions[TABLE_SLOTS];
static size_t function_count;

static uint32_t code_of(uint32_t verdict)
{
	for (uint32_t i = 0; i < 3; i++)
		if (verdicts[i] == verdict)
			return i;
	ck_abort_msg("0x%x is none of the verdicts", verdict);
	return 0;
}

static uint32_t evaluate(const struct diagram *d, node n, unsigned argument)
{
	while (!diagram_is_leaf(d, n)) {
		const struct diagram_node *at = diagram_at(d, n);
		ck_assert_int_eq(d->order.field[at->level], INPUT_ARG);
		n.id = argument >> d->order.bit[at->level] & 1 ? at->high : at->low;
	}
	return diagram_at(d, n)->low;
}

/* The node has these verdicts, and it alone. */
static void check_function(const struct diagram *d, node n, uint32_t expected)
{
	uint32_t at = expected * 2654435761u;

	ck_assert_int_eq(d->failed, 0);
	for (unsigned input = 0; input < INPUTS; input++)
		ck_assert_uint_eq(evaluate(d, n, input), verdicts[expected >> 2 * input & 3]);
	while (functions[at % TABLE_SLOTS].used && functions[at % TABLE_SLOTS].verdicts != expected)
		at++;
	struct function *f = &functions[at % TABLE_SLOTS];
	if (!f->used) {
		ck_assert_uint_lt(++function_count, TABLE_SLOTS);
		*f = (struct function){expected, n.id, true};
	}
	ck_assert_uint_eq(f->node, n.id);
}

static size_t all_conditions(struct policy_condition *conditions)
{
	size_t count = 0;

	for (uint8_t op = POLICY_NE; op < POLICY_MASKED_EQ; op++)
		for (uint64_t value = 0; value < INPUTS; value++)
			conditions[count++] = (struct policy_condition){0, op, UINT64_MAX, value};
	for (uint64_t mask = 0; mask < INPUTS; mask++)
		for (uint64_t value = 0; value < INPUTS; value++)
			if ((value & mask) == value)
				conditions[count++] = (struct policy_condition){0, MASKED, mask, value};
	return count;
}

static void check_policy(struct diagram *d, const struct policy_rule *list)
{
	static const struct arch arch = {.audit = 1, .nr_last = 2, .word_bits = 64};
	struct policy_syscall syscall = {.nr = 1, .rule_count = 2, .rules = list};
	struct policy_arch with = {.arch = &arch, .syscall_count = 1, .syscalls = &syscall};
	struct policy policy = {verdicts[2], verdicts[2], 1, 1, &with};
	struct arena arena = {0};
	struct rules rules;
	uint32_t expected = 0;

	for (unsigned input = 0; input < INPUTS; input++) {
		struct seccomp_data call = {.nr = 1, .arch = 1, .args = {input}};
		expected |= code_of(policy_eval(&policy, &call, NULL)) << 2 * input;
	}
	ck_assert(rules_init(&rules, &policy, d, &arena));
	check_function(d, rules_node(&rules, &cell), expected);
	arena_finish(&arena);
}

static void check_policies(struct diagram *d)
{
	static struct policy_condition conditions[CONDITIONS_MAX];
	size_t count = all_conditions(conditions), checked = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			for (uint32_t second = 0; second < 2; second++, checked++) {
				struct policy_rule list[] = {
				    {.action = verdicts[0],
				     .condition_count = 1,
				     .conditions = &conditions[i]},
				    {.action = verdicts[second],
				     .condition_count = 1,
				     .conditions = &conditions[j]},
				};
				check_policy(d, list);
			}
	printf("%zu policies of two rules out of %zu conditions\n", checked, count);
}

/* The program's answer, computed without anything of the prover or the simulator. */
static uint32_t interpret(const struct sock_filter *insns, unsigned input)
{
	uint32_t a = 0;

	for (size_t pc = 0;; pc++) {
		const struct sock_filter *insn = &insns[pc];
		if (BPF_CLASS(insn->code) == BPF_RET)
			return insn->k;
		if (BPF_CLASS(insn->code) == BPF_LD) {
			a = insn->k == 16 ? input % WORDS : input / WORDS;
			continue;
		}
		uint16_t op = BPF_OP(insn->code);
		bool yes = op == BPF_JEQ   ? a == insn->k
		           : op == BPF_JGT ? a > insn->k
		           : op == BPF_JGE ? a >= insn->k
		                           : a & insn->k;
		pc += yes ? insn->jt : insn->jf;
	}
}

static void check_program(struct diagram *d, struct sock_filter *insns, size_t count)
{
	struct callgate_program program = {.count = count, .insns = insns, .bytes = insns};
	struct arena arena = {0};
	struct machine machine;
	uint32_t expected = 0;

	for (unsigned input = 0; input < INPUTS; input++)
		expected |= code_of(interpret(insns, input)) << 2 * input;
	ck_assert(machine_init(&machine, &program, d, &arena));
	check_function(d, machine_run(&machine, &cell), expected);
	machine_finish(&machine);
	arena_finish(&arena);
}

static struct sock_filter comparison(unsigned number, unsigned targets)
{
	static const uint16_t ops[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
	unsigned op = number % 4, k = number / 4 % WORDS, jumps = number / (4 * WORDS);

	return (struct sock_filter){BPF_JMP | ops[op] | BPF_K, (uint8_t)(jumps % targets),
	                            (uint8_t)(jumps / targets), k};
}

static void check_programs(struct diagram *d)
{
	const unsigned firsts = 4 * WORDS * 25, seconds = 4 * WORDS * 9;
	size_t checked = 0;

	for (unsigned loads = 0; loads < 4; loads++)
		for (unsigned first = 0; first < firsts; first++)
			for (unsigned second = 0; second < seconds; second++, checked++) {
				struct sock_filter insns[] = {
				    {BPF_LD | BPF_W | BPF_ABS, 0, 0, loads & 1 ? 16 : 20},
				    comparison(first, 5),
				    {BPF_LD | BPF_W | BPF_ABS, 0, 0, loads & 2 ? 16 : 20},
				    comparison(second, 3),
				    {BPF_RET | BPF_K, 0, 0, verdicts[0]},
				    {BPF_RET | BPF_K, 0, 0, verdicts[1]},
				    {BPF_RET | BPF_K, 0, 0, verdicts[2]},
				};
				check_program(d, insns, sizeof(insns) / sizeof(insns[0]));
			}
	printf("%zu programs, and %zu different functions in all\n", checked, function_count);
}

START_TEST(every_policy_and_program_of_tiny_words)
{
	struct diagram d;

	ck_assert(diagram_init(&d, SIZE_MAX, SIZE_MAX));
	check_policies(&d);
	check_programs(&d);
	diagram_finish(&d);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-words");

	tcase_set_timeout(tcase, 900);
	tcase_add_test(tcase, every_policy_and_program_of_tiny_words);
	return test_run(tcase);
}
