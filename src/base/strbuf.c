#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

static bool reserve(struct strbuf *buf, size_t more)
{
	if (!buf->failed && !vec_grow((void **)&buf->text, 1, buf->length, &buf->capacity, more + 1))
		buf->failed = true;
	return !buf->failed;
}

void strbuf_append_bytes(struct strbuf *buf, const char *bytes, size_t count)
{
	if (!reserve(buf, count))
		return;
	memcpy(buf->text + buf->length, bytes, count);
	buf->length += count;
	buf->text[buf->length] = '\0';
}

void strbuf_append(struct strbuf *buf, const char *text)
{
	strbuf_append_bytes(buf, text, strlen(text));
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	int length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (length < 0 || !reserve(buf, (size_t)length)) {
		buf->failed = true;
		return;
	}
	va_start(list, format);
	vsnprintf(buf->text + buf->length, (size_t)length + 1, format, list);
	va_end(list);
	buf->length += (size_t)length;
}

char *strbuf_steal(struct strbuf *buf)
{
	char *text = NULL;

	strbuf_append(buf, "");
	if (!buf->failed) {
		text = buf->text;
		buf->text = NULL;
	}
	strbuf_finish(buf);
	return text;
}

void strbuf_finish(struct strbuf *buf)
{
	free(buf->text);
	*buf = (struct strbuf){0};
}
