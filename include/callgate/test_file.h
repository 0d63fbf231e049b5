/* callgate/test_file.h - files of tests for filters: callgate-test(5). SPDX-License-Identifier: MIT */
#ifndef CALLGATE_TEST_FILE_H
#define CALLGATE_TEST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/program.h>
#include <callgate/prove.h>
#include <callgate/simulate.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Link with -lcallgate-testing (pkg-config callgate-testing). The order of use: callgate_test_file_parse(); look for
 * messages; open the filters that the file names, or take others; callgate_test_run() for each test. What the format
 * means: callgate-test(5). Nothing here opens files. One file is for one thread at a time; what is got from it belongs
 * to it.
 */
struct callgate_test_file;

#define CALLGATE_TEST_FILE_SIZE_MAX     (4u << 20) /* bytes */
#define CALLGATE_TEST_FILE_MESSAGES_MAX 100u       /* the last one says that there are more */

/*
 * Reads the text of a test file; any bytes will do. 0, also where the text has errors: there are messages then, and no
 * tests. -EINVAL (NULL), -EFBIG (longer than CALLGATE_TEST_FILE_SIZE_MAX), -ENOMEM. The caller frees *ret_file.
 */
int callgate_test_file_parse(const void *text, size_t size, struct callgate_test_file **ret_file);
/* NULL is fine. */
void callgate_test_file_free(struct callgate_test_file *file);

/* What is wrong with the text. line and column count from 1, columns in characters. */
struct callgate_test_message {
	unsigned int line, column;
	const char *text;
};

/* In the order of their places, from index 0; NULL after the last, and for NULL. */
const struct callgate_test_message *callgate_test_file_message(const struct callgate_test_file *file, size_t index);

/* ---- the filters that the file names ---- */

/* "option NAME VALUE": as the option --NAME VALUE of profiles in callgate(1). */
struct callgate_test_option {
	const char *name;
	const char *value; /* NULL for `strict` */
	unsigned int line;
};

/* A filter, and the environment in which it is to be resolved. */
struct callgate_test_filter {
	const char *path;  /* as written, which is relative to the test file; NULL: the file names none */
	bool is_program;   /* a program, else a profile */
	unsigned int line; /* that names it; 0 for none */
	/* SCMP_ARCH_* tokens, the first one is the machine. 0: the profile's own list on the running machine. */
	size_t arch_count;
	const uint32_t *archs;
	bool has_capabilities; /* else those of the process */
	size_t capability_count;
	const char *const *capabilities; /* as written; may be none */
	unsigned int capability_line;
	const char *kernel; /* NULL: the running one */
	unsigned int kernel_line;
	size_t option_count;
	const struct callgate_test_option *options;
};

/*
 * From index 0; NULL after the last. A profile that is resolved for two lists of architectures is here twice, and so is
 * one that is named by `no weaker than` only.
 */
const struct callgate_test_filter *callgate_test_file_filter(const struct callgate_test_file *file, size_t index);

/*
 * For a filter without a list of architectures: its tests are for those that `ctx` has. callgate_test_run() does so by
 * itself where it is given a context; this is for programs that were made of one, such as mutants. 0; -EINVAL (NULL, no
 * such filter, bad context), -ENOMEM.
 */
int callgate_test_file_take_archs(struct callgate_test_file *file, size_t filter, const scmp_filter_ctx ctx);

/* ---- the tests ---- */

enum callgate_test_kind {
	CALLGATE_TEST_CALLS = 1,     /* calls, or all calls of a kind, get an action */
	CALLGATE_TEST_ONLY,          /* only these calls are allowed */
	CALLGATE_TEST_OTHER_CALLS,   /* calls that no other line about the filter names */
	CALLGATE_TEST_UNKNOWN_CALLS, /* unknown calls: newer than the tables of calls */
	CALLGATE_TEST_OTHER_ARCHS,   /* calls of architectures that the test is not for */
	CALLGATE_TEST_NO_WEAKER,     /* nothing is allowed that another filter denies */
	CALLGATE_TEST_LIVE           /* a real call in a child that is under the filter */
};

