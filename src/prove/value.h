/*
 * What a register or scratch word holds, as a function of the input.
 */
#ifndef CALLGATE_PROVE_VALUE_H
#define CALLGATE_PROVE_VALUE_H

#include "base/vec.h"
#include "prove/diagram.h"

enum value_kind { VALUE_CONSTANT, VALUE_WORD, VALUE_VECTOR };

/* Words of struct seccomp_data are numbered by offset / 4. */
enum { WORD_NR = 0, WORD_ARCH = 1, WORD_IP = 2, WORD_ARG = 4, WORD_COUNT = 16 };

/*
 * A constant `number`; or word `word` of the input AND `number`, divided by `divisor`; or the vector of that number, one
 * diagram for each bit. Values that compare equal are the same function; the reverse need not hold.
 */
struct value {
	uint16_t kind, word;
	uint32_t number, divisor; /* divisor is 0 but for words */
};

/* One diagram (of leaves zero and one) for each bit, lowest first. */
struct value_bits {
	node bit[INPUT_WORD_BITS];
};

struct value_space {
	struct diagram *diagram;
	struct arena *arena;
	bool big_endian;
	ARENA_VEC(struct value_bits) vectors;
};

static inline struct value value_constant(uint32_t number)
{
	return (struct value){VALUE_CONSTANT, 0, number, 0};
}

static inline struct value value_word(uint32_t word, uint32_t mask)
{
	return mask ? (struct value){VALUE_WORD, (uint16_t)word, mask, 1} : value_constant(0);
}

/* A word of the input as it is, but for a mask. */
static inline bool value_is_plain_word(struct value value)
{
	return value.kind == VALUE_WORD && value.divisor == 1;
}

static inline bool value_same(struct value a, struct value b)
{
	return a.kind == b.kind && a.word == b.word && a.number == b.number && a.divisor == b.divisor;
}

/* Which input bits a word of the input is. */
struct diagram_number value_word_bits(const struct value_space *space, uint32_t word, uint32_t mask);

struct value_bits value_expand(const struct value_space *space, struct value value);
/* The value of these bits: a constant if they are constant. Running out of vectors uses up the budget. */
struct value value_collect(struct value_space *space, const struct value_bits *bits);

/* A OP operand, for the BPF_ALU operations, exactly; for BPF_DIV the operand must not be the constant zero. */
struct value value_alu(struct value_space *space, uint16_t op, struct value a, struct value operand);

/* A OP operand ? then : otherwise, for the conditional jumps. */
node value_branch(struct value_space *space, uint16_t op, struct value a, struct value operand, node then,
                  node otherwise);

#endif
