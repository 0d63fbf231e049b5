/* callgate/rule.h - rules that seccomp_rule_add() cannot express. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_RULE_H
#define CALLGATE_RULE_H

#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define CALLGATE_RULE_CONDITIONS_MAX 1024

/*
 * This flag, added to an argument's number, restricts a comparison to the low 32 bits, with any operator. These are the
 * bits that the kernel reads of an argument that is an int. SCMP_CMP(1 | CALLGATE_LOW_HALF, SCMP_CMP_LE, 5) holds for
 * 0x100000005, too, while SCMP_A1_32(SCMP_CMP_LE, 5) does not. The data are truncated to 32 bits. On architectures with
 * 32-bit arguments the flag changes nothing. All functions of <callgate/...> that take comparisons accept it; those of
 * <seccomp.h> refuse it.
 */
#define CALLGATE_LOW_HALF 0x100u

/*
 * Adds a rule like seccomp_rule_add_array(), with four differences:
 *
 * - The rule is for one architecture of the context, `arch` (SCMP_ARCH_* token, 0: native), and `syscall` is that
 *   architecture's own number, as callgate_syscall_number() returns it. The number is not translated; pseudo numbers
 *   are refused.
 * - The rule is only for direct calls. Calls that are made through socketcall(2) or ipc(2) are not affected.
 * - Several conditions, at most CALLGATE_RULE_CONDITIONS_MAX, may be about the same argument, for example to express a
 *   range; all of them must hold.
 * - A condition may compare the low half of its argument: CALLGATE_LOW_HALF.
 *
 * In a context without an order, existing rules are treated as in seccomp_rule_add(): a rule that others cover is
 * ignored, a rule that covers others replaces them, and a contradiction is refused with -EEXIST.
 *
 * Returns 0; -EINVAL (bad context, an architecture that it does not have, bad number, action or conditions), -EEXIST
 * (contradiction), -EACCES (the action is the default action), -ENOMEM. After an error nothing has changed.
 */
int callgate_rule_add(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int syscall, unsigned int count,
                      const struct scmp_arg_cmp *conditions);

/* What happens when several rules match a call. */
enum callgate_order {
	/*
	 * The behaviour of libseccomp: a rule that others cover is ignored, a rule that covers others replaces them,
	 * and a contradiction is an error.
	 */
	CALLGATE_ORDER_CONFLICTS = 0,
	/* Of the rules that match a call, the one that was added first decides. */
	CALLGATE_ORDER_FIRST_MATCH,
	/*
	 * Of the rules that match a call, the one with the strictest action decides; of several equally strict ones,
	 * the one that was added first.
	 */
	CALLGATE_ORDER_STRICTEST
};

/*
 * Sets the order of the context's rules, before the first rule is added; seccomp_reset() sets it back to
 * CALLGATE_ORDER_CONFLICTS. An order applies to all rules, whichever function adds them; seccomp_rule_add() then also
 * accepts rules with the default action, and never returns -EEXIST. Contexts that are merged must have the same order.
 * Transactions cover the rules, not the order.
 *
 * Returns 0; -EINVAL (bad context, no such order), -EEXIST (the context has rules, or an open transaction).
 */
int callgate_order_set(scmp_filter_ctx ctx, enum callgate_order order);

/*
 * How much of an argument is compared: the low 32 bits, which the kernel reads of an int, or all of it. On
 * architectures with 32-bit arguments there is no difference.
 */
enum callgate_width { CALLGATE_BITS_32 = 32, CALLGATE_BITS_64 = 64 };

enum callgate_expression_kind {
	CALLGATE_EXPRESSION_COMPARE = 1, /* `op`, `datum_a` and `datum_b`, as in struct scmp_arg_cmp */
	CALLGATE_EXPRESSION_RANGE,       /* datum_a <= argument <= datum_b, unsigned */
	CALLGATE_EXPRESSION_VALUES,      /* the argument is one of `count` `values` */
	CALLGATE_EXPRESSION_ALL,         /* all `count` `parts` are true; without parts: always true */
	CALLGATE_EXPRESSION_ANY,         /* at least one of `count` `parts` is true; without parts: never true */
	CALLGATE_EXPRESSION_NOT          /* the only part is false */
};

/* A condition on a call's arguments. Data are truncated to the width. */
struct callgate_expression {
	enum callgate_expression_kind kind;
	unsigned int argument; /* 0 to 5 */
	enum callgate_width width;
	enum scmp_compare op;
	uint64_t datum_a, datum_b;
	size_t count;
	const uint64_t *values;
	const struct callgate_expression *parts;
};

#ifndef __cplusplus
/*
 * Macros that write expressions in C:
 *
 *     CALLGATE_ALL_OF(CALLGATE_RANGE(2, 64, 1, 4096), CALLGATE_NOT(CALLGATE_VALUES(1, 32, 3, 5)))
 */
#define CALLGATE_FIRST_(a, ...)     (a)
#define CALLGATE_SECOND_(a, b, ...) (b)
#define CALLGATE_COMPARE(argument_, width_, op_, ...)                                \
	((struct callgate_expression){.kind = CALLGATE_EXPRESSION_COMPARE,           \
	                              .argument = (argument_),                       \
	                              .width = CALLGATE_BITS_##width_,               \
	                              .op = (op_),                                   \
	                              .datum_a = CALLGATE_FIRST_(__VA_ARGS__, 0, 0), \
	                              .datum_b = CALLGATE_SECOND_(__VA_ARGS__, 0, 0)})
