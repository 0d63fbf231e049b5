/*
 * Products, quotients and returned words: those of constants, and by constant powers of two, are proved; the others are
 * no answer, at once, and it is said which instruction is to blame.
 */
#include <check.h>
#include <string.h>

#include <linux/audit.h>
#include <linux/filter.h>

#include "query/query.h"
#include "query/differences.h"
#include "query/proof.h"
#include "support/run.h"

enum { LONGEST = 12 };

/* The proofs read instructions in host order; LOAD is of the low half of the first argument. */
#define LITTLE_ENDIAN_TARGET false
#define LOAD                 BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16)
#define RETURN(k)            BPF_STMT(BPF_RET | BPF_K, k)
#define ABOVE(k)             BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, k, 0, 1)
#define SECOND               BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24)
#define IS(k, yes, no)       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, yes, no)
#define VERDICTS             RETURN(1), RETURN(2)

struct pair {
	struct sock_filter first[LONGEST], second[LONGEST];
	enum prove_outcome outcome;
	const char *text;
};

static const struct pair pairs[] = {
    /* A product with a power of two is a shift, from either side; and one with zero is zero. */
    {{LOAD, BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 8), ABOVE(99), VERDICTS},
     {LOAD, BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 3), ABOVE(99), VERDICTS},
     PROVE_EQUAL,
     ""},
    {{LOAD, BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_LD | BPF_IMM, 1u << 31),
      BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0), ABOVE(0), VERDICTS},
     {LOAD, BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1), VERDICTS},
     PROVE_EQUAL,
     ""},
    {{LOAD, BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0), ABOVE(0), VERDICTS}, {RETURN(2)}, PROVE_EQUAL, ""},
    {{LOAD, BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 16), ABOVE(6), VERDICTS},
     {LOAD, BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 7 * 16, 0, 1), VERDICTS},
     PROVE_EQUAL,
     ""},
    {{LOAD, BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 16), ABOVE(6), VERDICTS},
     {LOAD, BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 7 * 16 + 1, 0, 1), VERDICTS},
     PROVE_DIFFERENT,
     "112"},
    /* Constants are computed; a division by a zero X ends the program. */
    {{BPF_STMT(BPF_LD | BPF_IMM, 7), BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 9), BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 5),
      BPF_STMT(BPF_RET | BPF_A, 0)},
     {RETURN(12)},
     PROVE_EQUAL,
     ""},
    {{LOAD, BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), RETURN(1)}, {RETURN(SECCOMP_RET_KILL_THREAD)}, PROVE_EQUAL, ""},
    /* LDX LEN is the size of struct seccomp_data. */
    {{BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), LOAD, BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), RETURN(1)},
     {RETURN(1)},
     PROVE_EQUAL,
     ""},
    {{BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), LOAD, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), VERDICTS},
     {LOAD, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 64, 0, 1), VERDICTS},
     PROVE_EQUAL,
     ""},
    /* A branch whose sides meet is no test. */
    {{LOAD, BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 7), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 0), RETURN(1)},
     {RETURN(1)},
     PROVE_EQUAL,
     ""},
    /* The same program twice, but for what means nothing. */
    {{LOAD, BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 70), BPF_STMT(BPF_RET | BPF_A, 0)},
     {LOAD, BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 70), BPF_STMT(BPF_RET | BPF_A, 5)},
     PROVE_EQUAL,
     ""},
    {{LOAD, BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 7), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 3, 1, 1), RETURN(3), ABOVE(3),
      VERDICTS},
     {LOAD, BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 7), BPF_STMT(BPF_JMP | BPF_JA, 1), RETURN(3), ABOVE(3), VERDICTS},
     PROVE_EQUAL,
     ""},
    /* Other constants, and other words, are other programs. */
    {{RETURN(1)}, {RETURN(2)}, PROVE_DIFFERENT, ""},
    {{LOAD, ABOVE(3), VERDICTS}, {SECOND, ABOVE(3), VERDICTS}, PROVE_DIFFERENT, ""},
    /* X is kept over a test of something else. */
    {{LOAD, BPF_STMT(BPF_MISC | BPF_TAX, 0), SECOND, IS(3, 0, 3), BPF_STMT(BPF_MISC | BPF_TXA, 0), IS(5, 0, 1),
      VERDICTS},
     {SECOND, IS(3, 0, 3), LOAD, IS(5, 0, 1), VERDICTS},
     PROVE_EQUAL,
     ""},
    /* Two ways come to one branch with the same word in A and different ones in X. */
    {{LOAD, IS(5, 0, 2), BPF_STMT(BPF_LDX | BPF_IMM, 7), BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LDX | BPF_IMM, 9),
      SECOND, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), VERDICTS},
     {LOAD, IS(5, 0, 2), SECOND, IS(7, 2, 3), SECOND, IS(9, 0, 1), VERDICTS},
     PROVE_EQUAL,
     ""},
    /* And what is not modelled. */
    {{LOAD, BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 1 << 28, 0, 1),
      VERDICTS},
     {LOAD, BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1), ABOVE((1 << 28) - 1), VERDICTS},
     PROVE_UNPROVED,
     "not modelled: instruction 1 multiplies"},
    {{LOAD, BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24),
      BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0), ABOVE(100), VERDICTS},
     {RETURN(1)},
     PROVE_UNPROVED,
     "not modelled: instruction 3 multiplies"},
    {{LOAD, BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 10), ABOVE(3), VERDICTS},
     {RETURN(1)},
     PROVE_UNPROVED,
     "not modelled: instruction 1 divides"},
    {{LOAD, BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), ABOVE(3), VERDICTS},
     {RETURN(1)},
     PROVE_UNPROVED,
     "not modelled: instruction 2 divides"},
    /* It ends some calls, though nobody reads the quotient. */
    {{LOAD, BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), RETURN(1)},
     {RETURN(1)},
     PROVE_UNPROVED,
     "not modelled: instruction 2 divides"},
    {{LOAD, BPF_STMT(BPF_RET | BPF_A, 0)},
     {RETURN(1)},
     PROVE_UNPROVED,
     "not modelled: instruction 1 returns a computed word"},
    {{RETURN(1)},
     {LOAD, BPF_STMT(BPF_RET | BPF_A, 0)},
     PROVE_UNPROVED,
     "not modelled: instruction 1 returns a computed word"},
};

