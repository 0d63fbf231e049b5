/* What the loader relies on of the kernel itself: which flags go together, and which mistake is told first. */
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <seccomp.h>

#include "child.h"
#include "support/run.h"

enum { UNKNOWN_FLAG = 1 << 30, MAX = 4096 };
static struct sock_filter allow[MAX + 1], bad[1] = {{0xffff, 0, 0, 0}};

enum program { NO_MEMORY, EMPTY, TOO_LONG, BAD, GOOD };

/* 0, a file descriptor or a thread, or -errno. */
static int load(unsigned operation, unsigned flags, enum program program)
{
	struct sock_fprog programs[] = {
	    [EMPTY] = {0, allow}, [TOO_LONG] = {MAX + 1, allow}, [BAD] = {1, bad}, [GOOD] = {MAX / 4, allow}};
	long result = syscall(SYS_seccomp, operation, flags, program == NO_MEMORY ? NULL : &programs[program]);

	return result < 0 ? -errno : (int)result;
}

/* From the first mistake to the last; each row has all of the later ones too. */
static void first_mistake(void *argument)
{
	static const struct {
		unsigned operation, flags;
		enum program program;
		int expected;
	} rows[] = {
	    {99, UNKNOWN_FLAG, NO_MEMORY, -EINVAL},
	    {SECCOMP_SET_MODE_FILTER, UNKNOWN_FLAG, NO_MEMORY, -EINVAL},
	    {SECCOMP_SET_MODE_FILTER, 0, NO_MEMORY, -EFAULT},
	    {SECCOMP_SET_MODE_FILTER, 0, EMPTY, -EINVAL},
	    {SECCOMP_SET_MODE_FILTER, 0, TOO_LONG, -EINVAL},
	    {SECCOMP_SET_MODE_FILTER, 0, BAD, -EACCES},
	    {SECCOMP_SET_MODE_FILTER, 0, GOOD, -EACCES},
	};

	(void)argument;
	child_drop_privileges();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHILD_EQUAL(load(rows[i].operation, rows[i].flags, rows[i].program), rows[i].expected);
	CHILD_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHILD_EQUAL(load(SECCOMP_SET_MODE_FILTER, 0, BAD), -EINVAL);
	CHILD_EQUAL(load(SECCOMP_SET_MODE_FILTER, 0, GOOD), 0);
}

/* Without a program EFAULT says that the flags are taken. */
static void flags_together(void *argument)
{
	static const struct {
		unsigned flags;
		int expected;
	} rows[] = {
	    {0, -EFAULT},
	    {SECCOMP_FILTER_FLAG_TSYNC, -EFAULT},
	    {SECCOMP_FILTER_FLAG_LOG, -EFAULT},
	    {SECCOMP_FILTER_FLAG_SPEC_ALLOW, -EFAULT},
	    {SECCOMP_FILTER_FLAG_NEW_LISTENER, -EFAULT},
	    {SECCOMP_FILTER_FLAG_TSYNC_ESRCH, -EFAULT},
	    {SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, -EINVAL},
	    {SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER, -EFAULT},
	    {SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER, -EINVAL},
	    {SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC_ESRCH, -EFAULT},
	    {UNKNOWN_FLAG, -EINVAL},
	};

	(void)argument;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHILD_EQUAL(load(SECCOMP_SET_MODE_FILTER, rows[i].flags, NO_MEMORY), rows[i].expected);
}

/* One listener for a thread's filters; no strict mode behind a filter. */
static void after_a_filter(void *argument)
{
	(void)argument;
	CHILD_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	int listener = load(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, GOOD);
	CHILD_CHECK(listener > 0);
	CHILD_EQUAL(load(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, GOOD), -EBUSY);
	CHILD_EQUAL(load(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, BAD), -EINVAL);
	CHILD_EQUAL(load(SECCOMP_SET_MODE_STRICT, 0, NO_MEMORY), -EINVAL);
	CHILD_EQUAL(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0), -1);
	CHILD_EQUAL(load(SECCOMP_SET_MODE_FILTER, 0, GOOD), 0);
	close(listener);
}

static child_body *const bodies[] = {first_mistake, flags_together, after_a_filter};

START_TEST(the_kernel)
{
	for (int i = 0; i <= MAX; i++)
		allow[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	child_run(bodies[_i], NULL);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	if (seccomp_api_get() < 7) {
		printf("skipped: this kernel lacks flags that are asked about (Linux 5.19)\n");
		return 77;
	}
	TCase *tests = tcase_create("kernel order");
	tcase_add_loop_test(tests, the_kernel, 0, sizeof(bodies) / sizeof(bodies[0]));
	return test_run(tests);
}
