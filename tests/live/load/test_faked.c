/*
 * A filter around the process answers in the kernel's place: success, and nothing is done. Whichever of the calls it
 * fakes, the load must be refused, or the filter be there.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

#include "base/confine.h"
#include "base/raw.h"

#include "child.h"
#include "old_kernel.h"
#include "support/run.h"

enum { DENIED = 111, VALUES = 400 };

static scmp_filter_ctx new_context(uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	CHILD_CHECK(ctx != NULL);
	CHILD_EQUAL(seccomp_rule_add(ctx, action, SCMP_SYS(getppid), 0), 0);
	return ctx;
}

/* Makes the policy one of several programs: values spread over 64 bits at calls that are far apart. */
static void make_long(scmp_filter_ctx ctx)
{
	static const int calls[] = {SCMP_SYS(ioctl),       SCMP_SYS(fcntl),       SCMP_SYS(kill),
	                            SCMP_SYS(personality), SCMP_SYS(sched_yield), SCMP_SYS(openat2),
	                            SCMP_SYS(close_range), SCMP_SYS(acct)};

	for (unsigned call = 0; call < sizeof(calls) / sizeof(calls[0]); call++)
		for (unsigned i = 1; i <= VALUES; i++) {
			uint64_t value = (i * 0x9e3779b97f4a7c15u) ^ (uint64_t)call << 32;
			CHILD_EQUAL(
			    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), calls[call], 1, SCMP_A5(SCMP_CMP_EQ, value)), 0);
		}
}

static void check_refused(scmp_filter_ctx ctx, const char *words)
{
	long before = child_status(0, "Seccomp_filters");

	errno = 77;
	CHILD_EQUAL(seccomp_load(ctx), -ECANCELED);
	CHILD_EQUAL(errno, 77);
	CHILD_SAYS(callgate_diagnosis(ctx), words);
	CHILD_SAYS(callgate_diagnosis(ctx), "is faked: an older filter around this thread");
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1), 0);
	CHILD_EQUAL(seccomp_load(ctx), -EACCES);
	CHILD_SAYS(callgate_diagnosis(ctx), words);
	CHILD_EQUAL(child_status(0, "Seccomp_filters"), before);
	CHILD_EQUAL(syscall(SYS_getppid), getppid());
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 0), 0);
}

/* What is faked, whether the features were probed before, and what the refusal names. */
static const struct scene {
	struct old_kernel kernel;
	bool probed;
	unsigned level; /* that is forced afterwards, or 0 */
	const char *words;
} scenes[] = {
    {{.fakes_seccomp = true}, true, 0, "seccomp(2) is faked"},
    {{.fakes_seccomp = true}, false, 0, "seccomp(2) is faked"},
    {{.fakes_seccomp = true}, false, 7, "seccomp(2) is faked"},
    {{.fakes_prctl = PR_SET_SECCOMP}, false, 1, "prctl(2)"},
    {{.fakes_prctl = PR_SET_NO_NEW_PRIVS}, true, 0, "prctl(2) of no_new_privs"},
    {{.fakes_prctl = PR_SET_NO_NEW_PRIVS}, false, 0, "prctl(2) of no_new_privs"},
    {{.fakes_prctl = PR_SET_NO_NEW_PRIVS, .fakes_seccomp = true}, false, 0, "prctl(2) of no_new_privs"},
};
enum { SCENES = sizeof(scenes) / sizeof(scenes[0]) };

/* Privileged where the thread can be, so that no_new_privs is not set by the older filter. */
static void enter(const struct scene *scene)
{
	if (scene->probed)
		(void)seccomp_api_get();
	old_kernel_enter(&scene->kernel);
	if (scene->level)
		CHILD_EQUAL(seccomp_api_set(scene->level), 0);
}

static void plain(void *argument)
{
	const struct scene *scene = argument;

	enter(scene);
	check_refused(new_context(SCMP_ACT_ERRNO(DENIED)), scene->words);
}

