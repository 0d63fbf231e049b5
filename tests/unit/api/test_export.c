/* Exported programs: what reaches a file or a buffer, and how failures are told. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/compile.h>

#include "support/run.h"

enum { RULES = 900, PAGE = 4096, CANARY = 0xa5 };

static scmp_filter_ctx make(uint32_t arch, int rules)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_arch_add(ctx, arch), arch == SCMP_ARCH_NATIVE ? -EEXIST : 0);
	for (int i = 0; i < rules; i++)
		ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO((uint32_t)i % 100 + 1), i % 300, 1,
		                                  SCMP_A0_64(SCMP_CMP_EQ, (scmp_datum_t)i * 7)),
		                 0);
	return ctx;
}

static size_t size_of(scmp_filter_ctx ctx)
{
	size_t size = 0;

	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, NULL, &size), 0);
	ck_assert_uint_gt(size, 0);
	ck_assert_uint_eq(size % 8, 0);
	return size;
}

static unsigned char *bytes_of(scmp_filter_ctx ctx, size_t *ret_size)
{
	size_t size = size_of(ctx);
	unsigned char *bytes = malloc(size);

	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, bytes, &size), 0);
	*ret_size = size;
	return bytes;
}

/* A failed write is -ECANCELED, or its errno for those who asked for it; the caller's errno stays. */
static void expect_failure(int fd, int raw)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_NATIVE, 3);

	errno = 77;
	ck_assert_int_eq(seccomp_export_bpf(ctx, fd), -ECANCELED);
	ck_assert_int_eq(seccomp_export_pfc(ctx, fd), -ECANCELED);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1), 0);
	ck_assert_int_eq(seccomp_export_bpf(ctx, fd), raw);
	ck_assert_int_eq(seccomp_export_pfc(ctx, fd), raw);
	ck_assert_int_eq(errno, 77);
	seccomp_release(ctx);
}

START_TEST(full_device)
{
	int fd = open("/dev/full", O_WRONLY);

	ck_assert_int_ge(fd, 0);
	expect_failure(fd, -ENOSPC);
	close(fd);
}
END_TEST

START_TEST(no_descriptor)
{
	int fd = open("/dev/null", O_RDONLY);

	ck_assert_int_ge(fd, 0);
	expect_failure(fd, -EBADF);
	close(fd);
	expect_failure(fd, -EBADF);
	expect_failure(-1, -EBADF);
}
END_TEST

static void pipe_of_a_page(int ends[2], int flags)
{
	ck_assert_int_eq(pipe2(ends, flags), 0);
	ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, PAGE), PAGE);
}

START_TEST(full_pipe)
{
	static const char filling[PAGE];
	int ends[2];

	pipe_of_a_page(ends, O_NONBLOCK);
	ck_assert_int_eq(write(ends[1], filling, PAGE), PAGE);
	expect_failure(ends[1], -EAGAIN);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(closed_pipe)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe2(ends, 0), 0);
	close(ends[0]);
	expect_failure(ends[1], -EPIPE);
	close(ends[1]);
}
END_TEST

/* ---- a slow reader ---- */

struct reader {
	int fd;
	size_t count, reads;
	unsigned char bytes[64 * PAGE];
};

/* ThreadSanitizer keeps signals from a thread until it calls a function that is known to wait; syscall(2) is none. */
#if defined(__SANITIZE_THREAD__)
#define IS_THREAD_SANITIZED true
#elif defined(__has_feature)
#define IS_THREAD_SANITIZED __has_feature(thread_sanitizer)
#else
#define IS_THREAD_SANITIZED false
#endif

static volatile sig_atomic_t interruptions;

static void interrupt(int signal_number)
{
	(void)signal_number;
	interruptions++;
}

/*
 * Nothing is read before the writer was interrupted: it waits in a full pipe, as the timer goes on to the end.
 * Then in small pieces, with more interruptions in between.
 */
