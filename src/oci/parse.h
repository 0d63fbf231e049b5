/*
 * The parser of documents. It stops at the first mistake, except for keys that are there twice.
 *
 * It is not jansson's, which ends the process where memory runs out within a token, and keeps no places of values. What it takes
 * and what it refuses is held against jansson by tests/unit/oci/test_json.c.
 */
#ifndef CALLGATE_OCI_PARSE_H
#define CALLGATE_OCI_PARSE_H

#include "base/vec.h"
#include "oci/document.h"

struct parser {
	struct cursor cursor;
	struct arena *arena;
	struct messages *messages;
	unsigned int depth;        /* arrays and objects that are open */
	VEC(struct value) pending; /* items of those that are open; they go to the arena when one is closed */
};

/* The value at the cursor, which is left behind it. 0; -EINVAL after a message, -ENOMEM. */
int parse_value(struct parser *parser, struct value *ret_value);

/* Nothing may follow but blanks. 0; -EINVAL after a message. */
int parse_end(struct parser *parser);

/* What the string token at the cursor means, in the arena and terminated; the cursor is left behind it. 0; -EINVAL after a message, -ENOMEM. */
int parse_string(struct parser *parser, const char **ret_text, size_t *ret_length);

#endif
