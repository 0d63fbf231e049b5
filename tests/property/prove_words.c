/*
 * The prover with words of four bits, so that arguments have eight: policies of two rules on one argument, and every
 * program of two loads and two comparisons, on every input. Equal functions must be the same node, and different ones
 * not.
 *
 * That equal functions are one node is shown node by node: each must be what diagram_test() makes of its two branches,
 * and these differ and test only later bits. Then, by induction, a function has one node, whichever way it was made.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include "bpf/simulate.h"
#include "prove/execution.h"
#include "prove/policy_diagram.h"
#include "support/random.h"
#include "support/run.h"

enum { INPUTS = 1 << INPUT_WIDE_BITS, WORDS = 1 << INPUT_WORD_BITS, PARTS = INPUTS / 64, MASKED = 7 };
enum { CONDITIONS_MAX = 6 * INPUTS + INPUTS * INPUTS, NODES_MAX = 1 << 20 };

/* One of how many are taken where nothing else is said: fewer where each takes ten times as long. */
#ifdef __SANITIZE_ADDRESS__
enum { POLICIES_STRIDE = 512, PROGRAMS_STRIDE = 64 };
#else
enum { POLICIES_STRIDE = 64, PROGRAMS_STRIDE = 4 };
#endif

_Static_assert(INPUT_WORD_BITS == 4, "compiled with -DPROVE_WORD_BITS=4");

static const uint32_t verdicts[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1, SECCOMP_RET_KILL_PROCESS};
static const struct region region = {1, 1, 1, 1};

/* A function of one argument: on which inputs it is the first verdict, and on which the second. */
struct truth {
	uint64_t is[2][PARTS];
};

/* What each node of the diagram is, once it was checked. */
static struct truth *truths;
static uint32_t checked;

static void set_verdict(struct truth *truth, unsigned input, uint32_t verdict)
{
	for (int i = 0; i < 2; i++)
		if (verdict == verdicts[i])
			truth->is[i][input / 64] |= UINT64_C(1) << input % 64;
}

static bool verdict_is(const struct truth *truth, int i, unsigned input)
{
	return truth->is[i][input / 64] >> input % 64 & 1;
}

/*
 * libcheck's own assertions each write to a file, also where they hold: most of the time, if they are made for every
 * policy.
 */
static void must(bool holds, const char *what)
{
	if (!holds)
		ck_abort_msg("%s", what);
}

/* The way of every input through one node; the nodes behind it are known. */
static void find_truth(const struct diagram_node *n, struct truth *ret_truth)
{
	*ret_truth = (struct truth){0};
	if (n->level == LEVEL_LEAF) {
		for (unsigned input = 0; input < INPUTS; input++)
			set_verdict(ret_truth, input, (uint32_t)n->pattern);
		return;
	}
	must(n->field == INPUT_ARG, "a node tests the argument");
	for (unsigned input = 0; input < INPUTS; input++) {
		const struct truth *next = &truths[diagram_next(n, input).id];
		for (int i = 0; i < 2; i++)
			if (verdict_is(next, i, input))
				ret_truth->is[i][input / 64] |= UINT64_C(1) << input % 64;
	}
}

/* Is a node the one that follows from its branches? */
static void check_branches_of(struct diagram *d, uint32_t id)
{
	struct diagram_node n = d->nodes[id];

	if (n.level == LEVEL_LEAF)
		return;
	struct diagram_node low = diagram_branch(d, &n, n.level, false), high = diagram_branch(d, &n, n.level, true);
	must(low.level > n.level && high.level > n.level, "branches test later bits");
	node a = diagram_intern(d, &low), b = diagram_intern(d, &high);
	must(!node_same(a, b), "branches differ");
	must(diagram_test(d, (enum input_field)n.field, diagram_first_bit(&n), a, b).id == id,
	     "a node follows from its branches");
}

/* Are these the verdicts of the node? All nodes that were made on the way are checked too. */
static void check_function(struct diagram *d, node n, const struct truth *expected)
{
	must(!d->failed, "the diagram has not failed");
	for (; checked < d->count; checked++) {
		must(checked < NODES_MAX, "there is room for every node's truth");
		struct diagram_node at = d->nodes[checked];
		find_truth(&at, &truths[checked]);
		check_branches_of(d, checked);
	}
	must(!memcmp(&truths[n.id], expected, sizeof(*expected)), "the node says what is expected");
}

static void start(struct diagram *d)
{
	diagram_reset(d);
	checked = 0;
}

/*
 * Functions of two arguments, made of each other at random in any order of bits: each node that comes up is the only
 * one.
 */
enum { POOL = 40, TRIES = 48 };

/* What a function is made of. */
struct made {
	uint32_t kind, a, b, c, verdict;
	struct diagram_number number;
	enum policy_op op;
	uint64_t value;
};

static struct made random_operation(struct random *random, uint32_t count)
{
	bool whole = random_below(random, 2);

