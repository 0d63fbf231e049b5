#include "arch/arch.h"

#include <string.h>

#include "arch/table.h"

/* More edits than this make another word, not a typing error; short names bear fewer. */
#define EDITS_MAX     3
#define LENGTH_MAX    (ARCH_NAME_LENGTH_MAX + EDITS_MAX)
#define EDITS_TOO_FAR (EDITS_MAX + 1)

struct row {
	size_t edits[LENGTH_MAX + 1];
};

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours between two texts of at most LENGTH_MAX bytes. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct row rows[3];

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

const char *arch_syscall_closest_name(const char *name)
{
	size_t len = name ? strnlen(name, LENGTH_MAX + 1) : 0;
	size_t best = min(len / 3, EDITS_MAX) + 1;
	const char *closest = NULL;

	if (len > LENGTH_MAX)
		return NULL;
	for (size_t i = 0; i < arch_syscall_name_count(); i++) {
		const char *candidate = arch_syscall_name_at(i);
		size_t candidate_len = strlen(candidate);
		size_t edits = edit_distance(name ? name : "", len, candidate, candidate_len);

		if (edits < best) {
			best = edits;
			closest = candidate;
		}
	}
	return closest;
}
