/*
 * A JSON text (RFC 8259) with the place of everything in it, strictly: UTF-8, no key twice, nothing after the value.
 *
 * The parser is our own, since it has to keep the place of everything, numbers as they are written, which no type of C
 * holds all of, and to survive when memory runs out. The tests compare what it takes and refuses with jansson.
 */
#ifndef CALLGATE_OCI_JSON_H
#define CALLGATE_OCI_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "oci/messages.h"

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
	/* VALUE_NUMBER: as it is written, not terminated; VALUE_STRING: decoded, without a NUL within. */
	const char *text;
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
 * 0; -EINVAL: not one JSON value in valid UTF-8 without duplicate keys, or nested deeper than
 * CALLGATE_PROFILE_DEPTH_MAX; the messages say where. -ENOMEM.
 */
int document_parse(struct document *document, const char *text, size_t size, struct messages *messages);
void document_finish(struct document *document);

/* A whole number from 0 to 2^64-1, written without a sign, a point and an exponent. */
bool value_is_unsigned(const struct value *value, uint64_t *ret_number);

/* Appends the text as a JSON string, quotes included. */
void json_write_string(struct strbuf *out, const char *text);

#endif