	return (struct made){
	    .kind = random_below(random, 5),
	    .a = random_below(random, count),
	    .b = random_below(random, count),
	    .c = random_below(random, count),
	    .verdict = verdicts[random_below(random, 3)],
	    .number = {(enum input_field)(INPUT_ARG + random_below(random, 2)),
	               whole ? 0 : INPUT_WORD_BITS * random_below(random, 2), whole ? INPUT_WIDE_BITS : INPUT_WORD_BITS,
	               random_below(random, whole ? INPUTS : WORDS)},
	    .op = (enum policy_op)(1 + random_below(random, 6)),
	    .value = random_below(random, INPUTS),
	};
}

static node make(struct diagram *d, const struct made *made, const node *pool)
{
	node a = pool[made->a], b = pool[made->b];

	switch (made->kind) {
	case 0:
		return diagram_ite(d, diagram_where(d, a, made->verdict), a, b);
	case 1:
		return diagram_strictest(d, a, b);
	case 2:
		return diagram_ite(d, diagram_differ(d, a, b), pool[made->c], a);
	default:
		return diagram_compare(d, made->number, made->op, made->value, a, b);
	}
}

static bool holds(enum policy_op op, uint64_t number, uint64_t value)
{
	switch (op) {
	case POLICY_NE:
		return number != value;
	case POLICY_LT:
		return number < value;
	case POLICY_LE:
		return number <= value;
	case POLICY_GE:
		return number >= value;
	case POLICY_GT:
		return number > value;
	default:
		return number == value;
	}
}

/* The same of the verdicts for one input. */
static uint32_t make_verdict(const struct made *made, const uint32_t *pool, const uint64_t *args)
{
	uint32_t a = pool[made->a], b = pool[made->b];
	uint64_t number = args[made->number.field - INPUT_ARG] >> made->number.lowest;

	switch (made->kind) {
	case 0:
		return a == made->verdict ? a : b;
	case 1:
		return callgate_action_strictest(a, b);
	case 2:
		return a != b ? pool[made->c] : a;
	default:
		return holds(made->op, number & made->number.mask, made->value) ? a : b;
	}
}

static uint32_t verdict_of(const struct diagram *d, node n, const uint64_t *args)
{
	while (!diagram_is_leaf(d, n)) {
		const struct diagram_node *at = diagram_at(d, n);
		n = diagram_next(at, args[at->field - INPUT_ARG]);
	}
	return (uint32_t)diagram_at(d, n)->pattern;
}

static void check_some_inputs(struct random *random, const struct diagram *d, const struct made *made, const node *pool)
{
	for (int i = 0; i < TRIES; i++) {
		uint64_t args[2] = {random_below(random, INPUTS), random_below(random, INPUTS)};
		uint32_t expected[POOL];
		for (uint32_t j = 0; j < POOL; j++) {
			expected[j] = j < 3 ? verdicts[j] : make_verdict(&made[j], expected, args);
			must(verdict_of(d, pool[j], args) == expected[j], "a node says what it was made of");
		}
	}
}

START_TEST(operations_of_tiny_words)
{
	struct random random = random_start("operations_of_tiny_words");
	struct arena arena = {0};
	struct diagram d;

	diagram_init(&d, 0, SIZE_MAX);
	for (unsigned long runs = random_runs(3000); runs > 0; runs--) {
		struct made made[POOL];
		node pool[POOL];
		diagram_reset(&d);
		for (uint32_t i = 0; i < POOL; i++) {
			made[i] = i < 3 ? (struct made){0} : random_operation(&random, i);
			pool[i] = i < 3 ? diagram_leaf(&d, verdicts[i]) : make(&d, &made[i], pool);
		}
		ck_assert_int_eq(d.failed, 0);
		check_some_inputs(&random, &d, made, pool);
		for (uint32_t id = 0; id < d.count; id++)
			check_branches_of(&d, id);
	}
	diagram_finish(&d);
	arena_finish(&arena);
}
END_TEST

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

/* One policy of two rules, whose conditions and verdicts change. */
static const struct callgate_arch arch = {.audit = 1, .nr_last = 2, .word_bits = 64};
static struct policy_rule list[2] = {{.condition_count = 1}, {.condition_count = 1}};
static const struct policy_syscall syscall_rules = {.nr = 1, .rule_count = 2, .rules = list};
static const struct policy_arch policy_arch = {.arch = &arch, .syscall_count = 1, .syscalls = &syscall_rules};
static const struct policy policy = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS, 1, 1, &policy_arch};

static void eval_policy(struct truth *ret_truth)
{
	*ret_truth = (struct truth){0};
	for (unsigned input = 0; input < INPUTS; input++) {
		struct seccomp_data call = {.nr = 1, .arch = 1, .args = {input}};
		set_verdict(ret_truth, input, policy_eval(&policy, &call, NULL));
	}
}

static struct policy_condition conditions[CONDITIONS_MAX];
static struct truth *matches; /* of each condition, in is[0]: which inputs it holds for */

