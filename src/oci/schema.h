/*
 * The keys of the format, and how their values are read, whatever they mean.
 */
#ifndef CALLGATE_OCI_SCHEMA_H
#define CALLGATE_OCI_SCHEMA_H

#include "base/arena.h"
#include "oci/model.h"

struct reader {
	struct messages *messages;
	struct arena *arena; /* where the model lives */
	const struct environment *environment;
	const uint32_t *options; /* by enum callgate_profile_option */
	struct model *model;
	bool is_podmans, is_dockers; /* has what only Podman reads; what Docker reads and runtimes do not */
	bool out_of_memory;
};

enum object {
	OBJECT_PROFILE,
	OBJECT_ARCH_ROW, /* an element of archMap */
	OBJECT_ENTRY,    /* an element of syscalls */
	OBJECT_CONDITION,
	OBJECT_SELECTOR, /* includes, excludes */
};

/* The keys: what code calls one, whose key it is, its name, the kind of its value. */
#define FOR_EACH_KEY(KEY)                                           \
	KEY(DEFAULT_ACTION, PROFILE, "defaultAction", STRING)       \
	KEY(DEFAULT_ERRNO_RET, PROFILE, "defaultErrnoRet", NUMBER)  \
	KEY(DEFAULT_ERRNO, PROFILE, "defaultErrno", STRING)         \
	KEY(ARCHITECTURES, PROFILE, "architectures", ARRAY)         \
	KEY(ARCH_MAP, PROFILE, "archMap", ARRAY)                    \
	KEY(FLAGS, PROFILE, "flags", ARRAY)                         \
	KEY(LISTENER_PATH, PROFILE, "listenerPath", STRING)         \
	KEY(LISTENER_METADATA, PROFILE, "listenerMetadata", STRING) \
	KEY(SYSCALLS, PROFILE, "syscalls", ARRAY)                   \
	KEY(ARCHITECTURE, ARCH_ROW, "architecture", STRING)         \
	KEY(SUB_ARCHITECTURES, ARCH_ROW, "subArchitectures", ARRAY) \
	KEY(NAMES, ENTRY, "names", ARRAY)                           \
	KEY(NAME, ENTRY, "name", STRING)                            \
	KEY(ACTION, ENTRY, "action", STRING)                        \
	KEY(ERRNO_RET, ENTRY, "errnoRet", NUMBER)                   \
	KEY(ERRNO, ENTRY, "errno", STRING)                          \
	KEY(ARGS, ENTRY, "args", ARRAY)                             \
	KEY(INCLUDES, ENTRY, "includes", OBJECT)                    \
	KEY(EXCLUDES, ENTRY, "excludes", OBJECT)                    \
	KEY(COMMENT, ENTRY, "comment", STRING)                      \
	KEY(INDEX, CONDITION, "index", NUMBER)                      \
	KEY(VALUE, CONDITION, "value", NUMBER)                      \
	KEY(VALUE_TWO, CONDITION, "valueTwo", NUMBER)               \
	KEY(OP, CONDITION, "op", STRING)                            \
	KEY(CAPS, SELECTOR, "caps", ARRAY)                          \
	KEY(ARCHES, SELECTOR, "arches", ARRAY)                      \
	KEY(MIN_KERNEL, SELECTOR, "minKernel", STRING)

/* Where a member is in struct members. */
#define AS_INDEX(key, object, name, kind) KEY_##key,
enum key { FOR_EACH_KEY(AS_INDEX) KEYS };

/* What stands in one object. null is as if the member was not there. */
struct members {
	/* NULL: not there. Of any kind: member() gives those of the right one */
	const struct value *of[KEYS];
	bool has_errors; /* no object, or a key that may be a misspelt one: nothing is missing for certain */
};

/* Reports keys that are unknown and values of the wrong kind. */
struct members read_members(struct reader *reader, const struct value *value, enum object object);

/* NULL if it is not there, or of a kind that was reported to be wrong. */
const struct value *member(const struct members *members, enum key key);

/*
 * The text of a member; NULL where it is empty too, which counts as absent for the Go programs that this format comes
 * from.
 */
const char *member_text(const struct members *members, enum key key);

/* An error about the object at `place`, unless the key is there. */
void require_member(struct reader *reader, const struct members *members, struct place place, enum key key);

/* The elements of an array, from index 0; NULL after the last, and where there is no such array. */
const struct value *element(const struct members *members, enum key key, size_t index);

/* The text of an element that has to be a string; NULL after an error message. */
const char *element_text(struct reader *reader, const struct value *value);

/* The word that a string is; NULL after an error message that names the closest one. */
const struct word *read_word(struct reader *reader, const struct value *value, const struct word *table);

/*
 * "unknown WHAT ..., is PREFIX+CLOSEST meant?": an error; where the profile can be used without the name, a warning
 * unless --strict, with what comes of it.
 */
void report_unknown(struct reader *reader, const struct value *value, const char *what, const char *consequence,
                    const char *prefix, const char *closest);

/*
 * Is the member a whole number of at most `largest`? False without a message if it is not there, or of the wrong kind.
 */
bool read_number(struct reader *reader, const struct members *members, enum key key, uint64_t largest,
                 uint64_t *ret_number);

/* The action by three keys of an entry or of the profile: `action`, and the number that it returns. */
void read_verdict(struct reader *reader, const struct members *members, enum key action, enum key by_number,
                  enum key by_name, struct verdict *verdict);

/* An element of `syscalls`. */
void read_entry(struct reader *reader, const struct value *value, struct entry *entry);

/* Memory for the elements of an array, zeroed; NULL when memory is out, which is noted. */
void *read_room(struct reader *reader, size_t count, size_t size);

#endif
