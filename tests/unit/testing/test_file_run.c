/*
 * The tests of a file against contexts and programs: what passes, what fails and with which words, and what is counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/filter.h>

#include <callgate/action.h>
#include <callgate/coverage.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>
#include <callgate/test_file.h>
#include <callgate/testing.h>

#include "outcome.h"
#include "support/context.h"
#include "support/simulated.h"

/* ORDER of rules: the tests know their ids. */
static scmp_filter_ctx make(void)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(EPERM), SCMP_ARCH_X86_64, SCMP_ARCH_X86);
	const struct scmp_arg_cmp none = {0};

	context_add_call(ctx, SCMP_ACT_ALLOW, "read");
	context_add(ctx, SCMP_ACT_ALLOW, "write", 1, SCMP_A0_64(SCMP_CMP_LT, 3), none);
	context_add(ctx, SCMP_ACT_ALLOW, "openat", 1, SCMP_A2_64(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY), none);
	context_add(ctx, SCMP_ACT_LOG, "fchmodat", 1, SCMP_A0_32(SCMP_CMP_EQ, AT_FDCWD), none);
	context_add_call(ctx, SCMP_ACT_TRACE(7), "ptrace");
	context_add_call(ctx, SCMP_ACT_TRAP, "mount");
	context_add(ctx, SCMP_ACT_ERRNO(ENOSYS), "open", 1, SCMP_A1_64(SCMP_CMP_EQ, 5), none);
	context_add(ctx, SCMP_ACT_ALLOW, "ioctl", 2, SCMP_A0_64(SCMP_CMP_EQ, 7), SCMP_A1_64(SCMP_CMP_EQ, 0x5401));
	for (uint32_t i = 0; i < 2; i++)
		ck_assert_int_eq(
		    callgate_rule_unknown(ctx, i ? SCMP_ARCH_X86 : SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(ENOSYS)), 0);
	return ctx;
}

/* The other one of `no weaker than`. */
static scmp_filter_ctx make_other(void)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ALLOW, SCMP_ARCH_X86_64, SCMP_ARCH_X86);
	const struct scmp_arg_cmp none = {0};

	context_add(ctx, SCMP_ACT_ERRNO(EACCES), "write", 1, SCMP_A0_64(SCMP_CMP_EQ, 2), none);
	return ctx;
}

/* ---- one line, its status, and words in its text ---- */

