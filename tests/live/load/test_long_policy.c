/*
 * A policy that is too long for one program, from rules to the kernel: what each part decides, and what cannot be had
 * with it.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

#include "../kernel_program.h"
#include "child.h"
#include "old_kernel.h"
#include "support/run.h"
#include "threads.h"

/*
 * Calls with argument rules, far apart by number; and calls without. seccomp(2) must work until the last part is
 * loaded.
 */
static const int listed[] = {SCMP_SYS(ioctl),       SCMP_SYS(fcntl),       SCMP_SYS(kill),    SCMP_SYS(prctl),
                             SCMP_SYS(personality), SCMP_SYS(sched_yield), SCMP_SYS(openat2), SCMP_SYS(close_range)};
enum { LISTED = sizeof(listed) / sizeof(listed[0]), VALUES = 400 };

/* Spread over 64 bits, so that no rule can be told from another by less than both halves. */
static uint64_t value(int call, unsigned i)
{
	return (i * 0x9e3779b97f4a7c15u) ^ (uint64_t)(unsigned)call << 32;
}

static scmp_filter_ctx new_context(uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	CHILD_CHECK(ctx != NULL);
	for (int call = 0; call < LISTED; call++)
		for (unsigned i = 1; i <= VALUES; i++)
			CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(200 + i % 100), listed[call], 1,
			                             SCMP_A5(SCMP_CMP_EQ, value(call, i))),
			            0);
	CHILD_EQUAL(seccomp_rule_add(ctx, action, SCMP_SYS(getppid), 0), 0);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(112), SCMP_SYS(seccomp), 0), 0);
	return ctx;
}

static int errno_of(int call, uint64_t last)
{
	/*
	 * Arguments that none of the calls takes: without a rule each fails with something below 200, or does nothing.
	 */
	return syscall(listed[call], -1, 0x7fffffff, -1, -1, -1, last) < 0 ? errno : 0;
}

static void check_verdicts(void)
{
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == 111);
	CHILD_CHECK(syscall(SYS_seccomp, 99, 0, 0) == -1 && errno == 112);
	for (int call = 0; call < LISTED; call++)
		for (unsigned i = 1; i <= VALUES; i += 7) {
			CHILD_EQUAL(errno_of(call, value(call, i)), 200 + i % 100);
			CHILD_CHECK(errno_of(call, value(call, i) + 1) < 200);
			CHILD_CHECK(errno_of(call, value(call, i) ^ 1ull << 63) < 200);
		}
}

static void loads(void *argument)
{
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));

	(void)argument;
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	CHILD_CHECK(child_status(0, "Seccomp_filters") > 1);
	check_verdicts();
	CHILD_EQUAL(seccomp_load(ctx), -ECANCELED);
	CHILD_SAYS(callgate_diagnosis(ctx), "the kernel refused the filter: EHOSTDOWN");
}

static void cannot_be_exported(void *argument)
{
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));
	size_t size = 0;

	(void)argument;
	CHILD_EQUAL(seccomp_export_bpf_mem(ctx, NULL, &size), -EFAULT);
	CHILD_SAYS(callgate_diagnosis(ctx), "stacked programs");
	CHILD_EQUAL(seccomp_precompute(ctx), 0);
	CHILD_EQUAL(seccomp_export_bpf_mem(ctx, NULL, &size), -EFAULT);
	CHILD_EQUAL(seccomp_load(ctx), 0);
}

/* -E2BIG is not of the interface: the gate makes -EFAULT of it for who asks for raw values. */
static void cannot_have_a_listener(void *argument)
{
	scmp_filter_ctx ctx = new_context(SCMP_ACT_NOTIFY);

	(void)argument;
	CHILD_EQUAL(seccomp_load(ctx), -ECANCELED);
	CHILD_SAYS(callgate_diagnosis(ctx), "a listener can be on one only; nothing was loaded");
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1), 0);
	CHILD_EQUAL(seccomp_load(ctx), -EFAULT);
	CHILD_EQUAL(seccomp_notify_fd(ctx), -EFAULT);
	CHILD_EQUAL(child_status(0, "Seccomp"), 0);
	CHILD_EQUAL(child_status(0, "NoNewPrivs"), 0);
}

static scmp_filter_ctx in_thread;

static long load_in_thread(void)
{
	return seccomp_load(in_thread);
}

/* How a load ends on a path that has so much on it already. */
enum outcome { ALL_LOADED = 20, PARTLY_LOADED, NONE_LOADED };

/*
 * Puts filters on the path whose length a new thread does not know: two that are as long as can be, and one of `count`.
 */
static void fill_path(size_t count)
{
	static struct sock_filter insns[BPF_MAXINSNS];

	for (size_t i = 0; i < BPF_MAXINSNS; i++)
		insns[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	kernel_prepare_child();
	CHILD_EQUAL(kernel_load(insns, BPF_MAXINSNS), 0);
	CHILD_EQUAL(kernel_load(insns, BPF_MAXINSNS), 0);
	CHILD_EQUAL(kernel_load(insns, count), 0);
}

static void on_filled_path(void *argument)
{
	struct thread thread;

	in_thread = new_context(SCMP_ACT_ERRNO(111));
	CHILD_EQUAL(seccomp_attr_set(in_thread, SCMP_FLTATR_API_SYSRAWRC, 1), 0);
	CHILD_EQUAL(seccomp_precompute(in_thread), 0);
	fill_path(*(size_t *)argument);
	thread_start(&thread, "heir");
	long result = thread_do(&thread, load_in_thread), filters = child_status(thread.tid, "Seccomp_filters");
	const char *text = callgate_diagnosis(in_thread);
	if (result == 0)
		_exit(ALL_LOADED);
	CHILD_EQUAL(result, -ENOMEM);
	CHILD_SAYS(text, "the kernel refused the filter: ENOMEM");
	if (filters == 3) {
		CHILD_CHECK(!child_contains(text, "partly confined"));
		_exit(NONE_LOADED);
	}
	CHILD_SAYS(text, "partly confined: ");
	CHILD_SAYS(text, " programs are loaded, and will stay; then: ");
	CHILD_EQUAL(strtol(text + strlen("partly confined: "), NULL, 10), filters - 3);
	_exit(PARTLY_LOADED);
}

/* The longer what is there, the fewer parts fit. Only the kernel knows, so some are loaded before it says so. */
START_TEST(test_second_part_is_refused)
{
	int seen = ALL_LOADED, partly = 0;

	for (size_t count = 256; count <= BPF_MAXINSNS && seen != NONE_LOADED; count += 256) {
		int status = child_wait(child_start(on_filled_path, &count));
		int outcome = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
		ck_assert_msg(outcome >= seen, "with %zu: wait status 0x%x: %s", count, status, child_report());
		partly += outcome == PARTLY_LOADED;
		seen = outcome;
	}
	ck_assert_int_gt(partly, 0);
}
END_TEST

static child_body *const bodies[] = {loads, cannot_be_exported, cannot_have_a_listener};

START_TEST(test_long_policy)
{
	child_run(bodies[_i], NULL);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	TCase *tests = tcase_create("long policy");
	tcase_add_loop_test(tests, test_long_policy, 0, sizeof(bodies) / sizeof(bodies[0]));
	tcase_add_test(tests, test_second_part_is_refused);
	tcase_set_timeout(tests, 120);
	return test_run(tests);
}
