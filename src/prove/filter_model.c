#include "prove/filter_model.h"

#include <string.h>

#include "bpf/simulate.h"
#include "prove/interval.h"

/* An instruction without what it does not use; a branch whose sides meet is a jump. */
static struct sock_filter canonical(const struct sock_filter *insn)
{
	const struct bpf_code *code = bpf_code_of(insn);
	struct sock_filter result = {.code = insn->code, .k = insn->k};
	bool reads_k = true;

	switch ((enum bpf_kind)code->kind) {
	case BPF_KIND_BRANCH:
		if (insn->jt == insn->jf)
			return (struct sock_filter){.code = BPF_JMP | BPF_JA, .k = insn->jt};
		result.jt = insn->jt;
		result.jf = insn->jf;
		reads_k = !code->x;
		break;
	case BPF_KIND_ARITHMETIC:
	case BPF_KIND_RETURN:
		reads_k = !code->x;
		break;
	case BPF_KIND_LENGTH:
	case BPF_KIND_MOVE:
	case BPF_KIND_NEGATE:
		reads_k = false;
		break;
	default:
		break;
	}
	if (!reads_k)
		result.k = 0;
	return result;
}

static bool same_program(const struct callgate_program *a, const struct callgate_program *b)
{
	bool same = a->big_endian == b->big_endian && a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++) {
		struct sock_filter x = canonical(&a->insns[i]), y = canonical(&b->insns[i]);
		same = x.code == y.code && x.jt == y.jt && x.jf == y.jf && x.k == y.k;
	}
	return same;
}

bool filter_same(const struct filter *a, const struct filter *b)
{
	bool same = !a->policy && !b->policy && a->program_count == b->program_count;

	for (size_t i = 0; same && i < a->program_count; i++)
		same = same_program(a->programs[i], b->programs[i]);
	return same;
}

bool filter_is_second(const struct filter *a, const struct filter *b)
{
	if (a->policy && b->policy)
		return policy_diagram_hash(a->policy) > policy_diagram_hash(b->policy);
	if (a->policy || b->policy || a->program_count != b->program_count)
		return !a->policy && (b->policy || a->program_count > b->program_count);
	for (size_t i = 0; i < a->program_count; i++) {
		const struct callgate_program *x = a->programs[i], *y = b->programs[i];
		int order =
		    x->count == y->count ? memcmp(x->insns, y->insns, x->count * sizeof(*x->insns)) : 0;
		if (x->count != y->count || order)
			return x->count > y->count || order > 0;
	}
	return false;
}

uint32_t filter_verdict(const struct filter *filter, const struct seccomp_data *call)
{
	if (filter->policy)
		return policy_eval(filter->policy, call, NULL);
	size_t i = filter->program_count - 1;
	uint32_t verdict = bpf_simulate(filter->programs[i], call, NULL);
	while (i-- > 0)
		verdict = callgate_action_strictest(verdict, bpf_simulate(filter->programs[i], call, NULL));
	return verdict;
}

bool filter_init(struct filter_model *model, const struct filter *filter, struct arena *arena)
{
	size_t longest = 0;

	*model = (struct filter_model){.filter = filter};
	if (filter->policy)
		return policy_diagram_init(&model->policy, filter->policy, arena);
	assert(filter->program_count > 0);
	for (size_t i = 0; i < filter->program_count; i++)
		if (filter->programs[i]->count > longest)
			longest = filter->programs[i]->count;
	model->kinds = ARENA_ARRAY(arena, uint8_t, longest);
	return model->kinds != NULL;
}

/* How many programs there are to execute. */
static size_t program_count(const struct filter_model *model)
{
	return model->filter->policy ? 0 : model->filter->program_count;
}

bool filter_prepare(struct filter_model *model, struct diagram *diagram, struct arena *arena)
{
	model->diagram = model->policy.diagram = diagram;
	if (model->filter->policy)
		return true;
	model->executions = ARENA_ARRAY(arena, struct execution, program_count(model));
	for (size_t i = 0; model->executions && i < program_count(model); i++)
		if (!execution_init(&model->executions[i], model->filter->programs[i], diagram, arena))
			return false;
	return model->executions != NULL;
}

void filter_arch_breakpoints(const struct filter_model *model, struct breakpoints *points)
{
	if (model->filter->policy)
		policy_diagram_arch_breakpoints(&model->policy, points);
	for (size_t i = 0; i < program_count(model); i++)
		interval_breakpoints(model->filter->programs[i], NULL, model->kinds, points);
}

void filter_nr_breakpoints(const struct filter_model *model, const struct region *slice,
                           struct breakpoints *points)
{
	if (model->filter->policy)
		policy_diagram_nr_breakpoints(&model->policy, slice, points);
	for (size_t i = 0; i < program_count(model); i++)
		interval_breakpoints(model->filter->programs[i], slice, model->kinds, points);
}

node filter_node(struct filter_model *model, const struct region *region)
{
	if (model->filter->policy)
		return policy_diagram_node(&model->policy, region);
	size_t i = program_count(model) - 1;
	node result = execution_run(&model->executions[i], region);
	while (i-- > 0)
		result =
		    diagram_strictest(model->diagram, result, execution_run(&model->executions[i], region));
	return result;
}

bool filter_paths(struct filter_model *model, const struct region *region, node calls,
                  execution_visitor visitor, void *closure)
{
	if (model->filter->policy)
		policy_diagram_paths(&model->policy, region, calls, visitor, closure);
	for (size_t i = 0; i < program_count(model); i++)
		if (!execution_paths(&model->executions[i], region, calls, visitor, closure))
			return false;
	return true;
}

struct filter_place filter_unmodelled(const struct filter_model *model)
{
	for (size_t i = 0; i < program_count(model); i++)
		if (model->executions[i].unmodelled)
			return (struct filter_place){i, model->executions[i].unmodelled};
	return (struct filter_place){0, 0};
}
