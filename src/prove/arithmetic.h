/*
 * Arithmetic on words of unknown bits, exactly as the kernel's 32-bit instructions do it.
 */
#ifndef CALLGATE_PROVE_ARITHMETIC_H
#define CALLGATE_PROVE_ARITHMETIC_H

#include "prove/value.h"

/* a OP b for every BPF_ALU operation of <linux/bpf_common.h>; BPF_DIV by zero gives any value, BPF_NEG ignores b. */
struct value_bits arithmetic(struct diagram *d, uint16_t op, const struct value_bits *a,
                             const struct value_bits *b);

#endif
