/*
 * Writes a PNG file, uncompressed.
 */
#ifndef EXAMPLES_PNG_H
#define EXAMPLES_PNG_H

#include <stdint.h>

/* Pixels of three bytes from the top left. 0, or -1 with errno. */
int png_write(const char *path, const uint8_t *pixels, uint32_t width, uint32_t height);

#endif
