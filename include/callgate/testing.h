/* callgate/testing.h - assertions about filters, for any test framework. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_TESTING_H
#define CALLGATE_TESTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <seccomp.h>

#include <callgate/action.h> /* callgate_action_text() */
#include <callgate/info.h>
#include <callgate/program.h>

/* C++98 has no macros of any number of arguments, which every compiler knows all the same. */
#if defined(__cplusplus) && __cplusplus < 201103L
#pragma GCC system_header
#endif

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Link with -lcallgate-testing (pkg-config callgate-testing). No test framework is needed. An assertion that
 * does not hold calls CALLGATE_FAIL(file, line, text), which a program can define for its framework before it includes
 * this header:
 *
 *	libcheck    #define CALLGATE_FAIL(file, line, text) ck_abort_msg("%s", text)
 *	cmocka      #define CALLGATE_FAIL(file, line, text) (print_error("%s\n", text), _fail(file, line))
 *	googletest  #define CALLGATE_FAIL(file, line, text) (ADD_FAILURE_AT(file, line) << (text))
 *	Catch2      #define CALLGATE_FAIL(file, line, text) [] { FAIL_CHECK(text); }()
 *	doctest     #define CALLGATE_FAIL(file, line, text) [] { ADD_FAIL_CHECK_AT(file, line, std::string(text)); }()
 *
 * The macro must be an expression; a lambda makes a statement one, as above. The default prints "file:line: text" to
 * standard error. Each assertion has the value 1 or 0, so that a plain main() can count: `failures +=
 * !callgate_expect(...)`.
 */
#ifndef CALLGATE_FAIL
#define CALLGATE_FAIL(file, line, text) ((void)fprintf(stderr, "%s:%d: %s\n", (file), (line), (text)))
#endif

/*
 * The text of this thread's last failed assertion or check, or "" if there was none. It names the call, the verdict and
 * the rule that decided. It is valid until the thread's next assertion or check.
 */
const char *callgate_failure(void);
/*
 * Puts the source text of the assertion, "callgate_expect(ctx, ...): ", before the text, and returns it. From then on
 * callgate_failure() returns the longer text, too.
 */
const char *callgate_failure_of(const char *assertion);

/* ---- one call ---- */

/*
 * The values of an argument for which (argument & mask) == value. A negative number of type `int` means both values
 * that compilers pass in a 64-bit register: extended with ones, and with zeros.
 */
struct callgate_argument {
	uint64_t mask;
	uint64_t value;
	bool is_negative_int;
};

/*
 * callgate_expect(ctx, "openat", SCMP_ACT_ALLOW, AT_FDCWD, CALLGATE_ANY, O_RDONLY): the filter answers this call with
 * this action, including its data, on this machine's architecture. There are up to six arguments; each is a number
 * (cast pointers to uintptr_t), CALLGATE_ANY, or CALLGATE_BITS(mask, value): all values with (argument & mask) ==
 * value. Arguments that are left out can have any value. "Any value" is proved, not sampled.
 *
 * callgate_expect_on() has an architecture (SCMP_ARCH_*) as its first argument.
 */
#define callgate_expect(ctx, syscall, ...)                                                                            \
	CALLGATE_EXPECT_("callgate_expect(" #ctx ", " #syscall ", " #__VA_ARGS__ ")", ctx, SCMP_ARCH_NATIVE, syscall, \
	                 __VA_ARGS__)
#define callgate_expect_on(arch, ctx, syscall, ...)                                                            \
	CALLGATE_EXPECT_("callgate_expect_on(" #arch ", " #ctx ", " #syscall ", " #__VA_ARGS__ ")", ctx, arch, \
	                 syscall, __VA_ARGS__)

#define CALLGATE_ANY               (callgate_bits_(0, 0))
#define CALLGATE_BITS(mask, value) (callgate_bits_(mask, value))

/* ---- all calls ---- */

/*
 * Only these calls may be allowed: all other numbers of the architecture, with any arguments, get an action other than
 * ALLOW and LOG. `set` is a list of names and of sets, "read write @process", separated by blanks or commas. Names of
 * calls that the architecture does not have are ignored; with an unknown name the assertion fails.
 */
#define callgate_expect_only(ctx, set)          callgate_expect_only_on(SCMP_ARCH_NATIVE, ctx, set)
#define callgate_expect_only_on(arch, ctx, set) CALLGATE_REPORT_(callgate_check_only(ctx, arch, set))

