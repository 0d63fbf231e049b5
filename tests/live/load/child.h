/*
 * Bodies of live tests: they run in a child of the test, which may be confined for good, and tell what failed through
 * memory that parent and child share.
 */
#ifndef CALLGATE_TESTS_LOAD_CHILD_H
#define CALLGATE_TESTS_LOAD_CHILD_H

#include <stddef.h>
#include <sys/types.h>

typedef void child_body(void *argument);

/* Runs the body in a child, and fails the test with the child's words unless it returns. */
void child_run(child_body *body, void *argument);

/*
 * Starts it. The caller waits with child_join(), or with child_wait() for how it ended, and child_report() tells why.
 */
pid_t child_start(child_body *body, void *argument);
void child_join(pid_t child);
int child_wait(pid_t child);
const char *child_report(void);

/* In the body: ends the child, and says why, unless the condition holds. */
#define CHILD_CHECK(condition, ...)                                                  \
	do {                                                                         \
		if (!(condition))                                                    \
			child_fail(__FILE__, __LINE__, #condition, " " __VA_ARGS__); \
	} while (0)
#define CHILD_EQUAL(actual, expected)                                                                 \
	do {                                                                                          \
		long actual_ = (long)(actual), expected_ = (long)(expected);                          \
		CHILD_CHECK(actual_ == expected_, "%s is %ld, not %ld", #actual, actual_, expected_); \
	} while (0)
/* The text contains the words. */
#define CHILD_SAYS(text, words) \
	CHILD_CHECK(child_contains((text), (words)), "\"%s\" does not say \"%s\"", (text), (words))

__attribute__((noreturn, format(printf, 4, 5))) void child_fail(const char *file, int line, const char *condition,
                                                                const char *format, ...);
int child_contains(const char *text, const char *words);

/* True, with a printed reason, where nobody can load filters: the test program then ends with 77. */
int child_cannot_load(void);

/* A number behind NAME: in /proc/self/task/THREAD/status, -1 if there is none. 0 is the calling thread. */
long child_status(pid_t thread, const char *name);

/* From root to an ordinary user without capabilities. No effect on others. */
void child_drop_privileges(void);

#endif
