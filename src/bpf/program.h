/*
 * A program: instructions in host order plus the byte order of the machine they are for.
 */
#ifndef CALLGATE_BPF_PROGRAM_H
#define CALLGATE_BPF_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

#include "base/diag.h"

enum { BPF_PROGRAM_MAX = 4096 };

/* 1 <= count <= BPF_PROGRAM_MAX. insns are in host order; bytes are the same in target order. Immutable. */
struct callgate_program {
	bool big_endian;
	size_t count;
	struct sock_filter *insns;
	struct sock_filter *bytes; /* == insns where host and target order agree */
};

/*
 * Copies `count` instructions given in host order. -EINVAL for 0, -E2BIG for more than BPF_PROGRAM_MAX, -ENOMEM; the
 * diag says which. bpf_program_from_bytes() takes them in target order instead.
 */
int bpf_program_new(const struct sock_filter *insns, size_t count, bool big_endian, struct diag *diag,
                    struct callgate_program **ret_program);
int bpf_program_from_bytes(const void *bytes, size_t size, bool big_endian, struct diag *diag,
                           struct callgate_program **ret_program);
void bpf_program_free(struct callgate_program *program);

static inline bool bpf_host_is_big_endian(void)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

/* Offset in struct seccomp_data of the low or high half of an argument. */
static inline uint32_t bpf_arg_offset(bool big_endian, unsigned arg, bool high)
{
	return 16 + 8 * arg + (high != big_endian ? 4 : 0);
}

#endif
