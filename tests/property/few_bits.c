/*
 * Programs that compute with a few bits of the input, in every way that the kernel accepts, and changes of them: what
 * the prover says of two of them is held against the answers of a second interpreter on every value of these bits.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>

#include "interpret.h"
#include "support/bits.h"
#include "support/random.h"
#include "support/simulated.h"

enum { WINDOWS = 3, WINDOW_BITS = 3, BODY = 14, LENGTH = 2 * WINDOWS + WINDOWS + BODY + 4 };

/* A few bits of a word of the input. No program here sees anything else of it. */
struct window {
	uint32_t offset, mask;
};

struct sketch {
	struct window windows[WINDOWS];
	struct sock_filter insns[LENGTH];
};

static const uint16_t computing[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND,
                                     BPF_OR,  BPF_XOR, BPF_LSH, BPF_RSH, BPF_NEG};
static const uint16_t moving[] = {
    BPF_MISC | BPF_TAX,
    BPF_MISC | BPF_TXA,
    BPF_LD | BPF_IMM,
    BPF_LDX | BPF_IMM,
    BPF_LD | BPF_W | BPF_LEN,
    BPF_LDX | BPF_W | BPF_LEN,
    BPF_LD | BPF_MEM,
    BPF_LDX | BPF_MEM,
    BPF_ST,
    BPF_STX,
};
static const uint16_t comparing[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET, BPF_JA};

#define ANY(random, list) (list)[random_below((random), sizeof(list) / sizeof((list)[0]))]

static uint32_t some_number(struct random *random)
{
	switch (random_below(random, 4)) {
	case 0:
		return random_below(random, 9);
	case 1:
		return 0u - random_below(random, 9);
	case 2:
		return 1u << random_below(random, 32);
	default:
		return (uint32_t)random_next(random);
	}
}

static struct sock_filter compute(struct random *random)
{
	uint16_t op = ANY(random, computing);
	bool product = op == BPF_MUL || op == BPF_DIV;
	bool by_x = op != BPF_NEG && random_below(random, product ? 30 : 2) == 0;
	uint32_t k = op == BPF_LSH || op == BPF_RSH ? random_below(random, 32) : some_number(random);

	/* Mostly what the prover models. */
	if (product && random_below(random, 30))
		k = 1u << random_below(random, 32);
	return (struct sock_filter){BPF_ALU | op | (by_x ? BPF_X : BPF_K), 0, 0, !by_x && op == BPF_DIV && !k ? 1 : k};
}

/* Jumps lead to the last four instructions at most, which do not jump further than that. */
static struct sock_filter body_instruction(struct random *random, uint32_t left)
{
	switch (random_below(random, 7)) {
	case 0: {
		uint16_t op = ANY(random, comparing);
		uint32_t near = left < 6 ? left : 6;
		if (op == BPF_JA)
			return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, random_below(random, near));
		return (struct sock_filter)BPF_JUMP(BPF_JMP | op | (random_below(random, 2) ? BPF_X : BPF_K),
		                                    some_number(random), (uint8_t)random_below(random, near),
		                                    (uint8_t)random_below(random, near));
	}
	case 1:
	case 2: {
		uint16_t code = ANY(random, moving);
		bool number = code == (BPF_LD | BPF_IMM) || code == (BPF_LDX | BPF_IMM);
		return (struct sock_filter)BPF_STMT(code, number ? some_number(random) : random_below(random, WINDOWS));
	}
	default:
		return compute(random);
	}
}

static void draw(struct random *random, struct sketch *s)
{
	static const struct sock_filter ends[] = {
	    BPF_STMT(BPF_RET | BPF_A, 0),
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ERRNO(1)),
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_KILL_PROCESS),
	};
	struct sock_filter *next = s->insns;

	for (int i = 0; i < WINDOWS; i++) {
		struct window *window = &s->windows[i];
		*window = (struct window){4 * random_below(random, 16), 0};
		while (__builtin_popcount(window->mask) < WINDOW_BITS)
			window->mask |= 1u << random_below(random, 32);
		*next++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, window->offset);
		*next++ = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, window->mask);
		*next++ = (struct sock_filter)BPF_STMT(BPF_ST, (uint32_t)i);
	}
	for (uint32_t i = 0; i < BODY; i++)
		*next++ = body_instruction(random, BODY - i + 3);
	memcpy(next, ends, sizeof(ends));
	/* Otherwise a computed word is returned, if anything is there. */
	if (random_below(random, 20))
		next[0] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | comparing[random_below(random, 4)] | BPF_K,
		    random_below(random, 2) ? some_number(random) : s->windows[random_below(random, WINDOWS)].mask, 0,
		    1);
}

/* One instruction of the body becomes another. */
static void change(struct random *random, struct sketch *s)
{
	uint32_t at = random_below(random, BODY);

	s->insns[3 * WINDOWS + at] = body_instruction(random, BODY - at + 3);
}

struct words {
	uint32_t word[16];
};

static uint32_t load(void *closure, uint32_t offset)
{
	return ((struct words *)closure)->word[offset / 4];
}

/* Programs that are stacked, in the order in which they are loaded. */
struct stack {
	const struct sketch *sketches[2];
	size_t count;
};

