/* Coverage and mutants, as a test program collects them: of calls, of tests of a file, and of its own tests. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/filter.h>

#include <callgate/coverage.h>

#include "support/context.h"
#include "support/run.h"

static scmp_filter_ctx make(void)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(EPERM), SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64);

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0_64(SCMP_CMP_LT, 3)), 0);
	context_add_call(ctx, SCMP_ACT_ALLOW, "read");
	return ctx;
}

static struct callgate_coverage *start(scmp_filter_ctx ctx, callgate_rule_origin *origin, const void *data)
{
	struct callgate_filter side = {.ctx = ctx};
	struct callgate_coverage *coverage = NULL;

	ck_assert_int_eq(callgate_coverage_new(&side, origin, data, &coverage), 0);
	return coverage;
}

/* "read on x86_64 5" for each place, in the order of the rows. */
static void check_places(const struct callgate_coverage *coverage, const char *expected)
{
	char text[400] = "";

	for (size_t i = 0; i < coverage->rule_count; i++) {
		const struct callgate_coverage_rule *rule = &coverage->rules[i];
		bool missed = false;
		for (size_t j = 0; j < rule->place_count; j++) {
			size_t length = strlen(text);
			snprintf(text + length, sizeof(text) - length, "%s%s:%s%lu", rule->name,
			         rule->places[j].arch == SCMP_ARCH_AARCH64 ? "/aarch64" : "", rule->conditions,
			         rule->places[j].hits);
			strncat(text, " ", sizeof(text) - strlen(text) - 1);
			missed = missed || !rule->places[j].hits;
		}
		ck_assert_int_eq(missed, rule->missed);
	}
	ck_assert_str_eq(text, expected);
}

START_TEST(calls)
{
	scmp_filter_ctx ctx = make();
	struct callgate_coverage *coverage = start(ctx, NULL, NULL);
	struct callgate_call call = {.arch = SCMP_ARCH_AARCH64, .nr = 63};

	check_places(coverage, "write:argument 0 < 0x30 write/aarch64:argument 0 < 0x30 read:0 read/aarch64:0 "
	                       "other calls:0 other architectures:0 ");
	ck_assert_uint_eq(coverage->edges_total.hit, 0);
	ck_assert_uint_eq(coverage->edges_total.all, coverage->edge_count);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(callgate_simulator_run(coverage->simulator, &call, NULL), 0);
	ck_assert_int_eq(callgate_coverage_update(coverage, 7), 0);
	ck_assert_int_eq(callgate_coverage_update(coverage, 8), 0); /* nothing new */
	check_places(coverage, "write:argument 0 < 0x30 write/aarch64:argument 0 < 0x30 read:0 read/aarch64:2 "
	                       "other calls:0 other architectures:0 ");
	ck_assert_uint_eq(coverage->rules[1].test_count, 1);
	ck_assert_uint_eq(coverage->rules[1].tests[0], 7);
	ck_assert_uint_eq(coverage->rules[0].test_count, 0);
	ck_assert_uint_eq(coverage->rules_total.hit, 1);
	ck_assert_uint_eq(coverage->rules_total.all, 6);
	ck_assert_uint_gt(coverage->edges_total.hit, 0);
	/* Whatever any call of x86_64 reaches, x32's numbers included. */
	ck_assert_int_eq(callgate_simulator_cover(coverage->simulator, SCMP_ARCH_X86_64, 0, UINT32_MAX, 0, NULL), 0);
	ck_assert_int_eq(callgate_coverage_update(coverage, 0), 0);
	ck_assert_uint_eq(coverage->rules_total.hit, 5);
	ck_assert_uint_eq(coverage->rules[0].test_count, 0);
	for (size_t i = 0; i < coverage->edge_count; i++) {
		ck_assert(*coverage->edges[i].text);
		ck_assert(!*coverage->edges[i].example || strstr(coverage->edges[i].example, " on "));
	}
	callgate_coverage_free(coverage);
	seccomp_release(ctx);
}
END_TEST

