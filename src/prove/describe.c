#include "prove/describe.h"

#include <inttypes.h>

#include "arch/actions.h"
#include "bpf/disassemble.h"
#include "prove/signature.h"

enum { DECIMAL_MAX = 9999 };

/* Error numbers 1 to 34 are the same on every architecture; 38 is ENOSYS on nearly all. */
static bool is_common_error(uint32_t number)
{
	return number <= 34 || number == 38;
}

void describe_action(uint32_t action, struct strbuf *out)
{
	uint32_t data = action & SECCOMP_RET_DATA;
	bool error = (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
	char text[CALLGATE_ACTION_TEXT];

	action_text(action, text);
	if (error && !is_common_error(data))
		bpf_format_action(action, out);
	else
		strbuf_append(out, text);
}

const struct arch *describe_arch(uint32_t audit, uint32_t nr)
{
	const struct arch *any = NULL;

	for (size_t i = 0; i < arch_count(); i++) {
		const struct arch *arch = arch_at(i);
		if (arch->audit != audit)
			continue;
		if (arch->nr_first <= nr && nr <= arch->nr_last)
			return arch;
		if (!any)
			any = arch;
	}
	return any;
}

static const char *name_of(uint32_t audit, uint32_t nr)
{
	const struct arch *arch = describe_arch(audit, nr);
	bool covered = arch && arch->nr_first <= nr && nr <= arch->nr_last;

	return covered ? arch_syscall_name(arch, (int32_t)nr) : NULL;
}

static void describe_number(uint64_t number, struct strbuf *out)
{
	strbuf_printf(out, number <= DECIMAL_MAX ? "%" PRIu64 : "0x%" PRIx64, number);
}

static void describe_arguments(const struct seccomp_data *call, witness_fields depends, unsigned count,
                               struct strbuf *out)
{
	for (unsigned i = count; i < 6; i++)
		if (depends >> i & 1)
			count = i + 1;
	strbuf_append(out, "(");
	for (unsigned i = 0; i < count; i++) {
		strbuf_append(out, i ? ", " : "");
		if (depends >> i & 1)
			describe_number(call->args[i], out);
		else
			strbuf_append(out, "*");
	}
	strbuf_append(out, ")");
}

void describe_number_of_call(uint32_t audit, uint32_t nr, struct strbuf *out)
{
	const char *name = name_of(audit, nr);

	if (name)
		strbuf_append(out, name);
	else if (nr == UINT32_MAX)
		strbuf_append(out, "call number -1");
	else {
		strbuf_append(out, "call number ");
		describe_number(nr, out);
	}
}

void describe_call(const struct seccomp_data *call, witness_fields depends, struct strbuf *out)
{
	uint32_t nr = (uint32_t)call->nr;
	const struct arch *arch = describe_arch(call->arch, nr);

	describe_number_of_call(call->arch, nr, out);
	describe_arguments(call, depends, signature_argument_count(name_of(call->arch, nr)), out);
	if (depends >> INPUT_IP & 1)
		strbuf_printf(out, " at instruction 0x%llx", (unsigned long long)call->instruction_pointer);
	if (arch)
		strbuf_printf(out, " on %s", arch->name);
	else
		strbuf_printf(out, " on architecture 0x%08x", call->arch);
}
