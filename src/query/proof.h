/*
 * Proofs, and why there is none, in words.
 */
#ifndef CALLGATE_QUERY_PROOF_H
#define CALLGATE_QUERY_PROOF_H

#include "base/diag.h"
#include "prove/equivalence.h"

/* Would the kernel take all programs of the filter, and is there one at least? The diag says what is wrong. */
bool proof_is_acceptable(const struct filter *filter, struct diag *diag);

/* "no proof for openat on x86_64: ...": what ran out, at which limit, or which instruction is not modelled. `filters` are those of the walk. */
void proof_describe_failure(const char *what, const struct space_failure *failure,
                            const struct filter *const *filters, struct diag *diag);

/*
 * Compares any two filters: PROVE_REFUSED if the kernel would not take a program of theirs. budget and diag may be NULL; the diag
 * shows the witness, or says why there is no proof. 0 and a result, or -ENOMEM.
 */
int proof_equal(const struct filter *a, const struct filter *b, const struct prove_budget *budget,
                struct diag *diag, struct prove_result *ret_result);

/* Compares a policy with the programs that were made of it, which are read again from their bytes. */
int proof_policy(const struct policy *policy, struct callgate_program *const *programs, size_t count,
                 const struct prove_budget *budget, struct diag *diag, struct prove_result *ret_result);

#endif
