#include "api/simulator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "api/coverage.h"
#include "bpf/program.h"

struct callgate_simulator *simulator_allocate(void)
{
	return calloc(1, sizeof(struct callgate_simulator));
}

void callgate_simulator_free(struct callgate_simulator *simulator)
{
	if (!simulator)
		return;
	compile_output_finish(&simulator->output);
	arena_finish(&simulator->arena);
	free(simulator);
}

int simulator_compare_places(const void *a, const void *b)
{
	const struct simulator_place *x = a, *y = b;

	return (x->rule > y->rule) - (x->rule < y->rule);
}

static size_t count_rules(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->arch_count; i++)
		for (size_t j = 0; j < policy->archs[i].syscall_count; j++)
			count += policy->archs[i].syscalls[j].rule_count;
	return count;
}

static bool show_rule(struct arena *arena, const struct policy_arch *arch,
                      const struct policy_syscall *syscall, const struct policy_rule *rule,
                      struct callgate_rule *shown)
{
	struct scmp_arg_cmp *conditions = ARENA_ARRAY(arena, struct scmp_arg_cmp, rule->condition_count);

	if (!conditions)
		return false;
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		const struct policy_condition *c = &rule->conditions[i];
		bool masked = c->op == POLICY_MASKED_EQ;
		conditions[i] = (struct scmp_arg_cmp){
		    .arg = c->arg,
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
	size_t total = count_rules(policy), n = 0;

	simulator->rules = ARENA_ARRAY(&simulator->arena, struct callgate_rule, total);
	simulator->places = ARENA_ARRAY(&simulator->arena, struct simulator_place, total);
	if (!simulator->rules || !simulator->places)
		return false;
	for (size_t i = 0; i < policy->arch_count; i++)
		for (size_t j = 0; j < policy->archs[i].syscall_count; j++) {
			const struct policy_syscall *syscall = &policy->archs[i].syscalls[j];
			for (uint32_t k = 0; k < syscall->rule_count; k++, n++) {
				simulator->places[n] = (struct simulator_place){&syscall->rules[k], n};
				if (!show_rule(&simulator->arena, &policy->archs[i], syscall,
				               &syscall->rules[k], &simulator->rules[n]))
					return false;
			}
		}
	simulator->rule_count = n;
	qsort(simulator->places, n, sizeof(simulator->places[0]), simulator_compare_places);
	return true;
}

static bool make_counters(struct callgate_simulator *simulator)
{
	simulator->sides = ARENA_ARRAY(&simulator->arena, simulator_sides *, simulator->output.count);
	for (size_t i = 0; simulator->sides && i < simulator->output.count; i++) {
		simulator->sides[i] =
		    ARENA_ARRAY(&simulator->arena, simulator_sides, simulator->output.programs[i]->count);
		if (!simulator->sides[i])
			return false;
	}
	return simulator->sides != NULL;
}

int simulator_prepare(struct callgate_simulator *simulator, struct diag *diag)
{
	if ((simulator->policy && !list_rules(simulator)) || !make_counters(simulator))
		return diag_fail(diag, -ENOMEM, "out of memory for a simulator");
	return coverage_list_edges(simulator, diag);
}

static int copy_programs(struct callgate_simulator *simulator, struct callgate_program *const *programs,
                         size_t count, struct diag *diag)
{
	struct compile_output *output = &simulator->output;

	output->programs = calloc(count, sizeof(output->programs[0]));
	if (!output->programs)
		return diag_fail(diag, -ENOMEM, "out of memory for a simulator");
	for (; output->count < count; output->count++) {
		const struct callgate_program *from = programs[output->count];
		int result = bpf_program_new(from->insns, from->count, from->big_endian, diag,
		                             &output->programs[output->count]);
		if (result < 0)
			return result;
	}
	return 0;
}

static int copy_filter(struct callgate_simulator *simulator, struct context *context)
{
	simulator->policy = context_policy(context, false, &simulator->arena);
	if (!simulator->policy)
		return diag_fail(&context->diag, -ENOMEM, "out of memory for the rules");
	return copy_programs(simulator, context->output.programs, context->output.count, &context->diag);
}

int callgate_simulator_new(const scmp_filter_ctx ctx, struct callgate_simulator **ret_simulator)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	if (!ret_simulator)
		return diag_fail(&context->diag, -EINVAL, "the place for the simulator must not be NULL");
	int result = context_compile(context, false);
	if (result < 0)
		return result;
	struct callgate_simulator *simulator = simulator_allocate();
	if (!simulator)
		return diag_fail(&context->diag, -ENOMEM, "out of memory for a simulator");
	result = copy_filter(simulator, context);
	if (result == 0)
		result = simulator_prepare(simulator, &context->diag);
	if (result == 0)
		*ret_simulator = simulator;
	else
		callgate_simulator_free(simulator);
	return result;
}

