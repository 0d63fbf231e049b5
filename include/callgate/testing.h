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
 * Link with -lcallgate-testing (pkg-config callgate-testing). Nothing here needs a test framework. An assertion that
 *does not hold calls CALLGATE_FAIL(file, line, text), which each framework can have in its own words, before this
 *header is included:
 *
 *	libcheck    #define CALLGATE_FAIL(file, line, text) ck_abort_msg("%s", text)
 *	cmocka      #define CALLGATE_FAIL(file, line, text) (print_error("%s\n", text), _fail(file, line))
 *	googletest  #define CALLGATE_FAIL(file, line, text) (ADD_FAILURE_AT(file, line) << (text))
 *	Catch2      #define CALLGATE_FAIL(file, line, text) [] { FAIL_CHECK(text); }()
 *	doctest     #define CALLGATE_FAIL(file, line, text) [] { ADD_FAIL_CHECK_AT(file, line, std::string(text)); }()
 *
 * It must be an expression; what is a statement becomes one in a lambda, as above. As it is, it prints "file:line:
 *text" on standard error. Each assertion has the value 1 or 0, so that a plain main() can count: `failures +=
 *!callgate_expect(...)`.
 */
#ifndef CALLGATE_FAIL
#define CALLGATE_FAIL(file, line, text) ((void)fprintf(stderr, "%s:%d: %s\n", (file), (line), (text)))
#endif

/*
 * What the last failed assertion or check of this thread said; "" if there was none. It names the call, the verdict and
 * the rule that gave it. Valid until the thread's next one.
 */
const char *callgate_failure(void);
/*
 * The same after the assertion as it was written, "callgate_expect(ctx, ...): ": from now on it is what
 * callgate_failure() says.
 */
const char *callgate_failure_of(const char *assertion);

/* ---- one call ---- */

/*
 * An argument, or all arguments of a kind: those for which (argument & mask) == value. A negative number given as an
 * `int` stands for both ways in which compilers pass one in a 64-bit register: extended with ones, and with zeros.
 */
struct callgate_argument {
	uint64_t mask;
	uint64_t value;
	bool is_negative_int;
};

/*
 * callgate_expect(ctx, "openat", SCMP_ACT_ALLOW, AT_FDCWD, CALLGATE_ANY, O_RDONLY): the filter answers this call with
 * this action, data of the action included, on this machine's architecture. Up to six arguments; each is a number (cast
 * pointers to uintptr_t), CALLGATE_ANY, or CALLGATE_BITS(mask, value): those with (argument & mask) == value. Arguments
 * that are left out are any. For any value is proved, not sampled.
 *
 * callgate_expect_on() takes an architecture (SCMP_ARCH_*) first.
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
 * Nothing but these is allowed: whatever the arguments, each other number of the architecture gets an action other than
 * ALLOW and LOG. `set` is a list of names and of sets, "read write @process", split by blanks or commas. Names that the
 * architecture does not have are passed over; unknown ones are failures.
 */
#define callgate_expect_only(ctx, set)          callgate_expect_only_on(SCMP_ARCH_NATIVE, ctx, set)
#define callgate_expect_only_on(arch, ctx, set) CALLGATE_REPORT_(callgate_check_only(ctx, arch, set))

/* The first context allows no call, on any architecture, that the second denies. Allowed is what gets ALLOW or LOG. */
#define callgate_expect_no_weaker(ctx, than) CALLGATE_REPORT_(callgate_check_no_weaker(ctx, than))

/* ---- live ---- */

/* How long a live test may take, in milliseconds; then it is killed, and that is a failure. */
#ifndef CALLGATE_DEADLINE
#define CALLGATE_DEADLINE 10000
#endif

/*
 * Each forks, loads the filter in the child and calls `int function(void *data)` there. It expects
 *	exit     that the function returns `status`, or ends the process with it
 *	errno    that the function returns -1 with this errno
 *	signal   that this signal kills the child; SIGSYS for KILL_PROCESS, KILL_THREAD and an unhandled TRAP
 *	trap     that the filter answers TRAP to this call, by name
 * The child's own needs pass by the filter: results come back through shared memory. What the function does, such as
 * exit(3), does not. stdout and stderr are flushed before the fork. How this process treats signals and waits for
 *children does not matter; what the child has started ends with it, unless it has left its process group.
 *
 * A function that the filter kills, traps or fails, and that is not expected to end so, is run a second time, traced by
 * ptrace(2), so that the failure can name the call and which rule decided.
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
	CALLGATE_LIVE_NOTHING = 0, /* could not fork or load: `text` says why */
	CALLGATE_LIVE_EXIT,        /* value: what the function returned, or the exit status */
	CALLGATE_LIVE_ERRNO,       /* it returned -1; value: its errno (never 0) */
	CALLGATE_LIVE_SIGNAL,      /* value: the signal */
	CALLGATE_LIVE_TRAP, /* value: the number of the call, arch: where it belongs, as struct seccomp_data has it */
	CALLGATE_LIVE_HANG  /* it was killed at the deadline */
};

struct callgate_outcome {
	enum callgate_live_end end;
	int value;
	uint32_t arch;
	char text[256]; /* the same in words, with what the filter may have to do with it */
};

/*
 * Runs the function as above and reports how it ended. deadline: milliseconds. `program` instead of ctx, if ctx is
 * NULL: loaded as it is, with no new privileges. 0; -EINVAL: NULL. Not for programs with threads that hold locks at the
 * time: it forks.
 */
int callgate_run_under(const scmp_filter_ctx ctx, const struct callgate_program *program, int (*function)(void *),
                       void *data, unsigned int deadline, struct callgate_outcome *ret_outcome);

/* ---- words ---- */

/*
 * The call, its verdict and what decides it, in words: "openat(0xffffff9c, 0x0, 0x1) on x86_64: ERRNO(EPERM), rule 3
 * (if argument 2 & 0x3 == 0x1)". For a program, which has no rules, what its instructions ask about the arguments.
 * malloc'ed; NULL without memory. Counts as a run of the simulator.
 */
struct callgate_simulator;
struct callgate_call;
char *callgate_explain(struct callgate_simulator *simulator, const struct callgate_call *call);

/*
 * What holds on an edge of callgate_simulator_edge(), in words: "argument 2 & 0x3 == 0x1", "nr >= 41", "arch !=
 * x86_64". Where the program computes what it compares, the comparison as it stands: "A >= 0x29". malloc'ed; NULL
 * without memory, or for NULL.
 */
struct callgate_edge;
char *callgate_explain_edge(const struct callgate_edge *edge);

/*
 * ---- what the macros call ----
 *
 * true if it holds; else callgate_failure() says what is wrong, which includes wrong arguments. None of them prints.
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

/* `words` are those of the test, with its names of constants. */
#define CALLGATE_EXPECT_(words, ctx, arch, syscall, ...)                      \
	(callgate_check_call(ctx, arch, syscall, CALLGATE_LIST_(__VA_ARGS__)) \
	     ? 1                                                              \
	     : (CALLGATE_FAIL(__FILE__, __LINE__, callgate_failure_of(words)), 0))
#define CALLGATE_REPORT_(holds) ((holds) ? 1 : (CALLGATE_FAIL(__FILE__, __LINE__, callgate_failure()), 0))

/* action, arguments... -> action, their count, each as a struct callgate_argument */
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
