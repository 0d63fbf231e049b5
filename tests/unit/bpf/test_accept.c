/*
 * The acceptance check, rule by rule, and the converted length. What the kernel itself says:
 * tests/live/test_kernel_accept.c
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "bpf/program.h"
#include "support/run.h"

#define RETURN_ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ACCEPT(...)  accept((struct sock_filter[]){__VA_ARGS__}, COUNT(((struct sock_filter[]){__VA_ARGS__})))
#define LENGTH(...)  length((struct sock_filter[]){__VA_ARGS__}, COUNT(((struct sock_filter[]){__VA_ARGS__})))
#define REFUSED(words, ...)                                      \
	do {                                                     \
		ck_assert_int_eq(ACCEPT(__VA_ARGS__), -EINVAL);  \
		ck_assert_ptr_nonnull(strstr(last.text, words)); \
	} while (0)

static struct diag last;

static int accept(const struct sock_filter *insns, size_t count)
{
	struct callgate_program *program;

	ck_assert_int_eq(bpf_program_new(insns, count, false, NULL, &program), 0);
	diag_clear(&last);
	int result = bpf_accept(program, &last);
	bpf_program_free(program);
	return result;
}

static size_t length(const struct sock_filter *insns, size_t count)
{
	struct callgate_program *program;

	ck_assert_int_eq(bpf_program_new(insns, count, false, NULL, &program), 0);
	ck_assert_int_eq(bpf_accept(program, NULL), 0);
	size_t converted = bpf_ebpf_length(program);
	bpf_program_free(program);
	return converted;
}

/* The codes of seccomp's dialect as numbers, written down apart from the checker. */
static const uint16_t dialect[] = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0c, 0x14, 0x15, 0x16, 0x1c, 0x1d,
    0x20, 0x24, 0x25, 0x2c, 0x2d, 0x34, 0x35, 0x3c, 0x3d, 0x44, 0x45, 0x4c, 0x4d, 0x54,
    0x5c, 0x60, 0x61, 0x64, 0x6c, 0x74, 0x7c, 0x80, 0x81, 0x84, 0x87, 0xa4, 0xac,
};

static bool in_dialect(unsigned code)
{
	for (size_t i = 0; i < COUNT(dialect); i++)
		if (dialect[i] == code)
			return true;
	return false;
}

START_TEST(every_code)
{
	for (unsigned code = 0; code <= 0xffff; code++) {
		struct sock_filter insns[] = {BPF_STMT(BPF_ST, 0), BPF_STMT((uint16_t)code, 0), RETURN_ALLOW,
		                              RETURN_ALLOW};
		insns[1].k = code == (BPF_ALU | BPF_DIV | BPF_K) ? 1 : 0;
		ck_assert_msg((accept(insns, 4) == 0) == in_dialect(code), "code 0x%04x: %s", code, last.text);
	}
}
END_TEST

START_TEST(load_offsets)
{
	for (uint32_t k = 0; k < 80; k++) {
		int expected = k < 64 && k % 4 == 0 ? 0 : -EINVAL;
		ck_assert_int_eq(ACCEPT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, k), RETURN_ALLOW), expected);
	}
	REFUSED("aligned words", BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0xfffff000), RETURN_ALLOW);
}
END_TEST

START_TEST(operands)
{
	REFUSED("division", BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RETURN_ALLOW);
	ck_assert_int_eq(ACCEPT(BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), RETURN_ALLOW), 0);
	ck_assert_int_eq(ACCEPT(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 31), RETURN_ALLOW), 0);
	REFUSED("shift", BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RETURN_ALLOW);
	REFUSED("shift", BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 0xffffffff), RETURN_ALLOW);
	ck_assert_int_eq(ACCEPT(BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 99), RETURN_ALLOW), 0);
	ck_assert_int_eq(ACCEPT(BPF_STMT(BPF_ST, 15), RETURN_ALLOW), 0);
	REFUSED("words 0 to 15", BPF_STMT(BPF_ST, 16), RETURN_ALLOW);
	REFUSED("words 0 to 15", BPF_STMT(BPF_STX, 16), RETURN_ALLOW);
	REFUSED("words 0 to 15", BPF_STMT(BPF_LD | BPF_MEM, 16), RETURN_ALLOW);
}
END_TEST

