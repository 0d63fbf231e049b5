#include "compile/popularity.h"

struct popularity_entry {
	struct word_test test;
	uint32_t count; /* 0: free */
};

static struct word_test key_of(const struct word_test *test)
{
	struct word_test key = *test;

	if (word_test_is_wide(test))
		key.b = 0;
	key.urgent = false;
	return key;
}

static struct popularity_entry *slot_of(const struct popularity *popularity, const struct word_test *key)
{
	uint32_t hash = (key->a * 0x85ebca6bu ^ key->b) * 0xc2b2ae35u;

	hash = (hash ^ hash >> 15 ^ (uint32_t)(key->kind << 8 | key->word)) * 0x9e3779b1u;
	for (size_t at = (hash ^ hash >> 16) & (popularity->size - 1);;
	     at = (at + 1) & (popularity->size - 1)) {
		struct popularity_entry *entry = &popularity->table[at];
		if (!entry->count || word_test_same(&entry->test, key))
			return entry;
	}
}

static bool grow(struct popularity *popularity)
{
	struct popularity old = *popularity;

	if (popularity->count * 2 < popularity->size)
		return true;
	popularity->size = old.size ? old.size * 2 : 32;
	popularity->table = ARENA_ARRAY(popularity->arena, struct popularity_entry, popularity->size);
	if (!popularity->table) {
		*popularity = old;
		return false;
	}
	for (size_t i = 0; i < old.size; i++)
		if (old.table[i].count)
			*slot_of(popularity, &old.table[i].test) = old.table[i];
	return true;
}

static bool count_test(struct popularity *popularity, const struct word_test *test)
{
	struct word_test key = key_of(test);

	if (!grow(popularity))
		return false;
	struct popularity_entry *entry = slot_of(popularity, &key);
	popularity->count += !entry->count;
	entry->test = key;
	entry->count++;
	return true;
}

static bool learn_rule(struct popularity *popularity, const struct policy_rule *rule, const struct arch *arch)
{
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		struct word_test tests[2];
		uint32_t count;
		if (word_test_split(&rule->conditions[i], arch, tests, &count) == WORD_FAILS)
			continue;
		for (uint32_t j = 0; j < count; j++)
			if (!count_test(popularity, &tests[j]))
				return false;
	}
	return true;
}

bool popularity_learn(struct popularity *popularity, const struct policy *policy)
{
	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct policy_arch *arch = &policy->archs[i];
		for (size_t j = 0; j < arch->syscall_count; j++)
			for (uint32_t k = 0; k < arch->syscalls[j].rule_count; k++)
				if (!learn_rule(popularity, &arch->syscalls[j].rules[k], arch->arch))
					return false;
	}
	return true;
}

uint32_t popularity_of(const struct popularity *popularity, const struct word_test *test)
{
	struct word_test key = key_of(test);

	return popularity->size ? slot_of(popularity, &key)->count : 0;
}
