/*
 * Kernels that know less, down to those without seccomp(2): what the library believes of them, and how it loads on
 * them.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

#include "load/features.h"
#include "load/load.h"

#include "child.h"
#include "old_kernel.h"
#include "support/run.h"
#include "threads.h"

enum { LEVEL_MAX = 7 };
static const int errors[] = {ENOSYS, EINVAL, EPERM};

/* A filter that answers getppid(2) with 111, loaded the way the interface does it. */
static scmp_filter_ctx load_getppid(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	CHILD_CHECK(ctx != NULL);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(111), SCMP_SYS(getppid), 0), 0);
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == 111);
	return ctx;
}

static void check_features(unsigned level)
{
	static const unsigned since[] = {
	    [2] = LOAD_SECCOMP | LOAD_TSYNC, [3] = LOAD_LOG | LOAD_ACTION_LOG | LOAD_ACTION_KILL_PROCESS,
	    [4] = LOAD_SPEC_ALLOW,           [5] = LOAD_NEW_LISTENER | LOAD_ACTION_NOTIFY,
	    [6] = LOAD_TSYNC_ESRCH,          [7] = LOAD_WAIT_KILLABLE,
	};

	CHILD_EQUAL(seccomp_api_get(), level);
	for (unsigned i = 2; i <= LEVEL_MAX; i++)
		for (unsigned bit = 1; bit; bit <<= 1)
			if (since[i] & bit)
				CHILD_CHECK(load_has(bit) == (i <= level), "level %u, feature 0x%x", level, bit);
}

static void check_attribute(enum scmp_filter_attr attr, unsigned since, unsigned level)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int result = seccomp_attr_set(ctx, attr, 1);

	CHILD_CHECK(result == (level >= since ? 0 : -EOPNOTSUPP), "attribute %d at level %u: %d", attr, level, result);
	seccomp_release(ctx);
}

static void check_action(uint32_t action, unsigned since, unsigned level)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW), other = seccomp_init(action);
	int result = seccomp_rule_add(ctx, action, SCMP_SYS(getppid), 0);

	CHILD_CHECK(result == (level >= since ? 0 : -EINVAL), "action 0x%x at level %u: %d", action, level, result);
	CHILD_CHECK((other != NULL) == (level >= since), "action 0x%x at level %u", action, level);
	seccomp_release(ctx);
	seccomp_release(other);
}

static void check_interface(unsigned level)
{
	check_attribute(SCMP_FLTATR_CTL_TSYNC, 2, level);
	check_attribute(SCMP_FLTATR_CTL_LOG, 3, level);
	check_attribute(SCMP_FLTATR_CTL_SSB, 4, level);
	check_attribute(SCMP_FLTATR_CTL_WAITKILL, 0, level);
	check_action(SCMP_ACT_LOG, 3, level);
	check_action(SCMP_ACT_KILL_PROCESS, 3, level);
	check_action(SCMP_ACT_NOTIFY, 5, level);
	check_action(SCMP_ACT_TRACE(1), 0, level);
}

/* All that the level has at once, and a listener that is one. */
static void load_everything(unsigned level)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	static const struct {
		enum scmp_filter_attr attr;
		unsigned since;
	} attributes[] = {{SCMP_FLTATR_CTL_LOG, 3}, {SCMP_FLTATR_CTL_SSB, 4}, {SCMP_FLTATR_CTL_WAITKILL, 7}};

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (level >= attributes[i].since)
			CHILD_EQUAL(seccomp_attr_set(ctx, attributes[i].attr, 1), 0);
	/* Both together are refused at level 5. */
	if (level >= 2 && level != 5)
		CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), 0);
	if (level >= 5)
		CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(getpgrp), 0), 0);
	if (level == 5)
		CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), -EINVAL);
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	CHILD_CHECK((seccomp_notify_fd(ctx) >= 0) == (level >= 5));
	seccomp_release(ctx);
}

static void on_old_kernel(void *argument)
{
	int row = *(int *)argument;
	unsigned level = (unsigned)row % LEVEL_MAX + 1;
	struct old_kernel kernel = old_kernel_of_level(level, errors[row / LEVEL_MAX]);

	old_kernel_enter(&kernel);
	check_features(level);
	check_interface(level);
	load_getppid();
	load_everything(level);
	CHILD_EQUAL(child_status(0, "Seccomp_filters"), 3);
}

START_TEST(test_every_level)
{
	child_run(on_old_kernel, &_i);
}
END_TEST