static struct callgate_program program_of(const struct sock_filter *insns, struct sock_filter *copy)
{
	size_t count = LONGEST;

	memcpy(copy, insns, LONGEST * sizeof(*copy));
	while (BPF_CLASS(copy[count - 1].code) != BPF_RET)
		count--;
	return (struct callgate_program){LITTLE_ENDIAN_TARGET, count, copy, copy};
}

START_TEST(what_is_modelled)
{
	const struct pair *pair = &pairs[_i];
	struct sock_filter copies[2][LONGEST];
	struct callgate_program programs[] = {program_of(pair->first, copies[0]), program_of(pair->second, copies[1])};
	const struct callgate_program *lists[] = {&programs[0], &programs[1]};
	struct filter a = {.programs = &lists[0], .program_count = 1}, b = {.programs = &lists[1], .program_count = 1};
	struct prove_result result;
	struct differences differences;
	struct diag diag = {""};

	ck_assert_int_eq(proof_equal(&a, &b, NULL, &diag, &result), 0);
	ck_assert_msg(result.outcome == pair->outcome, "%d: %s", (int)result.outcome, diag.text);
	ck_assert_msg(strstr(diag.text, pair->text), "%s", diag.text);
	ck_assert_uint_lt(result.work, 10000);
	ck_assert_int_eq(differences_find(&a, &b, 9, &diag, &differences), 0);
	ck_assert_int_eq(differences.outcome, pair->outcome);
	ck_assert(pair->outcome != PROVE_UNPROVED || strstr(diag.text, pair->text));
	vec_finish(&differences.list);
}
END_TEST