#define CALLGATE_RANGE(argument_, width_, first_, last_)                 \
	((struct callgate_expression){.kind = CALLGATE_EXPRESSION_RANGE, \
	                              .argument = (argument_),           \
	                              .width = CALLGATE_BITS_##width_,   \
	                              .datum_a = (first_),               \
	                              .datum_b = (last_)})
#define CALLGATE_VALUES(argument_, width_, ...)                                                            \
	((struct callgate_expression){.kind = CALLGATE_EXPRESSION_VALUES,                                  \
	                              .argument = (argument_),                                             \
	                              .width = CALLGATE_BITS_##width_,                                     \
	                              .count = sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), \
	                              .values = (const uint64_t[]){__VA_ARGS__}})
#define CALLGATE_PARTS_(kind_, ...)                                                                        \
	((struct callgate_expression){.kind = (kind_),                                                     \
	                              .count = sizeof((const struct callgate_expression[]){__VA_ARGS__}) / \
	                                       sizeof(struct callgate_expression),                         \
	                              .parts = (const struct callgate_expression[]){__VA_ARGS__}})
#define CALLGATE_ALL_OF(...) CALLGATE_PARTS_(CALLGATE_EXPRESSION_ALL, __VA_ARGS__)
#define CALLGATE_ANY_OF(...) CALLGATE_PARTS_(CALLGATE_EXPRESSION_ANY, __VA_ARGS__)
#define CALLGATE_NOT(...)    CALLGATE_PARTS_(CALLGATE_EXPRESSION_NOT, __VA_ARGS__)
#endif

#define CALLGATE_EVERY_ARCH            0xffffffffu
#define CALLGATE_RULE_ALTERNATIVES_MAX 4096

/*
 * Adds a rule for the calls whose arguments satisfy the expression; the expression NULL is always true. With
 * CALLGATE_EVERY_ARCH the rule is for all architectures of the context, and `syscall` is a native number, as with
 * seccomp_rule_add(). Otherwise the rule is for `arch` alone (0: native), and `syscall` is the number on that
 * architecture, as with callgate_rule_add(). The caller keeps the expression. It is expanded into at most
 * CALLGATE_RULE_ALTERNATIVES_MAX alternatives of comparisons, and may be nested 64 levels deep. On a 32-bit
 * architecture a comparison with a value that does not fit is always true or always false; negative numbers are
 * truncated.
 *
 * In a context with an order, the action may be the default action, as an exception to a later rule. A rule that can
 * never decide a call, because earlier rules always decide first or because no call satisfies its expression, is
 * accepted; a note in callgate_diagnosis() then names a rule that covers it and shows a call. This is proved, for a
 * call's first 128 alternatives. In a context without an order, each alternative is added as a separate rule, either
 * all of them or none, and with CALLGATE_EVERY_ARCH each may have at most 6 comparisons.
 *
 * A filter cannot compare the arguments of calls that are made through socketcall(2) or ipc(2). In a context with an
 * order, a rule for CALLGATE_EVERY_ARCH with an expression applies to every such call, whatever its arguments, if the
 * rule's action is at least as strict as the default action, and to no such call otherwise. In a context without an
 * order, such calls are treated as by seccomp_rule_add().
 *
 * Returns what callgate_rule_add() returns; -EINVAL also for an expression that is invalid or too large.
 */
int callgate_rule_match(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int syscall,
                        const struct callgate_expression *expression);

/*
 * Sets the action for the architecture's unknown calls, which are newer than all calls in callgate's tables. Unknown
 * calls that have no rule get `action` instead of the default action. With ERRNO(ENOSYS) a C library falls back to an
 * older call where the default action would make it fail. A second call replaces the action.
 *
 * Returns 0; -EINVAL (bad context, an architecture that it does not have, bad action).
 */
int callgate_rule_unknown(scmp_filter_ctx ctx, uint32_t arch, uint32_t action);

/*
 * Does the same as if `newest`, one of the architecture's own numbers, were the newest call: all numbers above it that
 * have no rule get the action, even those of known calls. -EINVAL also if the architecture has no such number.
 */
int callgate_rule_unknown_after(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int newest);

/*
 * Sets the oldest Linux version that the rules were written for, such as 5, 10. Calls that are newer, or may be newer
 * (callgate_syscall_since()), and that have no rule get ERRNO(ENOSYS) in place of the default action, according to the
 * history of each architecture and with its number for ENOSYS. So do calls that no kernel has implemented, and unknown
 * calls, unless callgate_rule_unknown() gave these another action. Programs then behave as on that kernel, and fall
 * back to older calls. Once set, a baseline stays until seccomp_reset(); transactions do not cover it, and contexts
 * that are merged must have the same baseline.
 *
 * Returns 0; -EINVAL (bad context, a version before 1.0 or no version, a default action other than KILL, TRAP and
 * ERRNO, which deny), -EEXIST (another baseline is set).
 */
int callgate_baseline(scmp_filter_ctx ctx, unsigned int major, unsigned int minor);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
