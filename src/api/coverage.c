#include "api/coverage.h"

#include <errno.h>

#include "api/context.h"
#include "api/questions.h"
#include "query/reachable.h"

static bool is_branch(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA && insn->jt != insn->jf;
}

static struct callgate_call call_of(const struct seccomp_data *data)
{
	const struct callgate_arch *arch = arch_of_call(data->arch, (uint32_t)data->nr);
	struct callgate_call call = {
	    .arch = arch ? arch->token : data->arch,
	    .nr = data->nr,
	    .instruction_pointer = data->instruction_pointer,
	};

	for (int i = 0; i < 6; i++)
		call.args[i] = data->args[i];
	return call;
}

static enum callgate_operand operand_of(enum reachable_operand operand)
{
	static const enum callgate_operand operands[] = {
	    [REACHABLE_COMPUTED] = CALLGATE_OPERAND_COMPUTED, [REACHABLE_NR] = CALLGATE_OPERAND_NR,
	    [REACHABLE_ARCH] = CALLGATE_OPERAND_ARCH,         [REACHABLE_POINTER] = CALLGATE_OPERAND_POINTER,
	    [REACHABLE_ARGUMENT] = CALLGATE_OPERAND_ARGUMENT,
	};

	return operands[operand];
}

static struct callgate_edge edge_of(const struct sock_filter *insn, const struct reachable_edge *found,
                                    bool decided)
{
	struct callgate_edge edge = {.code = insn->code, .k = insn->k};

	edge.reach = found->reached ? CALLGATE_REACH_SOME
	             : decided      ? CALLGATE_REACH_NEVER
	                            : CALLGATE_REACH_UNKNOWN;
	if (!found->reached)
		return edge;
	edge.example = call_of(&found->call);
	edge.operand = operand_of(found->operand);
	edge.argument = found->argument;
	edge.upper = found->upper;
	edge.mask = found->mask;
	return edge;
}

/* The edges of program `index`. 0 or -ENOMEM. */
static int list_program(struct callgate_simulator *simulator, size_t index, struct arena *scratch)
{
	const struct callgate_program *program = simulator->output.programs[index];
	struct reachable_edge(*found)[2] = arena_alloc_array(scratch, program->count, sizeof(found[0]));
	int result = found ? reachable_branches(program, found) : -ENOMEM;

	if (result == -ENOMEM)
		return result;
	for (size_t pc = 0; pc < program->count; pc++)
		for (int taken = 1; taken >= 0 && is_branch(&program->insns[pc]); taken--) {
			struct callgate_edge *edge = &simulator->edges[simulator->edge_count++];
			*edge = edge_of(&program->insns[pc], &found[pc][taken], result == 0);
			edge->program = index;
			edge->instruction = pc;
			edge->taken = taken;
		}
	return 0;
}

int coverage_list_edges(struct callgate_simulator *simulator, struct diag *diag)
{
	struct arena scratch = {0};
	size_t most = 0;
	int result = 0;

	for (size_t i = 0; i < simulator->output.count; i++)
		most += 2 * simulator->output.programs[i]->count;
	simulator->edges = ARENA_ARRAY(&simulator->arena, struct callgate_edge, most);
	if (!simulator->edges)
		result = -ENOMEM;
	for (size_t i = 0; result == 0 && i < simulator->output.count; i++)
		result = list_program(simulator, i, &scratch);
	arena_finish(&scratch);
	return result == 0 ? 0 : diag_fail(diag, result, "out of memory for a simulator");
}

int callgate_simulator_edge(const struct callgate_simulator *simulator, size_t index,
                            struct callgate_edge *ret_edge)
{
	if (!simulator || !ret_edge)
		return -EINVAL;
	if (index >= simulator->edge_count)
		return -ENOENT;
	*ret_edge = simulator->edges[index];
	ret_edge->hits = simulator->sides[ret_edge->program][ret_edge->instruction][ret_edge->taken];
	return 0;
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

int callgate_simulator_cover(struct callgate_simulator *simulator, uint32_t arch, uint32_t nr_first,
                             uint32_t nr_last, size_t count, const struct scmp_arg_cmp *comparisons)
{
	struct callgate_call example = {.arch = arch};
	struct arena arena = {0};

	diag_clear(diag_thread());
	if (!simulator || (count && !comparisons) || nr_first > nr_last)
		return diag_fail(diag_thread(), -EINVAL, "NULL, or numbers from the last to the first");
	uint32_t audit = simulator_data_of(&example).arch;
	struct policy_condition *conditions = ARENA_ARRAY(&arena, struct policy_condition, count);
	int result = conditions ? question_conditions(comparisons, count, conditions) : -ENOMEM;
	if (result == 0)
		result =
		    cover(simulator, &(struct query){{audit, audit, nr_first, nr_last}, count, conditions});
	arena_finish(&arena);
	if (result == -ENOMEM)
		return diag_fail(diag_thread(), result, "out of memory for calls");
	if (result == -EDQUOT || result == -EOPNOTSUPP)
		return diag_fail(diag_thread(), result, "not all that is reached was found: %s",
		                 result == -EDQUOT ? "the budget is used up"
		                                   : "an instruction is not modelled");
	return result;
}
