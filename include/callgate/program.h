/* callgate/program.h - a filter program: classic BPF in seccomp's dialect. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_PROGRAM_H
#define CALLGATE_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* The kernel's limit on instructions in one program (BPF_MAXINSNS; linux/bpf_common.h). */
#define CALLGATE_PROGRAM_MAX 4096

/* Immutable once made; may be read by several threads. */
struct callgate_program;

/*
 * Makes a program from `size` bytes: an array of struct sock_filter (8 bytes each), as seccomp_export_bpf() writes it.
 * `arch` is a SCMP_ARCH_* token (0: native) and says in which byte order the instructions and the data they read are.
 * Any instruction codes are accepted here; callgate_program_check() says what the kernel would make of them.
 *
 * Returns 0; -EINVAL (NULL, unknown architecture, size not a multiple of 8, or no instruction), -E2BIG (more than
 * CALLGATE_PROGRAM_MAX instructions), -ENOMEM. On failure *ret_program is untouched and callgate_diagnosis(NULL) says
 * why. The caller frees *ret_program with callgate_program_free().
 */
int callgate_program_new(const void *bytes, size_t size, uint32_t arch, struct callgate_program **ret_program);

/*
 * Makes a program from what can be read from `fd` until its end. Returns what callgate_program_new() does, and -errno
 * of a failed read(2).
 */
int callgate_program_read(int fd, uint32_t arch, struct callgate_program **ret_program);

/*
 * The program that the rules of `ctx` compile to, proved as seccomp_export_bpf() does it. It is a copy: the context
 * may change or go. The caller frees it with callgate_program_free().
 *
 * Returns 0; -EINVAL (bad context), -ENOMEM, -E2BIG (does not fit one program), -EFAULT (the proof failed).
 */
int callgate_program_compile(const scmp_filter_ctx ctx, struct callgate_program **ret_program);

/* NULL is fine. */
void callgate_program_free(struct callgate_program *program);

/* Number of instructions. */
size_t callgate_program_length(const struct callgate_program *program);

/* The instructions as bytes in target byte order, 8 * length of them; valid as long as the program. */
const void *callgate_program_bytes(const struct callgate_program *program);

/*
 * Whether the kernel accepts the program (Linux 6.18: bpf_check_classic and seccomp_check_filter): 0, or -EINVAL, and
 * callgate_diagnosis(NULL) names the instruction and what is wrong with it.
 */
int callgate_program_check(const struct callgate_program *program);

/*
 * How many eBPF instructions the kernel converts it to: it sums these over all filters of a task, plus 4 each, and
 * refuses more than 32768 with ENOMEM. 0 if the kernel would not accept the program.
 */
size_t callgate_program_ebpf_length(const struct callgate_program *program);

/*
 * A listing for humans, one instruction per line, words named after struct seccomp_data where the architecture is
 * known. malloc'ed, the caller frees it; NULL when memory is out. Never fails on strange bytes: unknown codes are shown
 * as numbers.
 */
char *callgate_program_disassemble(const struct callgate_program *program);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
