/*
 * How many rules of a policy make the same test. What many make is tested last, where it can be one tail for all of them.
 */
#ifndef CALLGATE_COMPILE_POPULARITY_H
#define CALLGATE_COMPILE_POPULARITY_H

#include <stddef.h>

#include "base/arena.h"
#include "compile/word_test.h"

/* Zeroed but for the arena means empty. */
struct popularity {
	struct arena *arena;
	struct popularity_entry *table;
	size_t size, count;
};

/* Counts the tests of every rule; false when memory is out. */
bool popularity_learn(struct popularity *popularity, const struct policy *policy);

/* How often the test was counted. Wide tests are the same if kind and high half are. */
uint32_t popularity_of(const struct popularity *popularity, const struct word_test *test);

#endif
