#include "interpret.h"

#include <stdlib.h>
#include <string.h>

enum { DATA_SIZE = 64 }; /* of struct seccomp_data */

static uint32_t number(const uint8_t *bytes, size_t size, bool big_endian)
{
	uint32_t result = 0;

	for (size_t i = 0; i < size; i++)
		result |= (uint32_t)bytes[i] << 8 * (big_endian ? size - 1 - i : i);
	return result;
}

struct interpret_program interpret_read(const struct callgate_program *program, bool big_endian)
{
	size_t count = callgate_program_length(program);
	const uint8_t *bytes = callgate_program_bytes(program);
	struct sock_filter *insns = calloc(count, sizeof(*insns));

	if (!insns)
		abort();
	for (size_t i = 0; i < count; i++, bytes += 8)
		insns[i] = (struct sock_filter){(uint16_t)number(bytes, 2, big_endian), bytes[2], bytes[3],
		                                number(bytes + 4, 4, big_endian)};
	return (struct interpret_program){count, insns};
}

static bool compute(uint16_t op, uint32_t *a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		*a += b;
		return true;
	case BPF_SUB:
		*a -= b;
		return true;
	case BPF_MUL:
		*a *= b;
		return true;
	case BPF_DIV:
		*a = b ? *a / b : 0;
		return b != 0;
	case BPF_OR:
		*a |= b;
		return true;
	case BPF_AND:
		*a &= b;
		return true;
	case BPF_XOR:
		*a ^= b;
		return true;
	case BPF_LSH:
		*a <<= b & 31;
		return true;
	case BPF_RSH:
		*a >>= b & 31;
		return true;
	default:
		*a = 0 - *a;
		return true;
	}
}

static bool holds(uint16_t op, uint32_t a, uint32_t b)
{
	return op == BPF_JEQ ? a == b : op == BPF_JGT ? a > b : op == BPF_JGE ? a >= b : (a & b) != 0;
}

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
};

static void move(struct machine *m, const struct sock_filter *insn, interpret_load load, void *closure)
{
	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		m->a = load(closure, insn->k);
		break;
	case BPF_LD | BPF_W | BPF_LEN:
		m->a = DATA_SIZE;
		break;
	case BPF_LDX | BPF_W | BPF_LEN:
		m->x = DATA_SIZE;
		break;
	case BPF_LD | BPF_IMM:
		m->a = insn->k;
		break;
	case BPF_LDX | BPF_IMM:
		m->x = insn->k;
		break;
	case BPF_LD | BPF_MEM:
		m->a = m->memory[insn->k];
		break;
	case BPF_LDX | BPF_MEM:
		m->x = m->memory[insn->k];
		break;
	case BPF_ST:
		m->memory[insn->k] = m->a;
		break;
	case BPF_STX:
		m->memory[insn->k] = m->x;
		break;
	case BPF_MISC | BPF_TAX:
		m->x = m->a;
		break;
	case BPF_MISC | BPF_TXA:
		m->a = m->x;
		break;
	default:
		abort();
	}
}

uint32_t interpret_run(const struct interpret_program *program, interpret_load load, void *closure)
{
	struct machine m = {0};

	for (size_t pc = 0; pc < program->count; pc++) {
		const struct sock_filter *insn = &program->insns[pc];
		uint32_t operand = BPF_SRC(insn->code) == BPF_X ? m.x : insn->k;
		switch (BPF_CLASS(insn->code)) {
		case BPF_RET:
			return BPF_RVAL(insn->code) == BPF_A ? m.a : insn->k;
		case BPF_JMP:
			if (BPF_OP(insn->code) == BPF_JA)
				pc += insn->k;
			else
				pc += holds(BPF_OP(insn->code), m.a, operand) ? insn->jt : insn->jf;
			break;
		case BPF_ALU:
			if (!compute(BPF_OP(insn->code), &m.a, operand))
				return 0; /* a division by zero ends the program so */
			break;
		default:
			move(&m, insn, load, closure);
		}
	}
	abort();
}

struct words {
	const struct callgate_call *call;
	bool big_endian;
};

static uint32_t word_of_call(void *closure, uint32_t offset)
{
	const struct words *words = closure;
	const struct callgate_call *call = words->call;

	if (offset < 8)
		return offset ? call->arch : (uint32_t)call->nr;
	uint64_t wide = offset < 16 ? call->instruction_pointer : call->args[(offset - 16) / 8];
	return (uint32_t)((offset % 8 == 4) != words->big_endian ? wide >> 32 : wide);
}

uint32_t interpret_call(const struct callgate_program *program, bool big_endian, const struct callgate_call *call)
{
	struct words words = {call, big_endian};
	struct interpret_program read = interpret_read(program, big_endian);
	uint32_t verdict = interpret_run(&read, word_of_call, &words);

	free(read.insns);
	return verdict;
}
