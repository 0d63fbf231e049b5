/*
 * usage: render PLUGIN OUTPUT-DIRECTORY IMAGE...
 *
 * Decodes images (PNM, BMP, QOI) through a plugin that nobody needs to trust, and writes them as PNG. When the plugin
 * ends, the host says how, starts it again, and goes on with the next image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/plugin.h>

#include "image.h"
#include "png.h"

enum { FILE_MAX = 16 << 20, RESPONSE_MAX = 16 << 20 };

static size_t read_file(const char *path, char *buffer, size_t room)
{
	FILE *file = fopen(path, "re");
	size_t size = file ? fread(buffer, 1, room, file) : 0;

	if (file)
		fclose(file);
	return size;
}

/* The response comes from the plugin, and is checked like anything from outside. */
static int write_image(const char *response, size_t size, const char *directory, const char *path)
{
	struct image image;
	char output[4096];
	const char *slash = strrchr(path, '/');

	if (size < sizeof(image))
		return -1;
	memcpy(&image, response, sizeof(image));
	if (!image.width || !image.height || image.width > IMAGE_SIDE_MAX || image.height > IMAGE_SIDE_MAX ||
	    size - sizeof(image) != (size_t)image.width * image.height * 3)
		return -1;
	snprintf(output, sizeof(output), "%s/%s.png", directory, slash ? slash + 1 : path);
	printf("%s: %u x %u, written to %s\n", path, image.width, image.height, output);
	return png_write(output, (const uint8_t *)response + sizeof(image), image.width, image.height);
}

static int render(struct callgate_plugin *plugin, const char *directory, const char *path)
{
	static const char *const results[] = {"", "unknown format", "damaged", "a kind that is not supported",
	                                      "too large"};
	static char file[FILE_MAX], response[RESPONSE_MAX];
	struct callgate_exit_reason reason;
	size_t size = read_file(path, file, sizeof(file));

	if (callgate_plugin_call(plugin, file, size, response, sizeof(response), &reason) < 0) {
		printf("%s: the plugin was stopped: %s\n", path, reason.text);
		if (!callgate_plugin_alive(plugin) && callgate_plugin_restart(plugin, NULL) < 0) {
			printf("%s\n", callgate_diagnosis(NULL));
			exit(1);
		}
		return 1;
	}
	if (reason.value != IMAGE_OK) {
		printf("%s: %s\n", path, reason.value > 0 && reason.value < 5 ? results[reason.value] : "no image");
		return 1;
	}
	if (write_image(response, reason.output_size, directory, path) == 0)
		return 0;
	printf("%s: the plugin's answer is no image, or it can't be written\n", path);
	return 1;
}

int main(int count, char **arguments)
{
	struct callgate_plugin_options options = {.call_deadline_ms = 2000, .load_deadline_ms = 2000};
	struct callgate_plugin *plugin;
	int failed = 0;

	if (count < 4) {
		fprintf(stderr, "usage: render PLUGIN OUTPUT-DIRECTORY IMAGE...\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (callgate_plugin_open(arguments[1], &options, NULL, &plugin) < 0) {
		printf("%s\n", callgate_diagnosis(NULL));
		return 1;
	}
	for (int i = 3; i < count; i++)
		failed |= render(plugin, arguments[2], arguments[i]);
	callgate_plugin_close(plugin);
	return failed;
}
