#include <errno.h>

#include <seccomp.h>
#include <callgate/arch.h>

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

static const struct callgate_arch *facts_of(const struct arch *arch)
{
	return arch ? arch->facts : NULL;
}

const struct callgate_arch *callgate_arch_at(size_t index)
{
	return index < arch_count() ? arch_at(index)->facts : NULL;
}

const struct callgate_arch *callgate_arch_find(uint32_t token)
{
	return facts_of(arch_by_token(token));
}

const struct callgate_arch *callgate_arch_find_name(const char *name)
{
	return facts_of(arch_by_any_name(name));
}

const char *callgate_arch_closest_name(const char *name)
{
	return arch_closest_name(name);
}

const struct callgate_arch *callgate_arch_of_call(uint32_t arch, int32_t nr)
{
	const struct arch *named = arch_by_token(arch);

	return facts_of(arch_of_call(named ? named->audit : arch, (uint32_t)nr));
}

bool callgate_arch_has_number(uint32_t token, int32_t nr)
{
	const struct arch *arch = arch_by_token(token);

	return arch && arch_has_number(arch, (uint32_t)nr);
}

const struct callgate_arch *callgate_machine_arch_at(uint32_t token, size_t index)
{
	const struct arch *machine = arch_by_token(token);

	return machine ? facts_of(arch_of_machine(machine, index)) : NULL;
}
