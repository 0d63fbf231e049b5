#include "brute_force.h"

#include <stdlib.h>

enum { WORDS = 16, UNKNOWN = 16, REPRESENTATIVES = 1 << 16, MASK_BITS_MAX = 8, CONSTANTS = 8192 };

/* Of one word: the first numbers of intervals, the bits of masks, and what follows from these. */
struct word {
	uint32_t starts[CONSTANTS], mask;
	size_t start_count;
	uint32_t *numbers;
	size_t number_count;
};

struct search {
	const struct interpret_program *programs[2];
	struct word words[WORDS];
	uint32_t chosen[WORDS];
	bool is_chosen[WORDS], missing;
	unsigned missing_word;
	struct brute_force result;
};

static void add_start(struct word *word, uint32_t start)
{
	if (word->start_count == CONSTANTS)
		abort();
	word->starts[word->start_count++] = start;
}

static void add_comparison(struct search *s, uint32_t kinds, const struct sock_filter *insn)
{
	for (unsigned i = 0; i < WORDS; i++) {
		if (!(kinds >> i & 1))
			continue;
		if (BPF_OP(insn->code) == BPF_JSET) {
			s->words[i].mask |= insn->k;
			continue;
		}
		add_start(&s->words[i], insn->k);
		if (insn->k < UINT32_MAX)
			add_start(&s->words[i], insn->k + 1);
	}
}

/* Which words A may hold in front of each instruction, and with what they are compared. */
static void find_comparisons(struct search *s, const struct interpret_program *program)
{
	uint32_t *kinds = calloc(program->count + 1, sizeof(*kinds));

	if (!kinds)
		abort();
	for (size_t pc = 0; pc < program->count; pc++) {
		const struct sock_filter *insn = &program->insns[pc];
		uint32_t kind = kinds[pc];
		if (BPF_CLASS(insn->code) == BPF_JMP) {
			bool always = BPF_OP(insn->code) == BPF_JA;
			kinds[pc + 1 + (always ? insn->k : insn->jt)] |= kind;
			kinds[pc + 1 + (always ? insn->k : insn->jf)] |= kind;
			s->result.exact =
			    s->result.exact && (always || (!(kind >> UNKNOWN & 1) && BPF_SRC(insn->code) == BPF_K));
			if (!always)
				add_comparison(s, kind, insn);
			continue;
		}
		if (BPF_CLASS(insn->code) == BPF_RET) {
			s->result.exact = s->result.exact && (BPF_RVAL(insn->code) == BPF_K || !kind);
			continue;
		}
		if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
			kind = 1u << insn->k / 4;
		else if (insn->code == (BPF_LD | BPF_IMM) || insn->code == (BPF_LD | BPF_W | BPF_LEN))
			kind = 0;
		else if (insn->code == (BPF_ALU | BPF_AND | BPF_K)) {
			for (unsigned i = 0; i < WORDS; i++)
				s->words[i].mask |= kind >> i & 1 ? insn->k : 0;
		} else if (BPF_CLASS(insn->code) != BPF_ST && BPF_CLASS(insn->code) != BPF_STX &&
		           BPF_CLASS(insn->code) != BPF_LDX)
			kind |= 1u << UNKNOWN;
		kinds[pc + 1] |= kind;
	}
	free(kinds);
}

/* The smallest number from `first` on whose masked bits are these. false if there is none. */
static bool smallest(uint32_t first, uint32_t mask, uint32_t bits, uint32_t *ret_number)
{
	if ((first & mask) == bits) {
		*ret_number = first;
		return true;
	}
	for (unsigned i = 0; i < 32; i++) {
		uint32_t above = i < 31 ? ~(UINT32_MAX >> (31 - i)) : 0, bit = 1u << i;
		bool can_rise = !(first & bit) && (!(mask & bit) || (bits & bit));
		if (can_rise && (first & mask & above) == (bits & above)) {
			*ret_number = (first & above) | bit | (bits & (bit - 1));
			return true;
		}
	}
	return false;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Every value of the masked bits in every interval where it is possible. */
static void find_numbers(struct search *s, struct word *word)
{
	add_start(word, 0);
	qsort(word->starts, word->start_count, sizeof(word->starts[0]), by_number);
	if (__builtin_popcount(word->mask) > MASK_BITS_MAX) {
		s->result.exact = false;
		word->mask = 0;
	}
	word->numbers = malloc(REPRESENTATIVES * sizeof(*word->numbers));
	if (!word->numbers)
		abort();
	for (size_t i = 0; i < word->start_count; i++) {
		uint32_t first = word->starts[i],
		         last = i + 1 < word->start_count ? word->starts[i + 1] - 1 : UINT32_MAX, number;
		if (i + 1 < word->start_count && word->starts[i + 1] == first)
			continue;
		for (uint32_t bits = word->mask;; bits = (bits - 1) & word->mask) {
			if (smallest(first, word->mask, bits, &number) && number <= last) {
				if (word->number_count == REPRESENTATIVES)
					abort();
				word->numbers[word->number_count++] = number;
			}
			if (!bits)
				break;
		}
	}
}

static uint32_t chosen_word(void *closure, uint32_t offset)
{
	struct search *s = closure;
	unsigned word = offset / 4;

	if (!s->is_chosen[word] && !s->missing) {
		s->missing = true;
		s->missing_word = word;
	}
	return s->is_chosen[word] ? s->chosen[word] : 0;
}

static void explore(struct search *s)
{
	uint32_t verdicts[2];

	for (int i = 0; i < 2; i++) {
		s->missing = false;
		verdicts[i] = interpret_run(s->programs[i], chosen_word, s);
		if (!s->missing)
			continue;
		unsigned word = s->missing_word;
		s->is_chosen[word] = true;
		for (size_t j = 0; j < s->words[word].number_count && s->result.equal; j++) {
			s->chosen[word] = s->words[word].numbers[j];
			explore(s);
		}
		s->is_chosen[word] = false;
		return;
	}
	s->result.inputs++;
	s->result.equal = s->result.equal && verdicts[0] == verdicts[1];
}

struct brute_force brute_force(const struct interpret_program *a, const struct interpret_program *b)
{
	struct search *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->programs[0] = a;
	s->programs[1] = b;
	s->result.exact = s->result.equal = true;
	find_comparisons(s, a);
	find_comparisons(s, b);
	for (unsigned i = 0; i < WORDS; i++)
		find_numbers(s, &s->words[i]);
	explore(s);
	struct brute_force result = s->result;
	for (unsigned i = 0; i < WORDS; i++)
		free(s->words[i].numbers);
	free(s);
	return result;
}