static void *read_slowly(void *argument)
{
	struct reader *reader = argument;
	ssize_t count = 1;

	while (interruptions < 5)
		usleep(500);
	while (count > 0) {
		size_t room = sizeof(reader->bytes) - reader->count;
		count = read(reader->fd, reader->bytes + reader->count, room < 1000 ? room : 1000);
		if (count > 0) {
			reader->count += (size_t)count;
			reader->reads++;
		}
		usleep(1000);
	}
	return NULL;
}

/* Only the thread that writes takes the timer's signals, and its write(2) is not restarted by the kernel. */
static void start_timer(void)
{
	struct sigaction action = {.sa_handler = interrupt};
	struct itimerval interval = {{0, 700}, {0, 700}};

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &interval, NULL), 0);
}

static void start_reader(pthread_t *thread, struct reader *reader)
{
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &alarm, NULL), 0);
	ck_assert_int_eq(pthread_create(thread, NULL, read_slowly, reader), 0);
	ck_assert_int_eq(pthread_sigmask(SIG_UNBLOCK, &alarm, NULL), 0);
}

START_TEST(slow_reader)
{
	static struct reader reader;
	static const struct itimerval never;
	scmp_filter_ctx ctx = make(SCMP_ARCH_NATIVE, RULES);
	size_t size;
	unsigned char *bytes = bytes_of(ctx, &size);
	pthread_t thread;
	int ends[2];

	ck_assert_uint_gt(size, 2 * PAGE);
	ck_assert_uint_lt(size, sizeof(reader.bytes));
	pipe_of_a_page(ends, 0);
	reader.fd = ends[0];
	start_reader(&thread, &reader);
	start_timer();
	int result = seccomp_export_bpf(ctx, ends[1]);
	close(ends[1]);
	pthread_join(thread, NULL);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	close(ends[0]);
	ck_assert_int_eq(result, 0);
	ck_assert_uint_gt(reader.reads, 2);
	ck_assert_uint_eq(reader.count, size);
	ck_assert_int_eq(memcmp(reader.bytes, bytes, size), 0);
	free(bytes);
	seccomp_release(ctx);
}
END_TEST

/* ---- buffers ---- */

START_TEST(into_memory)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_NATIVE, 20);
	size_t size = size_of(ctx), len = size;
	unsigned char *buffer = malloc(size + 16);

	ck_assert_ptr_nonnull(buffer);
	memset(buffer, CANARY, size + 16);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, buffer + 8, NULL), -EINVAL);
	len = size - 1;
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, buffer + 8, &len), -ERANGE);
	ck_assert_uint_eq(len, size);
	len = 0;
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, buffer + 8, &len), -ERANGE);
	ck_assert_uint_eq(len, size);
	for (size_t i = 0; i < size + 16; i++)
		ck_assert_uint_eq(buffer[i], CANARY);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, buffer + 8, &len), 0);
	len = size + 8; /* more room than needed is not used */
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, buffer + 8, &len), 0);
	ck_assert_uint_eq(len, size);
	for (size_t i = 0; i < 8; i++) {
		ck_assert_uint_eq(buffer[i], CANARY);
		ck_assert_uint_eq(buffer[8 + size + i], CANARY);
	}
	uint16_t code;
	memcpy(&code, buffer + 8 + size - 8, sizeof(code));
	ck_assert_uint_eq(code, 0x06); /* the last instruction returns */
	free(buffer);
	seccomp_release(ctx);
}
END_TEST

START_TEST(bad_contexts)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL);
	size_t len = 5;

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_export_bpf(NULL, 1), -EINVAL);
	ck_assert_int_eq(seccomp_export_bpf(ctx, 1), -EINVAL);
	ck_assert_int_eq(seccomp_export_pfc(NULL, 1), -EINVAL);
	ck_assert_int_eq(seccomp_export_pfc(ctx, 1), -EINVAL);
	ck_assert_int_eq(seccomp_export_bpf_mem(NULL, NULL, &len), -EINVAL);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, NULL, &len), -EINVAL);
	ck_assert_uint_eq(len, 5);
	seccomp_release(ctx);
}
END_TEST

