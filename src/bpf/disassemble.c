#include "bpf/disassemble.h"

#include <linux/seccomp.h>

#include "arch/actions.h"

void bpf_format_action(uint32_t action, struct strbuf *out)
{
	const struct callgate_action_kind *kind = action_kind(action);
	uint32_t data = action & SECCOMP_RET_DATA;

	if (!kind)
		strbuf_printf(out, "0x%08x", action);
	else if (data || kind->action == SECCOMP_RET_ERRNO || kind->action == SECCOMP_RET_TRACE)
		strbuf_printf(out, "%s(%u)", kind->name, data);
	else
		strbuf_append(out, kind->name);
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

static const char *alu_symbol(uint16_t op)
{
	static const char *const symbols[] = {"+", "-", "*", "/", "|", "&", "<<", ">>", NULL, "%", "^"};
	unsigned i = op >> 4;

	return i < sizeof(symbols) / sizeof(symbols[0]) ? symbols[i] : NULL;
}

static const char *branch_symbol(uint16_t op)
{
	switch (op) {
	case BPF_JEQ:
		return "==";
	case BPF_JGT:
		return ">";
	case BPF_JGE:
		return ">=";
	case BPF_JSET:
		return "&";
	default:
		return NULL;
	}
}

static void format_operand(const struct sock_filter *insn, struct strbuf *out)
{
	if (BPF_SRC(insn->code) == BPF_X)
		strbuf_append(out, "X");
	else
		strbuf_printf(out, "0x%x", insn->k);
}

static bool format_jump(const struct sock_filter *insn, size_t at, struct strbuf *out)
{
	const char *symbol = branch_symbol(BPF_OP(insn->code));

	if (insn->code == (BPF_JMP | BPF_JA)) {
		strbuf_printf(out, "goto %zu", at + 1 + insn->k);
		return true;
	}
	if (!symbol || insn->code & 0xff00)
		return false;
	strbuf_printf(out, "if A %s ", symbol);
	format_operand(insn, out);
	strbuf_printf(out, " goto %zu else %zu", at + 1 + insn->jt, at + 1 + insn->jf);
	return true;
}

static bool format_alu(const struct sock_filter *insn, struct strbuf *out)
{
	const char *symbol = alu_symbol(BPF_OP(insn->code));

	if (insn->code == (BPF_ALU | BPF_NEG)) {
		strbuf_append(out, "A = -A");
		return true;
	}
	if (!symbol || insn->code & 0xff00)
		return false;
	strbuf_printf(out, "A %s= ", symbol);
	format_operand(insn, out);
	return true;
}

static bool format_load_store(const struct sock_filter *insn, bool big_endian, struct strbuf *out)
{
	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		strbuf_append(out, "A = ");
		format_word(insn->k, big_endian, out);
		return true;
	case BPF_LD | BPF_W | BPF_LEN:
		strbuf_append(out, "A = length");
		return true;
	case BPF_LDX | BPF_W | BPF_LEN:
		strbuf_append(out, "X = length");
		return true;
	case BPF_LD | BPF_IMM:
		strbuf_printf(out, "A = 0x%x", insn->k);
		return true;
	case BPF_LDX | BPF_IMM:
		strbuf_printf(out, "X = 0x%x", insn->k);
		return true;
	case BPF_LD | BPF_MEM:
		strbuf_printf(out, "A = M[%u]", insn->k);
		return true;
	case BPF_LDX | BPF_MEM:
		strbuf_printf(out, "X = M[%u]", insn->k);
		return true;
	case BPF_ST:
		strbuf_printf(out, "M[%u] = A", insn->k);
		return true;
	case BPF_STX:
		strbuf_printf(out, "M[%u] = X", insn->k);
		return true;
	default:
		return false;
	}
}

static bool format_insn(const struct sock_filter *insn, size_t at, bool big_endian, struct strbuf *out)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_JMP:
		return format_jump(insn, at, out);
	case BPF_ALU:
		return format_alu(insn, out);
	case BPF_RET:
		if (insn->code == (BPF_RET | BPF_K)) {
			strbuf_append(out, "return ");
			bpf_format_action(insn->k, out);
			return true;
		}
		if (insn->code == (BPF_RET | BPF_A)) {
			strbuf_append(out, "return A");
			return true;
		}
		return false;
	case BPF_MISC:
		if (insn->code != (BPF_MISC | BPF_TAX) && insn->code != (BPF_MISC | BPF_TXA))
			return false;
		strbuf_append(out, insn->code == (BPF_MISC | BPF_TAX) ? "X = A" : "A = X");
		return true;
	default:
		return format_load_store(insn, big_endian, out);
	}
}

void bpf_disassemble(const struct callgate_program *program, struct strbuf *out)
{
	for (size_t i = 0; i < program->count; i++) {
		const struct sock_filter *insn = &program->insns[i];
		strbuf_printf(out, "%4zu: %02x %3u %3u 0x%08x  ", i, insn->code, insn->jt, insn->jf, insn->k);
		if (!format_insn(insn, i, program->big_endian, out))
			strbuf_append(out, "(not an instruction of classic BPF)");
		strbuf_append(out, "\n");
	}
}
