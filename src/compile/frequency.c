/* What many rules test is tested last, where it can be one tail for all of them. */
#include "compile/expansion.h"

struct frequency_entry {
	struct literal literal;
	uint32_t count;
};

static struct literal key_of(const struct literal *literal)
{
	struct literal key = *literal;

	if (literal_is_wide(literal))
		key.b = 0;
	key.urgent = false;
	return key;
}

static uint32_t hash_key(const struct literal *key)
{
	return hash_end(hash_add((uint64_t)(key->kind << 8 | key->word), (uint64_t)key->a << 32 | key->b));
}

static bool is_equal(const void *items, uint32_t index, const void *key)
{
	return literal_same(&((const struct frequency_entry *)items)[index].literal, key);
}

static bool count_literal(struct frequency *frequency, const struct literal *literal)
{
	struct frequency_entry entry = {key_of(literal), 1};
	uint32_t hash = hash_key(&entry.literal);
	uint32_t known =
	    table_find(&frequency->table, hash, is_equal, frequency->entries.items, &entry.literal);

	if (known == TABLE_NONE)
		return table_add(&frequency->table, hash, (uint32_t)frequency->entries.count) &&
		       vec_push_in(&frequency->entries, frequency->arena, entry);
	frequency->entries.items[known].count++;
	return true;
}

static bool learn_rule(struct frequency *frequency, const struct policy_rule *rule,
                       const struct callgate_arch *arch)
{
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		struct literal literals[2];
		uint32_t count;
		if (literal_split(&rule->conditions[i], arch, literals, &count) == LITERAL_FAILS)
			continue;
		for (uint32_t j = 0; j < count; j++)
			if (!count_literal(frequency, &literals[j]))
				return false;
	}
	return true;
}

bool frequency_learn(struct frequency *frequency, const struct policy *policy)
{
	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct policy_arch *arch = &policy->archs[i];
		for (size_t j = 0; j < arch->syscall_count; j++)
			for (uint32_t k = 0; k < arch->syscalls[j].rule_count; k++)
				if (!learn_rule(frequency, &arch->syscalls[j].rules[k], arch->arch))
					return false;
	}
	return true;
}

uint32_t frequency_of(const struct frequency *frequency, const struct literal *literal)
{
	struct literal key = key_of(literal);
	uint32_t known =
	    table_find(&frequency->table, hash_key(&key), is_equal, frequency->entries.items, &key);

	return known == TABLE_NONE ? 0 : frequency->entries.items[known].count;
}
