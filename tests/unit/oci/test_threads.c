/*
 * Eight threads, each with contexts, profiles and test files of its own, do at once all that needs no kernel. Each gets
 * what one thread alone gets, and ThreadSanitizer (tests/run.sh --sanitize-threads) sees no race.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <callgate/coverage.h>
#include <callgate/decode.h>
#include <callgate/diagnosis.h>
#include <callgate/info.h>
#include <callgate/lint.h>
#include <callgate/oci.h>
#include <callgate/program.h>
#include <callgate/prove.h>
#include <callgate/rule.h>
#include <callgate/test_file.h>
#include <callgate/testing.h>

#include "support/context.h"
#include "support/simulated.h"

enum { THREADS = 8, ROUNDS = 3, KINDS = 2 };

/* What a thread got, in one number. libcheck belongs to the first thread: the others keep where something went wrong.
 */
struct outcome {
	uint64_t hash;
	int wrong_line;
};

static void check(struct outcome *outcome, bool holds, int line)
{
	if (!holds && !outcome->wrong_line)
		outcome->wrong_line = line;
}

#define CHECK(outcome, holds)             check((outcome), (holds), __LINE__)
#define EXPECT(outcome, result, expected) CHECK(outcome, (result) == (expected))

static void add_bytes(struct outcome *outcome, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		outcome->hash = (outcome->hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
}

static void add_text(struct outcome *outcome, const char *text)
{
	CHECK(outcome, text);
	if (text)
		add_bytes(outcome, text, strlen(text) + 1);
}

/* ---- what a thread does ---- */

static scmp_filter_ctx make(struct outcome *outcome, uint32_t first, uint32_t second, int kind)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(1));
	const struct callgate_expression some =
	    CALLGATE_ALL_OF(CALLGATE_VALUES(0, 32, 1, 2, 3), CALLGATE_NOT(CALLGATE_RANGE(1, 64, 4, 9)));

	EXPECT(outcome, seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	EXPECT(outcome, seccomp_arch_add(ctx, first), 0);
	EXPECT(outcome, seccomp_arch_add(ctx, second), 0);
	EXPECT(outcome, seccomp_arch_add(ctx, 0x12345678), -EINVAL);
	add_text(outcome, callgate_diagnosis(ctx));
	EXPECT(outcome, seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	EXPECT(outcome,
	       seccomp_rule_add(ctx, SCMP_ACT_TRAP, SCMP_SYS(socket), 1, SCMP_A0_64(SCMP_CMP_GT, (uint64_t)kind)), 0);
	EXPECT(outcome, callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, SCMP_ACT_ALLOW, SCMP_SYS(prctl), &some), 0);
	EXPECT(outcome, callgate_rule_set(ctx, SCMP_ACT_LOG, "@signal@1"), 0);
	EXPECT(outcome, callgate_rule_set(ctx, SCMP_ACT_LOG, "@singal@1"), -ENOENT);
	add_text(outcome, callgate_rule_set_diagnosis());
	EXPECT(outcome, seccomp_transaction_start(ctx), 0);
	EXPECT(outcome, seccomp_syscall_priority(ctx, SCMP_SYS(read), 200), 0);
	EXPECT(outcome, seccomp_transaction_commit(ctx), 0);
	return ctx;
}

static void export(struct outcome *outcome, scmp_filter_ctx ctx)
{
	static _Thread_local unsigned char bytes[1 << 16];
	size_t size = sizeof(bytes);
	int fd = memfd_create("text", MFD_CLOEXEC);

	EXPECT(outcome, seccomp_export_bpf_mem(ctx, bytes, &size), 0);
	add_bytes(outcome, bytes, size);
	EXPECT(outcome, seccomp_export_pfc(ctx, fd), 0);
	ssize_t length = pread(fd, bytes, sizeof(bytes), 0);
	CHECK(outcome, length > 0);
	add_bytes(outcome, bytes, length > 0 ? (size_t)length : 0);
	close(fd);
}

static void ask(struct outcome *outcome, scmp_filter_ctx ctx, uint32_t arch)
{
	const struct callgate_call call = {arch, callgate_syscall_number(arch, "prctl"), {2, 3}, 0};
	struct callgate_simulator *simulator = NULL;
	char text[256];

	EXPECT(outcome, callgate_simulator_new(ctx, &simulator), 0);
	char *words = callgate_explain(simulator, &call);
	add_text(outcome, words);
	free(words);
	callgate_simulator_free(simulator);
	callgate_decode_call(&call, NULL, NULL, text, sizeof(text));
	add_text(outcome, text);
}

static void prove(struct outcome *outcome, scmp_filter_ctx ctx, scmp_filter_ctx other)
{
	const struct callgate_filter sides[] = {{.ctx = ctx}, {.ctx = other}};
	struct callgate_comparison *comparison = NULL;
	struct callgate_findings *findings = NULL;

	EXPECT(outcome, callgate_compare(&sides[0], &sides[1], 10, &comparison), 0);
	for (size_t i = 0; comparison && i < comparison->count; i++)
		add_text(outcome, comparison->differences[i].text);
	callgate_comparison_free(comparison);
	EXPECT(outcome, callgate_lint(&sides[0], 0, NULL, &findings), 0);
	CHECK(outcome, findings && findings->count > 0);
	for (size_t i = 0; findings && i < findings->count; i++)
		add_text(outcome, findings->findings[i].text);
	callgate_findings_free(findings);
}

