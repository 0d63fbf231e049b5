/* The tests of a file against contexts and programs: what passes, what fails and with which words, and what is counted. */
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

#include "support/context.h"
#include "support/run.h"

/* ORDER of rules: the tests know their ids. */
static scmp_filter_ctx make(void)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(EPERM), SCMP_ARCH_X86_64, SCMP_ARCH_X86);
	const struct scmp_arg_cmp none = {0};

	context_add_call(ctx, SCMP_ACT_ALLOW, "read");
	context_add(ctx, SCMP_ACT_ALLOW, "write", 1, SCMP_A0_64(SCMP_CMP_LT, 3), none);
	context_add(ctx, SCMP_ACT_ALLOW, "openat", 1, SCMP_A2_64(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY),
	            none);
	context_add(ctx, SCMP_ACT_LOG, "fchmodat", 1, SCMP_A0_32(SCMP_CMP_EQ, AT_FDCWD), none);
	context_add_call(ctx, SCMP_ACT_TRACE(7), "ptrace");
	context_add_call(ctx, SCMP_ACT_TRAP, "mount");
	context_add(ctx, SCMP_ACT_ERRNO(ENOSYS), "open", 1, SCMP_A1_64(SCMP_CMP_EQ, 5), none);
	context_add(ctx, SCMP_ACT_ALLOW, "ioctl", 2, SCMP_A0_64(SCMP_CMP_EQ, 7),
	            SCMP_A1_64(SCMP_CMP_EQ, 0x5401));
	for (uint32_t i = 0; i < 2; i++)
		ck_assert_int_eq(
		    callgate_rule_unknown(ctx, i ? SCMP_ARCH_X86 : SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(ENOSYS)),
		    0);
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

/* Runs a file whose filter is `ctx` or the program; the results of its tests. */
struct outcome {
	struct callgate_test_file *file;
	size_t count;
	struct callgate_test_result results[64];
};

static struct outcome run_sides(const char *text, const struct callgate_filter *sides,
                                struct callgate_simulator *simulator)
{
	struct outcome outcome = {0};

	ck_assert_int_eq(callgate_test_file_parse(text, strlen(text), &outcome.file), 0);
	const struct callgate_test_message *message = callgate_test_file_message(outcome.file, 0);
	ck_assert_msg(!message, "%s\n%u:%u: %s", text, message->line, message->column, message->text);
	for (; callgate_test_file_test(outcome.file, outcome.count); outcome.count++)
		ck_assert_int_eq(callgate_test_run(outcome.file, outcome.count, sides, simulator,
		                                   &outcome.results[outcome.count]),
		                 0);
	return outcome;
}

static void finish(struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->count; i++)
		callgate_test_result_finish(&outcome->results[i]);
	callgate_test_file_free(outcome->file);
}

/* ---- one line, its status, and words in its text ---- */