static const struct {
	const char *line;
	enum callgate_test_status status;
	const char *words;
	uint32_t rule;
} verdicts[] = {
    {"read -> ALLOW", PASS, NULL, 0},
    {"read(*, 5, 0xffffffff) -> ALLOW", PASS, NULL, 0},
    {"read -> LOG", FAIL, "expected LOG, but read(0x0, ", 1},
    {"read, write(0), write(2) -> ALLOW", PASS, NULL, 0},
    {"write(0..2) -> ALLOW", PASS, NULL, 0},
    {"write(<= 2) -> ALLOW", PASS, NULL, 0},
    {"write(< 3) -> ALLOW", PASS, NULL, 0},
    {"write(< 4) -> ALLOW", FAIL, "but write(0x3, ", 0},
    {"write(1..3) -> ALLOW", FAIL, "but write(0x3, ", 0},
    {"write(>= 3) -> EPERM", PASS, NULL, 0},
    {"write(> 2) -> ERRNO(1)", PASS, NULL, 0},
    {"write(>= 2) -> EPERM", FAIL, "but write(0x2, ", 2},
    {"write(!= 1) -> EPERM", FAIL, "ALLOW, rule 2 (if argument 0 < 0x3)", 2},
    {"write -> ALLOW", FAIL, "the default: no rule matches", 0},
    {"openat(AT_FDCWD, *, O_RDONLY|O_CLOEXEC) -> ALLOW", PASS, NULL, 0},
    {"openat(*, *, * & O_ACCMODE == O_RDONLY) -> ALLOW", PASS, NULL, 0},
    {"openat(*, *, * & O_ACCMODE != O_RDONLY) -> EPERM", PASS, NULL, 0},
    {"openat(*, *, * & (O_ACCMODE|O_CREAT) != 0) -> EPERM", FAIL, "rule 3 (if argument 2 & 0x3 == 0x0)", 3},
    {"openat(*, *, * & ~O_CLOEXEC == O_RDONLY) -> ALLOW", PASS, NULL, 0},
    {"openat(*, *, == O_WRONLY) -> EPERM", PASS, NULL, 0},
    {"ioctl(7, 0x5401) -> ALLOW", PASS, NULL, 0},
    {"ioctl(!= 7, *), ioctl(*, != 0x5401) -> EPERM", PASS, NULL, 0},
    {"ioctl(7) -> EPERM", FAIL, "but ioctl(0x7, 0x5401, ", 8},
    /* negative ints come in two forms on 64 bits; the rule knows one of them */
    {"on x86: fchmodat(AT_FDCWD) -> LOG", PASS, NULL, 0},
    {"on x86_64: fchmodat(AT_FDCWD) -> LOG", FAIL, "0xffffffffffffff9c", 0},
    {"on x86_64: fchmodat(0xffffff9c) -> LOG", PASS, NULL, 0},
    {"on x86_64: fchmodat(!= -100) -> EPERM", PASS, NULL, 0},
    /* the lower half alone */
    {"on x86: write((u32) < 3) -> ALLOW", PASS, NULL, 0},
    {"on x86_64: write((u32) < 3) -> ALLOW", FAIL, "on x86_64: ERRNO(EPERM)", 0},
    {"on x86_64: write((u32) 5) -> EPERM", PASS, NULL, 0},
    {"openat(*, *, (u32) 0) -> ALLOW", PASS, NULL, 0},
    {"openat(*, *, (u32) != 0) -> EPERM", FAIL, "rule 3", 3},
    {"openat(*, *, (u32) * & O_ACCMODE == O_RDONLY) -> ALLOW", PASS, NULL, 0},
    {"openat(*, *, (u32) * & O_ACCMODE != O_RDONLY), openat(*, *, (u32) -1) -> EPERM", PASS, NULL, 0},
    {"on x86_64: fchmodat((u32) AT_FDCWD) -> EPERM", FAIL, "fchmodat((u32) AT_FDCWD (0xffffff9c), 0x0, ", 4},
    {"on x86_64: fchmodat((u32) != AT_FDCWD) -> EPERM", PASS, NULL, 0},
    /* several values, of which each has to get the action */
    {"write({0, 1, 2}) -> ALLOW", PASS, NULL, 0},
    {"write({1, 2, 3}) -> ALLOW", FAIL, "but write(0x3, ", 0},
    {"write(!= {0, 1, 2}) -> EPERM", PASS, NULL, 0},
    {"write(!= {0, 2}) -> EPERM", FAIL, "ALLOW, rule 2 (if argument 0 < 0x3)", 2},
    {"write((u64) {0, 2}) -> ALLOW", PASS, NULL, 0},
    {"openat(*, *, * & O_ACCMODE == {O_WRONLY, O_RDWR}) -> EPERM", PASS, NULL, 0},
    {"openat(*, *, * & O_ACCMODE == {O_WRONLY, O_RDONLY}) -> EPERM", FAIL, "rule 3", 3},
    {"openat(*, *, (u32) != {0, 4, 8, 2}) -> EPERM", FAIL, "rule 3", 3},
    {"on x86_64: fchmodat({AT_FDCWD, 0xffffff9c}) -> LOG", FAIL, "0xffffffffffffff9c", 0},
    {"on x86_64: fchmodat(!= {0xffffff9c, 3}) -> EPERM", PASS, NULL, 0},
    {"on aarch64: read({1, MAP_32BIT}) -> KILL", ERROR, "aarch64 does not have the constant MAP_32BIT", 0},
    {"on x86_64: write((u32) {1, 0x55555555}) -> EPERM", FAIL, "on x86_64: ALLOW", 2},
    /* actions */
    {"ptrace -> TRACE(7)", PASS, NULL, 0},
    {"ptrace -> TRACE(8)", FAIL, "expected TRACE(8), but ptrace(", 5},
    {"mount -> TRAP", PASS, NULL, 0},
    {"mount -> KILL_PROCESS", FAIL, "TRAP, rule 6", 6},
    {"open(*, 5) -> ENOSYS", PASS, NULL, 0},
    /* architectures: calls that one of them lacks are passed over, calls that all lack are not */
    {"mmap2 -> EPERM", PASS, NULL, 0},
    {"on x86_64: mmap2 -> EPERM", ERROR, "x86_64 does not have the call mmap2", 0},
    {"riscv_flush_icache -> EPERM", ERROR, "none of the architectures", 0},
    {"on arm: read -> KILL", PASS, NULL, 0},
    {"on arm: read -> ALLOW", FAIL, "not for this architecture", 0},
    {"on x86: read(0x100000000) -> ALLOW", ERROR, "argument 0: the value does not fit", 0},
    {"on aarch64: read(MAP_32BIT) -> KILL", ERROR, "aarch64 does not have the constant MAP_32BIT", 0},
    {"on mips: read -> ERRNO(ENOSYS)", FAIL, "expected ERRNO(ENOSYS), but read(", 0},
    {"500 -> ENOSYS", PASS, NULL, 0},
    {"0 -> ALLOW", FAIL, "restart_syscall(", 0},
    /* sets */
    {"@network -> EPERM", PASS, NULL, 0},
    {"@mount -> EPERM", FAIL, "but mount(", 6},
    {"read, @network -> EPERM", FAIL, "ALLOW, rule 1", 1},
    {"on aarch64: @machine -> KILL", ERROR, "aarch64 has no call of the set @machine", 0},
    {"only read, write, openat, fchmodat, ioctl -> ALLOW", PASS, NULL, 0},
    {"only @file, ioctl -> ALLOW", PASS, NULL, 0},
    {"only read, write, fchmodat, ioctl -> ALLOW", FAIL, "nothing else to be allowed, but openat(", 3},
    {"only write, openat, fchmodat, ioctl -> ALLOW", FAIL, "but read(", 1},
    {"on x86: only read, write, openat, fchmodat, ioctl, 9999 -> ALLOW", PASS, NULL, 0},
    {"other calls -> EPERM", FAIL, "but read(0x0", 1},
    {"unknown calls -> ENOSYS", PASS, NULL, 0},
    {"unknown calls -> EPERM", FAIL, "because it is an unknown call, newer than the rules", 0},
    {"on x86: unknown calls -> ENOSYS", PASS, NULL, 0},
    {"other architectures -> KILL", PASS, NULL, 0},
    {"other architectures -> EPERM", FAIL, "not for this architecture", 0},
    {"no weaker than other", FAIL, "expected ERRNO(EACCES) as in other, but write(0x2, ", 2},
};

