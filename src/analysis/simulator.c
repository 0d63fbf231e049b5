#include "analysis/simulator.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <callgate/rule.h>

#include "api/context.h"
#include "bpf/program.h"
#include "query/reachable.h"

void callgate_simulator_free(struct callgate_simulator *simulator)
{
	if (!simulator)
		return;
	compile_output_finish(&simulator->output);
	arena_finish(&simulator->arena);
	free(simulator);
}

static bool show_rule(struct arena *arena, const struct policy_arch *arch, const struct policy_syscall *syscall,
                      const struct policy_rule *rule, struct callgate_rule *shown)
{
	struct scmp_arg_cmp *conditions = ARENA_ARRAY(arena, struct scmp_arg_cmp, rule->condition_count);

	if (!conditions)
		return false;
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		const struct policy_condition *c = &rule->conditions[i];
		bool masked = c->op == POLICY_MASKED_EQ;
		conditions[i] = (struct scmp_arg_cmp){
		    .arg = c->arg | (policy_condition_is_low(c, arch->arch) ? CALLGATE_LOW_HALF : 0u),
		    .op = (enum scmp_compare)c->op,
		    .datum_a = masked ? c->mask : c->value,
		    .datum_b = masked ? c->value : 0,
		};
	}
	*shown = (struct callgate_rule){
	    .id = rule->id,
	    .arch = arch->arch->token,
	    .nr = (int32_t)syscall->nr,
	    .action = rule->action,
	    .condition_count = rule->condition_count,
	    .conditions = conditions,
	};
	return true;
}

static bool list_rules(struct callgate_simulator *simulator)
{
	const struct policy *policy = simulator->policy;
	struct arena *arena = &simulator->arena;

	for (size_t i = 0; i < policy->arch_count; i++)
		for (size_t j = 0; j < policy->archs[i].syscall_count; j++) {
			const struct policy_syscall *syscall = &policy->archs[i].syscalls[j];
			for (uint32_t k = 0; k < syscall->rule_count; k++) {
				struct callgate_rule shown;
				if (!show_rule(arena, &policy->archs[i], syscall, &syscall->rules[k], &shown) ||
				    !vec_push_in(&simulator->rules, arena, shown))
					return false;
			}
		}
	return true;
}

static bool make_counters(struct callgate_simulator *simulator)
{
	simulator->sides = ARENA_ARRAY(&simulator->arena, simulator_sides *, simulator->output.count);
	bool complete = simulator->sides != NULL;
	for (size_t i = 0; complete && i < simulator->output.count; i++) {
		size_t count = simulator->output.programs[i]->count;
		simulator->sides[i] = ARENA_ARRAY(&simulator->arena, simulator_sides, count);
		complete = simulator->sides[i] != NULL;
	}
	return complete;
}

static bool is_branch(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA && insn->jt != insn->jf;
}

/* What is known of a side of a branch of `edge`'s code and constant; `decided`: what is not reached never is. */
static void add_facts(struct callgate_edge *edge, const struct reachable_edge *found, bool decided)
{
	static_assert((int)REACHABLE_ARGUMENT == (int)CALLGATE_OPERAND_ARGUMENT, "ORDER callgate_operand");
	edge->reach = decided ? CALLGATE_REACH_NEVER : CALLGATE_REACH_UNKNOWN;
	if (!found->reached)
		return;
	const struct callgate_arch *arch = arch_of_call(found->call.arch, (uint32_t)found->call.nr);
	edge->reach = CALLGATE_REACH_SOME;
	edge->example = simulator_call_of(&found->call);
	if (arch)
		edge->example.arch = arch->token;
	edge->operand = (enum callgate_operand)found->operand;
	edge->argument = found->argument;
	edge->upper = found->upper;
	edge->mask = found->mask;
}

/* The edges of program `index`. 0 or -ENOMEM. */
static int list_program(struct callgate_simulator *simulator, size_t index, struct arena *scratch)
{
	const struct callgate_program *program = simulator->output.programs[index];
	struct reachable_edge(*found)[2] = arena_alloc_array(scratch, program->count, sizeof(found[0]));
	int result = found ? reachable_branches(program, found) : -ENOMEM;

	for (size_t pc = 0; result != -ENOMEM && pc < program->count; pc++)
		for (int taken = 1; taken >= 0 && is_branch(&program->insns[pc]); taken--) {
			const struct sock_filter *insn = &program->insns[pc];
			struct callgate_edge edge = {
			    .program = index, .instruction = pc, .taken = taken, .code = insn->code, .k = insn->k};
			add_facts(&edge, &found[pc][taken], result == 0);
			if (!vec_push_in(&simulator->edges, &simulator->arena, edge))
				return -ENOMEM;
		}
	return result == -ENOMEM ? result : 0;
}

