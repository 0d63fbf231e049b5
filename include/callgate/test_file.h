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
 * messages; open the filters that the file names, or others; callgate_test_run() for each test. callgate-test(5)
 * describes the format. No function opens files. Only one thread at a time may use a test file; what the functions
 * return belongs to it.
 */
struct callgate_test_file;

#define CALLGATE_TEST_FILE_SIZE_MAX     (4u << 20) /* bytes */
#define CALLGATE_TEST_FILE_MESSAGES_MAX 100u       /* the last one says that there are more */

/*
 * Reads the text of a test file, which may contain any bytes. Returns 0, even if the text has errors; the file then has
 * messages and no tests. The caller frees *ret_file. -EINVAL (NULL), -EFBIG (the text has more than
 * CALLGATE_TEST_FILE_SIZE_MAX bytes), -ENOMEM.
 */
int callgate_test_file_parse(const void *text, size_t size, struct callgate_test_file **ret_file);
/* Frees a test file; NULL is allowed. */
void callgate_test_file_free(struct callgate_test_file *file);

/* A mistake in the text. Lines and columns count from 1, and columns count characters. */
struct callgate_test_message {
	unsigned int line, column;
	const char *text;
};

/* Lists the messages in the order of their places, from index 0; NULL after the last, and for NULL. */
const struct callgate_test_message *callgate_test_file_message(const struct callgate_test_file *file, size_t index);

/* ---- the filters that the file names ---- */

/* A line "option NAME VALUE", which means the option --NAME VALUE of callgate(1). */
struct callgate_test_option {
	const char *name;
	const char *value; /* NULL for `strict` */
	unsigned int line;
};

/* A filter, and the environment in which it is resolved. */
struct callgate_test_filter {
	const char *path;  /* as written, relative to the test file; NULL: the file names no filter */
	bool is_program;   /* whether the filter is a program or a profile */
	unsigned int line; /* the line that names the filter; 0: none does */
	/* SCMP_ARCH_* tokens; the first is the machine's. If there are none: the profile's list, on this machine. */
	size_t arch_count;
	const uint32_t *archs;
	bool has_capabilities; /* false: the capabilities of the process count */
	size_t capability_count;
	const char *const *capabilities; /* as written; there may be none */
	unsigned int capability_line;
	const char *kernel; /* the version; NULL: that of the running kernel */
	unsigned int kernel_line;
	size_t option_count;
	const struct callgate_test_option *options;
};

/*
 * Lists the filters from index 0; NULL after the last. A profile that is resolved for two lists of architectures is
 * listed twice, even one that only `no weaker than` names.
 */
const struct callgate_test_filter *callgate_test_file_filter(const struct callgate_test_file *file, size_t index);

/*
 * If the file has no list of architectures for a filter, makes its tests apply to the architectures of `ctx`. For a
 * context, callgate_test_run() does this itself; this function is for programs that were compiled from a context, such
 * as mutants. Returns 0; -EINVAL (NULL, no such filter, bad context), -ENOMEM.
 */
int callgate_test_file_take_archs(struct callgate_test_file *file, size_t filter, const scmp_filter_ctx ctx);

/* ---- the tests ---- */

enum callgate_test_kind {
	CALLGATE_TEST_CALLS = 1,     /* calls, or all calls of a kind, get an action */
	CALLGATE_TEST_ONLY,          /* only these calls are allowed */
	CALLGATE_TEST_OTHER_CALLS,   /* calls that no other line about the filter names */
	CALLGATE_TEST_UNKNOWN_CALLS, /* unknown calls, which are newer than callgate's tables */
	CALLGATE_TEST_OTHER_ARCHS,   /* calls of architectures that the test is not for */
	CALLGATE_TEST_NO_WEAKER,     /* nothing is allowed that another filter denies */
	CALLGATE_TEST_LIVE           /* a real call in a child that is under the filter */
};