static int origin(const void *data, uint32_t rule, unsigned int *ret_line, unsigned int *ret_column)
{
	*ret_line = 10 - rule; /* the other way round than they were added */
	*ret_column = *(const unsigned int *)data;
	return 0;
}

/* Tests of a file: what passes counts, and notices mutants; what fails does neither. */
START_TEST(test_files)
{
	static const char text[] =
	    "read -> ALLOW\nwrite(< 3) -> ALLOW\nread -> LOG\nwrite(0) -> LOG\nother calls -> EPERM\n";
	scmp_filter_ctx ctx = make();
	const struct callgate_filter side = {.ctx = ctx};
	unsigned int column = 4, mutants_left = 0;
	struct callgate_coverage *coverage = start(ctx, origin, &column);
	struct callgate_test_file *file;
	struct callgate_mutants *mutants;

	ck_assert_int_eq(callgate_test_file_parse(text, strlen(text), &file), 0);
	for (size_t i = 0; callgate_test_file_test(file, i); i++) {
		struct callgate_test_result result;
		ck_assert_int_eq(callgate_coverage_test(coverage, file, i, &side, &result), 0);
		ck_assert_int_eq(result.status, i == 2 || i == 3 ? CALLGATE_TEST_FAILED : CALLGATE_TEST_PASSED);
		callgate_test_result_finish(&result);
		unsigned int exercised[] = {2, 4, 4, 4, 5};
		ck_assert_uint_eq(coverage->rules_total.hit, exercised[i]);
	}
	ck_assert_str_eq(coverage->rules[0].name, "read");
	ck_assert_uint_eq(coverage->rules[0].line, 8);
	ck_assert_uint_eq(coverage->rules[1].column, 4);
	ck_assert_uint_eq(coverage->rules[1].tests[0], 2);
	ck_assert_int_eq(callgate_mutants_run(coverage, NULL, NULL, &mutants), 0);
	ck_assert_uint_eq(mutants->all, mutants->noticed + mutants->equivalent + mutants->survivor_count);
	for (size_t i = 0; i < mutants->survivor_count; i++) {
		const struct callgate_mutant *mutant = &mutants->survivors[i];
		ck_assert(strstr(mutant->difference, "; with the mutant ALLOW"));
		ck_assert_uint_eq(mutant->line, mutant->rule ? 10 - mutant->rule : 0);
		mutants_left += mutant->rule ? 1 : 10;
	}
	ck_assert_uint_eq(mutants_left, 12); /* other architectures, and two that let write() do more */
	callgate_mutants_free(mutants);
	callgate_coverage_free(coverage);
	callgate_test_file_free(file);
	seccomp_release(ctx);
}
END_TEST

/* The caller's test: which calls to expect to be denied; and how often it is asked. */
struct own_test {
	int asked, result;
};

static int notices(void *data, struct callgate_simulator *mutant)
{
	struct own_test *test = data;
	struct callgate_call call = {.arch = SCMP_ARCH_X86_64, .nr = 1, .args = {3}};
	struct callgate_verdict verdict;

	test->asked++;
	ck_assert_int_eq(callgate_simulator_run(mutant, &call, &verdict), 0);
	return test->result ? test->result : verdict.action == SCMP_ACT_ALLOW;
}

START_TEST(own_tests)
{
	scmp_filter_ctx ctx = make();
	struct callgate_coverage *coverage = start(ctx, NULL, NULL);
	struct callgate_mutants *mutants = NULL, *all;
	struct own_test test = {0}, error = {.result = -ENOENT};

	ck_assert_int_eq(callgate_mutants_run(coverage, NULL, NULL, &all), 0);
	ck_assert_uint_eq(all->noticed, 0);
	ck_assert_int_eq(callgate_mutants_run(coverage, notices, &test, &mutants), 0);
	ck_assert_uint_eq(mutants->noticed, 3); /* the default, the comparison, and its boundary */
	ck_assert_int_eq(test.asked, (int)(mutants->all - mutants->equivalent));
	ck_assert_uint_eq(mutants->survivor_count, all->survivor_count - 3);
	callgate_mutants_free(mutants);
	mutants = NULL;
	ck_assert_int_eq(callgate_mutants_run(coverage, notices, &error, &mutants), -ENOENT);
	ck_assert_int_eq(error.asked, 1);
	ck_assert_ptr_null(mutants);
	callgate_mutants_free(all);
	callgate_coverage_free(coverage);
	seccomp_release(ctx);
}
END_TEST