/* The first context allows (by ALLOW or LOG) no call, on any architecture, that the second denies. */
#define callgate_expect_no_weaker(ctx, than) CALLGATE_REPORT_(callgate_check_no_weaker(ctx, than))

/* ---- live ---- */

/* How long a live test may take, in milliseconds. After this time its child is killed, and the assertion fails. */
#ifndef CALLGATE_DEADLINE
#define CALLGATE_DEADLINE 10000
#endif

/*
 * Each assertion forks, loads the filter in the child and calls `int function(void *data)` there. It expects
 *	exit     that the function returns `status`, or ends the process with it
 *	errno    that the function returns -1 with this errno
 *	signal   that this signal kills the child; SIGSYS for KILL_PROCESS, KILL_THREAD and an unhandled TRAP
 *	trap     that the filter answers TRAP to this call, by name
 * The child itself needs no system call: results come back through shared memory. Calls of the function, including
 * those of exit(3), are filtered. stdout and stderr are flushed before the fork. The assertions work however this
 * process handles signals and waits for children. Processes that the function has started end with the child, unless
 * they have left its process group.
 *
 * If the filter kills the function, traps it, or makes a call fail, and the assertion expects another end, the function
 * is run a second time, traced with ptrace(2), so that the text can name the call and the rule that decided.
 */
#define callgate_expect_exit(ctx, function, data, status) \
	CALLGATE_REPORT_(callgate_check_live(ctx, function, data, CALLGATE_DEADLINE, CALLGATE_LIVE_EXIT, status, NULL))
#define callgate_expect_errno(ctx, function, data, error) \
	CALLGATE_REPORT_(callgate_check_live(ctx, function, data, CALLGATE_DEADLINE, CALLGATE_LIVE_ERRNO, error, NULL))
#define callgate_expect_signal(ctx, function, data, signal) \
	CALLGATE_REPORT_(                                   \
	    callgate_check_live(ctx, function, data, CALLGATE_DEADLINE, CALLGATE_LIVE_SIGNAL, signal, NULL))
#define callgate_expect_trap(ctx, function, data, syscall) \
	CALLGATE_REPORT_(callgate_check_live(ctx, function, data, CALLGATE_DEADLINE, CALLGATE_LIVE_TRAP, 0, syscall))

enum callgate_live_end {
	CALLGATE_LIVE_NOTHING = 0, /* forking or loading failed: `text` says why */
	CALLGATE_LIVE_EXIT,        /* value: the function's return value, or the exit status */
	CALLGATE_LIVE_ERRNO,       /* the function returned -1; value: errno, never 0 */
	CALLGATE_LIVE_SIGNAL,      /* value: the signal */
	CALLGATE_LIVE_TRAP, /* value: the number of the call; arch: its architecture, as in struct seccomp_data */
	CALLGATE_LIVE_HANG  /* the child was killed at the deadline */
};

struct callgate_outcome {
	enum callgate_live_end end;
	int value;
	uint32_t arch;
	char text[256]; /* the same in words, with a hint if the filter may be the cause */
};

/*
 * Runs the function as above and reports how it ended. `deadline` is in milliseconds. If ctx is NULL, `program` is
 * loaded instead, after no_new_privs was set. Because it forks, the function must not be called while other threads
 * hold locks. Returns 0; -EINVAL: NULL.
 */
int callgate_run_under(const scmp_filter_ctx ctx, const struct callgate_program *program, int (*function)(void *),
                       void *data, unsigned int deadline, struct callgate_outcome *ret_outcome);

/* ---- words ---- */

/*
 * Returns a call, its verdict and the reason in words: "openat(0xffffff9c, 0x0, 0x1) on x86_64: ERRNO(EPERM), rule 3
 * (if argument 2 & 0x3 == 0x1)". For a program, which has no rules, the reason is the conditions on arguments that its
 * instructions test. The caller frees the text with free(); NULL without memory. The simulator counts the run.
 */
struct callgate_simulator;
struct callgate_call;
char *callgate_explain(struct callgate_simulator *simulator, const struct callgate_call *call);

/*
 * Returns the condition on an edge of callgate_simulator_edge() in words: "argument 2 & 0x3 == 0x1", "nr >= 41", "arch
 * != x86_64". If the program compares a computed value, the comparison is of A: "A >= 0x29". The caller frees the text
 * with free(); NULL without memory, or for NULL.
 */
