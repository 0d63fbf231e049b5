/*
 * Functions of a system call's input as decision diagrams.
 *
 * A diagram node tests one input bit and goes on to one of two nodes; leaves are 32-bit values. Nodes are hash-consed, no
 * node has equal branches, and bits are tested in one fixed order, so two functions are equal exactly if their nodes are:
 * the whole proof rests on this, and on nothing else in this file being wrong.
 */
#ifndef CALLGATE_PROVE_DIAGRAM_H
#define CALLGATE_PROVE_DIAGRAM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"
#include "prove/input.h"

/* A node of one diagram, only to be compared with nodes of the same one. Zero is the leaf SECCOMP_RET_KILL_PROCESS. */
typedef struct {
	uint32_t id;
} node;

static inline bool node_same(node a, node b)
{
	return a.id == b.id;
}

/* What a node is: a test of the bit at `level`, or, at LEVEL_LEAF, a leaf whose value is `low`. */
struct diagram_node {
	uint32_t level, low, high;
};

struct diagram_memo {
	uint32_t a, b, c, result;
};

enum { LEVEL_LEAF = 0xffff };

/* The order in which bits are tested. arch and nr always come first. */
enum diagram_order {
	ORDER_ARGUMENTS,   /* argument by argument, high bits first */
	ORDER_REVERSED,    /* the same, last argument first */
	ORDER_INTERLEAVED, /* bit by bit, the highest of every argument first */
	ORDER_COUNT,
};

/*
 * Errors stick: after `failed` is set (-ENOMEM, or -EDQUOT for a used-up budget), every operation returns node zero, and
 * whoever wants to use a result asks for it first.
 */
struct diagram {
	struct diagram_node *nodes;
	uint32_t count, capacity;
	uint32_t *slots; /* hash table of node ids, 0 for a free slot */
	uint32_t slot_mask;
	struct diagram_memo *memo; /* results of diagram_if() and diagram_strictest(); forgets */
	uint32_t memo_mask;
	size_t node_budget, work_budget, work, peak; /* work and peak count on through resets */
	int failed;
	node zero, one; /* the leaves 0 and 1: false and true */
	struct input_order order;
};

/* Budgets of zero mean the default. false without memory. */
bool diagram_init(struct diagram *d, size_t node_budget, size_t work_budget);
void diagram_finish(struct diagram *d);

/* Forgets all nodes, and the failure; the work goes on counting. */
void diagram_reset(struct diagram *d, enum diagram_order order);

/* Sets `failed`, unless it is set already. */
static inline void diagram_fail(struct diagram *d, int error)
{
	if (!d->failed)
		d->failed = error;
}

/* Counts work; false if something has failed, or now has. */
static inline bool diagram_spend(struct diagram *d, size_t work)
{
	d->work += work;
	if (d->work > d->work_budget)
		diagram_fail(d, -EDQUOT);
	return !d->failed;
}

node diagram_leaf(struct diagram *d, uint32_t value);
/* A leaf that stands for many verdicts, all allowed or refused as this one is; different from every other leaf. */
node diagram_open_leaf(struct diagram *d, uint32_t value);
node diagram_test(struct diagram *d, uint32_t level, node low, node high);

/* condition ? then : otherwise; the condition's leaves are zero and one. */
node diagram_if(struct diagram *d, node condition, node then, node otherwise);
node diagram_and(struct diagram *d, node a, node b);
node diagram_or(struct diagram *d, node a, node b);
node diagram_xor(struct diagram *d, node a, node b);
node diagram_not(struct diagram *d, node a);

/* What the kernel makes of two stacked filters' verdicts. */
node diagram_strictest(struct diagram *d, node newest, node older);

/* Where the function's leaf is `leaf`: one there, zero elsewhere. */
node diagram_where(struct diagram *d, node n, node leaf);
/* Where the leaf lets the call happen: SECCOMP_RET_ALLOW and SECCOMP_RET_LOG, whatever their data. */
node diagram_allows(struct diagram *d, node n);

/* Some bits of an input field, as a number: those of `mask`; the others are known to be zero. */
struct diagram_bits {
	enum input_field field;
	unsigned lowest, count; /* which bits of the field */
	uint64_t mask;          /* of the number, which is counted from bit `lowest` */
};

/* bits OP value ? then : otherwise, for the unsigned operations; the mask of POLICY_MASKED_EQ belongs into bits.mask. */
node diagram_compare(struct diagram *d, struct diagram_bits bits, enum policy_op op, uint64_t value,
                     node then, node otherwise);

static inline const struct diagram_node *diagram_at(const struct diagram *d, node n)
{
	return &d->nodes[n.id];
}

static inline bool diagram_is_open(const struct diagram *d, node n)
{
	return d->nodes[n.id].level == LEVEL_LEAF && d->nodes[n.id].high;
}

static inline bool diagram_is_leaf(const struct diagram *d, node n)
{
	return d->nodes[n.id].level == LEVEL_LEAF;
}

/* Does the function look at arch or nr? (They are the first to be tested.) */
static inline bool diagram_tests_number(const struct diagram *d, node n)
{
	return d->nodes[n.id].level < INPUT_NUMBER_LEVELS;
}

static inline node diagram_low(const struct diagram *d, node n, uint32_t level)
{
	return d->nodes[n.id].level == level ? (node){d->nodes[n.id].low} : n;
}

static inline node diagram_high(const struct diagram *d, node n, uint32_t level)
{
	return d->nodes[n.id].level == level ? (node){d->nodes[n.id].high} : n;
}

#endif
