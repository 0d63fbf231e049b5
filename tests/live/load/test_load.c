/* seccomp_load() of one program: privileges, listeners, and what is said of each refusal. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

#include "bpf/program.h"

#include "child.h"
#include "old_kernel.h"
#include "support/run.h"

enum { KERNEL_ENOTSUPP = 524 };

static scmp_filter_ctx new_context(uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	CHILD_CHECK(ctx != NULL);
	CHILD_EQUAL(seccomp_rule_add(ctx, action, SCMP_SYS(getppid), 0), 0);
	return ctx;
}

/* Refused: -ECANCELED and these words; and with SYSRAWRC the raw value. */
static void check_refused(scmp_filter_ctx ctx, int raw, const char *words)
{
	uint32_t before = (uint32_t)child_status(0, "Seccomp_filters");

	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 0), 0);
	CHILD_EQUAL(seccomp_load(ctx), -ECANCELED);
	CHILD_SAYS(callgate_diagnosis(ctx), words);
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1), 0);
	CHILD_EQUAL(seccomp_load(ctx), raw);
	CHILD_SAYS(callgate_diagnosis(ctx), words);
	CHILD_EQUAL(child_status(0, "Seccomp_filters"), before);
}

static void loads(void *argument)
{
	uint32_t no_new_privileges = *(int *)argument ? 1 : 0;
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));

	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, no_new_privileges), 0);
	errno = 77;
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	CHILD_EQUAL(errno, 77);
	CHILD_CHECK(callgate_diagnosis(ctx)[0] == '\0');
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == 111);
	CHILD_EQUAL(child_status(0, "Seccomp"), 2);
	CHILD_EQUAL(child_status(0, "Seccomp_filters"), 1);
	CHILD_EQUAL(child_status(0, "NoNewPrivs"), no_new_privileges);
	CHILD_EQUAL(seccomp_notify_fd(ctx), -EFAULT);
	seccomp_release(ctx);
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == 111);
}

START_TEST(test_loads)
{
	if (_i == 1 || geteuid() == 0)
		child_run(loads, &_i);
	else
		printf("not tried: loading without no_new_privs needs root\n");
}
END_TEST

static void no_context(void *argument)
{
	(void)argument;
	CHILD_EQUAL(seccomp_load(NULL), -EINVAL);
	CHILD_SAYS(callgate_diagnosis(NULL), "NULL");
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(1));
	CHILD_EQUAL(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	CHILD_EQUAL(seccomp_load(ctx), -EINVAL);
	CHILD_SAYS(callgate_diagnosis(ctx), "architecture");
	CHILD_EQUAL(seccomp_notify_fd(NULL), -EINVAL);
	CHILD_EQUAL(seccomp_notify_fd(ctx), -EINVAL);
	CHILD_EQUAL(child_status(0, "Seccomp"), 0);
	CHILD_EQUAL(child_status(0, "NoNewPrivs"), 0);
}

START_TEST(test_no_context)
{
	child_run(no_context, NULL);
}
END_TEST

static void unprivileged(void *argument)
{
	(void)argument;
	child_drop_privileges();
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0), 0);
	check_refused(ctx, -EACCES, "EACCES: no_new_privs is not set");
	CHILD_SAYS(callgate_diagnosis(ctx), "CTL_NNP");
	CHILD_EQUAL(syscall(SYS_getppid), getppid());
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 1), 0);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == 111);
}

START_TEST(test_unprivileged)
{
	child_run(unprivileged, NULL);
}
END_TEST

static const struct {
	int error;
	int raw; /* through the interface's gate */
	const char *words;
} refusals[] = {
    {EACCES, -EACCES, "EACCES: no_new_privs is not set and the thread lacks CAP_SYS_ADMIN"},
    {EBUSY, -EFAULT, "EBUSY: a filter of this thread has a listener already"},
    {EFAULT, -EFAULT, "EFAULT"},
    {EINVAL, -EINVAL, "EINVAL: the kernel has no seccomp filters, or the thread is in strict mode"},
    {EMFILE, -EFAULT, "EMFILE: no file descriptor is left"},
    {ENOMEM, -ENOMEM, "ENOMEM: memory is out, or the filters of this thread, which may have 32768 eBPF"},
    {ENOSYS, -EFAULT, "ENOSYS: the kernel has no such call, or an older filter of this thread hides it"},
    {EPERM, -EFAULT, "EPERM: an older filter of this thread, such as a container's, forbids it"},
    {KERNEL_ENOTSUPP, -EFAULT,
     "524): the memory for compiled filters is used up: raise the sysctl net.core.bpf_jit_limit"},
    {1234, -EFAULT, "the kernel refused the filter: errno 1234"},
};
enum { REFUSALS = sizeof(refusals) / sizeof(refusals[0]) };

static void refused(void *argument)
{
	int row = *(int *)argument;
	const struct old_kernel kernel = {.load_error = refusals[row].error};

	old_kernel_enter(&kernel);
	check_refused(new_context(SCMP_ACT_ERRNO(111)), refusals[row].raw, refusals[row].words);
	CHILD_EQUAL(syscall(SYS_getppid), getppid());
}

