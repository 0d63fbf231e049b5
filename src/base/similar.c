#include "base/similar.h"

#include <assert.h>
#include <string.h>

/* More edits than this make another word, not a typing error; short words bear fewer. */
#define EDITS_MAX  3
#define LENGTH_MAX 64

struct row {
	size_t edits[LENGTH_MAX + 1];
};

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct row rows[3];

	assert(a_len <= LENGTH_MAX && b_len <= LENGTH_MAX);
	for (size_t j = 0; j <= b_len; j++)
		rows[0].edits[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		const size_t *before = rows[(i + 1) % 3].edits;
		const size_t *above = rows[(i - 1) % 3].edits;
		size_t *here = rows[i % 3].edits;

		here[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			here[j] = min(above[j] + 1, here[j - 1] + 1);
			here[j] = min(here[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				here[j] = min(here[j], before[j - 2] + 1);
		}
	}
	return rows[a_len % 3].edits[b_len];
}

struct similar similar_start(const char *word)
{
	size_t len = word ? strnlen(word, LENGTH_MAX + 1) : 0;

	return (struct similar){word, len, len > LENGTH_MAX ? 0 : min(len / 3, EDITS_MAX) + 1, NULL};
}

void similar_offer(struct similar *similar, const char *candidate)
{
	size_t len = strnlen(candidate, LENGTH_MAX + 1);

	if (!similar->word || !similar->len || !similar->edits || len > LENGTH_MAX)
		return;
	size_t edits = edit_distance(similar->word, similar->len, candidate, len);
	if (edits < similar->edits) {
		similar->edits = edits;
		similar->best = candidate;
	}
}
