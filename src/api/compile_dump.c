#include <callgate/compile.h>

#include <errno.h>
#include <stdlib.h>

#include "api/context.h"
#include "base/strbuf.h"
#include "compile/compile.h"

const char *callgate_pass_name(size_t i)
{
	return i < compile_pass_count() ? compile_pass_name(i) : NULL;
}

const char *callgate_pass_what(size_t i)
{
	return i < compile_pass_count() ? compile_pass_what(i) : NULL;
}

int callgate_compile_dump(const scmp_filter_ctx ctx, const char *pass, int dot, char **ret_text)
{
	struct context *context = context_check(ctx);
	struct arena arena = {0};
	struct strbuf text = {0};

	if (!context)
		return -EINVAL;
	if (!pass || !ret_text)
		return diag_fail(&context->diag, -EINVAL,
		                 "the name of the pass and the place for the text must not be NULL");
	struct compile_dump dump = {.after = pass, .dot = dot != 0, .out = &text};
	const struct policy *policy = context_policy(context, false, &arena);
	int result = policy ? compile_dump_policy(policy, &dump, &context->diag) : -ENOMEM;
	arena_finish(&arena);
	char *stolen = strbuf_steal(&text);
	if (result == 0 && stolen) {
		*ret_text = stolen;
		return 0;
	}
	free(stolen);
	if (result == -EINVAL)
		return result;
	return diag_fail(&context->diag, -ENOMEM, "out of memory for the text");
}
