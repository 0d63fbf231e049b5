/* What has changed: in a file since it was read, and between two texts, for people. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/profile_text.h"

bool text_is_still(const char *path, const struct text *text)
{
	struct text now = {0};
	bool is_read = text_read(path, &now);
	bool is_same = is_read && now.size == text->size && memcmp(now.bytes, text->bytes, now.size) == 0;

	if (is_read && !is_same)
		cli_error("%s was changed meanwhile, and is left alone", path);
	free(now.bytes);
	return is_same;
}

/* The lines of a text; the caller frees them. */
static const char **split(const struct text *text, size_t *ret_count)
{
	const char **lines;
	size_t count = 1;

	for (size_t i = 0; i < text->size; i++)
		count += text->bytes[i] == '\n';
	lines = malloc((count + 1) * sizeof(*lines));
	if (!lines)
		return NULL;
	*ret_count = 0;
	for (const char *at = text->bytes, *end = at + text->size; at < end;) {
		lines[(*ret_count)++] = at;
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		at = newline ? newline + 1 : end;
	}
	lines[*ret_count] = text->bytes + text->size;
	return lines;
}

static bool is_same(const char *const *a, const char *const *b)
{
	return a[1] - a[0] == b[1] - b[0] && memcmp(a[0], b[0], (size_t)(a[1] - a[0])) == 0;
}

static void put_line(FILE *out, char sign, const char *const *line)
{
	size_t length = (size_t)(line[1] - line[0]);

	length -= length > 0 && line[0][length - 1] == '\n';
	length -= length > 0 && line[0][length - 1] == '\r';
	fputc(sign, out);
	print_bytes(out, line[0], length);
	fputc('\n', out);
}

/* Lines of two texts, between what is the same at the beginning and at the end. */
struct texts {
	const char **a, **b;
	size_t a_count, b_count;
};

/*
 * Myers's greedy algorithm: for each number of changes, how far each diagonal (lines of a less lines of b) gets, from
 * which the next number's are found, and at last the way back. It takes what the changes are squared, and not the
 * lines.
 */
enum { CHANGES_MAX = 2000 };

/* Row d has, for each diagonal -d, -d + 2, ... d, the farthest line of `a` that d changes get to; NOWHERE: to none. */
struct reach {
	size_t *rows[CHANGES_MAX + 1];
};

#define NOWHERE SIZE_MAX

/*
 * The farthest line on diagonal 2 * i - d after d changes, the last of which is a line of `b` that comes
 * (*ret_inserts) or one of `a` that goes.
 */
static size_t farthest(const struct texts *texts, const size_t *before, size_t d, size_t i, bool *ret_inserts)
{
	const bool can_insert = i < d && before[i] != NOWHERE && before[i] + d - 2 * i <= texts->b_count;
	const bool can_delete = i > 0 && before[i - 1] != NOWHERE && before[i - 1] < texts->a_count;

	*ret_inserts = can_insert && (!can_delete || before[i] > before[i - 1]);
	return *ret_inserts ? before[i] : can_delete ? before[i - 1] + 1 : NOWHERE;
}

/* The number of changes; -1: there are too many, or memory is out. */
static int find_changes(const struct texts *texts, struct reach *reach)
{
	for (size_t d = 0; d <= CHANGES_MAX; d++) {
		size_t *row = reach->rows[d] = calloc(d + 1, sizeof(*row));
		if (!row)
			return -1;
		for (size_t i = 0; i <= d; i++) {
			bool inserts;
			size_t x = d ? farthest(texts, reach->rows[d - 1], d, i, &inserts) : 0;
			size_t y = x == NOWHERE ? 0 : x + d - 2 * i;
			while (x < texts->a_count && y < texts->b_count && is_same(&texts->a[x], &texts->b[y]))
				x++, y++;
			row[i] = x;
			if (x == texts->a_count && y == texts->b_count)
				return (int)d;
		}
	}
	return -1;
}

/* Marks, of d changes that lead to the end, the lines that go and those that come. */
static void mark_changes(const struct texts *texts, const struct reach *reach, size_t d, bool *gone, bool *new)
{
	for (size_t i = (texts->a_count + d - texts->b_count) / 2; d > 0; d--) {
		const size_t *before = reach->rows[d - 1];
		bool inserts;
		(void)farthest(texts, before, d, i, &inserts);
		i -= !inserts;
		if (inserts)
			new[before[i] + d - 1 - 2 * i] = true;
		else
			gone[before[i]] = true;
	}
}

/* All lines with their signs, but those that both have: a line of `b` comes after those of `a` that go. */
static void put_marked(const struct texts *texts, const bool *gone, const bool *new, FILE *out)
{
	for (size_t x = 0, y = 0; x < texts->a_count || y < texts->b_count;) {
		if (x < texts->a_count && gone[x])
			put_line(out, '-', &texts->a[x++]);
		else if (y < texts->b_count && new[y])
			put_line(out, '+', &texts->b[y++]);
		else
			x++, y++;
	}
}

static bool put_changes(const struct texts *texts, FILE *out)
{
	struct reach *reach = calloc(1, sizeof(*reach));
	bool *gone = calloc(texts->a_count + 1, sizeof(*gone)), *new = calloc(texts->b_count + 1, sizeof(*new));
	const bool is_done = reach && gone && new;

	if (is_done) {
		const int count = find_changes(texts, reach);
		if (count >= 0) {
			mark_changes(texts, reach, (size_t)count, gone, new);
		} else { /* of very many changes all lines are shown */
			memset(gone, true, texts->a_count);
			memset(new, true, texts->b_count);
		}
		put_marked(texts, gone, new, out);
		for (size_t d = 0; d <= CHANGES_MAX; d++)
			free(reach->rows[d]);
	}
	free(reach);
	free(gone);
	free(new);
	return is_done;
}

bool profile_text_print_changes(const struct text *old, const struct text *new, FILE *out)
{
	size_t a_count = 0, b_count = 0, same = 0;
	const char **a = split(old, &a_count), **b = split(new, &b_count);
	bool done = a && b;

	if (done) {
		while (same < a_count && same < b_count && is_same(&a[same], &b[same]))
			same++;
		while (a_count > same && b_count > same && is_same(&a[a_count - 1], &b[b_count - 1]))
			a_count--, b_count--;
		done = put_changes(&(struct texts){a + same, b + same, a_count - same, b_count - same}, out);
	}
	if (!done)
		cli_error("out of memory");
	free(a);
	free(b);
	return done;
}
