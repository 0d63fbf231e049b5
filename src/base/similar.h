/*
 * Which known word was meant? Edit distance with insertions, deletions, replacements and swaps of neighbours.
 */
#ifndef CALLGATE_BASE_SIMILAR_H
#define CALLGATE_BASE_SIMILAR_H

#include <stddef.h>

/* The search for one word. `best` is NULL while nothing offered is close enough to be a typing error. */
struct similar {
	const char *word;
	size_t len;
	size_t edits; /* fewer than these are needed */
	const char *best;
};

/* NULL and overlong words are like nothing. */
struct similar similar_start(const char *word);
/* Keeps `candidate`, which must live as long as the search's result, if it is closer than what was offered before. */
void similar_offer(struct similar *similar, const char *candidate);

#endif