static void use_contexts(struct outcome *outcome, int kind)
{
	scmp_filter_ctx ctx = make(outcome, SCMP_ARCH_X86_64, SCMP_ARCH_X86, kind);
	scmp_filter_ctx other = make(outcome, SCMP_ARCH_X86_64, SCMP_ARCH_X86, kind + 1);
	scmp_filter_ctx third = make(outcome, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, kind);

	CHECK(outcome, !seccomp_init(0xdeadbeef));
	add_text(outcome, callgate_diagnosis(NULL));
	EXPECT(outcome, (long)seccomp_api_get(), 7);
	export(outcome, ctx);
	ask(outcome, ctx, SCMP_ARCH_X86);
	prove(outcome, ctx, other);
	EXPECT(outcome, seccomp_merge(ctx, third), 0);
	export(outcome, ctx);
	EXPECT(outcome, seccomp_reset(other, SCMP_ACT_KILL), 0);
	export(outcome, other);
	seccomp_release(ctx);
	seccomp_release(other);
}

static const char *const profiles[KINDS] = {
    ("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],\"syscalls\":["
     "{\"names\":[\"read\",\"write\",\"nonesuch\"],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"socket\"],"
     "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}"),
    ("default EPERM\narch x86_64, x86\nkernel >= 5.10\nuse @file-read@1\nsocket(AF_UNIX|AF_INET) -> ALLOW\n"
     "openat(*, *, * & O_ACCMODE == O_RDONLY) -> ALLOW\nread -> LOG\n"),
};

static void use_profile(struct outcome *outcome, int kind)
{
	enum callgate_profile_form form = kind ? CALLGATE_PROFILE_FORM_JSON : CALLGATE_PROFILE_FORM_POLICY;
	enum callgate_profile_like like = CALLGATE_PROFILE_LIKE_AUTO;
	struct callgate_profile *profile = NULL;
	scmp_filter_ctx ctx = NULL;
	char *converted = NULL;

	EXPECT(outcome, callgate_profile_new(&profile), 0);
	EXPECT(outcome, callgate_profile_add_capability(profile, NULL), 0);
	EXPECT(outcome, callgate_profile_set_kernel(profile, "6.1"), 0);
	EXPECT(outcome, callgate_profile_set_machine(profile, SCMP_ARCH_X86_64), 0);
	EXPECT(outcome, callgate_profile_read_memory(profile, profiles[kind], strlen(profiles[kind]), "p"), 0);
	for (size_t i = 0; i < callgate_profile_message_count(profile); i++)
		add_text(outcome, callgate_profile_message(profile, i)->text);
	EXPECT(outcome, callgate_profile_context(profile, &ctx), 0);
	export(outcome, ctx);
	seccomp_release(ctx);
	(void)callgate_profile_convert(profile, form, &like, &converted);
	add_text(outcome, converted ? converted : callgate_profile_diagnosis(profile));
	free(converted);
	callgate_profile_free(profile);
}

static void use_test_file(struct outcome *outcome, int kind)
{
	static const char text[] =
	    "arch x86_64\ntest some\nread -> ALLOW\nsocket(0..2) -> EPERM\nother calls -> EPERM\n";
	scmp_filter_ctx ctx = make(outcome, SCMP_ARCH_X86_64, SCMP_ARCH_X86, kind);
	const struct callgate_filter side = {.ctx = ctx};
	struct callgate_test_file *file = NULL;

	EXPECT(outcome, callgate_test_file_parse(text, strlen(text), &file), 0);
	for (size_t i = 0; file && callgate_test_file_test(file, i); i++) {
		struct callgate_test_result result = {0};
		EXPECT(outcome, callgate_test_run(file, i, &side, NULL, &result), 0);
		add_bytes(outcome, &result.status, sizeof(result.status));
		if (result.text)
			add_text(outcome, result.text);
		callgate_test_result_finish(&result);
	}
	callgate_test_file_free(file);
	CHECK(outcome, !callgate_check_call(ctx, SCMP_ARCH_X86_64, "read", SCMP_ACT_KILL, 0));
	add_text(outcome, callgate_failure());
	seccomp_release(ctx);
}

/* ---- all at once ---- */

static pthread_barrier_t barrier;

static struct outcome work(int kind)
{
	struct outcome outcome = {0};

	use_contexts(&outcome, kind);
	use_profile(&outcome, kind);
	use_test_file(&outcome, kind);
	return outcome;
}

static void *run(void *argument)
{
	struct outcome *outcomes = argument;

	pthread_barrier_wait(&barrier);
	for (int round = 0; round < ROUNDS; round++)
		outcomes[round] = work(round % KINDS);
	return NULL;
}

START_TEST(each_is_alone)
{
	static struct outcome outcomes[THREADS][ROUNDS];
	pthread_t threads[THREADS];

	ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run, outcomes[i]), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	for (int round = 0; round < ROUNDS; round++) {
		struct outcome alone = work(round % KINDS);
		ck_assert_int_eq(alone.wrong_line, 0);
		for (int i = 0; i < THREADS; i++) {
			ck_assert_int_eq(outcomes[i][round].wrong_line, 0);
			ck_assert_uint_eq(outcomes[i][round].hash, alone.hash);
		}
	}
	ck_assert_uint_ne(outcomes[0][0].hash, outcomes[0][1].hash);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("threads");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, each_is_alone);
	return simulated_run(tcase);
}
