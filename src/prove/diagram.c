#include "prove/diagram.h"

#include <stdlib.h>
#include <string.h>

#include "prove/order.h"

#include <linux/seccomp.h>

enum { FIRST_CAPACITY = 1024, DEFAULT_NODES = 1 << 21 };
enum { DEFAULT_WORK = 1 << 26 };

static uint32_t hash(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t h = ((uint64_t)c << 32 | b) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 29 ^ a) * UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)(h >> 32);
}

/* The slot of this node, or the free one where it belongs. */
static uint32_t *find_slot(const struct diagram *d, uint32_t level, uint32_t low, uint32_t high)
{
	for (uint32_t i = hash(level, low, high);; i++) {
		uint32_t *slot = &d->slots[i & d->slot_mask];
		const struct diagram_node *n = &d->nodes[*slot];
		if (!*slot || (n->level == level && n->low == low && n->high == high))
			return slot;
	}
}

/* Tables of twice the nodes' capacity (so there is always a free slot), and as many remembered results as nodes. */
static bool grow(struct diagram *d, uint32_t capacity)
{
	struct diagram_node *nodes = realloc(d->nodes, capacity * sizeof(*nodes));
	if (nodes)
		d->nodes = nodes;
	uint32_t *slots = calloc(capacity, 2 * sizeof(*slots));
	struct diagram_memo *memo = calloc(capacity, sizeof(*memo));
	if (!nodes || !slots || !memo) {
		free(slots);
		free(memo);
		return false;
	}
	free(d->slots);
	free(d->memo);
	d->slots = slots;
	d->memo = memo;
	d->capacity = capacity;
	d->slot_mask = 2 * capacity - 1;
	d->memo_mask = capacity - 1;
	for (uint32_t i = 1; i < d->count; i++)
		*find_slot(d, nodes[i].level, nodes[i].low, nodes[i].high) = i;
	return true;
}

static node intern(struct diagram *d, uint32_t level, uint32_t low, uint32_t high)
{
	if (!diagram_spend(d, 1))
		return (node){0};
	uint32_t *slot = find_slot(d, level, low, high);
	if (*slot)
		return (node){*slot};
	if (d->count >= d->node_budget) {
		diagram_fail(d, -EDQUOT);
		return (node){0};
	}
	if (d->count == d->capacity) {
		if (!grow(d, 2 * d->capacity)) {
			diagram_fail(d, -ENOMEM);
			return (node){0};
		}
		slot = find_slot(d, level, low, high);
	}
	d->nodes[d->count] = (struct diagram_node){level, low, high};
	*slot = d->count++;
	if (d->count > d->peak)
		d->peak = d->count;
	return (node){*slot};
}

node diagram_leaf(struct diagram *d, uint32_t value)
{
	return value == SECCOMP_RET_KILL_PROCESS ? (node){0} : intern(d, LEVEL_LEAF, value, 0);
}

node diagram_open_leaf(struct diagram *d, uint32_t value)
{
	return intern(d, LEVEL_LEAF, value, 1);
}

node diagram_test(struct diagram *d, uint32_t level, node low, node high)
{
	return node_same(low, high) ? low : intern(d, level, low.id, high.id);
}

void diagram_reset(struct diagram *d, enum diagram_order order)
{
	memset(d->slots, 0, ((size_t)d->slot_mask + 1) * sizeof(*d->slots));
	memset(d->memo, 0, ((size_t)d->memo_mask + 1) * sizeof(*d->memo));
	d->nodes[0] = (struct diagram_node){LEVEL_LEAF, SECCOMP_RET_KILL_PROCESS, 0};
	d->count = 1;
	d->failed = 0;
	d->zero = diagram_leaf(d, 0);
	d->one = diagram_leaf(d, 1);
	order_fill(&d->order, order);
}

bool diagram_init(struct diagram *d, size_t node_budget, size_t work_budget)
{
	*d = (struct diagram){.node_budget = node_budget ? node_budget : DEFAULT_NODES,
	                      .work_budget = work_budget ? work_budget : DEFAULT_WORK};
	if (!grow(d, FIRST_CAPACITY)) {
		diagram_finish(d);
		return false;
	}
	diagram_reset(d, ORDER_ARGUMENTS);
	return true;
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
