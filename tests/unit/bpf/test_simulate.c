/* The simulator's instructions one by one, its view of the data in both byte orders, and the bitmap's rules. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include "bpf/program.h"
#include "bpf/simulate.h"
#include "support/random_program.h"
#include "support/run.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RUN(...)     run(false, (struct sock_filter[]){__VA_ARGS__}, COUNT(((struct sock_filter[]){__VA_ARGS__})))
#define RETURN(k)    BPF_STMT(BPF_RET | BPF_K, k)
#define RETURN_A     BPF_STMT(BPF_RET | BPF_A, 0)

static const struct seccomp_data call = {
    .nr = -2,
    .arch = 0xc000003e,
    .instruction_pointer = 0x0102030405060708,
    .args = {0x1111111122222222, 0x3333333344444444, 5, 6, 0x7777777788888888, 0x99999999aaaaaaaa},
};
static size_t executed;

static uint32_t run(bool big_endian, const struct sock_filter *insns, size_t count)
{
	struct callgate_program *program;
	struct diag diag = {""};

	ck_assert_int_eq(bpf_program_new(insns, count, big_endian, NULL, &program), 0);
	ck_assert_msg(bpf_accept(program, &diag) == 0, "%s", diag.text);
	uint32_t verdict = bpf_simulate(program, &call, &executed);
	bpf_program_free(program);
	return verdict;
}

static uint32_t alu(uint16_t op, uint32_t a, uint32_t operand, bool in_x)
{
	if (in_x)
		return RUN(BPF_STMT(BPF_LDX | BPF_IMM, operand), BPF_STMT(BPF_LD | BPF_IMM, a),
		           BPF_STMT(BPF_ALU | op | BPF_X, 0), RETURN_A);
	return RUN(BPF_STMT(BPF_LD | BPF_IMM, a), BPF_STMT(BPF_ALU | op | BPF_K, operand), RETURN_A);
}

START_TEST(arithmetic)
{
	for (int x = 0; x < 2; x++) {
		ck_assert_uint_eq(alu(BPF_ADD, 0xffffffff, 2, x), 1);
		ck_assert_uint_eq(alu(BPF_SUB, 1, 2, x), 0xffffffff);
		ck_assert_uint_eq(alu(BPF_MUL, 0x10001, 0x10000, x), 0x10000);
		ck_assert_uint_eq(alu(BPF_DIV, 0xffffffff, 2, x), 0x7fffffff);
		ck_assert_uint_eq(alu(BPF_AND, 0xff0, 0x0ff, x), 0x0f0);
		ck_assert_uint_eq(alu(BPF_OR, 0xff0, 0x0ff, x), 0xfff);
		ck_assert_uint_eq(alu(BPF_XOR, 0xff0, 0x0ff, x), 0xf0f);
		ck_assert_uint_eq(alu(BPF_LSH, 3, 31, x), 0x80000000);
		ck_assert_uint_eq(alu(BPF_RSH, 0x80000000, 31, x), 1);
	}
	ck_assert_uint_eq(alu(BPF_LSH, 1, 33, true), 2); /* the low five bits of X */
	ck_assert_uint_eq(alu(BPF_NEG, 5, 0, false), 0xfffffffb);
}
END_TEST

START_TEST(division_by_zero_kills_the_thread)
{
	ck_assert_uint_eq(alu(BPF_DIV, 5, 0, true), SECCOMP_RET_KILL_THREAD);
	ck_assert_uint_eq(executed, 3);
}
END_TEST

START_TEST(registers_and_memory)
{
	ck_assert_uint_eq(RUN(RETURN_A), 0);
	ck_assert_uint_eq(RUN(BPF_STMT(BPF_LD | BPF_IMM, 9), BPF_STMT(BPF_MISC | BPF_TXA, 0), RETURN_A), 0);
	ck_assert_uint_eq(RUN(BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), RETURN_A), 64);
	ck_assert_uint_eq(RUN(BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0), RETURN_A), 64);
	ck_assert_uint_eq(RUN(BPF_STMT(BPF_LD | BPF_IMM, 7), BPF_STMT(BPF_ST, 15), BPF_STMT(BPF_LD | BPF_IMM, 8),
	                      BPF_STMT(BPF_LDX | BPF_MEM, 15), BPF_STMT(BPF_STX, 1), BPF_STMT(BPF_LD | BPF_MEM, 1),
	                      RETURN_A),
	                  7);
	ck_assert_uint_eq(executed, 7);
}
END_TEST

static uint32_t word(bool big_endian, uint32_t offset)
{
	return run(big_endian, (struct sock_filter[]){BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset), RETURN_A}, 2);
}

