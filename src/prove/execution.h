/*
 * A program as a function of its input, within one region: symbolic execution.
 */
#ifndef CALLGATE_PROVE_EXECUTION_H
#define CALLGATE_PROVE_EXECUTION_H

#include "base/arena.h"
#include "bpf/program.h"
#include "prove/value.h"

struct branch;
struct registers;

/* All arrays are indexed by instruction. */
struct execution {
	const struct callgate_program *program;
	struct arena *arena;
	struct diagram *diagram;
	struct value_space space;
	struct region region;
	size_t unmodelled;         /* the instruction, after the diagram failed with -EOPNOTSUPP */
	uint32_t *live;            /* the registers and scratch words that may still be read */
	uint64_t *pending;         /* bit set of instructions with branches to expand */
	uint32_t *newest, *stamps; /* index + 1 of the newest branch, if it is of the present region: has its `stamp` */
	uint32_t stamp;
	ARENA_VEC(struct branch) branches;
	ARENA_VEC(uint32_t) expanded; /* the branches of the present run, in order of instructions */
	ARENA_VEC(struct registers) registers;
};

/* For an accepted program. All memory is the arena's. false without it. */
bool execution_init(struct execution *e, const struct callgate_program *program, struct diagram *diagram,
                    struct arena *arena);

/*
 * What the program returns in the region; meaningless unless the diagram has not failed. Outside the region: anything.
 * The diagram fails with -EOPNOTSUPP at an instruction that is not modelled.
 */
node execution_run(struct execution *e, const struct region *region);

/*
 * Visits sets of calls in a region, one for each path that some call can take: first all the calls, and then, for every
 * branch that arch and nr do not decide, the calls for which the branch holds and the calls for which it does not. All
 * are conditions, zero where there are no such calls; a call of each of the others goes through every instruction that
 * any of the calls goes through. Some are left out when the diagram fails. false without memory.
 */
typedef void (*execution_visitor)(void *closure, node calls);
bool execution_paths(struct execution *e, const struct region *region, node calls, execution_visitor visitor,
                     void *closure);

/* What the accumulator holds before an instruction that a call comes to; taken[i][1]: the call takes branch i. */
struct value execution_accumulator(struct execution *e, const unsigned long (*taken)[2], size_t pc);

#endif
