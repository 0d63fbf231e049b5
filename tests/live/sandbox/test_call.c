/* callgate_strict_call(): every way in which a function can end, and that nothing is left of it. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/program.h>
#include <callgate/strict.h>

#include "functions.h"
#include "leaks.h"
#include "support/run.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
enum { SANITIZED_THREADS = 1 };
#else
enum { SANITIZED_THREADS = 0 };
#endif

static struct callgate_exit_reason reason;
static const struct callgate_strict_options by_filter = {.confinement = CALLGATE_STRICT_FILTER};

START_TEST(test_value)
{
	char output[16] = "";

	for (int mode = 0; mode < 2; mode++) {
		struct callgate_strict_options options = {.confinement = (enum callgate_strict_confinement)mode};
		int result = callgate_strict_call(upper, "hello", 5, output, sizeof(output), &options, &reason);
		ck_assert_msg(result == 0, "%s", callgate_diagnosis(NULL));
		ck_assert_int_eq(reason.kind, CALLGATE_EXIT_VALUE);
		ck_assert_int_eq(reason.value, -995);
		ck_assert_uint_eq(reason.output_size, 5);
		ck_assert_mem_eq(output, "HELLO", 5);
	}
	ck_assert_int_eq(callgate_strict_call(upper, NULL, 0, NULL, 0, NULL, &reason), 0);
	ck_assert_int_eq(reason.value, -1000);
}
END_TEST

START_TEST(test_output_larger_than_a_pipe)
{
	size_t size = 3 << 20;
	char *input = malloc(size), *output = malloc(size);

	memset(input, 'x', size);
	ck_assert_int_eq(callgate_strict_call(upper, input, size, output, size, NULL, &reason), 0);
	ck_assert_uint_eq(reason.output_size, size);
	ck_assert_int_eq(output[0], 'X');
	ck_assert_int_eq(output[size - 1], 'X');
	ck_assert_int_eq(callgate_strict_call(upper, input, size, output, size - 1, NULL, &reason), -EPIPE);
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_TOO_LARGE);
	ck_assert_uint_eq(reason.output_size, size);
	free(input);
	free(output);
}
END_TEST

static int64_t raises(struct callgate_strict_job *job)
{
	(void)job;
	return sys(SYS_getpid, 0, 0, 0);
}

UNCHECKED static int64_t overflows_the_stack(struct callgate_strict_job *job)
{
	volatile char frame[4096];

	frame[0] = frame[4095] = 1;
	return job ? overflows_the_stack(job) + frame[0] : 0;
}

static int64_t loops(struct callgate_strict_job *job)
{
	while (!*(volatile size_t *)&job->output_size)
		;
	return 0;
}

static int64_t floods(struct callgate_strict_job *job)
{
	while (!*(volatile size_t *)&job->output_size)
		sys(SYS_write, 1, (long)"12345678901234567890123456789012345678901234567890", 50);
	return 0;
}

UNCHECKED static int64_t kills_itself_with_a_trap(struct callgate_strict_job *job)
{
	(void)job;
	__builtin_trap();
}

static void expect(callgate_strict_function *function, const struct callgate_strict_options *options, int end)
{
	char output[64];
	int result = callgate_strict_call(function, "x", 1, output, sizeof(output), options, &reason);

	ck_assert_msg(reason.kind == (enum callgate_exit_kind)end, "%s instead of %s: %s",
	              callgate_exit_kind_name(reason.kind), callgate_exit_kind_name((enum callgate_exit_kind)end),
	              callgate_diagnosis(NULL));
	ck_assert_int_eq(result, end == CALLGATE_EXIT_VALUE ? 0 : -EPIPE);
	if (result < 0)
		ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), reason.text));
	ck_assert(!leaks_any_child());
}

START_TEST(test_strict_mode_endings)
{
	struct callgate_strict_options quick = {.deadline_ms = 50};

	expect(opens, NULL, CALLGATE_EXIT_KILLED);
	ck_assert_int_eq(reason.signal, SIGKILL);
	ck_assert_ptr_nonnull(strstr(reason.text, "probably a forbidden call"));
	expect(segfaults, NULL, CALLGATE_EXIT_CRASHED);
	ck_assert_int_eq(reason.signal, SIGSEGV);
	expect(overflows_the_stack, NULL, CALLGATE_EXIT_CRASHED);
	expect(kills_itself_with_a_trap, NULL, CALLGATE_EXIT_CRASHED);
	ck_assert_int_ne(reason.signal, SIGSEGV);
	expect(loops, &quick, CALLGATE_EXIT_DEADLINE);
	ck_assert_ptr_nonnull(strstr(reason.text, "50 ms"));
	expect(floods, NULL, CALLGATE_EXIT_MALFORMED);
	expect(writes_half_an_answer, NULL, CALLGATE_EXIT_MALFORMED);
	expect(exits, NULL, CALLGATE_EXIT_EXITED);
	ck_assert_int_eq(reason.value, 3);
}
END_TEST

START_TEST(test_filter_endings_are_named)
{
	expect(opens, &by_filter, CALLGATE_EXIT_FORBIDDEN);
	ck_assert_int_eq(reason.syscall, SYS_openat);
	ck_assert_uint_eq(reason.arch, seccomp_arch_native());
	ck_assert_ptr_nonnull(strstr(reason.text, "openat on "));
	expect(raises, &by_filter, CALLGATE_EXIT_FORBIDDEN);
	ck_assert_int_eq(reason.syscall, SYS_getpid);
	expect(segfaults, &by_filter, CALLGATE_EXIT_CRASHED);
	expect(floods, &by_filter, CALLGATE_EXIT_MALFORMED);
	expect(exits, &by_filter, CALLGATE_EXIT_EXITED);
}
END_TEST

UNCHECKED static int64_t maps_and_reads_the_clock(struct callgate_strict_job *job)
{
	struct timespec now;
	void *memory =
	    mmap(NULL, *(const size_t *)job->input, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? -errno : syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
}

UNCHECKED static int64_t maps_executable(struct callgate_strict_job *job)
{
	(void)job;
	mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return 0;
}

START_TEST(test_a_widened_filter)
{
	struct callgate_strict_options options = {.confinement = CALLGATE_STRICT_FILTER,
	                                          .allow = CALLGATE_ALLOW_MEMORY | CALLGATE_ALLOW_CLOCK,
	                                          .memory = 8 << 20};
	size_t small = 1 << 20, large = 64 << 20;

	int result = callgate_strict_call(maps_and_reads_the_clock, &small, sizeof(small), NULL, 0, &options, &reason);
	ck_assert_msg(result == 0, "%s", callgate_diagnosis(NULL));
	ck_assert_int_eq(reason.value, 0);
	ck_assert_int_eq(
	    callgate_strict_call(maps_and_reads_the_clock, &large, sizeof(large), NULL, 0, &options, &reason), 0);
	ck_assert_int_eq(reason.value, -ENOMEM);
	expect(maps_executable, &options, CALLGATE_EXIT_FORBIDDEN);
	ck_assert_int_eq(reason.syscall, SYS_mmap);
}
END_TEST

START_TEST(test_a_program_of_ones_own)
{
	struct callgate_strict_options options = by_filter;
	struct callgate_program *program = NULL;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	unsigned char bytes[8 * CALLGATE_PROGRAM_MAX];
	size_t size = sizeof(bytes);

	ck_assert_int_eq(callgate_strict_rules(ctx, 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(getpid), 0), 0);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, bytes, &size), 0);
	ck_assert_int_eq(callgate_program_new(bytes, size, 0, &program), 0);
	options.program = program;
	expect(raises, &options, CALLGATE_EXIT_VALUE);
	expect(opens, &options, CALLGATE_EXIT_FORBIDDEN);
	callgate_program_free(program);
	seccomp_release(ctx);
}
END_TEST

UNCHECKED static int64_t uses_the_arena(struct callgate_strict_job *job)
{
	size_t total = 0;
	char *last = NULL, *block;

	while ((block = callgate_strict_alloc(job, 1000))) {
		if ((uintptr_t)block % 16 || block[999] != 0)
			return -1;
		memset(block, 1, 1000);
		if (last && block < last + 1000)
			return -2;
		last = block;
		total += 1000;
	}
	if (callgate_strict_alloc(job, SIZE_MAX) || callgate_strict_alloc(NULL, 1))
		return -3;
	return (int64_t)total;
}

START_TEST(test_arena)
{
	struct callgate_strict_options options = {.arena_size = 3 << 20};

	expect(uses_the_arena, &options, CALLGATE_EXIT_VALUE);
	ck_assert_int_gt(reason.value, 3000000);
	ck_assert_int_le(reason.value, 3 << 20);
}
END_TEST

UNCHECKED static int64_t counts_fds(struct callgate_strict_job *job)
{
	char byte;
	int64_t open = 0;

	(void)job;
	for (int fd = 0; fd < 64; fd++)
		open |= (int64_t)(sys(SYS_write, fd, (long)&byte, 0) != -EBADF ||
		                  sys(SYS_read, fd, (long)&byte, 0) != -EBADF)
		        << fd;
	return open;
}

UNCHECKED static int64_t sums_the_stream(struct callgate_strict_job *job)
{
	unsigned char buffer[100];
	int64_t sum = 0;
	long count;

	(void)job;
	while ((count = callgate_strict_read(0, buffer, sizeof(buffer))) > 0)
		for (long i = 0; i < count; i++)
			sum += buffer[i];
	return count < 0 ? count : sum;
}

/* In strict mode the child's status, by which it has seen that it is there, is descriptor 2. */
START_TEST(test_descriptors)
{
	int fds[2], high;
	struct callgate_strict_options options = {0};

	expect(counts_fds, NULL, CALLGATE_EXIT_VALUE);
	ck_assert_int_eq(reason.value, 2 | 4);
	expect(counts_fds, &by_filter, CALLGATE_EXIT_VALUE);
	ck_assert_int_eq(reason.value, 2);
	ck_assert_int_eq(pipe(fds), 0);
	high = dup2(fds[0], 50);
	for (int place = 0; place < 2; place++) {
		options.stream = place ? high : fds[0];
		expect(counts_fds, &options, CALLGATE_EXIT_VALUE);
		ck_assert_int_eq(reason.value, 1 | 2 | 4);
	}
	ck_assert_int_eq(write(fds[1], "\1\2\3", 3), 3);
	close(fds[1]);
	expect(sums_the_stream, &options, CALLGATE_EXIT_VALUE);
	ck_assert_int_eq(reason.value, 6);
}
END_TEST

