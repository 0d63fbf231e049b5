/* Provisional: the rest of the interface, thin, until each family has its file. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <callgate/version.h>

#include "api/context.h"
#include "load/features.h"
#include "load/load.h"

const char *callgate_version(void)
{
	return "0.1.0";
}

const struct scmp_version *seccomp_version(void)
{
	static const struct scmp_version version = {SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO};

	return &version;
}

unsigned int seccomp_api_get(void)
{
	return load_level();
}

int seccomp_api_set(unsigned int level)
{
	return load_level_force(level) ? 0 : -EINVAL;
}

uint32_t seccomp_arch_resolve_name(const char *arch_name)
{
	const struct arch *arch = arch_by_name(arch_name);

	return arch ? arch->token : 0;
}

uint32_t seccomp_arch_native(void)
{
	return arch_native()->token;
}

int seccomp_arch_add(scmp_filter_ctx ctx, uint32_t arch_token)
{
	struct context *context = context_check_magic(ctx);
	const struct arch *arch = arch_by_token(arch_token);

	if (!context || !arch)
		return -EINVAL;
	context_invalidate(context);
	return context_error(ruleset_arch_add(context->rules, arch, &context->diag));
}

int seccomp_arch_remove(scmp_filter_ctx ctx, uint32_t arch_token)
{
	struct context *context = context_check_magic(ctx);
	const struct arch *arch = arch_by_token(arch_token);

	if (!context || !arch)
		return -EINVAL;
	context_invalidate(context);
	return context_error(ruleset_arch_remove(context->rules, arch, &context->diag));
}

int seccomp_attr_set(scmp_filter_ctx ctx, enum scmp_filter_attr attr, uint32_t value)
{
	struct context *context = context_check(ctx);

	if (!context || attr <= _SCMP_FLTATR_MIN || attr >= _SCMP_FLTATR_MAX)
		return -EINVAL;
	context->attributes[attr] = value;
	context_invalidate(context);
	return 0;
}

int seccomp_attr_get(const scmp_filter_ctx ctx, enum scmp_filter_attr attr, uint32_t *value)
{
	struct context *context = context_check(ctx);

	if (!context || attr <= _SCMP_FLTATR_MIN || attr >= _SCMP_FLTATR_MAX || !value)
		return -EINVAL;
	*value = context->attributes[attr];
	return 0;
}

int seccomp_syscall_resolve_name_arch(uint32_t arch_token, const char *name)
{
	const struct arch *arch = arch_by_token(arch_token);

	return arch ? arch_syscall_number(arch, name) : __NR_SCMP_ERROR;
}

int seccomp_syscall_resolve_name(const char *name)
{
	return seccomp_syscall_resolve_name_arch(SCMP_ARCH_NATIVE, name);
}

char *seccomp_syscall_resolve_num_arch(uint32_t arch_token, int num)
{
	const struct arch *arch = arch_by_token(arch_token);
	const char *name = arch ? arch_syscall_name(arch, num) : NULL;

	return name ? strdup(name) : NULL;
}

int seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt,
                           const struct scmp_arg_cmp *arg_array)
{
	struct context *context = context_check(ctx);
	struct ruleset_request request = {.action = action, .nr = syscall, .condition_count = arg_cnt};

	if (!context || arg_cnt > 6 || (!arg_array && arg_cnt))
		return -EINVAL;
	if (action == context->attributes[SCMP_FLTATR_ACT_DEFAULT])
		return -EACCES;
	for (unsigned i = 0; i < arg_cnt; i++) {
		bool masked = arg_array[i].op == SCMP_CMP_MASKED_EQ;
		if (arg_array[i].arg > 5)
			return -EINVAL;
		request.conditions[i] = (struct policy_condition){
		    .arg = (uint8_t)arg_array[i].arg,
		    .op = (uint8_t)arg_array[i].op,
		    .mask = masked ? arg_array[i].datum_a : UINT64_MAX,
		    .value = masked ? arg_array[i].datum_b : arg_array[i].datum_a,
		};
	}
	context_invalidate(context);
	return context_error(ruleset_add(context->rules, &request, &context->diag));
}

int seccomp_rule_add(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt, ...)
{
	struct scmp_arg_cmp args[6];
	va_list list;

	if (arg_cnt > 6)
		return diag_fail(context_thread_diag(), -EINVAL, "%u comparisons: a call has 6 arguments",
		                 arg_cnt);
	va_start(list, arg_cnt);
	for (unsigned i = 0; i < arg_cnt; i++)
		args[i] = va_arg(list, struct scmp_arg_cmp);
	va_end(list);
	return seccomp_rule_add_array(ctx, action, syscall, arg_cnt, args);
}

int seccomp_export_bpf(const scmp_filter_ctx ctx, int fd)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	int result = context_compile(context, true);
	if (result < 0)
		return context_error(result);
	const struct callgate_program *program = context->output.programs[0];
	return write(fd, program->bytes, program->count * sizeof(program->bytes[0])) < 0 ? -ECANCELED : 0;
}

int seccomp_load(const scmp_filter_ctx ctx)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	int result = context_compile(context, false);
	if (result < 0)
		return context_error(result);
	struct load_request request = {
	    .programs = context->output.programs,
	    .count = context->output.count,
	    .no_new_privileges = context->attributes[SCMP_FLTATR_CTL_NNP],
	    .synchronise_threads = context->attributes[SCMP_FLTATR_CTL_TSYNC],
	};
	result = load_programs(&request, &context->diag, &context->listener);
	return result < 0 ? -ECANCELED : 0;
}
