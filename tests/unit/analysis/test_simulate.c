/* <callgate/simulate.h>: verdict, reason, rule, cost and bitmap of single calls; counters; other rules. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>
#include <callgate/rule.h>
#include <callgate/simulate.h>

#include "support/context.h"
#include "support/simulated.h"

static struct callgate_verdict ask(scmp_filter_ctx ctx, uint32_t arch, int nr, uint64_t a0, uint64_t a1)
{
	struct callgate_call call = {.arch = arch, .nr = nr, .args = {a0, a1}};
	struct callgate_verdict verdict;

	ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
	return verdict;
}

START_TEST(verdicts_and_reasons)
{
	scmp_filter_ctx ctx = context_with_socket();
	struct callgate_verdict read = ask(ctx, SCMP_ARCH_X86_64, 0, 7, 7);
	struct callgate_verdict socket = ask(ctx, SCMP_ARCH_AARCH64, 198, 1, 0xffffffff);
	struct callgate_verdict other_socket = ask(ctx, SCMP_ARCH_AARCH64, 198, 1, 0x100000000);
	struct callgate_verdict on_mips = ask(ctx, SCMP_ARCH_MIPS, 4003, 0, 0);
	struct callgate_verdict x32 = ask(ctx, SCMP_ARCH_X32, 0x40000000, 0, 0);

	ck_assert_uint_eq(read.action, SCMP_ACT_ALLOW);
	ck_assert_int_eq(read.reason, CALLGATE_REASON_RULE);
	ck_assert_uint_eq(read.rule, 1);
	ck_assert(read.from_bitmap);
	ck_assert_uint_gt(read.executed, 2);
	ck_assert_uint_eq(socket.action, SCMP_ACT_ALLOW);
	ck_assert_uint_eq(socket.rule, 3);
	ck_assert(!socket.from_bitmap);
	ck_assert_uint_eq(other_socket.action, SCMP_ACT_ERRNO(1));
	ck_assert_int_eq(other_socket.reason, CALLGATE_REASON_DEFAULT);
	ck_assert_uint_eq(other_socket.rule, 0);
	ck_assert_uint_eq(on_mips.action, SCMP_ACT_KILL);
	ck_assert_int_eq(on_mips.reason, CALLGATE_REASON_BAD_ARCH);
	ck_assert_uint_eq(x32.action, SCMP_ACT_KILL);
	ck_assert_int_eq(x32.reason, CALLGATE_REASON_BAD_ARCH);
	seccomp_release(ctx);
}
END_TEST

START_TEST(programs)
{
	scmp_filter_ctx ctx = context_with_socket();
	struct callgate_program *program = NULL, *bad = NULL;
	struct callgate_verdict of_rules = ask(ctx, SCMP_ARCH_X86_64, 41, 1, 5), of_program;
	struct callgate_call call = {.arch = SCMP_ARCH_X86_64, .nr = 41, .args = {1, 5}};
	static const unsigned char division[16] = {0x34, 0, 0, 0, 0, 0, 0, 0, 6};

	ck_assert_int_eq(callgate_program_compile(ctx, &program), 0);
	ck_assert_int_eq(callgate_simulate_program(program, &call, &of_program), 0);
	ck_assert_uint_eq(of_program.action, of_rules.action);
	ck_assert_uint_eq(of_program.executed, of_rules.executed);
	ck_assert_int_eq(of_program.reason, CALLGATE_REASON_PROGRAM);
	ck_assert_int_eq(callgate_program_new(division, 16, SCMP_ARCH_X86_64, &bad), 0);
	ck_assert_int_eq(callgate_simulate_program(bad, &call, &of_program), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "division"));
	callgate_program_free(program);
	callgate_program_free(bad);
	seccomp_release(ctx);
}
END_TEST

START_TEST(bad_arguments)
{
	scmp_filter_ctx ctx = context_with_socket();
	struct callgate_call call = {0};
	struct callgate_verdict verdict = {.action = 5};
	struct callgate_simulator *simulator = NULL;

	ck_assert_int_eq(callgate_simulate(NULL, &call, &verdict), -EINVAL);
	ck_assert_int_eq(callgate_simulate(ctx, NULL, &verdict), -EINVAL);
	ck_assert_int_eq(callgate_simulate(ctx, &call, NULL), -EINVAL);
	ck_assert_int_eq(callgate_simulate_program(NULL, &call, &verdict), -EINVAL);
	ck_assert_int_eq(callgate_simulator_new(ctx, NULL), -EINVAL);
	ck_assert_int_eq(callgate_simulator_new(NULL, &simulator), -EINVAL);
	ck_assert_int_eq(callgate_simulator_new_program(NULL, &simulator), -EINVAL);
	ck_assert_int_eq(callgate_simulator_run(NULL, &call, &verdict), -EINVAL);
	ck_assert_int_eq(callgate_simulator_rule(NULL, 0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_simulator_edge(NULL, 0, NULL), -EINVAL);
	ck_assert_ptr_null(callgate_simulator_program(NULL, 0));
	callgate_simulator_free(NULL);
	ck_assert_uint_eq(verdict.action, 5);
	ck_assert_ptr_null(simulator);
	seccomp_release(ctx);
}
END_TEST

static unsigned long hits(const struct callgate_simulator *simulator, uint32_t arch, uint32_t id)
{
	struct callgate_rule rule;

	for (size_t i = 0; callgate_simulator_rule(simulator, i, &rule) == 0; i++)
		if (rule.arch == arch && rule.id == id)
			return rule.hits;
	ck_abort_msg("there is no rule %u", id);
	return 0;
}

START_TEST(rules_are_counted)
{
	scmp_filter_ctx ctx = context_with_socket();
	struct callgate_simulator *simulator = NULL;
	struct callgate_call read = {.arch = SCMP_ARCH_AARCH64, .nr = 63};
	struct callgate_verdict verdict;
	struct callgate_rule rule;

	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	seccomp_release(ctx);
	ck_assert_int_eq(callgate_simulator_run(simulator, &read, &verdict), 0);
	ck_assert_int_eq(callgate_simulator_run(simulator, &read, NULL), 0);
	ck_assert_uint_eq(verdict.rule, 1);
	ck_assert_uint_eq(hits(simulator, SCMP_ARCH_AARCH64, 1), 2);
	ck_assert_uint_eq(hits(simulator, SCMP_ARCH_X86_64, 1), 0);
	ck_assert_uint_eq(hits(simulator, SCMP_ARCH_AARCH64, 3), 0);
	ck_assert_int_eq(callgate_simulator_rule(simulator, 1, &rule), 0);
	ck_assert_int_eq(rule.nr, 41);
	ck_assert_uint_eq(rule.condition_count, 2);
	ck_assert_uint_eq(rule.conditions[1].arg, 1);
	ck_assert_int_eq(rule.conditions[1].op, SCMP_CMP_LT);
	ck_assert_uint_eq(rule.conditions[1].datum_a, 0x100000000);
	ck_assert_int_eq(callgate_simulator_rule(simulator, 4, &rule), -ENOENT);
	callgate_simulator_free(simulator);
}
END_TEST

/* Calls that differ in one comparison each take every edge of a small program. */
START_TEST(edges_are_counted)
{
	scmp_filter_ctx ctx = context_with_socket();
	struct callgate_simulator *simulator = NULL;
	struct callgate_edge edge;
	static const uint64_t words[] = {0, 1, 2, 0xffffffff, 0x100000000, 0x100000001, 0x200000000};
	static const uint32_t archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, SCMP_ARCH_RISCV64};
	static const int32_t numbers[] = {0, 1, 40, 41, 42, 62, 63, 64, 197, 198, 199, 0x40000000, -1};
	size_t edges = 0;

	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	for (; callgate_simulator_edge(simulator, edges, &edge) == 0; edges++) {
		ck_assert_uint_eq(edge.hits, 0);
		ck_assert_uint_lt(edge.instruction, callgate_program_length(callgate_simulator_program(simulator, 0)));
	}
	ck_assert_uint_gt(edges, 8);
	ck_assert_uint_eq(edges % 2, 0);
	for (size_t arch = 0; arch < 3; arch++)
		for (size_t nr = 0; nr < 13; nr++)
			for (size_t i = 0; i < 49; i++) {
				struct callgate_call call = {
				    .arch = archs[arch], .nr = numbers[nr], .args = {words[i / 7], words[i % 7]}};
				ck_assert_int_eq(callgate_simulator_run(simulator, &call, NULL), 0);
			}
	for (size_t i = 0; callgate_simulator_edge(simulator, i, &edge) == 0; i++)
		ck_assert_msg(edge.hits > 0, "edge %zu (instruction %zu, %d) was never taken", i, edge.instruction,
		              edge.taken);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