struct callgate_edge;
char *callgate_explain_edge(const struct callgate_edge *edge);

/*
 * ---- what the macros call ----
 *
 * The checks return true if the assertion holds. Otherwise callgate_failure() says what is wrong, including invalid
 * arguments. They print nothing.
 */
/* `count` arguments of type struct callgate_argument follow, at most 6. */
bool callgate_check_call(const scmp_filter_ctx ctx, uint32_t arch, const char *syscall, uint32_t action,
                         unsigned int count, ...);
bool callgate_check_only(const scmp_filter_ctx ctx, uint32_t arch, const char *set);
bool callgate_check_no_weaker(const scmp_filter_ctx ctx, const scmp_filter_ctx than);
bool callgate_check_live(const scmp_filter_ctx ctx, int (*function)(void *), void *data, unsigned int deadline,
                         enum callgate_live_end end, int value, const char *syscall);

static inline struct callgate_argument callgate_bits_(uint64_t mask, uint64_t value)
{
	struct callgate_argument argument;

	argument.mask = mask;
	argument.value = value & mask;
	argument.is_negative_int = false;
	return argument;
}

static inline struct callgate_argument callgate_number_(uint64_t value)
{
	return callgate_bits_(UINT64_MAX, value);
}

static inline struct callgate_argument callgate_int_(int value)
{
	struct callgate_argument argument = callgate_number_((uint64_t)value);

	argument.is_negative_int = value < 0;
	return argument;
}

static inline struct callgate_argument callgate_same_(struct callgate_argument argument)
{
	return argument;
}

#pragma GCC visibility pop
#ifdef __cplusplus
}

inline struct callgate_argument callgate_argument_(struct callgate_argument argument)
{
	return argument;
}
inline struct callgate_argument callgate_argument_(int value)
{
	return callgate_int_(value);
}
template <typename number> inline struct callgate_argument callgate_argument_(number value)
{
	return callgate_number_(uint64_t(value));
}
#else
#define callgate_argument_(x)                                \
	__extension__ _Generic((x), struct callgate_argument \
	                       : callgate_same_, int         \
	                       : callgate_int_, default      \
	                       : callgate_number_)(x)
#endif

/* `words` is the source text of the assertion, with its names of constants. */
#define CALLGATE_EXPECT_(words, ctx, arch, syscall, ...)                      \
	(callgate_check_call(ctx, arch, syscall, CALLGATE_LIST_(__VA_ARGS__)) \
	     ? 1                                                              \
	     : (CALLGATE_FAIL(__FILE__, __LINE__, callgate_failure_of(words)), 0))
#define CALLGATE_REPORT_(holds) ((holds) ? 1 : (CALLGATE_FAIL(__FILE__, __LINE__, callgate_failure()), 0))

/* Turns "action, arguments..." into "action, count, arguments...", where each is a struct callgate_argument. */
#define CALLGATE_LIST_(...)                                                                                       \
	CALLGATE_PICK_(__VA_ARGS__, CALLGATE_6_, CALLGATE_5_, CALLGATE_4_, CALLGATE_3_, CALLGATE_2_, CALLGATE_1_, \
	               CALLGATE_0_, 0)                                                                            \
	(__VA_ARGS__)
#define CALLGATE_PICK_(action, a, b, c, d, e, f, name, ...) name
#define CALLGATE_0_(action)                                 (action), 0
#define CALLGATE_1_(action, a)                              (action), 1, callgate_argument_(a)
#define CALLGATE_2_(action, a, b)                           (action), 2, callgate_argument_(a), callgate_argument_(b)
#define CALLGATE_3_(action, a, b, c)                        (action), 3, callgate_argument_(a), callgate_argument_(b), callgate_argument_(c)
#define CALLGATE_4_(action, a, b, c, d) \
	(action), 4, callgate_argument_(a), callgate_argument_(b), callgate_argument_(c), callgate_argument_(d)
#define CALLGATE_5_(action, a, b, c, d, e)                                                                       \
	(action), 5, callgate_argument_(a), callgate_argument_(b), callgate_argument_(c), callgate_argument_(d), \
	    callgate_argument_(e)
#define CALLGATE_6_(action, a, b, c, d, e, f)                                                                    \
	(action), 6, callgate_argument_(a), callgate_argument_(b), callgate_argument_(c), callgate_argument_(d), \
	    callgate_argument_(e), callgate_argument_(f)

#endif
