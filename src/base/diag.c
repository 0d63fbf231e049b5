#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set(struct diag *diag, const char *format, va_list list)
{
	if (!diag)
		return;
	int length = vsnprintf(diag->text, sizeof(diag->text), format, list);
	if (length >= (int)sizeof(diag->text))
		memcpy(diag->text + sizeof(diag->text) - 4, "...", 4);
}

void diag_set(struct diag *diag, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	set(diag, format, list);
	va_end(list);
}

int diag_fail(struct diag *diag, int result, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	set(diag, format, list);
	va_end(list);
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
	size_t used = strlen(diag->text), length = strlen(text), room = sizeof(diag->text) - used - 1;
	memcpy(diag->text + used, text, length < room ? length : room);
	diag->text[used + (length < room ? length : room)] = '\0';
	if (length > room)
		memcpy(diag->text + sizeof(diag->text) - 4, "...", 4);
}

void diag_add_number(struct diag *diag, size_t number)
{
	char digits[3 * sizeof(number) + 1];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	diag_add(diag, digits + at);
}

struct diag *diag_thread(void)
{
	/* initial-exec: nothing is allocated on first use, and the dynamic linker is not called. */
	static _Thread_local __attribute__((tls_model("initial-exec"))) struct diag diag;

	return &diag;
}
