/*
 * Sub-commands of the tool within a fuzz target: what main.c has for them, and what they print. Neither standard output
 * nor standard error is written to in between.
 */
#ifndef FUZZ_TOOL_H
#define FUZZ_TOOL_H

#include <stddef.h>

/* Both are texts that the owner frees; a null byte comes after `size` bytes. */
struct printed {
	char *text, *errors;
	size_t size, errors_size;
};

/* From here on, what is printed is kept. */
void tool_begin(void);
void tool_end(struct printed *ret_printed);
void tool_free(struct printed *printed);

/* Nothing in it steers a terminal: no control characters but tabs and line feeds. */
int tool_can_be_shown(const char *text, size_t size);

#endif
