/* callgate/simulate.h - what a filter answers to a call, without loading it. SPDX-License-Identifier: MIT */
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
 * A system call as a filter sees it (struct seccomp_data, linux/seccomp.h), as numbers in host order whatever the
 * architecture.
 */
struct callgate_call {
	/*
	 * 0 for native, or a SCMP_ARCH_* token; SCMP_ARCH_X32 stands for x86_64's value, which x32 calls carry. Any
	 * other number is taken as it is, as a kernel of an unknown architecture would pass it.
	 */
	uint32_t arch;
	/* As the kernel has it, bases and x32's bit 30 included. */
	int32_t nr;
	/* Calls of 32-bit tasks have zeros in the upper halves. */
	uint64_t args[6];
	uint64_t instruction_pointer;
};

/* Why a filter answers as it does. */
enum callgate_reason {
	CALLGATE_REASON_PROGRAM = 0, /* a program has no rules: its instructions say so */
	CALLGATE_REASON_RULE,        /* a rule matched */
	CALLGATE_REASON_DEFAULT,     /* no rule matched: SCMP_FLTATR_ACT_DEFAULT */
	/*
	 * no rule names the call, and it is an unknown one, or newer than the baseline: callgate_rule_unknown(),
	 * callgate_baseline()
	 */
	CALLGATE_REASON_UNKNOWN,
	CALLGATE_REASON_BAD_ARCH /* the context has no such architecture: SCMP_FLTATR_ACT_BADARCH */
};

struct callgate_verdict {
	/* a SCMP_ACT_* value with its data; the kernel takes what is no action as KILL_PROCESS */
	uint32_t action;
	enum callgate_reason reason;
	/*
	 * For CALLGATE_REASON_RULE: the id of the rule, that is, which seccomp_rule_add*() call on the context made it,
	 * counted from 1 with the failed ones. callgate_profile_rule_origin() of <callgate/oci.h> knows its file and
	 * line. Else 0.
	 */
	uint32_t rule;
	size_t executed; /* instructions, summed over stacked programs, as if there were no bitmap */
	/* Would the kernel (5.11 and later) answer from its bitmap, without running the program? */
	bool from_bitmap;
};

/*
 * Where a rule with this id stands. 0, and line and column; anything else: that is not known.
 * callgate_profile_rule_origin() knows it of profiles.
 */
typedef int callgate_rule_origin(const void *data, uint32_t rule, unsigned int *ret_line, unsigned int *ret_column);

/*
 * What the context's rules, as they are now, answer to the call. Nothing is loaded and no privilege is needed; any
 * architecture will do. The program is compiled and proved first, once, as seccomp_export_bpf() does.
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
 * A simulator is a copy of a filter, with counters. One thread at a time.
 */
struct callgate_simulator;

/* 0, or what callgate_simulate() returns. The caller frees *ret_simulator. The context may be changed or released. */
int callgate_simulator_new(const scmp_filter_ctx ctx, struct callgate_simulator **ret_simulator);

/* 0, or what callgate_simulate_program() returns. */
int callgate_simulator_new_program(const struct callgate_program *program, struct callgate_simulator **ret_simulator);

/* NULL is fine. */
void callgate_simulator_free(struct callgate_simulator *simulator);

/*
 * The call's verdict; the rule and the branches that it took are counted. ret_verdict may be NULL. 0, or -EINVAL for
 * NULL. Async-signal-safe.
 */
int callgate_simulator_run(struct callgate_simulator *simulator, const struct callgate_call *call,
                           struct callgate_verdict *ret_verdict);

/*
 * How many calls got their verdict for this reason; a rule without an id is the default. 0 for NULL and what is no
 * reason.
 */
unsigned long callgate_simulator_reason_hits(const struct callgate_simulator *simulator, enum callgate_reason reason);

/*
 * The programs: one, or several that are stacked, in the order in which they are loaded. They belong to the simulator;
 * NULL after the last.
 */
const struct callgate_program *callgate_simulator_program(const struct callgate_simulator *simulator, size_t index);

/*
 * What a rule is for one architecture and number. A rule of a context with two architectures is here twice, with one
 * id.
 */
struct callgate_rule {
	uint32_t id;   /* as in struct callgate_verdict */
	uint32_t arch; /* SCMP_ARCH_* */
	int32_t nr;    /* as in struct callgate_call */
	uint32_t action;
	size_t condition_count;
	/* All must hold. Data as they are compared: reduced to the word, and to the mask. Belongs to the simulator. */
	const struct scmp_arg_cmp *conditions;
	unsigned long hits; /* calls that this rule decided */
};