/* The strictest action counts, and among equals that of the newest. */
static uint32_t answer(const struct stack *stack, struct words *words)
{
	uint32_t result = 0;

	for (size_t i = stack->count; i-- > 0;) {
		struct interpret_program program = {LENGTH, (struct sock_filter *)stack->sketches[i]->insns};
		uint32_t verdict = interpret_run(&program, load, words);
		if (i + 1 == stack->count || (int32_t)(verdict & 0xffff0000u) < (int32_t)(result & 0xffff0000u))
			result = verdict;
	}
	return result;
}

/* Is there an input on which they differ? All sketches here look through the same windows. */
static bool differ(const struct stack *a, const struct stack *b)
{
	const struct window *windows = a->sketches[0]->windows;

	for (uint32_t input = 0; input < 1u << WINDOWS * WINDOW_BITS; input++) {
		struct words words = {{0}};
		for (int i = 0; i < WINDOWS; i++) {
			uint32_t *word = &words.word[windows[i].offset / 4];
			*word = (*word & ~windows[i].mask) |
			        (uint32_t)bits_scatter(input >> i * WINDOW_BITS, windows[i].mask);
		}
		if (answer(a, &words) != answer(b, &words))
			return true;
	}
	return false;
}

static struct callgate_program *program_of(const struct sketch *s, bool big_endian)
{
	uint32_t arch = big_endian ? SCMP_ARCH_S390X : SCMP_ARCH_X86_64;
	struct callgate_program *program;
	struct sock_filter insns[LENGTH];

	memcpy(insns, s->insns, sizeof(insns));
	simulated_byte_order(arch, insns, LENGTH);
	ck_assert_int_eq(callgate_program_new(insns, sizeof(insns), arch, &program), 0);
	ck_assert_msg(callgate_program_check(program) == 0, "%s", callgate_diagnosis(NULL));
	return program;
}

/* What the programs say of a call, by the second interpreter. */
static uint32_t answer_to_call(const struct stack *stack, bool big_endian, const struct callgate_call *call)
{
	struct words words = {{(uint32_t)call->nr, call->arch}};

	for (int i = 0; i < 7; i++) {
		uint64_t wide = i ? call->args[i - 1] : call->instruction_pointer;
		words.word[2 + 2 * i + big_endian] = (uint32_t)wide;
		words.word[3 + 2 * i - big_endian] = (uint32_t)(wide >> 32);
	}
	return answer(stack, &words);
}

static void check_difference(const struct callgate_comparison *c, const struct stack *a, const struct stack *b,
                             bool big_endian)
{
	ck_assert_uint_ge(c->count, 1);
	for (size_t i = 0; i < c->count; i++) {
		const struct callgate_difference *d = &c->differences[i];
		ck_assert_uint_ne(d->first, d->second);
		ck_assert_uint_eq(answer_to_call(a, big_endian, &d->witness), d->first);
		ck_assert_uint_eq(answer_to_call(b, big_endian, &d->witness), d->second);
	}
}

/* 1 if they are equal, and the prover says so. */
static unsigned long check(const struct stack *a, const struct stack *b, bool big_endian, unsigned long *undecided)
{
	const struct stack *stacks[2] = {a, b};
	struct callgate_program *programs[2][2] = {{NULL}};
	struct callgate_filter sides[2];
	struct callgate_comparison *c;
	bool expected = differ(a, b);

	for (int i = 0; i < 2; i++) {
		for (size_t j = 0; j < stacks[i]->count; j++)
			programs[i][j] = program_of(stacks[i]->sketches[j], big_endian);
		sides[i] = (struct callgate_filter){.programs = (const struct callgate_program *const *)programs[i],
		                                    .program_count = stacks[i]->count};
	}
	ck_assert_int_eq(callgate_compare(&sides[0], &sides[1], 4, &c), 0);
	bool decided = c->relation != CALLGATE_RELATION_UNKNOWN;
	if (c->relation == CALLGATE_RELATION_UNKNOWN || c->relation == CALLGATE_RELATION_DIFFERENT)
		ck_assert_msg(strstr(callgate_diagnosis(NULL), "not modelled: instruction "), "%s",
		              callgate_diagnosis(NULL));
	*undecided += !decided;
	ck_assert(!decided || (c->relation != CALLGATE_RELATION_EQUAL) == expected);
	if (expected && decided)
		check_difference(c, a, b, big_endian);
	callgate_comparison_free(c);
	for (int i = 0; i < 4; i++)
		callgate_program_free(programs[i / 2][i % 2]);
	return !expected && decided;
}

START_TEST(programs_that_see_few_bits)
{
	struct random random = random_start("programs_that_see_few_bits");
	unsigned long runs = random_runs(10000), equal = 0, stacks = 0, undecided = 0;

	for (unsigned long i = 0; i < runs; i++) {
		struct sketch first, second;
		bool big_endian = random_below(&random, 2);
		draw(&random, &first);
		second = first;
		change(&random, &second);
		struct stack a = {{&first}, 1}, b = {{&second}, 1}, both = {{&first, &second}, 2};
		equal += check(&a, &b, big_endian, &undecided);
		stacks += check(&both, &b, big_endian, &undecided);
	}
	printf("%lu pairs, %lu of them equal; %lu stacks, %lu of them equal; %lu not modelled\n", runs, equal, runs,
	       stacks, undecided);
	ck_assert_uint_lt(undecided, runs / 2 + 1);
	ck_assert(runs < 100 || (equal > runs / 20 && equal < runs - runs / 20));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("few-bits");

	tcase_set_timeout(tcase, 1200);
	tcase_add_test(tcase, programs_that_see_few_bits);
	return simulated_run(tcase);
}
