/* What is told by looking at instructions once: what may still be read, what an interval says about a comparison, and
 * where regions are divided. */
#include <check.h>

#include "prove/interval.h"
#include "support/run.h"

#define LOAD(k)                                   \
	{                                         \
		BPF_LD | BPF_W | BPF_ABS, 0, 0, k \
	}
#define JUMP(op, k, jt, jf)                       \
	{                                         \
		BPF_JMP | (op) | BPF_K, jt, jf, k \
	}
#define RETURN(k)                        \
	{                                \
		BPF_RET | BPF_K, 0, 0, k \
	}
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct callgate_program program_of(struct sock_filter *insns, size_t count)
{
	return (struct callgate_program){.count = count, .insns = insns, .bytes = insns};
}

START_TEST(every_instruction_reads_what_it_reads)
{
	struct sock_filter insns[] = {
	    LOAD(0),
	    {BPF_MISC | BPF_TAX, 0, 0, 0},
	    LOAD(4),
	    {BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0},
	    {BPF_ST, 0, 0, 3},
	    {BPF_LDX | BPF_MEM, 0, 0, 3},
	    {BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0},
	    RETURN(1),
	    {BPF_MISC | BPF_TXA, 0, 0, 0},
	    JUMP(BPF_JEQ, 1, 0, 0), /* tests nothing */
	    {BPF_LDX | BPF_IMM, 0, 0, 5},
	    {BPF_LDX | BPF_W | BPF_LEN, 0, 0, 0},
	    {BPF_STX, 0, 0, 0},
	    {BPF_LD | BPF_MEM, 0, 0, 0},
	    {BPF_JMP | BPF_JA, 0, 0, 1},
	    {BPF_RET | BPF_A, 0, 0, 0},
	    JUMP(BPF_JSET, 1, 0, 1),
	    {BPF_RET | BPF_A, 0, 0, 0},
	    RETURN(2),
	};
	static const uint32_t expected[] = {
	    0, LIVE_A, LIVE_X, LIVE_A | LIVE_X, LIVE_A, LIVE_A | 1 << 3, LIVE_A | LIVE_X, 0,      LIVE_X, 0,
	    0, 0,      LIVE_X, 1 << 0,          LIVE_A, LIVE_A,          LIVE_A,          LIVE_A, 0,
	};
	struct callgate_program program = program_of(insns, COUNT(insns));
	uint32_t live[COUNT(insns)];

	interval_liveness(&program, live);
	for (size_t i = 0; i < COUNT(insns); i++)
		ck_assert_msg(live[i] == expected[i], "instruction %zu: 0x%x, expected 0x%x", i, live[i], expected[i]);
}
END_TEST

/* What either side of a branch reads is live before it, and so is what lies between. */
START_TEST(both_sides_of_a_branch_count)
{
	for (uint8_t side = 0; side < 2; side++) {
		struct sock_filter insns[] = {
		    {BPF_LDX | BPF_IMM, 0, 0, 1},
		    {BPF_ALU | BPF_NEG, 0, 0, 0},
		    JUMP(BPF_JGE, 1, side, (uint8_t)!side),
		    RETURN(1),
		    {BPF_LD | BPF_MEM, 0, 0, 15},
		    {BPF_ALU | BPF_OR | BPF_X, 0, 0, 0},
		    {BPF_RET | BPF_A, 0, 0, 0},
		};
		struct callgate_program program = program_of(insns, COUNT(insns));
		uint32_t live[COUNT(insns)];
		interval_liveness(&program, live);
		ck_assert_uint_eq(live[4], LIVE_X | 1u << 15);
		ck_assert_uint_eq(live[2], LIVE_A | LIVE_X | 1u << 15);
		ck_assert_uint_eq(live[1], LIVE_A | LIVE_X | 1u << 15);
		ck_assert_uint_eq(live[0], LIVE_A | 1u << 15);
	}
}
END_TEST

static bool compares(uint16_t op, uint32_t number, uint32_t k)
{
	return op == BPF_JSET  ? (number & k) != 0
	       : op == BPF_JEQ ? number == k
	       : op == BPF_JGE ? number >= k
	                       : number > k;
}

