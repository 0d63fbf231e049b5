/* Notification on other kernels: those that know less of it, and those whose structures are larger. */
#include <check.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

#include "bpf/program.h"

#include "../kernel_program.h"
#include "child.h"
#include "old_kernel.h"
#include "support/run.h"
#include "target.h"
#include "threads.h"

static int calls(void)
{
	return (int)syscall(SYS_getppid);
}

/* Nothing in this process has asked the kernel for its level before. */
static void probes_by_itself(void *argument)
{
	struct seccomp_notif req = {0};
	struct seccomp_notif_resp resp = {0};
	struct seccomp_notif_addfd addfd = {0};

	switch (*(int *)argument) {
	case 0:
		CHILD_EQUAL(seccomp_notify_receive(-1, &req), -ECANCELED);
		break;
	case 1:
		CHILD_EQUAL(seccomp_notify_respond(-1, &resp), -ECANCELED);
		break;
	case 2:
		CHILD_EQUAL(seccomp_notify_id_valid(-1, 0), -ENOENT);
		break;
	default:
		CHILD_EQUAL(seccomp_notify_addfd(-1, &addfd), -ECANCELED);
	}
	CHILD_EQUAL(errno, EBADF);
	CHILD_SAYS(callgate_diagnosis(NULL), "EBADF");
}

START_TEST(test_probes_by_itself)
{
	child_run(probes_by_itself, &_i);
}
END_TEST

static void null_arguments(void *argument)
{
	(void)argument;
	CHILD_EQUAL(seccomp_notify_receive(-1, NULL), -EINVAL);
	CHILD_EQUAL(seccomp_notify_respond(-1, NULL), -EINVAL);
	CHILD_EQUAL(seccomp_notify_addfd(-1, NULL), -EINVAL);
	CHILD_SAYS(callgate_diagnosis(NULL), "NULL");
	CHILD_EQUAL(seccomp_notify_alloc(NULL, NULL), 0);
	seccomp_notify_free(NULL, NULL);
}

START_TEST(test_null_arguments)
{
	child_run(null_arguments, NULL);
}
END_TEST

static void on_old_kernel(void *argument)
{
	unsigned level = *(unsigned *)argument;
	const struct old_kernel kernel = old_kernel_of_level(level, level == 1 ? ENOSYS : EINVAL);
	int expected = level < 5 ? -EOPNOTSUPP : -ECANCELED;
	struct seccomp_notif *req = (struct seccomp_notif *)&kernel, other = {0};
	struct seccomp_notif_resp *resp = NULL, answer = {0};
	struct seccomp_notif_addfd addfd = {0};

	old_kernel_enter(&kernel);
	CHILD_EQUAL(seccomp_notify_receive(-1, &other), expected);
	CHILD_EQUAL(seccomp_notify_respond(-1, &answer), expected);
	CHILD_EQUAL(seccomp_notify_id_valid(-1, 1), level < 5 ? -EOPNOTSUPP : -ENOENT);
	CHILD_EQUAL(seccomp_notify_addfd(-1, &addfd), expected);
	if (level < 5)
		CHILD_SAYS(callgate_diagnosis(NULL), "needs Linux 5.0");
	/* Only the system call itself is looked for here; then the kernel is asked for the sizes, and may not tell. */
	int result = seccomp_notify_alloc(&req, &resp);
	CHILD_EQUAL(result, level == 1 ? -EOPNOTSUPP : level < 5 ? -ECANCELED : 0);
	if (result < 0)
		CHILD_CHECK(req == (struct seccomp_notif *)&kernel && !resp);
	else
		seccomp_notify_free(req, resp);
}

START_TEST(test_old_kernels)
{
	unsigned level = (unsigned)_i;

	child_run(on_old_kernel, &level);
}
END_TEST

/* A level that is set counts, whatever the kernel can do. */
static void level_is_set(void *argument)
{
	struct seccomp_notif req = {0};

	(void)argument;
	CHILD_EQUAL(seccomp_api_set(4), 0);
	CHILD_EQUAL(seccomp_notify_receive(-1, &req), -EOPNOTSUPP);
	CHILD_EQUAL(seccomp_api_set(5), 0);
	CHILD_EQUAL(seccomp_notify_receive(-1, &req), -ECANCELED);
}

START_TEST(test_level_is_set)
{
	child_run(level_is_set, NULL);
}
END_TEST

static void load_raw(const struct sock_filter *insns, size_t count)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	CHILD_EQUAL(kernel_load(insns, count), 0);
}

