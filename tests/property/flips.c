/*
 * Every bit of emitted programs, flipped: then the kernel would refuse the program, or it is shown to be different by a
 * call that the simulator confirms, or it is truly equal. There is no fourth answer.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>
#include <callgate/simulate.h>

#include "brute_force.h"
#include "corpus.h"
#include "interpret.h"
#include "support/random.h"
#include "support/run.h"

enum { PROGRAMS_MAX = 3 };

/* A context, and the programs that together do what it says. */
struct subject {
	const char *name;
	scmp_filter_ctx ctx;
	uint32_t arch;
	size_t count;
	const struct callgate_program *programs[PROGRAMS_MAX];
};

struct tally {
	unsigned long equal, different, refused, unmodelled;
};

static uint32_t strictest(uint32_t newest, uint32_t older)
{
	return (int32_t)(older & 0xffff0000) < (int32_t)(newest & 0xffff0000) ? older : newest;
}

static bool is_big_endian(const struct subject *subject)
{
	return subject->arch == SCMP_ARCH_S390X;
}

static uint32_t stack_verdict(const struct subject *subject, const struct callgate_filter *stack,
                              const struct callgate_call *call)
{
	/* These numbers stand for other architectures in a call: then the other interpreter must do. */
	bool simulated = call->arch != SCMP_ARCH_NATIVE && call->arch != SCMP_ARCH_X32;
	uint32_t result = 0;

	for (size_t i = stack->program_count; i-- > 0;) {
		struct callgate_verdict verdict;
		uint32_t action = interpret_call(stack->programs[i], is_big_endian(subject), call);
		ck_assert_int_eq(callgate_simulate_program(stack->programs[i], call, &verdict), 0);
		ck_assert(!simulated || verdict.action == action);
		result = i + 1 == stack->program_count ? action : strictest(result, action);
	}
	return result;
}

static void check_witness(const struct subject *subject, const struct callgate_filter *changed,
                          const struct callgate_difference *difference)
{
	struct callgate_filter original = {.programs = subject->programs, .program_count = subject->count};
	uint32_t was = stack_verdict(subject, &original, &difference->witness),
	         is = stack_verdict(subject, changed, &difference->witness);

	ck_assert_uint_eq(was, difference->first);
	ck_assert_uint_eq(is, difference->second);
	ck_assert_uint_ne(was, is);
}

/* A single program that is said to be equal: both are run on representatives of all inputs, or nearly all. */
static void check_equal(const struct subject *subject, const struct callgate_filter *changed)
{
	struct interpret_program a = interpret_read(subject->programs[0], is_big_endian(subject)),
	                         b = interpret_read(changed->programs[0], is_big_endian(subject));

	ck_assert(brute_force(&a, &b).equal);
	free(a.insns);
	free(b.insns);
}

/* Products, quotients and returns of words are no answer, at once, and it is said which instruction that is. */
static void check_unmodelled(size_t instruction)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "not modelled: instruction %zu ", instruction);
	ck_assert_msg(strstr(callgate_diagnosis(NULL), expected), "%s: %s", expected, callgate_diagnosis(NULL));
}

/* What callgate prove's exit status is made of; `at` is the changed instruction. */
static void judge(const struct subject *subject, const struct callgate_filter *changed, bool acceptable, size_t at,
                  struct tally *tally)
{
	struct callgate_filter rules = {.ctx = subject->ctx};
	struct callgate_comparison *comparison;

	ck_assert_int_eq(callgate_compare(&rules, changed, 1, &comparison), 0);
	ck_assert_int_eq(comparison->relation == CALLGATE_RELATION_REFUSED, !acceptable);
	if (!acceptable)
		tally->refused++;
	else if (comparison->relation == CALLGATE_RELATION_UNKNOWN) {
		check_unmodelled(at);
		tally->unmodelled++;
	} else if (comparison->relation == CALLGATE_RELATION_EQUAL) {
		if (subject->count == 1)
			check_equal(subject, changed);
		tally->equal++;
	} else {
		ck_assert_uint_eq(comparison->count, 1);
		check_witness(subject, changed, &comparison->differences[0]);
		tally->different++;
	}
	callgate_comparison_free(comparison);
}

static void flip(const struct subject *subject, size_t which, size_t bit, struct tally *tally)
{
	const struct callgate_program *programs[PROGRAMS_MAX], *original = subject->programs[which];
	size_t size = 8 * callgate_program_length(original);
	struct callgate_program *changed;
	uint8_t *bytes = malloc(size);

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, callgate_program_bytes(original), size);
	bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	ck_assert_int_eq(callgate_program_new(bytes, size, subject->arch, &changed), 0);
	free(bytes);
	memcpy(programs, subject->programs, sizeof(programs));
	programs[which] = changed;
	struct callgate_filter side = {.programs = programs, .program_count = subject->count};
	judge(subject, &side, callgate_program_check(changed) == 0, bit / 64, tally);
	callgate_program_free(changed);
}

