/*
 * One call for which something holds.
 */
#ifndef CALLGATE_QUERY_WITNESS_H
#define CALLGATE_QUERY_WITNESS_H

#include <linux/seccomp.h>

#include "prove/filter_model.h"

/* Of a call: bit i for argument i, bit INPUT_IP for the instruction pointer. */
typedef uint8_t witness_fields;

/* A call in the region for which the two functions, which are not the same node, have different leaves. */
struct seccomp_data witness_of_difference(const struct diagram *d, const struct region *region, node a, node b);

/* A call in the region for which the condition, which is not the leaf zero, is one. Unimportant bits are 0. */
struct seccomp_data witness_of(const struct diagram *d, const struct region *region, node condition);

/* The function's leaf for a call. */
uint32_t witness_leaf(const struct diagram *d, node n, const struct seccomp_data *call);

/*
 * The fields on which it depends that the condition is one for this call: whatever the others are, together, it still
 * is. All of them where memory is out.
 */
witness_fields witness_depends(const struct diagram *d, node condition, const struct seccomp_data *call);

/* The verdict on one call, by policy_eval() or bpf_simulate(): what confirms a witness. */
uint32_t witness_verdict(const struct filter *filter, const struct seccomp_data *call);

#endif