START_TEST(test_refused)
{
	child_run(refused, &_i);
}
END_TEST

static void no_new_privileges_refused(void *argument)
{
	const struct old_kernel kernel = {.no_privs_error = *(int *)argument};

	old_kernel_enter(&kernel);
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));
	check_refused(ctx, kernel.no_privs_error == EINVAL ? -EINVAL : -EFAULT, "no_new_privs could not be set: E");
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0), 0);
	CHILD_EQUAL(seccomp_load(ctx), 0);
}

START_TEST(test_no_new_privileges_refused)
{
	static int errors[] = {EPERM, EINVAL};

	child_run(no_new_privileges_refused, &errors[_i]);
}
END_TEST

/* The kernel lacks a flag that the library believes in: the words name the attribute that asks for it. */
static const struct {
	unsigned level;
	enum scmp_filter_attr attr;
	uint32_t action;
	const char *words;
} flags[] = {
    {2, SCMP_FLTATR_CTL_LOG, SCMP_ACT_ERRNO(1), "EINVAL: CTL_LOG needs Linux 4.14"},
    {3, SCMP_FLTATR_CTL_SSB, SCMP_ACT_ERRNO(1), "EINVAL: CTL_SSB needs Linux 4.17"},
    {4, SCMP_FLTATR_CTL_NNP, SCMP_ACT_NOTIFY, "EINVAL: NOTIFY needs Linux 5.0"},
    {5, SCMP_FLTATR_CTL_TSYNC, SCMP_ACT_NOTIFY, "EINVAL: TSYNC_ESRCH needs Linux 5.7"},
    {6, SCMP_FLTATR_CTL_WAITKILL, SCMP_ACT_NOTIFY, "EINVAL: CTL_WAITKILL needs Linux 5.19"},
};
enum { FLAGS = sizeof(flags) / sizeof(flags[0]) };

static void flag_refused(void *argument)
{
	int row = *(int *)argument;
	struct old_kernel kernel = old_kernel_of_level(flags[row].level, EINVAL);

	CHILD_EQUAL(seccomp_api_set(7), 0);
	old_kernel_enter(&kernel);
	scmp_filter_ctx ctx = new_context(flags[row].action);
	CHILD_EQUAL(seccomp_attr_set(ctx, flags[row].attr, 1), 0);
	check_refused(ctx, -EINVAL, flags[row].words);
}

START_TEST(test_flag_refused)
{
	child_run(flag_refused, &_i);
}
END_TEST

/* No flag is blamed that the kernel knows. */
static void no_flag_is_to_blame(void *argument)
{
	const struct old_kernel kernel = {.load_error = EINVAL};
	static const enum scmp_filter_attr attributes[] = {SCMP_FLTATR_CTL_TSYNC, SCMP_FLTATR_CTL_LOG,
	                                                   SCMP_FLTATR_CTL_SSB, SCMP_FLTATR_CTL_WAITKILL};

	(void)argument;
	old_kernel_enter(&kernel);
	scmp_filter_ctx ctx = new_context(SCMP_ACT_NOTIFY);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		CHILD_EQUAL(seccomp_attr_set(ctx, attributes[i], 1), 0);
	check_refused(ctx, -EINVAL, "EINVAL: the kernel has no seccomp filters, or");
}

/* Nor when an older filter refuses whatever is asked. */
static void older_filter_is_to_blame(void *argument)
{
	struct old_kernel kernel = {.no_seccomp = true, .error = *(int *)argument};

	CHILD_EQUAL(seccomp_api_get(), 7);
	old_kernel_enter(&kernel);
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), 0);
	check_refused(ctx, kernel.error == EINVAL ? -EINVAL : -EFAULT,
	              kernel.error == EINVAL ? "EINVAL: the kernel has no seccomp filters, or"
	                                     : ": an older filter of this");
}

START_TEST(test_older_filter_is_to_blame)
{
	static int errors[] = {EPERM, EINVAL};

	child_run(older_filter_is_to_blame, &errors[_i]);
}
END_TEST

START_TEST(test_no_flag_is_to_blame)
{
	child_run(no_flag_is_to_blame, NULL);
}
END_TEST

/* CTL_WAITKILL has no meaning without a listener, and is then not asked for. */
static void wait_killable_alone(void *argument)
{
	struct old_kernel kernel = old_kernel_of_level(6, EINVAL);

	(void)argument;
	old_kernel_enter(&kernel);
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_WAITKILL, 1), 0);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == 111);
}

START_TEST(test_wait_killable_alone)
{
	child_run(wait_killable_alone, NULL);
}
END_TEST