static void check_one(size_t i, const struct callgate_filter *sides, bool has_rules)
{
	struct outcome outcome = run_sides(verdicts[i].line, sides, NULL);
	const struct callgate_test_result *result = &outcome.results[0];

	ck_assert_uint_eq(outcome.count, 1);
	ck_assert_msg(result->status == verdicts[i].status, "%s: status %d: %s", verdicts[i].line, result->status,
	              result->text ? result->text : "");
	ck_assert(!result->text == !verdicts[i].words);
	ck_assert(result->has_witness == (result->status == CALLGATE_TEST_FAILED));
	ck_assert((result->call && result->actual && result->expected) == result->has_witness);
	if (has_rules && verdicts[i].words)
		ck_assert_msg(strstr(result->text, verdicts[i].words) != NULL, "%s: %s", verdicts[i].line,
		              result->text);
	ck_assert_uint_eq(result->rule, has_rules ? verdicts[i].rule : 0);
	finish(&outcome);
}

START_TEST(verdicts_of_a_context)
{
	scmp_filter_ctx ctx = make(), other = make_other();
	const struct callgate_filter sides[] = {{.ctx = ctx}, {.ctx = other}};

	check_one((size_t)_i, sides, true);
	seccomp_release(ctx);
	seccomp_release(other);
}
END_TEST

