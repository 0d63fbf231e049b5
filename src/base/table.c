#include "base/table.h"

#include <assert.h>
#include <stdlib.h>

enum { SIZE_FIRST = 32, COUNT_MOST = 1 << 28 };

static void put(struct table *table, struct table_slot slot)
{
	size_t at = slot.hash & (table->size - 1);

	while (table->slots[at].taken)
		at = (at + 1) & (table->size - 1);
	table->slots[at] = slot;
}

bool table_grow(struct table *table, size_t more)
{
	struct table grown = *table;

	assert(table->count <= table->size / 3 * 2 && (table->size & (table->size - 1)) == 0);
	if (more > COUNT_MOST - table->count)
		return false;
	while (grown.size / 3 * 2 < table->count + more)
		grown.size = grown.size ? 2 * grown.size : SIZE_FIRST;
	if (grown.size == table->size)
		return true;
	grown.slots = table->arena ? ARENA_ARRAY(table->arena, struct table_slot, grown.size)
	                           : calloc(grown.size, sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i].taken)
			put(&grown, table->slots[i]);
	table_finish(table);
	*table = grown;
	return true;
}

bool table_add(struct table *table, uint32_t hash, uint32_t index)
{
	assert(index != TABLE_NONE);
	if (!table_reserve(table, 1))
		return false;
	put(table, (struct table_slot){hash, index + 1});
	table->count++;
	return true;
}

/* What stands after a slot that becomes free moves up, unless it would come to stand before its own place. */
void table_remove(struct table *table, uint32_t hash, uint32_t index)
{
	size_t mask = table->size - 1, free_at = hash & mask;

	while (table->slots[free_at].taken != index + 1) {
		assert(table->slots[free_at].taken);
		free_at = (free_at + 1) & mask;
	}
	for (size_t at = (free_at + 1) & mask; table->slots[at].taken; at = (at + 1) & mask) {
		size_t distance = (at - table->slots[at].hash) & mask;
		if (distance < ((at - free_at) & mask))
			continue;
		table->slots[free_at] = table->slots[at];
		free_at = at;
	}
	table->slots[free_at] = (struct table_slot){0};
	table->count--;
}

void table_finish(struct table *table)
{
	if (!table->arena)
		free(table->slots);
	*table = (struct table){.arena = table->arena};
}