/* Beside every number of the interval. Where all bits below the highest that differs take part, the answer is exact. */
static void check_interval(uint16_t op, uint32_t first, uint32_t last, uint32_t mask, uint32_t k, bool is_whole)
{
	bool some = false, all = true;

	for (uint64_t number = first; number <= last; number++) {
		bool holds = compares(op, (uint32_t)number & mask, k);
		some |= holds;
		all &= holds;
	}
	enum interval_answer answer = interval_decide(op, first, last, mask, k), exact = all    ? INTERVAL_TRUE
	                                                                                 : some ? INTERVAL_EITHER
	                                                                                        : INTERVAL_FALSE;
	if (answer != exact && (is_whole || answer != INTERVAL_EITHER))
		ck_abort_msg("0x%x: ([0x%x, 0x%x] & 0x%x) and 0x%x", op, first, last, mask, k);
}

START_TEST(intervals_answer_for_all_their_numbers)
{
	static const uint16_t ops[] = {BPF_JSET, BPF_JEQ, BPF_JGE, BPF_JGT};
	static const uint32_t masks[] = {UINT32_MAX, 0, 1, 2, 3, 5, 6, 12, 0xfffffff0, 0xfffffffe, 0x80000003},
	                      bases[] = {0, 16, 0xfffffff0};

	for (size_t i = 0; i < COUNT(ops) * COUNT(masks) * COUNT(bases); i++) {
		uint16_t op = ops[i % COUNT(ops)];
		uint32_t mask = masks[i / COUNT(ops) % COUNT(masks)], base = bases[i / COUNT(ops) / COUNT(masks)];
		for (uint32_t first = 0; first < 16; first++)
			for (uint32_t last = first; last < 16; last++) {
				uint32_t width = last - first + 1;
				bool is_whole = (width & (width - 1)) == 0 && first % width == 0;
				for (uint32_t k = 0; k < 18; k++)
					check_interval(op, base + first, base + last, mask, k < 2 ? k : base + k - 2,
					               is_whole || (mask == UINT32_MAX && op != BPF_JSET));
			}
	}
}
END_TEST

/* By the highest bits alone: sixteen pieces at most, in each of which the masked bits are the same. */
START_TEST(high_bits_divide_an_interval)
{
	static const uint32_t masks[] = {0x80000000, 0x40000000, 0xc0000000, 0xf0000000, 0x50000000, 0x10000000};
	static const uint32_t ends[][2] = {{0, UINT32_MAX},          {0, 0},
	                                   {5, 0x0fffffff},          {5, 0x10000000},
	                                   {0x2fffffff, 0x30000000}, {0x7fffffff, 0x80000000},
	                                   {0x12345678, 0xdeadbeef}};

	for (size_t i = 0; i < COUNT(masks) * COUNT(ends); i++) {
		uint32_t mask = masks[i % COUNT(masks)], first = ends[i / COUNT(masks)][0],
		         last = ends[i / COUNT(masks)][1], pending[40], pieces = 0;
		size_t count = 0;
		for (;;) {
			uint32_t middle = interval_middle(BPF_JSET, first, last, mask);
			if (middle) {
				ck_assert(first < middle && middle <= last);
				pending[count++] = last;
				last = middle - 1;
				continue;
			}
			ck_assert_uint_eq(first & mask, last & mask);
			ck_assert_uint_le(++pieces, 16);
			if (!count)
				break;
			first = last + 1;
			last = pending[--count];
		}
		ck_assert_uint_eq(last, ends[i / COUNT(masks)][1]);
	}
	/* Lower bits would make too many pieces. */
	ck_assert_uint_eq(interval_middle(BPF_JSET, 0, UINT32_MAX, 0x08000000), 0);
	ck_assert_uint_eq(interval_middle(BPF_JSET, 0, UINT32_MAX, 0x80000001), 0);
	ck_assert_uint_eq(interval_middle(BPF_JSET, 0, UINT32_MAX, 0), 0);
}
END_TEST

