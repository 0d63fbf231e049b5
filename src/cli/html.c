#include "cli/html.h"

#include <assert.h>
#include <string.h>

#include <callgate/version.h>

const struct embedded *embedded_find(const char *name)
{
	const struct embedded *file = embedded_files;

	while (file->name && strcmp(file->name, name) != 0)
		file++;
	return file->name ? file : NULL;
}

/* The text after a block's name, up to the next one. */
static const char *find_block(const char *name, size_t *ret_length)
{
	const struct embedded *page = embedded_find("page.html");
	size_t length = strlen(name);

	assert(page);
	for (const char *at = page->text; (at = strstr(at, "\n[[")); at++) {
		const char *begin = at + strlen("\n[[") + length + strlen("]]\n");
		if (strncmp(at + strlen("\n[["), name, length) != 0 || strncmp(begin - 3, "]]\n", 3) != 0)
			continue;
		const char *end = strstr(begin - 1, "\n[[");
		*ret_length = (size_t)((end ? end : page->text + page->size - 1) - begin);
		return begin;
	}
	return NULL;
}

void html_escape(FILE *out, const char *text, size_t length)
{
	static const struct {
		char from;
		const char *to;
	} entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};

	for (; length > 0; text++, length--) {
		size_t i = 0;
		while (i < 4 && entities[i].from != *text)
			i++;
		if (i < 4)
			fputs(entities[i].to, out);
		else
			putc(*text, out);
	}
}

static void put_value(FILE *out, size_t count, const struct html_value *values, const char *name,
                      size_t length)
{
	size_t i = 1;

	while (i < count && (strlen(values[i].name) != length || strncmp(values[i].name, name, length) != 0))
		i++;
	assert(i < count); /* the page wants a value that the command doesn't give */
	if (i < count && values[i].text)
		html_escape(out, values[i].text, strlen(values[i].text));
	else if (i < count)
		fprintf(out, "%lu", values[i].number);
}

void html_put_block(FILE *out, const char *block, size_t count, const struct html_value *values)
{
	size_t length = 0;
	const char *at = find_block(block, &length), *end = at ? at + length : NULL;

	assert(at && count > 0);
	for (const char *name; at && at < end; at = name) {
		name = memmem(at, (size_t)(end - at), "{{", 2);
		fwrite(at, 1, (size_t)((name ? name : end) - at), out);
		if (!name)
			return;
		const char *close = strstr(name, "}}");
		assert(close && close < end);
		put_value(out, count, values, name + 2, (size_t)(close - name - 2));
		name = close + 2;
	}
}

void html_begin(FILE *out, const char *title)
{
	html_put(out, "begin", TEXT("title", title));
}

void html_end(FILE *out)
{
	html_put(out, "end", TEXT("version", callgate_version()));
}
