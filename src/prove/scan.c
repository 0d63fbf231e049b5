/* What can be said about a program by looking at each instruction once. */
#include "prove/scan.h"

#include <string.h>

enum { KIND_NR = 1, KIND_ARCH = 2, KIND_OTHER = 4 };
enum { OFFSET_NR = 0, OFFSET_ARCH = 4 };

static void use_load(const struct sock_filter *insn, uint32_t *uses, uint32_t *defines)
{
	switch (insn->code) {
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
		*uses = 1u << insn->k;
		*defines = BPF_CLASS(insn->code) == BPF_LD ? LIVE_A : LIVE_X;
		break;
	case BPF_ST:
	case BPF_STX:
		*uses = insn->code == BPF_ST ? LIVE_A : LIVE_X;
		*defines = 1u << insn->k;
		break;
	case BPF_MISC | BPF_TAX:
		*uses = LIVE_A;
		*defines = LIVE_X;
		break;
	case BPF_MISC | BPF_TXA:
		*uses = LIVE_X;
		*defines = LIVE_A;
		break;
	default:
		*defines = BPF_CLASS(insn->code) == BPF_LD ? LIVE_A : LIVE_X;
	}
}

static uint32_t live_before(const struct sock_filter *insn, uint32_t after)
{
	uint32_t uses = 0, defines = 0, operand = BPF_SRC(insn->code) == BPF_X ? LIVE_X : 0;

	switch (BPF_CLASS(insn->code)) {
	case BPF_RET:
		return insn->code == (BPF_RET | BPF_A) ? LIVE_A : 0;
	case BPF_ALU:
		return after | LIVE_A | operand;
	case BPF_JMP:
		return BPF_OP(insn->code) == BPF_JA ? after : after | LIVE_A | operand;
	default:
		use_load(insn, &uses, &defines);
		return (after & ~defines) | uses;
	}
}

void scan_liveness(const struct callgate_program *program, uint32_t *live, bool *reads_number)
{
	for (size_t pc = program->count; pc-- > 0;) {
		const struct sock_filter *insn = &program->insns[pc];
		uint32_t after = 0;
		bool number = insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k < 8;
		if (BPF_CLASS(insn->code) == BPF_JMP) {
			bool always = BPF_OP(insn->code) == BPF_JA;
			size_t yes = pc + 1 + (always ? insn->k : insn->jt),
			       no = always ? yes : pc + 1 + insn->jf;
			after = live[yes] | live[no];
			number = reads_number[yes] || reads_number[no];
		} else if (BPF_CLASS(insn->code) != BPF_RET) {
			after = live[pc + 1];
			number = number || reads_number[pc + 1];
		}
		live[pc] = live_before(insn, after);
		reads_number[pc] = number;
	}
}

static void cut(struct cuts *cuts, uint16_t op, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		cuts_add(cuts, k & INPUT_WORD_MAX);
		cuts_add_after(cuts, k);
		break;
	case BPF_JGT:
		cuts_add_after(cuts, k);
		break;
	case BPF_JGE:
		if (k <= INPUT_WORD_MAX)
			cuts_add(cuts, k);
		break;
	default:
		cuts_add_mask(cuts, k);
		break;
	}
}

enum scan_answer scan_decide(uint16_t op, uint32_t first, uint32_t last, uint32_t mask, uint32_t k)
{
	uint32_t differ = first ^ last;
	uint32_t unknown = differ ? mask & (UINT32_MAX >> __builtin_clz(differ)) : 0;
	uint32_t known = first & mask & ~unknown;

	if (op == BPF_JSET)
		return known & k ? SCAN_TRUE : unknown & k ? SCAN_EITHER : SCAN_FALSE;
	if (mask == INPUT_WORD_MAX)
		return scan_compare(op, first, last, k);
	if (op == BPF_JEQ && (k & ~unknown) != known)
		return SCAN_FALSE;
	return scan_compare(op, known, known | unknown, k);
}

