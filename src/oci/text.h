/*
 * Places in a text: lines and columns counted from 1, columns in characters.
 */
#ifndef CALLGATE_OCI_TEXT_H
#define CALLGATE_OCI_TEXT_H

#include <stddef.h>

struct place {
	unsigned int line, column;
};

/* Reads bytes from left to right and knows where it is. at <= size. */
struct cursor {
	const char *text;
	size_t size, at;
	struct place place;
};

struct cursor cursor_start(const char *text, size_t size);

/* The byte under the cursor, or 0 at the end (a zero byte in the text looks the same: callers ask where it matters). */
char cursor_byte(const struct cursor *cursor);
void cursor_advance(struct cursor *cursor, size_t bytes);

/* To the start of the next token, and over it. Tokens are strings, the six structural characters, and runs of the rest. */
void cursor_skip_blanks(struct cursor *cursor);
void cursor_skip_token(struct cursor *cursor);

/* The place just behind the last byte that is not blank. */
struct place text_end_place(const char *text, size_t size);

#endif
