/*
 * Runs a program as the kernel's interpreter would, and predicts its allow bitmap.
 */
#ifndef CALLGATE_BPF_SIMULATE_H
#define CALLGATE_BPF_SIMULATE_H

#include <linux/seccomp.h>

#include "bpf/program.h"

/*
 * The value the program returns for `data`, a record of numbers in host order that is laid out in the program's
 * byte order. Only for accepted programs (bpf_accept). ret_executed (may be NULL) counts the instructions executed.
 */
uint32_t bpf_simulate(const struct callgate_program *program, const struct seccomp_data *data, size_t *ret_executed);

/*
 * bpf_simulate(); sides[pc][1] counts how often the conditional jump at pc held, sides[pc][0] how often not. NULL is
 * fine.
 */
uint32_t bpf_simulate_counting(const struct callgate_program *program, const struct seccomp_data *data,
                               size_t *ret_executed, unsigned long (*sides)[2]);

/*
 * Would the kernel (5.11 and later) answer this call from its bitmap, without running the program? True if the program
 * returns exactly SECCOMP_RET_ALLOW after nothing but loads of nr and arch, jumps by constants, and AND by constants.
 */
bool bpf_is_bitmap_allowed(const struct callgate_program *program, uint32_t arch, uint32_t nr);

#endif
