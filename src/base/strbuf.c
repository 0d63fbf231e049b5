#include "base/strbuf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"

static bool reserve(struct strbuf *buf, size_t more)
{
	assert(!buf->text || buf->length < buf->capacity);
	if (!buf->failed && !vec_grow(NULL, (void **)&buf->text, 1, buf->length, &buf->capacity, more + 1))
		buf->failed = true;
	return !buf->failed;
}

void strbuf_append_bytes(struct strbuf *buf, const char *bytes, size_t count)
{
	if (!reserve(buf, count))
		return;
	memcpy(buf->text + buf->length, bytes, count);
	buf->length += count;
	buf->text[buf->length] = '\0';
}

void strbuf_append(struct strbuf *buf, const char *text)
{
	strbuf_append_bytes(buf, text, strlen(text));
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	int length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (length < 0 || !reserve(buf, (size_t)length)) {
		buf->failed = true;
		return;
	}
	va_start(list, format);
	vsnprintf(buf->text + buf->length, (size_t)length + 1, format, list);
	va_end(list);
	buf->length += (size_t)length;
}

char *strbuf_steal(struct strbuf *buf)
{
	char *text = NULL;

	strbuf_append(buf, "");
	if (!buf->failed) {
		text = buf->text;
		buf->text = NULL;
	}
	strbuf_finish(buf);
	return text;
}

char *strbuf_move(struct strbuf *buf, struct arena *arena)
{
	char *copy = buf->failed ? NULL : arena_alloc(arena, buf->length + 1);

	if (copy && buf->text)
		memcpy(copy, buf->text, buf->length);
	strbuf_finish(buf);
	return copy;
}

void strbuf_finish(struct strbuf *buf)
{
	free(buf->text);
	*buf = (struct strbuf){0};
}

char *decimal_write(char *to, size_t number)
{
	char digits[DECIMAL_SIZE], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	return stpcpy(to, at);
}

size_t utf8_size(const char *text, size_t left)
{
	static const struct {
		unsigned char first, last, second_low, second_high, size;
	} forms[] = {{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	             {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	             {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
	const unsigned char *at = (const unsigned char *)text;

	assert(left > 0);
	if (at[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (at[0] < forms[i].first || at[0] > forms[i].last)
			continue;
		if (left < forms[i].size || at[1] < forms[i].second_low || at[1] > forms[i].second_high)
			return 0;
		for (size_t j = 2; j < forms[i].size; j++)
			if ((at[j] & 0xc0) != 0x80)
				return 0;
		return forms[i].size;
	}
	return 0;
}

/* More edits than this make another word, not a typing error; short words bear fewer. */
#define EDITS_MAX  3
#define LENGTH_MAX 64

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][LENGTH_MAX + 1];

	assert(a_len <= LENGTH_MAX && b_len <= LENGTH_MAX);
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		const size_t *before = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
		size_t *here = rows[i % 3];

		here[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			here[j] = min(above[j] + 1, here[j - 1] + 1);
			here[j] = min(here[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				here[j] = min(here[j], before[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
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
