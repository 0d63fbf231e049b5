/*
 * Whichever allocation of a call fails: -ENOMEM (init: NULL), all is as before, the next try works, and nothing leaks.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/rule.h>
#include <callgate/simulate.h>

#include "support/run.h"
#include "support/allocations.h"

enum { SPACE = 1 << 16, CALLS = 64 };

/* Two architectures; argument rules, one multiplexed; `more` calls fill the first tables, made for CALLS. */
static scmp_filter_ctx make(int more)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(5), SCMP_SYS(socket), 1, SCMP_A1(SCMP_CMP_GT, 3)), 0);
	/* The numbers are this machine's; x86 has not all calls of each. */
	for (int nr = SCMP_SYS(fcntl); more > 0; nr++) {
		int result = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
		ck_assert(result == 0 || (result == -EFAULT && seccomp_arch_native() != SCMP_ARCH_X86_64));
		more -= result == 0;
	}
	return ctx;
}

/* ---- the state: what it would be as a program and as text ---- */

struct state {
	size_t program_size, text_size;
	unsigned char program[SPACE], text[SPACE];
};

static void read_state(scmp_filter_ctx ctx, struct state *ret_state)
{
	int fd = memfd_create("pfc", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ret_state->program_size = SPACE;
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, ret_state->program, &ret_state->program_size), 0);
	ck_assert_int_eq(seccomp_export_pfc(ctx, fd), 0);
	ssize_t size = pread(fd, ret_state->text, SPACE, 0);
	ck_assert_int_gt(size, 0);
	ret_state->text_size = (size_t)size;
	close(fd);
}

static bool is_same(const struct state *a, const struct state *b)
{
	return a->program_size == b->program_size && a->text_size == b->text_size &&
	       memcmp(a->program, b->program, a->program_size) == 0 && memcmp(a->text, b->text, a->text_size) == 0;
}

/* ---- the calls ---- */

static int add_arch(scmp_filter_ctx ctx)
{
	return seccomp_arch_add(ctx, SCMP_ARCH_AARCH64);
}

static int add_rule(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 0);
}

static int add_arguments(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 3, SCMP_A1(SCMP_CMP_EQ, 4),
	                        SCMP_A0(SCMP_CMP_NE, 5), SCMP_A4(SCMP_CMP_MASKED_EQ, 0xf0, 0x30));
}

static int add_multiplexed(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(shmat), 2, SCMP_A1(SCMP_CMP_LE, 4),
	                        SCMP_A2(SCMP_CMP_LT, 5));
}

static int add_expression(scmp_filter_ctx ctx)
{
	const struct callgate_expression some =
	    CALLGATE_ALL_OF(CALLGATE_VALUES(0, 32, 1, 2, 3), CALLGATE_NOT(CALLGATE_RANGE(1, 64, 4, 9)));

	return callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, SCMP_ACT_ALLOW, SCMP_SYS(prctl), &some);
}

/* In a context of its own, which is as it was: the rule after the failure decides. */
static int add_in_order(scmp_filter_ctx ctx)
{
	const struct callgate_call call = {SCMP_ARCH_NATIVE, SCMP_SYS(prctl), {2, 3}, 0};
	scmp_filter_ctx own = seccomp_init(SCMP_ACT_KILL);
	struct callgate_verdict verdict;

	(void)ctx;
	int result = own ? callgate_order_set(own, CALLGATE_ORDER_FIRST_MATCH) : -ENOMEM;
	if (result == 0 && (result = add_expression(own)) < 0) {
		ck_assert_int_eq(seccomp_rule_add(own, SCMP_ACT_TRAP, SCMP_SYS(prctl), 0), 0);
		ck_assert_int_eq(callgate_simulate(own, &call, &verdict), 0);
		ck_assert_uint_eq(verdict.action, SCMP_ACT_TRAP);
	}
	seccomp_release(own);
	return result;
}

static int start(scmp_filter_ctx ctx)
{
	return seccomp_transaction_start(ctx);
}

