#include "oci/mentions.h"

#include <stdlib.h>
#include <string.h>

bool entry_has_effect(const struct model *model, const struct entry *entry, uint32_t default_errno)
{
	return !entry->excluded && verdict_value(&entry->verdict, default_errno) !=
	                               verdict_value(&model->fallback, default_errno);
}

static int by_name(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;
	int names = strcmp(x->named->name, y->named->name);

	return names ? names : (x->order > y->order) - (x->order < y->order);
}

bool mentions_collect(const struct model *model, uint32_t default_errno, struct arena *arena,
                      struct mentions *ret_mentions)
{
	size_t room = 0, count = 0;

	for (size_t i = 0; i < model->entry_count; i++)
		room += model->entries[i].name_count;
	struct mention *list = ARENA_ARRAY(arena, struct mention, room);
	if (!list)
		return false;
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct entry *entry = &model->entries[i];
		if (!entry_has_effect(model, entry, default_errno))
			continue;
		for (size_t j = 0; j < entry->name_count; j++, count++)
			list[count] = (struct mention){&entry->names[j], entry, count};
	}
	qsort(list, count, sizeof(*list), by_name);
	*ret_mentions = (struct mentions){list, count};
	return true;
}

size_t mentions_same(const struct mentions *mentions, size_t first)
{
	size_t count = 0;

	while (first + count < mentions->count &&
	       strcmp(mentions->list[first].named->name, mentions->list[first + count].named->name) == 0)
		count++;
	return count;
}

size_t mentions_find(const struct mentions *mentions, const char *name)
{
	size_t low = 0, high = mentions->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(mentions->list[middle].named->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < mentions->count && strcmp(mentions->list[low].named->name, name) == 0;
	return found ? low : mentions->count;
}
