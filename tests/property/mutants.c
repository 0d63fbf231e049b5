/*
 * Every change of one instruction of a fixed corpus: constants one up and one down, other offsets of loads and jumps,
 * branches swapped, other operations. Each mutant is shown to be different, by a call that is confirmed, or is equal by
 * brute force.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>

#include "brute_force.h"
#include "corpus.h"
#include "support/run.h"

struct tally {
	unsigned long flagged, equal, equal_tried, refused, unmodelled, inputs;
};

struct subject {
	const struct corpus_entry *entry;
	bool big_endian;
	struct interpret_program original;
	struct tally tally;
};

static void put(uint8_t *bytes, size_t size, uint32_t number, bool big_endian)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(number >> 8 * (big_endian ? size - 1 - i : i));
}

static struct callgate_program *make(const struct subject *subject, size_t at, struct sock_filter insn)
{
	size_t size = 8 * subject->original.count;
	uint8_t *bytes = malloc(size);
	struct callgate_program *mutant;

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, callgate_program_bytes(subject->entry->program), size);
	put(bytes + 8 * at, 2, insn.code, subject->big_endian);
	bytes[8 * at + 2] = insn.jt;
	bytes[8 * at + 3] = insn.jf;
	put(bytes + 8 * at + 4, 4, insn.k, subject->big_endian);
	ck_assert_int_eq(callgate_program_new(bytes, size, subject->entry->arch, &mutant), 0);
	free(bytes);
	return mutant;
}

/* The prover says equal: is it? */
static void check_equal(struct subject *subject, const struct callgate_program *mutant)
{
	struct interpret_program changed = interpret_read(mutant, subject->big_endian);
	struct brute_force answer = brute_force(&subject->original, &changed);

	ck_assert_msg(answer.equal, "%s: a mutant that is not equal was proved equal", subject->entry->name);
	subject->tally.inputs += answer.inputs;
	if (answer.exact)
		subject->tally.equal++;
	else
		subject->tally.equal_tried++;
	free(changed.insns);
}

static void check_different(struct subject *subject, const struct callgate_program *mutant,
                            const struct callgate_comparison *comparison)
{
	ck_assert_uint_eq(comparison->count, 1);
	const struct callgate_difference *difference = &comparison->differences[0];
	uint32_t was = interpret_call(subject->entry->program, subject->big_endian, &difference->witness);
	uint32_t is = interpret_call(mutant, subject->big_endian, &difference->witness);

	ck_assert_uint_eq(was, difference->first);
	ck_assert_uint_eq(is, difference->second);
	ck_assert_uint_ne(was, is);
	struct interpret_program changed = interpret_read(mutant, subject->big_endian);
	struct brute_force answer = brute_force(&subject->original, &changed);
	ck_assert(!answer.exact || !answer.equal);
	free(changed.insns);
	subject->tally.flagged++;
}

static void judge(struct subject *subject, size_t at, struct sock_filter insn)
{
	struct sock_filter original = subject->original.insns[at];
	struct callgate_comparison *comparison;

	if (memcmp(&insn, &original, sizeof(insn)) == 0)
		return;
	struct callgate_program *mutant = make(subject, at, insn);
	const struct callgate_program *list[] = {mutant};
	struct callgate_filter rules = {.ctx = subject->entry->ctx}, program = {.programs = list, .program_count = 1};
	ck_assert_int_eq(callgate_compare(&rules, &program, 1, &comparison), 0);
	if (comparison->relation == CALLGATE_RELATION_UNKNOWN) {
		char expected[64]; /* a return of a word: no answer, at once */
		snprintf(expected, sizeof(expected), "not modelled: instruction %zu ", at);
		ck_assert_msg(strstr(callgate_diagnosis(NULL), expected), "%s: %s", expected, callgate_diagnosis(NULL));
		ck_assert_uint_eq(insn.code, BPF_RET | BPF_A);
		subject->tally.unmodelled++;
	} else if (comparison->relation == CALLGATE_RELATION_REFUSED) {
		ck_assert_int_ne(callgate_program_check(mutant), 0);
		subject->tally.refused++;
	} else if (comparison->relation == CALLGATE_RELATION_EQUAL)
		check_equal(subject, mutant);
	else
		check_different(subject, mutant, comparison);
	callgate_comparison_free(comparison);
	callgate_program_free(mutant);
}

static void change_jumps(struct subject *subject, size_t at, struct sock_filter insn)
{
	static const uint16_t ops[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};

	judge(subject, at, (struct sock_filter){insn.code, insn.jf, insn.jt, insn.k});
	for (int change = -1; change <= 1; change += 2) {
		judge(subject, at, (struct sock_filter){insn.code, (uint8_t)(insn.jt + change), insn.jf, insn.k});
		judge(subject, at, (struct sock_filter){insn.code, insn.jt, (uint8_t)(insn.jf + change), insn.k});
	}
	for (int i = 0; i < 4; i++)
		judge(subject, at, (struct sock_filter){BPF_JMP | ops[i] | BPF_K, insn.jt, insn.jf, insn.k});
}

static void change(struct subject *subject, size_t at)
{
	struct sock_filter insn = subject->original.insns[at], other = insn;
	uint32_t step = insn.code == (BPF_LD | BPF_W | BPF_ABS) ? 4 : 1;

	other.k = insn.k + step;
	judge(subject, at, other);
	other.k = insn.k - step;
	judge(subject, at, other);
	other = insn;
	if (BPF_CLASS(insn.code) == BPF_JMP && BPF_OP(insn.code) != BPF_JA)
		change_jumps(subject, at, insn);
	else if (insn.code == (BPF_RET | BPF_K))
		other.code = BPF_RET | BPF_A;
	else if (insn.code == (BPF_LD | BPF_W | BPF_ABS))
		other.code = BPF_LD | BPF_IMM;
	else if (BPF_CLASS(insn.code) == BPF_ALU)
		other.code = BPF_ALU | BPF_OR | BPF_K;
	judge(subject, at, other);
}

START_TEST(every_mutant_is_flagged_or_equal)
{
	struct corpus_entry entries[CORPUS_MAX];
	size_t count = corpus_make(entries);

	for (size_t i = 0; i < count; i++) {
		bool big_endian = entries[i].arch == SCMP_ARCH_S390X;
		struct subject subject = {&entries[i], big_endian, interpret_read(entries[i].program, big_endian), {0}};
		for (size_t at = 0; at < subject.original.count; at++)
			change(&subject, at);
		const struct tally *t = &subject.tally;
		printf("%s: %lu mutants flagged of %lu that are not equal (100%%); %lu equal on all inputs "
		       "(%lu tried), "
		       "%lu more equal where no number of inputs is all of them, %lu refused, %lu not "
		       "modelled\n",
		       entries[i].name, t->flagged, t->flagged, t->equal, t->inputs, t->equal_tried, t->refused,
		       t->unmodelled);
		ck_assert_uint_gt(t->flagged, 0);
		ck_assert_uint_gt(t->equal, 0);
		free(subject.original.insns);
	}
	corpus_free(entries, count);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mutants");

	tcase_set_timeout(tcase, 1800);
	tcase_add_test(tcase, every_mutant_is_flagged_or_equal);
	return test_run(tcase);
}
