#include "bpf/simulate.h"

#include <string.h>

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
	size_t pc;
};

/* The word at an offset of struct seccomp_data in the target's byte order, as a number. */
static uint32_t load(const struct seccomp_data *data, bool big_endian, uint32_t offset)
{
	uint64_t wide;

	if (offset == 0)
		return (uint32_t)data->nr;
	if (offset == 4)
		return data->arch;
	wide = offset < 16 ? data->instruction_pointer : data->args[(offset - 16) / 8];
	bool second = offset % 8 != 0;
	return second != big_endian ? (uint32_t)(wide >> 32) : (uint32_t)wide;
}

static uint32_t alu(uint16_t op, uint32_t a, uint32_t operand)
{
	switch (op) {
	case BPF_ADD:
		return a + operand;
	case BPF_SUB:
		return a - operand;
	case BPF_MUL:
		return a * operand;
	case BPF_DIV:
		return operand ? a / operand : 0;
	case BPF_AND:
		return a & operand;
	case BPF_OR:
		return a | operand;
	case BPF_XOR:
		return a ^ operand;
	case BPF_LSH:
		return a << (operand & 31);
	case BPF_RSH:
		return a >> (operand & 31);
	case BPF_NEG:
		return 0u - a;
	default:
		return 0;
	}
}

static bool branch(uint16_t op, uint32_t a, uint32_t operand)
{
	switch (op) {
	case BPF_JEQ:
		return a == operand;
	case BPF_JGT:
		return a > operand;
	case BPF_JGE:
		return a >= operand;
	default:
		return a & operand;
	}
}

static void load_store(struct machine *m, const struct sock_filter *insn, const struct seccomp_data *data,
                       bool big_endian)
{
	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		m->a = load(data, big_endian, insn->k);
		break;
	case BPF_LD | BPF_W | BPF_LEN:
		m->a = sizeof(struct seccomp_data);
		break;
	case BPF_LDX | BPF_W | BPF_LEN:
		m->x = sizeof(struct seccomp_data);
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
		break;
	}
}

/* Where a conditional jump leads. */
static size_t follow(const struct callgate_program *program, size_t pc, uint32_t a, uint32_t operand,
                     unsigned long (*sides)[2])
{
	const struct sock_filter *insn = &program->insns[pc];
	bool holds = branch(BPF_OP(insn->code), a, operand);

	if (sides)
		sides[pc][holds]++;
	return pc + 1 + (holds ? insn->jt : insn->jf);
}

uint32_t bpf_simulate_counting(const struct callgate_program *program, const struct seccomp_data *data,
                               size_t *ret_executed, unsigned long (*sides)[2])
{
	struct machine m = {0};
	size_t executed = 0;
	uint32_t verdict = SECCOMP_RET_KILL_PROCESS;

	while (m.pc < program->count) {
		const struct sock_filter *insn = &program->insns[m.pc++];
		uint32_t operand = BPF_SRC(insn->code) == BPF_X ? m.x : insn->k;
		uint16_t class = BPF_CLASS(insn->code);
		executed++;
		if (class == BPF_RET) {
			verdict = insn->code == (BPF_RET | BPF_A) ? m.a : insn->k;
			break;
		}
		/* The kernel ends the program with 0, KILL_THREAD, on a division by a zero X. */
		if (insn->code == (BPF_ALU | BPF_DIV | BPF_X) && m.x == 0) {
			verdict = SECCOMP_RET_KILL_THREAD;
			break;
		}
		if (class == BPF_ALU)
			m.a = alu(BPF_OP(insn->code), m.a, operand);
		else if (class == BPF_JMP && BPF_OP(insn->code) == BPF_JA)
			m.pc += insn->k;
		else if (class == BPF_JMP)
			m.pc = follow(program, m.pc - 1, m.a, operand, sides);
		else
			load_store(&m, insn, data, program->big_endian);
	}
	if (ret_executed)
		*ret_executed = executed;
	return verdict;
}

uint32_t bpf_simulate(const struct callgate_program *program, const struct seccomp_data *data,
                      size_t *ret_executed)
{
	return bpf_simulate_counting(program, data, ret_executed, NULL);
}

bool bpf_is_bitmap_allowed(const struct callgate_program *program, uint32_t arch, uint32_t nr)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < program->count; pc++) {
		const struct sock_filter *insn = &program->insns[pc];
		switch (insn->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (insn->k != 0 && insn->k != 4)
				return false;
			a = insn->k == 0 ? nr : arch;
			break;
		case BPF_RET | BPF_K:
			return insn->k == SECCOMP_RET_ALLOW;
		case BPF_JMP | BPF_JA:
			pc += insn->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += branch(BPF_OP(insn->code), a, insn->k) ? insn->jt : insn->jf;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= insn->k;
			break;
		default:
			return false;
		}
	}
	return false;
}
