/* callgate/action.h - actions of filters: as text, and in order. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_ACTION_H
#define CALLGATE_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* The kinds of actions, SCMP_ACT_* without their data. */
struct callgate_action_kind {
	const char *name;  /* "ERRNO": the word after SCMP_ACT_ */
	uint32_t action;   /* SCMP_ACT_ERRNO(0) */
	uint32_t data_max; /* the largest data that a rule may give the action; 0: it has no data */
};

/*
 * Lists all kinds from index 0, the strictest first; NULL after the last. KILL and KILL_THREAD are two names of one
 * kind, and KILL comes first. The result is static.
 */
const struct callgate_action_kind *callgate_action_kind_at(size_t index);

/* The kind of an action, whatever its data; NULL for a number that is no action. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* of the struct's constructor, in C++ */
const struct callgate_action_kind *callgate_action_kind(uint32_t action);
#pragma GCC diagnostic pop

/* The kind with a name, which may begin with "SCMP_ACT_"; NULL if there is none, and for NULL. */
const struct callgate_action_kind *callgate_action_kind_find(const char *name);

/*
 * Writes an action as text: "ALLOW", "KILL" (KILL_THREAD), "TRAP(7)", "ERRNO(EPERM)" with this machine's names of
 * errors, "ERRNO(0)". A number that is no action is written as "0x12345678".
 */
#define CALLGATE_ACTION_TEXT 32
void callgate_action_text(uint32_t action, char ret_text[CALLGATE_ACTION_TEXT]);

/*
 * Reads such a text, which may begin with "SCMP_ACT_". "KILL_THREAD" is accepted for "KILL". Data are decimal or
 * 0x-prefixed numbers, and for ERRNO also names of errors; data that are left out are 0. A text that is only a number
 * is the numeric value of the action.
 *
 * Returns 0, or -EINVAL for NULL and for a text that is no action; *ret_action is then untouched, and
 * callgate_diagnosis(NULL) says what is wrong.
 */
int callgate_action_parse(const char *text, uint32_t *ret_action);

/*
 * What the kernel does when two filters answer: the stricter action or, if both are equally strict, the action of the
 * newest filter, with its data.
 */
uint32_t callgate_action_strictest(uint32_t newest, uint32_t older);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
