/*
 * One side of a question: a policy, or programs that are stacked on each other.
 */
#ifndef CALLGATE_PROVE_SIDE_H
#define CALLGATE_PROVE_SIDE_H

#include "prove/machine.h"
#include "prove/rules.h"

/* A policy, or else programs in the order in which they are loaded; at least one, each accepted by bpf_accept(). */
struct prove_subject {
	const struct policy *policy;
	const struct callgate_program *const *programs;
	size_t program_count;
};

struct side {
	const struct prove_subject *subject;
	struct diagram *diagram;
	struct rules rules;
	uint8_t *kinds;           /* scratch space of scan_cuts() */
	struct machine *machines; /* of the subject's programs */
};

/* All memory is the arena's. false without it. */
bool side_init(struct side *side, const struct prove_subject *subject, struct arena *arena);

/* Before diagrams are asked for. false without memory; then they never may be. */
bool side_prepare(struct side *side, struct diagram *diagram, struct arena *arena);

/* After diagram_reset(). */
void side_forget(struct side *side);

void side_cuts_arch(const struct side *side, struct cuts *cuts);
void side_cuts_nr(const struct side *side, const struct cell *section, bool each_call, struct cuts *cuts);

/*
 * The one verdict in a cell, where arch and nr decide it and that is easily seen; or else false. Adds to *steps what a program
 * goes through.
 */
bool side_plain(struct side *side, const struct cell *cell, uint32_t *ret_verdict, size_t *steps);

/*
 * The verdicts in a cell; where the diagram looks at arch or nr, it is meaningless outside the cell. Where a program returns a
 * computed word, the diagram fails with MACHINE_RETURNS_WORDS: then each bit of the verdicts has a diagram.
 */
struct side_bits {
	node bit[VERDICT_BITS];
};
node side_node(struct side *side, const struct cell *cell);
struct side_bits side_bits(struct side *side, const struct cell *cell);

/* The rules that a policy has for a cell's calls; NULL if there are none, or for programs. */
const struct policy_syscall *side_rules(struct side *side, const struct cell *cell);

/*
 * Those of the calls in a cell that each rule decides, or that go each way through each program: rules_paths(), machine_paths(). false without
 * memory.
 */
typedef void (*side_visitor)(void *closure, node calls);
bool side_paths(struct side *side, const struct cell *cell, node calls, side_visitor visitor, void *closure);

/* The verdict on one call, by policy_eval() or bpf_simulate(). */
uint32_t side_verdict(const struct prove_subject *subject, const struct seccomp_data *call);

#endif
