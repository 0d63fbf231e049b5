/*
 * What a ruleset is made of while rules are being added; for the files that make it up.
 *
 * The rules of an architecture are a tree per system call whose edges are conditions, so that what a new rule does to
 * the old ones is decided by walking down its own conditions.
 */
#ifndef CALLGATE_POLICY_RULE_TREE_H
#define CALLGATE_POLICY_RULE_TREE_H

#include "base/diag.h"
#include "base/table.h"
#include "base/vec.h"
#include "policy/policy.h"

struct note;
struct ruleset_request;

/* ---- canonical form and matching order of conditions (contract: rules 2 and 7 of what a rule means) ---- */

/*
 * Brings `count` conditions into normal form in place: cut to the architecture's word, those that always hold by a mask
 * of 0 left out, sorted by argument, none twice. Returns how many are left; 0 is a rule without conditions.
 */
uint32_t rule_order_normalize(struct policy_condition *conditions, uint32_t count, const struct callgate_arch *arch);

/*
 * Which of two rules of one system call is asked first: negative for a, positive for b. 0 only where one's conditions
 * are the beginning of the other's. A total order that does not depend on the order of insertion.
 */
int rule_order_compare(const struct policy_rule *a, const struct policy_rule *b);

/* ---- the rules of one architecture ---- */

enum slot_kind {
	SLOT_EMPTY,   /* nothing below: only a call whose rules were taken back, or that has but a priority */
	SLOT_RULE,    /* a rule ends here; nothing is below */
	SLOT_UNIFORM, /* rules are below, all with `action` */
	SLOT_MIXED,   /* rules of several actions are below */
};

/* A place in a tree. All that a rule changes, or a transaction takes back. */
struct rule_slot {
	uint8_t kind; /* enum slot_kind */
	uint32_t action;
	uint32_t id;          /* of the rule that ends here */
	uint32_t first_child; /* a reference, REFERENCE_NONE for none */
};

/*
 * Places are named by references: the index of a node, or with the top bit the index of a call (the root of its tree).
 */
#define REFERENCE_NONE UINT32_MAX
#define REFERENCE_CALL 0x80000000u

struct rule_node {
	struct policy_condition condition; /* between the parent and here */
	uint32_t parent;
	uint32_t next_sibling;
	struct rule_slot slot;
};

struct rule_call {
	int32_t nr; /* pseudo numbers too */
	uint8_t priority;
	uint32_t newest_ordered; /* of its rules in an order, or ORDERED_NONE */
	struct rule_slot slot;
};

/* A conjunction of an ordered rule: the architecture's conditions [first, first + count). */
#define ORDERED_NONE UINT32_MAX
struct ordered_rule {
	uint32_t call;  /* index in `calls` */
	uint32_t older; /* the one before it of this call, or ORDERED_NONE */
	uint32_t action, id;
	uint32_t first, count;
};

/*
 * The calls whose numbers, as unsigned, are PAGE_NUMBERS * number and those that follow: a bit for each, and its index.
 */
enum { PAGE_NUMBERS = 64 };
struct call_page {
	uint64_t taken;
	uint32_t number;
	uint32_t calls[PAGE_NUMBERS];
};

/*
 * Calls are never taken back, nodes are, newest first. The tables find a page of calls, a node by parent and condition.
 * A rule set has few pages, as the numbers of calls are near each other.
 */
struct arch_rules {
	const struct callgate_arch *arch;
	VEC(struct rule_call) calls;
	VEC(struct rule_node) nodes;
	VEC(struct ordered_rule) ordered; /* in order of addition */
	VEC(struct policy_condition) ordered_conditions;
	VEC(struct call_page) pages;
	struct table page_table, node_table;
	bool has_unknown;       /* unknown calls get unknown_action */
	uint32_t unknown_first; /* 0: after the newest known one */
	uint32_t unknown_action;
};

/* What adding a rule will do. */
struct rule_plan {
	enum { RULE_IGNORED, RULE_INSERTED, RULE_ABSORBING } outcome;
	uint32_t at;    /* the deepest place that is there already; REFERENCE_NONE when the call is new */
	uint32_t depth; /* how many conditions lead to it */
	/* id of the rule that covers it, of one that it covers, or, with -EEXIST, that contradicts it */
	uint32_t by;
	bool replaces; /* RULE_ABSORBING: rules of another action are among those that it covers */
};

/* Empty, in memory of its own; NULL when memory is out. */
struct arch_rules *arch_rules_new(const struct callgate_arch *arch);
void arch_rules_free(struct arch_rules *rules);

/*
 * Decides what a rule with these conditions, in canonical form, does. 0, or -EEXIST and of the plan only `by` means
 * something. Changes nothing.
 */
