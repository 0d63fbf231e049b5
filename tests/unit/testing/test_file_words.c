/*
 * Test files: every verdict and every comparison of lower halves can be written, and what depends on bits that the
 * kernel ignores gets a note.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include <linux/filter.h>

#include <callgate/action.h>
#include <callgate/test_file.h>

#include "outcome.h"
#include "support/context.h"
#include "support/simulated.h"

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
	static const uint32_t boundaries[] = {1, 2, 3, 5, 0x12345678, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
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

/*
 * A note where bits that the kernel ignores change the answer: it reads 32 bits of write()'s and fchmodat()'s
 * descriptor, and 16 of a mode.
 */
static const struct {
	const char *line;
	enum callgate_test_status status;
	const char *note; /* its words; NULL: there is none */
} notes[] = {
    {"on x86_64: write(2) -> ALLOW", PASS, "so write(0x"},
    {"on x86_64: write(2) -> ALLOW", PASS, "reads only 32 bits of argument 0"},
    {"on x86_64: write(< 3) -> ALLOW", PASS, "with (u32) before its value"},
    {"on x86_64: write(5) -> EPERM", PASS, NULL},
    {"on x86_64: write(>= 3) -> EPERM", PASS, NULL},
    {"on x86: write(2) -> ALLOW", PASS, NULL},
    {"write((u32) 5), write(*, 2) -> EPERM", FAIL, NULL},
    {"on x86_64: write((u32) 2) -> ALLOW", FAIL, NULL},
    {"on x86_64: fchmodat(AT_FDCWD) -> LOG", FAIL, NULL},
    {"on x86_64: openat(*, *, * & O_ACCMODE == O_RDONLY) -> ALLOW", PASS, NULL},
    {"on x86_64: openat(*, *, 0) -> ALLOW", PASS, NULL},
    {"on x86_64: openat(*, *, != 0) -> EPERM", FAIL, NULL},
    {"on x86_64: chmod(*, 5) -> TRAP", PASS, "reads only 16 bits of argument 1"},
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
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(EPERM), SCMP_ARCH_X86_64, SCMP_ARCH_X86);
	const struct callgate_filter side = {.ctx = ctx};

	context_add(ctx, SCMP_ACT_ALLOW, "write", 1, SCMP_A0_64(SCMP_CMP_LT, 3), none);
	context_add(ctx, SCMP_ACT_ALLOW, "openat", 1, SCMP_A2_64(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY), none);
	context_add(ctx, SCMP_ACT_LOG, "fchmodat", 1, SCMP_A0_32(SCMP_CMP_EQ, AT_FDCWD), none);
	context_add(ctx, SCMP_ACT_TRAP, "chmod", 1, SCMP_A1_64(SCMP_CMP_EQ, 5), none);
	context_add_call(ctx, SCMP_ACT_TRAP, "close");
	struct outcome outcome = run_sides(notes[_i].line, &side, NULL);
	const struct callgate_test_result *result = &outcome.results[0];
	ck_assert_msg(result->status == notes[_i].status, "%s: %s", notes[_i].line, result->text);
	ck_assert_msg(notes[_i].note ? result->note && strstr(result->note, notes[_i].note) : !result->note, "%s: %s",
	              notes[_i].line, result->note ? result->note : "no note");
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

	context_add(ctx, SCMP_ACT_ERRNO(EPERM), "socket", 1, SCMP_A0_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, 38), none);
	struct outcome outcome = run_sides("on x86_64: socket(!= 38) -> ALLOW", &side, NULL);
	ck_assert_int_eq(outcome.results[0].status, FAIL);
	ck_assert_str_eq(outcome.results[0].note, "it fails only because of bits that the kernel ignores: "
	                                          "the kernel reads only 32 bits of argument 0; "
	                                          "with (u32) before its value only 32 bits are compared");
	finish(&outcome);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("test file words");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, every_verdict);
	tcase_add_test(tests, lower_halves);
	tcase_add_loop_test(tests, ignored_bits, 0, sizeof(notes) / sizeof(notes[0]));
	tcase_add_test(tests, only_ignored_bits);
	return simulated_run(tests);
}
