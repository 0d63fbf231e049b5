/*
 * The prover's answers in words.
 */
#ifndef CALLGATE_QUERY_PROOF_H
#define CALLGATE_QUERY_PROOF_H

#include "base/diag.h"
#include "prove/equivalence.h"

/* Would the kernel take all programs of the subject, and is there one at least? The diag says what is wrong. */
bool proof_is_acceptable(const struct prove_subject *subject, struct diag *diag);

/*
 * Compares any two subjects: PROVE_REFUSED if the kernel would not take a program of theirs. budget and diag may be NULL; the diag
 * shows the witness, or says why there is no proof. 0 and a result, or -ENOMEM.
 */
int proof_equal(const struct prove_subject *a, const struct prove_subject *b,
                const struct prove_budget *budget, struct diag *diag, struct prove_result *ret_result);

/* The same for a policy and the programs that were made of it. */
int proof_policy(const struct policy *policy, struct callgate_program *const *programs, size_t count,
                 const struct prove_budget *budget, struct diag *diag, struct prove_result *ret_result);

#endif