/* What fails in the middle is rejected. */
static int add_in_transaction(scmp_filter_ctx ctx)
{
	int result = seccomp_transaction_start(ctx);

	if (result < 0)
		return result;
	if ((result = seccomp_arch_add(ctx, SCMP_ARCH_AARCH64)) < 0 ||
	    (result = seccomp_arch_remove(ctx, SCMP_ARCH_X86)) < 0 || (result = add_arguments(ctx)) < 0) {
		seccomp_transaction_reject(ctx);
		return result;
	}
	return seccomp_transaction_commit(ctx);
}

/* On an architecture without any table yet. */
static int prioritize(scmp_filter_ctx ctx)
{
	int result = seccomp_transaction_start(ctx);

	if (result < 0)
		return result;
	if ((result = add_arch(ctx)) < 0 || (result = seccomp_syscall_priority(ctx, SCMP_SYS(prctl), 200)) < 0) {
		seccomp_transaction_reject(ctx);
		return result;
	}
	return seccomp_transaction_commit(ctx);
}

/* Rules are replaced, and come back. */
static int add_and_reject(scmp_filter_ctx ctx)
{
	int result = seccomp_transaction_start(ctx);

	if (result < 0)
		return result;
	if ((result = add_arguments(ctx)) == 0 &&
	    (result = seccomp_rule_add(ctx, SCMP_ACT_TRAP, SCMP_SYS(prctl), 0)) == 0 &&
	    (result = seccomp_arch_remove(ctx, SCMP_ARCH_X86_64)) == 0)
		result = seccomp_arch_add(ctx, SCMP_ARCH_X86_64);
	seccomp_transaction_reject(ctx);
	return result;
}

static int remove_arch(scmp_filter_ctx ctx)
{
	return seccomp_arch_remove(ctx, SCMP_ARCH_X86);
}

/* A range, which only the direct form can say, and what is unknown. */
static int add_direct(scmp_filter_ctx ctx)
{
	static const struct scmp_arg_cmp range[] = {{1, SCMP_CMP_GE, 5, 0}, {1, SCMP_CMP_LT, 9, 0}};
	int result = callgate_rule_add(ctx, SCMP_ARCH_X86, SCMP_ACT_ALLOW, 54, 2, range);

	return result < 0 ? result : callgate_rule_unknown(ctx, SCMP_ARCH_X86, SCMP_ACT_ERRNO(38));
}

static int optimize_and_precompute(scmp_filter_ctx ctx)
{
	int result = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 1);

	return result < 0 ? result : seccomp_precompute(ctx);
}

/* The attribute has dropped the program that was there. */
static int export_size(scmp_filter_ctx ctx)
{
	int result = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 1);
	size_t size;

	return result < 0 ? result : seccomp_export_bpf_mem(ctx, NULL, &size);
}

static int export_program(scmp_filter_ctx ctx)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC), result = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 1);

	if (result == 0)
		result = seccomp_export_bpf(ctx, fd);
	close(fd);
	return result;
}

static int export_text(scmp_filter_ctx ctx)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int result = seccomp_export_pfc(ctx, fd);

	close(fd);
	return result;
}

static int simulate(scmp_filter_ctx ctx)
{
	struct callgate_call call = {.arch = SCMP_ARCH_X86_64};
	struct callgate_verdict verdict;

	return callgate_simulate(ctx, &call, &verdict);
}

static int reset(scmp_filter_ctx ctx)
{
	return seccomp_reset(ctx, SCMP_ACT_TRAP);
}

static const struct {
	const char *name;
	int (*call)(scmp_filter_ctx ctx);
} calls[] = {
    {"arch_add", add_arch},
    {"rule_add", add_rule},
    {"rule_add with arguments", add_arguments},
    {"rule_add of a multiplexed call", add_multiplexed},
    {"a rule with an expression", add_expression},
    {"a rule with an expression in an order", add_in_order},
    {"transaction_start", start},
    {"a transaction", add_in_transaction},
    {"a rejected transaction", add_and_reject},
    {"arch_remove", remove_arch},
    {"callgate_rule_add", add_direct},
    {"syscall_priority", prioritize},
    {"precompute", optimize_and_precompute},
    {"export_bpf_mem", export_size},
    {"export_bpf", export_program},
    {"export_pfc", export_text},
    {"simulate", simulate},
    {"reset", reset},
};

