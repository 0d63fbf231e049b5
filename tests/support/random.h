/*
 * Reproducible randomness: the seed comes from CALLGATE_SEED, or the clock, and is printed.
 */
#ifndef CALLGATE_TESTS_RANDOM_H
#define CALLGATE_TESTS_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state;
};

/* Prints "seed N" for this name and starts there. */
struct random random_start(const char *name);
uint64_t random_next(struct random *random);
/* A number in [0, bound); bound > 0. */
uint32_t random_below(struct random *random, uint32_t bound);

/* How often a random test repeats: CALLGATE_RUNS, or the given number. */
unsigned long random_runs(unsigned long usual);

/* How many times the usual work a run is to do: CALLGATE_LONG, which `tests/run.sh --long` sets, or 1. */
unsigned long random_long(void);

#endif