/* How many pieces a program's comparisons make of everything, and that each has one answer. */
static size_t pieces_of(struct sock_filter *insns, size_t count, bool is_arch, const uint32_t *starts)
{
	struct callgate_program program = program_of(insns, count);
	struct region pending[16] = {REGION_EVERYTHING};
	size_t left = 1, pieces = 0;
	uint8_t kinds[16];

	while (left) {
		struct region region = pending[--left];
		while (interval_search(&program, kinds, &region, &pending[left])) {
			left++;
			ck_assert_uint_lt(left, 16);
		}
		ck_assert_uint_eq(is_arch ? region.arch_first : region.nr_first, starts[pieces]);
		ck_assert(is_arch ? region.nr_first == 0 && region.nr_last == UINT32_MAX
		                  : region.arch_first == 0 && region.arch_last == UINT32_MAX);
		pieces++;
	}
	return pieces;
}

START_TEST(comparisons_of_numbers_divide_regions)
{
	static const uint32_t equal[] = {0, 5, 6}, above[] = {0, 6}, from[] = {0, 5}, high[] = {0, 0x80000000};

	for (uint32_t is_arch = 0; is_arch < 2; is_arch++) {
		struct sock_filter insns[] = {LOAD(4 * is_arch), JUMP(BPF_JEQ, 5, 0, 1), RETURN(1), RETURN(2)};
		ck_assert_uint_eq(pieces_of(insns, 4, is_arch, equal), 3);
		insns[1].code = BPF_JMP | BPF_JGT | BPF_K;
		ck_assert_uint_eq(pieces_of(insns, 4, is_arch, above), 2);
		insns[1].code = BPF_JMP | BPF_JGE | BPF_K;
		ck_assert_uint_eq(pieces_of(insns, 4, is_arch, from), 2);
		insns[1] = (struct sock_filter)JUMP(BPF_JSET, 0x80000000, 0, 1);
		ck_assert_uint_eq(pieces_of(insns, 4, is_arch, high), 2);
		/* A branch to one place divides nothing, and neither does what is compared with X, or an argument. */
		insns[1] = (struct sock_filter)JUMP(BPF_JEQ, 5, 0, 0);
		ck_assert_uint_eq(pieces_of(insns, 4, is_arch, equal), 1);
		insns[1] = (struct sock_filter){BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 5};
		ck_assert_uint_eq(pieces_of(insns, 4, is_arch, equal), 1);
		insns[0].k = 16;
		insns[1] = (struct sock_filter)JUMP(BPF_JEQ, 5, 0, 1);
		ck_assert_uint_eq(pieces_of(insns, 4, is_arch, equal), 1);
		/* Stores and X leave the number where it is; arithmetic does not, but for the bits that an AND keeps.
		 */
		struct sock_filter kept[] = {LOAD(4 * is_arch),
		                             {BPF_ST, 0, 0, 1},
		                             {BPF_LDX | BPF_IMM, 0, 0, 1},
		                             {BPF_MISC | BPF_TAX, 0, 0, 0},
		                             JUMP(BPF_JEQ, 5, 0, 1),
		                             RETURN(1),
		                             RETURN(2)};
		ck_assert_uint_eq(pieces_of(kept, COUNT(kept), is_arch, equal), 3);
		kept[2] = (struct sock_filter){BPF_ALU | BPF_ADD | BPF_K, 0, 0, 1};
		ck_assert_uint_eq(pieces_of(kept, COUNT(kept), is_arch, equal), 1);
		kept[2] = (struct sock_filter){BPF_ALU | BPF_AND | BPF_K, 0, 0, 0x80000000};
		ck_assert_uint_eq(pieces_of(kept, COUNT(kept), is_arch, high), 2);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-liveness");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, every_instruction_reads_what_it_reads);
	tcase_add_test(tcase, both_sides_of_a_branch_count);
	tcase_add_test(tcase, intervals_answer_for_all_their_numbers);
	tcase_add_test(tcase, high_bits_divide_an_interval);
	tcase_add_test(tcase, comparisons_of_numbers_divide_regions);
	return test_run(tcase);
}