/* Linux 5.0 to 5.8 knew the question for an id by another number only. */
static void other_direction(void *argument)
{
	const struct sock_filter insns[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, bpf_arg_offset(bpf_host_is_big_endian(), 1, false)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)SECCOMP_IOCTL_NOTIF_ID_VALID, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct target target;

	(void)argument;
	target_start(&target, false, calls);
	uint64_t id = target_receive(&target).id;
	load_raw(insns, sizeof(insns) / sizeof(insns[0]));
	CHILD_EQUAL(seccomp_notify_id_valid(target.fd, id), 0);
	CHILD_EQUAL(seccomp_notify_id_valid(target.fd, id + 1), -ENOENT);
	CHILD_EQUAL(target_respond(&target, id, 4, 0, 0), 0);
	CHILD_EQUAL(target_wait(&target), 4);
}

START_TEST(test_other_direction)
{
	child_run(other_direction, NULL);
}
END_TEST

/*
 * A thread without a filter answers this one's questions for the sizes, in place of the kernel, with what a row says.
 */
static const struct {
	struct seccomp_notif_sizes told;
	int expected;
} kernels[] = {
    {{sizeof(struct seccomp_notif), sizeof(struct seccomp_notif_resp), sizeof(struct seccomp_data)}, 0},
    {{4000, 3000, 3904}, 0},
    {{sizeof(struct seccomp_notif) + 8, sizeof(struct seccomp_notif_resp), 72}, 0},
    {{1, 1, 1}, 0},
    {{0, sizeof(struct seccomp_notif_resp), 0}, -EFAULT},
    {{sizeof(struct seccomp_notif), 0, 64}, -EFAULT},
};
static int row, sizes_listener;

static long answer_sizes(void)
{
	struct seccomp_notif req = {0};

	CHILD_EQUAL(ioctl(sizes_listener, SECCOMP_IOCTL_NOTIF_RECV, &req), 0);
	CHILD_EQUAL(req.data.args[0], SECCOMP_GET_NOTIF_SIZES);
	memcpy((void *)(uintptr_t)req.data.args[2], &kernels[row].told, sizeof(kernels[row].told));
	struct seccomp_notif_resp resp = {.id = req.id};
	return ioctl(sizes_listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

static void check_zeroed(const void *memory, size_t told, size_t own)
{
	size_t size = told > own ? told : own;

	CHILD_CHECK(malloc_usable_size((void *)(uintptr_t)memory) >= size, "room for %zu bytes", size);
	for (size_t i = 0; i < size; i++)
		CHILD_CHECK(((const char *)memory)[i] == 0, "byte %zu", i);
}

static void other_sizes(void *argument)
{
	struct seccomp_notif *req = NULL;
	struct seccomp_notif_resp *resp = NULL;
	struct thread kernel;

	row = *(int *)argument;
	thread_start(&kernel, "kernel");
	CHILD_EQUAL(seccomp_api_get(), 7);
	/* What is allocated later was dirty before. */
	for (size_t size = 16; size < 8192; size += 16) {
		void *dirt = malloc(size);
		memset(dirt, 0xff, size);
		free(dirt);
	}
	sizes_listener = old_kernel_supervise(SECCOMP_GET_NOTIF_SIZES);
	thread_begin(&kernel, answer_sizes);
	CHILD_EQUAL(seccomp_notify_alloc(&req, &resp), kernels[row].expected);
	CHILD_EQUAL(thread_finish(&kernel), 0);
	if (kernels[row].expected < 0) {
		CHILD_CHECK(!req && !resp);
		CHILD_SAYS(callgate_diagnosis(NULL), "no size");
		return;
	}
	check_zeroed(req, kernels[row].told.seccomp_notif, sizeof(*req));
	check_zeroed(resp, kernels[row].told.seccomp_notif_resp, sizeof(*resp));
	seccomp_notify_free(req, resp);
}

START_TEST(test_other_sizes)
{
	child_run(other_sizes, &_i);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	TCase *tests = tcase_create("notify on other kernels");
	tcase_add_loop_test(tests, test_probes_by_itself, 0, 4);
	tcase_add_test(tests, test_null_arguments);
	tcase_add_loop_test(tests, test_old_kernels, 1, 8);
	tcase_add_test(tests, test_level_is_set);
	tcase_add_test(tests, test_other_direction);
	tcase_add_loop_test(tests, test_other_sizes, 0, sizeof(kernels) / sizeof(kernels[0]));
	return test_run(tests);
}
