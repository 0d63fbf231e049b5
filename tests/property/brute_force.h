/*
 * Are two programs equal on every input? Without the prover and the simulator: by running both on representatives.
 *
 * A program that compares words of the input, or their AND with a constant, with constants sees nothing of a word but
 * the interval between two neighbouring constants in which it lies, and the bits of the masks. One word of each
 * interval and value of these bits stands for all. Words are chosen when a run first loads them, so what a run does not
 * load is not tried twice.
 */
#ifndef CALLGATE_TESTS_BRUTE_FORCE_H
#define CALLGATE_TESTS_BRUTE_FORCE_H

#include "interpret.h"

struct brute_force {
	bool equal;
	/*
	 * The representatives stand for all inputs: nothing is computed but AND, returned words are constants, masks
	 * are small.
	 */
	bool exact;
	unsigned long inputs;
};

struct brute_force brute_force(const struct interpret_program *a, const struct interpret_program *b);

#endif
