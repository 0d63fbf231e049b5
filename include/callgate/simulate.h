/* callgate/simulate.h - finds the answer of a filter to a call without loading the filter. SPDX-License-Identifier: MIT
 */
#ifndef CALLGATE_SIMULATE_H
#define CALLGATE_SIMULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/program.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * A system call as a filter sees it (struct seccomp_data, linux/seccomp.h). The numbers are in host order on every
 * architecture.
 */
struct callgate_call {
	/*
	 * 0 for the native architecture, or a SCMP_ARCH_* token; SCMP_ARCH_X32 means x86_64's value, which x32 calls
	 * have. Any other number is used as it is, as a kernel of an unknown architecture would pass it.
	 */
	uint32_t arch;
	/* The kernel's number, including a base (MIPS) and x32's bit 30. */
	int32_t nr;
	/* The upper halves are zero in calls of 32-bit tasks. */
	uint64_t args[6];
	uint64_t instruction_pointer;
};

/* Why a filter answers as it does. */
enum callgate_reason {
	CALLGATE_REASON_PROGRAM = 0, /* the filter is a program, which has no rules */
	CALLGATE_REASON_RULE,        /* a rule matched */
	CALLGATE_REASON_DEFAULT,     /* no rule matched: SCMP_FLTATR_ACT_DEFAULT */
	/*
	 * no rule names the call, and the call is unknown, or newer than the baseline: callgate_rule_unknown(),
	 * callgate_baseline()
	 */
	CALLGATE_REASON_UNKNOWN,
	CALLGATE_REASON_BAD_ARCH /* the context has no such architecture: SCMP_FLTATR_ACT_BADARCH */
};

struct callgate_verdict {
	/* a SCMP_ACT_* value with its data; the kernel treats a value that is no action as KILL_PROCESS */
	uint32_t action;
	enum callgate_reason reason;
	/*
	 * For CALLGATE_REASON_RULE, the id of the rule; otherwise 0. The id is the number of the seccomp_rule_add*()
	 * call that made the rule, counted from 1 on the context, including failed calls.
	 * callgate_profile_rule_origin() of <callgate/oci.h> finds the line of a rule of a profile.
	 */
	uint32_t rule;
	size_t executed; /* instructions, summed over stacked programs, as if there were no bitmap */
	/* whether the kernel (5.11 and later) would answer from its bitmap, without running the program */
	bool from_bitmap;
};

/*
 * Finds the line and column of the rule with an id. Returns 0, or any other number if they are not known.
 * callgate_profile_rule_origin() does this for profiles.
 */
typedef int callgate_rule_origin(const void *data, uint32_t rule, unsigned int *ret_line, unsigned int *ret_column);

/*
 * Finds the answer of the context's current rules to a call of any architecture. No filter is loaded, and no privilege
 * is needed. The program is first compiled and proved, once, as by seccomp_export_bpf().
 *
 * Returns 0; -EINVAL (NULL, bad context), -ENOMEM, -E2BIG (the rules fit no stack of programs), -EFAULT (the proof
 * failed). On failure *ret_verdict is untouched, and callgate_diagnosis(ctx) says why.
 */
int callgate_simulate(const scmp_filter_ctx ctx, const struct callgate_call *call,
                      struct callgate_verdict *ret_verdict);

/*
 * Simulates a program in the same way. -EINVAL also if the kernel would refuse it; callgate_diagnosis(NULL) says why.
 */
int callgate_simulate_program(const struct callgate_program *program, const struct callgate_call *call,
                              struct callgate_verdict *ret_verdict);

/*
 * ---- many calls, and what they exercised ----
 *
 * A simulator is a copy of a filter with counters. Only one thread at a time may use it.
 */
struct callgate_simulator;

/*
 * Makes a simulator of a context, which may then be changed or released. Returns 0, and the caller frees
 * *ret_simulator; or what callgate_simulate() returns.
 */
int callgate_simulator_new(const scmp_filter_ctx ctx, struct callgate_simulator **ret_simulator);

/* Makes a simulator of a program. Returns 0, and the caller frees *ret_simulator; or what callgate_simulate_program()
 * returns. */
int callgate_simulator_new_program(const struct callgate_program *program, struct callgate_simulator **ret_simulator);

/* Frees it; NULL is allowed. */
void callgate_simulator_free(struct callgate_simulator *simulator);

/*
 * Runs a call, stores its verdict, and counts the rule that decided and the branches that were taken. ret_verdict may
 * be NULL. Returns 0, or -EINVAL if another argument is NULL. The function is async-signal-safe.
 */
int callgate_simulator_run(struct callgate_simulator *simulator, const struct callgate_call *call,
                           struct callgate_verdict *ret_verdict);

/*
 * How many calls got their verdict for a reason; a rule without an id counts as the default. 0 for NULL and for an
 * unknown reason.
 */
unsigned long callgate_simulator_reason_hits(const struct callgate_simulator *simulator, enum callgate_reason reason);

/*
 * Lists the programs, of which there is one, or several that are stacked, in the order in which they are loaded. They
 * belong to the simulator; NULL after the last.
 */
const struct callgate_program *callgate_simulator_program(const struct callgate_simulator *simulator, size_t index);

/*
 * A rule for one architecture and number. A rule of a context with two architectures is listed twice, with the same id.
 */
