#include <callgate/prove.h>

#include <errno.h>

#include "api/context.h"

int callgate_proof_set(scmp_filter_ctx ctx, enum callgate_proof proof)
{
	struct context *context = context_check_magic(ctx);

	if (!context)
		return -EINVAL;
	if ((int)proof < CALLGATE_PROOF_REQUIRED || (int)proof > CALLGATE_PROOF_OFF_FOR_TIMING)
		return diag_fail(&context->diag, -EINVAL, "%d is no CALLGATE_PROOF_* value", (int)proof);
	context_invalidate(context);
	context->proof = proof;
	return 0;
}
