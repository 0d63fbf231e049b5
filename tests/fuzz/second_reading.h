/*
 * Profiles read a second time, as callgate-profile(5) describes them and with none of the library's code, so that the
 * filter that the library makes of one can be held against it. Knows only valid profiles, and of an architecture's
 * calls only those that are made directly.
 */
#ifndef FUZZ_SECOND_READING_H
#define FUZZ_SECOND_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct second_environment {
	uint32_t arch;             /* a 64-bit SCMP_ARCH_* token: the machine */
	const char *machine;       /* what profiles call it */
	const char *capability;    /* the only one, or NULL */
	bool all_of_same_argument; /* several conditions on one argument: all, not one */
};

struct second_reading;

/* NULL if memory is out or a number is beyond what this reader takes. */
struct second_reading *second_reading_new(const void *text, size_t size, const struct second_environment *environment);
void second_reading_free(struct second_reading *reading);

/* May the call get this action? There is one answer, but where the page leaves open which of several entries counts. */
bool second_reading_accepts(const struct second_reading *reading, const char *name, const uint64_t args[6],
                            uint32_t action);

/* Calls, on and around what is compared. Numbers from 0; false behind the last. */
bool second_reading_question(const struct second_reading *reading, size_t number, const char **ret_name,
                             uint64_t ret_args[6]);

#endif
