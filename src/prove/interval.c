#include "prove/interval.h"

#include <string.h>

/* What the accumulator may hold: bits, as there may be several ways to an instruction. */
enum { KIND_NR = 1, KIND_ARCH = 2, KIND_OTHER = 4 };
enum { OFFSET_NR = 0, OFFSET_ARCH = 4 };

/* ---- liveness ---- */

/* What is live before an instruction that neither jumps nor returns. */
static uint32_t live_before(const struct sock_filter *insn, uint32_t after)
{
	const struct bpf_code *code = bpf_code_of(insn);
	uint32_t own = code->x ? LIVE_X : LIVE_A, other = code->x ? LIVE_A : LIVE_X;

	switch ((enum bpf_kind)code->kind) {
	case BPF_KIND_LOAD:
	case BPF_KIND_LENGTH:
	case BPF_KIND_CONSTANT:
		return after & ~own;
	case BPF_KIND_READ:
		return (after & ~own) | 1u << insn->k;
	case BPF_KIND_WRITE:
		return (after & ~(1u << insn->k)) | own;
	case BPF_KIND_MOVE:
		return (after & ~own) | other;
	default:
		return after | LIVE_A | (code->x ? LIVE_X : 0);
	}
}

void interval_liveness(const struct callgate_program *program, uint32_t *live)
{
	for (size_t pc = program->count; pc-- > 0;) {
		const struct sock_filter *insn = &program->insns[pc];
		const struct bpf_code *code = bpf_code_of(insn);
		size_t yes = pc + 1, no = yes;
		if (code->kind == BPF_KIND_RETURN) {
			live[pc] = code->x ? LIVE_A : 0;
			continue;
		}
		if (code->kind == BPF_KIND_JUMP)
			yes = no = pc + 1 + insn->k;
		if (code->kind == BPF_KIND_BRANCH) {
			yes = pc + 1 + insn->jt;
			no = pc + 1 + insn->jf;
		}
		assert(yes < program->count && no < program->count);
		live[pc] = live[yes] | live[no];
		/* A branch whose sides meet tests nothing. */
		if (code->kind != BPF_KIND_JUMP && (code->kind != BPF_KIND_BRANCH || yes != no))
			live[pc] = live_before(insn, live[pc]);
	}
}

/* ---- breakpoints ---- */

static void add_breakpoints(struct breakpoints *points, uint16_t op, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		breakpoints_add(points, k & INPUT_WORD_MAX);
		breakpoints_add_after(points, k);
		break;
	case BPF_JGT:
		breakpoints_add_after(points, k);
		break;
	case BPF_JGE:
		if (k <= INPUT_WORD_MAX)
			breakpoints_add(points, k);
		break;
	default:
		breakpoints_add_mask(points, k);
		break;
	}
}

enum interval_answer interval_decide(uint16_t op, uint32_t first, uint32_t last, uint32_t mask, uint32_t k)
{
	uint32_t differ = first ^ last;
	uint32_t unknown = differ ? mask & (UINT32_MAX >> __builtin_clz(differ)) : 0;
	uint32_t known = first & mask & ~unknown;

	if (op == BPF_JSET)
		return known & k ? INTERVAL_TRUE : unknown & k ? INTERVAL_EITHER : INTERVAL_FALSE;
	if (mask == INPUT_WORD_MAX)
		return interval_compare(op, first, last, k);
	if (op == BPF_JEQ && (k & ~unknown) != known)
		return INTERVAL_FALSE;
	return interval_compare(op, known, known | unknown, k);
}

static uint8_t kind_after(const struct sock_filter *insn, uint8_t kind)
{
	const struct bpf_code *code = bpf_code_of(insn);

	if (code->kind == BPF_KIND_LOAD)
		return insn->k == OFFSET_NR ? KIND_NR : insn->k == OFFSET_ARCH ? KIND_ARCH : KIND_OTHER;
	bool keeps = code->kind == BPF_KIND_WRITE ||
	             (code->x && code->kind != BPF_KIND_ARITHMETIC); /* X changes, and not A */
	return keeps ? kind : KIND_OTHER;
}

struct search {
	const struct callgate_program *program;
	const struct region *slice; /* NULL to look for comparisons of arch */
	uint8_t *kinds, wanted;
	struct breakpoints *points;
};

static void follow_branch(struct search *s, size_t pc, const struct sock_filter *insn, uint8_t kind)
{
	bool constant = !bpf_code_of(insn)->x && insn->jt != insn->jf;
	uint16_t op = BPF_OP(insn->code);
	enum interval_answer answer = INTERVAL_EITHER;

	if (constant && s->slice && kind == KIND_ARCH)
		answer =
		    interval_decide(op, s->slice->arch_first, s->slice->arch_last, INPUT_WORD_MAX, insn->k);
	if (constant && kind & s->wanted)
		add_breakpoints(s->points, op, insn->k);
	if (answer != INTERVAL_FALSE)
		s->kinds[pc + 1 + insn->jt] |= kind;
	if (answer != INTERVAL_TRUE)
		s->kinds[pc + 1 + insn->jf] |= kind;
}

void interval_breakpoints(const struct callgate_program *program, const struct region *slice, uint8_t *kinds,
                          struct breakpoints *points)
{
	struct search search = {program, slice, kinds, slice ? KIND_NR : KIND_ARCH, points};

	memset(kinds, 0, program->count);
	kinds[0] = KIND_OTHER;
	for (size_t pc = 0; pc < program->count; pc++) {
		const struct sock_filter *insn = &program->insns[pc];
		uint8_t kind = kinds[pc];
		if (!kind)
			continue;
		switch (bpf_kind_of(insn)) {
		case BPF_KIND_RETURN:
			break;
		case BPF_KIND_JUMP:
			kinds[pc + 1 + insn->k] |= kind;
			break;
		case BPF_KIND_BRANCH:
			follow_branch(&search, pc, insn, kind);
			break;
		default:
			if (insn->code == (BPF_ALU | BPF_AND | BPF_K) && kind & search.wanted)
				breakpoints_add_mask(points, insn->k);
			kinds[pc + 1] |= kind_after(insn, kind);
		}
	}
}
