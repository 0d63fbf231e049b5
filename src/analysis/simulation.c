#include <callgate/simulate.h>

#include <errno.h>

#include "api/context.h"
#include "analysis/simulator.h"
#include "bpf/program.h"
#include "bpf/simulate.h"
#include "query/reachable.h"

struct seccomp_data simulator_data_of(const struct callgate_call *call)
{
	const struct callgate_arch *arch = callgate_arch_find(call->arch);
	struct seccomp_data data = {
	    .nr = call->nr,
	    .arch = arch ? arch->audit : call->arch,
	    .instruction_pointer = call->instruction_pointer,
	};

	for (int i = 0; i < 6; i++)
		data.args[i] = call->args[i];
	return data;
}

struct callgate_call simulator_call_of(const struct seccomp_data *data)
{
	struct callgate_call call = {
	    .arch = data->arch, .nr = data->nr, .instruction_pointer = data->instruction_pointer};

	for (int i = 0; i < 6; i++)
		call.args[i] = data->args[i];
	return call;
}

/* The bitmap has the numbers of the kernel's own table; x32's are not in it. */
static bool has_bitmap_entry(const struct seccomp_data *data)
{
	for (size_t i = 0; i < arch_count(); i++) {
		const struct callgate_arch *arch = callgate_arch_at(i);
		if (arch->audit == data->arch && arch->nr_base == 0 && data->nr >= 0 &&
		    data->nr <= arch_syscall_number_max(arch))
			return true;
	}
	return false;
}

static struct callgate_verdict run(struct callgate_program *const *programs, size_t count,
                                   simulator_sides *const *sides, const struct seccomp_data *data)
{
	struct callgate_verdict verdict = {.action = SCMP_ACT_ALLOW, .from_bitmap = has_bitmap_entry(data)};

	for (size_t i = count; i-- > 0;) { /* the newest filter runs first */
		size_t executed;
		uint32_t action = bpf_simulate_counting(programs[i], data, &executed, sides ? sides[i] : NULL);
		verdict.action = i + 1 == count ? action : callgate_action_strictest(verdict.action, action);
		verdict.executed += executed;
		verdict.from_bitmap =
		    verdict.from_bitmap && bpf_is_bitmap_allowed(programs[i], data->arch, (uint32_t)data->nr);
	}
	return verdict;
}

/* The verdict of a call that no rule decides. */
static enum callgate_reason reason_without_rule(const struct policy *policy, const struct seccomp_data *data)
{
	bool is_unknown = false, has_rules = false;

	if (!policy_covers(policy, data))
		return CALLGATE_REASON_BAD_ARCH;
	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct policy_arch *arch = &policy->archs[i];
		if (arch->arch->audit != data->arch)
			continue;
		const struct policy_syscall *syscall = policy_arch_find(arch, (uint32_t)data->nr);
		has_rules = has_rules || (syscall && syscall->rule_count > 0);
		is_unknown = is_unknown || policy_nr_is_unknown(arch, (uint32_t)data->nr);
	}
	return is_unknown && !has_rules ? CALLGATE_REASON_UNKNOWN : CALLGATE_REASON_DEFAULT;
}

static const struct policy_rule *explain(const struct policy *policy, const struct seccomp_data *data,
                                         struct callgate_verdict *verdict)
{
	const struct policy_rule *rule;

	(void)policy_eval(policy, data, &rule);
	/*
	 * Rules that freezing added have no id: what stays the default although it is newer than unknown calls, and
	 * what a baseline denies.
	 */
	if (!rule)
		verdict->reason = reason_without_rule(policy, data);
	else if (rule->id)
		verdict->reason = CALLGATE_REASON_RULE;
	else
		verdict->reason =
		    rule->action == policy->default_action ? CALLGATE_REASON_DEFAULT : CALLGATE_REASON_UNKNOWN;
	verdict->rule = rule ? rule->id : 0;
	return rule;
}

int callgate_simulate(const scmp_filter_ctx ctx, const struct callgate_call *call, struct callgate_verdict *ret_verdict)
{
	struct context *context =
	    context_check_with(ctx, call && ret_verdict ? call : NULL, "call and the place for its verdict");
	struct arena arena = {0};

	if (!context)
		return -EINVAL;
	int result = context_compile(context, false);
	if (result < 0)
		return result;
	const struct policy *policy = context_policy(context, false, &arena);
	if (policy) {
		struct seccomp_data data = simulator_data_of(call);
		*ret_verdict = run(context->output.programs, context->output.count, NULL, &data);
		explain(policy, &data, ret_verdict);
	}
	arena_finish(&arena);
	return policy ? 0 : -ENOMEM;
}

