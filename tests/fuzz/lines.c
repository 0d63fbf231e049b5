/*
 * Any bytes as the lines that `callgate decode` reads: logs and what strace(1) prints. Each line is printed as it came,
 * with what it means after it; JSON has one object for each of these, with the line's number; and nothing that a
 * process chose steers a terminal.
 */
#include <string.h>

#include <jansson.h>

#include "cli/command.h"
#include "fuzz/fuzz.h"
#include "fuzz/tool.h"

static const char prefix[] = "callgate: ";

static void set(void *settings, const char *option, const char *value)
{
	for (const struct option_row *row = cmd_decode.options; row->name; row++)
		if (strcmp(row->name, option) == 0)
			FUZZ_EXPECT(row->take(row, (char *)settings + row->target, value));
}

/* Runs the command on the lines. */
static int decode(const uint8_t *data, size_t size, const char *mode, int has_filter, struct printed *ret_printed)
{
	struct call call = {.command = &cmd_decode, .settings = calloc(1, cmd_decode.settings_size)};
	FILE *input = fmemopen((void *)(uintptr_t)data, size, "r"), *real = stdin;

	FUZZ_EXPECT(input && call.settings);
	if (mode)
		set(call.settings, mode, NULL);
	if (has_filter)
		set(call.settings, "profile", PROFILE);
	tool_begin();
	stdin = input;
	const int status = cmd_decode.run(&call);
	stdin = real;
	tool_end(ret_printed);
	fclose(input);
	free(call.settings);
	vec_finish(&call.environment.settings);
	FUZZ_EXPECT(status == CLI_OK || status == CLI_NO);
	FUZZ_EXPECT(tool_can_be_shown(ret_printed->errors, ret_printed->errors_size));
	return status;
}

static size_t count_lines(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	return count;
}

/* Objects in the order of the lines. */
static size_t check_objects(const struct printed *printed, size_t lines)
{
	size_t count = 0;
	json_int_t last = 1;

	for (const char *at = printed->text, *end; at < printed->text + printed->size; at = end + 1, count++) {
		end = memchr(at, '\n', (size_t)(printed->text + printed->size - at));
		FUZZ_EXPECT(end != NULL);
		json_t *object = json_loadb(at, (size_t)(end - at), 0, NULL);
		FUZZ_EXPECT(object && json_integer_value(json_object_get(object, "v")) == 1);
		const json_int_t line = json_integer_value(json_object_get(object, "input_line"));
		FUZZ_EXPECT(line >= last && line <= (json_int_t)lines);
		FUZZ_EXPECT(json_is_string(json_object_get(object, "text")));
		last = line;
		json_decref(object);
	}
	return count;
}

/* All lines of the input, each with the lines about it after it. */
static void check_copy(const struct printed *printed, const char *data, size_t size)
{
	const char *at = printed->text, *end = at + printed->size;

	for (const char *line = data, *next; line < data + size; line = next) {
		const char *newline = memchr(line, '\n', (size_t)(data + size - line));
		next = newline ? newline + 1 : data + size;
		const size_t length = (size_t)((newline ? newline : data + size) - line);
		FUZZ_EXPECT((size_t)(end - at) > length && memcmp(at, line, length) == 0 && at[length] == '\n');
		at += length + 1;
		while ((size_t)(end - at) >= strlen(prefix) && memcmp(at, prefix, strlen(prefix)) == 0)
			at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	}
	FUZZ_EXPECT(at == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct printed copied, only, objects;

	if (size < 2)
		return 0;
	const int has_filter = data[0] % 2;
	data++;
	size--;
	const size_t lines = count_lines((const char *)data, size) + (data[size - 1] != '\n');
	const int status = decode(data, size, NULL, has_filter, &copied);
	FUZZ_EXPECT(decode(data, size, "only", has_filter, &only) == status);
	FUZZ_EXPECT(decode(data, size, "json", has_filter, &objects) == status);
	const size_t found = count_lines(only.text, only.size);
	FUZZ_EXPECT((found > 0) == (status == CLI_OK) && tool_can_be_shown(only.text, only.size));
	FUZZ_EXPECT(check_objects(&objects, lines) == found);
	FUZZ_EXPECT(count_lines(copied.text, copied.size) == lines + found);
	if (!memmem(data, size, prefix, strlen(prefix)))
		check_copy(&copied, (const char *)data, size);
	tool_free(&copied);
	tool_free(&only);
	tool_free(&objects);
	return 0;
}
