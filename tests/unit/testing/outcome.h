/* What comes of the tests of a file, for those who test callgate_test_run(). */
#ifndef TESTS_OUTCOME_H
#define TESTS_OUTCOME_H

#include <check.h>
#include <string.h>

#include <callgate/test_file.h>

#define PASS  CALLGATE_TEST_PASSED
#define FAIL  CALLGATE_TEST_FAILED
#define ERROR CALLGATE_TEST_ERROR

/* Runs a file whose filter is `ctx` or the program; the results of its tests. */
struct outcome {
	struct callgate_test_file *file;
	size_t count;
	struct callgate_test_result results[64];
};

static inline struct outcome run_sides(const char *text, const struct callgate_filter *sides,
                                       struct callgate_simulator *simulator)
{
	struct outcome outcome = {0};

	ck_assert_int_eq(callgate_test_file_parse(text, strlen(text), &outcome.file), 0);
	const struct callgate_test_message *message = callgate_test_file_message(outcome.file, 0);
	ck_assert_msg(!message, "%s\n%u:%u: %s", text, message->line, message->column, message->text);
	for (; callgate_test_file_test(outcome.file, outcome.count); outcome.count++)
		ck_assert_int_eq(
		    callgate_test_run(outcome.file, outcome.count, sides, simulator, &outcome.results[outcome.count]),
		    0);
	return outcome;
}

static inline void finish(struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->count; i++)
		callgate_test_result_finish(&outcome->results[i]);
	callgate_test_file_free(outcome->file);
}

#endif