/* Rule `index` in the order of architectures, numbers, and matching. 0; -ENOENT after the last; -EINVAL for NULL. */
int callgate_simulator_rule(const struct callgate_simulator *simulator, size_t index, struct callgate_rule *ret_rule);

/* What a conditional jump compares when a call comes to it. */
enum callgate_operand {
	CALLGATE_OPERAND_COMPUTED = 0, /* a computed value, or no call comes to the jump */
	CALLGATE_OPERAND_NR,
	CALLGATE_OPERAND_ARCH,
	CALLGATE_OPERAND_POINTER, /* a half of the instruction pointer */
	CALLGATE_OPERAND_ARGUMENT /* a half of an argument */
};

/* Is there a call that leaves a jump on one of its sides? */
enum callgate_reach {
	CALLGATE_REACH_UNKNOWN = 0, /* not decided within the budget, or not modelled */
	CALLGATE_REACH_NEVER,       /* no call of any architecture, whatever its arguments are */
	CALLGATE_REACH_SOME         /* the example does */
};

/*
 * One side of a conditional jump: an edge of the decision graph that the program is. A jump with one target has none.
 * The kernel's calls count: those of 32-bit tasks have zeros in the upper halves.
 */
struct callgate_edge {
	size_t program;     /* which, as in callgate_simulator_program() */
	size_t instruction; /* the jump */
	bool taken;         /* the side where the comparison holds */
	unsigned long hits;
	enum callgate_reach reach;
	/*
	 * For CALLGATE_REACH_SOME, else zeros: a call that leaves here. Its arch is SCMP_ARCH_*, or the value of an
	 * architecture that there is no SCMP_ARCH_* for.
	 */
	struct callgate_call example;
	/*
	 * What that call compares: `mask` of a word, the upper half if `upper`, with the jump's operator (its code) and
	 * k.
	 */
	enum callgate_operand operand;
	unsigned argument;
	bool upper;
	uint32_t mask;
	uint16_t code; /* BPF_JMP | operator | BPF_K or BPF_X, linux/filter.h */
	uint32_t k;
};

/* Edge `index` in the order of programs and instructions. 0; -ENOENT after the last; -EINVAL for NULL. */
int callgate_simulator_edge(const struct callgate_simulator *simulator, size_t index, struct callgate_edge *ret_edge);

/*
 * Runs, and counts, calls of an architecture (as in struct callgate_call) with numbers [nr_first, nr_last], as unsigned
 * ones, whose arguments satisfy all `count` comparisons, which are on 64 bits: enough of them to reach every rule,
 * every reason and every edge that any such call can reach. What has no hits after that, if it had none before, no such
 * call reaches. Calls of 32-bit tasks have zeros in the upper halves: where the comparisons ask for others there are
 * none.
 *
 * Returns 0; -EINVAL (NULL, an unknown argument or operator), -ENOMEM; -EDQUOT (not decided within the budget) and
 * -EOPNOTSUPP (an instruction that is not modelled), after which what such calls reach may have no hits.
 * callgate_diagnosis(NULL) says why.
 */
int callgate_simulator_cover(struct callgate_simulator *simulator, uint32_t arch, uint32_t nr_first, uint32_t nr_last,
                             size_t count, const struct scmp_arg_cmp *comparisons);

/* ---- the same filter with other rules: what would it answer? ---- */

/*
 * The action of calls that no rule decides, for this reason: CALLGATE_REASON_DEFAULT, _BAD_ARCH, or _UNKNOWN with the
 * architecture (SCMP_ARCH_*) of the calls. 0; -ENOENT: the filter gives no such answer; -EINVAL for NULL.
 */
int callgate_simulator_default(const struct callgate_simulator *simulator, enum callgate_reason reason, uint32_t arch,
                               uint32_t *ret_action);

/* Rules, and what calls get that no rule decides. */
struct callgate_changed_rules {
	uint32_t default_action, bad_arch_action;
	/*
	 * The architecture (SCMP_ARCH_*) whose unknown calls get `unknown_action` if the filter has an answer of its
	 * own for them; 0: none.
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
 * A simulator of the same filter with these rules in place of its own. The rules are taken as they are, first match
 * wins, and are not compared with each other, as seccomp_rule_add() does; `hits` are ignored.
 *
 * Returns 0, and the caller frees *ret_simulator; -EINVAL (NULL, a simulator of a program, a rule that is none of its
 * rules or not in its place), -ENOMEM, -E2BIG (the rules fit no stack of programs), -EFAULT (the proof failed);
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
