#include "api/subject.h"

#include <errno.h>

#include "api/context.h"

int subject_of(const struct callgate_side *side, struct arena *arena, struct prove_subject *ret_subject)
{
	struct prove_subject subject = {.programs = side ? side->programs : NULL};

	if (!side || (!side->ctx && (!side->programs || side->program_count == 0)))
		return diag_fail(diag_thread(), -EINVAL, "a side needs a context or at least one program");
	for (size_t i = 0; !side->ctx && i < side->program_count; i++)
		if (!side->programs[i])
			return diag_fail(diag_thread(), -EINVAL, "program %zu of a side is NULL", i);
	subject.program_count = side->ctx ? 0 : side->program_count;
	if (side->ctx) {
		const struct context *context = context_check(side->ctx);
		if (!context)
			return diag_fail(diag_thread(), -EINVAL,
			                 "a side's context is released or has no architecture");
		subject.policy = context_policy(context, false, arena);
		if (!subject.policy)
			return diag_fail(diag_thread(), -ENOMEM, "out of memory for the rules");
	}
	*ret_subject = subject;
	return 0;
}
