/*
 * Rules of one call that share nothing: what a search tree alone would blow up on. Constants are random and below 1000.
 */
#ifndef CALLGATE_TESTS_UNRELATED_RULES_H
#define CALLGATE_TESTS_UNRELATED_RULES_H

#include <seccomp.h>

#include "support/random.h"

enum unrelated_kind {
	UNRELATED_EQUAL_2_OF_6,
	UNRELATED_EQUAL_3_OF_6,
	UNRELATED_NOT_EQUAL_2_OF_6,
	UNRELATED_EQUAL_2_OF_3,
	UNRELATED_MIXED, /* an equal argument, one in a range, and one bit of a third */
	UNRELATED_NAMED, /* the kinds up to here are those that libseccomp's programs are held against */
	UNRELATED_ANY_OF_3 = UNRELATED_NAMED, /* each of three arguments equal, in a range, or one bit of it */
	UNRELATED_RANGES,                     /* of three arguments; they overlap */
	UNRELATED_MASKS,                      /* two bits of two arguments each */
	UNRELATED_KINDS,
};

extern const char *const unrelated_names[UNRELATED_KINDS];

/* One rule's comparisons; returns how many there are. */
unsigned unrelated_rule(struct random *random, enum unrelated_kind kind, struct scmp_arg_cmp ret_conditions[3]);

#endif