START_TEST(jump_targets)
{
	ck_assert_int_eq(ACCEPT(BPF_STMT(BPF_JMP | BPF_JA, 0), RETURN_ALLOW), 0);
	REFUSED("jump past", BPF_STMT(BPF_JMP | BPF_JA, 1), RETURN_ALLOW);
	REFUSED("jump past", BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), RETURN_ALLOW);
	ck_assert_int_eq(ACCEPT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 1), RETURN_ALLOW, RETURN_ALLOW), 0);
	REFUSED("branch past", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 1), RETURN_ALLOW, RETURN_ALLOW);
	REFUSED("branch past", BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 1, 2), RETURN_ALLOW, RETURN_ALLOW);
	REFUSED("last instruction", BPF_STMT(BPF_LD | BPF_IMM, 0));
	REFUSED("last instruction", RETURN_ALLOW, BPF_STMT(BPF_MISC | BPF_TAX, 0));
	/* jt and jf of other instructions mean nothing, and are not looked at */
	ck_assert_int_eq(ACCEPT(BPF_JUMP(BPF_LD | BPF_IMM, 0, 255, 255), RETURN_ALLOW), 0);
}
END_TEST

START_TEST(scratch_memory)
{
	REFUSED("instruction 0 ", BPF_STMT(BPF_LD | BPF_MEM, 0), RETURN_ALLOW);
	ck_assert_int_eq(ACCEPT(BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LDX | BPF_MEM, 3), RETURN_ALLOW), 0);
	REFUSED("some path", BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LDX | BPF_MEM, 2), RETURN_ALLOW);
	/* written on one side of a branch only */
	REFUSED("instruction 2 ", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), BPF_STMT(BPF_ST, 0),
	        BPF_STMT(BPF_LD | BPF_MEM, 0), RETURN_ALLOW);
	REFUSED("instruction 2 ", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), BPF_STMT(BPF_ST, 0),
	        BPF_STMT(BPF_LD | BPF_MEM, 0), RETURN_ALLOW);
	/* on one only, where a jump joins them */
	REFUSED("instruction 4 ", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2), BPF_STMT(BPF_LD | BPF_IMM, 0),
	        BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_ST, 0), BPF_STMT(BPF_LD | BPF_MEM, 0), RETURN_ALLOW);
	REFUSED("instruction 4 ", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2), BPF_STMT(BPF_ST, 0),
	        BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LD | BPF_IMM, 0), BPF_STMT(BPF_LD | BPF_MEM, 0),
	        RETURN_ALLOW);
	/* written on both */
	ck_assert_int_eq(ACCEPT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2), BPF_STMT(BPF_ST, 0),
	                        BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_STX, 0), BPF_STMT(BPF_LD | BPF_MEM, 0),
	                        RETURN_ALLOW),
	                 0);
	/* unreachable behind a jump: the kernel takes every word as written there */
	ck_assert_int_eq(ACCEPT(BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LD | BPF_MEM, 7), RETURN_ALLOW), 0);
	/* but not behind a return */
	REFUSED("instruction 1 ", RETURN_ALLOW, BPF_STMT(BPF_LD | BPF_MEM, 7), RETURN_ALLOW);
}
END_TEST

START_TEST(longest_program)
{
	struct sock_filter *insns = calloc(BPF_PROGRAM_MAX + 1, sizeof(*insns));
	struct callgate_program *program = NULL;

	for (size_t i = 0; i <= BPF_PROGRAM_MAX; i++)
		insns[i] = (struct sock_filter)RETURN_ALLOW;
	ck_assert_int_eq(accept(insns, BPF_PROGRAM_MAX), 0);
	ck_assert_int_eq(bpf_program_new(insns, BPF_PROGRAM_MAX + 1, false, &last, &program), -E2BIG);
	ck_assert_int_eq(bpf_program_new(insns, 0, false, &last, &program), -EINVAL);
	ck_assert_ptr_null(program);
	ck_assert_int_eq(bpf_program_from_bytes(insns, 12, false, &last, &program), -EINVAL);
	ck_assert_ptr_nonnull(strstr(last.text, "multiple of 8"));
	free(insns);
}
END_TEST

