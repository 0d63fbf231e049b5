#include "oci/text.h"

#include <stdbool.h>
#include <string.h>

struct cursor cursor_start(const char *text, size_t size)
{
	return (struct cursor){text, size, 0, {1, 1}};
}

char cursor_byte(const struct cursor *cursor)
{
	return cursor->at < cursor->size ? cursor->text[cursor->at] : '\0';
}

static bool continues_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

void cursor_advance(struct cursor *cursor, size_t bytes)
{
	for (; bytes > 0 && cursor->at < cursor->size; bytes--, cursor->at++) {
		char byte = cursor->text[cursor->at];
		if (byte == '\n')
			cursor->place = (struct place){cursor->place.line + 1, 1};
		else if (!continues_character(byte))
			cursor->place.column++;
	}
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_structural(char byte)
{
	return byte != '\0' && strchr("[]{}:,", byte);
}

void cursor_skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->size && is_blank(cursor->text[cursor->at]))
		cursor_advance(cursor, 1);
}

/* A string that is not closed ends with its line, so that a forgotten quote does not hide the rest. */
static void skip_string(struct cursor *cursor)
{
	cursor_advance(cursor, 1);
	while (cursor->at < cursor->size && cursor_byte(cursor) != '"' && cursor_byte(cursor) != '\n')
		cursor_advance(cursor, cursor_byte(cursor) == '\\' ? 2 : 1);
	if (cursor_byte(cursor) == '"')
		cursor_advance(cursor, 1);
}

void cursor_skip_token(struct cursor *cursor)
{
	char byte = cursor_byte(cursor);

	if (byte == '"') {
		skip_string(cursor);
		return;
	}
	do {
		cursor_advance(cursor, 1);
		if (is_structural(byte))
			return;
		byte = cursor_byte(cursor);
	} while (cursor->at < cursor->size && byte != '"' && !is_blank(byte) && !is_structural(byte));
}

struct place text_end_place(const char *text, size_t size)
{
	struct cursor cursor = cursor_start(text, size);

	while (size > 0 && is_blank(text[size - 1]))
		size--;
	cursor_advance(&cursor, size);
	return cursor.place;
}