/* The same of its program, whose architectures the file has to know. */
START_TEST(verdicts_of_a_program)
{
	scmp_filter_ctx ctx = make(), other = make_other();
	struct callgate_program *program, *other_program;
	ck_assert_int_eq(callgate_program_compile(ctx, &program), 0);
	ck_assert_int_eq(callgate_program_compile(other, &other_program), 0);
	const struct callgate_program *const lists[2][1] = {{program}, {other_program}};
	const struct callgate_filter sides[] = {{NULL, lists[0], 1}, {NULL, lists[1], 1}};
	char line[200];

	snprintf(line, sizeof(line), "arch x86_64 x86\n%s", verdicts[_i].line);
	struct outcome outcome = run_sides(line, sides, NULL);
	const struct callgate_test_result *result = &outcome.results[0];
	ck_assert_msg(result->status == verdicts[_i].status, "%s: status %d: %s", verdicts[_i].line, result->status,
	              result->text ? result->text : "");
	ck_assert_uint_eq(result->rule, 0);
	finish(&outcome);
	callgate_program_free(program);
	callgate_program_free(other_program);
	seccomp_release(ctx);
	seccomp_release(other);
}
END_TEST

/* A file that names every call: then all others are the default's, and each rule and edge has been exercised. */
static const char whole[] = "read -> ALLOW\n"
                            "write(0..2) -> ALLOW\n"
                            "write(>= 3) -> EPERM\n"
                            "openat(*, *, * & O_ACCMODE == O_RDONLY) -> ALLOW\n"
                            "openat(*, *, * & O_ACCMODE != O_RDONLY) -> EPERM\n"
                            "fchmodat(0xffffff9c) -> LOG\n"
                            "fchmodat(!= 0xffffff9c) -> EPERM\n"
                            "ptrace -> TRACE(7)\n"
                            "mount -> TRAP\n"
                            "open(*, 5) -> ENOSYS\n"
                            "open(*, != 5) -> EPERM\n"
                            "ioctl(7, 0x5401) -> ALLOW\n"
                            "ioctl(!= 7), ioctl(*, != 0x5401) -> EPERM\n"
                            "unknown calls -> ENOSYS\n"
                            "other calls -> EPERM\n"
                            "other architectures -> KILL\n";

static size_t count_untouched_rules(struct callgate_simulator *simulator)
{
	struct callgate_rule rule;
	size_t untouched = 0;

	for (size_t i = 0; callgate_simulator_rule(simulator, i, &rule) == 0; i++)
		untouched += rule.hits == 0;
	return untouched;
}

static size_t count_untouched_edges(struct callgate_simulator *simulator)
{
	struct callgate_edge edge;
	size_t untouched = 0;

	for (size_t i = 0; callgate_simulator_edge(simulator, i, &edge) == 0; i++)
		untouched += edge.hits == 0;
	return untouched;
}

