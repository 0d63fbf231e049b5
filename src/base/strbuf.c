#include "base/strbuf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