/* A program has edges, and neither rules nor mutants. */
START_TEST(programs)
{
	const struct sock_filter insns[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ALLOW), BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_KILL_PROCESS)};
	struct callgate_program *program = NULL;
	struct callgate_coverage *coverage = NULL;
	struct callgate_mutants *mutants = NULL;
	struct callgate_call call = {.nr = 5};

	ck_assert_int_eq(callgate_program_new(insns, sizeof(insns), 0, &program), 0);
	const struct callgate_program *const list[] = {program, program};
	struct callgate_filter one = {.programs = list, .program_count = 1},
	                       two = {.programs = list, .program_count = 2};
	ck_assert_int_eq(callgate_coverage_new(&two, NULL, NULL, &coverage), -EINVAL);
	ck_assert_int_eq(callgate_coverage_new(&one, NULL, NULL, &coverage), 0);
	ck_assert_uint_eq(coverage->rule_count, 0);
	ck_assert_uint_eq(coverage->edges_total.all, 2);
	ck_assert_int_eq(callgate_simulator_run(coverage->simulator, &call, NULL), 0);
	ck_assert_int_eq(callgate_coverage_update(coverage, 0), 0);
	ck_assert_uint_eq(coverage->edges_total.hit, 1);
	ck_assert_int_eq(callgate_mutants_run(coverage, NULL, NULL, &mutants), 0);
	ck_assert_uint_eq(mutants->all, 0);
	callgate_mutants_free(mutants);
	callgate_coverage_free(coverage);
	callgate_program_free(program);
}
END_TEST

START_TEST(wrong_arguments)
{
	scmp_filter_ctx ctx = make();
	const struct callgate_filter side = {.ctx = ctx}, nothing = {0};
	struct callgate_coverage *coverage = start(ctx, NULL, NULL), *none = NULL;
	struct callgate_mutants *mutants = NULL;
	struct callgate_test_file *file;

	ck_assert_int_eq(callgate_test_file_parse("read -> ALLOW", 13, &file), 0);
	ck_assert_int_eq(callgate_coverage_new(NULL, NULL, NULL, &none), -EINVAL);
	ck_assert_int_eq(callgate_coverage_new(&nothing, NULL, NULL, &none), -EINVAL);
	ck_assert_int_eq(callgate_coverage_new(&side, NULL, NULL, NULL), -EINVAL);
	ck_assert_int_eq(callgate_coverage_update(NULL, 0), -EINVAL);
	ck_assert_int_eq(callgate_coverage_test(NULL, file, 0, &side, NULL), -EINVAL);
	ck_assert_int_eq(callgate_coverage_test(coverage, NULL, 0, &side, NULL), -EINVAL);
	ck_assert_int_eq(callgate_coverage_test(coverage, file, 1, &side, NULL), -EINVAL);
	ck_assert_int_eq(callgate_coverage_test(coverage, file, 0, NULL, NULL), -EINVAL);
	ck_assert_int_eq(callgate_mutants_run(NULL, NULL, NULL, &mutants), -EINVAL);
	ck_assert_int_eq(callgate_mutants_run(coverage, NULL, NULL, NULL), -EINVAL);
	ck_assert(!none && !mutants);
	callgate_mutants_free(NULL);
	callgate_coverage_free(NULL);
	callgate_coverage_free(coverage);
	callgate_test_file_free(file);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("coverage");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, calls);
	tcase_add_test(tests, test_files);
	tcase_add_test(tests, own_tests);
	tcase_add_test(tests, programs);
	tcase_add_test(tests, wrong_arguments);
	return test_run(tests);
}