/* One thing is missing alone, and all that is above it is there. */
static const struct {
	struct old_kernel kernel;
	unsigned level;
} gaps[] = {
    {{.no_flags = SECCOMP_FILTER_FLAG_TSYNC}, 1},
    {{.no_flags = SECCOMP_FILTER_FLAG_LOG}, 2},
    {{.no_actions = true}, 2},
    {{.no_flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW}, 3},
    {{.no_flags = SECCOMP_FILTER_FLAG_NEW_LISTENER}, 4},
    {{.no_sizes = true}, 4},
    {{.no_flags = SECCOMP_FILTER_FLAG_TSYNC_ESRCH}, 5},
    {{.no_flags = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV}, 6},
    {{.no_flags = 0}, 7},
};
enum { GAPS = sizeof(gaps) / sizeof(gaps[0]) };

static void with_gap(void *argument)
{
	const int *row = argument;
	struct old_kernel kernel = gaps[*row % GAPS].kernel;

	kernel.error = errors[*row / GAPS];
	old_kernel_enter(&kernel);
	CHILD_EQUAL(seccomp_api_get(), gaps[*row % GAPS].level);
	load_getppid();
}

START_TEST(test_every_gap)
{
	child_run(with_gap, &_i);
}
END_TEST

/*
 * A thread without a filter answers the main thread's questions for actions, in place of the kernel: it lacks one of
 * them.
 */
static uint32_t missing_action;
static int actions_listener;

static long answer_actions(void)
{
	long asked = 0;

	for (int i = 0; i < 2; i++) {
		struct seccomp_notif req = {0};
		CHILD_EQUAL(ioctl(actions_listener, SECCOMP_IOCTL_NOTIF_RECV, &req), 0);
		uint32_t action = *(const uint32_t *)(uintptr_t)req.data.args[2];
		struct seccomp_notif_resp resp = {.id = req.id, .error = action == missing_action ? -EOPNOTSUPP : 0};
		CHILD_EQUAL(ioctl(actions_listener, SECCOMP_IOCTL_NOTIF_SEND, &resp), 0);
		asked += action == missing_action;
	}
	return asked;
}

static void without_action(void *argument)
{
	uint32_t other = missing_action == SCMP_ACT_LOG ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_LOG;
	struct thread kernel;

	(void)argument;
	thread_start(&kernel, "kernel");
	actions_listener = old_kernel_supervise(SECCOMP_GET_ACTION_AVAIL);
	thread_begin(&kernel, answer_actions);
	CHILD_EQUAL(seccomp_api_get(), 2);
	CHILD_EQUAL(thread_finish(&kernel), 1);
	CHILD_CHECK(!seccomp_init(missing_action));
	CHILD_SAYS(callgate_diagnosis(NULL), missing_action == SCMP_ACT_LOG ? "LOG" : "KILL_PROCESS");
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	CHILD_EQUAL(seccomp_rule_add(ctx, missing_action, SCMP_SYS(getppid), 0), -EINVAL);
	CHILD_EQUAL(seccomp_rule_add(ctx, other, SCMP_SYS(getpgrp), 0), 0);
	load_getppid();
}

START_TEST(test_without_action)
{
	missing_action = _i ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS;
	child_run(without_action, NULL);
}
END_TEST

/* A level that is set is believed before anything was asked, until it is given back. */
static void set_first(void *argument)
{
	unsigned level = *(unsigned *)argument;

	CHILD_EQUAL(seccomp_api_set(level), 0);
	check_features(level);
	check_interface(level);
	CHILD_EQUAL(seccomp_api_set(0), -EINVAL);
	CHILD_EQUAL(seccomp_api_set(LEVEL_MAX + 1), -EINVAL);
	check_features(level);
	CHILD_EQUAL(seccomp_reset(NULL, 0), 0);
	check_features(LEVEL_MAX);
	check_interface(LEVEL_MAX);
	CHILD_EQUAL(seccomp_api_set(level), 0);
	load_getppid();
}

START_TEST(test_set_level)
{
	unsigned level = (unsigned)_i;

	child_run(set_first, &level);
}
END_TEST

/* At level 1 it is prctl(2) that loads: here nothing else can. */
static void loads_by_prctl(void *argument)
{
	const struct old_kernel kernel = {.load_error = EPERM};

	(void)argument;
	old_kernel_enter(&kernel);
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	CHILD_EQUAL(seccomp_load(ctx), -ECANCELED);
	CHILD_SAYS(callgate_diagnosis(ctx), "EPERM");
	CHILD_EQUAL(seccomp_api_set(1), 0);
	load_getppid();
}

START_TEST(test_prctl)
{
	child_run(loads_by_prctl, NULL);
}
END_TEST