static uint8_t step_kind(const struct sock_filter *insn, uint8_t kind)
{
	uint16_t class = BPF_CLASS(insn->code);

	if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
		return insn->k == OFFSET_NR ? KIND_NR : insn->k == OFFSET_ARCH ? KIND_ARCH : KIND_OTHER;
	return class == BPF_LD || class == BPF_ALU || insn->code == (BPF_MISC | BPF_TXA) ? KIND_OTHER : kind;
}

struct scan {
	const struct callgate_program *program;
	const struct cell *section; /* NULL to look for comparisons of arch */
	uint8_t *kinds, wanted;
	struct cuts *cuts;
};

static void branch(struct scan *s, size_t pc, const struct sock_filter *insn, uint8_t kind)
{
	uint16_t op = BPF_OP(insn->code);
	enum scan_answer answer = SCAN_EITHER;

	if (op == BPF_JA) {
		s->kinds[pc + 1 + insn->k] |= kind;
		return;
	}
	if (BPF_SRC(insn->code) == BPF_K && s->section && kind == KIND_ARCH)
		answer =
		    scan_decide(op, s->section->arch_first, s->section->arch_last, INPUT_WORD_MAX, insn->k);
	if (BPF_SRC(insn->code) == BPF_K && kind & s->wanted)
		cut(s->cuts, op, insn->k);
	if (answer != SCAN_FALSE)
		s->kinds[pc + 1 + insn->jt] |= kind;
	if (answer != SCAN_TRUE)
		s->kinds[pc + 1 + insn->jf] |= kind;
}

void scan_cuts(const struct callgate_program *program, const struct cell *section, uint8_t *kinds,
               struct cuts *cuts)
{
	struct scan scan = {program, section, kinds, section ? KIND_NR : KIND_ARCH, cuts};

	memset(kinds, 0, program->count);
	kinds[0] = KIND_OTHER;
	for (size_t pc = 0; pc < program->count; pc++) {
		const struct sock_filter *insn = &program->insns[pc];
		uint8_t kind = kinds[pc];
		if (!kind || BPF_CLASS(insn->code) == BPF_RET)
			continue;
		if (BPF_CLASS(insn->code) == BPF_JMP) {
			branch(&scan, pc, insn, kind);
			continue;
		}
		if (insn->code == (BPF_ALU | BPF_AND | BPF_K) && kind & scan.wanted)
			cuts_add_mask(cuts, insn->k);
		kinds[pc + 1] |= step_kind(insn, kind);
	}
}

static enum scan_answer compare_interval(const struct sock_filter *insn, uint32_t first, uint32_t last)
{
	switch (insn->code) {
	case BPF_JMP | BPF_JEQ | BPF_K:
		return scan_compare(BPF_JEQ, first, last, insn->k);
	case BPF_JMP | BPF_JGE | BPF_K:
		return scan_compare(BPF_JGE, first, last, insn->k);
	case BPF_JMP | BPF_JGT | BPF_K:
		return scan_compare(BPF_JGT, first, last, insn->k);
	default:
		return SCAN_EITHER;
	}
}

size_t scan_follow(const struct callgate_program *program, size_t pc, uint32_t first, uint32_t last,
                   size_t *steps)
{
	const struct sock_filter *insn = &program->insns[pc];

	for (;; ++*steps) {
		enum scan_answer answer = compare_interval(insn, first, last);
		if (answer != SCAN_EITHER)
			insn += 1 + (answer == SCAN_TRUE ? insn->jt : insn->jf);
		else if (insn->code == (BPF_JMP | BPF_JA))
			insn += 1 + insn->k;
		else
			return (size_t)(insn - program->insns);
	}
}

bool scan_verdict(const struct callgate_program *program, const struct cell *cell, uint32_t *ret_verdict,
                  size_t *steps)
{
	const struct sock_filter *insn = program->insns;

	for (;; ++*steps) {
		size_t next = (size_t)(insn - program->insns) + 1;
		if (insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k == OFFSET_NR)
			next = scan_follow(program, next, cell->nr_first, cell->nr_last, steps);
		else if (insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k == OFFSET_ARCH)
			next = scan_follow(program, next, cell->arch_first, cell->arch_last, steps);
		else
			break;
		insn = &program->insns[next];
	}
	*ret_verdict = insn->k;
	return insn->code == (BPF_RET | BPF_K);
}
