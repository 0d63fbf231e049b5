/*
 * Division by X is the one instruction that is no branch and still ends a program: the kernel answers KILL_THREAD where X is
 * zero. What follows it is told from the simulator's verdict, whoever reads the quotient, and however soon.
 */
#include <check.h>
#include <linux/audit.h>
#include <linux/filter.h>

#include "bpf/accept.h"
#include "bpf/simulate.h"
#include "support/proved_verdict.h"
#include "support/run.h"

enum { DIVISORS = 8 };

/* X is one of 0 to 7, of the first argument; A is 100. */
#define DIVIDE                                                                                     \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, DIVISORS - 1), \
	    BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_LD | BPF_IMM, 100),                      \
	    BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0)

static struct sock_filter returned[] = {DIVIDE, BPF_STMT(BPF_RET | BPF_A, 0)};
static struct sock_filter compared[] = {DIVIDE, BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 20, 0, 1),
                                        BPF_STMT(BPF_RET | BPF_K, 1), BPF_STMT(BPF_RET | BPF_K, 2)};
static struct sock_filter moved[] = {DIVIDE, BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_LD | BPF_IMM, 7),
                                     BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0), BPF_STMT(BPF_RET | BPF_A, 0)};
static struct sock_filter stored[] = {DIVIDE, BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3),
                                      BPF_STMT(BPF_RET | BPF_A, 0)};
static struct sock_filter twice[] = {DIVIDE, BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
                                     BPF_STMT(BPF_RET | BPF_A, 0)};
static struct sock_filter unread[] = {DIVIDE, BPF_STMT(BPF_RET | BPF_K, 3)};

#define PROGRAM(insns)                                 \
	{                                              \
		insns, sizeof(insns) / sizeof *(insns) \
	}

static const struct {
	struct sock_filter *insns;
	size_t count;
} programs[] = {PROGRAM(returned), PROGRAM(compared), PROGRAM(moved),
                PROGRAM(stored),   PROGRAM(twice),    PROGRAM(unread)};

START_TEST(quotients_are_the_simulators)
{
	struct callgate_program program = {bpf_host_is_big_endian(), programs[_i].count, programs[_i].insns,
	                                   NULL};
	const struct callgate_program *const list[] = {&program};
	struct prove_subject subject = {.programs = list, .program_count = 1};
	struct seccomp_data calls[DIVISORS] = {0};
	uint32_t verdicts[DIVISORS];
	struct diag diag = {""};

	for (uint32_t i = 0; i < DIVISORS; i++) {
		calls[i].arch = AUDIT_ARCH_X86_64;
		calls[i].args[0] = bpf_host_is_big_endian() ? (uint64_t)i << 32 : i;
	}
	ck_assert_int_eq(bpf_accept(&program, &diag), 0);
	ck_assert(proved_verdicts(&subject, calls, DIVISORS, verdicts));
	for (uint32_t i = 0; i < DIVISORS; i++)
		ck_assert_msg(verdicts[i] == bpf_simulate(&program, &calls[i], NULL),
		              "program %d, divided by %u: proved %#x, simulated %#x", _i, i, verdicts[i],
		              bpf_simulate(&program, &calls[i], NULL));
	ck_assert_uint_eq(verdicts[0], SECCOMP_RET_KILL_THREAD);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-division");

	tcase_add_loop_test(tcase, quotients_are_the_simulators, 0, sizeof(programs) / sizeof *programs);
	return test_run(tcase);
}
