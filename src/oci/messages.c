#include "oci/messages.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DELETE = 0x7f };

/* Where a text that is too long ends: not within a character. */
static size_t cut_length(const char *text, size_t length)
{
	if (length <= MESSAGE_LENGTH_MAX)
		return length;
	length = MESSAGE_LENGTH_MAX;
	while (((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

/* How many bytes the character has if it controls a terminal or the direction of writing; else 0. */
static size_t control_size(const char *at)
{
	unsigned char first = (unsigned char)at[0], second = first ? (unsigned char)at[1] : 0;
	unsigned char third = second ? (unsigned char)at[2] : 0;

	if (first < ' ' || first == DELETE)
		return 1;
	if (first == 0xc2 && second >= 0x80 && second < 0xa0) /* U+0080 to U+009F */
		return 2;
	if (first != 0xe2)
		return 0;
	/* U+200E, U+200F, U+202A to U+202E; U+2066 to U+2069 */
	bool is_mark = second == 0x80 && ((third & 0xfe) == 0x8e || (third >= 0xaa && third <= 0xae));
	return is_mark || (second == 0x81 && third >= 0xa6 && third <= 0xa9) ? 3 : 0;
}

static void hide_controls(char *text)
{
	for (size_t size; *text; text += size ? size : 1)
		if ((size = control_size(text)))
			memset(text, '?', size);
}

/* A profile's words may hold anything: control characters would reach a terminal, and long ones would fill it. */
static char *format_text(struct arena *arena, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
	if (!text)
		return NULL;
	vsnprintf(text, (size_t)length + 1, format, args);
	if (cut_length(text, (size_t)length) < (size_t)length)
		strcpy(text + cut_length(text, (size_t)length), "...");
	hide_controls(text);
	return text;
}

void messages_add(struct messages *messages, const char *finding, enum callgate_severity severity, struct place place,
                  const char *format, ...)
{
	bool is_error = severity == CALLGATE_SEVERITY_ERROR;
	va_list args;

	assert(place.line > 0 && place.column > 0);
	messages->errors += is_error;
	if (!(is_error ? messages_take_errors(messages) : messages_take_warnings(messages)))
		return;
	va_start(args, format);
	char *text = format_text(&messages->arena, format, args);
	va_end(args);
	const struct kept_message message = {{severity, messages->file, place.line, place.column, text}, finding};
	if (!text || !vec_push(&messages->list, message))
		messages->out_of_memory = true;
}

static struct place place_of(const struct kept_message *message)
{
	return (struct place){message->shown.line, message->shown.column};
}

void messages_sort(struct messages *messages)
{
	/* Insertion sort is stable, and messages come nearly sorted. */
	for (size_t i = 1; i < messages->list.count; i++) {
		const struct kept_message message = messages->list.items[i];
		size_t at = i;
		for (; at > 0 && place_is_after(place_of(&messages->list.items[at - 1]), place_of(&message)); at--)
			messages->list.items[at] = messages->list.items[at - 1];
		messages->list.items[at] = message;
	}
}

void messages_finish(struct messages *messages)
{
	vec_finish(&messages->list);
	arena_finish(&messages->arena);
	*messages = (struct messages){0};
}