static void find_matches(size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned input = 0; input < INPUTS; input++)
			if (policy_condition_holds(&conditions[i], &arch, input))
				set_verdict(&matches[i], input, verdicts[0]);
}

/* First match wins, as policy_eval() says; for each policy by these sets, and for some by itself. */
static void check_policy(struct diagram *d, struct policy_diagram *rules, size_t first, size_t second)
{
	struct truth expected = {0}, evaluated;
	bool same = list[1].action == verdicts[0];

	for (int i = 0; i < PARTS; i++) {
		uint64_t later = matches[second].is[0][i] & ~matches[first].is[0][i];
		expected.is[0][i] = matches[first].is[0][i] | (same ? later : 0);
		expected.is[1][i] = same ? 0 : later;
	}
	if ((first + second) % 64 == 0) {
		eval_policy(&evaluated);
		must(!memcmp(&evaluated, &expected, sizeof(expected)), "policy_eval() says the same");
	}
	check_function(d, policy_diagram_node(rules, &region), &expected);
}

static size_t check_policies_with(struct diagram *d, size_t first, size_t count)
{
	struct arena arena = {0};
	struct policy_diagram rules;
	size_t done = 0;

	start(d);
	ck_assert(policy_diagram_init(&rules, &policy, &arena));
	rules.diagram = d;
	list[0].conditions = &conditions[first];
	list[0].action = verdicts[0];
	for (size_t second = 0; second < count; second++)
		for (int verdict = 0; verdict < 2; verdict++, done++) {
			list[1].conditions = &conditions[second];
			list[1].action = verdicts[verdict];
			check_policy(d, &rules, first, second);
		}
	arena_finish(&arena);
	return done;
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
	struct execution execution;
	struct truth expected = {0};

	for (unsigned input = 0; input < INPUTS; input++)
		set_verdict(&expected, input, interpret(insns, input));
	must(execution_init(&execution, &program, d, &arena), "there is memory");
	check_function(d, execution_run(&execution, &region), &expected);
	arena_finish(&arena);
}

static struct sock_filter comparison(unsigned number, unsigned targets)
{
	static const uint16_t ops[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
	unsigned op = number % 4, k = number / 4 % WORDS, jumps = number / (4 * WORDS);

	return (struct sock_filter){BPF_JMP | ops[op] | BPF_K, (uint8_t)(jumps % targets), (uint8_t)(jumps / targets),
	                            k};
}

static const unsigned firsts = 4 * WORDS * 25, seconds = 4 * WORDS * 9;

static size_t check_programs_with(struct diagram *d, unsigned first)
{
	size_t done = 0;

	start(d);
	for (unsigned loads = 0; loads < 4; loads++)
		for (unsigned second = 0; second < seconds; second++, done++) {
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
	return done;
}

/*
 * Every how many'th first condition or comparison is taken: CALLGATE_STRIDE. The others come in other runs, by the
 * seed.
 */
static unsigned long stride(unsigned long usual)
{
	const char *text = getenv("CALLGATE_STRIDE");
	unsigned long number = text ? strtoul(text, NULL, 10) : usual / random_long();

	return number ? number : 1;
}

START_TEST(policies_of_tiny_words)
{
	struct random random = random_start("policies_of_tiny_words");
	unsigned long step = stride(POLICIES_STRIDE);
	size_t count = all_conditions(conditions), done = 0;
	struct arena arena = {0};
	struct diagram d;

	truths = calloc(NODES_MAX, sizeof(*truths));
	matches = calloc(count, sizeof(*matches));
	ck_assert(truths && matches);
	diagram_init(&d, NODES_MAX, SIZE_MAX);
	find_matches(count);
	for (size_t first = random_below(&random, (uint32_t)step); first < count; first += step)
		done += check_policies_with(&d, first, count);
	printf("%zu policies of two rules out of %zu conditions: one of %lu\n", done, count, step);
	diagram_finish(&d);
	arena_finish(&arena);
	free(truths);
	free(matches);
}
END_TEST

START_TEST(programs_of_tiny_words)
{
	struct random random = random_start("programs_of_tiny_words");
	unsigned long step = stride(PROGRAMS_STRIDE);
	size_t done = 0;
	struct arena arena = {0};
	struct diagram d;

	truths = calloc(NODES_MAX, sizeof(*truths));
	ck_assert(truths);
	diagram_init(&d, NODES_MAX, SIZE_MAX);
	for (unsigned first = random_below(&random, (uint32_t)step); first < firsts; first += (unsigned)step)
		done += check_programs_with(&d, first);
	printf("%zu programs: one of %lu\n", done, step);
	diagram_finish(&d);
	arena_finish(&arena);
	free(truths);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-words");

	tcase_set_timeout(tcase, 7200);
	tcase_add_test(tcase, operations_of_tiny_words);
	tcase_add_test(tcase, policies_of_tiny_words);
	tcase_add_test(tcase, programs_of_tiny_words);
	return test_run(tcase);
}