/* Every `step`th bit, from the `first` on. */
static void flip_some(const struct subject *subject, size_t first, size_t step)
{
	struct tally tally = {0};

	for (size_t which = 0; which < subject->count; which++)
		for (size_t bit = first; bit < 64 * callgate_program_length(subject->programs[which]); bit += step)
			flip(subject, which, bit, &tally);
	printf("%s: %lu different, %lu equal, %lu refused, %lu not modelled, %s\n", subject->name, tally.different,
	       tally.equal, tally.refused, tally.unmodelled, step == 1 ? "all bits" : "some bits");
	ck_assert_uint_gt(tally.different, 0);
	ck_assert_uint_gt(tally.refused, 0);
}

/* A long run takes all bits; another one in a few, and not the same ones every time. */
START_TEST(bits_of_programs)
{
	struct random random = random_start("bits_of_programs");
	uint32_t step = random_long() > 1 ? 1 : 5;
	struct corpus_entry entries[CORPUS_MAX];
	size_t count = corpus_make(entries);

	for (size_t i = 0; i < count; i++) {
		struct subject subject = {entries[i].name, entries[i].ctx, entries[i].arch, 1, {entries[i].program}};
		flip_some(&subject, random_below(&random, step), step);
	}
	corpus_free(entries, count);
}
END_TEST

/* Three programs that each refuse something, and all of it in one context. */
START_TEST(every_bit_of_a_stack)
{
	static const char *const names[] = {"ptrace", "personality", "mount"};
	static const uint32_t actions[] = {SCMP_ACT_KILL_PROCESS, SCMP_ACT_ERRNO(7), SCMP_ACT_TRAP};
	struct callgate_program *programs[PROGRAMS_MAX];
	struct subject subject = {"three programs", seccomp_init(SCMP_ACT_ALLOW), SCMP_ARCH_NATIVE, PROGRAMS_MAX, {0}};

	for (int i = 0; i < PROGRAMS_MAX; i++) {
		scmp_filter_ctx part = seccomp_init(SCMP_ACT_ALLOW);
		int nr = seccomp_syscall_resolve_name(names[i]);
		struct scmp_arg_cmp arg = SCMP_A1(SCMP_CMP_GT, 0x100000000 + (unsigned)i);
		ck_assert_int_eq(seccomp_rule_add(part, actions[i], nr, i == 0 ? 0 : 1, arg), 0);
		ck_assert_int_eq(seccomp_rule_add(subject.ctx, actions[i], nr, i == 0 ? 0 : 1, arg), 0);
		ck_assert_int_eq(callgate_program_compile(part, &programs[i]), 0);
		subject.programs[i] = programs[i];
		seccomp_release(part);
	}
	flip_some(&subject, 0, 1);
	for (int i = 0; i < PROGRAMS_MAX; i++)
		callgate_program_free(programs[i]);
	seccomp_release(subject.ctx);
}
END_TEST

/*
 * Calls with so many rules that a program is nearly as long as the kernel takes. Not every bit: each is a proof of its
 * own.
 */
START_TEST(bits_of_a_long_stack)
{
	enum { CALLS = 160, RULES = 3, STEP = 499 };
	struct random random = random_start("bits_of_a_long_stack");
	struct callgate_program *programs[2];
	struct subject subject = {"two long programs", seccomp_init(SCMP_ACT_ALLOW), SCMP_ARCH_NATIVE, 2, {0}};

	for (unsigned which = 0; which < 2; which++) {
		scmp_filter_ctx part = seccomp_init(SCMP_ACT_ALLOW);
		for (unsigned i = 0; i < CALLS * RULES; i++) {
			struct scmp_arg_cmp args[] = {
			    SCMP_A0(SCMP_CMP_EQ, random_next(&random)),
			    SCMP_A2(SCMP_CMP_MASKED_EQ, 0xff, random_below(&random, 256)),
			};
			int nr = (int)(which * CALLS / 2 + i / RULES / 2);
			uint32_t action = SCMP_ACT_ERRNO(1 + i % 100);
			ck_assert_int_eq(seccomp_rule_add_array(part, action, nr, 2, args), 0);
			ck_assert_int_eq(seccomp_rule_add_array(subject.ctx, action, nr, 2, args), 0);
		}
		ck_assert_int_eq(callgate_program_compile(part, &programs[which]), 0);
		subject.programs[which] = programs[which];
		seccomp_release(part);
	}
	flip_some(&subject, random_below(&random, STEP), STEP);
	for (int i = 0; i < 2; i++)
		callgate_program_free(programs[i]);
	seccomp_release(subject.ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("flips");

	tcase_set_timeout(tcase, 1800);
	tcase_add_test(tcase, bits_of_programs);
	tcase_add_test(tcase, every_bit_of_a_stack);
	tcase_add_test(tcase, bits_of_a_long_stack);
	return test_run(tcase);
}