#define PASS  CALLGATE_TEST_PASSED
#define FAIL  CALLGATE_TEST_FAILED
#define ERROR CALLGATE_TEST_ERROR

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
	ck_assert_msg(result->status == verdicts[i].status, "%s: status %d: %s", verdicts[i].line,
	              result->status, result->text ? result->text : "");
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
	ck_assert_msg(result->status == verdicts[_i].status, "%s: status %d: %s", verdicts[_i].line,
	              result->status, result->text ? result->text : "");
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
	struct outcome outcome =
	    run_sides("write(0..2) -> ALLOW\nopenat(*, *, 0) -> ALLOW\nno weaker than x\n",
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
	struct outcome outcome =
	    run_sides("only read, write, openat, fchmodat, ioctl -> ALLOW", &side, simulator);
	for (size_t i = 0; callgate_simulator_rule(simulator, i, &rule) == 0; i++)
		ck_assert_msg((rule.hits > 0) ==
		                  (rule.action != SCMP_ACT_ALLOW && rule.action != SCMP_ACT_LOG),
		              "rule %u", rule.id);
	finish(&outcome);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

/* Whatever a program returns: its verdict can be written in a test as it is printed, and nothing else passes. */
START_TEST(every_verdict)
{
	static const uint32_t data[] = {0, 1, 7, 38, 200, 4095, 4096, 0xffff};
	static const uint32_t unknown[] = {0x00010000, 0x12340000, 0x7fbf0000, 0xfffe1234, 0x80000001};
	const struct callgate_action_kind *kind;
	size_t count = 0, all = 0;
	uint32_t actions[128];

	for (size_t i = 0; (kind = callgate_action_kind_at(i)); i++)
		for (size_t j = 0; j < sizeof(data) / sizeof(data[0]); j++)
			actions[count++] = kind->action | data[j];
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		actions[count++] = unknown[i];
	for (size_t i = 0; i < count; i++) {
		const struct sock_filter insn = BPF_STMT(BPF_RET | BPF_K, actions[i]);
		struct callgate_program *program = NULL;
		char action[CALLGATE_ACTION_TEXT], text[128];
		ck_assert_int_eq(callgate_program_new(&insn, sizeof(insn), 0, &program), 0);
		const struct callgate_program *list[] = {program};
		const struct callgate_filter side = {NULL, list, 1};
		struct callgate_verdict verdict;
		struct callgate_call call = {.nr = 1};
		ck_assert_int_eq(callgate_simulate_program(program, &call, &verdict), 0);
		callgate_action_text(verdict.action, action);
		snprintf(text, sizeof(text), "read -> %s\nwrite -> %s", action,
		         verdict.action == SCMP_ACT_TRAP ? "TRAP(1)" : "TRAP");
		struct outcome outcome = run_sides(text, &side, NULL);
		ck_assert_msg(outcome.results[0].status == PASS, "%s: %s", text, outcome.results[0].text);
		ck_assert_int_eq(outcome.results[1].status, FAIL);
		ck_assert_str_eq(outcome.results[1].actual, action);
		all++;
		finish(&outcome);
		callgate_program_free(program);
	}
	ck_assert_uint_ge(all, 70);
}
END_TEST

/* Each operator on the lower half, on both sides of a boundary, whatever the upper half is. */
START_TEST(lower_halves)
{
	static const uint32_t boundaries[] = {1,          2,          3,          5,         0x12345678,
	                                      0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
	static const char *const lines[] = {"read((u32) >= %u) -> EPERM",
	                                    "read((u32) %u..0xffffffff) -> EPERM",
	                                    "read((u32) %u) -> EPERM",
	                                    "read((u32) < %u) -> ALLOW",
	                                    "read((u32) != %u) -> EPERM",
	                                    "read((u32) <= %u) -> ALLOW",
	                                    "read((u32) 0..%u) -> ALLOW",
	                                    "read((u32) * & 0xffffffff == %u) -> EPERM",
	                                    "read((u32) * & 0xffffffff != %u) -> EPERM"};
	uint32_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 16 : 20;

	for (size_t i = 0; i < sizeof(boundaries) / sizeof(boundaries[0]); i++) {
		const struct sock_filter insns[] = {
		    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low),
		    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, boundaries[i], 0, 1),
		    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ERRNO(EPERM)),
		    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ALLOW),
		};
		struct callgate_program *program = NULL;
		ck_assert_int_eq(callgate_program_new(insns, sizeof(insns), 0, &program), 0);
		const struct callgate_program *list[] = {program};
		const struct callgate_filter side = {NULL, list, 1};
		for (size_t j = 0; j < sizeof(lines) / sizeof(lines[0]); j++) {
			char line[80];
			snprintf(line, sizeof(line), lines[j], boundaries[i]);
			struct outcome outcome = run_sides(line, &side, NULL);
			bool passes = j < 4 || j == 7;
			ck_assert_msg((outcome.results[0].status == PASS) == passes, "%s: %s", line,
			              outcome.results[0].text);
			ck_assert_ptr_null(outcome.results[0].note); /* the kernel reads 32 bits, too */
			finish(&outcome);
		}
		callgate_program_free(program);
	}
}
END_TEST

