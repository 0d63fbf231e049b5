#include "info/text.h"

void text_put_char(struct text *text, char c)
{
	if (text->length + 1 < text->size)
		text->buffer[text->length] = c;
	text->length++;
}

void text_put(struct text *text, const char *words)
{
	for (; *words; words++)
		text_put_char(text, *words);
}

void text_put_number(struct text *text, uint64_t value, unsigned base)
{
	char digits[24];
	size_t count = 0;

	do
		digits[count++] = "0123456789abcdef"[value % base];
	while (value /= base);
	while (count > 0)
		text_put_char(text, digits[--count]);
}

void text_put_hex(struct text *text, uint64_t value)
{
	text_put(text, "0x");
	text_put_number(text, value, 16);
}

size_t text_end(struct text *text)
{
	if (text->size > 0)
		text->buffer[text->length < text->size ? text->length : text->size - 1] = '\0';
	return text->length;
}

void text_put_quoted(struct text *text, const char *words, bool is_cut)
{
	text_put_char(text, '"');
	for (const unsigned char *c = (const unsigned char *)words; *c; c++) {
		if (*c == '"' || *c == '\\')
			text_put_char(text, '\\');
		if (*c >= ' ' && *c < 0x7f) {
			text_put_char(text, (char)*c);
			continue;
		}
		text_put(text, "\\");
		text_put_char(text, (char)('0' + (*c >> 6)));
		text_put_char(text, (char)('0' + (*c >> 3 & 7)));
		text_put_char(text, (char)('0' + (*c & 7)));
	}
	text_put(text, is_cut ? "\"..." : "\"");
}
