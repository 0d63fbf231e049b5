/* What calls do that filters deny, each made by another call. */
#ifndef BYPASS_EFFECTS_H
#define BYPASS_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>

/* The effect of a denied call: has_effect() makes it by the way, and looks for it. */
struct effect {
	const char *denied;
	bool (*has_effect)(const char *way);
};
extern const struct effect effects[], wait_effects[];
extern const size_t effect_count, wait_effect_count;

/* All of them, from index 0; NULL after the last. */
const struct effect *effect_at(size_t index);

/* NULL: there is none. */
const struct effect *effect_find(const char *denied);

/*
 * What has to exist before the filter is loaded, in this folder, which becomes the working directory. False: this
 * system does not allow it.
 */
bool effect_set_up(const char *denied, const char *folder);

/* A call by its name: its result, or -errno. */
long call(const char *name, long a, long b, long c, long d, long e);

/* An address as an argument. */
long at(const void *memory);

/* The kernel's number of an operation of io_uring, such as "IORING_OP_READ"; -1: there is none. */
int operation_number(const char *name);

#endif
