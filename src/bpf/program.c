#include "bpf/program.h"

#include <byteswap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void swap(struct sock_filter *to, const struct sock_filter *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		to[i] = from[i];
		to[i].code = bswap_16(from[i].code);
		to[i].k = bswap_32(from[i].k);
	}
}

/* Room for the struct, the instructions, and a second copy of them where the byte orders differ. */
static int allocate(size_t count, bool big_endian, struct diag *diag, struct callgate_program **ret_program)
{
	if (count == 0)
		return diag_fail(diag, -EINVAL, "a program needs at least one instruction");
	if (count > BPF_PROGRAM_MAX)
		return diag_fail(diag, -E2BIG, "%zu instructions: the kernel takes at most %d in one program",
		                 count, BPF_PROGRAM_MAX);
	bool foreign = big_endian != bpf_host_is_big_endian();
	struct callgate_program *program =
	    malloc(sizeof(*program) + count * sizeof(struct sock_filter) * (foreign ? 2 : 1));
	if (!program)
		return diag_fail(diag, -ENOMEM, "out of memory for a program");
	program->big_endian = big_endian;
	program->count = count;
	program->insns = (struct sock_filter *)(program + 1);
	program->bytes = foreign ? program->insns + count : program->insns;
	*ret_program = program;
	return 0;
}

int bpf_program_new(const struct sock_filter *insns, size_t count, bool big_endian, struct diag *diag,
                    struct callgate_program **ret_program)
{
	struct callgate_program *program = NULL;
	int result = allocate(count, big_endian, diag, &program);

	if (result < 0)
		return result;
	memcpy(program->insns, insns, count * sizeof(*insns));
	if (program->bytes != program->insns)
		swap(program->bytes, program->insns, count);
	*ret_program = program;
	return 0;
}

int bpf_program_from_bytes(const void *bytes, size_t size, bool big_endian, struct diag *diag,
                           struct callgate_program **ret_program)
{
	if (size % sizeof(struct sock_filter))
		return diag_fail(diag, -EINVAL, "%zu bytes: a program is a multiple of 8 bytes long", size);
	struct callgate_program *program = NULL;
	int result = allocate(size / sizeof(struct sock_filter), big_endian, diag, &program);
	if (result < 0)
		return result;
	memcpy(program->bytes, bytes, size);
	if (program->bytes != program->insns)
		swap(program->insns, program->bytes, size / sizeof(struct sock_filter));
	*ret_program = program;
	return 0;
}

void bpf_program_free(struct callgate_program *program)
{
	free(program);
}