struct callgate_test {
	enum callgate_test_kind kind;
	unsigned int line, column;
	/*
	 * "HEADING: LINE", and " [ARCHITECTURE...]" after it where the file has the filter for several lists of them.
	 */
	const char *name;
	const char *heading; /* the words after `test` above it; "" if there are none */
	const char *text;    /* the line, without blanks around it and comments */
	size_t filter;       /* the filter that it is about */
	size_t other;        /* NO_WEAKER: the other one, else SIZE_MAX */
};

/* In the order of the filters' lists and of the lines, from index 0; NULL after the last. */
const struct callgate_test *callgate_test_file_test(const struct callgate_test_file *file, size_t index);

enum callgate_test_status {
	CALLGATE_TEST_PASSED = 0,
	CALLGATE_TEST_FAILED,
	CALLGATE_TEST_SKIPPED, /* it can't be run on this machine: a live one for another architecture */
	CALLGATE_TEST_ERROR    /* there is no answer: `text` says why */
};

/* Texts are malloc'ed; those that do not apply are NULL. callgate_test_result_finish() frees them. */
struct callgate_test_result {
	enum callgate_test_status status;
	char *text;     /* the whole story in one line, without the test's own line */
	char *expected; /* "ALLOW" */
	char *actual;   /* "ERRNO(EPERM)" */
	/*
	 * "openat(AT_FDCWD (0xffffff9c), 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64": one that shows it, with the line's names
	 * of constants
	 */
	char *call;
	/*
	 * The answer depends on bits that the kernel ignores, those above an int for example: which argument, and which
	 * call gets another answer. Also for a test that passes.
	 */
	char *note;
	bool has_witness; /* the same for programs: */
	struct callgate_call witness;
	uint32_t rule; /* that decides it, as in struct callgate_verdict; 0: none does, or it is a program */
};

/*
 * Runs a test against filters[test->filter], and filters[test->other], both in the order of
 * callgate_test_file_filter(); the others are not looked at. What `any value` means is proved, not sampled. A live test
 * forks.
 *
 * simulator: NULL, or a simulator of the same filter. It counts what a test that passes exercises: every rule and every
 * edge that some call of its set reaches, as callgate_simulator_cover() finds them. An `only` exercises what calls
 * outside its set reach; a comparison with another filter exercises nothing. <callgate/coverage.h> makes lists of it.
 *
 * 0, and *ret_result is the caller's to finish; -EINVAL (NULL, no such test, no filter), -ENOMEM.
 */
int callgate_test_run(const struct callgate_test_file *file, size_t test, const struct callgate_filter *filters,
                      struct callgate_simulator *simulator, struct callgate_test_result *ret_result);

void callgate_test_result_finish(struct callgate_test_result *result);

/* ---- calls without a test ---- */

/*
 * Calls with this number whose arguments satisfy all comparisons, which are on 64 bits, as callgate_ask() takes them.
 */
struct callgate_call_kind {
	int32_t nr;
	size_t comparison_count;
	const struct scmp_arg_cmp *comparisons;
};

struct callgate_call_kinds {
	uint32_t arch; /* SCMP_ARCH_* */
	size_t count;
	const struct callgate_call_kind *kinds;
};

/*
 * What stands before the arrow of a line in a test file, "openat(AT_FDCWD, *, O_RDONLY)" or a set, means on an
 * architecture (SCMP_ARCH_*, 0: native). There are several kinds where one number has several forms: AT_FDCWD is
 * extended with ones or with zeros.
 *
 * 0, and the caller frees *ret_kinds; -EINVAL (NULL, an unknown architecture, a text that is no call, a call or a
 * constant that the architecture lacks), -E2BIG (too many kinds), -ENOMEM. Then callgate_failure() of
 * <callgate/testing.h> says what is wrong, and where.
 */
int callgate_call_kinds_parse(const char *text, uint32_t arch, struct callgate_call_kinds **ret_kinds);
/* NULL is fine. */
void callgate_call_kinds_free(struct callgate_call_kinds *kinds);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
