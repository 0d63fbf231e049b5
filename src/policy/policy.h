/*
 * The meaning of a filter: for each architecture and system call an ordered list of rules, first match wins.
 *
 * A struct policy is frozen: made once by ruleset_freeze() (or by a test), then only read. policy_eval() defines what
 * it means; the graph evaluator, the simulator, the prover and the kernel must each agree with it.
 */
#ifndef CALLGATE_POLICY_POLICY_H
#define CALLGATE_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/seccomp.h>

#include "arch/arch.h"
#include "base/arena.h"

/* ORDER scmp_compare: the values of enum scmp_compare in <seccomp.h> */
enum policy_op {
	POLICY_NE = 1,
	POLICY_LT,
	POLICY_LE,
	POLICY_EQ,
	POLICY_GE,
	POLICY_GT,
	POLICY_MASKED_EQ,
};

/*
 * One unsigned comparison: (argument & mask) OP value, where POLICY_MASKED_EQ is for equal.
 * value is already cut to the architecture's word size, and to the mask. Unless MASKED_EQ, mask is all ones of the
 * word, or of its low 32 bits: then the upper half does not count.
 */
struct policy_condition {
	uint8_t arg; /* 0..5 */
	uint8_t op;  /* enum policy_op */
	uint64_t mask;
	uint64_t value;
};

static inline bool policy_condition_is_same(const struct policy_condition *a, const struct policy_condition *b)
{
	return a->value == b->value && a->mask == b->mask && a->arg == b->arg && a->op == b->op;
}

/* All conditions must hold. Conditions are sorted by argument; several on one argument are allowed. */
struct policy_rule {
	uint32_t action; /* a whole SECCOMP_RET_* value with its data */
	uint32_t id;     /* which rule_add call made it, counted from 1; for diagnostics */
	uint32_t condition_count;
	const struct policy_condition *conditions;
};

/* The rules of one number, first match wins. */
struct policy_syscall {
	/* as seccomp_data.nr, seen as unsigned; 0xffffffff only where rules for it are to be emitted */
	uint32_t nr;
	uint8_t priority;    /* seccomp_syscall_priority hint; steers code order, never verdicts */
	uint32_t rule_count; /* may be 0 (priority only) */
	const struct policy_rule *rules;
};

/*
 * unknown_first, when not 0, gives calls that were not known when the rules were written a verdict of their own instead
 * of policy.default_action: numbers from unknown_first up to the architecture's last one (arch->nr_last, but never
 * 0xffffffff), where no architecture of the same audit value has a rule for the number. A number that has rules none of
 * which matches gets the default action as everywhere. Never below arch->nr_first.
 */
struct policy_arch {
	const struct callgate_arch *arch;
	size_t syscall_count;
	const struct policy_syscall *syscalls; /* strictly ascending by nr; pseudo numbers are not in here */
	uint32_t unknown_first;                /* 0: not used */
	/* a whole SECCOMP_RET_* value; looked at only where unknown_first is not 0 */
	uint32_t unknown_action;
};

/* How rules for one call meet. ORDER callgate_order: the values of enum callgate_order in <callgate/rule.h> */
enum policy_order { POLICY_ORDER_CONFLICTS, POLICY_ORDER_FIRST_MATCH, POLICY_ORDER_STRICTEST };

struct policy {
	uint32_t default_action;  /* no rule matched, and the call is no unknown one */
	uint32_t bad_arch_action; /* no architecture, or no number range of its, covers the call */
	uint32_t optimize;        /* SCMP_FLTATR_CTL_OPTIMIZE: 1 or 2; a hint */
	size_t arch_count;
	const struct policy_arch *archs; /* in order of addition; all of one byte order, audit+range distinct */
};

/*
 * The verdict. `data` is in host byte order whatever the architecture: a record of numbers, not of bytes.
 * ret_rule (may be NULL) becomes the matching rule, or NULL if the verdict is a default.
 */
uint32_t policy_eval(const struct policy *policy, const struct seccomp_data *data, const struct policy_rule **ret_rule);

/* Does any architecture of the policy, and a number range of its, cover the call? Else it gets the bad_arch_action. */
bool policy_covers(const struct policy *policy, const struct seccomp_data *data);

/* The verdict on a call that is covered and that no rule matches. Unknown calls are those that no rule names at all. */
uint32_t policy_unmatched(const struct policy *policy, const struct seccomp_data *data, bool has_rules);

/* Does `value`, an argument as the kernel passes it, satisfy the condition on this architecture? */
bool policy_condition_holds(const struct policy_condition *condition, const struct callgate_arch *arch, uint64_t value);

/* Is the number one of `arch`'s unknown calls, as far as range goes? Rules for it are not looked at. */
static inline bool policy_nr_is_unknown(const struct policy_arch *arch, uint32_t nr)
{
	return arch->unknown_first && nr >= arch->unknown_first && nr <= arch->arch->nr_last && nr != UINT32_MAX;
}

/* The entry for a number, by bisection, or NULL. */
const struct policy_syscall *policy_arch_find(const struct policy_arch *arch, uint32_t nr);

/*
 * Makes the architecture's calls from `first` on unknown calls that get `action`. 0 is the number after the newest
 * known one; then known calls with numbers after it (ARM's private ones, x32's second half) that have no rules get one
 * with the default action, so that they stay what they were. False when memory is out; *arch is then as before.
 */
bool policy_arch_set_unknown(struct policy_arch *arch, uint32_t first, uint32_t action, uint32_t default_action,
                             struct arena *arena);

/*
 * Is it a comparison of the low half of an argument that has two? MASKED_EQ is one of both halves, whatever its mask
 * is.
 */
static inline bool policy_condition_is_low(const struct policy_condition *condition, const struct callgate_arch *arch)
{
	return condition->op != POLICY_MASKED_EQ && condition->mask == UINT32_MAX && arch->word_bits == 64;
}

/* The bits of an argument that rules look at on this architecture. */
static inline uint64_t policy_word_mask(const struct callgate_arch *arch)
{
	return arch->word_bits == 64 ? UINT64_MAX : UINT32_MAX;
}

#endif
