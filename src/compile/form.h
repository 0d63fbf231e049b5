/*
 * Rules in the form in which the compiler takes them apart: conjunctions of word tests, each different one once.
 */
#ifndef CALLGATE_COMPILE_FORM_H
#define CALLGATE_COMPILE_FORM_H

#include "base/arena.h"
#include "compile/word_test.h"

/* An interned rule: equal forms are the same pointer. */
struct form {
	uint32_t id, hash;
	uint32_t action;
	uint32_t count; /* 0: always matches */
	struct word_test tests[];
};

/* Every form of one compilation. `failed` is set when memory ran out; what is returned then is NULL. */
struct form_set {
	struct arena *arena;
	const struct form **table;
	size_t table_size, count;
	bool failed;
};

/* The form with these tests. */
const struct form *form_make(struct form_set *set, uint32_t action, const struct word_test *tests,
                             uint32_t count);

/* The form of a rule; NULL if it can never match (or memory ran out). */
const struct form *form_of_rule(struct form_set *set, const struct policy_rule *rule,
                                const struct arch *arch);

/* What is left of a form once `word` is known to be in [first, last], which no cut divides; NULL if it can't match. */
const struct form *form_know(struct form_set *set, const struct form *form, uint8_t word, uint32_t first,
                             uint32_t last);

/* The same once it is known whether a WORD_BITS test holds. */
const struct form *form_know_bits(struct form_set *set, const struct form *form,
                                  const struct word_test *known, bool holds);

#endif
