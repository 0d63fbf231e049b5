/*
 * QOI, the "quite OK image format": runs, a cache of 64 colours, small differences, and plain pixels. Alpha is dropped.
 */
#include <string.h>

#include "image.h"

struct state {
	uint8_t pixel[4], cache[64][4];
	int run;
};

static void add(struct state *state, int red, int green, int blue)
{
	state->pixel[0] = (uint8_t)(state->pixel[0] + red);
	state->pixel[1] = (uint8_t)(state->pixel[1] + green);
	state->pixel[2] = (uint8_t)(state->pixel[2] + blue);
}

static int plain(struct state *state, struct input *input, int channels)
{
	for (int i = 0; i < channels; i++) {
		int value = input_byte(input);
		if (value < 0)
			return 0;
		state->pixel[i] = (uint8_t)value;
	}
	return 1;
}

/* Brings the next pixel; 0 when the file ends too early. */
static int step(struct state *state, struct input *input)
{
	int tag = input_byte(input), more;

	if (tag < 0)
		return 0;
	if (tag >= 0xfe)
		return plain(state, input, tag == 0xff ? 4 : 3);
	switch (tag >> 6) {
	case 0:
		memcpy(state->pixel, state->cache[tag], 4);
		break;
	case 1:
		add(state, (tag >> 4 & 3) - 2, (tag >> 2 & 3) - 2, (tag & 3) - 2);
		break;
	case 2:
		more = input_byte(input);
		if (more < 0)
			return 0;
		tag = (tag & 63) - 32;
		add(state, tag + (more >> 4) - 8, tag, tag + (more & 15) - 8);
		break;
	case 3:
		state->run = tag & 63;
	}
	return 1;
}

static uint64_t big(const uint8_t *bytes)
{
	return (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];
}

enum image_result decode_qoi(struct input *input, struct image *image)
{
	struct state state = {.pixel = {0, 0, 0, 255}};

	if (input->size < 14)
		return IMAGE_DAMAGED;
	uint8_t *pixels = image_begin(image, big(input->bytes + 4), big(input->bytes + 8));
	if (!pixels)
		return IMAGE_TOO_LARGE;
	input->at = 14;
	for (uint64_t i = 0; i < (uint64_t)image->width * image->height; i++) {
		const uint8_t *p = state.pixel;
		if (state.run)
			state.run--;
		else if (!step(&state, input))
			return IMAGE_DAMAGED;
		memcpy(state.cache[(p[0] * 3 + p[1] * 5 + p[2] * 7 + p[3] * 11) % 64], p, 4);
		memcpy(pixels, p, 3);
		pixels += 3;
	}
	return IMAGE_OK;
}
