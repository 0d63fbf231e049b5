/* BMP: 24 and 32 bits without compression, and 8 bits with a palette; from the bottom up or from the top down. */
#include "image.h"

static uint32_t little(const struct input *input, size_t at, int bytes)
{
	uint32_t value = 0;

	for (int i = bytes; i--;)
		value = value << 8 | (at + (size_t)i < input->size ? input->bytes[at + (size_t)i] : 0);
	return value;
}

struct layout {
	uint32_t start, palette, colours, bytes; /* bytes: per pixel */
	uint64_t width, height, stride;
	int top_down;
};

static enum image_result read_layout(const struct input *input, struct layout *layout)
{
	uint32_t header = little(input, 14, 4), bits = little(input, 28, 2);
	int32_t height = (int32_t)little(input, 22, 4), width = (int32_t)little(input, 18, 4);

	if (input->size < 54 || header < 40 || header > input->size || width <= 0 || height == 0 || height == INT32_MIN)
		return IMAGE_DAMAGED;
	if (little(input, 30, 4) != 0 || (bits != 8 && bits != 24 && bits != 32))
		return IMAGE_NOT_SUPPORTED;
	*layout = (struct layout){.start = little(input, 10, 4),
	                          .palette = 14 + header,
	                          .colours = little(input, 46, 4),
	                          .bytes = bits / 8,
	                          .width = (uint64_t)width,
	                          .height = (uint64_t)(height < 0 ? -height : height),
	                          .top_down = height < 0};
	if (!layout->colours || layout->colours > 256)
		layout->colours = 256;
	layout->stride = (layout->width * layout->bytes + 3) / 4 * 4;
	return layout->start + layout->stride * layout->height <= input->size ? IMAGE_OK : IMAGE_DAMAGED;
}

enum image_result decode_bmp(struct input *input, struct image *image)
{
	struct layout layout;
	enum image_result result = read_layout(input, &layout);

	if (result != IMAGE_OK)
		return result;
	uint8_t *pixels = image_begin(image, layout.width, layout.height);
	if (!pixels)
		return IMAGE_TOO_LARGE;
	for (uint64_t y = 0; y < layout.height; y++) {
		uint64_t row = layout.top_down ? y : layout.height - 1 - y;
		for (uint64_t x = 0; x < layout.width; x++) {
			size_t at = (size_t)(layout.start + row * layout.stride + x * layout.bytes);
			uint32_t colour = little(input, at, layout.bytes < 3 ? 1 : 3);
			if (layout.bytes == 1 && colour >= layout.colours)
				return IMAGE_DAMAGED;
			if (layout.bytes == 1)
				colour = little(input, layout.palette + 4 * colour, 3);
			*pixels++ = (uint8_t)(colour >> 16);
			*pixels++ = (uint8_t)(colour >> 8);
			*pixels++ = (uint8_t)colour;
		}
	}
	return IMAGE_OK;
}
