/*
 * Text: buffers that grow, numbers in digits, characters of UTF-8, and what a mistyped word was meant to be.
 */
#ifndef CALLGATE_BASE_STRBUF_H
#define CALLGATE_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * text is NUL-terminated whenever it is not NULL; zeroed means empty. When memory runs out, `failed` is set, nothing is
 * appended any more, and strbuf_steal() reports it.
 */
struct strbuf {
	char *text;
	size_t length, capacity;
	bool failed;
};

void strbuf_append(struct strbuf *buf, const char *text);
void strbuf_append_bytes(struct strbuf *buf, const char *bytes, size_t count);
__attribute__((format(printf, 2, 3))) void strbuf_printf(struct strbuf *buf, const char *format, ...);

/* The text, which the caller frees; NULL if memory ran out on the way. The buffer is empty afterwards. */
char *strbuf_steal(struct strbuf *buf);
/* The text, copied into the arena, or NULL after any failure. Finishes the buffer. */
char *strbuf_move(struct strbuf *buf, struct arena *arena);
void strbuf_finish(struct strbuf *buf);

/* Writes the digits of a number and a NUL, and returns where the NUL is. Async-signal-safe. */
enum { DECIMAL_SIZE = 3 * sizeof(size_t) + 1 };
char *decimal_write(char *to, size_t number);

/*
 * How many bytes the first character of a text with `left` > 0 bytes has; 0: the text is not UTF-8 (RFC 3629: shortest
 * form, no surrogates).
 */
size_t utf8_size(const char *text, size_t left);

/*
 * Which known word was meant? Edit distance with insertions, deletions, replacements and swaps of neighbours. `best` is
 * NULL while nothing offered is close enough to be a typing error.
 */
struct similar {
	const char *word;
	size_t len;
	size_t edits; /* fewer than these are needed */
	const char *best;
};

/* NULL and overlong words are like nothing. */
struct similar similar_start(const char *word);
/* Keeps `candidate`, which must live as long as the search's result, if it is closer than what was offered before. */
void similar_offer(struct similar *similar, const char *candidate);

#endif
