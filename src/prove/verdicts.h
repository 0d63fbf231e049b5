/*
 * What the sides of a question say in one cell.
 */
#ifndef CALLGATE_PROVE_VERDICTS_H
#define CALLGATE_PROVE_VERDICTS_H

#include "prove/side.h"

enum { VERDICTS_SIDES = 2 };

/* A diagram of verdicts for each side; or, where a program returns a computed word, one for each bit of the verdicts. */
struct verdicts {
	struct diagram *diagram;
	bool in_bits;
	node whole[VERDICTS_SIDES];
	struct side_bits bits[VERDICTS_SIDES];
};

/*
 * Asks the sides. If a diagram looks at arch or nr, all are one and the same verdict outside the cell. Meaningless if the diagram then has
 * failed.
 */
void verdicts_ask(struct verdicts *verdicts, struct diagram *diagram, struct side *sides, size_t count,
                  const struct cell *cell);

/* The calls in the cell for which the two sides' verdicts differ: zero exactly if there are none. */
node verdicts_differ(const struct verdicts *verdicts);

/* The calls in the cell to which a side gives exactly this verdict; those that it allows. */
node verdicts_are(const struct verdicts *verdicts, size_t side, uint32_t verdict);
node verdicts_allow(const struct verdicts *verdicts, size_t side);

/* The calls in the cell, as far as the diagrams tell them from others: one where they look at arguments alone. */
node verdicts_calls(const struct verdicts *verdicts, const struct cell *cell);

/* Are they the same for every call in the cell? */
bool verdicts_same(const struct verdicts *verdicts);

/* A call in the cell for which they are not, that being so. */
struct seccomp_data verdicts_witness(const struct verdicts *verdicts, const struct cell *cell);

#endif
