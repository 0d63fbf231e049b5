/* PNM: P2 and P5 (grey), P3 and P6 (colour), as text or bytes, up to 8 bits. */
#include "image.h"

/* The next number, over spaces and comments; -1 if there is none. */
static int64_t number(struct input *input)
{
	int64_t value = 0;
	int c = input_byte(input);

	while (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '#') {
		if (c == '#')
			while (c >= 0 && c != '\n')
				c = input_byte(input);
		c = input_byte(input);
	}
	if (c < '0' || c > '9')
		return -1;
	for (; c >= '0' && c <= '9' && value < 1 << 24; c = input_byte(input))
		value = value * 10 + c - '0';
	return value;
}

enum image_result decode_pnm(struct input *input, struct image *image)
{
	int kind = input->bytes[1] - '0';
	int colours = kind == 3 || kind == 6 ? 3 : 1;

	if (kind != 2 && kind != 3 && kind != 5 && kind != 6)
		return IMAGE_NOT_SUPPORTED;
	input->at = 2;
	int64_t width = number(input), height = number(input), largest = number(input);
	if (width < 0 || height < 0 || largest <= 0)
		return IMAGE_DAMAGED;
	if (largest > 255)
		return IMAGE_NOT_SUPPORTED;
	uint8_t *pixels = image_begin(image, (uint64_t)width, (uint64_t)height);
	if (!pixels)
		return IMAGE_TOO_LARGE;
	for (int64_t i = 0; i < width * height * colours; i++) {
		int64_t value = kind < 4 ? number(input) : input_byte(input);
		if (value < 0 || value > largest)
			return IMAGE_DAMAGED;
		uint8_t level = (uint8_t)(value * 255 / largest);
		for (int k = 0; k < 3 / colours; k++)
			*pixels++ = level;
	}
	return IMAGE_OK;
}
