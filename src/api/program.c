#include <callgate/program.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/context.h"
#include "bpf/accept.h"
#include "bpf/disassemble.h"

int callgate_program_new(const void *bytes, size_t size, uint32_t arch, struct callgate_program **ret_program)
{
	const struct arch *target = arch_by_token(arch);

	if (!bytes || !target || !ret_program)
		return diag_fail(diag_thread(), -EINVAL,
		                 "the bytes and the place for the program must not be NULL, and the "
		                 "architecture one of <seccomp.h>");
	return bpf_program_from_bytes(bytes, size, target->big_endian, diag_thread(), ret_program);
}

/* The number of bytes up to the end of the file, or up to `size`; or -errno. */
static ssize_t read_to_end(int fd, char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(fd, bytes + length, size - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return diag_fail(diag_thread(), -errno, "reading the program: %s", strerror(errno));
		if (got == 0)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

int callgate_program_read(int fd, uint32_t arch, struct callgate_program **ret_program)
{
	/* One instruction more than fits is enough to see that there are too many. */
	const size_t size = (CALLGATE_PROGRAM_MAX + 1) * sizeof(struct sock_filter);
	char *bytes = malloc(size);

	if (!bytes)
		return diag_fail(diag_thread(), -ENOMEM, "out of memory for a program");
	ssize_t length = read_to_end(fd, bytes, size);
	int result =
	    length < 0 ? (int)length : callgate_program_new(bytes, (size_t)length, arch, ret_program);
	free(bytes);
	return result;
}

int callgate_program_compile(const scmp_filter_ctx ctx, struct callgate_program **ret_program)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	if (!ret_program)
		return diag_fail(&context->diag, -EINVAL, "the place for the program must not be NULL");
	int result = context_compile(context, true);
	if (result < 0)
		return result;
	const struct callgate_program *program = context->output.programs[0];
	return bpf_program_new(program->insns, program->count, program->big_endian, &context->diag,
	                       ret_program);
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

char *callgate_program_disassemble(const struct callgate_program *program)
{
	struct strbuf text = {0};

	if (!program)
		return NULL;
	bpf_disassemble(program, &text);
	return strbuf_steal(&text);
}
