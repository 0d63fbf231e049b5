/*
 * Are two filters the same function of all inputs, and if not, where do they differ?
 */
#ifndef CALLGATE_PROVE_EQUIVALENCE_H
#define CALLGATE_PROVE_EQUIVALENCE_H

#include "prove/side.h"
#include "prove/witness.h"

/* Zero is no answer, so that a forgotten result is never a success. */
enum prove_outcome {
	PROVE_UNPROVED, /* the budget ran out */
	PROVE_EQUAL,
	PROVE_DIFFERENT,   /* the witness shows one call */
	PROVE_UNSUPPORTED, /* a program has an instruction that is not modelled */
	PROVE_REFUSED,     /* the kernel would not take a program */
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
	uint32_t expected;        /* what the policy says, or the first side */
	uint32_t actual;          /* what the programs do, or the second side */
};

struct prove_result {
	enum prove_outcome outcome;
	struct prove_witness witness; /* for PROVE_DIFFERENT */
	bool unconfirmed; /* PROVE_UNPROVED as simulation did not confirm a witness: a fault of the prover */
	size_t nodes;     /* at most at one time */
	size_t work;
};

/* Compares two subjects, each of them acceptable to the kernel. budget may be NULL. 0 and a result, or -ENOMEM. */
int prove_equal(const struct prove_subject *a, const struct prove_subject *b,
                const struct prove_budget *budget, struct prove_result *ret_result);

#endif
