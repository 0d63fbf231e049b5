/*
 * Random instructions and programs, valid and invalid, for the simulator, the acceptance check and the kernel.
 */
#ifndef CALLGATE_TESTS_RANDOM_PROGRAM_H
#define CALLGATE_TESTS_RANDOM_PROGRAM_H

#include "bpf/program.h"
#include "support/random.h"

/* An instruction at `at` of `count`: mostly one that could be accepted there, sometimes spoilt, sometimes any bytes. */
struct sock_filter random_instruction(struct random *random, size_t at, size_t count);

/* `count` of those; about one in three is accepted for short streams. */
void random_stream(struct random *random, struct sock_filter *insns, size_t count);

/*
 * A program that is accepted, at most `longest` (>= 16) instructions, whose results are nearly always ERRNO(x), so that
 * a caller can read them: computed from A in the end, constants in between, seldom another action.
 */
size_t random_accepted(struct random *random, struct sock_filter *insns, size_t longest);

/*
 * The same, but products and quotients are by constant powers of two, and returns of constants: all of it is modelled
 * by the prover. One program in eight is as random_accepted() makes it.
 */
size_t random_modelled(struct random *random, struct sock_filter *insns, size_t longest);

/* A number that is likely to be an edge: 0, ones, powers of two, their neighbours, or anything. */
uint32_t random_word(struct random *random);

#endif