START_TEST(words_of_the_data)
{
	for (int big_endian = 0; big_endian < 2; big_endian++) {
		uint32_t low = big_endian ? 4 : 0, high = 4 - low;
		ck_assert_uint_eq(word(big_endian, 0), 0xfffffffe);
		ck_assert_uint_eq(word(big_endian, 4), 0xc000003e);
		ck_assert_uint_eq(word(big_endian, 8 + low), 0x05060708);
		ck_assert_uint_eq(word(big_endian, 8 + high), 0x01020304);
		ck_assert_uint_eq(word(big_endian, 16 + low), 0x22222222);
		ck_assert_uint_eq(word(big_endian, 16 + high), 0x11111111);
		ck_assert_uint_eq(word(big_endian, 56 + low), 0xaaaaaaaa);
		ck_assert_uint_eq(word(big_endian, 56 + high), 0x99999999);
		ck_assert_uint_eq(bpf_arg_offset(big_endian, 5, true), 56 + high);
	}
}
END_TEST

static bool taken(uint16_t op, uint32_t a, uint32_t k, bool in_x)
{
	uint32_t verdict =
	    in_x ? RUN(BPF_STMT(BPF_LDX | BPF_IMM, k), BPF_STMT(BPF_LD | BPF_IMM, a),
	               BPF_JUMP(BPF_JMP | op | BPF_X, 0, 1, 0), RETURN(0), RETURN(1))
	         : RUN(BPF_STMT(BPF_LD | BPF_IMM, a), BPF_JUMP(BPF_JMP | op | BPF_K, k, 1, 0), RETURN(0), RETURN(1));
	return verdict == 1;
}

START_TEST(branches_are_unsigned)
{
	static const uint32_t words[] = {0, 1, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff};

	for (size_t i = 0; i < COUNT(words); i++)
		for (size_t j = 0; j < COUNT(words); j++)
			for (int x = 0; x < 2; x++) {
				uint32_t a = words[i], k = words[j];
				ck_assert_int_eq(taken(BPF_JEQ, a, k, x), a == k);
				ck_assert_int_eq(taken(BPF_JGT, a, k, x), a > k);
				ck_assert_int_eq(taken(BPF_JGE, a, k, x), a >= k);
				ck_assert_int_eq(taken(BPF_JSET, a, k, x), (a & k) != 0);
			}
	ck_assert_uint_eq(RUN(BPF_STMT(BPF_JMP | BPF_JA, 1), RETURN(1), RETURN(2)), 2);
}
END_TEST

static bool bitmap(uint32_t nr, const struct sock_filter *insns, size_t count)
{
	struct callgate_program *program;

	ck_assert_int_eq(bpf_program_new(insns, count, false, NULL, &program), 0);
	bool answer = bpf_is_bitmap_allowed(program, 0xc000003e, nr);
	bpf_program_free(program);
	return answer;
}
#define BITMAP(nr, ...) bitmap(nr, (struct sock_filter[]){__VA_ARGS__}, COUNT(((struct sock_filter[]){__VA_ARGS__})))
#define ALLOW           RETURN(SECCOMP_RET_ALLOW)
#define LOAD(offset)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)

START_TEST(bitmap_rules)
{
	ck_assert(BITMAP(0, ALLOW));
	ck_assert(!BITMAP(0, RETURN(SECCOMP_RET_ALLOW | 1)));
	ck_assert(!BITMAP(0, RETURN(SECCOMP_RET_LOG)));
	ck_assert(BITMAP(0, LOAD(4), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 1, 0), RETURN(0), ALLOW));
	ck_assert(BITMAP(7, LOAD(0), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 6, 1, 0), RETURN(0), ALLOW));
	ck_assert(!BITMAP(6, LOAD(0), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 6, 1, 0), RETURN(0), ALLOW));
	ck_assert(BITMAP(9, LOAD(0), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 8),
	                 BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 8, 1, 0), RETURN(0), ALLOW));
	/* anything else on the way, and the kernel does not follow */
	ck_assert(!BITMAP(0, LOAD(16), ALLOW));
	ck_assert(!BITMAP(0, LOAD(8), ALLOW));
	ck_assert(!BITMAP(0, BPF_STMT(BPF_LD | BPF_IMM, 0), ALLOW));
	ck_assert(!BITMAP(0, BPF_STMT(BPF_MISC | BPF_TAX, 0), ALLOW));
	ck_assert(!BITMAP(0, BPF_STMT(BPF_ALU | BPF_OR | BPF_K, 0), ALLOW));
	ck_assert(!BITMAP(0, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 0), ALLOW));
	ck_assert(!BITMAP(0, BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_RET | BPF_A, 0)));
}
END_TEST

