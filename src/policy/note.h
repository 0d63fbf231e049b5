/*
 * What a rule that was taken does not do: the silent cases of the interface, remembered so that a diagnosis can name them.
 */
#ifndef CALLGATE_POLICY_NOTE_H
#define CALLGATE_POLICY_NOTE_H

#include "base/diag.h"
#include "policy/policy.h"

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

/* A value without pointers to rules: it may outlive them. All zero: there is nothing to report. */
struct note {
	uint8_t kind; /* enum note_kind */
	uint8_t arg;
	int32_t nr; /* on `arch`, or native where the call is absent */
	uint32_t rule, by;
	uint64_t value;
	const struct callgate_arch *arch;
};

/* The note in words, beginning with "note: "; leaves *diag alone where there is nothing to report. */
void note_describe(const struct note *note, struct diag *diag);

#endif