/* All questions about such a program say it, with the architecture and the call. */
START_TEST(every_question_says_it)
{
	struct sock_filter insns[] = {LOAD, BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 7), ABOVE(3), VERDICTS};
	const struct callgate_program program = {LITTLE_ENDIAN_TARGET, 5, insns, insns};
	const struct callgate_program *list[] = {&program, &program};
	struct filter filter = {.programs = list, .program_count = 2};
	const struct query query = {.region = {AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, 0, 0}};
	struct query_ranges_result ranges;
	struct query_answer answer;
	struct diag diag = {""};

	ck_assert_int_eq(query_calls(&filter, &query, SECCOMP_RET_ALLOW, &diag, &answer), 0);
	ck_assert_int_eq(answer.outcome, PROVE_UNPROVED);
	ck_assert_str_eq(diag.text,
	                 "no answer for read on x86_64: not modelled: instruction 1 of program 1 multiplies");
	ck_assert_int_eq(query_ranges(&filter, AUDIT_ARCH_X86_64, &diag, &ranges), 0);
	ck_assert_int_eq(ranges.outcome, PROVE_UNPROVED);
	ck_assert_msg(strstr(diag.text, "not modelled: instruction 1 of program 1 multiplies"), "%s", diag.text);
}
END_TEST

/*
 * nr is kept in scratch memory over a test of an argument, which calls of several regions come to: what is computed
 * there holds for one region only.
 */
START_TEST(scratch_memory_tells_regions_apart)
{
	struct sock_filter first[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),           /* 0 */
	    BPF_STMT(BPF_ST, 0),                             /* 1 */
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 1000, 0, 1), /* 2 */
	    BPF_STMT(BPF_JMP | BPF_JA, 0),                   /* 3 */
	    LOAD,                                            /* 4 */
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5, 0, 3),    /* 5 */
	    BPF_STMT(BPF_LD | BPF_MEM, 0),                   /* 6 */
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 1000, 0, 1), /* 7 */
	    RETURN(SECCOMP_RET_ALLOW),                       /* 8 */
	    RETURN(SECCOMP_RET_ERRNO | 1),                   /* 9 */
	};
	struct sock_filter second[10];
	struct prove_result result;

	memcpy(second, first, sizeof(first));
	second[7] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 1);
	const struct callgate_program programs[] = {{LITTLE_ENDIAN_TARGET, 10, first, first},
	                                            {LITTLE_ENDIAN_TARGET, 10, second, second}};
	const struct callgate_program *lists[] = {&programs[0], &programs[1]};
	struct filter a = {.programs = &lists[0], .program_count = 1}, b = {.programs = &lists[1], .program_count = 1};
	for (int way = 0; way < 2; way++) {
		ck_assert_int_eq(proof_equal(way ? &b : &a, way ? &a : &b, NULL, NULL, &result), 0);
		ck_assert_int_eq(result.outcome, PROVE_DIFFERENT);
		ck_assert_uint_ge((uint32_t)result.witness.call.nr, 1000);
		ck_assert_uint_eq((uint32_t)result.witness.call.args[0], 5);
	}
}
END_TEST

/*
 * A call that a tracer skips, -1, is the architecture's, and gets the default action, unlike the numbers before it,
 * which are x32's.
 */
START_TEST(skipped_calls_are_told_apart)
{
	struct sock_filter insns[] = {RETURN(SECCOMP_RET_ALLOW)};
	const struct callgate_program program = {LITTLE_ENDIAN_TARGET, 1, insns, insns};
	const struct callgate_program *list = &program;
	struct policy_arch arch = {.arch = callgate_arch_find_name("x86_64")};
	struct policy policy = {SECCOMP_RET_ERRNO | 1, SECCOMP_RET_KILL_PROCESS, 1, 1, &arch};
	struct filter rules = {.policy = &policy}, made = {.programs = &list, .program_count = 1};
	struct differences result;
	size_t found = 0;

	ck_assert_int_eq(differences_find(&rules, &made, 99, NULL, &result), 0);
	ck_assert(result.complete);
	for (size_t i = 0; i < result.list.count; i++) {
		const struct difference *d = &result.list.items[i];
		bool skipped = d->witness.call.arch == AUDIT_ARCH_X86_64 && d->nr_last == UINT32_MAX;
		found += skipped;
		ck_assert(!skipped || (d->nr_first == UINT32_MAX && d->witness.expected == (SECCOMP_RET_ERRNO | 1)));
	}
	ck_assert_uint_eq(found, 1);
	vec_finish(&result.list);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-unmodelled");

	tcase_add_loop_test(tcase, what_is_modelled, 0, sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_test(tcase, every_question_says_it);
	tcase_add_test(tcase, skipped_calls_are_told_apart);
	tcase_add_test(tcase, scratch_memory_tells_regions_apart);
	return test_run(tcase);
}
