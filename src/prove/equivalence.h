/*
 * Are two filters the same function of all inputs, and if not, where do they differ?
 */
#ifndef CALLGATE_PROVE_EQUIVALENCE_H
#define CALLGATE_PROVE_EQUIVALENCE_H

#include "prove/space.h"
#include "prove/witness.h"

/* Zero is no answer, so that a forgotten result is never a success. */
enum prove_outcome {
	PROVE_UNPROVED, /* a budget ran out, or an instruction is not modelled */
	PROVE_EQUAL,
	PROVE_DIFFERENT, /* the witness shows one call */
	PROVE_REFUSED,   /* the kernel would not take a program */
};

/* Deterministic limits, for the whole and again for every system call that is proved alone; zero means the default. */
struct prove_budget {
	size_t nodes;
	size_t work;
};

/* Both verdicts were confirmed by policy_eval() and bpf_simulate(). */
struct prove_witness {
	struct seccomp_data call; /* numbers in host order */
	witness_fields depends;   /* on other fields the verdicts do not depend */
	uint32_t expected;        /* what the policy says, or the first filter */
	uint32_t actual;          /* what the programs do, or the second filter */
};

/* PROVE_UNPROVED without a failure: simulation did not confirm a witness, which would be a fault of the prover. */
struct prove_result {
	enum prove_outcome outcome;
	struct prove_witness witness; /* for PROVE_DIFFERENT */
	struct space_failure failure; /* for PROVE_UNPROVED */
	size_t nodes;                 /* at most at one time */
	size_t work;
};

/* Compares two filters, each of them acceptable to the kernel. budget may be NULL. 0 and a result, or -ENOMEM. */
int prove_equal(const struct filter *a, const struct filter *b, const struct prove_budget *budget,
                struct prove_result *ret_result);

#endif