START_TEST(coverage)
{
	scmp_filter_ctx ctx = make();
	const struct callgate_filter side = {.ctx = ctx};
	struct callgate_simulator *simulator;

	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	size_t rules = count_untouched_rules(simulator);
	struct outcome outcome = run_sides("write(0..2) -> ALLOW\nopenat(*, *, 0) -> ALLOW\nno weaker than x\n",
	                                   (const struct callgate_filter[]){side, side}, simulator);
	ck_assert_uint_eq(count_untouched_rules(simulator), rules - 4);
	finish(&outcome);
	outcome = run_sides(whole, &side, simulator);
	for (size_t i = 0; i < outcome.count; i++)
		ck_assert_msg(outcome.results[i].status == CALLGATE_TEST_PASSED, "%s: %s",
		              callgate_test_file_test(outcome.file, i)->name, outcome.results[i].text);
	ck_assert_uint_eq(count_untouched_rules(simulator), 0);
	ck_assert_uint_eq(count_untouched_edges(simulator), 0);
	finish(&outcome);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

/* An `only` exercises what is outside of its set. */
START_TEST(coverage_of_only)
{
	scmp_filter_ctx ctx = make();
	const struct callgate_filter side = {.ctx = ctx};
	struct callgate_simulator *simulator;
	struct callgate_rule rule;

	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	struct outcome outcome = run_sides("only read, write, openat, fchmodat, ioctl -> ALLOW", &side, simulator);
	for (size_t i = 0; callgate_simulator_rule(simulator, i, &rule) == 0; i++)
		ck_assert_msg((rule.hits > 0) == (rule.action != SCMP_ACT_ALLOW && rule.action != SCMP_ACT_LOG),
		              "rule %u", rule.id);
	finish(&outcome);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

/*
 * One wrong rule anywhere: the whole file notices. Mutants are programs, and the file has been told their
 * architectures.
 */
START_TEST(mutants)
{
	scmp_filter_ctx ctx = make();
	struct callgate_simulator *simulator, *mutant;
	struct callgate_test_file *file;
	unsigned noticed = 0;
	char *text;

	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	ck_assert_int_eq(callgate_test_file_parse(whole, strlen(whole), &file), 0);
	ck_assert_int_eq(callgate_test_file_take_archs(file, 0, ctx), 0);
	for (size_t i = 0; callgate_simulator_mutate(simulator, i, &mutant, NULL, &text) == 0; i++) {
		const struct callgate_program *list[] = {callgate_simulator_program(mutant, 0)};
		const struct callgate_filter side = {NULL, list, 1};
		const struct callgate_filter original = {.ctx = ctx};
		struct callgate_comparison *comparison;
		unsigned failures = 0;
		ck_assert_int_eq(callgate_compare(&side, &original, 1, &comparison), 0);
		for (size_t j = 0; callgate_test_file_test(file, j); j++) {
			struct callgate_test_result result;
			ck_assert_int_eq(callgate_test_run(file, j, &side, NULL, &result), 0);
			failures += result.status == CALLGATE_TEST_FAILED;
			callgate_test_result_finish(&result);
		}
		ck_assert_msg(failures || comparison->relation == CALLGATE_RELATION_EQUAL, "no test notices: %s", text);
		noticed += failures > 0;
		callgate_comparison_free(comparison);
		callgate_simulator_free(mutant);
		free(text);
	}
	ck_assert_uint_gt(noticed, 10);
	callgate_test_file_free(file);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

START_TEST(wrong_arguments)
{
	scmp_filter_ctx ctx = make();
	const struct callgate_filter side = {.ctx = ctx}, nothing = {0};
	struct callgate_test_file *file;
	struct callgate_test_result result;

	ck_assert_int_eq(callgate_test_file_parse("read -> ALLOW", 13, &file), 0);
	ck_assert_int_eq(callgate_test_run(NULL, 0, &side, NULL, &result), -EINVAL);
	ck_assert_int_eq(callgate_test_run(file, 1, &side, NULL, &result), -EINVAL);
	ck_assert_int_eq(callgate_test_run(file, 0, NULL, NULL, &result), -EINVAL);
	ck_assert_int_eq(callgate_test_run(file, 0, &nothing, NULL, &result), -EINVAL);
	ck_assert_int_eq(callgate_test_run(file, 0, &side, NULL, NULL), -EINVAL);
	ck_assert_int_eq(callgate_test_file_take_archs(file, 1, ctx), -EINVAL);
	ck_assert_int_eq(callgate_test_file_take_archs(file, 0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_test_file_take_archs(NULL, 0, ctx), -EINVAL);
	callgate_test_result_finish(NULL);
	callgate_test_file_free(file);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("test file run");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, verdicts_of_a_context, 0, sizeof(verdicts) / sizeof(verdicts[0]));
	tcase_add_loop_test(tests, verdicts_of_a_program, 0, sizeof(verdicts) / sizeof(verdicts[0]));
	tcase_add_test(tests, coverage);
	tcase_add_test(tests, coverage_of_only);
	tcase_add_test(tests, mutants);
	tcase_add_test(tests, wrong_arguments);
	return simulated_run(tests);
}