int arch_rules_plan(const struct arch_rules *rules, int32_t nr, const struct policy_condition *conditions,
                    uint32_t count, uint32_t action, struct rule_plan *ret_plan);

/* Makes room for that many more calls and nodes; false when memory is out. Moves nothing that references name. */
bool arch_rules_reserve(struct arch_rules *rules, size_t calls, size_t nodes);

/* The steps of carrying out a plan; room is there. Each returns the reference of what it made. */
uint32_t arch_rules_add_call(struct arch_rules *rules, int32_t nr);
uint32_t arch_rules_add_node(struct arch_rules *rules, uint32_t parent, const struct policy_condition *condition);

/* Forgets the newest nodes until `count` are left; nobody may refer to them any more. */
void arch_rules_drop_nodes(struct arch_rules *rules, size_t count);

/* The call's reference, or REFERENCE_NONE. */
uint32_t arch_rules_find_call(const struct arch_rules *rules, int32_t nr);

static inline struct rule_slot *arch_rules_slot(const struct arch_rules *rules, uint32_t at)
{
	return at & REFERENCE_CALL ? &rules->calls.items[at & ~REFERENCE_CALL].slot : &rules->nodes.items[at].slot;
}

/* ---- what transactions would have to take back: the inverse of each step since the outermost start, in order ---- */

enum journal_kind {
	JOURNAL_SLOT,         /* `slot` was at reference `at` */
	JOURNAL_ORDERED,      /* there were `at` rules in an order */
	JOURNAL_NODES,        /* there were `at` nodes */
	JOURNAL_ARCH_ADDED,   /* `rules` was not there */
	JOURNAL_ARCH_REMOVED, /* `rules` was at position `at`; it is owned by the journal now */
};

struct journal_entry {
	enum journal_kind kind;
	uint32_t at;
	struct arch_rules *rules;
	struct rule_slot slot;
};

/* Empty while no transaction is open. A mark is the number of entries at a start. */
struct journal {
	VEC(struct journal_entry) entries;
	VEC(size_t) marks;
};

/* Makes room for `more` entries if a transaction is open; false when memory is out. */
bool journal_reserve(struct journal *journal, size_t more);

/* Notes a step that is about to be done; nothing when no transaction is open. Room is there. */
void journal_note(struct journal *journal, struct journal_entry entry);

static inline bool journal_is_open(const struct journal *journal)
{
	return journal->marks.count > 0;
}

/* Per architecture a rule goes under one number or two. */
enum { PLACEMENTS_PER_ARCH = 2 };

/* A rule for one number of one architecture, conditions in canonical form, and what it will do there. */
struct placement {
	struct arch_rules *rules;
	int32_t nr;
	bool is_multiplexed; /* of socketcall(2) or ipc(2), for one of its sub-calls */
	uint32_t count;
	struct policy_condition *conditions;
	struct rule_plan plan;
};

/*
 * Fills placements[] (all but the plans) and says how many they are, 0 where the rule has no meaning on this
 * architecture. Their conditions have room for those of the request, and one more. -EFAULT (the native number has no
 * name), -EDOM (exact, and no such call), -EINVAL (exact, and comparisons get lost).
 */
int placements_make(struct arch_rules *rules, const struct ruleset_request *request,
                    struct placement placements[PLACEMENTS_PER_ARCH], struct diag *diag);

/* ---- rules in an order ---- */

/* Forgets the newest until `count` are left. */
void ordered_drop(struct arch_rules *rules, size_t count);

/* The call's rules as the order has them; false without memory. */
bool ordered_freeze(const struct arch_rules *rules, const struct rule_call *call, enum policy_order order,
                    struct policy_syscall *syscall, struct arena *arena);

/* ---- notes ---- */

/*
 * Of a rule whose placement is planned and not carried out yet; and of its comparisons as they were given, on the way
 * to this architecture. `note` may be NULL, here and below.
 */
void note_placement(struct note *note, const struct ruleset_request *request, const struct placement *placement);
void note_conditions(struct note *note, uint32_t rule, const struct policy_condition *conditions, size_t count,
                     const struct callgate_arch *arch);

/*
 * Of a rule in an order whose arguments are not seen through a multiplexer, which is `nr`: all its calls get the action
 * there, or none.
 */
void note_hidden(struct note *note, uint32_t rule, int32_t nr, const struct callgate_arch *arch, bool all);

/* Of a number (native) that has no home on an architecture; `rule` is 0 for a priority. */
void note_absent(struct note *note, uint32_t rule, int32_t nr, const struct callgate_arch *arch);

struct ruleset {
	VEC(struct arch_rules *) archs; /* in order of addition, each once, of one byte order */
	struct journal journal;
};

#endif
