#include <callgate/diagnosis.h>

#include "api/context.h"

const char *callgate_diagnosis(const scmp_filter_ctx ctx)
{
	struct context *context = ctx;

	if (!context || context->magic != CONTEXT_MAGIC)
		return diag_thread()->text;
	if (!context->diag.text[0])
		note_describe(&context->note, &context->diag);
	return context->diag.text;
}
