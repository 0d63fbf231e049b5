/*
 * Text that grows. Running out of memory is remembered and told once, at the end.
 */
#ifndef CALLGATE_BASE_STRBUF_H
#define CALLGATE_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

/* text is NUL-terminated whenever it is not NULL; zeroed means empty. After `failed` nothing is appended any more. */
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
void strbuf_finish(struct strbuf *buf);

#endif
