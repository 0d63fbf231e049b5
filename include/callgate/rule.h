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
 * Added to an argument's number, this makes a comparison one of the low 32 bits, with any operator: what the kernel
 * reads of an argument that is an int. SCMP_CMP(1 | CALLGATE_LOW_HALF, SCMP_CMP_LE, 5) holds for 0x100000005 too, where
 * SCMP_A1_32(SCMP_CMP_LE, 5) does not. The data are reduced to 32 bits. Where arguments have 32 bits it changes
 * nothing. All functions of <callgate/...> that take comparisons know it; those of <seccomp.h> refuse it.
 */
#define CALLGATE_LOW_HALF 0x100u

/*
 * Adds a rule for one architecture of the context, as seccomp_rule_add_array() does, with four differences:
 *
 * - `arch` (SCMP_ARCH_* token, 0: native) alone gets the rule, and `syscall` is that architecture's own number, as
 *   callgate_syscall_number() gives it; nothing is translated. Pseudo numbers are refused.
 * - The rule is for the direct call alone. Calls that are made through socketcall(2) or ipc(2) are not affected.
 * - Several of the (at most CALLGATE_RULE_CONDITIONS_MAX) conditions may be about one argument; all of them must hold:
 * a range, for example.
 * - A condition may be one of the low half of its argument: CALLGATE_LOW_HALF.
 *
 * Rules that are there already are treated as seccomp_rule_add() does: silently covered or covering ones, -EEXIST
 * for a contradiction.
 *
 * Returns 0; -EINVAL (context, an architecture that it does not have, number, action, conditions), -EEXIST
 * (contradiction), -EACCES (the action is the default action), -ENOMEM. Then nothing has changed.
 */
int callgate_rule_add(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int syscall, unsigned int count,
                      const struct scmp_arg_cmp *conditions);

/* What happens where several rules match a call. */
enum callgate_order {
	/*
	 * As libseccomp has it: a rule that others cover is ignored, one that covers others replaces them, a
	 * contradiction is an error.
	 */
	CALLGATE_ORDER_CONFLICTS = 0,
	CALLGATE_ORDER_FIRST_MATCH, /* of the rules that match a call, the one that was added first decides */
	CALLGATE_ORDER_STRICTEST    /* of the rules that match a call, one of the strictest action decides, and of these
	                               the first */
};

/*
 * Sets the order of the context's rules; seccomp_reset() makes it CALLGATE_ORDER_CONFLICTS again. An order applies to
 * all rules, whichever function adds them; seccomp_rule_add() then takes rules with the default action too, and never
 * returns -EEXIST. Contexts that are merged must have the same order. Transactions cover the rules, not the order.
 *
 * Returns 0; -EINVAL (context, no order), -EEXIST (the context has rules, or an open transaction).
 */
int callgate_order_set(scmp_filter_ctx ctx, enum callgate_order order);

/*
 * How much of an argument is compared: what the kernel reads of an int, and all of it. Where arguments have 32 bits
 * they are the same.
 */
enum callgate_width { CALLGATE_BITS_32 = 32, CALLGATE_BITS_64 = 64 };

enum callgate_expression_kind {
	CALLGATE_EXPRESSION_COMPARE = 1, /* as struct scmp_arg_cmp: `op`, `datum_a`, `datum_b` */
	CALLGATE_EXPRESSION_RANGE,       /* datum_a <= argument <= datum_b, unsigned */
	CALLGATE_EXPRESSION_VALUES,      /* one of `count` `values` */
	CALLGATE_EXPRESSION_ALL,         /* all `count` `parts`; without parts: always */
	CALLGATE_EXPRESSION_ANY,         /* one of `count` `parts`; without parts: never */
	CALLGATE_EXPRESSION_NOT          /* its one part does not hold */
};

/* A condition on a call's arguments. Data are reduced to the width. */
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
 * They are written with these, in C: CALLGATE_ALL_OF(CALLGATE_RANGE(2, 64, 1, 4096), CALLGATE_NOT(CALLGATE_VALUES(1,
 * 32, 3, 5)))
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
 * Adds a rule for the calls whose arguments satisfy the expression; NULL is one that always does. With
 * CALLGATE_EVERY_ARCH `syscall` is a native number, and the rule is for all architectures of the context, as with
 * seccomp_rule_add(); else it is for `arch` alone (0: native), and `syscall` is the number there, as with
 * callgate_rule_add(). The expression is not kept. It is taken apart into alternatives of comparisons, of which there
 * may be CALLGATE_RULE_ALTERNATIVES_MAX; it may be nested 64 deep.
 *
 * Where rules have an order, the action may be the default action, as an exception to a later rule. A rule that can
 * never decide a call, because others always do before it or no call satisfies its expression, is taken, and
 * callgate_diagnosis() has a note with the rule that covers it and a call that shows it (of a call's first 128
 * alternatives). Through socketcall(2) and
 * ipc(2) arguments can't be compared: with CALLGATE_EVERY_ARCH, a rule that compares some applies there to all calls
 * with the number if its action is at least as strict as the default action, and else to none. On a 32-bit architecture
 * a comparison with a value that does not fit always holds or never does; negative numbers are truncated.
 *
 * Where rules have no order, each alternative is added as a rule of its own, all or none; for all architectures, each
 * has at most 6 comparisons.
 *
 * Returns what callgate_rule_add() returns; -EINVAL also for an expression that is invalid or too large.
 */
int callgate_rule_match(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int syscall,
                        const struct callgate_expression *expression);

/*
 * Gives the architecture's unknown calls, those newer than every one in callgate's tables, that have no rule `action`
 * instead of the default action: ERRNO(ENOSYS) lets a C library fall back to an older call where the default action
 * would make it fail. A second call replaces the action. Programs that run under a later kernel than the tables know
 * get it for its newest calls.
 *
 * Returns 0; -EINVAL (context, an architecture that it does not have, action).
 */
int callgate_rule_unknown(scmp_filter_ctx ctx, uint32_t arch, uint32_t action);

/*
 * The same as if `newest`, a number of the architecture's own, were the newest call: all numbers above it that have no
 * rule get the action, those of known calls too. -EINVAL also where the architecture has no such number.
 */
int callgate_rule_unknown_after(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int newest);

/*
 * The oldest Linux that the rules were written for, such as 5, 10. Calls that are newer, or may be
 * (callgate_syscall_since()), and that have no rule get ERRNO(ENOSYS) in place of the default action, on each
 * architecture by its own history and with its own ENOSYS: programs then behave as on that kernel, and fall back to
 * older calls. So do calls that no kernel has implemented, and those newer than all that callgate knows, unless
 * callgate_rule_unknown() gave these another action. Once set, a baseline stays until seccomp_reset(); transactions do
 * not cover it, and contexts that are merged must have the same.
 *
 * Returns 0; -EINVAL (context, a version before 1.0 or no version, a default action that does not deny: a baseline goes
 * with KILL, TRAP and ERRNO), -EEXIST (another baseline is set).
 */
int callgate_baseline(scmp_filter_ctx ctx, unsigned int major, unsigned int minor);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