struct callgate_rule {
	uint32_t id;   /* as in struct callgate_verdict */
	uint32_t arch; /* SCMP_ARCH_* */
	int32_t nr;    /* as in struct callgate_call */
	uint32_t action;
	size_t condition_count;
	/* All must hold. Data are truncated to the word and to the mask. The array belongs to the simulator. */
	const struct scmp_arg_cmp *conditions;
	unsigned long hits; /* calls that this rule decided */
};

/*
 * Stores rule `index`, in the order of architectures, numbers, and matching. Returns 0; -ENOENT after the last; -EINVAL
 * for NULL.
 */
int callgate_simulator_rule(const struct callgate_simulator *simulator, size_t index, struct callgate_rule *ret_rule);

/* What a conditional jump compares. */
enum callgate_operand {
	CALLGATE_OPERAND_COMPUTED = 0, /* a computed value, or no call reaches the jump */
	CALLGATE_OPERAND_NR,
	CALLGATE_OPERAND_ARCH,
	CALLGATE_OPERAND_POINTER, /* a half of the instruction pointer */
	CALLGATE_OPERAND_ARGUMENT /* a half of an argument */
};

/* Whether a call can take an edge. */
enum callgate_reach {
	CALLGATE_REACH_UNKNOWN = 0, /* not decided within the budget, or not modelled */
	CALLGATE_REACH_NEVER,       /* no call of any architecture does, whatever its arguments are */
	CALLGATE_REACH_SOME         /* the example does */
};

/*
 * An edge: one of the two branches of a conditional jump. A jump with one target has no edges. Only calls that the
 * kernel can make count: in calls of 32-bit tasks, upper halves are zero.
 */
struct callgate_edge {
	size_t program;     /* the index for callgate_simulator_program() */
	size_t instruction; /* the index of the jump */
	bool taken;         /* the branch on which the comparison is true */
	unsigned long hits;
	enum callgate_reach reach;
	/*
	 * For CALLGATE_REACH_SOME, a call that takes the edge; otherwise zeros. Its arch is SCMP_ARCH_*, or the value
	 * of an architecture that has no SCMP_ARCH_*.
	 */
	struct callgate_call example;
	/*
	 * What the jump compares for that call: the bits `mask` of a word, which is the upper half if `upper`, with k,
	 * by the operator in the jump's code.
	 */
	enum callgate_operand operand;
	unsigned argument;
	bool upper;
	uint32_t mask;
	uint16_t code; /* BPF_JMP | operator | BPF_K or BPF_X, linux/filter.h */
	uint32_t k;
};

/* Stores edge `index`, in the order of programs and instructions. Returns 0; -ENOENT after the last; -EINVAL for NULL.
 */
int callgate_simulator_edge(const struct callgate_simulator *simulator, size_t index, struct callgate_edge *ret_edge);

/*
 * Runs and counts calls of an architecture (as in struct callgate_call) with the unsigned numbers from nr_first to
 * nr_last, whose arguments satisfy all `count` comparisons on 64 bits. The prover chooses these calls, so that together
 * they reach every rule, every reason and every edge that any such call can reach. If a rule or edge still has no hits
 * after that, no such call reaches it. In calls of 32-bit tasks, upper halves are zero: if the comparisons require
 * others, there is no call.
 *
 * Returns 0; -EINVAL (NULL, an unknown argument or operator); -ENOMEM; -EDQUOT (not decided within the budget) or
 * -EOPNOTSUPP (an instruction is not modelled), after which a reachable rule or edge may have no hits.
 * callgate_diagnosis(NULL) says why.
 */
int callgate_simulator_cover(struct callgate_simulator *simulator, uint32_t arch, uint32_t nr_first, uint32_t nr_last,
                             size_t count, const struct scmp_arg_cmp *comparisons);

/* ---- the same filter with other rules: what would it answer? ---- */

/*
 * Stores the action of calls that no rule decides, for one reason: CALLGATE_REASON_DEFAULT, _BAD_ARCH, or _UNKNOWN with
 * the architecture (SCMP_ARCH_*) of the calls. Returns 0; -ENOENT: the filter gives no such answer; -EINVAL for NULL.
 */
int callgate_simulator_default(const struct callgate_simulator *simulator, enum callgate_reason reason, uint32_t arch,
                               uint32_t *ret_action);

/* Rules, and the actions of calls that no rule decides. */
struct callgate_changed_rules {
	uint32_t default_action, bad_arch_action;
	/*
	 * The architecture (SCMP_ARCH_*) whose unknown calls get `unknown_action`, if the filter has a separate answer
	 * for them; 0: none.
	 */
	uint32_t unknown_arch, unknown_action;
	/*
	 * The rules of callgate_simulator_rule(), in its order: some may be left out, and actions and conditions may
	 * differ.
	 */
	size_t rule_count;
	const struct callgate_rule *rules;
};

/*
 * Makes a simulator of the same filter with these rules in place of its own. The first rule that matches decides;
 * unlike seccomp_rule_add(), the function does not compare the rules with each other. `hits` are ignored.
 *
 * Returns 0, and the caller frees *ret_simulator; -EINVAL (NULL, a simulator of a program, a rule that is not one
 * of its rules, or not in its order), -ENOMEM, -E2BIG (the rules fit no stack of programs), -EFAULT (the proof failed);
 * callgate_diagnosis(NULL) says why.
 */
int callgate_simulator_new_changed(const struct callgate_simulator *simulator,
                                   const struct callgate_changed_rules *changed,
                                   struct callgate_simulator **ret_simulator);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
