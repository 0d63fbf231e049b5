#include <callgate/diagnosis.h>

#include "api/context.h"

const char *callgate_diagnosis(const scmp_filter_ctx ctx)
{
	const struct context *context = ctx;

	return context && context->magic == CONTEXT_MAGIC ? context->diag.text : diag_thread()->text;
}