/* A note where bits that the kernel ignores change the answer: it reads 32 bits of write()'s and fchmodat()'s descriptor, and 16 of a mode. */
static const struct {
	const char *line;
	enum callgate_test_status status;
	const char *note; /* its words; NULL: there is none */
} notes[] = {
    {"on x86_64: write(2) -> ALLOW", PASS, "the filter's answer to write(0x"},
    {"on x86_64: write(2) -> ALLOW", PASS, "reads 32 bits of argument 0"},
    {"on x86_64: write(< 3) -> ALLOW", PASS, "with (u32) before it"},
    {"on x86_64: write(5) -> EPERM", PASS, NULL},
    {"on x86_64: write(>= 3) -> EPERM", PASS, NULL},
    {"on x86: write(2) -> ALLOW", PASS, NULL},
    {"write((u32) 5), write(*, 2) -> EPERM", FAIL, NULL},
    {"on x86_64: write((u32) 2) -> ALLOW", FAIL, NULL},
    {"on x86_64: fchmodat(AT_FDCWD) -> LOG", FAIL, NULL},
    {"on x86_64: openat(*, *, * & O_ACCMODE == O_RDONLY) -> ALLOW", PASS, NULL},
    {"on x86_64: openat(*, *, 0) -> ALLOW", PASS, NULL},
    {"on x86_64: openat(*, *, != 0) -> EPERM", FAIL, NULL},
    {"on x86_64: chmod(*, 5) -> TRAP", PASS, "reads 16 bits of argument 1"},
    {"on x86_64: chmod(*, 5) -> TRAP", PASS, "chmod(0x0, 0x1"},
    {"on x86_64: chmod(*, * & 0xffff == 5) -> TRAP", FAIL, NULL},
    {"on x86_64: chmod(*, > 0xffff) -> EPERM", PASS, NULL},
    {"on x86_64: dup(< 0x100000002) -> TRACE(1)", FAIL, NULL},
    {"on x86_64: dup(1) -> TRACE(1)", FAIL, NULL},
    {"on x86_64: close(0..0x1ffffffff) -> TRAP", PASS, NULL},
    {"on x86_64: close(0x100000005) -> TRAP", PASS, NULL},
    {"on x86_64: lseek(*, 5) -> EPERM", PASS, NULL},
};

START_TEST(ignored_bits)
{
	const struct scmp_arg_cmp none = {0};
	scmp_filter_ctx ctx = make();
	const struct callgate_filter side = {.ctx = ctx};

	context_add(ctx, SCMP_ACT_TRAP, "chmod", 1, SCMP_A1_64(SCMP_CMP_EQ, 5), none);
	context_add_call(ctx, SCMP_ACT_TRAP, "close");
	struct outcome outcome = run_sides(notes[_i].line, &side, NULL);
	const struct callgate_test_result *result = &outcome.results[0];
	ck_assert_msg(result->status == notes[_i].status, "%s: %s", notes[_i].line, result->text);
	ck_assert_msg(notes[_i].note ? result->note && strstr(result->note, notes[_i].note) : !result->note,
	              "%s: %s", notes[_i].line, result->note ? result->note : "no note");
	finish(&outcome);
	seccomp_release(ctx);
}
END_TEST

/* A test that fails only for values that mean another to the kernel. */
START_TEST(only_ignored_bits)
{
	const struct scmp_arg_cmp none = {0};
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ALLOW, SCMP_ARCH_X86_64, SCMP_ARCH_X86);
	const struct callgate_filter side = {.ctx = ctx};

	context_add(ctx, SCMP_ACT_ERRNO(EPERM), "socket", 1, SCMP_A0_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, 38),
	            none);
	struct outcome outcome = run_sides("on x86_64: socket(!= 38) -> ALLOW", &side, NULL);
	ck_assert_int_eq(outcome.results[0].status, FAIL);
	ck_assert_str_eq(outcome.results[0].note,
	                 "it fails only because of bits that the kernel ignores: it reads 32 bits of "
	                 "argument 0; with (u32) before it only 32 bits are compared");
	finish(&outcome);
	seccomp_release(ctx);
}
END_TEST

/* One wrong rule anywhere: the whole file notices. Mutants are programs, and the file has been told their architectures. */
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
		ck_assert_msg(failures || comparison->relation == CALLGATE_RELATION_EQUAL,
		              "no test notices: %s", text);
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
	tcase_add_test(tests, every_verdict);
	tcase_add_test(tests, lower_halves);
	tcase_add_loop_test(tests, ignored_bits, 0, sizeof(notes) / sizeof(notes[0]));
	tcase_add_test(tests, only_ignored_bits);
	tcase_add_test(tests, mutants);
	tcase_add_test(tests, wrong_arguments);
	return test_run(tests);
}
