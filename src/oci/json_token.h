/*
 * The tokens of JSON (RFC 8259), each with its place.
 */
#ifndef CALLGATE_OCI_JSON_TOKEN_H
#define CALLGATE_OCI_JSON_TOKEN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "oci/messages.h"

/* Reads bytes from left to right and knows the place of the next one. at <= size. */
struct cursor {
	const char *text;
	size_t size, at;
	struct place place;
};

struct cursor cursor_start(const char *text, size_t size);
bool cursor_is_at_end(const struct cursor *cursor);
/* Is this byte under the cursor? */
bool cursor_is_at(const struct cursor *cursor, char byte);
void cursor_advance(struct cursor *cursor, size_t bytes);

/* To the start of the next token, and over it. Tokens are strings, the six structural characters, and runs of the rest. */
void cursor_skip_blanks(struct cursor *cursor);
void cursor_skip_token(struct cursor *cursor);

/* The place right after the last byte that is not blank. */
struct place cursor_end_place(const struct cursor *cursor);

/*
 * What the string token under the cursor means, in the arena and terminated; the cursor is after the token then. 0; -EINVAL after
 * an error message, -ENOMEM.
 */
int token_read_string(struct cursor *cursor, struct arena *arena, struct messages *messages,
                      const char **ret_text, size_t *ret_length);

/* Appends the text as a JSON string, quotes included. */
void token_write_string(struct strbuf *out, const char *text);

/* A number as JSON has it, and nothing else. */
bool token_is_number(const char *text, size_t length);

#endif