/* The listener belongs to its context, and outlives it. */
static void listeners(void *argument)
{
	scmp_filter_ctx first = new_context(SCMP_ACT_NOTIFY), second = new_context(SCMP_ACT_NOTIFY);

	(void)argument;
	CHILD_EQUAL(seccomp_notify_fd(first), -EFAULT);
	CHILD_EQUAL(seccomp_load(first), 0);
	int fd = seccomp_notify_fd(first);
	CHILD_CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHILD_EQUAL(seccomp_notify_fd(second), -EFAULT);
	check_refused(second, -EFAULT,
	              "EBUSY: a filter of this thread has a listener already, and there can be only one");
	CHILD_EQUAL(seccomp_notify_fd(second), -EFAULT);

	/* A second copy of the filter has no listener, and answers before the first. */
	CHILD_EQUAL(seccomp_load(first), 0);
	CHILD_SAYS(callgate_diagnosis(first), "note: the context has a listener already");
	CHILD_EQUAL(seccomp_notify_fd(first), fd);
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == ENOSYS);
	CHILD_EQUAL(seccomp_reset(NULL, 0), 0);
	CHILD_EQUAL(seccomp_notify_fd(first), fd);
	CHILD_EQUAL(seccomp_reset(first, SCMP_ACT_ALLOW), 0);
	CHILD_EQUAL(seccomp_notify_fd(first), fd);
	seccomp_release(first);
	seccomp_release(second);
	CHILD_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

START_TEST(test_listeners)
{
	child_run(listeners, NULL);
}
END_TEST

/* 0 is a file descriptor like any other. */
static void listener_zero(void *argument)
{
	scmp_filter_ctx ctx = new_context(SCMP_ACT_NOTIFY);

	(void)argument;
	close(0);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	CHILD_EQUAL(seccomp_notify_fd(ctx), 0);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	CHILD_EQUAL(seccomp_notify_fd(ctx), 0);
}

START_TEST(test_listener_zero)
{
	child_run(listener_zero, NULL);
}
END_TEST

/* The rules that ask for a listener came with a merge. */
static void merged_listener(void *argument)
{
	scmp_filter_ctx to = seccomp_init(SCMP_ACT_ALLOW), from = seccomp_init(SCMP_ACT_ALLOW);

	(void)argument;
	CHILD_EQUAL(seccomp_arch_add(to, SCMP_ARCH_AARCH64), 0);
	CHILD_EQUAL(seccomp_arch_remove(to, SCMP_ARCH_NATIVE), 0);
	CHILD_EQUAL(seccomp_rule_add(from, SCMP_ACT_NOTIFY, SCMP_SYS(getppid), 0), 0);
	CHILD_EQUAL(seccomp_merge(to, from), 0);
	CHILD_EQUAL(seccomp_load(to), 0);
	CHILD_CHECK(seccomp_notify_fd(to) >= 0);
}

START_TEST(test_merged_listener)
{
	child_run(merged_listener, NULL);
}
END_TEST

static void other_byte_order(void *argument)
{
	uint32_t other = bpf_host_is_big_endian() ? SCMP_ARCH_X86_64 : SCMP_ARCH_S390X;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	(void)argument;
	CHILD_EQUAL(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	CHILD_EQUAL(seccomp_arch_add(ctx, other), 0);
	check_refused(ctx, -EINVAL, "byte order");
	CHILD_EQUAL(child_status(0, "NoNewPrivs"), 0);
}

START_TEST(test_other_byte_order)
{
	child_run(other_byte_order, NULL);
}
END_TEST

/* As often as the model says, and then the kernel has no room. */
static void path_full(void *argument)
{
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));
	struct callgate_program *program = NULL;
	struct sock_filter insns[256];
	size_t size = sizeof(insns);

	(void)argument;
	CHILD_EQUAL(seccomp_export_bpf_mem(ctx, insns, &size), 0);
	CHILD_EQUAL(bpf_program_new(insns, size / sizeof(insns[0]), bpf_host_is_big_endian(), NULL, &program), 0);
	size_t length = bpf_ebpf_length(program), times = 0;
	while (seccomp_load(ctx) == 0)
		times++;
	CHILD_EQUAL(times, (BPF_PATH_MAX + BPF_PATH_OVERHEAD) / (length + BPF_PATH_OVERHEAD));
	check_refused(ctx, -ENOMEM, "ENOMEM");
	bpf_program_free(program);
}

START_TEST(test_path_full)
{
	child_run(path_full, NULL);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	TCase *tests = tcase_create("load");
	tcase_add_loop_test(tests, test_loads, 0, 2);
	tcase_add_test(tests, test_no_context);
	tcase_add_test(tests, test_unprivileged);
	tcase_add_loop_test(tests, test_refused, 0, REFUSALS);
	tcase_add_loop_test(tests, test_no_new_privileges_refused, 0, 2);
	tcase_add_loop_test(tests, test_flag_refused, 0, FLAGS);
	tcase_add_test(tests, test_no_flag_is_to_blame);
	tcase_add_loop_test(tests, test_older_filter_is_to_blame, 0, 2);
	tcase_add_test(tests, test_wait_killable_alone);
	tcase_add_test(tests, test_listeners);
	tcase_add_test(tests, test_listener_zero);
	tcase_add_test(tests, test_merged_listener);
	tcase_add_test(tests, test_other_byte_order);
	tcase_add_test(tests, test_path_full);
	return test_run(tests);
}
