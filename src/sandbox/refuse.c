#include "sandbox/refuse.h"

#include <stdarg.h>
#include <stdio.h>

#include <callgate/diagnosis.h>

int refuse(int result, const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	callgate_diagnosis_set(text);
	return result;
}