struct callgate_test {
	enum callgate_test_kind kind;
	unsigned int line, column;
	/*
	 * "HEADING: LINE", followed by " [ARCHITECTURE...]" if the filter has several lists of architectures.
	 */
	const char *name;
	const char *heading; /* the words after `test` above it; "" if there are none */
	const char *text;    /* the line, without comments and surrounding blanks */
	size_t filter;       /* the index of the filter that the test is about */
	size_t other;        /* for NO_WEAKER, the index of the other filter; otherwise SIZE_MAX */
};

/* Lists the tests in the order of the filters and of the lines, from index 0; NULL after the last. */
const struct callgate_test *callgate_test_file_test(const struct callgate_test_file *file, size_t index);

enum callgate_test_status {
	CALLGATE_TEST_PASSED = 0,
	CALLGATE_TEST_FAILED,
	CALLGATE_TEST_SKIPPED, /* the test can't be run on this machine: a live test for another architecture */
	CALLGATE_TEST_ERROR    /* there is no answer: `text` says why */
};

/* The result of a test. Texts that do not apply are NULL; callgate_test_result_finish() frees all texts. */
struct callgate_test_result {
	enum callgate_test_status status;
	char *text;     /* the result in one line, without the line of the test */
	char *expected; /* "ALLOW" */
	char *actual;   /* "ERRNO(EPERM)" */
	/*
	 * A call that shows the failure, with the line's names of constants:
	 * "openat(AT_FDCWD (0xffffff9c), 0x0, 0x0, 0x0, 0x0, 0x0) on x86_64".
	 */
	char *call;
	/*
	 * If the answer depends on bits that the kernel ignores, for example those above an int: the argument, and a
	 * call that gets another answer. A test that passes can have a note, too.
	 */
	char *note;
	bool has_witness; /* whether `witness` is set: the call that `call` has as text */
	struct callgate_call witness;
	uint32_t rule; /* the rule that decides the call, as in struct callgate_verdict; 0: none, or a program */
};

/*
 * Runs a test against filters[test->filter], and filters[test->other], both in the order of
 * callgate_test_file_filter(); other elements are not used. `any value` is proved, not sampled. A live test forks.
 *
 * `simulator` is NULL, or a simulator of the same filter, which counts what a test that passes exercises: every rule
 * and every edge that some call of its set reaches, as callgate_simulator_cover() finds them. An `only` exercises what
 * calls outside its set reach; a comparison with another filter exercises nothing. <callgate/coverage.h> lists the
 * counts.
 *
 * Returns 0, and the caller finishes *ret_result by callgate_test_result_finish(); -EINVAL (NULL, no such test, no
 * filter), -ENOMEM.
 */
int callgate_test_run(const struct callgate_test_file *file, size_t test, const struct callgate_filter *filters,
                      struct callgate_simulator *simulator, struct callgate_test_result *ret_result);

/* Frees the texts of a result, but not the structure. */
void callgate_test_result_finish(struct callgate_test_result *result);

/* ---- calls without a test ---- */

/*
 * Calls with this number whose arguments satisfy all comparisons, which are on 64 bits, as for callgate_ask().
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
 * Reads the part of a line of a test file before the arrow, "openat(AT_FDCWD, *, O_RDONLY)" or a set, for an
 * architecture (SCMP_ARCH_*, 0: native). A call has several kinds if an argument can be passed in several ways:
 * AT_FDCWD is extended with ones or with zeros.
 *
 * Returns 0, and the caller frees *ret_kinds; -EINVAL (NULL, an unknown architecture, a text that is no call, a call or
 * a constant that the architecture lacks), -E2BIG (too many kinds), -ENOMEM. After an error, callgate_failure() of
 * <callgate/testing.h> says what is wrong, and where.
 */
int callgate_call_kinds_parse(const char *text, uint32_t arch, struct callgate_call_kinds **ret_kinds);
/* Frees calls; NULL is allowed. */
void callgate_call_kinds_free(struct callgate_call_kinds *kinds);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
