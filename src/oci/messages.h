/*
 * What is wrong with a profile, each with its place.
 */
#ifndef CALLGATE_OCI_MESSAGES_H
#define CALLGATE_OCI_MESSAGES_H

#include <stdbool.h>

#include <callgate/oci.h>

#include "base/arena.h"
#include "base/vec.h"

/* Lines and columns are counted from 1, columns in characters. */
struct place {
	unsigned int line, column;
};

static inline bool place_is_after(struct place a, struct place b)
{
	return a.line != b.line ? a.line > b.line : a.column > b.column;
}

/*
 * More than these are counted, not kept: nobody reads them, and a hostile profile must not fill the memory with them.
 * Warnings leave room for errors. A text ends after MESSAGE_LENGTH_MAX bytes.
 */
enum { MESSAGES_MAX = 1000, WARNINGS_MAX = 900, MESSAGE_LENGTH_MAX = 1000 };

struct kept_message {
	struct callgate_profile_message shown;
	const char *finding; /* the name that `callgate lint` has for it; NULL: none */
};

struct messages {
	VEC(struct kept_message) list;
	const char *file;   /* what the text is called; lives as long as the arena */
	bool strict;        /* messages_warn_unless_strict() makes errors */
	size_t errors;      /* number of errors, kept or not */
	bool out_of_memory; /* a message was lost */
	struct arena arena;
};

/* `finding` is the name that `callgate lint` has for it; NULL: none. */
__attribute__((format(printf, 5, 6))) void messages_add(struct messages *messages, const char *finding,
                                                        enum callgate_severity severity, struct place place,
                                                        const char *format, ...);
/* (messages, place, format, ...) */
#define messages_error(messages, ...)         messages_add(messages, NULL, CALLGATE_SEVERITY_ERROR, __VA_ARGS__)
#define messages_note(messages, ...)          messages_add(messages, NULL, CALLGATE_SEVERITY_NOTE, __VA_ARGS__)
#define messages_warn(messages, ...)          messages_add(messages, NULL, CALLGATE_SEVERITY_WARNING, __VA_ARGS__)
#define messages_find(messages, finding, ...) /* a warning that `callgate lint` has */ \
	messages_add(messages, finding, CALLGATE_SEVERITY_WARNING, __VA_ARGS__)
#define messages_warn_unless_strict(messages, ...) /* with --strict an error */                                \
	messages_add(messages, NULL, (messages)->strict ? CALLGATE_SEVERITY_ERROR : CALLGATE_SEVERITY_WARNING, \
	             __VA_ARGS__)

/* Would another warning, or error, be kept? To be asked where finding its words takes long. */
static inline bool messages_take_warnings(const struct messages *messages)
{
	return messages->list.count < WARNINGS_MAX;
}

static inline bool messages_take_errors(const struct messages *messages)
{
	return messages->list.count < MESSAGES_MAX;
}

/* By place; messages about one place stay in their order. */
void messages_sort(struct messages *messages);
void messages_finish(struct messages *messages);

#endif