int callgate_simulator_new_program(const struct callgate_program *program,
                                   struct callgate_simulator **ret_simulator)
{
	struct callgate_program *const programs[1] = {(struct callgate_program *)(uintptr_t)program};

	if (!program || !ret_simulator)
		return diag_fail(diag_thread(), -EINVAL,
		                 "program and the place for the simulator must not be NULL");
	int result = bpf_accept(program, diag_thread());
	if (result < 0)
		return result;
	struct callgate_simulator *simulator = simulator_allocate();
	if (!simulator)
		return diag_fail(diag_thread(), -ENOMEM, "out of memory for a simulator");
	result = copy_programs(simulator, programs, 1, diag_thread());
	if (result == 0)
		result = simulator_prepare(simulator, diag_thread());
	if (result == 0)
		*ret_simulator = simulator;
	else
		callgate_simulator_free(simulator);
	return result;
}

const struct callgate_program *callgate_simulator_program(const struct callgate_simulator *simulator,
                                                          size_t index)
{
	return simulator && index < simulator->output.count ? simulator->output.programs[index] : NULL;
}

int callgate_simulator_rule(const struct callgate_simulator *simulator, size_t index,
                            struct callgate_rule *ret_rule)
{
	if (!simulator || !ret_rule)
		return -EINVAL;
	if (index >= simulator->rule_count)
		return -ENOENT;
	*ret_rule = simulator->rules[index];
	return 0;
}

/* ---- the same filter with other rules ---- */

int callgate_simulator_default(const struct callgate_simulator *simulator, enum callgate_reason reason,
                               uint32_t arch, uint32_t *ret_action)
{
	const struct policy *policy = simulator ? simulator->policy : NULL;

	if (!simulator || !ret_action)
		return -EINVAL;
	if (policy && reason == CALLGATE_REASON_DEFAULT)
		return *ret_action = policy->default_action, 0;
	if (policy && reason == CALLGATE_REASON_BAD_ARCH)
		return *ret_action = policy->bad_arch_action, 0;
	for (size_t i = 0; policy && reason == CALLGATE_REASON_UNKNOWN && i < policy->arch_count; i++)
		if (policy->archs[i].arch == arch_by_token(arch) && policy->archs[i].unknown_first)
			return *ret_action = policy->archs[i].unknown_action, 0;
	return -ENOENT;
}

/* Rules that are still to be taken, in order. */
struct rule_source {
	const struct callgate_rule *next, *end;
	struct arena *arena;
};

static bool take_rule(struct rule_source *source, const struct callgate_arch *arch, struct policy_rule *rule)
{
	const struct callgate_rule *from = source->next++;
	struct policy_condition *conditions =
	    ARENA_ARRAY(source->arena, struct policy_condition, from->condition_count);

	if (!conditions)
		return false;
	for (size_t i = 0; i < from->condition_count; i++) {
		const struct scmp_arg_cmp *c = &from->conditions[i];
		bool masked = c->op == SCMP_CMP_MASKED_EQ;
		uint64_t word = policy_word_mask(arch), mask = masked ? c->datum_a & word : word;
		conditions[i] = (struct policy_condition){
		    .arg = (uint8_t)c->arg,
		    .op = (uint8_t)c->op,
		    .mask = mask,
		    .value = (masked ? c->datum_b : c->datum_a) & mask,
		};
	}
	*rule = (struct policy_rule){from->action, from->id, (uint32_t)from->condition_count, conditions};
	return true;
}

