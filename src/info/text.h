/*
 * A text in a buffer that may be too small, without libc's help: what writes it may run in a signal's handler.
 *
 *	struct text text = {buffer, size, 0};
 *	text_put(&text, "getpid()");
 *	return text_end(&text);
 */
#ifndef CALLGATE_INFO_TEXT_H
#define CALLGATE_INFO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <callgate/decode.h>

struct text {
	char *buffer;
	size_t size, length; /* the length may be more than what fits */
};

void text_put_char(struct text *text, char c);
void text_put(struct text *text, const char *words);
void text_put_number(struct text *text, uint64_t value, unsigned base);
void text_put_hex(struct text *text, uint64_t value); /* with its 0x */

/* As in C, so that control characters of a hostile process don't reach a terminal. `is_cut`: with "..." at the end. */
void text_put_quoted(struct text *text, const char *words, bool is_cut);

enum { CALL_ARGUMENTS = 0x3f }; /* all arguments of a call are known */

/*
 * As callgate_decode_call(); arguments whose bit in `known` is not set are "...", as the last ones together are.
 * Defined in decode.c.
 */
void text_put_call(struct text *text, const struct callgate_call *call, unsigned known, callgate_text_reader *reader,
                   void *data);

/* Ends the text with a null byte, if there is a buffer, and returns its whole length. */
size_t text_end(struct text *text);

#endif
