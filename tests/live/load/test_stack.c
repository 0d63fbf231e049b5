/*
 * Several programs for one policy: all or nothing as far as that can be known before, and honest words where it could
 * not.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <seccomp.h>

#include "bpf/program.h"
#include "load/load.h"

#include "../kernel_program.h"
#include "child.h"
#include "support/run.h"
#include "threads.h"

#define LOAD_NR   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define RETURN(k) BPF_STMT(BPF_RET | BPF_K, k)

/* The longest program in eBPF that the kernel takes: three of them fit on a path, and not a fourth. */
enum { LONGEST = 3 + 2 * BPF_PROGRAM_MAX, PARTS_MAX = 8 };

static struct callgate_program *new_program(const struct sock_filter *insns, size_t count)
{
	struct callgate_program *program = NULL;

	CHILD_EQUAL(bpf_program_new(insns, count, bpf_host_is_big_endian(), NULL, &program), 0);
	CHILD_EQUAL(bpf_accept(program, NULL), 0);
	return program;
}

/* A program of this eBPF length, 5 or odd, that allows everything. */
static struct callgate_program *padded(size_t length)
{
	static struct sock_filter insns[BPF_PROGRAM_MAX];
	size_t count = (length - 3) / 2;

	for (size_t i = 0; i < count; i++)
		insns[i] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	struct callgate_program *program = new_program(insns, count);
	CHILD_EQUAL(bpf_ebpf_length(program), length);
	return program;
}

/* A program that fails one call. */
static struct callgate_program *denying(uint32_t nr, uint32_t error)
{
	const struct sock_filter insns[] = {LOAD_NR, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
	                                    RETURN(SECCOMP_RET_ERRNO | error), RETURN(SECCOMP_RET_ALLOW)};

	return new_program(insns, sizeof(insns) / sizeof(insns[0]));
}

struct stack {
	struct callgate_program *programs[PARTS_MAX];
	struct load_request request;
	struct diag diag;
	int listener;
};

static int load(struct stack *stack, size_t count)
{
	stack->request.programs = stack->programs;
	stack->request.count = count;
	stack->request.no_new_privileges = true;
	stack->listener = -1;
	diag_clear(&stack->diag);
	return load_programs(&stack->request, &stack->diag, &stack->listener);
}

static void check_filters(long count)
{
	CHILD_EQUAL(child_status(0, "Seccomp_filters"), count);
}

static long fails_with(long nr)
{
	return syscall(nr) < 0 ? errno : 0;
}

static long call_getppid(void)
{
	return fails_with(SYS_getppid);
}

/* In order, with threads following each part; at level 1 by prctl(2). */
static void loads_all(void *argument)
{
	unsigned level = *(unsigned *)argument;
	struct stack stack = {{denying(SYS_getppid, 101), denying(SYS_getuid, 102), denying(SYS_getgid, 103)}};
	struct thread thread;

	CHILD_EQUAL(seccomp_api_set(level), 0);
	stack.request.synchronise_threads = level > 1;
	thread_start(&thread, "fellow");
	CHILD_CHECK(load(&stack, 3) == 0, "%s", stack.diag.text);
	CHILD_CHECK(stack.diag.text[0] == '\0');
	check_filters(3);
	CHILD_EQUAL(fails_with(SYS_getppid), 101);
	CHILD_EQUAL(fails_with(SYS_getuid), 102);
	CHILD_EQUAL(fails_with(SYS_getgid), 103);
	CHILD_EQUAL(child_status(thread.tid, "Seccomp_filters"), level > 1 ? 3 : 0);
	CHILD_EQUAL(thread_do(&thread, call_getppid), level > 1 ? 101 : 0);
}

START_TEST(test_loads_all)
{
	unsigned level = _i ? 7 : 1;

	child_run(loads_all, &level);
}
END_TEST

static void check_no_room(struct stack *stack, size_t count, const char *words)
{
	long filters = child_status(0, "Seccomp_filters");

	CHILD_EQUAL(load(stack, count), -ENOMEM);
	CHILD_SAYS(stack->diag.text, words);
	CHILD_SAYS(stack->diag.text, "nothing was loaded");
	check_filters(filters);
}

/* Alone too long: nothing is touched, not even no_new_privs. */
static void too_long(void *argument)
{
	struct callgate_program *longest = padded(LONGEST);
	struct stack stack = {{longest, longest, longest, longest}};

	(void)argument;
	check_no_room(&stack, 4, "4 programs, with the 0 filters that this thread has, are at least 32792 eBPF");
	CHILD_EQUAL(child_status(0, "NoNewPrivs"), 0);
}

