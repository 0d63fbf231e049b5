#include "bpf/program.h"

#include <assert.h>
#include <byteswap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/seccomp.h>

#define REGISTER(class, kind, ...) \
	[BPF_LD | (class)] = {kind, false, __VA_ARGS__}, [BPF_LDX | (class)] = {kind, true, __VA_ARGS__}
#define OPERATION(class, op, kind, ...) \
	[(class) | (op) | BPF_K] = {kind, false, __VA_ARGS__}, [(class) | (op) | BPF_X] = {kind, true, __VA_ARGS__}

const struct bpf_code bpf_codes[BPF_CODES] = {
    [BPF_LD | BPF_W | BPF_ABS] = {BPF_KIND_LOAD},
    REGISTER(BPF_W | BPF_LEN, BPF_KIND_LENGTH),
    REGISTER(BPF_IMM, BPF_KIND_CONSTANT),
    REGISTER(BPF_MEM, BPF_KIND_READ),
    [BPF_ST] = {BPF_KIND_WRITE},
    [BPF_STX] = {BPF_KIND_WRITE, true},
    [BPF_MISC | BPF_TXA] = {BPF_KIND_MOVE},
    [BPF_MISC | BPF_TAX] = {BPF_KIND_MOVE, true},
    OPERATION(BPF_ALU, BPF_ADD, BPF_KIND_ARITHMETIC, false, "+"),
    OPERATION(BPF_ALU, BPF_SUB, BPF_KIND_ARITHMETIC, false, "-"),
    OPERATION(BPF_ALU, BPF_MUL, BPF_KIND_ARITHMETIC, false, "*"),
    OPERATION(BPF_ALU, BPF_DIV, BPF_KIND_ARITHMETIC, false, "/"),
    OPERATION(BPF_ALU, BPF_MOD, BPF_KIND_ARITHMETIC, true, "%"),
    OPERATION(BPF_ALU, BPF_AND, BPF_KIND_ARITHMETIC, false, "&"),
    OPERATION(BPF_ALU, BPF_OR, BPF_KIND_ARITHMETIC, false, "|"),
    OPERATION(BPF_ALU, BPF_XOR, BPF_KIND_ARITHMETIC, false, "^"),
    OPERATION(BPF_ALU, BPF_LSH, BPF_KIND_ARITHMETIC, false, "<<"),
    OPERATION(BPF_ALU, BPF_RSH, BPF_KIND_ARITHMETIC, false, ">>"),
    [BPF_ALU | BPF_NEG] = {BPF_KIND_NEGATE},
    [BPF_JMP | BPF_JA] = {BPF_KIND_JUMP},
    OPERATION(BPF_JMP, BPF_JEQ, BPF_KIND_BRANCH, false, "=="),
    OPERATION(BPF_JMP, BPF_JGT, BPF_KIND_BRANCH, false, ">"),
    OPERATION(BPF_JMP, BPF_JGE, BPF_KIND_BRANCH, false, ">="),
    OPERATION(BPF_JMP, BPF_JSET, BPF_KIND_BRANCH, false, "&"),
    [BPF_RET | BPF_K] = {BPF_KIND_RETURN},
    [BPF_RET | BPF_A] = {BPF_KIND_RETURN, true},
};

bool bpf_compare(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	default:
		assert(op == BPF_JSET);
		return a & b;
	}
}

uint32_t bpf_compute(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return b ? a / b : 0;
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & 31);
	default:
		assert(op == BPF_RSH);
		return a >> (b & 31);
	}
}

static void swap(struct sock_filter *to, const struct sock_filter *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		to[i] = from[i];
		to[i].code = bswap_16(from[i].code);
		to[i].k = bswap_32(from[i].k);
	}
}

/* Room for the struct and its instructions in host order, and in the target's where the orders differ. */
static int make(const void *insns, size_t count, bool big_endian, bool in_host_order, struct diag *diag,
                struct callgate_program **ret_program)
{
	if (count == 0)
		return diag_fail(diag, -EINVAL, "a program needs at least one instruction");
	if (count > BPF_PROGRAM_MAX)
		return diag_fail(diag, -E2BIG, "%zu instructions: the kernel takes at most %d in one program", count,
		                 BPF_PROGRAM_MAX);
	bool foreign = big_endian != bpf_host_is_big_endian();
	struct callgate_program *program =
	    malloc(sizeof(*program) + count * sizeof(struct sock_filter) * (foreign ? 2 : 1));
	if (!program)
		return diag_fail(diag, -ENOMEM, "out of memory for a program");
	program->big_endian = big_endian;
	program->count = count;
	program->insns = (struct sock_filter *)(program + 1);
	program->bytes = foreign ? program->insns + count : program->insns;
	struct sock_filter *given = in_host_order ? program->insns : program->bytes;
	memcpy(given, insns, count * sizeof(*given));
	if (foreign)
		swap(in_host_order ? program->bytes : program->insns, given, count);
	*ret_program = program;
	return 0;
}

int bpf_program_new(const struct sock_filter *insns, size_t count, bool big_endian, struct diag *diag,
                    struct callgate_program **ret_program)
{
	return make(insns, count, big_endian, true, diag, ret_program);
}

int bpf_program_copy(const struct callgate_program *program, struct diag *diag, struct callgate_program **ret_program)
{
	return make(program->insns, program->count, program->big_endian, true, diag, ret_program);
}

int bpf_program_from_bytes(const void *bytes, size_t size, bool big_endian, struct diag *diag,
                           struct callgate_program **ret_program)
{
	if (size % sizeof(struct sock_filter))
		return diag_fail(diag, -EINVAL, "%zu bytes: a program is a multiple of 8 bytes long", size);
	return make(bytes, size / sizeof(struct sock_filter), big_endian, false, diag, ret_program);
}

void bpf_program_free(struct callgate_program *program)
{
	free(program);
}

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
		return !code->x && (op == BPF_LSH || op == BPF_RSH) && insn->k >= 32 ? "shift by 32 or more" : NULL;
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
		return *known & (1u << insn->k) ? NULL : "reads a scratch word that some path has not written";
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
			return diag_fail(diag, -EINVAL, "instruction %zu (code 0x%02x, k 0x%x): %s", i, insns[i].code,
			                 insns[i].k, problem);
	}
	if (bpf_kind_of(&insns[program->count - 1]) != BPF_KIND_RETURN)
		return diag_fail(diag, -EINVAL, "instruction %zu: the last instruction must be a return",
		                 program->count - 1);
	return 0;
}

static size_t branch_length(const struct sock_filter *insn)
{
	size_t wide = !bpf_code_of(insn)->x && (int32_t)insn->k < 0 ? 1 : 0; /* the constant needs a register first */
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
