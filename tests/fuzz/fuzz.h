/* What every fuzz target shares. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The target, once for each input. What must not be ends the process, and the input is kept by libFuzzer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_EXPECT(condition)                                                                  \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* Where a line begins, counted from 1, and its length; NULL and 0: the text has fewer. */
static inline const char *fuzz_find_line(const char *text, size_t size, unsigned int line, size_t *ret_length)
{
	const char *end = text + size;

	*ret_length = 0;
	for (; line > 1 && text; line--) {
		text = memchr(text, '\n', (size_t)(end - text));
		text = text ? text + 1 : NULL;
	}
	if (!text)
		return NULL;
	const char *newline = memchr(text, '\n', (size_t)(end - text));
	*ret_length = (size_t)((newline ? newline : end) - text);
	return text;
}

#endif