START_TEST(byte_orders)
{
	struct sock_filter insns[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), RETURN_ALLOW};
	static const unsigned char big[16] = {0, 0x20, 0, 0, 0, 0, 0, 4, 0, 6, 0, 0, 0x7f, 0xff, 0, 0};
	static const unsigned char little[16] = {0x20, 0, 0, 0, 4, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0xff, 0x7f};

	for (int big_endian = 0; big_endian < 2; big_endian++) {
		struct callgate_program *program, *again;
		ck_assert_int_eq(bpf_program_new(insns, 2, big_endian, NULL, &program), 0);
		ck_assert_mem_eq(program->bytes, big_endian ? big : little, 16);
		ck_assert_int_eq(bpf_program_from_bytes(program->bytes, 16, big_endian, NULL, &again), 0);
		ck_assert_mem_eq(again->insns, insns, 16);
		bpf_program_free(program);
		bpf_program_free(again);
	}
}
END_TEST

/* Three instructions go before every program, two make a return of a constant. */
START_TEST(converted_length)
{
	const size_t rest = 3 + 2 + 2;

	ck_assert_uint_eq(LENGTH(RETURN_ALLOW), 5);
	ck_assert_uint_eq(LENGTH(BPF_STMT(BPF_RET | BPF_A, 0)), 4);
	ck_assert_uint_eq(LENGTH(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0), RETURN_ALLOW, RETURN_ALLOW), rest + 1);
	ck_assert_uint_eq(LENGTH(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0), RETURN_ALLOW, RETURN_ALLOW), rest + 1);
	ck_assert_uint_eq(LENGTH(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 1, 0, 1), RETURN_ALLOW, RETURN_ALLOW), rest + 1);
	ck_assert_uint_eq(LENGTH(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1), RETURN_ALLOW, RETURN_ALLOW), rest + 2);
	ck_assert_uint_eq(LENGTH(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 1), RETURN_ALLOW, RETURN_ALLOW), rest + 2);
	/* a constant that is negative as a signed number takes one more, but not X */
	ck_assert_uint_eq(LENGTH(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x80000000, 1, 1), RETURN_ALLOW, RETURN_ALLOW),
	                  rest + 3);
	ck_assert_uint_eq(LENGTH(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0x80000000, 1, 1), RETURN_ALLOW, RETURN_ALLOW),
	                  rest + 2);
}
END_TEST

/* The page behind the program can't be read. */
START_TEST(nothing_behind_a_program_is_read)
{
	static const struct sock_filter insns[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	                                           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), RETURN_ALLOW,
	                                           RETURN_ALLOW};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert(pages != MAP_FAILED);
	ck_assert_int_eq(mprotect(pages + page, page, PROT_NONE), 0);
	for (size_t count = 1; count <= COUNT(insns); count++) {
		struct sock_filter *end = (struct sock_filter *)(void *)(pages + page) - count;
		memcpy(end, insns, count * sizeof(*insns));
		struct callgate_program program = {.count = count, .insns = end, .bytes = end};
		ck_assert_int_eq(bpf_accept(&program, NULL), count < COUNT(insns) ? -EINVAL : 0);
	}
	ck_assert_int_eq(munmap(pages, 2 * page), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("bpf accept");

	tcase_add_test(tcase, every_code);
	tcase_add_test(tcase, nothing_behind_a_program_is_read);
	tcase_add_test(tcase, load_offsets);
	tcase_add_test(tcase, operands);
	tcase_add_test(tcase, jump_targets);
	tcase_add_test(tcase, scratch_memory);
	tcase_add_test(tcase, longest_program);
	tcase_add_test(tcase, byte_orders);
	tcase_add_test(tcase, converted_length);
	return test_run(tcase);
}
