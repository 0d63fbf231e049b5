/*
 * From JSON to the model: how values are read, whatever they mean. Each function tells what is wrong by a message.
 */
#ifndef CALLGATE_OCI_READER_H
#define CALLGATE_OCI_READER_H

#include "base/arena.h"
#include "oci/document.h"
#include "oci/environment.h"
#include "oci/model.h"

struct reader {
	struct messages *messages;
	struct arena *arena; /* where the model lives */
	const struct environment *environment;
	struct model *model;
	bool out_of_memory;
};

/* What to do with a member of an object. `target` is what read_object() was given. */
typedef void read_function(struct reader *reader, const struct value *value, void *target);

struct member {
	const char *key;
	read_function *read;
};

/*
 * Calls read for each member; null is as if the member was not there. Unknown keys and values that are no objects are errors:
 * false, and a missing key need not be told, since a misspelt one may be it. `members` ends with a NULL key.
 */
bool read_object(struct reader *reader, const struct value *value, const struct member *members,
                 void *target);

/* NULL after a message. */
const char *read_string(struct reader *reader, const struct value *value);
/* The word of the table; with NULL, a message names the closest one. */
const struct names_word *read_word(struct reader *reader, const struct value *value,
                                   const struct names_word *table);
/* A whole number of at most `largest`. */
bool read_number(struct reader *reader, const struct value *value, uint64_t largest, uint64_t *ret_number);
/* False, with a message, for what is no array. */
bool read_is_array(struct reader *reader, const struct value *value);
/* Memory for the elements of an array, zeroed; NULL when it is out, which is noted. */
void *read_room(struct reader *reader, size_t count, size_t size);

/* errnoRet and errno, for an entry or for the default: `target` is a struct verdict. Then, when all is read: */
read_function read_verdict_action, read_verdict_number, read_verdict_error;
void read_verdict_check(struct reader *reader, struct verdict *verdict);

/* An element of `syscalls`; target is a struct entry. */
read_function read_entry;

/* includes, excludes: sets *target, a bool, if they say that the entry is not for this environment. */
read_function read_includes, read_excludes;

/* architectures, archMap; the target is a struct read_archs. */
struct read_archs {
	struct place place; /* of the key that came first */
	bool was_read;      /* one of the two was there, and not empty */
	struct place row;   /* of archMap, which is about the machine; or line 0 */
};
read_function read_architectures, read_arch_map;

/* The whole profile. 0, -EINVAL after an error message, -ENOMEM. */
int read_profile(struct reader *reader, const struct value *root);

#endif