START_TEST(test_too_long)
{
	child_run(too_long, NULL);
}
END_TEST

/* To the last instruction: what just fits is loaded, and one more is known not to. */
static void just_fits(void *argument)
{
	size_t rest = BPF_PATH_MAX - 3 * (LONGEST + BPF_PATH_OVERHEAD);
	struct callgate_program *longest = padded(LONGEST);
	struct stack stack = {{longest, longest, longest, padded(rest - (rest % 2 == 0))}};
	struct stack more = {{longest, longest, longest, padded(rest + 1 + (rest % 2))}};

	(void)argument;
	check_no_room(&more, 4, "4 programs");
	CHILD_CHECK(load(&stack, 4) == 0, "%s", stack.diag.text);
	check_filters(4);
}

START_TEST(test_just_fits)
{
	child_run(just_fits, NULL);
}
END_TEST

/* What this thread loaded before is known with its length; singles are left to the kernel. */
static void own_filters_count(void *argument)
{
	struct callgate_program *longest = padded(LONGEST);
	struct stack stack = {{longest, longest}};

	(void)argument;
	CHILD_EQUAL(load(&stack, 1), 0);
	CHILD_EQUAL(load(&stack, 1), 0);
	check_no_room(&stack, 2, "with the 2 filters that this thread has, are at least 32792 eBPF");
	CHILD_EQUAL(load(&stack, 1), 0);
	CHILD_EQUAL(load(&stack, 1), -ENOMEM);
	CHILD_SAYS(stack.diag.text, "ENOMEM");
	check_filters(3);
}

START_TEST(test_own_filters_count)
{
	child_run(own_filters_count, NULL);
}
END_TEST

/* Filters of others count with the least they can have, which is what these have. */
static void foreign_filters_count(void *argument)
{
	static const struct sock_filter allow = RETURN(SECCOMP_RET_ALLOW);
	struct stack stack = {{padded(2001), padded(2001)}};
	long loaded = (BPF_PATH_MAX - 4006) / 9;

	(void)argument;
	kernel_prepare_child();
	for (long i = 0; i < loaded; i++)
		CHILD_EQUAL(kernel_load(&allow, 1), 0);
	CHILD_CHECK(load(&stack, 2) == 0, "%s", stack.diag.text);
	check_filters(loaded + 2);
	check_no_room(&stack, 2, " filters that this thread has, are at least");
}

START_TEST(test_foreign_filters_count)
{
	child_run(foreign_filters_count, NULL);
}
END_TEST

static void load_in_child(void *argument)
{
	CHILD_CHECK(load(argument, 2) == 0, "%s", ((struct stack *)argument)->diag.text);
}

/*
 * A child that shares memory takes its filters with it when it ends, and what we took down of them is no longer true.
 */
static void after_vfork(void *argument)
{
	struct callgate_program *longest = padded(LONGEST);
	static struct stack stack;
	int status = -1;

	(void)argument;
	stack.programs[0] = stack.programs[1] = stack.programs[2] = longest;
	for (int i = 0; i < 3; i++) {
		pid_t child = vfork();
		if (child == 0) {
			load_in_child(&stack);
			_exit(0);
		}
		CHILD_EQUAL(waitpid(child, &status, 0), child);
		CHILD_EQUAL(status, 0);
	}
	check_filters(0);
	CHILD_CHECK(load(&stack, 3) == 0, "%s", stack.diag.text);
	check_filters(3);
}

START_TEST(test_after_vfork)
{
	child_run(after_vfork, NULL);
}
END_TEST

static struct stack in_thread;

static long load_in_thread(void)
{
	return load(&in_thread, 2);
}

/* A new thread inherits filters, but nobody knows how long they are: here the kernel decides, and halfway it does. */
static void new_thread_does_not_know(void *argument)
{
	struct callgate_program *longest = padded(LONGEST);
	struct stack stack = {{longest, longest, longest}};
	struct thread thread;

	(void)argument;
	CHILD_EQUAL(load(&stack, 3), 0);
	in_thread = (struct stack){{padded(2001), longest}};
	thread_start(&thread, "heir");
	CHILD_EQUAL(thread_do(&thread, load_in_thread), -ENOMEM);
	CHILD_SAYS(in_thread.diag.text, "partly confined: 1 of 2 programs are loaded, and will stay; then: ");
	CHILD_SAYS(in_thread.diag.text, "ENOMEM");
	CHILD_EQUAL(child_status(thread.tid, "Seccomp_filters"), 4);
	check_filters(3);
}

