/* What has changed: in a file since it was read, and between two texts, for people. */
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

/* With the longest list of lines that both have, between what is the same at the beginning and at the end. */
static bool put_changes(const char **a, size_t a_count, const char **b, size_t b_count, FILE *out)
{
	unsigned *common = calloc((a_count + 1) * (b_count + 1), sizeof(*common)); /* of the lines from here on */
	size_t i = 0, j = 0, row = b_count + 1;

	if (!common)
		return false;
	for (size_t x = a_count; x-- > 0;)
		for (size_t y = b_count; y-- > 0;) {
			const unsigned without_a = common[(x + 1) * row + y], without_b = common[x * row + y + 1];
			common[x * row + y] = is_same(&a[x], &b[y])   ? common[(x + 1) * row + y + 1] + 1
			                      : without_a > without_b ? without_a
			                                              : without_b;
		}
	while (i < a_count || j < b_count)
		if (i < a_count && j < b_count && is_same(&a[i], &b[j]))
			i++, j++;
		else if (j == b_count || (i < a_count && common[(i + 1) * row + j] >= common[i * row + j + 1]))
			put_line(out, '-', &a[i++]);
		else
			put_line(out, '+', &b[j++]);
	free(common);
	return true;
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
		done = put_changes(a + same, a_count - same, b + same, b_count - same, out);
	}
	free(a);
	free(b);
	return done;
}