int callgate_simulate_program(const struct callgate_program *program, const struct callgate_call *call,
                              struct callgate_verdict *ret_verdict)
{
	struct callgate_program *const programs[1] = {(struct callgate_program *)(uintptr_t)program};

	if (!program || !call || !ret_verdict)
		return diag_fail(diag_thread(), -EINVAL,
		                 "program, call and the place for the verdict must not be NULL");
	int result = bpf_accept(program, diag_thread());
	if (result < 0)
		return result;
	struct seccomp_data data = simulator_data_of(call);
	*ret_verdict = run(programs, 1, NULL, &data);
	return 0;
}

/* For the rule that decided a call of this number. */
static void count_hit(struct callgate_simulator *simulator, const struct policy_rule *rule, uint32_t nr)
{
	size_t first = 0; /* in `rules`, of those of the system call */

	for (size_t i = 0; i < simulator->policy->arch_count; i++)
		for (size_t j = 0; j < simulator->policy->archs[i].syscall_count; j++) {
			const struct policy_syscall *syscall = &simulator->policy->archs[i].syscalls[j];
			for (uint32_t k = 0; syscall->nr == nr && k < syscall->rule_count; k++)
				simulator->rules.items[first + k].hits += &syscall->rules[k] == rule;
			first += syscall->rule_count;
		}
}

struct callgate_verdict simulator_count(struct callgate_simulator *simulator, const struct seccomp_data *data)
{
	struct callgate_verdict verdict =
	    run(simulator->output.programs, simulator->output.count, simulator->sides, data);

	if (simulator->policy) {
		const struct policy_rule *rule = explain(simulator->policy, data, &verdict);
		if (rule)
			count_hit(simulator, rule, (uint32_t)data->nr);
	}
	simulator->reasons[verdict.reason]++;
	return verdict;
}

int callgate_simulator_run(struct callgate_simulator *simulator, const struct callgate_call *call,
                           struct callgate_verdict *ret_verdict)
{
	if (!simulator || !call)
		return diag_fail(diag_thread(), -EINVAL, "simulator and call must not be NULL");
	struct seccomp_data data = simulator_data_of(call);
	struct callgate_verdict verdict = simulator_count(simulator, &data);
	if (ret_verdict)
		*ret_verdict = verdict;
	return 0;
}

unsigned long callgate_simulator_reason_hits(const struct callgate_simulator *simulator, enum callgate_reason reason)
{
	return simulator && (unsigned)reason <= CALLGATE_REASON_BAD_ARCH ? simulator->reasons[reason] : 0;
}

static void count_call(void *closure, const struct seccomp_data *call)
{
	(void)simulator_count(closure, call);
}

/* First for the rules, then for the branches. */
static int cover(struct callgate_simulator *simulator, const struct query *query)
{
	struct filter rules = {.policy = simulator->policy};
	struct filter programs = {
	    .programs = (const struct callgate_program *const *)simulator->output.programs,
	    .program_count = simulator->output.count,
	};
	int result = simulator->policy ? reachable_visit(&rules, query, count_call, simulator) : 0;

	return result == 0 ? reachable_visit(&programs, query, count_call, simulator) : result;
}

int callgate_simulator_cover(struct callgate_simulator *simulator, uint32_t arch, uint32_t nr_first, uint32_t nr_last,
                             size_t count, const struct scmp_arg_cmp *comparisons)
{
	struct callgate_call example = {.arch = arch};
	struct arena arena = {0};

	diag_clear(diag_thread());
	if (!simulator || (count && !comparisons) || nr_first > nr_last)
		return diag_fail(diag_thread(), -EINVAL, "NULL, or numbers from the last to the first");
	uint32_t audit = simulator_data_of(&example).arch;
	struct policy_condition *conditions = ARENA_ARRAY(&arena, struct policy_condition, count);
	int result = conditions ? conditions_read(comparisons, count, UINT64_MAX, conditions, diag_thread()) : -ENOMEM;
	if (result == 0)
		result = cover(simulator, &(struct query){{audit, audit, nr_first, nr_last}, count, conditions});
	arena_finish(&arena);
	if (result == -ENOMEM)
		return diag_fail(diag_thread(), result, "out of memory for calls");
	if (result == -EDQUOT || result == -EOPNOTSUPP)
		return diag_fail(diag_thread(), result, "not all that is reached was found: %s",
		                 result == -EDQUOT ? "the budget is used up" : "an instruction is not modelled");
	return result;
}
