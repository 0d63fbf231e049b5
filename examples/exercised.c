/*
 * A program that tests its own filter: which rules and edges do the tests exercise, and which mistakes in the filter
 * would they not notice? Exit status 1 if there is anything of the kind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <seccomp.h>
#include <callgate/coverage.h>
#include <callgate/diagnosis.h>

static const char tests[] = "read, exit_group -> ALLOW\n"
                            "openat(*, *, (u32) * & O_ACCMODE == O_RDONLY) -> ALLOW\n"
                            "openat(*, *, (u32) * & O_ACCMODE != O_RDONLY) -> EPERM\n"
                            "other calls -> EPERM\n"
                            "unknown calls -> EPERM\n"
                            "other architectures -> KILL_PROCESS\n";

static scmp_filter_ctx make_filter(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (ctx && (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) < 0 ||
	            seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0) < 0 ||
	            seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(exit_group), 0) < 0 ||
	            seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
	                             SCMP_A2_64(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY)) < 0)) {
		fprintf(stderr, "the rules: %s\n", callgate_diagnosis(ctx));
		seccomp_release(ctx);
		return NULL;
	}
	return ctx;
}

/* Runs all tests. How many do not pass; -1: they can't be run. */
static int run_tests(struct callgate_test_file *file, const struct callgate_filter *filter,
                     struct callgate_coverage *coverage)
{
	const struct callgate_test_message *message = callgate_test_file_message(file, 0);
	const struct callgate_test *test;
	int failed = 0;

	if (message) {
		fprintf(stderr, "%u:%u: %s\n", message->line, message->column, message->text);
		return -1;
	}
	for (size_t i = 0; (test = callgate_test_file_test(file, i)); i++) {
		struct callgate_test_result result;
		if (callgate_coverage_test(coverage, file, i, filter, &result) < 0)
			return -1;
		if (result.status != CALLGATE_TEST_PASSED) {
			printf("%s: %s\n", test->name, result.text);
			failed++;
		}
		callgate_test_result_finish(&result);
	}
	return failed;
}

/* How many rules, edges and mutants the tests miss. */
static size_t print_missed(const struct callgate_coverage *coverage, const struct callgate_mutants *mutants)
{
	const struct callgate_coverage_total *rules = &coverage->rules_total, *edges = &coverage->edges_total;

	printf("%zu of %zu rules, %zu of %zu edges\n", rules->hit, rules->all, edges->hit, edges->all);
	for (size_t i = 0; i < coverage->rule_count; i++)
		if (coverage->rules[i].missed)
			printf("not exercised: %s %s\n", coverage->rules[i].name, coverage->rules[i].conditions);
	printf("%zu of %zu mutants noticed\n", mutants->noticed, mutants->all - mutants->equivalent);
	for (size_t i = 0; i < mutants->survivor_count; i++)
		printf("not noticed: %s\n", mutants->survivors[i].text);
	return rules->all - rules->hit + edges->all - edges->hit + mutants->survivor_count;
}

int main(void)
{
	scmp_filter_ctx ctx = make_filter();
	struct callgate_filter filter = {.ctx = ctx};
	struct callgate_test_file *file = NULL;
	struct callgate_coverage *coverage = NULL;
	struct callgate_mutants *mutants = NULL;
	int status = 1;

	if (ctx && callgate_test_file_parse(tests, strlen(tests), &file) == 0 &&
	    callgate_coverage_new(&filter, NULL, NULL, &coverage) == 0 && run_tests(file, &filter, coverage) == 0 &&
	    callgate_mutants_run(coverage, NULL, NULL, &mutants) == 0)
		status = print_missed(coverage, mutants) > 0;
	else
		fprintf(stderr, "the tests can't be run: %s\n", callgate_diagnosis(NULL));
	callgate_mutants_free(mutants);
	callgate_coverage_free(coverage);
	callgate_test_file_free(file);
	seccomp_release(ctx);
	return status;
}
