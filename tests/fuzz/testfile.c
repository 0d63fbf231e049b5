/*
 * Any bytes as a test file. Mistakes are in the text, in order. What is right is run, but for live calls, against a
 * filter and against the program made of it: both get the same results, and what is said to be wrong is so.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include <callgate/rule.h>
#include <callgate/test_file.h>
#include <callgate/testing.h>

#include "fuzz/fuzz.h"

/* Each test asks the prover; a few of an input are enough. */
enum { TESTS_MAX = 12, SIZE_MAX_RUN = 2000 };

/* The filter, twice. It is made once and lives as long as the process. */
static struct callgate_filter sides[2];

static void add(scmp_filter_ctx ctx, uint32_t action, int syscall, struct scmp_arg_cmp first,
                struct scmp_arg_cmp second, unsigned count)
{
	const struct scmp_arg_cmp conditions[] = {first, second};

	FUZZ_EXPECT(seccomp_rule_add_array(ctx, action, syscall, count, conditions) == 0);
}

static void make_sides(void)
{
	static const struct callgate_program *list[1];
	const struct scmp_arg_cmp none = {0};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	struct callgate_program *program;

	FUZZ_EXPECT(ctx && seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE) == 0);
	FUZZ_EXPECT(seccomp_arch_add(ctx, SCMP_ARCH_X86_64) == 0 && seccomp_arch_add(ctx, SCMP_ARCH_X86) == 0);
	add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), none, none, 0);
	add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), SCMP_A0_64(SCMP_CMP_LT, 3), none, 1);
	add(ctx, SCMP_ACT_LOG, SCMP_SYS(openat), SCMP_A2_64(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY),
	    SCMP_A0_64(SCMP_CMP_NE, 7), 2);
	add(ctx, SCMP_ACT_TRACE(7), SCMP_SYS(ptrace), none, none, 0);
	add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), SCMP_A0_64(SCMP_CMP_EQ, 1), none, 1);
	FUZZ_EXPECT(callgate_rule_unknown(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(ENOSYS)) == 0);
	FUZZ_EXPECT(callgate_program_compile(ctx, &program) == 0);
	list[0] = program;
	sides[0].ctx = ctx;
	sides[1].programs = list;
	sides[1].program_count = 1;
}

static void check_messages(const struct callgate_test_file *file, const uint8_t *data, size_t size)
{
	const struct callgate_test_message *message;
	unsigned lines = 1, last = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	for (size_t i = 0; (message = callgate_test_file_message(file, i)); i++) {
		FUZZ_EXPECT(i < CALLGATE_TEST_FILE_MESSAGES_MAX && message->text[0]);
		FUZZ_EXPECT(message->line >= last && message->line <= lines);
		FUZZ_EXPECT(message->column >= 1 && message->column <= size + 1);
		last = message->line;
	}
}

/* The witness does not get the action. */
static void check_witness(const struct callgate_test *test, const struct callgate_test_result *result)
{
	struct callgate_verdict verdict;
	char action[CALLGATE_ACTION_TEXT];

	FUZZ_EXPECT(callgate_simulate(sides[0].ctx, &result->witness, &verdict) == 0);
	callgate_action_text(verdict.action, action);
	FUZZ_EXPECT(result->text && result->expected && result->actual && result->call);
	if (test->kind == CALLGATE_TEST_CALLS && strcmp(action, result->expected) == 0) {
		fprintf(stderr, "%s: %s\n", test->name, result->text);
		abort();
	}
}

static void check_test(struct callgate_test_file *file, size_t index, const struct callgate_filter *filters,
                       const struct callgate_filter *programs, struct callgate_simulator *simulator)
{
	const struct callgate_test *test = callgate_test_file_test(file, index);
	struct callgate_test_result first, second;

	FUZZ_EXPECT(callgate_test_run(file, index, filters, simulator, &first) == 0);
	FUZZ_EXPECT(callgate_test_run(file, index, programs, NULL, &second) == 0);
	if (first.status != second.status) {
		fprintf(stderr, "%s: %d %s, but of its program %d %s\n", test->name, first.status,
		        first.text ? first.text : "", second.status, second.text ? second.text : "");
		abort();
	}
	FUZZ_EXPECT((first.status == CALLGATE_TEST_PASSED) == !first.text);
	if (first.has_witness)
		check_witness(test, &first);
	callgate_test_result_finish(&first);
	callgate_test_result_finish(&second);
}

static void check_tests(struct callgate_test_file *file)
{
	enum { FILTERS = 64 };
	struct callgate_filter filters[FILTERS], programs[FILTERS];
	struct callgate_simulator *simulator;
	const struct callgate_test *test;
	size_t count = 0, run = 0;

	for (; count < FILTERS && callgate_test_file_filter(file, count); count++) {
		filters[count] = sides[0];
		programs[count] = sides[1];
		FUZZ_EXPECT(callgate_test_file_take_archs(file, count, sides[0].ctx) == 0);
	}
	FUZZ_EXPECT(callgate_simulator_new(sides[0].ctx, &simulator) == 0);
	for (size_t i = 0; (test = callgate_test_file_test(file, i)) && run < TESTS_MAX; i++)
		if (test->kind != CALLGATE_TEST_LIVE && test->filter < FILTERS &&
		    (test->other == SIZE_MAX || test->other < FILTERS)) {
			check_test(file, i, filters, programs, simulator);
			run++;
		}
	callgate_simulator_free(simulator);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct callgate_test_file *file;

	if (!sides[0].ctx)
		make_sides();
	int result = callgate_test_file_parse(data, size, &file);
	FUZZ_EXPECT(result == (size > CALLGATE_TEST_FILE_SIZE_MAX ? -EFBIG : 0));
	if (result < 0)
		return 0;
	check_messages(file, data, size);
	if (callgate_test_file_message(file, 0))
		FUZZ_EXPECT(!callgate_test_file_test(file, 0) && !callgate_test_file_filter(file, 0));
	else if (size < SIZE_MAX_RUN)
		check_tests(file);
	callgate_test_file_free(file);
	return 0;
}