/* The example of an edge comes along there. */
START_TEST(edge_examples_are_true)
{
	scmp_filter_ctx ctx = context_with_socket();
	struct callgate_simulator *simulator = NULL;
	struct callgate_edge edge;
	size_t reached = 0;

	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	for (size_t i = 0; callgate_simulator_edge(simulator, i, &edge) == 0; i++) {
		unsigned long before = edge.hits;
		ck_assert_int_ne(edge.reach, CALLGATE_REACH_UNKNOWN);
		if (edge.reach == CALLGATE_REACH_NEVER)
			continue;
		reached++;
		ck_assert_int_eq(callgate_simulator_run(simulator, &edge.example, NULL), 0);
		ck_assert_int_eq(callgate_simulator_edge(simulator, i, &edge), 0);
		ck_assert_uint_gt(edge.hits, before);
	}
	ck_assert_uint_gt(reached, 8);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

static size_t list_rules(const struct callgate_simulator *simulator, struct callgate_rule *rules)
{
	size_t count = 0;

	while (callgate_simulator_rule(simulator, count, &rules[count]) == 0)
		count++;
	return count;
}

static scmp_filter_ctx make_narrow(void)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(1), SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32);

	ck_assert_int_eq(callgate_rule_unknown(ctx, SCMP_ARCH_X86, SCMP_ACT_ERRNO(38)), 0);
	ck_assert_int_eq(
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0_64(SCMP_CMP_EQ, 0x1200000003)), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_LOG, SCMP_SYS(write), 2, SCMP_A0_64(SCMP_CMP_GE, 5),
	                                  SCMP_A1_64(SCMP_CMP_MASKED_EQ, 0xf0000000f0, 0x1000000010)),
	                 0);
	return ctx;
}

