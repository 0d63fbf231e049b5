#include <errno.h>
#include <string.h>

#include <seccomp.h>

#include "api/context.h"
#include "api/pfc.h"
#include "base/kernel.h"

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
