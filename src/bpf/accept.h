/*
 * What the kernel would say of a program before it loads it: Linux's bpf_check_classic() and seccomp_check_filter(),
 * as observed on 6.18, and the length of the eBPF that it converts to.
 */
#ifndef CALLGATE_BPF_ACCEPT_H
#define CALLGATE_BPF_ACCEPT_H

#include "bpf/program.h"

/* 0, or -EINVAL with a text that names the first bad instruction. */
int bpf_accept(const struct callgate_program *program, struct diag *diag);

/* Converted length in eBPF instructions; only for accepted programs. */
size_t bpf_ebpf_length(const struct callgate_program *program);

/* The kernel refuses a filter when its ebpf length + the sum over older ones of (ebpf length + 4) exceeds this. */
enum { BPF_PATH_MAX = 32768, BPF_PATH_OVERHEAD = 4 };

#endif