START_TEST(test_low_descriptors_closed_in_the_host)
{
	close(0);
	close(1);
	expect(counts_fds, NULL, CALLGATE_EXIT_VALUE);
	ck_assert_int_eq(reason.value, 2 | 4);
	expect(upper, &by_filter, CALLGATE_EXIT_VALUE);
}
END_TEST

START_TEST(test_cpu_limit)
{
	struct callgate_strict_options options = {.cpu_seconds = 1};

	expect(loops, &options, CALLGATE_EXIT_CPU);
	ck_assert_ptr_nonnull(strstr(reason.text, "1 seconds"));
}
END_TEST

/* More than an address space holds, and less than what is refused as a number. */
static const size_t unmappable = sizeof(size_t) > 4 ? SIZE_MAX >> 5 : SIZE_MAX - SIZE_MAX / 8;

START_TEST(test_bad_arguments)
{
	struct callgate_strict_options bad = {.confinement = (enum callgate_strict_confinement)7};
	struct callgate_exit_reason before = {.value = 77};
	char output[4];

	reason = before;
	ck_assert_int_eq(callgate_strict_call(NULL, "x", 1, output, 4, NULL, &reason), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "function is NULL"));
	ck_assert_int_eq(callgate_strict_call(upper, NULL, 1, output, 4, NULL, &reason), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "input is NULL"));
	ck_assert_int_eq(callgate_strict_call(upper, "x", 1, NULL, 4, NULL, &reason), -EINVAL);
	ck_assert_int_eq(callgate_strict_call(upper, "x", 1, output, 4, NULL, NULL), -EINVAL);
	ck_assert_int_eq(callgate_strict_call(upper, "x", 1, output, 4, &bad, &reason), -EINVAL);
	bad = (struct callgate_strict_options){.allow = CALLGATE_ALLOW_CLOCK};
	ck_assert_int_eq(callgate_strict_call(upper, "x", 1, output, 4, &bad, &reason), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "can't be widened"));
	bad = (struct callgate_strict_options){.confinement = CALLGATE_STRICT_FILTER, .allow = 1 << 20};
	ck_assert_int_eq(callgate_strict_call(upper, "x", 1, output, 4, &bad, &reason), -EINVAL);
	bad = (struct callgate_strict_options){.arena_size = SIZE_MAX - 5};
	ck_assert_int_eq(callgate_strict_call(upper, "x", 1, output, 4, &bad, &reason), -EINVAL);
	bad = (struct callgate_strict_options){.stack_size = unmappable};
	ck_assert_int_eq(callgate_strict_call(upper, "x", 1, output, 4, &bad, &reason), -ENOMEM);
	bad = (struct callgate_strict_options){.stream = -3};
	ck_assert_int_eq(callgate_strict_call(upper, "x", 1, output, 4, &bad, &reason), -EINVAL);
	bad = (struct callgate_strict_options){.stream = 63};
	ck_assert_int_eq(callgate_strict_call(upper, "x", 1, output, 4, &bad, &reason), -EBADF);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "descriptors"));
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_NONE);

	struct rlimit usual, few;
	getrlimit(RLIMIT_NOFILE, &usual);
	few = (struct rlimit){.rlim_cur = 3, .rlim_max = usual.rlim_max};
	setrlimit(RLIMIT_NOFILE, &few);
	int result = callgate_strict_call(upper, "x", 1, output, 4, NULL, &reason);
	setrlimit(RLIMIT_NOFILE, &usual);
	ck_assert_int_eq(result, -EMFILE);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("strict call");

	tcase_add_test(tests, test_value);
	/* ThreadSanitizer's own mmap() and memset() make further calls in the child. */
	if (!SANITIZED_THREADS) {
		tcase_add_test(tests, test_output_larger_than_a_pipe);
		tcase_add_test(tests, test_a_widened_filter);
	}
	tcase_add_test(tests, test_strict_mode_endings);
	tcase_add_test(tests, test_filter_endings_are_named);
	tcase_add_test(tests, test_a_program_of_ones_own);
	tcase_add_test(tests, test_arena);
	tcase_add_test(tests, test_descriptors);
	tcase_add_test(tests, test_low_descriptors_closed_in_the_host);
	tcase_add_test(tests, test_cpu_limit);
	tcase_add_test(tests, test_bad_arguments);
	tcase_set_timeout(tests, 60);
	return test_run(tests);
}
