#include "testing/failure.h"

#include <stdarg.h>
#include <stdio.h>

#include <callgate/testing.h>

static _Thread_local char text[1024];

void failure_clear(void)
{
	text[0] = '\0';
}

bool failure_set(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	return false;
}

const char *callgate_failure(void)
{
	return text;
}