static bool take_syscall(struct rule_source *source, const struct callgate_arch *arch,
                         struct policy_syscall *syscall)
{
	struct policy_rule *rules = ARENA_ARRAY(source->arena, struct policy_rule, syscall->rule_count);

	syscall->rules = rules;
	for (uint32_t i = 0; rules && i < syscall->rule_count; i++) {
		if (source->next == source->end || source->next->arch != arch->token ||
		    source->next->nr != (int32_t)syscall->nr) {
			syscall->rule_count = i;
			break;
		}
		if (!take_rule(source, arch, &rules[i]))
			return false;
	}
	return rules != NULL;
}

static bool take_arch(struct rule_source *source, const struct callgate_changed_rules *changed,
                      struct policy_arch *arch)
{
	struct policy_syscall *syscalls =
	    ARENA_ARRAY(source->arena, struct policy_syscall, arch->syscall_count);

	if (!syscalls)
		return false;
	if (arch->syscall_count)
		memcpy(syscalls, arch->syscalls, arch->syscall_count * sizeof(syscalls[0]));
	arch->syscalls = syscalls;
	if (arch->unknown_first && changed->unknown_arch == arch->arch->token)
		arch->unknown_action = changed->unknown_action;
	for (size_t i = 0; i < arch->syscall_count; i++)
		if (!take_syscall(source, arch->arch, &syscalls[i]))
			return false;
	return true;
}

/* 0; -EINVAL: some rule was not taken. */
static int change_policy(struct callgate_simulator *simulator, const struct policy *from,
                         const struct callgate_changed_rules *changed)
{
	struct rule_source source = {changed->rules, changed->rules, &simulator->arena};
	struct policy *policy = ARENA_NEW(&simulator->arena, struct policy);
	struct policy_arch *archs = ARENA_ARRAY(&simulator->arena, struct policy_arch, from->arch_count);

	if (!policy || !archs)
		return diag_fail(diag_thread(), -ENOMEM, "out of memory for the rules");
	if (changed->rule_count)
		source.end += changed->rule_count;
	memcpy(archs, from->archs, from->arch_count * sizeof(archs[0]));
	for (size_t i = 0; i < from->arch_count; i++)
		if (!take_arch(&source, changed, &archs[i]))
			return diag_fail(diag_thread(), -ENOMEM, "out of memory for the rules");
	if (source.next != source.end)
		return diag_fail(diag_thread(), -EINVAL,
		                 "rule %zu of the list is not one of the simulator's, or not in its place",
		                 (size_t)(source.next - changed->rules));
	*policy = *from;
	policy->default_action = changed->default_action;
	policy->bad_arch_action = changed->bad_arch_action;
	policy->archs = archs;
	simulator->policy = policy;
	return 0;
}

static const char *find_mistake(const struct callgate_changed_rules *changed)
{
	for (size_t i = 0; i < changed->rule_count; i++)
		for (size_t j = 0; j < changed->rules[i].condition_count; j++) {
			const struct scmp_arg_cmp *c = &changed->rules[i].conditions[j];
			if (c->arg > 5 || (int)c->op <= _SCMP_CMP_MIN || c->op >= _SCMP_CMP_MAX)
				return "a condition has an argument or an operator that there is not";
			if (j > 0 && c->arg < c[-1].arg)
				return "the conditions of a rule must be in the order of their arguments";
		}
	return NULL;
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
	const char *mistake = find_mistake(changed);
	if (mistake)
		return diag_fail(diag_thread(), -EINVAL, "%s", mistake);
	struct callgate_simulator *copy = simulator_allocate();
	if (!copy)
		return diag_fail(diag_thread(), -ENOMEM, "out of memory for a simulator");
	int result = change_policy(copy, simulator->policy, changed);
	if (result == 0)
		result = compile_policy(copy->policy, false, diag_thread(), &copy->output);
	if (result == 0)
		result = simulator_prepare(copy, diag_thread());
	if (result == 0)
		*ret_simulator = copy;
	else
		callgate_simulator_free(copy);
	return result;
}
