#include <callgate/program.h>

#include <errno.h>

#include "api/context.h"
#include "bpf/accept.h"
#include "bpf/disassemble.h"

int callgate_program_new(const void *bytes, size_t size, uint32_t arch, struct callgate_program **ret_program)
{
	const struct arch *target = arch_by_token(arch);

	if (!bytes || !target || !ret_program)
		return diag_fail(diag_thread(), -EINVAL, "NULL, or an unknown architecture");
	return bpf_program_from_bytes(bytes, size, target->big_endian, diag_thread(), ret_program);
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
	return program ? bpf_accept(program, diag_thread()) : -EINVAL;
}

char *callgate_program_disassemble(const struct callgate_program *program)
{
	struct strbuf text = {0};

	if (!program)
		return NULL;
	bpf_disassemble(program, &text);
	return strbuf_steal(&text);
}
