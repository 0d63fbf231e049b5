#include "bpf/accept.h"

#include <errno.h>

enum { ALL_MEMORY = 0xffff };

/* What kind of instruction a code is; NOT_ACCEPTED is zero so that a code which is not listed is refused. */
enum kind { NOT_ACCEPTED, LOAD_ABS, PLAIN, DIVISION, SHIFT, READ_MEMORY, WRITE_MEMORY, JUMP, BRANCH, RETURN };

enum { CODES = 256 };

static const uint8_t kinds[CODES] = {
    [BPF_LD | BPF_W | BPF_ABS] = LOAD_ABS,
    [BPF_LD | BPF_W | BPF_LEN] = PLAIN,
    [BPF_LDX | BPF_W | BPF_LEN] = PLAIN,
    [BPF_LD | BPF_IMM] = PLAIN,
    [BPF_LDX | BPF_IMM] = PLAIN,
    [BPF_LD | BPF_MEM] = READ_MEMORY,
    [BPF_LDX | BPF_MEM] = READ_MEMORY,
    [BPF_ST] = WRITE_MEMORY,
    [BPF_STX] = WRITE_MEMORY,
    [BPF_ALU | BPF_ADD | BPF_K] = PLAIN,
    [BPF_ALU | BPF_ADD | BPF_X] = PLAIN,
    [BPF_ALU | BPF_SUB | BPF_K] = PLAIN,
    [BPF_ALU | BPF_SUB | BPF_X] = PLAIN,
    [BPF_ALU | BPF_MUL | BPF_K] = PLAIN,
    [BPF_ALU | BPF_MUL | BPF_X] = PLAIN,
    [BPF_ALU | BPF_DIV | BPF_K] = DIVISION,
    [BPF_ALU | BPF_DIV | BPF_X] = PLAIN,
    [BPF_ALU | BPF_AND | BPF_K] = PLAIN,
    [BPF_ALU | BPF_AND | BPF_X] = PLAIN,
    [BPF_ALU | BPF_OR | BPF_K] = PLAIN,
    [BPF_ALU | BPF_OR | BPF_X] = PLAIN,
    [BPF_ALU | BPF_XOR | BPF_K] = PLAIN,
    [BPF_ALU | BPF_XOR | BPF_X] = PLAIN,
    [BPF_ALU | BPF_LSH | BPF_K] = SHIFT,
    [BPF_ALU | BPF_LSH | BPF_X] = PLAIN,
    [BPF_ALU | BPF_RSH | BPF_K] = SHIFT,
    [BPF_ALU | BPF_RSH | BPF_X] = PLAIN,
    [BPF_ALU | BPF_NEG] = PLAIN,
    [BPF_JMP | BPF_JA] = JUMP,
    [BPF_JMP | BPF_JEQ | BPF_K] = BRANCH,
    [BPF_JMP | BPF_JEQ | BPF_X] = BRANCH,
    [BPF_JMP | BPF_JGT | BPF_K] = BRANCH,
    [BPF_JMP | BPF_JGT | BPF_X] = BRANCH,
    [BPF_JMP | BPF_JGE | BPF_K] = BRANCH,
    [BPF_JMP | BPF_JGE | BPF_X] = BRANCH,
    [BPF_JMP | BPF_JSET | BPF_K] = BRANCH,
    [BPF_JMP | BPF_JSET | BPF_X] = BRANCH,
    [BPF_RET | BPF_K] = RETURN,
    [BPF_RET | BPF_A] = RETURN,
    [BPF_MISC | BPF_TAX] = PLAIN,
    [BPF_MISC | BPF_TXA] = PLAIN,
};

static enum kind kind_of(uint16_t code)
{
	return code < CODES ? (enum kind)kinds[code] : NOT_ACCEPTED;
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
