/*
 * Are two filters the same function of all inputs, and if not, where do they differ? And the answers in words: calls,
 * actions, and why there is no proof.
 */
#ifndef CALLGATE_QUERY_PROOF_H
#define CALLGATE_QUERY_PROOF_H

#include "base/diag.h"
#include "base/strbuf.h"
#include "prove/space.h"
#include "query/witness.h"

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

/* Would the kernel take all programs of the filter, and is there one at least? The diag says what is wrong. */
bool proof_is_acceptable(const struct filter *filter, struct diag *diag);

/* Are both the same programs but for what means nothing? Then they are one function, whatever it is. */
bool proof_is_trivial(const struct filter *a, const struct filter *b);

/*
 * "no proof for openat on x86_64: ...": what ran out, at which limit, or which instruction is not modelled. `filters`
 * are those of the walk.
 */
void proof_describe_failure(const char *what, const struct space_failure *failure, const struct filter *const *filters,
                            struct diag *diag);

/*
 * Compares any two filters: PROVE_REFUSED if the kernel would not take a program of theirs. budget and diag may be
 * NULL; the diag shows the witness, or says why there is no proof. 0 and a result, or -ENOMEM.
 */
int proof_equal(const struct filter *a, const struct filter *b, const struct prove_budget *budget, struct diag *diag,
                struct prove_result *ret_result);

/* Compares a policy with the programs that were made of it, which are read again from their bytes. */
int proof_policy(const struct policy *policy, struct callgate_program *const *programs, size_t count,
                 const struct prove_budget *budget, struct diag *diag, struct prove_result *ret_result);

/*
 * "socket(38, *, *) on x86": fields outside `depends` are stars; those after the last one that counts are as many as
 * the call has.
 */
void describe_call(const struct seccomp_data *call, witness_fields depends, struct strbuf *out);

/* "socket", "call number 1000" */
void describe_number_of_call(uint32_t audit, uint32_t nr, struct strbuf *out);

/* "ALLOW", "ERRNO(EPERM)", "0x12340000" */
void describe_action(uint32_t action, struct strbuf *out);

#endif
