#include "compile/form.h"

#include <string.h>

#include "base/vec.h"
#include "compile/hash.h"

enum { FEW = 12 };

/* Tests being collected: most rules have few. */
struct tests {
	VEC(struct word_test) more;
	struct word_test few[FEW], *items;
	uint32_t count;
};

static bool tests_start(struct tests *tests, uint32_t room)
{
	tests->more.items = NULL;
	tests->more.count = tests->more.capacity = 0;
	tests->items = tests->few;
	tests->count = 0;
	if (room <= FEW)
		return true;
	if (!vec_reserve(&tests->more, room))
		return false;
	tests->items = tests->more.items;
	return true;
}

static const struct form *fail(struct form_set *set)
{
	set->failed = true;
	return NULL;
}

static uint32_t hash_form(uint32_t action, const struct word_test *tests, uint32_t count)
{
	uint64_t hash = action;

	for (uint32_t i = 0; i < count; i++) {
		hash = hash_add(hash, (uint64_t)tests[i].a << 32 | tests[i].b);
		hash = hash_add(hash, (uint64_t)(tests[i].urgent << 16 | tests[i].kind << 8 | tests[i].word));
	}
	return hash_end(hash);
}

static bool is_form(const struct form *form, uint32_t hash, uint32_t action, const struct word_test *tests,
                    uint32_t count)
{
	if (form->hash != hash || form->action != action || form->count != count)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!word_test_same(&form->tests[i], &tests[i]))
			return false;
	return true;
}

static const struct form **slot_of(const struct form_set *set, uint32_t hash, uint32_t action,
                                   const struct word_test *tests, uint32_t count)
{
	size_t at = hash & (set->table_size - 1);

	while (set->table[at] && !is_form(set->table[at], hash, action, tests, count))
		at = (at + 1) & (set->table_size - 1);
	return &set->table[at];
}

static bool grow(struct form_set *set)
{
	struct form_set old = *set;

	if (set->count * 2 < set->table_size)
		return true;
	set->table_size = old.table_size ? old.table_size * 2 : 64;
	set->table = ARENA_ARRAY(set->arena, const struct form *, set->table_size);
	if (!set->table) {
		*set = old;
		return false;
	}
	for (size_t i = 0; i < old.table_size; i++) {
		const struct form *form = old.table[i];
		if (form)
			*slot_of(set, form->hash, form->action, form->tests, form->count) = form;
	}
	return true;
}

const struct form *form_make(struct form_set *set, uint32_t action, const struct word_test *tests,
                             uint32_t count)
{
	uint32_t hash = hash_form(action, tests, count);

	if (set->failed || !grow(set))
		return fail(set);
	const struct form **slot = slot_of(set, hash, action, tests, count);
	if (*slot)
		return *slot;
	struct form *form = arena_alloc(set->arena, sizeof(*form) + count * sizeof(*tests));
	if (!form)
		return fail(set);
	form->id = (uint32_t)set->count++;
	form->hash = hash;
	form->action = action;
	form->count = count;
	if (count) /* memcpy() may not be given NULL, not even for nothing */
		memcpy(form->tests, tests, count * sizeof(*tests));
	return *slot = form;
}

const struct form *form_of_rule(struct form_set *set, const struct policy_rule *rule, const struct arch *arch)
{
	struct tests tests;
	const struct form *form = NULL;
	enum word_outcome outcome = WORD_HOLDS;

	if (!tests_start(&tests, 2 * rule->condition_count))
		return fail(set);
	for (uint32_t i = 0; i < rule->condition_count && outcome != WORD_FAILS; i++) {
		uint32_t count;
		outcome = word_test_split(&rule->conditions[i], arch, tests.items + tests.count, &count);
		tests.count += count;
	}
	if (outcome != WORD_FAILS)
		form = form_make(set, rule->action, tests.items, tests.count);
	vec_finish(&tests.more);
	return form;
}

const struct form *form_know(struct form_set *set, const struct form *form, uint8_t word, uint32_t first,
                             uint32_t last)
{
	struct tests tests;
	const struct form *known = NULL;
	enum word_outcome outcome = WORD_HOLDS;

	if (!tests_start(&tests, form->count))
		return fail(set);
	for (uint32_t i = 0; i < form->count && outcome != WORD_FAILS; i++) {
		const struct word_test *test = &form->tests[i];
		if (word_test_reads(test, word))
			outcome = word_test_know(test, word, first, last, &tests.items[tests.count]);
		else
			tests.items[tests.count] = *test;
		if (!word_test_reads(test, word) || outcome == WORD_REMAINS)
			tests.count++;
	}
	if (outcome != WORD_FAILS)
		known = form_make(set, form->action, tests.items, tests.count);
	vec_finish(&tests.more);
	return known;
}

const struct form *form_know_bits(struct form_set *set, const struct form *form,
                                  const struct word_test *known, bool holds)
{
	struct tests tests;
	const struct form *rest = NULL;
	enum word_outcome outcome = WORD_HOLDS;

	if (!tests_start(&tests, form->count))
		return fail(set);
	for (uint32_t i = 0; i < form->count && outcome != WORD_FAILS; i++) {
		outcome = word_test_know_bits(&form->tests[i], known, holds);
		if (outcome == WORD_REMAINS)
			tests.items[tests.count++] = form->tests[i];
	}
	if (outcome != WORD_FAILS)
		rest = form_make(set, form->action, tests.items, tests.count);
	vec_finish(&tests.more);
	return rest;
}
