/*
 * Rules of one call that share nothing: their program is never longer than tests of one rule after the other, but
 * for one instruction where their actions differ, and decides as they do.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "bpf/program.h"
#include "bpf/simulate.h"
#include "compile/compile.h"
#include "compile/cube.h"
#include "compile/pass.h"
#include "support/random.h"
#include "support/run.h"
#include "support/unrelated_rules.h"

enum { CALL = 2, RULES_MOST = 96, CALLS = 3000, VALUES = 1001, REACH = 255 };

static const uint32_t counts[] = {2, 3, 5, 8, 16, 40, 64, RULES_MOST};

/* One call's rules on one architecture. */
struct rules {
	struct policy_condition conditions[RULES_MOST][3];
	struct policy_rule rules[RULES_MOST];
	struct policy_syscall call;
	struct policy_arch arch;
	struct policy policy;
};

static int by_arg(const void *a, const void *b)
{
	return ((const struct scmp_arg_cmp *)a)->arg > ((const struct scmp_arg_cmp *)b)->arg ? 1 : -1;
}

/* With `actions` different actions, in turns. */
static void make_rules(struct random *random, struct rules *rules, enum unrelated_kind kind, uint32_t count,
                       uint32_t actions, const char *arch)
{
	*rules = (struct rules){
	    .call = {.nr = CALL, .rule_count = count, .rules = rules->rules},
	    .arch = {.arch = callgate_arch_find_name(arch), .syscall_count = 1, .syscalls = &rules->call},
	    .policy = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS, 1, 1, &rules->arch},
	};
	uint64_t word = policy_word_mask(rules->arch.arch);
	for (uint32_t i = 0; i < count; i++) {
		struct scmp_arg_cmp conditions[3];
		uint32_t used = unrelated_rule(random, kind, conditions);
		qsort(conditions, used, sizeof(conditions[0]), by_arg);
		for (uint32_t j = 0; j < used; j++) {
			const struct scmp_arg_cmp *c = &conditions[j];
			bool masked = c->op == SCMP_CMP_MASKED_EQ;
			rules->conditions[i][j] =
			    (struct policy_condition){(uint8_t)c->arg, (uint8_t)c->op, masked ? c->datum_a : word,
			                              masked ? c->datum_b : c->datum_a};
		}
		uint32_t action = actions == 1 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | (1 + i * 7 % actions);
		rules->rules[i] = (struct policy_rule){action, i + 1, used, rules->conditions[i]};
	}
}

/* The program that tests one rule after the other, as a graph of the compiler. */
static struct graph_id chain(struct graph *graph, const struct rules *rules, struct arena *arena)
{
	struct cube_set cubes = {.arena = arena, .table.arena = arena};
	struct graph_id other = graph_leaf(graph, rules->policy.default_action), next = other;

	for (uint32_t i = rules->call.rule_count; i-- > 0;) {
		struct graph_id id = graph_leaf(graph, rules->rules[i].action);
		uint32_t count;
		const struct literal *literals = cube_literals(&cubes, &rules->rules[i], rules->arch.arch, &count);
		const struct cube *cube = literals ? cube_make(&cubes, id, literals, count) : NULL;
		for (uint32_t j = cube ? cube->count : 0; j-- > 0;)
			id = literal_graph(graph, &cube->literals[j], id, next);
		next = cube ? id : next;
	}
	next = graph_range(graph, GRAPH_NR, CALL, CALL, next, other);
	return graph_range(graph, GRAPH_ARCH, rules->arch.arch->audit, rules->arch.arch->audit, next, other);
}

static size_t chain_length(const struct rules *rules)
{
	struct arena arena = {0};
	struct compilation c = {.policy = &rules->policy, .arena = &arena, .state = PASS_POLICY | PASS_GRAPH};

	graph_init(&c.graph, &arena, 0);
	c.root = chain(&c.graph, rules, &arena);
	for (const struct pass *pass = compile_passes + 2; pass->name; pass++)
		ck_assert(pass_run(pass, &c));
	size_t length = c.insns.count;
	arena_finish(&arena);
	return length;
}

/* Calls with the rules' own values, the neighbours of these, and others. */
static void check_calls(struct random *random, const struct rules *rules, const struct callgate_program *program)
{
	for (int i = 0; i < CALLS; i++) {
		struct seccomp_data call = {.nr = CALL, .arch = rules->arch.arch->audit};
		const struct policy_rule *rule = &rules->rules[random_below(random, rules->call.rule_count)];
		for (int j = 0; j < 6; j++)
			call.args[j] = random_below(random, 8) ? random_below(random, VALUES) : random_next(random);
		for (uint32_t j = 0; j < rule->condition_count; j++) {
			uint64_t near = random_below(random, 4) ? 0 : random_below(random, 3) - UINT64_C(1);
			call.args[rule->conditions[j].arg] = rule->conditions[j].value + near;
		}
		ck_assert_uint_eq(bpf_simulate(program, &call, NULL), policy_eval(&rules->policy, &call, NULL));
	}
}

static void check_rules(struct random *random, enum unrelated_kind kind, uint32_t count, uint32_t actions,
                        const char *arch)
{
	static struct rules rules;
	struct compile_output output = {0};
	struct diag diag = {""};

	make_rules(random, &rules, kind, count, actions, arch);
	ck_assert_msg(compile_policy(&rules.policy, true, &diag, &output) == 0, "%s, %u rules: %s",
	              unrelated_names[kind], count, diag.text);
	size_t length = output.programs[0]->count, most = chain_length(&rules);
	printf("%s, %u rules with %u actions on %s: %zu instructions, one after the other: %zu\n",
	       unrelated_names[kind], count, actions, arch, length, most);
	/*
	 * Whether a jump is too long for one instruction depends on where the nodes stand. And of rules with different
	 * actions, a tree with one comparison more, by which its paths are shorter, can be taken for as short as they.
	 */
	ck_assert_uint_le(length, most + (actions > 1) + most / REACH);
	check_calls(random, &rules, output.programs[0]);
	compile_output_finish(&output);
}

START_TEST(no_program_is_longer_than_its_rules)
{
	static const char *const archs[] = {"x86_64", "x86", "s390x"};
	struct random random = random_start(unrelated_names[_i]);

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (size_t j = 0; j < sizeof(archs) / sizeof(archs[0]); j++) {
			check_rules(&random, (enum unrelated_kind)_i, counts[i], 1, archs[j]);
			check_rules(&random, (enum unrelated_kind)_i, counts[i], 3, archs[j]);
		}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mixture");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, no_program_is_longer_than_its_rules, 0, UNRELATED_KINDS);
	return test_run(tcase);
}