/* What reset(NULL) forgets, no later load needs: not even where nothing can be probed any more. */
static void reset_forgets_nothing(void *argument)
{
	(void)argument;
	CHILD_EQUAL(seccomp_api_get(), LEVEL_MAX);
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(getppid), 0), 0);
	CHILD_EQUAL(seccomp_reset(NULL, 12345), 0);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	CHILD_CHECK(seccomp_notify_fd(ctx) >= 0);
	CHILD_EQUAL(seccomp_api_set(1), 0);
	old_kernel_enter(&(struct old_kernel){.error = EPERM, .no_seccomp = true});
	CHILD_EQUAL(seccomp_reset(NULL, 0), 0);
	CHILD_EQUAL(seccomp_api_get(), LEVEL_MAX);
}

/* At a level without listeners none is asked for: the diagnosis says what becomes of the calls. */
static void no_listener_at_4(void *argument)
{
	(void)argument;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(getppid), 0), 0);
	CHILD_EQUAL(seccomp_api_set(4), 0);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	CHILD_SAYS(callgate_diagnosis(ctx), "note: no listener was asked for");
	CHILD_EQUAL(seccomp_notify_fd(ctx), -EFAULT);
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == ENOSYS);
}

START_TEST(test_no_listener_at_4)
{
	child_run(no_listener_at_4, NULL);
}
END_TEST

/* A context asks at its birth. */
static void init_probes(void *argument)
{
	const struct old_kernel kernel = old_kernel_of_level(1, ENOSYS);
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	(void)argument;
	old_kernel_enter(&kernel);
	CHILD_EQUAL(seccomp_api_get(), LEVEL_MAX);
	CHILD_EQUAL(seccomp_load(ctx), -ECANCELED);
	CHILD_SAYS(callgate_diagnosis(ctx), "ENOSYS");
}

START_TEST(test_init_probes)
{
	child_run(init_probes, NULL);
}
END_TEST

START_TEST(test_reset_forgets_nothing)
{
	child_run(reset_forgets_nothing, NULL);
}
END_TEST

/* What each request adds, alone and with the others, at each level that has seccomp(2). */
static unsigned expected_flags(const struct load_request *request, unsigned level)
{
	unsigned flags = request->log ? SECCOMP_FILTER_FLAG_LOG : 0;

	if (request->allow_speculation)
		flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	if (request->synchronise_threads)
		flags |= SECCOMP_FILTER_FLAG_TSYNC;
	if (request->synchronise_threads && level >= 6 && !request->has_listener)
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	if (request->wants_listener)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (request->wants_listener && request->wait_killable)
		flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	return flags;
}

static void records_flags(void *argument)
{
	unsigned level = *(unsigned *)argument;
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct callgate_program *program = NULL;
	int listener = -1;

	CHILD_EQUAL(bpf_program_new(&allow, 1, bpf_host_is_big_endian(), NULL, &program), 0);
	CHILD_EQUAL(seccomp_api_set(level), 0);
	old_kernel_record_flags();
	for (unsigned i = 0; i < 1 << 6; i++) {
		struct load_request request = {
		    .programs = &program,
		    .count = 1,
		    .synchronise_threads = i & 1,
		    .log = i & 2,
		    .allow_speculation = i & 4,
		    .wants_listener = i & 8,
		    .wait_killable = i & 16,
		    .has_listener = !(i & 8) && i & 32,
		};
		bool refused = request.synchronise_threads && request.wants_listener && level < 6;
		int expected = refused ? -EINVAL : -(int)(RECORDED | expected_flags(&request, level));
		int result = load_programs(&request, NULL, &listener);
		CHILD_CHECK(result == expected, "level %u, request 0x%x: %d, not %d", level, i, result, expected);
	}
	CHILD_EQUAL(listener, -1);
	bpf_program_free(program);
}

START_TEST(test_flags)
{
	unsigned level = (unsigned)_i;

	child_run(records_flags, &level);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	TCase *tests = tcase_create("features");
	tcase_add_loop_test(tests, test_every_level, 0, LEVEL_MAX * 3);
	tcase_add_loop_test(tests, test_every_gap, 0, GAPS * 3);
	tcase_add_loop_test(tests, test_without_action, 0, 2);
	tcase_add_loop_test(tests, test_set_level, 1, LEVEL_MAX + 1);
	tcase_add_test(tests, test_prctl);
	tcase_add_test(tests, test_reset_forgets_nothing);
	tcase_add_test(tests, test_init_probes);
	tcase_add_test(tests, test_no_listener_at_4);
	tcase_add_loop_test(tests, test_flags, 2, LEVEL_MAX + 1);
	return test_run(tests);
}
