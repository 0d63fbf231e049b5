#include "prove/diagram.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <linux/seccomp.h>

enum { FIRST_CAPACITY = 64, DEFAULT_NODES = 1 << 20, DEFAULT_WORK = 1 << 26 };

static uint32_t hash(const struct diagram_node *n)
{
	uint64_t h = (n->pattern ^ ((uint64_t)n->level << 32 | n->greater)) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 32 ^ n->mask) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 29 ^ ((uint64_t)n->less << 32 | n->equal)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(h >> 32);
}

/* The slot of this node, or the free one where it belongs. */
static uint32_t *find_slot(const struct diagram *d, const struct diagram_node *content)
{
	for (uint32_t i = hash(content);; i++) {
		uint32_t *slot = &d->slots[i & d->slot_mask];
		if (!*slot || diagram_content_same(&d->nodes[*slot], content))
			return slot;
	}
}

/*
 * Room for more nodes, with tables of twice their number, so that there is always a free slot, and as many remembered
 * results.
 */
static bool grow(struct diagram *d, uint32_t capacity)
{
	struct diagram_node *nodes = realloc(d->nodes, capacity * sizeof(*nodes));

	if (!nodes)
		return false;
	d->nodes = nodes;
	/* The old tables go first, for they follow from the nodes. */
	free(d->slots);
	free(d->memo);
	d->slots = calloc(capacity, 2 * sizeof(*d->slots));
	d->memo = calloc(capacity, sizeof(*d->memo));
	if (!d->slots || !d->memo)
		return false;
	d->capacity = capacity;
	d->slot_mask = 2 * capacity - 1;
	d->memo_mask = capacity - 1;
	for (uint32_t i = 1; i < d->count; i++)
		*find_slot(d, &d->nodes[i]) = i;
	return true;
}

node diagram_intern(struct diagram *d, const struct diagram_node *content)
{
	struct diagram_node added = *content; /* which may lie in the table that grows */

	if (!diagram_spend(d, 1) || diagram_content_same(&added, &d->nodes[0]))
		return (node){0};
	uint32_t *slot = find_slot(d, &added);
	if (*slot)
		return (node){*slot};
	if (d->count >= d->node_budget) {
		diagram_exhaust(d, DIAGRAM_NODES, d->node_budget);
		return (node){0};
	}
	if (d->count == d->capacity) {
		if (!grow(d, 2 * d->capacity)) {
			diagram_fail(d, -ENOMEM);
			return (node){0};
		}
		slot = find_slot(d, &added);
	}
	if (added.level != LEVEL_LEAF) {
		assert(added.mask && !(added.pattern & ~added.mask));
		assert(added.mask & (added.mask - 1) || added.pattern == added.mask);
		assert(added.level == input_level(added.field, diagram_first_bit(&added)));
		assert(added.equal < d->count && d->nodes[added.equal].level > added.level);
		assert(added.less < d->count && d->nodes[added.less].level > added.level);
		assert(added.greater < d->count && d->nodes[added.greater].level > added.level);
		assert(added.pattern || !added.less);
		assert(added.pattern != added.mask || !added.greater);
	}
	d->nodes[d->count] = added;
	*slot = d->count++;
	if (d->count > d->peak)
		d->peak = d->count;
	return (node){*slot};
}

node diagram_leaf(struct diagram *d, uint32_t value)
{
	return diagram_intern(d, &(struct diagram_node){.level = LEVEL_LEAF, .pattern = value});
}

void diagram_reset(struct diagram *d)
{
	bool ready = d->slots && d->memo;

	if (!ready) {
		d->count = 0;
		ready = grow(d, FIRST_CAPACITY);
	}
	if (!ready) {
		d->failed = -ENOMEM;
		return;
	}
	memset(d->slots, 0, ((size_t)d->slot_mask + 1) * sizeof(*d->slots));
	memset(d->memo, 0, ((size_t)d->memo_mask + 1) * sizeof(*d->memo));
	d->nodes[0] = (struct diagram_node){.level = LEVEL_LEAF, .pattern = SECCOMP_RET_KILL_PROCESS};
	d->count = 1;
	d->failed = 0;
	d->zero = diagram_leaf(d, 0);
	d->one = diagram_leaf(d, 1);
}

void diagram_init(struct diagram *d, size_t node_budget, size_t work_budget)
{
	*d = (struct diagram){.node_budget = node_budget ? node_budget : DEFAULT_NODES,
	                      .work_budget = work_budget ? work_budget : DEFAULT_WORK};
}

void diagram_finish(struct diagram *d)
{
	free(d->nodes);
	free(d->slots);
	free(d->memo);
	d->nodes = NULL;
	d->slots = NULL;
	d->memo = NULL;
}
