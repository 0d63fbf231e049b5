/*
 * The rules of a context while they are being added: which architectures, which rules, what a new rule does to the
 * old ones (contract: conflicts and silent cases). ruleset_freeze() turns it into a struct policy.
 */
#ifndef CALLGATE_POLICY_RULESET_H
#define CALLGATE_POLICY_RULESET_H

#include "base/arena.h"
#include "base/diag.h"
#include "policy/policy.h"

struct ruleset;

/* Of a rule for every architecture, which compares each argument once at most; and of one for a single architecture. */
enum { RULESET_CONDITIONS_MAX = 6, RULESET_DIRECT_CONDITIONS_MAX = 1024 };

/*
 * One rule_add call, arguments checked, conditions in any order and as the caller gave them: not cut to any word size.
 */
struct ruleset_request {
	uint32_t id; /* for diagnostics */
	uint32_t action;
	uint32_t default_action; /* of the filter; for notes: does the rule deny, or allow? */
	/*
	 * For this architecture of the set alone: under a number of its own, which is neither translated nor
	 * multiplexed. NULL: for all, in native numbering.
	 */
	const struct callgate_arch *arch;
	int32_t nr;
	bool exact;
	uint32_t condition_count;
	const struct policy_condition *conditions; /* with their masks */
	/*
	 * Of rules in an order alone: conjunctions, one after the other in `conditions`, each of which ends before its
	 * entry of `ends`.
	 */
	uint32_t conjunction_count;
	const uint32_t *ends;
};

/* What a context's attributes say about a frozen policy. */
struct ruleset_attributes {
	uint32_t default_action;
	uint32_t bad_arch_action;
	uint32_t optimize;
	enum policy_order order;
	uint8_t baseline_major, baseline_minor; /* of Linux; 0.0: none. Newer calls without rules get ENOSYS. */
	bool skip_rules;                        /* SCMP_FLTATR_API_TSKIP: rules for number -1 are emitted */
	/* for reading, not for compiling: with pseudo numbers, and -1 whatever skip_rules says */
	bool everything;
};

/* No architectures, no rules. NULL when memory is out. */
struct ruleset *ruleset_new(void);
void ruleset_free(struct ruleset *rules);

size_t ruleset_arch_count(const struct ruleset *rules);
bool ruleset_has_arch(const struct ruleset *rules, const struct callgate_arch *arch);

/* 0, -EEXIST (present), -EDOM (other byte order than the present ones), -ENOMEM. */
int ruleset_arch_add(struct ruleset *rules, const struct callgate_arch *arch, struct diag *diag);
/* 0, -EEXIST (absent). */
int ruleset_arch_remove(struct ruleset *rules, const struct callgate_arch *arch, struct diag *diag);

/*
 * Moves the architectures of `from`, with their rules, after those of `to`. 0, -EDOM (byte order), -EEXIST (one is in
 * both, or the two are the same), -ENOMEM: both are then as before. Afterwards `from` is empty and has no open
 * transaction.
 */
int ruleset_merge(struct ruleset *to, struct ruleset *from, struct diag *diag);

/*
 * Transactions nest. Commit keeps what was done since the innermost start, reject undoes it; architectures and rules
 * are covered, priorities are not. Without an open one both do nothing; reject returns whether there was one. start: 0,
 * -ENOMEM.
 */
int ruleset_start(struct ruleset *rules, struct diag *diag);
void ruleset_commit(struct ruleset *rules);
bool ruleset_reject(struct ruleset *rules);

/* ---- notes: what was taken and has less effect than it seems to have. All functions take NULL for one. ---- */

/*
 * What a rule that was taken does not do: the silent cases of the interface, remembered so that a diagnosis can name
 * them. In ascending importance: of several, the most important one is kept, and of equals the first.
 */
