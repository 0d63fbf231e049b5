/*
 * The one hash table: from the hash of an item to its index in an array that the caller keeps. Open addressing; the
 * hash stands beside the index, so that growing asks nobody, and items are compared only where their hashes are equal.
 */
#ifndef CALLGATE_BASE_TABLE_H
#define CALLGATE_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define TABLE_NONE UINT32_MAX

struct table_slot {
	uint32_t hash;
	uint32_t taken; /* the index and 1; 0: free */
};

/*
 * A zeroed struct is an empty table on the heap; one with an arena set lives in there. At most two thirds of the slots
 * are taken.
 */
struct table {
	struct arena *arena;
	struct table_slot *slots;
	size_t size, count; /* size is 0 or a power of two */
};

/* Makes room for `more` items; false when memory is out or they are too many, and nothing has changed. */
bool table_grow(struct table *table, size_t more);
static inline bool table_reserve(struct table *table, size_t more)
{
	return more <= table->size / 3 * 2 - table->count || table_grow(table, more);
}

/*
 * Adds an item, which is not there; false when memory is out. Adding cannot fail where table_reserve() has made room.
 */
bool table_add(struct table *table, uint32_t hash, uint32_t index);

/* Removes an item, which is there. */
void table_remove(struct table *table, uint32_t hash, uint32_t index);

/* Frees the slots of a table on the heap, which is empty then. */
void table_finish(struct table *table);

/* Is the item of this index, among `items`, the one that `key` describes? */
typedef bool table_equal(const void *items, uint32_t index, const void *key);

/* The index of the item that is_equal() takes, or TABLE_NONE. Inlined, so that is_equal() is too. */
static inline uint32_t table_find(const struct table *table, uint32_t hash, table_equal *is_equal, const void *items,
                                  const void *key)
{
	size_t mask = table->size - 1;

	if (!table->size)
		return TABLE_NONE;
	for (size_t at = hash & mask; table->slots[at].taken; at = (at + 1) & mask)
		if (table->slots[at].hash == hash && is_equal(items, table->slots[at].taken - 1, key))
			return table->slots[at].taken - 1;
	return TABLE_NONE;
}

/* Hashing of numbers, one after the other: every bit of them reaches the low bits of what hash_end() returns. */
static inline uint64_t hash_add(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9fb21c651e98df25);
	return hash ^ hash >> 29;
}

static inline uint32_t hash_end(uint64_t hash)
{
	hash *= UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(hash >> 32);
}

#endif