/* ---- the byte order is the architecture's ---- */

static unsigned char *bytes_for(uint32_t arch, size_t *ret_size)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, arch), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	unsigned char *bytes = bytes_of(ctx, ret_size);
	seccomp_release(ctx);
	return bytes;
}

/* Both load the architecture (offset 4) first, and compare it with a value that has no symmetry. */
START_TEST(byte_order)
{
	static const unsigned char little[] = {0x20, 0, 0, 0, 4, 0, 0, 0}, big[] = {0, 0x20, 0, 0, 0, 0, 0, 4};
	static const unsigned char audit[] = {0x80, 0, 0, 0x15}; /* AUDIT_ARCH_PPC64 */
	static const unsigned char audit_little[] = {0x15, 0, 0, 0xc0};
	size_t size, size_little;
	unsigned char *bytes = bytes_for(SCMP_ARCH_PPC64, &size);
	unsigned char *bytes_little = bytes_for(SCMP_ARCH_PPC64LE, &size_little);

	ck_assert_uint_eq(size, size_little);
	ck_assert_int_eq(memcmp(bytes, big, 8), 0);
	ck_assert_int_eq(memcmp(bytes_little, little, 8), 0);
	ck_assert_int_eq(memcmp(bytes + 12, audit, 4), 0);
	ck_assert_int_eq(memcmp(bytes_little + 12, audit_little, 4), 0);
	for (size_t i = 0; i < size; i += 8) {
		ck_assert_uint_eq(bytes[i], 0);
		ck_assert_uint_eq(bytes[i + 1], bytes_little[i]);
		ck_assert_uint_eq(bytes_little[i + 1], 0);
		ck_assert_uint_eq(bytes[i + 2], bytes_little[i + 2]);
		ck_assert_uint_eq(bytes[i + 3], bytes_little[i + 3]);
	}
	free(bytes);
	free(bytes_little);
}
END_TEST

/* Rules and bytes for the independent checker: the whole policy, every instruction; nothing on failure. */
START_TEST(as_text)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_NATIVE, 2);
	char *text = NULL;

	ck_assert_int_eq(callgate_compile_text(NULL, &text), -EINVAL);
	ck_assert_int_eq(callgate_compile_text(ctx, NULL), -EINVAL);
	ck_assert_ptr_null(text);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(7)), 0);
	ck_assert_int_eq(callgate_compile_text(ctx, &text), 0);
	static const char start[] = "callgate-proof 1\norder ";
	ck_assert_int_eq(strncmp(text, start, strlen(start)), 0);
	ck_assert_ptr_nonnull(strstr(text, "\ndefault 0x0\nbad-architecture 0x50007\narchitecture 0x"));
	ck_assert_ptr_nonnull(strstr(
	    text, sizeof(long) == 8 ? "\ncall 0x1\nrule 0x50002\ncondition 0 EQ 0xffffffffffffffff 0x7\nprogram\ncode "
	                            : "\ncall 0x1\nrule 0x50002\ncondition 0 EQ 0xffffffff 0x7\nprogram\ncode "));
	size_t lines = 0;
	for (const char *at = text; (at = strstr(at, "\ncode ")); at++)
		lines++;
	ck_assert_uint_eq(lines, size_of(ctx) / 8);
	free(text);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("export");

	tcase_add_test(tcase, full_device);
	tcase_add_test(tcase, no_descriptor);
	tcase_add_test(tcase, full_pipe);
	tcase_add_test(tcase, closed_pipe);
	if (!IS_THREAD_SANITIZED)
		tcase_add_test(tcase, slow_reader);
	tcase_add_test(tcase, into_memory);
	tcase_add_test(tcase, bad_contexts);
	tcase_add_test(tcase, byte_order);
	tcase_add_test(tcase, as_text);
	tcase_set_timeout(tcase, 60);
	return test_run(tcase);
}
