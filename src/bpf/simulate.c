#include "bpf/simulate.h"

#include <assert.h>

/* What the interpreter remembers between two instructions. */
struct state {
	uint32_t a, x, memory[BPF_MEMWORDS];
	size_t pc;
};

/* The word at an offset of struct seccomp_data in the target's byte order, as a number. */
static uint32_t load(const struct seccomp_data *data, bool big_endian, uint32_t offset)
{
	assert(offset < sizeof(*data) && offset % 4 == 0);
	if (offset == 0)
		return (uint32_t)data->nr;
	if (offset == 4)
		return data->arch;
	uint64_t wide = offset < 16 ? data->instruction_pointer : data->args[(offset - 16) / 8];
	bool second = offset % 8 != 0;
	return second != big_endian ? (uint32_t)(wide >> 32) : (uint32_t)wide;
}

/* Executes the instruction at pc; true if it ends the program, with the verdict in A. */
static bool execute(struct state *state, const struct callgate_program *program, const struct seccomp_data *data,
                    unsigned long (*sides)[2])
{
	size_t pc = state->pc++;
	const struct sock_filter *insn = &program->insns[pc];
	const struct bpf_code *code = bpf_code_of(insn);
	uint32_t operand = code->x ? state->x : insn->k, *reg = code->x ? &state->x : &state->a;
	bool holds;

	switch ((enum bpf_kind)code->kind) {
	case BPF_KIND_LOAD:
		state->a = load(data, program->big_endian, insn->k);
		break;
	case BPF_KIND_LENGTH:
		*reg = sizeof(struct seccomp_data);
		break;
	case BPF_KIND_CONSTANT:
		*reg = insn->k;
		break;
	case BPF_KIND_READ:
		*reg = state->memory[insn->k];
		break;
	case BPF_KIND_WRITE:
		state->memory[insn->k] = *reg;
		break;
	case BPF_KIND_MOVE:
		*reg = code->x ? state->a : state->x;
		break;
	case BPF_KIND_ARITHMETIC:
		if (BPF_OP(insn->code) == BPF_DIV && operand == 0) {
			/* The kernel ends the program with 0 on a division by a zero X. */
			state->a = SECCOMP_RET_KILL_THREAD;
			return true;
		}
		state->a = bpf_compute(BPF_OP(insn->code), state->a, operand);
		break;
	case BPF_KIND_NEGATE:
		state->a = 0u - state->a;
		break;
	case BPF_KIND_JUMP:
		state->pc += insn->k;
		break;
	case BPF_KIND_BRANCH:
		holds = bpf_compare(BPF_OP(insn->code), state->a, operand);
		if (sides)
			sides[pc][holds]++;
		state->pc += holds ? insn->jt : insn->jf;
		break;
	case BPF_KIND_RETURN:
		state->a = code->x ? state->a : insn->k;
		return true;
	case BPF_KIND_NONE:
		assert(0 && "an instruction of an accepted program");
	}
	return false;
}

uint32_t bpf_simulate_counting(const struct callgate_program *program, const struct seccomp_data *data,
                               size_t *ret_executed, unsigned long (*sides)[2])
{
	struct state state = {0};
	size_t executed = 0;
	bool ended = false;

	for (; !ended && state.pc < program->count; executed++)
		ended = execute(&state, program, data, sides);
	assert(ended);
	if (ret_executed)
		*ret_executed = executed;
	return ended ? state.a : SECCOMP_RET_KILL_PROCESS;
}

uint32_t bpf_simulate(const struct callgate_program *program, const struct seccomp_data *data, size_t *ret_executed)
{
	return bpf_simulate_counting(program, data, ret_executed, NULL);
}

bool bpf_is_bitmap_allowed(const struct callgate_program *program, uint32_t arch, uint32_t nr)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < program->count; pc++) {
		const struct sock_filter *insn = &program->insns[pc];
		const struct bpf_code *code = bpf_code_of(insn);
		bool is_and = code->kind == BPF_KIND_ARITHMETIC && BPF_OP(insn->code) == BPF_AND;
		if (code->x)
			return false;
		if (code->kind == BPF_KIND_RETURN)
			return insn->k == SECCOMP_RET_ALLOW;
		if (code->kind == BPF_KIND_LOAD && insn->k <= 4)
			a = insn->k == 0 ? nr : arch;
		else if (code->kind == BPF_KIND_JUMP)
			pc += insn->k;
		else if (code->kind == BPF_KIND_BRANCH)
			pc += bpf_compare(BPF_OP(insn->code), a, insn->k) ? insn->jt : insn->jf;
		else if (is_and)
			a &= insn->k;
		else
			return false;
	}
	return false;
}
