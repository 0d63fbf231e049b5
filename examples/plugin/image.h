/*
 * What the host and the decoder agree on: the request is a file's bytes, the response this header and the pixels.
 */
#ifndef EXAMPLES_IMAGE_H
#define EXAMPLES_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/* Followed by width * height pixels of three bytes, red, green, blue, from the top left. */
struct image {
	uint32_t width, height;
};

/* What callgate_plugin_serve() returns. */
enum image_result { IMAGE_OK, IMAGE_UNKNOWN_FORMAT, IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, IMAGE_TOO_LARGE };

enum { IMAGE_SIDE_MAX = 4096 };

/* A file, read from its start; nothing is read beyond its end. */
struct input {
	const uint8_t *bytes;
	size_t size, at;
};

static inline int input_byte(struct input *input)
{
	return input->at < input->size ? input->bytes[input->at++] : -1;
}

/* Sets the size, if it is sensible and there is room for the pixels, and gives the place for them; else NULL. */
uint8_t *image_begin(struct image *image, uint64_t width, uint64_t height);

enum image_result decode_pnm(struct input *input, struct image *image);
enum image_result decode_bmp(struct input *input, struct image *image);
enum image_result decode_qoi(struct input *input, struct image *image);

#endif
