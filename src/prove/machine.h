/*
 * A program as a function of its input, within one cell of the (arch, nr) space.
 */
#ifndef CALLGATE_PROVE_MACHINE_H
#define CALLGATE_PROVE_MACHINE_H

#include "base/arena.h"
#include "bpf/program.h"
#include "prove/cell.h"
#include "prove/value.h"

struct machine_item;
struct machine_rest;

enum { VERDICT_WHOLE = -1, VERDICT_BITS = 32 };

/* A stop: an instruction at which the way on depends on more than is known. All arrays are indexed by instruction. */
struct machine {
	const struct callgate_program *program;
	struct arena *arena;
	struct diagram *diagram;
	struct value_space space;
	struct cell cell;
	int verdict_bit;        /* the bit of the verdict that is asked for, or VERDICT_WHOLE */
	uint32_t *live;         /* the registers and scratch words that may still be read */
	bool *reads_number;     /* may arch or nr still be loaded? */
	uint64_t *pending;      /* bit set of instructions with items to expand */
	uint32_t *shared_items; /* index + 1 of the newest item that holds for any cell */
	uint32_t *cell_items;   /* the same for items of the present cell, */
	uint32_t *cell_stamps;  /* if this is the cell's `stamp` */
	uint32_t stamp;
	ARENA_VEC(struct machine_item) items;
	ARENA_VEC(uint32_t) expanded; /* the items of the present run, in order of instructions */
	ARENA_VEC(struct machine_rest) rests;
};

/* For an accepted program. All memory is the arena's. false without it. */
bool machine_init(struct machine *m, const struct callgate_program *program, struct diagram *diagram,
                  struct arena *arena);

/* After diagram_reset(). */
void machine_forget(struct machine *m);

/*
 * What the program returns in the cell; meaningless unless the diagram has not failed. Outside the cell: anything. Where it
 * returns a computed word, which can be too many verdicts for a leaf each, the diagram fails with MACHINE_RETURNS_WORDS.
 */
enum { MACHINE_RETURNS_WORDS = -ERANGE };
node machine_run(struct machine *m, const struct cell *cell);

/* One bit of what it returns, whatever it computes: one or zero. After that, only after machine_forget() anything else. */
node machine_run_bit(struct machine *m, const struct cell *cell, unsigned bit);

/*
 * Those of the calls in a cell that go each way which some call in the cell can go: the calls themselves, and then for every branch that arch
 * and nr do not decide those for which it is taken, and not. All are conditions, zero where there are no such calls; a call of each of the
 * others goes through every instruction that any of the calls goes through. What it leaves out when the diagram fails is not said. false
 * without memory. After that, only after machine_forget() anything else.
 */
typedef void (*machine_visitor)(void *closure, node calls);
bool machine_paths(struct machine *m, const struct cell *cell, node calls, machine_visitor visitor,
                   void *closure);

/* What the accumulator holds in front of an instruction that a call comes to; sides[i][1]: it takes the branch at i. */
struct value machine_accumulator(struct machine *m, const unsigned long (*sides)[2], size_t pc);

#endif
