#include "base/diag.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"

int diag_fail(struct diag *diag, int result, const char *format, ...)
{
	va_list list;

	if (!diag)
		return result;
	va_start(list, format);
	int length = vsnprintf(diag->text, sizeof(diag->text), format, list);
	va_end(list);
	if (length >= (int)sizeof(diag->text))
		memcpy(diag->text + sizeof(diag->text) - 4, "...", 4);
	return result;
}

void diag_clear(struct diag *diag)
{
	if (diag)
		diag->text[0] = '\0';
}

static void add(struct diag *diag, const char *text, size_t length)
{
	size_t used = strlen(diag->text);

	assert(used < sizeof(diag->text));
	size_t room = sizeof(diag->text) - used - 1, taken = length < room ? length : room;
	memcpy(diag->text + used, text, taken);
	diag->text[used + taken] = '\0';
	if (length > room)
		memcpy(diag->text + sizeof(diag->text) - 4, "...", 4);
}

void diag_add(struct diag *diag, const char *format, ...)
{
	char digits[DECIMAL_SIZE];
	va_list list;

	if (!diag)
		return;
	va_start(list, format);
	while (*format) {
		size_t plain = strcspn(format, "%");
		add(diag, format, plain);
		format += plain;
		if (!*format)
			break;
		assert(format[1] == 's' || (format[1] == 'z' && format[2] == 'u'));
		const char *text = digits;
		if (format[1] == 's')
			text = va_arg(list, const char *);
		else
			decimal_write(digits, va_arg(list, size_t));
		add(diag, text, strlen(text));
		format += format[1] == 's' ? 2 : 3;
	}
	va_end(list);
}

/* The names themselves, not pointers, which the dynamic linker would have to relocate: 15 letters are the longest. */
static const struct {
	char name[16];
	uint16_t number;
} errors[] = {
#define ERROR(name) {#name, name},
#include "base/errors.inc"
#undef ERROR
};

const char *error_name(unsigned number)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].number == number)
			return errors[i].name;
	return NULL;
}

const char *error_text(unsigned number)
{
	const char *name = error_name(number);

	return name ? name : "an unknown error";
}

unsigned error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	return 0;
}
