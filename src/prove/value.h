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
 * A constant `number`; or word `word` of the input, shifted right and then masked by `number`, which is not 0 and has
 * none of the bits that the shift clears; or the vector of that number. Values that compare equal are the same
 * function; the reverse need not hold.
 */
struct value {
	uint8_t kind, shift; /* shift is 0 but for words */
	uint16_t word;       /* 0 but for words */
	uint32_t number;
};

/* A vector has one diagram, whose leaves are zero and one, for each bit of a word, lowest first. */
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
	return (struct value){.kind = VALUE_CONSTANT, .number = number};
}

/* A word of the input as a program loads it. */
static inline struct value value_word(uint32_t word)
{
	return (struct value){.kind = VALUE_WORD, .word = (uint16_t)word, .number = INPUT_WORD_MAX};
}

static inline bool value_same(struct value a, struct value b)
{
	return a.kind == b.kind && a.shift == b.shift && a.word == b.word && a.number == b.number;
}

/*
 * A OP operand for BPF_KIND_ARITHMETIC and BPF_NEG, exactly. false where it is not modelled: products and quotients,
 * but of constants and by a constant power of two.
 */
bool value_alu(struct value_space *space, uint16_t op, struct value a, struct value operand, struct value *ret_value);

/* A OP operand ? then : otherwise, for the conditional jumps. */
node value_branch(struct value_space *space, uint16_t op, struct value a, struct value operand, node then,
                  node otherwise);

#endif