/* With a system call that leaves there; `hits` stay 0. */
static int list_edges(struct callgate_simulator *simulator)
{
	struct arena scratch = {0};
	int result = 0;

	for (size_t i = 0; result == 0 && i < simulator->output.count; i++)
		result = list_program(simulator, i, &scratch);
	arena_finish(&scratch);
	return result;
}

/*
 * Makes rules, counters and edges, and hands the simulator over, if there is one, it was filled and all goes well. Else
 * it is freed.
 */
static int finish(struct callgate_simulator *simulator, int filled, struct diag *diag,
                  struct callgate_simulator **ret_simulator)
{
	int result = filled;

	if (!simulator || (result == 0 && ((simulator->policy && !list_rules(simulator)) || !make_counters(simulator) ||
	                                   list_edges(simulator) < 0)))
		result = diag_fail(diag, -ENOMEM, "out of memory for a simulator");
	if (result == 0)
		*ret_simulator = simulator;
	else
		callgate_simulator_free(simulator);
	return result;
}

static int copy_programs(struct callgate_simulator *simulator, struct callgate_program *const *programs, size_t count,
                         struct diag *diag)
{
	struct compile_output *output = &simulator->output;
	int result = 0;

	output->programs = calloc(count, sizeof(output->programs[0]));
	if (!output->programs)
		return diag_fail(diag, -ENOMEM, "out of memory for a simulator");
	for (; result == 0 && output->count < count; output->count += result == 0)
		result = bpf_program_copy(programs[output->count], diag, &output->programs[output->count]);
	return result;
}

int callgate_simulator_new(const scmp_filter_ctx ctx, struct callgate_simulator **ret_simulator)
{
	struct context *context = context_check_with(ctx, ret_simulator, "place for the simulator");

	if (!context)
		return -EINVAL;
	int result = context_compile(context, false);
	if (result < 0)
		return result;
	struct callgate_simulator *simulator = calloc(1, sizeof(*simulator));
	if (simulator && !(simulator->policy = context_policy(context, false, &simulator->arena)))
		result = -ENOMEM;
	if (simulator && result == 0)
		result = copy_programs(simulator, context->output.programs, context->output.count, &context->diag);
	return finish(simulator, result, &context->diag, ret_simulator);
}

int callgate_simulator_new_program(const struct callgate_program *program, struct callgate_simulator **ret_simulator)
{
	struct callgate_program *const programs[1] = {(struct callgate_program *)(uintptr_t)program};
	struct diag *diag = diag_thread();

	if (!program || !ret_simulator)
		return diag_fail(diag, -EINVAL, "program and the place for the simulator must not be NULL");
	int result = bpf_accept(program, diag);
	if (result < 0)
		return result;
	struct callgate_simulator *simulator = calloc(1, sizeof(*simulator));
	result = simulator ? copy_programs(simulator, programs, 1, diag) : 0;
	return finish(simulator, result, diag, ret_simulator);
}

const struct callgate_program *callgate_simulator_program(const struct callgate_simulator *simulator, size_t index)
{
	return simulator && index < simulator->output.count ? simulator->output.programs[index] : NULL;
}

int callgate_simulator_rule(const struct callgate_simulator *simulator, size_t index, struct callgate_rule *ret_rule)
{
	if (!simulator || !ret_rule)
		return -EINVAL;
	if (index >= simulator->rules.count)
		return -ENOENT;
	*ret_rule = simulator->rules.items[index];
	return 0;
}

int callgate_simulator_edge(const struct callgate_simulator *simulator, size_t index, struct callgate_edge *ret_edge)
{
	if (!simulator || !ret_edge)
		return -EINVAL;
	if (index >= simulator->edges.count)
		return -ENOENT;
	*ret_edge = simulator->edges.items[index];
	ret_edge->hits = simulator->sides[ret_edge->program][ret_edge->instruction][ret_edge->taken];
	return 0;
}

/* ---- the same filter with other rules ---- */

int callgate_simulator_default(const struct callgate_simulator *simulator, enum callgate_reason reason, uint32_t arch,
                               uint32_t *ret_action)
{
	const struct policy *policy = simulator ? simulator->policy : NULL;

	if (!simulator || !ret_action)
		return -EINVAL;
	if (policy && reason == CALLGATE_REASON_DEFAULT)
		return *ret_action = policy->default_action, 0;
	if (policy && reason == CALLGATE_REASON_BAD_ARCH)
		return *ret_action = policy->bad_arch_action, 0;
	for (size_t i = 0; policy && reason == CALLGATE_REASON_UNKNOWN && i < policy->arch_count; i++)
		if (policy->archs[i].arch == callgate_arch_find(arch) && policy->archs[i].unknown_first)
			return *ret_action = policy->archs[i].unknown_action, 0;
	return -ENOENT;
}