/* One allocation fails. Some only serve speed: the call may succeed without, and has done its work then. */
static bool try_with_failure(size_t at, int more, long allocation, const struct state *done)
{
	static struct state before, after;
	long live_before = live;
	scmp_filter_ctx ctx = make(more);

	read_state(ctx, &before);
	allocations = 0;
	failed = false;
	fail_at = allocation;
	int result = calls[at].call(ctx);
	fail_at = -1;
	bool reached = failed;
	ck_assert_msg(result == 0 || (reached && result == -ENOMEM), "%s: allocation %ld gives %d", calls[at].name,
	              allocation, result);
	read_state(ctx, &after);
	if (result < 0) {
		ck_assert_msg(is_same(&before, &after), "%s: allocation %ld leaves a trace", calls[at].name,
		              allocation);
		ck_assert_int_eq(calls[at].call(ctx), 0);
		read_state(ctx, &after);
	}
	ck_assert_msg(is_same(&after, done), "%s: allocation %ld: the work is not done", calls[at].name, allocation);
	seccomp_release(ctx);
	ck_assert_msg(live == live_before, "%s: allocation %ld leaks %ld", calls[at].name, allocation,
	              live - live_before);
	return reached;
}

static long fail_each(size_t at, int more)
{
	static struct state done;
	scmp_filter_ctx ctx = make(more);
	long allocation = 0;

	ck_assert_int_eq(calls[at].call(ctx), 0);
	read_state(ctx, &done);
	seccomp_release(ctx);
	while (try_with_failure(at, more, allocation, &done))
		allocation++;
	return allocation;
}

/* With tables that are nearly empty, and with all numbers of calls around where they have to grow. */
START_TEST(calls_on_a_context)
{
	long tried = 0;

	tried += fail_each((size_t)_i, 0);
	for (int more = CALLS - 6; more <= CALLS; more++)
		tried += fail_each((size_t)_i, more);
	/* To free is all that arch_remove() has to do. */
	ck_assert_msg(tried > 0 || calls[_i].call == remove_arch, "%s allocates nothing", calls[_i].name);
}
END_TEST

START_TEST(new_contexts)
{
	scmp_filter_ctx ctx = NULL;
	long allocation = 0;

	do {
		seccomp_release(ctx);
		allocations = 0;
		failed = false;
		fail_at = allocation++;
		ctx = seccomp_init(SCMP_ACT_KILL);
		fail_at = -1;
		ck_assert_msg(!ctx == failed, "allocation %ld", allocation - 1);
	} while (failed);
	ck_assert_int_gt(allocation, 2);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	seccomp_release(ctx);
}
END_TEST

static scmp_filter_ctx make_other(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_AARCH64), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_RISCV64), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_ARM), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 0), 0);
	return ctx;
}

/* Both contexts stay as they were, and the caller's. */
static bool merge_with_failure(long allocation)
{
	static struct state to_before, from_before, after;
	long live_before = live;
	scmp_filter_ctx to = make(3), from = make_other();

	read_state(to, &to_before);
	read_state(from, &from_before);
	allocations = 0;
	failed = false;
	fail_at = allocation;
	int result = seccomp_merge(to, from);
	fail_at = -1;
	bool reached = failed;
	ck_assert_int_eq(result, reached ? -ENOMEM : 0);
	if (result < 0) {
		read_state(to, &after);
		ck_assert(is_same(&to_before, &after));
		read_state(from, &after);
		ck_assert(is_same(&from_before, &after));
		ck_assert_int_eq(seccomp_merge(to, from), 0);
	}
	ck_assert_int_eq(seccomp_arch_exist(to, SCMP_ARCH_ARM), 0);
	read_state(to, &after);
	ck_assert(!is_same(&to_before, &after));
	seccomp_release(to);
	ck_assert_int_eq(live, live_before);
	return reached;
}

START_TEST(merges)
{
	long allocation = 0;

	while (merge_with_failure(allocation))
		allocation++;
	ck_assert_int_gt(allocation, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("no memory");

	tcase_add_loop_test(tcase, calls_on_a_context, 0, sizeof(calls) / sizeof(calls[0]));
	tcase_add_test(tcase, new_contexts);
	tcase_add_test(tcase, merges);
	tcase_set_timeout(tcase, 120);
	return test_run(tcase);
}
