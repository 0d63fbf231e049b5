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

struct diag *diag_thread(void)
{
	static _Thread_local struct diag diag;

	return &diag;
}
