/*
 * Characters in UTF-8.
 */
#ifndef CALLGATE_BASE_UTF8_H
#define CALLGATE_BASE_UTF8_H

#include <stddef.h>

/* How many bytes the first character of a text with `left` > 0 bytes has; 0: it is not UTF-8 (RFC 3629: shortest form, no surrogates). */
size_t utf8_size(const char *text, size_t left);

#endif