/*
 * The rules that a simulator lists are all that there is to it: with them it is the same filter, on architectures of 32
 * bits too.
 */
START_TEST(same_rules_are_the_same_filter)
{
	scmp_filter_ctx ctx = make_narrow();
	struct callgate_simulator *simulator = NULL, *copy = NULL;
	struct callgate_changed_rules changed = {0};
	struct callgate_rule rules[64];
	struct callgate_comparison *comparison;
	uint32_t newer = 0;

	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	changed.rules = rules;
	changed.rule_count = list_rules(simulator, rules);
	ck_assert_uint_ge(changed.rule_count, 6);
	ck_assert_int_eq(callgate_simulator_default(simulator, CALLGATE_REASON_DEFAULT, 0, &changed.default_action), 0);
	ck_assert_int_eq(callgate_simulator_default(simulator, CALLGATE_REASON_BAD_ARCH, 0, &changed.bad_arch_action),
	                 0);
	ck_assert_uint_eq(changed.default_action, SCMP_ACT_ERRNO(1));
	ck_assert_uint_eq(changed.bad_arch_action, SCMP_ACT_KILL_THREAD);
	ck_assert_int_eq(callgate_simulator_default(simulator, CALLGATE_REASON_UNKNOWN, SCMP_ARCH_X86, &newer), 0);
	ck_assert_uint_eq(newer, SCMP_ACT_ERRNO(38));
	ck_assert_int_eq(callgate_simulator_default(simulator, CALLGATE_REASON_UNKNOWN, SCMP_ARCH_X86_64, &newer),
	                 -ENOENT);
	ck_assert_int_eq(callgate_simulator_default(simulator, CALLGATE_REASON_RULE, 0, &newer), -ENOENT);
	ck_assert_int_eq(callgate_simulator_new_changed(simulator, &changed, &copy), 0);
	const struct callgate_program *list[] = {callgate_simulator_program(copy, 0)};
	const struct callgate_filter original = {.ctx = ctx}, same = {NULL, list, 1};
	ck_assert_int_eq(callgate_compare(&original, &same, 1, &comparison), 0);
	ck_assert_int_eq(comparison->relation, CALLGATE_RELATION_EQUAL);
	callgate_comparison_free(comparison);
	for (size_t i = 0; i < changed.rule_count; i++) {
		struct callgate_rule rule;
		ck_assert_int_eq(callgate_simulator_rule(copy, i, &rule), 0);
		ck_assert_uint_eq(rule.condition_count, rules[i].condition_count);
		ck_assert_mem_eq(rule.conditions, rules[i].conditions,
		                 rule.condition_count * sizeof(rule.conditions[0]));
	}
	callgate_simulator_free(copy);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

START_TEST(other_rules)
{
	scmp_filter_ctx ctx = make_narrow();
	struct callgate_simulator *simulator = NULL, *copy = NULL;
	struct callgate_changed_rules changed = {SCMP_ACT_TRAP, SCMP_ACT_LOG, SCMP_ARCH_X86, SCMP_ACT_NOTIFY, 0, NULL};
	struct callgate_rule rules[64];
	struct scmp_arg_cmp wrong = {6, SCMP_CMP_EQ, 1, 0};
	uint32_t newer = 0;

	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	ck_assert_int_eq(callgate_simulator_new_changed(simulator, &changed, &copy), 0);
	ck_assert_int_eq(callgate_simulator_rule(copy, 0, &rules[0]), -ENOENT);
	ck_assert_int_eq(callgate_simulator_default(copy, CALLGATE_REASON_UNKNOWN, SCMP_ARCH_X86, &newer), 0);
	ck_assert_uint_eq(newer, SCMP_ACT_NOTIFY);
	struct callgate_call call = {.arch = SCMP_ARCH_X86_64, .nr = 1, .args = {0x1200000003}};
	struct callgate_verdict verdict;
	ck_assert_int_eq(callgate_simulator_run(copy, &call, &verdict), 0);
	ck_assert_uint_eq(verdict.action, SCMP_ACT_TRAP);
	callgate_simulator_free(copy);
	copy = NULL;

	changed.rules = rules;
	changed.rule_count = list_rules(simulator, rules);
	struct callgate_rule first = rules[0];
	rules[0] = rules[changed.rule_count - 1];
	rules[changed.rule_count - 1] = first;
	ck_assert_int_eq(callgate_simulator_new_changed(simulator, &changed, &copy), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "not in its place"));
	list_rules(simulator, rules);
	rules[0].conditions = &wrong;
	rules[0].condition_count = 1;
	ck_assert_int_eq(callgate_simulator_new_changed(simulator, &changed, &copy), -EINVAL);
	wrong = (struct scmp_arg_cmp){0, 99, 1, 0};
	ck_assert_int_eq(callgate_simulator_new_changed(simulator, &changed, &copy), -EINVAL);
	changed.rules = NULL;
	ck_assert_int_eq(callgate_simulator_new_changed(simulator, &changed, &copy), -EINVAL);
	ck_assert_int_eq(callgate_simulator_new_changed(simulator, NULL, &copy), -EINVAL);
	ck_assert_int_eq(callgate_simulator_new_changed(NULL, &changed, &copy), -EINVAL);
	ck_assert_int_eq(callgate_simulator_default(NULL, CALLGATE_REASON_DEFAULT, 0, &newer), -EINVAL);
	ck_assert_ptr_null(copy);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("analysis simulate");

	tcase_add_test(tcase, verdicts_and_reasons);
	tcase_add_test(tcase, programs);
	tcase_add_test(tcase, bad_arguments);
	tcase_add_test(tcase, rules_are_counted);
	tcase_add_test(tcase, edges_are_counted);
	tcase_add_test(tcase, edge_examples_are_true);
	tcase_add_test(tcase, same_rules_are_the_same_filter);
	tcase_add_test(tcase, other_rules);
	return simulated_run(tcase);
}
