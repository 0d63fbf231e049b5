/* Instructions, as far as they are known when the architecture and the number of the call are given. */
#include "testing/explore_private.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The last instruction returns; its code is not zero, and fits a byte. */
static bool is_big_endian(const struct callgate_program *program)
{
	const char *bytes = callgate_program_bytes(program);

	return bytes[(callgate_program_length(program) - 1) * sizeof(struct sock_filter)] == 0;
}

struct sock_filter explore_instruction(const struct callgate_program *program, size_t pc)
{
	struct sock_filter insn;

	memcpy(&insn, (const char *)callgate_program_bytes(program) + pc * sizeof(insn), sizeof(insn));
	if (is_big_endian(program)) {
		insn.code = be16toh(insn.code);
		insn.k = be32toh(insn.k);
	} else {
		insn.code = le16toh(insn.code);
		insn.k = le32toh(insn.k);
	}
	return insn;
}

static struct explore_value number(uint32_t value)
{
	return (struct explore_value){.kind = EXPLORE_NUMBER, .number = value};
}

static struct explore_value identity(const struct explorer *explorer, enum explore_origin origin)
{
	struct explore_value value = {.kind = EXPLORE_UNKNOWN, .origin = origin};

	if (explorer->is_open)
		return value;
	value.kind = EXPLORE_NUMBER;
	value.number = (uint32_t)explorer->nr;
	if (origin == EXPLORE_ARCH)
		value.number = explorer->arch == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : explorer->arch;
	return value;
}

/* A word of struct seccomp_data (linux/seccomp.h). */
static struct explore_value word(const struct explorer *explorer, uint32_t offset)
{
	bool upper = (offset & 4) != 0;

	if (offset <= 4)
		return identity(explorer, offset == 0 ? EXPLORE_NR : EXPLORE_ARCH);
	if (is_big_endian(callgate_simulator_program(explorer->simulator, 0)))
		upper = !upper;
	return (struct explore_value){
	    .kind = EXPLORE_INPUT,
	    .input = offset < 16 ? CANDIDATE_POINTER : (offset - 16) / 8,
	    .shift = upper ? 32 : 0,
	    .mask = upper ? (uint64_t)UINT32_MAX << 32 : UINT32_MAX,
	};
}

static void and (struct explore_value * a, const struct sock_filter *insn)
{
	if (BPF_SRC(insn->code) != BPF_K)
		a->kind = EXPLORE_UNKNOWN;
	a->origin = EXPLORE_ELSEWHERE;
	a->number &= insn->k;
	a->mask &= (uint64_t)insn->k << a->shift;
}

void explore_step(const struct explorer *explorer, const struct sock_filter *insn,
                  struct explore_registers *registers)
{
	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		registers->a = word(explorer, insn->k);
		return;
	case BPF_LD | BPF_IMM:
		registers->a = number(insn->k);
		return;
	case BPF_LDX | BPF_W | BPF_IMM:
		registers->x = number(insn->k);
		return;
	case BPF_MISC | BPF_TAX:
		registers->x = registers->a;
		return;
	case BPF_MISC | BPF_TXA:
		registers->a = registers->x;
		return;
	default:
		break;
	}
	if (BPF_CLASS(insn->code) == BPF_ALU && BPF_OP(insn->code) == BPF_AND)
		and(&registers->a, insn);
	else if (BPF_CLASS(insn->code) == BPF_ALU || BPF_CLASS(insn->code) == BPF_LD)
		registers->a = (struct explore_value){.kind = EXPLORE_UNKNOWN};
	else if (BPF_CLASS(insn->code) == BPF_LDX)
		registers->x = (struct explore_value){.kind = EXPLORE_UNKNOWN};
}

static bool decide(const struct sock_filter *insn, uint32_t a)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		return a == insn->k;
	case BPF_JGT:
		return a > insn->k;
	case BPF_JGE:
		return a >= insn->k;
	default:
		return a & insn->k;
	}
}