START_TEST(test_new_thread_does_not_know)
{
	child_run(new_thread_does_not_know, NULL);
}
END_TEST

static long load_one_in_thread(void)
{
	return load(&in_thread, 1);
}

/* What a thread loaded is its own, and so is the number of its filters: the main thread has none. */
static void thread_counts_its_own(void *argument)
{
	struct callgate_program *longest = padded(LONGEST);
	struct thread thread;

	(void)argument;
	in_thread = (struct stack){{longest, longest}};
	thread_start(&thread, "alone");
	CHILD_EQUAL(thread_do(&thread, load_one_in_thread), 0);
	CHILD_EQUAL(thread_do(&thread, load_one_in_thread), 0);
	CHILD_EQUAL(thread_do(&thread, load_in_thread), -ENOMEM);
	CHILD_SAYS(in_thread.diag.text, "with the 2 filters that this thread has");
	CHILD_EQUAL(child_status(thread.tid, "Seccomp_filters"), 2);
	check_filters(0);
	CHILD_CHECK(load(&in_thread, 2) == 0, "%s", in_thread.diag.text);
}

START_TEST(test_thread_counts_its_own)
{
	child_run(thread_counts_its_own, NULL);
}
END_TEST

/* The second part is refused because the first forbids loading. */
static void partly_confined(void *argument)
{
	struct stack stack = {{denying(SYS_getppid, 101), denying(SYS_seccomp, EPERM), denying(SYS_getuid, 102)}};

	(void)argument;
	CHILD_EQUAL(seccomp_api_get(), 7);
	CHILD_EQUAL(load(&stack, 3), -EPERM);
	CHILD_SAYS(stack.diag.text, "partly confined: 2 of 3 programs are loaded, and will stay; then: the kernel");
	CHILD_SAYS(stack.diag.text, "EPERM");
	check_filters(2);
	CHILD_EQUAL(fails_with(SYS_getppid), 101);
	CHILD_EQUAL(fails_with(SYS_getuid), 0);
}

START_TEST(test_partly_confined)
{
	child_run(partly_confined, NULL);
}
END_TEST

static void no_listener(void *argument)
{
	struct stack stack = {{denying(SYS_getppid, 101), denying(SYS_getuid, 102)}};

	(void)argument;
	stack.request.wants_listener = true;
	CHILD_EQUAL(load(&stack, 2), -E2BIG);
	CHILD_SAYS(stack.diag.text, "a listener can be on one only; nothing was loaded");
	CHILD_EQUAL(stack.listener, -1);
	check_filters(0);
	CHILD_EQUAL(child_status(0, "NoNewPrivs"), 0);
}

START_TEST(test_no_listener)
{
	child_run(no_listener, NULL);
}
END_TEST

/* The kernel would not take the second one. */
START_TEST(test_not_accepted)
{
	const struct sock_filter good = RETURN(SECCOMP_RET_ALLOW), bad = LOAD_NR;
	struct callgate_program *programs[2] = {NULL, NULL};
	struct diag diag = {""};

	ck_assert_int_eq(bpf_program_new(&good, 1, bpf_host_is_big_endian(), NULL, &programs[0]), 0);
	ck_assert_int_eq(bpf_program_new(&bad, 1, bpf_host_is_big_endian(), NULL, &programs[1]), 0);
	ck_assert_int_eq(bpf_accept(programs[0], &diag), 0);
	ck_assert_int_eq(bpf_accept(programs[1], &diag), -EINVAL);
	ck_assert_str_eq(diag.text, "instruction 0: the last instruction must be a return");
	bpf_program_free(programs[0]);
	bpf_program_free(programs[1]);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	TCase *tests = tcase_create("stack");
	tcase_add_loop_test(tests, test_loads_all, 0, 2);
	tcase_add_test(tests, test_too_long);
	tcase_add_test(tests, test_just_fits);
	tcase_add_test(tests, test_own_filters_count);
	tcase_add_test(tests, test_foreign_filters_count);
	tcase_add_test(tests, test_after_vfork);
	tcase_add_test(tests, test_new_thread_does_not_know);
	tcase_add_test(tests, test_thread_counts_its_own);
	tcase_add_test(tests, test_partly_confined);
	tcase_add_test(tests, test_no_listener);
	tcase_add_test(tests, test_not_accepted);
	return test_run(tests);
}
