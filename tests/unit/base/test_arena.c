/* Regions of memory: what is handed out is aligned, does not overlap, stays, and is zeroed where that is said. */
#include <check.h>
#include <stdalign.h>
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "support/random.h"
#include "support/run.h"

enum { PIECES = 300, LARGEST = 5000 };

struct piece {
	unsigned char *at;
	size_t size;
};

static bool is_all(const unsigned char *bytes, size_t size, unsigned char value)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static struct piece take(struct random *random, struct arena *arena, unsigned char value)
{
	bool zeroed = random_below(random, 2);
	struct piece piece = {.size = random_below(random, random_below(random, 4) ? 100 : LARGEST)};

	piece.at = zeroed ? arena_alloc(arena, piece.size) : arena_take(arena, piece.size);
	ck_assert_ptr_nonnull(piece.at);
	ck_assert_uint_eq((uintptr_t)piece.at % alignof(max_align_t), 0);
	ck_assert(!zeroed || is_all(piece.at, piece.size, 0));
	memset(piece.at, value, piece.size);
	return piece;
}

static void fill_and_check(struct random *random, struct arena *arena)
{
	struct piece pieces[PIECES];

	for (int i = 0; i < PIECES; i++)
		pieces[i] = take(random, arena, (unsigned char)(1 + i % 255));
	for (int i = 0; i < PIECES; i++)
		ck_assert(is_all(pieces[i].at, pieces[i].size, (unsigned char)(1 + i % 255)));
}

START_TEST(pieces_stay)
{
	struct random random = random_start("pieces_stay");
	struct arena_room room;
	struct arena lent, own = {0};

	memset(&room, 0xff, sizeof(room));
	arena_start(&lent, &room);
	fill_and_check(&random, &lent);
	fill_and_check(&random, &own);
	arena_finish(&lent);
	arena_finish(&own);
	fill_and_check(&random, &own); /* usable again */
	arena_finish(&own);
}
END_TEST

/* The caller's memory comes first. */
START_TEST(room_is_used)
{
	struct arena_room room;
	struct arena arena;

	arena_start(&arena, &room);
	for (int i = 0; i < 10; i++) {
		unsigned char *at = arena_alloc(&arena, ARENA_ROOM / 16);
		ck_assert(at >= room.bytes && at + ARENA_ROOM / 16 <= room.bytes + sizeof(room.bytes));
	}
	arena_finish(&arena);
}
END_TEST

START_TEST(there_is_no_such_memory)
{
	struct arena arena = {0};

	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX));
	ck_assert_ptr_null(arena_take(&arena, SIZE_MAX - 7));
	ck_assert_ptr_null(arena_alloc_array(&arena, SIZE_MAX / 4, 8));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 0));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 100));
	arena_finish(&arena);
}
END_TEST

START_TEST(vectors_keep_what_they_hold)
{
	struct arena arena = {0};
	ARENA_VEC(uint32_t) vec = {0};

	for (uint32_t i = 0; i < 5000; i++) {
		ck_assert(vec_push_in(&vec, &arena, i));
		if (i % 700 == 0)
			ck_assert_ptr_nonnull(arena_alloc(&arena, 40));
	}
	for (uint32_t i = 0; i < 5000; i++)
		ck_assert_uint_eq(vec.items[i], i);
	arena_finish(&arena);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("base-arena");

	tcase_add_test(tcase, pieces_stay);
	tcase_add_test(tcase, room_is_used);
	tcase_add_test(tcase, there_is_no_such_memory);
	tcase_add_test(tcase, vectors_keep_what_they_hold);
	return test_run(tcase);
}
