#include "base/diag.h"

#include <assert.h>
#include <stdarg.h>
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

void diag_add(struct diag *diag, const char *text)
{
	if (!diag)
		return;
	size_t used = strlen(diag->text), length = strlen(text);
	assert(used < sizeof(diag->text));
	size_t room = sizeof(diag->text) - used - 1;
	memcpy(diag->text + used, text, length < room ? length : room);
	diag->text[used + (length < room ? length : room)] = '\0';
	if (length > room)
		memcpy(diag->text + sizeof(diag->text) - 4, "...", 4);
}

void diag_add_number(struct diag *diag, size_t number)
{
	char digits[DECIMAL_SIZE];

	decimal_write(digits, number);
	diag_add(diag, digits);
}
