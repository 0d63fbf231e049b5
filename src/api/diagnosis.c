#include <callgate/diagnosis.h>

#include <stddef.h>

#include "api/context.h"

struct diag *diag_thread(void)
{
	static _Thread_local struct diag diag;

	return &diag;
}

const char *callgate_diagnosis(const scmp_filter_ctx ctx)
{
	struct context *context = ctx;

	if (!context || context->magic != CONTEXT_MAGIC)
		return diag_thread()->text;
	if (!context->diag.text[0])
		note_describe(&context->note, &context->diag);
	return context->diag.text;
}

void callgate_diagnosis_set(const char *text)
{
	struct diag copy = {""};

	/* The text may be the thread's own. */
	diag_add(&copy, text ? text : "");
	*diag_thread() = copy;
}
