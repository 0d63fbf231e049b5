#include "prove/filter_model.h"

#include <string.h>

#include "prove/interval.h"

bool filter_is_second(const struct filter *a, const struct filter *b)
{
	if (a->policy && b->policy)
		return policy_diagram_hash(a->policy) > policy_diagram_hash(b->policy);
	if (a->policy || b->policy || a->program_count != b->program_count)
		return !a->policy && (b->policy || a->program_count > b->program_count);
	for (size_t i = 0; i < a->program_count; i++) {
		const struct callgate_program *x = a->programs[i], *y = b->programs[i];
		int order = x->count == y->count ? memcmp(x->insns, y->insns, x->count * sizeof(*x->insns)) : 0;
		if (x->count != y->count || order)
			return x->count > y->count || order > 0;
	}
	return false;
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

bool filter_divide(struct filter_model *model, struct diagram *searching, struct region *region,
                   struct region *ret_upper)
{
	bool is_divided = model->filter->policy && policy_diagram_divide(&model->policy, region, ret_upper);

	for (size_t i = 0; searching && !is_divided && i < program_count(model); i++) {
		const struct callgate_program *program = model->filter->programs[i];
		is_divided = diagram_spend(searching, program->count) &&
		             interval_search(program, model->kinds, region, ret_upper);
	}
	return is_divided;
}

node filter_node(struct filter_model *model, const struct region *region)
{
	if (model->filter->policy)
		return policy_diagram_node(&model->policy, region);
	size_t i = program_count(model) - 1;
	node result = execution_run(&model->executions[i], region);
	while (i-- > 0)
		result = diagram_strictest(model->diagram, result, execution_run(&model->executions[i], region));
	return result;
}

bool filter_paths(struct filter_model *model, const struct region *region, node calls, execution_visitor visitor,
                  void *closure)
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
