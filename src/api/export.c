#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/compile.h>
#include <callgate/program.h>

#include "api/context.h"
#include "api/pfc.h"
#include "base/kernel.h"
#include "base/strbuf.h"
#include "bpf/program.h"
#include "compile/compile.h"

/* The errno of a failed write for those who asked for it, else one value. */
static int write_out(struct context *context, int fd, const void *bytes, size_t size)
{
	int result = kernel_write(fd, bytes, size);

	if (result == 0)
		return 0;
	diag_set(&context->diag, "writing %zu bytes to file descriptor %d failed: %s", size, fd,
	         strerrorname_np(-result));
	return context->attributes[SCMP_FLTATR_API_SYSRAWRC] ? result : -ECANCELED;
}

int seccomp_export_bpf(const scmp_filter_ctx ctx, int fd)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	int result = context_compile(context, true);
	if (result < 0)
		return context_error(result);
	assert(context->output.count == 1);
	const struct callgate_program *program = context->output.programs[0];
	return write_out(context, fd, program->bytes, program->count * sizeof(program->bytes[0]));
}

int seccomp_export_bpf_mem(const scmp_filter_ctx ctx, void *buf, size_t *len)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	if (!len)
		return diag_fail(&context->diag, -EINVAL, "no place for the program's size: NULL");
	int result = context_compile(context, true);
	if (result < 0)
		return context_error(result);
	assert(context->output.count == 1);
	const struct callgate_program *program = context->output.programs[0];
	size_t room = *len, size = program->count * sizeof(program->bytes[0]);
	*len = size;
	if (!buf)
		return 0;
	if (room < size)
		return diag_fail(&context->diag, -ERANGE, "the program has %zu bytes, the buffer %zu", size,
		                 room);
	memcpy(buf, program->bytes, size);
	return 0;
}

int seccomp_export_pfc(const scmp_filter_ctx ctx, int fd)
{
	struct context *context = context_check(ctx);
	struct strbuf text = {0};
	struct arena arena = {0};

	if (!context)
		return -EINVAL;
	const struct policy *policy = context_policy(context, true, &arena);
	if (policy)
		pfc_write(policy, &text);
	int result = !policy || text.failed
	                 ? diag_fail(&context->diag, -ENOMEM, "out of memory for the pseudo code")
	                 : 0;
	if (result == 0) {
		kernel_seek_end(fd);
		result = write_out(context, fd, text.text, text.length);
	}
	strbuf_finish(&text);
	arena_finish(&arena);
	return result;
}

int callgate_program_new(const void *bytes, size_t size, uint32_t arch, struct callgate_program **ret_program)
{
	const struct callgate_arch *target = arch_by_token(arch);

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
	assert(context->output.count == 1);
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

const char *callgate_pass_name(size_t i)
{
	return compile_pass_name(i);
}

const char *callgate_pass_what(size_t i)
{
	return compile_pass_what(i);
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
