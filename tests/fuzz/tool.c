/* The part of cli/main.c that sub-commands call, but for what reads command lines: no target has any. */
#include "fuzz/tool.h"

#include <stdarg.h>
#include <string.h>

#include "cli/command.h"
#include "fuzz/fuzz.h"

static FILE *real_output, *real_errors;
static struct printed kept;

void tool_begin(void)
{
	real_output = stdout;
	real_errors = stderr;
	stdout = open_memstream(&kept.text, &kept.size);
	stderr = open_memstream(&kept.errors, &kept.errors_size);
	if (!stdout || !stderr)
		abort();
}

void tool_end(struct printed *ret_printed)
{
	FILE *output = stdout, *errors = stderr;

	stdout = real_output;
	stderr = real_errors;
	FUZZ_EXPECT(fclose(output) == 0 && fclose(errors) == 0);
	*ret_printed = kept;
	kept = (struct printed){0};
}

void tool_free(struct printed *printed)
{
	free(printed->text);
	free(printed->errors);
}

int tool_can_be_shown(const char *text, size_t size)
{
	for (const char *at = text; at < text + size; at++)
		if ((*at >= 0 && *at < ' ' && *at != '\n' && *at != '\t') || *at == 0x7f)
			return 0;
	return 1;
}

void cli_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

bool take_flag(const struct option_row *row, void *target, const char *value)
{
	(void)row, (void)value;
	*(bool *)target = true;
	return true;
}

bool take_text(const struct option_row *row, void *target, const char *value)
{
	(void)row;
	*(const char **)target = value;
	return true;
}

bool take_word(const struct option_row *row, void *target, const char *value)
{
	(void)row, (void)target, (void)value;
	return false;
}

bool take_arch(const struct option_row *row, void *target, const char *value)
{
	(void)row, (void)target, (void)value;
	return false;
}
