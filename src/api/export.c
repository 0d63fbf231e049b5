#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <seccomp.h>
#include <callgate/program.h>

#include "api/context.h"
#include "base/raw.h"
#include "bpf/program.h"

int context_write(struct context *context, int fd, const void *bytes, size_t size)
{
	long result = raw_write(fd, bytes, size);

	if (result >= 0)
		return 0;
	diag_set(&context->diag, "writing %zu bytes to file descriptor %d failed: %s", size, fd,
	         error_text((unsigned)-result));
	return context->attributes[SCMP_FLTATR_API_SYSRAWRC] ? (int)result : -ECANCELED;
}

int seccomp_export_bpf(const scmp_filter_ctx ctx, int fd)
{
	struct context *context = context_check(ctx);
	int result = context ? context_compile(context, true) : -EINVAL;

	if (result < 0)
		return context_error(result);
	const struct callgate_program *program = context->output.programs[0];
	return context_write(context, fd, program->bytes, program->count * sizeof(program->bytes[0]));
}

int seccomp_export_bpf_mem(const scmp_filter_ctx ctx, void *buf, size_t *len)
{
	struct context *context = context_check_with(ctx, len, "place for the program's size");
	int result = context ? context_compile(context, true) : -EINVAL;

	if (result < 0)
		return context_error(result);
	const struct callgate_program *program = context->output.programs[0];
	size_t room = *len, size = program->count * sizeof(program->bytes[0]);
	*len = size;
	if (!buf)
		return 0;
	if (room < size)
		return diag_fail(&context->diag, -ERANGE, "the program has %zu bytes, the buffer %zu", size, room);
	memcpy(buf, program->bytes, size);
	return 0;
}

int callgate_program_new(const void *bytes, size_t size, uint32_t arch, struct callgate_program **ret_program)
{
	const struct callgate_arch *target = callgate_arch_find(arch);

	if (!bytes || !target || !ret_program)
		return diag_fail(diag_thread(), -EINVAL,
		                 "the bytes and the place for the program must not be NULL, and the "
		                 "architecture one of <seccomp.h>");
	return bpf_program_from_bytes(bytes, size, target->big_endian, diag_thread(), ret_program);
}

int callgate_program_read(int fd, uint32_t arch, struct callgate_program **ret_program)
{
	/* One instruction more than fits is enough to see that there are too many. */
	const size_t size = (CALLGATE_PROGRAM_MAX + 1) * sizeof(struct sock_filter);
	char *bytes = malloc(size);

	if (!bytes)
		return diag_fail(diag_thread(), -ENOMEM, "out of memory for a program");
	long length = raw_read(fd, bytes, size);
	int result =
	    length < 0 ? diag_fail(diag_thread(), (int)length, "reading the program: %s", error_text((unsigned)-length))
	               : callgate_program_new(bytes, (size_t)length, arch, ret_program);
	free(bytes);
	return result;
}

int callgate_program_compile(const scmp_filter_ctx ctx, struct callgate_program **ret_program)
{
	struct context *context = context_check_with(ctx, ret_program, "place for the program");
	int result = context ? context_compile(context, true) : -EINVAL;

	return result < 0 ? result : bpf_program_copy(context->output.programs[0], &context->diag, ret_program);
}

void callgate_program_free(struct callgate_program *program)
{
	bpf_program_free(program);
}

size_t callgate_program_length(const struct callgate_program *program)
{
	return program ? program->count : 0;
}

const void *callgate_program_bytes(const struct callgate_program *program)
{
	return program ? program->bytes : NULL;
}

int callgate_program_check(const struct callgate_program *program)
{
	if (!program)
		return diag_fail(diag_thread(), -EINVAL, "the program is NULL");
	return bpf_accept(program, diag_thread());
}

size_t callgate_program_ebpf_length(const struct callgate_program *program)
{
	return program && bpf_accept(program, NULL) == 0 ? bpf_ebpf_length(program) : 0;
}
