#include "prove/interval.h"

#include <string.h>

/* What the accumulator may hold: bits, as there may be several ways to an instruction. */
enum { KIND_NR = 1, KIND_ARCH = 2, KIND_OTHER = 4 };
enum { OFFSET_NR = 0, OFFSET_ARCH = 4 };
enum { MASK_BITS = 4 };

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

/* ---- where regions are divided ---- */

/* By the highest bit in which the ends of the interval differ, until the bits of the mask are the same in all of it. */
uint32_t interval_middle_of_bits(uint32_t first, uint32_t last, uint32_t mask)
{
	uint32_t differ = first ^ last, lowest = mask & INPUT_WORD_MAX & -(mask & INPUT_WORD_MAX);

	if (differ < lowest || lowest <= INPUT_WORD_MAX >> MASK_BITS)
		return 0;
	return last & ~(UINT32_MAX >> 1 >> __builtin_clz(differ));
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
	bool keeps =
	    code->kind == BPF_KIND_WRITE || (code->x && code->kind != BPF_KIND_ARITHMETIC); /* X changes, and not A */
	return keeps ? kind : KIND_OTHER;
}

/*
 * Divides the region at a comparison, or at the bits that an instruction keeps, of what the accumulator may hold. If
 * that is certain, *ret_answer is too.
 */
static bool divide_at(const struct sock_filter *insn, uint8_t kind, struct region *region, struct region *ret_upper,
                      enum interval_answer *ret_answer)
{
	uint16_t op = BPF_CLASS(insn->code) == BPF_ALU ? BPF_JSET : BPF_OP(insn->code);

	for (int is_arch = 1; is_arch >= 0; is_arch--) {
		uint32_t first = is_arch ? region->arch_first : region->nr_first;
		uint32_t last = is_arch ? region->arch_last : region->nr_last;
		uint8_t own = is_arch ? KIND_ARCH : KIND_NR;
		uint32_t middle = kind & own ? interval_middle(op, first, last, insn->k) : 0;
		if (middle) {
			*ret_upper = interval_divide(region, is_arch, middle);
			return true;
		}
		if (kind == own)
			*ret_answer = interval_decide(op, first, last, INPUT_WORD_MAX, insn->k);
	}
	return false;
}

bool interval_search(const struct callgate_program *program, uint8_t *kinds, struct region *region,
                     struct region *ret_upper)
{
	memset(kinds, 0, program->count);
	kinds[0] = KIND_OTHER;
	for (size_t pc = 0; pc < program->count; pc++) {
		const struct sock_filter *insn = &program->insns[pc];
		enum interval_answer answer = INTERVAL_EITHER;
		enum bpf_kind does = bpf_kind_of(insn);
		bool branches = does == BPF_KIND_BRANCH && insn->jt != insn->jf;
		if (!kinds[pc] || does == BPF_KIND_RETURN)
			continue;
		if (((branches && !bpf_code_of(insn)->x) || insn->code == (BPF_ALU | BPF_AND | BPF_K)) &&
		    divide_at(insn, kinds[pc], region, ret_upper, &answer))
			return true;
		if (does == BPF_KIND_JUMP) {
			kinds[pc + 1 + insn->k] |= kinds[pc];
		} else if (does == BPF_KIND_BRANCH) {
			kinds[pc + 1 + insn->jt] |= answer == INTERVAL_FALSE ? 0 : kinds[pc];
			kinds[pc + 1 + insn->jf] |= answer == INTERVAL_TRUE ? 0 : kinds[pc];
		} else {
			kinds[pc + 1] |= kind_after(insn, kinds[pc]);
		}
	}
	return false;
}
