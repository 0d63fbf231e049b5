#include "bpf/accept.h"

#include <assert.h>
#include <errno.h>

#include <linux/seccomp.h>

enum { ALL_MEMORY = 0xffff };

static const char *operand_problem(const struct sock_filter *insn, size_t left)
{
	const struct bpf_code *code = bpf_code_of(insn);
	uint16_t op = BPF_OP(insn->code);

	if (code->kind == BPF_KIND_NONE || code->refused)
		return "this operation is not allowed in a seccomp filter";
	switch ((enum bpf_kind)code->kind) {
	case BPF_KIND_LOAD:
		return insn->k >= sizeof(struct seccomp_data) || insn->k % 4
		           ? "loads are of aligned words within struct seccomp_data (0 to 60)"
		           : NULL;
	case BPF_KIND_ARITHMETIC:
		if (!code->x && op == BPF_DIV && insn->k == 0)
			return "division by a constant zero";
		return !code->x && (op == BPF_LSH || op == BPF_RSH) && insn->k >= 32 ? "shift by 32 or more"
		                                                                     : NULL;
	case BPF_KIND_READ:
	case BPF_KIND_WRITE:
		return insn->k >= BPF_MEMWORDS ? "scratch memory has words 0 to 15" : NULL;
	case BPF_KIND_JUMP:
		return insn->k >= left ? "jump past the end" : NULL;
	case BPF_KIND_BRANCH:
		return insn->jt >= left || insn->jf >= left ? "branch past the end" : NULL;
	default:
		return NULL;
	}
}

/*
 * Scratch words must be written on every path before they are read. The kernel keeps, per instruction, the set of words
 * known to be written; a jump narrows its targets' sets, and falls through with nothing narrowed.
 */
static const char *memory_problem(const struct sock_filter *insn, size_t at, uint16_t *known, uint16_t *masks)
{
	*known &= masks[at];
	switch (bpf_kind_of(insn)) {
	case BPF_KIND_WRITE:
		*known |= (uint16_t)(1u << insn->k);
		return NULL;
	case BPF_KIND_READ:
		return *known & (1u << insn->k) ? NULL
		                                : "reads a scratch word that some path has not written";
	case BPF_KIND_JUMP:
		masks[at + 1 + insn->k] &= *known;
		*known = ALL_MEMORY;
		return NULL;
	case BPF_KIND_BRANCH:
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

	assert(program->count > 0 && program->count <= BPF_PROGRAM_MAX);
	for (size_t i = 0; i < program->count; i++)
		masks[i] = ALL_MEMORY;
	for (size_t i = 0; i < program->count; i++) {
		const char *problem = operand_problem(&insns[i], program->count - i - 1);
		if (!problem)
			problem = memory_problem(&insns[i], i, &known, masks);
		if (problem)
			return diag_fail(diag, -EINVAL, "instruction %zu (code 0x%02x, k 0x%x): %s", i,
			                 insns[i].code, insns[i].k, problem);
	}
	if (bpf_kind_of(&insns[program->count - 1]) != BPF_KIND_RETURN)
		return diag_fail(diag, -EINVAL, "instruction %zu: the last instruction must be a return",
		                 program->count - 1);
	return 0;
}

static size_t branch_length(const struct sock_filter *insn)
{
	size_t wide =
	    !bpf_code_of(insn)->x && (int32_t)insn->k < 0 ? 1 : 0; /* the constant needs a register first */
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
		if (bpf_kind_of(insn) == BPF_KIND_BRANCH)
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
