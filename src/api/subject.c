#include "api/subject.h"

#include <errno.h>

#include "api/context.h"

int subject_of(const struct callgate_side *side, struct arena *arena, struct filter *ret_filter)
{
	struct filter filter = {.programs = side ? side->programs : NULL};

	if (!side || (!side->ctx && (!side->programs || side->program_count == 0)))
		return diag_fail(diag_thread(), -EINVAL, "a side needs a context or at least one program");
	for (size_t i = 0; !side->ctx && i < side->program_count; i++)
		if (!side->programs[i])
			return diag_fail(diag_thread(), -EINVAL, "program %zu of a side is NULL", i);
	filter.program_count = side->ctx ? 0 : side->program_count;
	if (side->ctx) {
		const struct context *context = context_check(side->ctx);
		if (!context)
			return diag_fail(diag_thread(), -EINVAL,
			                 "a side's context is released or has no architecture");
		filter.policy = context_policy(context, false, arena);
		if (!filter.policy)
			return diag_fail(diag_thread(), -ENOMEM, "out of memory for the rules");
	}
	*ret_filter = filter;
	return 0;
}

int subject_conditions(const struct scmp_arg_cmp *comparisons, size_t count,
                       struct policy_condition *conditions)
{
	for (size_t i = 0; i < count; i++) {
		const struct scmp_arg_cmp *from = &comparisons[i];
		bool masked = from->op == SCMP_CMP_MASKED_EQ;
		if (from->arg > 5 || from->op <= _SCMP_CMP_MIN || from->op >= _SCMP_CMP_MAX)
			return diag_fail(diag_thread(), -EINVAL,
			                 "comparison %zu: arguments are 0 to 5, operators SCMP_CMP_*", i);
		conditions[i] = (struct policy_condition){
		    .arg = (uint8_t)from->arg,
		    .op = (uint8_t)from->op,
		    .mask = masked ? from->datum_a : UINT64_MAX,
		    .value = masked ? from->datum_b & from->datum_a : from->datum_a,
		};
	}
	return 0;
}
