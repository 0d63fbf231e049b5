/*
 * What a rule that was taken does not do: the silent cases of the interface, remembered so that a diagnosis can tell.
 */
#ifndef CALLGATE_POLICY_NOTE_H
#define CALLGATE_POLICY_NOTE_H

#include "base/diag.h"
#include "policy/placement.h"

/* In ascending importance: of several, the most important one is kept, and of equals the first. */
enum note_kind {
	NOTE_NONE,
	NOTE_ABSORBS,     /* rule `by` was a part of it, with the same action */
	NOTE_SAME,        /* rule `by` is the same, with the same action */
	NOTE_MASK_EMPTY,  /* a mask without bits compares nothing */
	NOTE_MASK_CUT,    /* value bits outside of the mask are not compared */
	NOTE_WORD_CUT,    /* only the low 32 bits of a datum are compared */
	NOTE_ABSENT,      /* no such call on an architecture */
	NOTE_MULTIPLEXED, /* comparisons get lost or change their meaning through socketcall(2) or ipc(2) */
	NOTE_REPLACES,    /* rules with comparisons are gone, `by` is one of them */
	NOTE_COVERED,     /* it can never match: `by` covers it */
};

/* A value without pointers to rules: it may outlive them. All zero: nothing to tell. */
struct note {
	uint8_t kind; /* enum note_kind */
	uint8_t arg;
	int32_t nr; /* on `arch`, or native where the call is absent */
	uint32_t rule, by;
	uint64_t value;
	const struct arch *arch;
};

/*
 * Of a rule whose placement is planned and not carried out yet; and of its comparisons as they were given, on the way to this
 * architecture. `note` may be NULL, here and below.
 */
void note_placement(struct note *note, const struct ruleset_request *request,
                    const struct placement *placement);
void note_conditions(struct note *note, uint32_t rule, const struct policy_condition *conditions,
                     size_t count, const struct arch *arch);

/* Of a number (native) that has no home on an architecture; `rule` is 0 for a priority. */
void note_absent(struct note *note, uint32_t rule, int32_t nr, const struct arch *arch);

/* The note in words, beginning with "note: "; leaves *diag alone where there is nothing to tell. */
void note_describe(const struct note *note, struct diag *diag);

#endif
