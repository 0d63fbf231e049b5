/* The plugin: decodes PNM, BMP and QOI. A mistake in it costs the host nothing but this image. */
#include <string.h>

#include <callgate/plugin_side.h>

#include "image.h"

/* The room for pixels in the response at hand: a plugin serves one request at a time. */
static size_t pixel_room;

uint8_t *image_begin(struct image *image, uint64_t width, uint64_t height)
{
	if (!width || !height || width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX || width * height * 3 > pixel_room)
		return NULL;
	image->width = (uint32_t)width;
	image->height = (uint32_t)height;
	return (uint8_t *)(image + 1);
}

static enum image_result decode(struct input *input, struct image *image)
{
	if (input->size >= 4 && memcmp(input->bytes, "qoif", 4) == 0)
		return decode_qoi(input, image);
	if (input->size >= 2 && memcmp(input->bytes, "BM", 2) == 0)
		return decode_bmp(input, image);
	if (input->size >= 2 && input->bytes[0] == 'P')
		return decode_pnm(input, image);
	return IMAGE_UNKNOWN_FORMAT;
}

int64_t callgate_plugin_serve(struct callgate_plugin_job *job)
{
	struct input input = {.bytes = job->request, .size = job->request_size};
	struct image *image = job->response;

	if (job->response_capacity < sizeof(*image))
		return IMAGE_TOO_LARGE;
	pixel_room = job->response_capacity - sizeof(*image);
	enum image_result result = decode(&input, image);
	if (result == IMAGE_OK)
		job->response_size = sizeof(*image) + (size_t)image->width * image->height * 3;
	return result;
}