enum explore_kind explore_compare(const struct sock_filter *insn, const struct explore_registers *registers,
                                  struct explore_comparison *ret_comparison, bool *ret_holds)
{
	static const enum scmp_compare operators[] = {
	    [BPF_JEQ >> 4] = SCMP_CMP_EQ, [BPF_JGT >> 4] = SCMP_CMP_GT, [BPF_JGE >> 4] = SCMP_CMP_GE};
	const struct explore_value *a = &registers->a;

	if (BPF_SRC(insn->code) != BPF_K || a->kind == EXPLORE_UNKNOWN)
		return EXPLORE_UNKNOWN;
	if (a->kind == EXPLORE_NUMBER) {
		*ret_holds = decide(insn, a->number);
		return EXPLORE_NUMBER;
	}
	*ret_comparison = (struct explore_comparison){a->input, a->mask, SCMP_CMP_NE, 0};
	if (BPF_OP(insn->code) == BPF_JSET) {
		ret_comparison->mask &= (uint64_t)insn->k << a->shift;
	} else {
		ret_comparison->op = operators[BPF_OP(insn->code) >> 4];
		ret_comparison->datum = (uint64_t)insn->k << a->shift;
	}
	return EXPLORE_INPUT;
}

/* Ways that meet know what all of them know. */
static void meet(struct explore_value *value, const struct explore_value *other)
{
	if (value->origin != other->origin)
		value->origin = EXPLORE_ELSEWHERE;
	if (value->kind != other->kind || value->number != other->number || value->input != other->input ||
	    value->shift != other->shift || value->mask != other->mask)
		value->kind = EXPLORE_UNKNOWN;
}

struct place {
	bool reached;
	struct explore_registers registers;
};

static void arrive(struct place *place, const struct explore_registers *registers)
{
	if (!place->reached) {
		place->reached = true;
		place->registers = *registers;
		return;
	}
	meet(&place->registers.a, &registers->a);
	meet(&place->registers.x, &registers->x);
}

static void collect_branch(struct explorer *explorer, struct place *places, size_t pc,
                           const struct sock_filter *insn)
{
	struct explore_comparison c;
	bool holds;
	enum explore_kind kind = explore_compare(insn, &places[pc].registers, &c, &holds);

	if (kind == EXPLORE_INPUT)
		candidate_pool_add(&explorer->pools[c.input], c.mask, c.op, c.datum);
	if (kind != EXPLORE_NUMBER || holds)
		arrive(&places[pc + 1 + insn->jt], &places[pc].registers);
	if (kind != EXPLORE_NUMBER || !holds)
		arrive(&places[pc + 1 + insn->jf], &places[pc].registers);
}

/* Jumps lead forward, so one pass sees each instruction after all ways to it. NULL: no memory. */
static struct place *walk(struct explorer *explorer, const struct callgate_program *program)
{
	size_t length = callgate_program_length(program);
	struct place *places = calloc(length, sizeof(*places));

	if (!places)
		return NULL;
	arrive(&places[0], &(struct explore_registers){number(0), number(0)});
	for (size_t pc = 0; pc < length; pc++) {
		struct sock_filter insn = explore_instruction(program, pc);
		struct explore_registers registers = places[pc].registers;
		if (!places[pc].reached || BPF_CLASS(insn.code) == BPF_RET)
			continue;
		if (explore_is_branch(&insn)) {
			collect_branch(explorer, places, pc, &insn);
		} else if (BPF_CLASS(insn.code) == BPF_JMP) {
			arrive(&places[pc + 1 + insn.k], &registers);
		} else {
			explore_step(explorer, &insn, &registers);
			arrive(&places[pc + 1], &registers);
		}
	}
	return places;
}

int explore_collect(struct explorer *explorer, const struct callgate_program *program)
{
	struct place *places = walk(explorer, program);

	free(places);
	return places ? 0 : -ENOMEM;
}

int explore_accumulator(struct explorer *explorer, const struct callgate_program *program, size_t pc,
                        struct explore_value *ret_value)
{
	struct place *places = walk(explorer, program);

	if (!places)
		return -ENOMEM;
	*ret_value = places[pc].registers.a; /* unknown where no call comes */
	free(places);
	return 0;
}
