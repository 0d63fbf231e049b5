/*
 * Loading and memory: after seccomp_precompute(), seccomp_load() needs none, nor stdio, so that it works in a signal
 * handler on a small stack; before, when memory is out, it says so, loads nothing, and works the next time.
 */
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

#include "load/load.h"

#include "child.h"
#include "old_kernel.h"
#include "support/run.h"
#include "threads.h"

/* The process's allocator and formatter, in place of the C library's. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void __libc_free(void *memory);
static volatile sig_atomic_t forbidden; /* abort() on every use */
static volatile long left = -1;         /* allocations that still work; -1: all */
static volatile long failed;
static volatile long live; /* allocations that were not freed */

static int may_allocate(void)
{
	if (forbidden)
		abort();
	if (left == 0) {
		failed++;
		return 0;
	}
	left -= left > 0;
	live++;
	return 1;
}

void *malloc(size_t size)
{
	return may_allocate() ? __libc_malloc(size) : NULL;
}

void *calloc(size_t count, size_t size)
{
	return may_allocate() ? __libc_calloc(count, size) : NULL;
}

void *realloc(void *memory, size_t size)
{
	live -= memory != NULL;
	return may_allocate() ? __libc_realloc(memory, size) : NULL;
}

void free(void *memory)
{
	if (forbidden && memory)
		abort();
	live -= memory != NULL;
	__libc_free(memory);
}

int vsnprintf(char *restrict text, size_t size, const char *restrict format, va_list list)
{
	static int (*original)(char *, size_t, const char *, va_list);

	if (forbidden)
		abort();
	if (!original)
		*(void **)&original = dlsym(RTLD_NEXT, "vsnprintf");
	return original(text, size, format, list);
}

int __vsnprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, va_list list);
int __vsnprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, va_list list)
{
	(void)flag, (void)room;
	return vsnprintf(text, size, format, list);
}

static scmp_filter_ctx new_context(uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	CHILD_CHECK(ctx != NULL);
	CHILD_EQUAL(seccomp_rule_add(ctx, action, SCMP_SYS(getppid), 0), 0);
	CHILD_EQUAL(seccomp_rule_add(ctx, action, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_GT, 0x100000000)), 0);
	return ctx;
}

/* A case says what to load with and what must come of it. */
struct handled {
	scmp_filter_ctx ctx;
	struct load_request *request; /* instead of the context */
	struct diag diag;
	int result;
};
static struct handled handled;

static void handler(int signal)
{
	int listener = -1;

	(void)signal;
	forbidden = 1;
	handled.result =
	    handled.request ? load_programs(handled.request, &handled.diag, &listener) : seccomp_load(handled.ctx);
	forbidden = 0;
}

/* Below the stack is a page that nobody may touch. */
static void load_in_handler(int expected, const char *words)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 2 * page;
	char *memory = mmap(NULL, page + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = {.ss_sp = memory + page, .ss_size = size};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};

	CHILD_CHECK(memory != MAP_FAILED && mprotect(memory + page, size, PROT_READ | PROT_WRITE) == 0);
	CHILD_EQUAL(sigaltstack(&stack, NULL), 0);
	CHILD_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
	CHILD_EQUAL(raise(SIGUSR1), 0);
	const char *text = handled.request ? handled.diag.text : callgate_diagnosis(handled.ctx);
	CHILD_CHECK(handled.result == expected, "%d: %s", handled.result, text);
	CHILD_SAYS(text, words);
}

static void use(scmp_filter_ctx ctx)
{
	handled.ctx = ctx;
	CHILD_EQUAL(seccomp_precompute(ctx), 0);
}

static void loads(void *argument)
{
	(void)argument;
	use(new_context(SCMP_ACT_ERRNO(111)));
	load_in_handler(0, "");
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == 111);
}

static void loads_by_prctl(void *argument)
{
	CHILD_EQUAL(seccomp_api_set(1), 0);
	loads(argument);
}

static void loads_with_listener(void *argument)
{
	(void)argument;
	use(new_context(SCMP_ACT_NOTIFY));
	CHILD_EQUAL(seccomp_attr_set(handled.ctx, SCMP_FLTATR_CTL_TSYNC, 1), 0);
	load_in_handler(0, "");
	CHILD_CHECK(seccomp_notify_fd(handled.ctx) >= 0);
}

static void unprivileged(void *argument)
{
	(void)argument;
	child_drop_privileges();
	use(new_context(SCMP_ACT_ERRNO(111)));
	CHILD_EQUAL(seccomp_attr_set(handled.ctx, SCMP_FLTATR_CTL_NNP, 0), 0);
	load_in_handler(-ECANCELED, "EACCES");
}

static void flag_is_refused(void *argument)
{
	struct old_kernel kernel = old_kernel_of_level(6, EINVAL);

	(void)argument;
	old_kernel_enter(&kernel);
	use(new_context(SCMP_ACT_NOTIFY));
	CHILD_EQUAL(seccomp_attr_set(handled.ctx, SCMP_FLTATR_CTL_WAITKILL, 1), 0);
	load_in_handler(-ECANCELED, "CTL_WAITKILL");
}

