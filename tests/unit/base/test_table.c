/* The hash table beside a plain list, with hashes that meet often; numbers as digits; characters of UTF-8. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/table.h"
#include "support/random.h"
#include "support/run.h"

enum { ITEMS = 400, STEPS = 20000, HASHES = 37 };

static bool is_number(const void *items, uint32_t index, const void *key)
{
	return ((const uint32_t *)items)[index] == *(const uint32_t *)key;
}

static uint32_t hash(uint32_t number)
{
	return number % HASHES * 0x10000001u;
}

static void compare_with_list(struct random *random, struct table *table)
{
	uint32_t numbers[ITEMS];
	bool present[ITEMS] = {false};

	for (uint32_t i = 0; i < ITEMS; i++)
		numbers[i] = i * 7919;
	for (int step = 0; step < STEPS; step++) {
		uint32_t i = (uint32_t)random_below(random, ITEMS), h = hash(numbers[i]);
		uint32_t found = table_find(table, h, is_number, numbers, &numbers[i]);
		ck_assert_uint_eq(found, present[i] ? i : TABLE_NONE);
		if (present[i])
			table_remove(table, h, i);
		else
			ck_assert(table_add(table, h, i));
		present[i] = !present[i];
	}
}

START_TEST(it_finds_what_was_added_and_not_removed)
{
	struct random random = random_start("it_finds_what_was_added_and_not_removed");
	struct table heap = {0};

	compare_with_list(&random, &heap);
	table_finish(&heap);
	ck_assert_uint_eq(heap.count, 0);
	compare_with_list(&random, &heap);
	table_finish(&heap);
}
END_TEST

START_TEST(it_lives_in_an_arena)
{
	struct random random = random_start("it_lives_in_an_arena");
	struct arena arena = {0};
	struct table table = {.arena = &arena};

	compare_with_list(&random, &table);
	ck_assert(arena_owns(&arena, table.slots));
	arena_finish(&arena);
}
END_TEST

START_TEST(room_is_made_before)
{
	struct table table = {0};

	ck_assert(table_reserve(&table, 1000));
	const struct table_slot *slots = table.slots;
	for (uint32_t i = 0; i < 1000; i++)
		ck_assert(table_add(&table, i, i));
	ck_assert_ptr_eq(table.slots, slots);
	ck_assert(!table_reserve(&table, SIZE_MAX));
	ck_assert(!table_reserve(&table, SIZE_MAX / 4));
	ck_assert(!table_reserve(&table, UINT32_MAX));
	ck_assert_ptr_eq(table.slots, slots);
	table_finish(&table);
}
END_TEST

START_TEST(numbers_are_written_as_printf_does)
{
	static const size_t numbers[] = {0, 9, 10, 12345, 1000000, SIZE_MAX - 1, SIZE_MAX};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char expected[64], text[DECIMAL_SIZE];
		int length = snprintf(expected, sizeof(expected), "%zu", numbers[i]);
		ck_assert_ptr_eq(decimal_write(text, numbers[i]), text + length);
		ck_assert_str_eq(text, expected);
	}
}
END_TEST

START_TEST(characters_have_their_shortest_form)
{
	static const struct {
		const char *text;
		size_t size;
	} cases[] = {
	    {"a", 1},
	    {"\xc3\xa4", 2},
	    {"\xe2\x82\xac", 3},
	    {"\xf0\x9f\x98\x80", 4},
	    {"\xf4\x8f\xbf\xbf", 4},
	    {"\xc0\x80", 0},
	    {"\xe0\x9f\xbf", 0},
	    {"\xed\xa0\x80", 0}, /* a surrogate */
	    {"\xf0\x8f\xbf\xbf", 0},
	    {"\xf4\x90\x80\x80", 0}, /* above U+10FFFF */
	    {"\x80", 0},
	    {"\xe2\x82", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_uint_eq(utf8_size(cases[i].text, strlen(cases[i].text)), cases[i].size);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("base-table");

	tcase_add_test(tcase, it_finds_what_was_added_and_not_removed);
	tcase_add_test(tcase, it_lives_in_an_arena);
	tcase_add_test(tcase, room_is_made_before);
	tcase_add_test(tcase, numbers_are_written_as_printf_does);
	tcase_add_test(tcase, characters_have_their_shortest_form);
	return test_run(tcase);
}
