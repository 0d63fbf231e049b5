/*
 * A JSON text with the place of everything in it.
 *
 * jansson is the parser and decides what is JSON; it keeps no places and no integers above 2^63. So a walk over the
 * accepted text, in step with jansson's values (which keep the order of the text), notes where each value stands and how it is
 * written. The walk never decides anything: it only reads texts that jansson accepted.
 */
#ifndef CALLGATE_OCI_DOCUMENT_H
#define CALLGATE_OCI_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "oci/messages.h"
#include "oci/text.h"

struct value {
	const json_t *json;
	struct place place;     /* where it starts */
	const char *text;       /* as it is written; not terminated */
	size_t length;          /* bytes of `text` */
	const char *key;        /* for members of objects, else NULL */
	struct place key_place; /* for members of objects */
	size_t count;           /* of items: members or elements in the order of the text */
	const struct value *items;
};

/* Holds what the values point to. A zeroed struct is empty. The text must live as long. */
struct document {
	json_t *json;
	struct arena arena;
	const struct value *root;
};

/*
 * 0; -EINVAL: not one JSON value in valid UTF-8 without duplicate keys, or nested deeper than CALLGATE_PROFILE_DEPTH_MAX; the
 * messages say where. -ENOMEM.
 */
int document_parse(struct document *document, const char *text, size_t size, struct messages *messages);
void document_finish(struct document *document);

/* "an object", "a number", ... */
const char *value_kind(const struct value *value);

/* A whole number from 0 to 2^64-1, written without sign, point and exponent. */
bool value_is_unsigned(const struct value *value, uint64_t *ret_number);

#endif