static void no_new_privileges_is_refused(void *argument)
{
	struct old_kernel kernel = {.no_privs_error = 1234};

	(void)argument;
	old_kernel_enter(&kernel);
	use(new_context(SCMP_ACT_ERRNO(111)));
	load_in_handler(-ECANCELED, "no_new_privs could not be set: errno 1234");
}

static long diverge(void)
{
	return seccomp_load(seccomp_init(SCMP_ACT_ALLOW));
}

static void thread_cannot_follow(void *argument)
{
	struct thread thread;

	(void)argument;
	thread_start(&thread, "fellow");
	CHILD_EQUAL(thread_do(&thread, diverge), 0);
	use(new_context(SCMP_ACT_ERRNO(111)));
	CHILD_EQUAL(seccomp_attr_set(handled.ctx, SCMP_FLTATR_CTL_TSYNC, 1), 0);
	load_in_handler(-ESRCH, "(fellow) could not be synchronised");
}

/* Asks /proc, as there is a filter already, and counts. */
static void stack_of_two(void *argument)
{
	static struct sock_filter long_insns[BPF_PROGRAM_MAX];
	struct callgate_program *programs[5];
	struct load_request request = {.programs = programs, .count = 2, .no_new_privileges = true};

	(void)argument;
	for (size_t i = 0; i < BPF_PROGRAM_MAX; i++)
		long_insns[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	CHILD_EQUAL(bpf_program_new(long_insns, BPF_PROGRAM_MAX, bpf_host_is_big_endian(), NULL, &programs[0]), 0);
	for (int i = 1; i < 5; i++)
		programs[i] = programs[0];
	diverge();
	handled.request = &request;
	load_in_handler(0, "");
	CHILD_EQUAL(child_status(0, "Seccomp_filters"), 3);
	load_in_handler(-ENOMEM, "2 programs, with the 3 filters that this thread has, are at least");
}

static child_body *const bodies[] = {
    loads,
    loads_by_prctl,
    loads_with_listener,
    unprivileged,
    flag_is_refused,
    no_new_privileges_is_refused,
    thread_cannot_follow,
    stack_of_two,
};
enum { BODIES = sizeof(bodies) / sizeof(bodies[0]) };

START_TEST(test_in_handler)
{
	child_run(bodies[_i], NULL);
}
END_TEST

/* The trap works: without seccomp_precompute() the load allocates, and dies of it. */
static void not_precomputed(void *argument)
{
	(void)argument;
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));
	forbidden = 1;
	seccomp_load(ctx);
}

START_TEST(test_not_precomputed)
{
	int status = child_wait(child_start(not_precomputed, NULL));

	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "wait status 0x%x", status);
}
END_TEST

/* Memory ends after some allocations. How it went: */
enum outcome { REFUSED = 10, LOADED_NEVERTHELESS, NOTHING_FAILED };

static void memory_ends(void *argument)
{
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));

	left = *(long *)argument;
	int result = seccomp_load(ctx);
	left = -1;
	if (result == 0) {
		CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == 111);
		_exit(failed ? LOADED_NEVERTHELESS : NOTHING_FAILED);
	}
	CHILD_EQUAL(result, -ENOMEM);
	CHILD_CHECK(callgate_diagnosis(ctx)[0] != '\0');
	CHILD_EQUAL(child_status(0, "Seccomp"), 0);
	CHILD_EQUAL(child_status(0, "NoNewPrivs"), 0);
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == 111);
	_exit(REFUSED);
}

START_TEST(test_memory_ends)
{
	int refused = 0, status = 0;

	for (long works = 0; works < 10000; works++) {
		pid_t child = child_start(memory_ends, &works);
		status = child_wait(child);
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) >= REFUSED, "after %ld allocations: 0x%x: %s",
		              works, status, child_report());
		refused += WEXITSTATUS(status) == REFUSED;
		if (WEXITSTATUS(status) == NOTHING_FAILED)
			break;
	}
	ck_assert_int_eq(WEXITSTATUS(status), NOTHING_FAILED);
	ck_assert_int_ge(refused, 2);
}
END_TEST

/* The first structure is freed when there is no memory for the second, and nothing is handed out. */
static void no_notification(void *argument)
{
	struct seccomp_notif *req = NULL;
	struct seccomp_notif_resp *resp = NULL;

	(void)argument;
	CHILD_EQUAL(seccomp_api_get(), 7);
	long before = live;
	for (int works = 0; works < 2; works++) {
		left = works;
		CHILD_EQUAL(seccomp_notify_alloc(&req, &resp), -ENOMEM);
		left = -1;
		CHILD_CHECK(!req && !resp);
		CHILD_SAYS(callgate_diagnosis(NULL), "out of memory");
	}
	CHILD_EQUAL(failed, 2);
	CHILD_EQUAL(live, before);
	CHILD_EQUAL(seccomp_notify_alloc(&req, &resp), 0);
	seccomp_notify_free(req, resp);
}

START_TEST(test_no_notification)
{
	child_run(no_notification, NULL);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	TCase *tests = tcase_create("memory");
	tcase_add_loop_test(tests, test_in_handler, 0, BODIES);
	tcase_add_test(tests, test_not_precomputed);
	tcase_add_test(tests, test_memory_ends);
	tcase_add_test(tests, test_no_notification);
	tcase_set_timeout(tests, 60);
	return test_run(tests);
}
