#include "bpf/accept.h"

#include <errno.h>

enum { ALL_MEMORY = 0xffff };

/* What kind of instruction a code is; NOT_ACCEPTED is zero so that a forgotten code is refused. */
enum kind { NOT_ACCEPTED, LOAD_ABS, PLAIN, DIVISION, SHIFT, READ_MEMORY, WRITE_MEMORY, JUMP, BRANCH, RETURN };

static enum kind alu_kind(uint16_t code)
{
	bool constant = BPF_SRC(code) == BPF_K;

	switch (BPF_OP(code)) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
		return PLAIN;
	case BPF_DIV:
		return constant ? DIVISION : PLAIN;
	case BPF_LSH:
	case BPF_RSH:
		return constant ? SHIFT : PLAIN;
	case BPF_NEG:
		return constant ? PLAIN : NOT_ACCEPTED;
	default:
		return NOT_ACCEPTED;
	}
}

static enum kind jump_kind(uint16_t code)
{
	switch (BPF_OP(code)) {
	case BPF_JA:
		return BPF_SRC(code) == BPF_K ? JUMP : NOT_ACCEPTED;
	case BPF_JEQ:
	case BPF_JGT:
	case BPF_JGE:
	case BPF_JSET:
		return BRANCH;
	default:
		return NOT_ACCEPTED;
	}
}

static enum kind load_kind(uint16_t code)
{
	switch (code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return LOAD_ABS;
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
		return PLAIN;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
		return READ_MEMORY;
	case BPF_ST:
	case BPF_STX:
		return WRITE_MEMORY;
	default:
		return NOT_ACCEPTED;
	}
}

static enum kind kind_of(uint16_t code)
{
	if (code & 0xff00)
		return NOT_ACCEPTED;
	switch (BPF_CLASS(code)) {
	case BPF_ALU:
		return alu_kind(code);
	case BPF_JMP:
		return jump_kind(code);
	case BPF_RET:
		return code == (BPF_RET | BPF_K) || code == (BPF_RET | BPF_A) ? RETURN : NOT_ACCEPTED;
	case BPF_MISC:
		return code == (BPF_MISC | BPF_TAX) || code == (BPF_MISC | BPF_TXA) ? PLAIN : NOT_ACCEPTED;
	default:
		return load_kind(code);
	}
}

static const char *operand_problem(const struct sock_filter *insn, enum kind kind, size_t left)
{
	switch (kind) {
	case NOT_ACCEPTED:
		return "this operation is not allowed in a seccomp filter";
	case LOAD_ABS:
		return insn->k >= 64 || insn->k % 4
		           ? "loads are of aligned words within struct seccomp_data (0 to 60)"
		           : NULL;
	case DIVISION:
		return insn->k == 0 ? "division by a constant zero" : NULL;
	case SHIFT:
		return insn->k >= 32 ? "shift by 32 or more" : NULL;
	case READ_MEMORY:
	case WRITE_MEMORY:
		return insn->k >= BPF_MEMWORDS ? "scratch memory has words 0 to 15" : NULL;
	case JUMP:
		return insn->k >= left ? "jump past the end" : NULL;
	case BRANCH:
		return insn->jt >= left || insn->jf >= left ? "branch past the end" : NULL;
	case PLAIN:
	case RETURN:
		return NULL;
	}
	return "this operation is not allowed in a seccomp filter";
}

/*
 * Scratch words must be written on every path before they are read. The kernel keeps, per instruction, the set of words
 * known to be written; a jump narrows its targets' sets, and falls through with nothing narrowed.
 */
static const char *memory_problem(const struct sock_filter *insn, enum kind kind, size_t at, uint16_t *known,
                                  uint16_t *masks)
{
	*known &= masks[at];
	switch (kind) {
	case WRITE_MEMORY:
		*known |= (uint16_t)(1u << insn->k);
		return NULL;
	case READ_MEMORY:
		return *known & (1u << insn->k) ? NULL
		                                : "reads a scratch word that some path has not written";
	case JUMP:
		masks[at + 1 + insn->k] &= *known;
		*known = ALL_MEMORY;
		return NULL;
	case BRANCH:
		masks[at + 1 + insn->jt] &= *known;
		masks[at + 1 + insn->jf] &= *known;
		*known = ALL_MEMORY;
		return NULL;
	default:
		return NULL;
	}
}

int bpf_accept(const struct callgate_program *program, struct diag *diag)
{
	uint16_t known = 0, masks[BPF_PROGRAM_MAX];
	const struct sock_filter *insns = program->insns;

	for (size_t i = 0; i < program->count; i++)
		masks[i] = ALL_MEMORY;
	for (size_t i = 0; i < program->count; i++) {
		enum kind kind = kind_of(insns[i].code);
		const char *problem = operand_problem(&insns[i], kind, program->count - i - 1);
		if (!problem)
			problem = memory_problem(&insns[i], kind, i, &known, masks);
		if (problem)
			return diag_fail(diag, -EINVAL, "instruction %zu (code 0x%02x, k 0x%x): %s", i,
			                 insns[i].code, insns[i].k, problem);
	}
	if (kind_of(insns[program->count - 1].code) != RETURN)
		return diag_fail(diag, -EINVAL, "instruction %zu: the last instruction must be a return",
		                 program->count - 1);
	return 0;
}

static size_t branch_length(const struct sock_filter *insn)
{
	bool constant = BPF_SRC(insn->code) == BPF_K;
	size_t wide = constant && (int32_t)insn->k < 0 ? 1 : 0; /* the constant needs a register first */
	uint16_t op = BPF_OP(insn->code);

	if (insn->jf == 0 || (insn->jt == 0 && op != BPF_JSET))
		return 1 + wide;
	return 2 + wide;
}

size_t bpf_ebpf_length(const struct callgate_program *program)
{
	enum { PROLOGUE = 3, DIVISION_BY_X = 5, RETURN_CONSTANT = 2 };
	size_t length = PROLOGUE;

	for (size_t i = 0; i < program->count; i++) {
		const struct sock_filter *insn = &program->insns[i];
		if (kind_of(insn->code) == BRANCH)
			length += branch_length(insn);
		else if (insn->code == (BPF_RET | BPF_K))
			length += RETURN_CONSTANT;
		else if (insn->code == (BPF_ALU | BPF_DIV | BPF_X))
			length += DIVISION_BY_X;
		else
			length++;
	}
	return length;
}
