#include <errno.h>

#include <seccomp.h>

#include "api/context.h"

uint32_t seccomp_arch_resolve_name(const char *arch_name)
{
	const struct arch *arch = arch_by_name(arch_name);

	return arch ? arch->token : 0;
}

uint32_t seccomp_arch_native(void)
{
	return arch_native()->token;
}

/* Both checked, or NULL with a text. A context without architectures will do. */
static struct context *check(const void *ctx, uint32_t token, const struct arch **ret_arch)
{
	struct context *context = context_check_magic(ctx);
	const struct arch *arch = arch_by_token(token);

	if (context && !arch) {
		diag_set(&context->diag, "0x%08x is not an architecture (SCMP_ARCH_*)", token);
		return NULL;
	}
	*ret_arch = arch;
	return context;
}

int seccomp_arch_exist(const scmp_filter_ctx ctx, uint32_t arch_token)
{
	const struct arch *arch;
	struct context *context = check(ctx, arch_token, &arch);

	if (!context)
		return -EINVAL;
	if (!ruleset_has_arch(context->rules, arch))
		return diag_fail(&context->diag, -EEXIST, "architecture %s is not in the context",
		                 arch->name);
	return 0;
}

int seccomp_arch_add(scmp_filter_ctx ctx, uint32_t arch_token)
{
	const struct arch *arch;
	struct context *context = check(ctx, arch_token, &arch);

	if (!context)
		return -EINVAL;
	int result = ruleset_arch_add(context->rules, arch, &context->diag);
	if (result == 0)
		context_invalidate(context);
	return context_error(result);
}

int seccomp_arch_remove(scmp_filter_ctx ctx, uint32_t arch_token)
{
	const struct arch *arch;
	struct context *context = check(ctx, arch_token, &arch);

	if (!context)
		return -EINVAL;
	int result = ruleset_arch_remove(context->rules, arch, &context->diag);
	if (result == 0)
		context_invalidate(context);
	return context_error(result);
}