/*
 * The next rules of the list that are this call's, in place of its own; *next goes on. The conditions are checked. 0,
 * -EINVAL, -ENOMEM.
 */
static int take_rules(struct arena *arena, const struct callgate_changed_rules *changed, size_t *next,
                      const struct callgate_arch *arch, struct policy_syscall *syscall)
{
	struct policy_rule *rules = ARENA_ARRAY(arena, struct policy_rule, syscall->rule_count);
	uint32_t count = 0;

	for (; rules && count < syscall->rule_count && *next < changed->rule_count; count++, ++*next) {
		const struct callgate_rule *from = &changed->rules[*next];
		size_t most = from->condition_count;
		if (from->arch != arch->token || from->nr != (int32_t)syscall->nr)
			break;
		struct policy_condition *conditions = ARENA_ARRAY(arena, struct policy_condition, most);
		int result = conditions ? conditions_read(from->conditions, most, policy_word_mask(arch), conditions,
		                                          diag_thread())
		                        : -ENOMEM;
		for (size_t i = 1; result == 0 && i < most; i++)
			if (conditions[i].arg < conditions[i - 1].arg)
				result = diag_fail(diag_thread(), -EINVAL,
				                   "the conditions of a rule must be in the order of their arguments");
		if (result < 0)
			return result;
		rules[count] = (struct policy_rule){from->action, from->id, (uint32_t)most, conditions};
	}
	syscall->rules = rules;
	syscall->rule_count = count;
	return rules ? 0 : -ENOMEM;
}

static int take_arch(struct arena *arena, const struct callgate_changed_rules *changed, size_t *next,
                     struct policy_arch *arch)
{
	struct policy_syscall *syscalls = ARENA_ARRAY(arena, struct policy_syscall, arch->syscall_count);
	int result = syscalls ? 0 : -ENOMEM;

	if (arch->unknown_first && changed->unknown_arch == arch->arch->token)
		arch->unknown_action = changed->unknown_action;
	for (size_t i = 0; result == 0 && i < arch->syscall_count; i++) {
		syscalls[i] = arch->syscalls[i];
		result = take_rules(arena, changed, next, arch->arch, &syscalls[i]);
	}
	arch->syscalls = syscalls;
	return result;
}

/* 0, -ENOMEM; -EINVAL: some rule was not taken. */
static int change_policy(struct callgate_simulator *simulator, const struct policy *from,
                         const struct callgate_changed_rules *changed)
{
	struct arena *arena = &simulator->arena;
	struct policy *policy = ARENA_NEW(arena, struct policy);
	struct policy_arch *archs = ARENA_ARRAY(arena, struct policy_arch, from->arch_count);
	int result = policy && archs ? 0 : -ENOMEM;
	size_t next = 0;

	for (size_t i = 0; result == 0 && i < from->arch_count; i++) {
		archs[i] = from->archs[i];
		result = take_arch(arena, changed, &next, &archs[i]);
	}
	if (result < 0)
		return result == -ENOMEM ? diag_fail(diag_thread(), result, "out of memory for the rules") : result;
	if (next != changed->rule_count)
		return diag_fail(diag_thread(), -EINVAL,
		                 "rule %zu of the list is not one of the simulator's, or not in its place", next);
	*policy = *from;
	policy->default_action = changed->default_action;
	policy->bad_arch_action = changed->bad_arch_action;
	policy->archs = archs;
	simulator->policy = policy;
	return 0;
}

int callgate_simulator_new_changed(const struct callgate_simulator *simulator,
                                   const struct callgate_changed_rules *changed,
                                   struct callgate_simulator **ret_simulator)
{
	if (!simulator || !changed || !ret_simulator || (changed->rule_count && !changed->rules))
		return diag_fail(diag_thread(), -EINVAL,
		                 "simulator, rules and the place for the new simulator must not be NULL");
	if (!simulator->policy)
		return diag_fail(diag_thread(), -EINVAL, "the simulator is of a program, which has no rules");
	struct callgate_simulator *copy = calloc(1, sizeof(*copy));
	int result = copy ? change_policy(copy, simulator->policy, changed) : 0;
	if (copy && result == 0)
		result = compile_policy(copy->policy, false, diag_thread(), &copy->output);
	return finish(copy, result, diag_thread(), ret_simulator);
}
