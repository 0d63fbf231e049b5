#include "compile/rules_memo.h"

#include <string.h>

#include "compile/hash.h"

struct entry {
	uint32_t hash;
	struct graph_id id;
	size_t count;
	const struct form *forms[];
};

struct rules_memo {
	struct entry **table;
	size_t size, count;
};

static uint32_t hash_list(const struct form *const *forms, size_t count)
{
	uint64_t hash = count;

	for (size_t i = 0; i < count; i++)
		hash = hash_add(hash, forms[i]->id);
	return hash_end(hash);
}

static struct entry **slot_of(const struct rules_memo *memo, uint32_t hash, const struct form *const *forms,
                              size_t count)
{
	size_t at = hash & (memo->size - 1);

	for (; memo->table[at]; at = (at + 1) & (memo->size - 1)) {
		const struct entry *entry = memo->table[at];
		if (entry->hash == hash && entry->count == count &&
		    memcmp(entry->forms, forms, count * sizeof(*forms)) == 0)
			break;
	}
	return &memo->table[at];
}

bool rules_memo_find(const struct rules_memo *memo, const struct form *const *forms, size_t count,
                     struct graph_id *ret_id)
{
	const struct entry *entry = memo ? *slot_of(memo, hash_list(forms, count), forms, count) : NULL;

	if (!entry)
		return false;
	*ret_id = entry->id;
	return true;
}

static bool grow(struct rules_memo *memo, struct arena *arena)
{
	struct rules_memo old = *memo;

	if (memo->count * 2 < memo->size)
		return true;
	memo->size = old.size ? old.size * 2 : 32;
	memo->table = ARENA_ARRAY(arena, struct entry *, memo->size);
	if (!memo->table) {
		*memo = old;
		return false;
	}
	for (size_t i = 0; i < old.size; i++) {
		struct entry *entry = old.table[i];
		if (entry)
			*slot_of(memo, entry->hash, entry->forms, entry->count) = entry;
	}
	return true;
}

bool rules_memo_add(struct rules_memo **memo, struct arena *arena, const struct form *const *forms,
                    size_t count, struct graph_id id)
{
	struct entry *entry = arena_alloc(arena, sizeof(*entry) + count * sizeof(*forms));

	if (!*memo)
		*memo = ARENA_NEW(arena, struct rules_memo);
	if (!entry || !*memo || !grow(*memo, arena))
		return false;
	entry->hash = hash_list(forms, count);
	entry->id = id;
	entry->count = count;
	memcpy(entry->forms, forms, count * sizeof(*forms));
	*slot_of(*memo, entry->hash, forms, count) = entry;
	(*memo)->count++;
	return true;
}