static void with_flags(void *argument)
{
	const struct scene *scene = argument;
	scmp_filter_ctx ctx = new_context(SCMP_ACT_NOTIFY);

	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), 0);
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_LOG, 1), 0);
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_WAITKILL, 1), 0);
	enter(scene);
	check_refused(ctx, scene->words);
	CHILD_EQUAL(seccomp_notify_fd(ctx), -EFAULT);
}

static void several_programs(void *argument)
{
	const struct scene *scene = argument;
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(DENIED));

	make_long(ctx);
	CHILD_EQUAL(seccomp_precompute(ctx), 0);
	enter(scene);
	check_refused(ctx, scene->words);
}

START_TEST(test_faked)
{
	struct scene scene = scenes[_i];

	if (scene.kernel.fakes_prctl == PR_SET_NO_NEW_PRIVS && geteuid() != 0) {
		printf("not tried: only root can load an older filter without no_new_privs\n");
		return;
	}
	child_run(plain, &scene);
	child_run(with_flags, &scene);
	child_run(several_programs, &scene);
}
END_TEST

/* Where nobody asks for no_new_privs, its fake does not matter. */
static void no_new_privileges_unwanted(void *argument)
{
	const struct old_kernel kernel = {.fakes_prctl = PR_SET_NO_NEW_PRIVS};
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(DENIED));

	(void)argument;
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0), 0);
	old_kernel_enter(&kernel);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == DENIED);
}

/* Only the older form of TSYNC, which is asked again for the thread's number, is faked. */
static void second_question_faked(void *argument)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {1, &allow};
	const struct old_kernel kernel = {.fakes_flags = SECCOMP_FILTER_FLAG_TSYNC};

	(void)argument;
	old_kernel_enter(&kernel);
	CHILD_EQUAL(confine_by_seccomp(SECCOMP_FILTER_FLAG_TSYNC, &program), CONFINE_FAKED);
	CHILD_EQUAL(program.len, 1);
	CHILD_EQUAL(confine_by_seccomp(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH, &program), 0);
}

START_TEST(test_only_what_is_asked_for)
{
	if (geteuid() == 0)
		child_run(no_new_privileges_unwanted, NULL);
	child_run(second_question_faked, NULL);
}
END_TEST

/* What the kernel says about sizes is not believed either. */
static void sizes_faked(void *argument)
{
	const struct old_kernel kernel = {.fakes_seccomp = true};
	struct seccomp_notif *request = NULL;
	struct seccomp_notif_resp *response = NULL;

	(void)argument;
	(void)seccomp_api_get();
	old_kernel_enter(&kernel);
	CHILD_EQUAL(seccomp_notify_alloc(&request, &response), -EFAULT);
	CHILD_CHECK(!request && !response);
}

START_TEST(test_sizes_faked)
{
	child_run(sizes_faked, NULL);
}
END_TEST

/* 0 is what a filter can answer, and a descriptor of somebody else. */
static void descriptors_faked(void *argument)
{
	static const char *const calls[] = {"pidfd_open", "openat2"};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	(void)argument;
	CHILD_CHECK(fcntl(0, F_GETFD) >= 0 && raw_pidfd_open(getpid()) > 0);
	CHILD_CHECK(raw_open_exactly("/dev/null", O_RDONLY) > 0);
	CHILD_EQUAL(raw_open_exactly("/proc/self/status", O_RDONLY), -ELOOP);
	for (int i = 0; i < 2; i++)
		CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(0), seccomp_syscall_resolve_name(calls[i]), 0), 0);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	CHILD_EQUAL(raw_pidfd_open(getpid()), -ECANCELED);
	CHILD_EQUAL(raw_open_exactly("/dev/null", O_RDONLY), -ECANCELED);
	CHILD_CHECK(fcntl(0, F_GETFD) >= 0);
}

START_TEST(test_descriptors_faked)
{
	child_run(descriptors_faked, NULL);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	TCase *tests = tcase_create("faked");
	tcase_add_loop_test(tests, test_faked, 0, SCENES);
	tcase_add_test(tests, test_only_what_is_asked_for);
	tcase_add_test(tests, test_sizes_faked);
	tcase_add_test(tests, test_descriptors_faked);
	return test_run(tests);
}