enum note_kind {
	NOTE_NONE,
	NOTE_ABSORBS,    /* rule `by` was a part of it, with the same action */
	NOTE_SAME,       /* rule `by` is the same, with the same action */
	NOTE_MASK_EMPTY, /* a mask without bits compares nothing */
	NOTE_ALWAYS,     /* a comparison that every value satisfies */
	NOTE_NEVER,      /* comparisons of one argument that no value satisfies */
	NOTE_MASK_CUT,   /* value bits outside of the mask are not compared */
	NOTE_WORD_CUT,   /* only the low 32 bits of a datum are compared */
	NOTE_ABSENT,     /* no such call on an architecture */
	/*
	 * what a rule in an order compares is not seen through socketcall(2) or ipc(2); `value`: all such calls get its
	 * action
	 */
	NOTE_HIDDEN,
	NOTE_MULTIPLEXED, /* comparisons get lost or change their meaning through socketcall(2) or ipc(2) */
	NOTE_TOO_WIDE,    /* bits are compared that the kernel does not read */
	NOTE_REPLACES,    /* rules with comparisons are gone, `by` is one of them */
	NOTE_COVERED,     /* it can never match: `by` covers it */
};

/* A value without pointers to rules: it may outlive them. All zero: there is nothing to report. */
struct note {
	uint8_t kind; /* enum note_kind */
	uint8_t arg;
	/*
	 * NOTE_TOO_WIDE: the bits that are read, the comparison, and whether it holds for `value`, which is `other` to
	 * the kernel.
	 */
	uint8_t bits, op;
	bool holds;
	uint64_t other;
	int32_t nr; /* on `arch`, or native where the call is absent */
	uint32_t rule, by;
	uint64_t value;
	const struct callgate_arch *arch;
};

/*
 * The note in words, beginning with "note: ", or "warning: " where calls evade the rule; leaves *diag alone where there
 * is nothing to report.
 */
void note_describe(const struct note *note, struct diag *diag);

/*
 * Adds the rule to every architecture, or to none. 0 also for the silent cases; -EEXIST, -EDOM, -EINVAL, -EFAULT,
 * -ENOMEM as contract section 5 says; the first architecture's error, in order.
 */
int ruleset_add(struct ruleset *rules, const struct ruleset_request *request, struct diag *diag, struct note *note);

/*
 * Adds a rule in an order after those that are there, to every architecture or to none. What a multiplexer hides is
 * denied: a rule that compares arguments and is at least as strict as the default action is for all such calls there,
 * and another one for none. Results as above, but there are no contradictions.
 */
int ruleset_add_ordered(struct ruleset *rules, const struct ruleset_request *request, struct diag *diag,
                        struct note *note);

/* Are there rules, or is a transaction open that could bring some back? */
bool ruleset_has_rules(const struct ruleset *rules);

/*
 * The calls of one architecture, by its place, that have a part of the newest rule, which is in an order and has this
 * id: all rules that they have, as a policy of their own. NULL when memory is out.
 */
const struct policy *ruleset_freeze_newest(const struct ruleset *rules, size_t arch, uint32_t id,
                                           const struct ruleset_attributes *attributes, struct arena *arena);

/*
 * From now on the unknown calls of the architecture, those newer than its table or than *newest, get `action`
 * (policy_arch_set_unknown()). -EEXIST: the architecture is not in the set. Transactions do not cover it.
 */
int ruleset_set_unknown(struct ruleset *rules, const struct callgate_arch *arch, uint32_t action, const int *newest,
                        struct diag *diag);

/* Raises the priority hint of a (native) number on every architecture that has it. 0, -EFAULT, -ENOMEM. */
int ruleset_prioritize(struct ruleset *rules, int32_t nr, uint8_t priority, struct diag *diag, struct note *note);

/*
 * The meaning, allocated in the arena, valid as long as it; NULL when memory is out. Rules come out in matching order.
 */
const struct policy *ruleset_freeze(const struct ruleset *rules, const struct ruleset_attributes *attributes,
                                    struct arena *arena);

#endif