/* What the bitmap answers is what the program answers, whatever the arguments. */
START_TEST(bitmap_agrees_with_the_program)
{
	struct random random = random_start("bitmap_agrees_with_the_program");
	struct sock_filter insns[24];
	size_t answered = 0;

	for (unsigned long i = random_runs(20000); i > 0; i--) {
		size_t count = random_accepted(&random, insns, COUNT(insns));
		struct callgate_program program = {false, count, insns, insns};
		struct seccomp_data data = call;
		data.nr = (int)random_below(&random, 500);
		insns[random_below(&random, (uint32_t)count)] = (struct sock_filter)ALLOW;
		if (bpf_accept(&program, NULL) < 0 || !bpf_is_bitmap_allowed(&program, data.arch, (uint32_t)data.nr))
			continue;
		answered++;
		data.args[0] = random_next(&random);
		ck_assert_uint_eq(bpf_simulate(&program, &data, NULL), SECCOMP_RET_ALLOW);
	}
	ck_assert_uint_gt(answered, 0);
}
END_TEST

START_TEST(strictest_action)
{
	static const uint32_t order[] = {
	    SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
	    SECCOMP_RET_USER_NOTIF,   SECCOMP_RET_TRACE,       SECCOMP_RET_LOG,  SECCOMP_RET_ALLOW,
	};

	for (size_t i = 0; i < COUNT(order); i++)
		for (size_t j = 0; j < COUNT(order); j++)
			ck_assert_uint_eq(callgate_action_strictest(order[i], order[j]), order[i < j ? i : j]);
	/* of two that are equally strict, the newest filter's data */
	ck_assert_uint_eq(callgate_action_strictest(SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 2),
	                  SECCOMP_RET_ERRNO | 1);
}
END_TEST

static void expect_line(const struct sock_filter insn, const char *expected)
{
	struct sock_filter copy = insn;
	struct callgate_program program = {false, 1, &copy, &copy};
	struct strbuf text = {0};

	bpf_disassemble(&program, &text);
	ck_assert_msg(strstr(text.text, expected) != NULL, "%s lacks %s", text.text, expected);
	strbuf_finish(&text);
}

START_TEST(listing)
{
	expect_line((struct sock_filter)LOAD(0), "A = nr\n");
	expect_line((struct sock_filter)LOAD(4), "A = arch\n");
	expect_line((struct sock_filter)LOAD(12), "A = ip.hi\n");
	expect_line((struct sock_filter)LOAD(16), "A = arg0.lo\n");
	expect_line((struct sock_filter)LOAD(60), "A = arg5.hi\n");
	expect_line((struct sock_filter)LOAD(64), "A = data[64]\n");
	expect_line((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5, 2, 1), "if A == 0x5 goto 3 else 2\n");
	expect_line((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 5, 0, 1), "if A & X goto 1 else 2\n");
	expect_line((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 4), "goto 5\n");
	expect_line((struct sock_filter)RETURN(SECCOMP_RET_ERRNO | 1), "return ERRNO(1)\n");
	expect_line((struct sock_filter)RETURN(SECCOMP_RET_ALLOW), "return ALLOW\n");
	expect_line((struct sock_filter)RETURN(0x12345678), "return 0x12345678\n");
	expect_line((struct sock_filter)BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 3), "A <<= 0x3\n");
	expect_line((struct sock_filter)BPF_STMT(BPF_STX, 3), "M[3] = X\n");
	expect_line((struct sock_filter)BPF_STMT(0xffff, 3), "not an instruction");
	expect_line((struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 3), "not an instruction");
}
END_TEST

START_TEST(listing_of_any_bytes)
{
	struct random random = random_start("listing_of_any_bytes");
	struct sock_filter insns[64];

	for (unsigned long i = random_runs(2000); i > 0; i--) {
		size_t count = 1 + random_below(&random, COUNT(insns)), lines = 0;
		uint64_t any[COUNT(insns)];
		for (size_t j = 0; j < count; j++)
			any[j] = random_next(&random);
		memcpy(insns, any, sizeof(insns));
		if (random_below(&random, 2))
			random_stream(&random, insns, count);
		struct callgate_program program = {random_below(&random, 2), count, insns, insns};
		struct strbuf text = {0};
		bpf_disassemble(&program, &text);
		for (size_t j = 0; j < text.length; j++)
			lines += text.text[j] == '\n';
		ck_assert_uint_eq(lines, count);
		strbuf_finish(&text);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("bpf simulate");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, arithmetic);
	tcase_add_test(tcase, division_by_zero_kills_the_thread);
	tcase_add_test(tcase, registers_and_memory);
	tcase_add_test(tcase, words_of_the_data);
	tcase_add_test(tcase, branches_are_unsigned);
	tcase_add_test(tcase, bitmap_rules);
	tcase_add_test(tcase, bitmap_agrees_with_the_program);
	tcase_add_test(tcase, strictest_action);
	tcase_add_test(tcase, listing);
	tcase_add_test(tcase, listing_of_any_bytes);
	return test_run(tcase);
}
