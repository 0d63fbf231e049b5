/*
 * Functions of a system call's input as decision diagrams.
 *
 * A node compares some bits of one input field with a number and goes on to one of three nodes; leaves are 32-bit
 * values. It stands for the chain of single-bit tests, high bits first, that the comparison is; chains are joined to
 * nodes by one fixed rule (canonical.c), nodes are hash-consed, no test has equal branches, and bits are tested in one
 * fixed order. So two functions are equal exactly if their nodes are: the whole proof rests on this, and on nothing
 * else in here being wrong.
 */
#ifndef CALLGATE_PROVE_DIAGRAM_H
#define CALLGATE_PROVE_DIAGRAM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
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

/*
 * What a node is. At LEVEL_LEAF a leaf whose value is `pattern`, and all else is 0. Otherwise the function of `equal`
 * where field & mask == pattern, of `less` where it is less, of `greater` where it is greater. Ways that no number goes
 * are 0: less if the pattern is 0, greater if it is the mask. A mask of one bit has it as its pattern too.
 */
struct diagram_node {
	uint64_t mask, pattern;
	uint32_t equal, less, greater;
	uint16_t level; /* of the highest bit of the mask */
	uint16_t field;
};

struct diagram_memo {
	uint32_t a, b, c, result;
};

enum { LEVEL_LEAF = 0xffff };

/* What there is a limit for: the nodes of a diagram, the steps of a proof, symbolic states, and computed values. */
enum diagram_limit { DIAGRAM_NODES, DIAGRAM_STEPS, DIAGRAM_STATES, DIAGRAM_VALUES };

/*
 * Errors stick: after `failed` is set (-ENOMEM; -EDQUOT, when `exhausted` says what has reached which limit;
 * -EOPNOTSUPP), every operation returns node zero, and whoever wants to use a result asks for it first.
 */
struct diagram {
	struct diagram_node *nodes;
	uint32_t count, capacity;
	uint32_t *slots; /* hash table of node ids, 0 for a free slot */
	uint32_t slot_mask;
	struct diagram_memo *memo; /* results of operations; forgets */
	uint32_t memo_mask;
	size_t node_budget, work_budget, work, peak; /* work and peak count on through resets */
	int failed;
	enum diagram_limit exhausted;
	size_t limit;
	node zero, one; /* the leaves 0 and 1: false and true */
};

/* Budgets of zero mean the default. It can be used after diagram_reset(), until diagram_finish(). */
void diagram_init(struct diagram *d, size_t node_budget, size_t work_budget);
void diagram_finish(struct diagram *d);

/* Forgets all nodes, and the failure; the work goes on counting. Fails without memory. */
void diagram_reset(struct diagram *d);

/* Sets `failed`, unless it is set already. */
static inline void diagram_fail(struct diagram *d, int error)
{
	if (!d->failed)
		d->failed = error;
}

/* Sets `failed` where a limit is reached. */
static inline void diagram_exhaust(struct diagram *d, enum diagram_limit what, size_t limit)
{
	if (d->failed)
		return;
	d->failed = -EDQUOT;
	d->exhausted = what;
	d->limit = limit;
}

/* Counts work; false if something has failed, or now has. */
static inline bool diagram_spend(struct diagram *d, size_t work)
{
	d->work += work;
	if (d->work > d->work_budget)
		diagram_exhaust(d, DIAGRAM_STEPS, d->work_budget);
	return !d->failed;
}

/* The node with this content, which is one that the rules of canonical.c make. */
node diagram_intern(struct diagram *d, const struct diagram_node *content);

node diagram_leaf(struct diagram *d, uint32_t value);

/* A test of one bit; both branches test only bits that come after it. */
node diagram_test(struct diagram *d, enum input_field field, unsigned bit, node low, node high);

/* Some bits of a field against a number that has no others. */
struct diagram_bits {
	enum input_field field;
	uint64_t mask, pattern;
};

/*
 * The tests of the mask's bits, from the lowest to the highest, in front of three nodes. `equal` must test only bits
 * that come after the mask's lowest one, `less` after the pattern's lowest 1, and `greater` after its lowest 0.
 */
node diagram_split(struct diagram *d, struct diagram_bits bits, node equal, node less, node greater);

/* What is left of a node's comparison without its bits in `mask`, which are the highest ones, where these are equal. */
struct diagram_node diagram_rest(const struct diagram *d, const struct diagram_node *n, uint64_t mask);

/* What a function is where the bit at `level`, in front of which it tests none, is known. */
struct diagram_node diagram_branch(const struct diagram *d, const struct diagram_node *n, uint32_t level, bool high);

/* condition ? then : otherwise; the condition's leaves are zero and one. */
node diagram_ite(struct diagram *d, node condition, node then, node otherwise);
node diagram_and(struct diagram *d, node a, node b);
node diagram_or(struct diagram *d, node a, node b);
node diagram_xor(struct diagram *d, node a, node b);
node diagram_not(struct diagram *d, node a);

/* What the kernel makes of two stacked filters' verdicts. */
node diagram_strictest(struct diagram *d, node newest, node older);

/* Where the leaves are not the same: one there, zero elsewhere. */
node diagram_differ(struct diagram *d, node a, node b);
/* Where the leaf is this value. */
node diagram_where(struct diagram *d, node n, uint32_t value);
/* Where the leaf lets the call happen: SECCOMP_RET_ALLOW and SECCOMP_RET_LOG, whatever their data. */
node diagram_allows(struct diagram *d, node n);

/*
 * field's bits from `lowest` on, as a number of `count` bits of which those outside `mask` are known to be zero,
 * compared by an unsigned operation: then or otherwise. The mask of POLICY_MASKED_EQ belongs into the mask.
 */
struct diagram_number {
	enum input_field field;
	unsigned lowest, count;
	uint64_t mask;
};

node diagram_compare(struct diagram *d, struct diagram_number number, enum policy_op op, uint64_t value, node then,
                     node otherwise);

/* The bit that a node, not a leaf, tests first: the one at its level. */
static inline unsigned diagram_first_bit(const struct diagram_node *n)
{
	return 63 - (unsigned)__builtin_clzll(n->mask);
}

static inline const struct diagram_node *diagram_at(const struct diagram *d, node n)
{
	return &d->nodes[n.id];
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

/* Where a node goes for this number of its field. */
static inline node diagram_next(const struct diagram_node *n, uint64_t number)
{
	uint64_t bits = number & n->mask;

	return (node){bits == n->pattern ? n->equal : bits < n->pattern ? n->less : n->greater};
}

static inline bool diagram_content_same(const struct diagram_node *a, const struct diagram_node *b)
{
	return a->pattern == b->pattern && a->mask == b->mask && a->equal == b->equal && a->less == b->less &&
	       a->greater == b->greater && a->level == b->level;
}

#endif
