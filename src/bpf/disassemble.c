#include "bpf/program.h"

#include <stdio.h>

#include "arch/arch.h"

void bpf_format_action(uint32_t action, struct strbuf *out)
{
	char text[CALLGATE_ACTION_TEXT];

	action_text_in_numbers(action, text);
	strbuf_append(out, text);
}

static void format_word(uint32_t offset, bool big_endian, struct strbuf *out)
{
	if (offset == 0)
		strbuf_append(out, "nr");
	else if (offset == 4)
		strbuf_append(out, "arch");
	else if (offset < 64 && offset % 4 == 0) {
		bool high = (offset % 8 != 0) != big_endian;
		if (offset < 16)
			strbuf_append(out, "ip");
		else
			strbuf_printf(out, "arg%u", (offset - 16) / 8);
		strbuf_append(out, high ? ".hi" : ".lo");
	} else
		strbuf_printf(out, "data[%u]", offset);
}

static void format_insn(const struct sock_filter *insn, size_t at, bool big_endian, struct strbuf *out)
{
	const struct bpf_code *code = bpf_code_of(insn);
	const char *name = code->x ? "X" : "A";
	char operand[16] = "X";

	if (!code->x)
		snprintf(operand, sizeof(operand), "0x%x", insn->k);
	switch ((enum bpf_kind)code->kind) {
	case BPF_KIND_NONE:
		return strbuf_append(out, "(not an instruction of classic BPF)");
	case BPF_KIND_LOAD:
		strbuf_append(out, "A = ");
		return format_word(insn->k, big_endian, out);
	case BPF_KIND_LENGTH:
		return strbuf_printf(out, "%s = length", name);
	case BPF_KIND_CONSTANT:
		return strbuf_printf(out, "%s = 0x%x", name, insn->k);
	case BPF_KIND_READ:
		return strbuf_printf(out, "%s = M[%u]", name, insn->k);
	case BPF_KIND_WRITE:
		return strbuf_printf(out, "M[%u] = %s", insn->k, name);
	case BPF_KIND_MOVE:
		return strbuf_append(out, code->x ? "X = A" : "A = X");
	case BPF_KIND_ARITHMETIC:
		return strbuf_printf(out, "A %s= %s", code->symbol, operand);
	case BPF_KIND_NEGATE:
		return strbuf_append(out, "A = -A");
	case BPF_KIND_JUMP:
		return strbuf_printf(out, "goto %zu", at + 1 + insn->k);
	case BPF_KIND_BRANCH:
		return strbuf_printf(out, "if A %s %s goto %zu else %zu", code->symbol, operand, at + 1 + insn->jt,
		                     at + 1 + insn->jf);
	case BPF_KIND_RETURN:
		strbuf_append(out, "return ");
		return code->x ? strbuf_append(out, "A") : bpf_format_action(insn->k, out);
	}
}

void bpf_disassemble(const struct callgate_program *program, struct strbuf *out)
{
	for (size_t i = 0; i < program->count; i++) {
		const struct sock_filter *insn = &program->insns[i];
		strbuf_printf(out, "%4zu: %02x %3u %3u 0x%08x  ", i, insn->code, insn->jt, insn->jf, insn->k);
		format_insn(insn, i, program->big_endian, out);
		strbuf_append(out, "\n");
	}
}
