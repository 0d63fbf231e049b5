/*
 * The rules of one architecture while they are being added: per system call a tree whose edges are conditions, so that
 * what a new rule does to the old ones is decided by walking down its own conditions.
 */
#ifndef CALLGATE_POLICY_ARCH_RULES_H
#define CALLGATE_POLICY_ARCH_RULES_H

#include "base/diag.h"
#include "base/vec.h"
#include "policy/policy.h"

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

/* Places are named by references: the index of a node, or with the top bit the index of a call (the root of its tree). */
#define REFERENCE_NONE UINT32_MAX
#define REFERENCE_CALL 0x80000000u

struct rule_node {
	struct policy_condition condition; /* between the parent and here */
	uint32_t parent;
	uint32_t next_sibling;
	uint32_t next_in_bucket;
	struct rule_slot slot;
};

struct rule_call {
	int32_t nr; /* pseudo numbers too */
	uint8_t priority;
	uint32_t next_in_bucket;
	struct rule_slot slot;
};

/* Calls are never taken back, nodes are, newest first. The buckets are chains through next_in_bucket; 2^bits of them. */
struct arch_rules {
	const struct arch *arch;
	VEC(struct rule_call) calls;
	VEC(struct rule_node) nodes;
	uint32_t *call_buckets, *node_buckets;
	unsigned call_bits, node_bits;
	bool has_unknown; /* unknown calls get unknown_action */
	uint32_t unknown_action;
};

/* What adding a rule will do. */
struct rule_plan {
	enum { RULE_IGNORED, RULE_INSERTED, RULE_ABSORBING } outcome;
	uint32_t at;    /* the deepest place that is there already; REFERENCE_NONE when the call is new */
	uint32_t depth; /* how many conditions lead to it */
	uint32_t
	    by; /* id of the rule that covers it, of one that it covers, or, with -EEXIST, of one that contradicts it */
	bool replaces; /* RULE_ABSORBING: rules of another action are among those that it covers */
};

/* Empty, in memory of its own; NULL when memory is out. */
struct arch_rules *arch_rules_new(const struct arch *arch);
void arch_rules_free(struct arch_rules *rules);

/*
 * Decides what a rule with these conditions, in normal form, does. 0, or -EEXIST and of the plan only `by` means something. Changes
 * nothing.
 */
int arch_rules_plan(const struct arch_rules *rules, int32_t nr, const struct policy_condition *conditions,
                    uint32_t count, uint32_t action, struct rule_plan *ret_plan);

/* Makes room for that many more calls and nodes; false when memory is out. Moves nothing that references name. */
bool arch_rules_reserve(struct arch_rules *rules, size_t calls, size_t nodes);

/* The steps of carrying out a plan; room is there. Each returns the reference of what it made. */
uint32_t arch_rules_add_call(struct arch_rules *rules, int32_t nr);
uint32_t arch_rules_add_node(struct arch_rules *rules, uint32_t parent,
                             const struct policy_condition *condition);

/* Forgets the newest nodes until `count` are left; nobody may refer to them any more. */
void arch_rules_drop_nodes(struct arch_rules *rules, size_t count);

/* The call's reference, or REFERENCE_NONE. */
uint32_t arch_rules_find_call(const struct arch_rules *rules, int32_t nr);

static inline struct rule_slot *arch_rules_slot(const struct arch_rules *rules, uint32_t at)
{
	return at & REFERENCE_CALL ? &rules->calls.items[at & ~REFERENCE_CALL].slot
	                           : &rules->nodes.items[at].slot;
}

#endif
