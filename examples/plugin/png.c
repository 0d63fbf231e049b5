#include "png.h"

#include <stdio.h>
#include <string.h>

/* A chunk's check sum goes over everything but its length. */
struct writer {
	FILE *file;
	uint32_t crc, adler_a, adler_b;
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++) {
		writer->crc ^= at[i];
		for (int bit = 0; bit < 8; bit++)
			writer->crc = writer->crc >> 1 ^ (writer->crc & 1 ? 0xedb88320 : 0);
	}
	fwrite(bytes, 1, size, writer->file);
}

static void put_number(struct writer *writer, uint32_t number)
{
	uint8_t bytes[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};

	put(writer, bytes, 4);
}

static void begin_chunk(struct writer *writer, uint32_t size, const char *name)
{
	put_number(writer, size);
	writer->crc = 0xffffffff;
	put(writer, name, 4);
}

/* Image data: counted by the compressed stream's own check sum, too. */
static void put_data(struct writer *writer, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		writer->adler_a = (writer->adler_a + bytes[i]) % 65521;
		writer->adler_b = (writer->adler_b + writer->adler_a) % 65521;
	}
	put(writer, bytes, size);
}

/* One stored block of the compressed stream for each row: the filter byte 0, then the pixels. */
static void put_row(struct writer *writer, const uint8_t *row, uint32_t size, int last)
{
	uint32_t length = size + 1;
	uint8_t head[] = {(uint8_t)last, (uint8_t)length, (uint8_t)(length >> 8), (uint8_t)~length,
	                  (uint8_t)(~length >> 8)};

	put(writer, head, sizeof(head));
	put_data(writer, (const uint8_t *)"", 1);
	put_data(writer, row, size);
}

int png_write(const char *path, const uint8_t *pixels, uint32_t width, uint32_t height)
{
	struct writer writer = {.file = fopen(path, "we"), .adler_a = 1};

	if (!writer.file)
		return -1;
	fwrite("\x89PNG\r\n\x1a\n", 1, 8, writer.file);
	begin_chunk(&writer, 13, "IHDR");
	put_number(&writer, width);
	put_number(&writer, height);
	put(&writer, "\x08\x02\0\0\0", 5); /* 8 bits, colour */
	put_number(&writer, ~writer.crc);
	begin_chunk(&writer, 2 + height * (5 + 1 + width * 3) + 4, "IDAT");
	put(&writer, "\x78\x01", 2);
	for (uint32_t y = 0; y < height; y++)
		put_row(&writer, pixels + (size_t)y * width * 3, width * 3, y == height - 1);
	put_number(&writer, writer.adler_b << 16 | writer.adler_a);
	put_number(&writer, ~writer.crc);
	begin_chunk(&writer, 0, "IEND");
	put_number(&writer, ~writer.crc);
	int failed = ferror(writer.file);
	return fclose(writer.file) || failed ? -1 : 0;
}
