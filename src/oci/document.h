/*
 * A JSON text (RFC 8259) with the place of everything in it, strictly: UTF-8, no key twice, nothing behind the value.
 *
 * The parser is our own, since it has to keep the place of everything, numbers as they are written, which no type of C holds
 * all of, and its head wherever memory runs out. The tests compare it with jansson, which writes what we write.
 */
#ifndef CALLGATE_OCI_DOCUMENT_H
#define CALLGATE_OCI_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "oci/messages.h"
#include "oci/text.h"

enum value_kind {
	VALUE_NULL,
	VALUE_TRUTH, /* true or false */
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_ARRAY,
	VALUE_OBJECT,
};

struct value {
	enum value_kind kind;
	struct place place; /* where it starts */
	const char *
	    text; /* VALUE_NUMBER: as it is written, not terminated; VALUE_STRING: decoded, without NUL within */
	size_t length;          /* bytes of `text` */
	const char *key;        /* for members of objects, else NULL */
	struct place key_place; /* for members of objects */
	size_t count;           /* of items: members or elements in the order of the text */
	const struct value *items;
};

/* Holds what the values point to. A zeroed struct is empty. The text must live as long. */
struct document {
	struct arena arena;
	const struct value *root;
};

/*
 * 0; -EINVAL: not one JSON value in valid UTF-8 without duplicate keys, or nested deeper than CALLGATE_PROFILE_DEPTH_MAX; the
 * messages say where. -ENOMEM.
 */
int document_parse(struct document *document, const char *text, size_t size, struct messages *messages);
void document_finish(struct document *document);

/* The decoded text of a string; NULL for other kinds. */
static inline const char *value_string(const struct value *value)
{
	return value->kind == VALUE_STRING ? value->text : NULL;
}

/* "an object", "a number", ... */
const char *value_kind(const struct value *value);

/* A whole number from 0 to 2^64-1, written without sign, point and exponent. */
bool value_is_unsigned(const struct value *value, uint64_t *ret_number);

#endif
