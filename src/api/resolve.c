#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <seccomp.h>

#include "api/context.h"

uint32_t seccomp_arch_resolve_name(const char *arch_name)
{
	const struct callgate_arch *arch = arch_by_name(arch_name);

	return arch ? arch->token : 0;
}

uint32_t seccomp_arch_native(void)
{
	return arch_native()->token;
}

/* Both checked, or NULL with a text. A context without architectures will do. */
static struct context *check_arch(const void *ctx, uint32_t token, const struct callgate_arch **ret_arch)
{
	struct context *context = context_check_magic(ctx);
	const struct callgate_arch *arch = arch_by_token(token);

	if (context && !arch) {
		diag_set(&context->diag, "0x%08x is not an architecture (SCMP_ARCH_*)", token);
		return NULL;
	}
	*ret_arch = arch;
	return context;
}

int seccomp_arch_exist(const scmp_filter_ctx ctx, uint32_t arch_token)
{
	const struct callgate_arch *arch;
	struct context *context = check_arch(ctx, arch_token, &arch);

	if (!context)
		return -EINVAL;
	if (!ruleset_has_arch(context->rules, arch))
		return diag_fail(&context->diag, -EEXIST, "architecture %s is not in the context",
		                 arch->name);
	return 0;
}

int seccomp_arch_add(scmp_filter_ctx ctx, uint32_t arch_token)
{
	const struct callgate_arch *arch;
	struct context *context = check_arch(ctx, arch_token, &arch);

	if (!context)
		return -EINVAL;
	int result = ruleset_arch_add(context->rules, arch, &context->diag);
	if (result == 0)
		context_invalidate(context);
	return context_error(result);
}

int seccomp_arch_remove(scmp_filter_ctx ctx, uint32_t arch_token)
{
	const struct callgate_arch *arch;
	struct context *context = check_arch(ctx, arch_token, &arch);

	if (!context)
		return -EINVAL;
	int result = ruleset_arch_remove(context->rules, arch, &context->diag);
	if (result == 0)
		context_invalidate(context);
	return context_error(result);
}

/* The number_of_name, or __NR_SCMP_ERROR with a text in the thread's diagnosis. */
static int number_of_name(const struct callgate_arch *arch, const char *name)
{
	if (!arch) {
		diag_set(diag_thread(), "not an architecture (SCMP_ARCH_*)");
		return __NR_SCMP_ERROR;
	}
	int nr = arch_syscall_number(arch, name);
	if (nr == ARCH_NR_ERROR)
		diag_set(diag_thread(), "unknown system call: %s", name ? name : "NULL");
	return nr;
}

int seccomp_syscall_resolve_name_arch(uint32_t arch_token, const char *name)
{
	return number_of_name(arch_by_token(arch_token), name);
}

int seccomp_syscall_resolve_name_rewrite(uint32_t arch_token, const char *name)
{
	const struct callgate_arch *arch = arch_by_token(arch_token);
	int nr = number_of_name(arch, name);

	return nr == __NR_SCMP_ERROR ? nr : arch_syscall_rewrite(arch, nr);
}

int seccomp_syscall_resolve_name(const char *name)
{
	return number_of_name(arch_native(), name);
}

char *seccomp_syscall_resolve_num_arch(uint32_t arch_token, int num)
{
	const struct callgate_arch *arch = arch_by_token(arch_token);
	const char *name = arch ? arch_syscall_name(arch, num) : NULL;

	if (!name)
		diag_set(diag_thread(), arch ? "no system call has this number_of_name on this architecture"
		                             : "not an architecture (SCMP_ARCH_*)");
	return name ? strdup(name) : NULL;
}
