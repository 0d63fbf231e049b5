/* callgate/arch.h - facts about architectures. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_ARCH_H
#define CALLGATE_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Which calls of the mmap family have their arguments in registers, where a filter can read them. */
enum callgate_arch_mmap {
	CALLGATE_ARCH_MMAP_DIRECT = 0, /* all */
	CALLGATE_ARCH_MMAP_ONLY_MMAP2, /* mmap2; mmap takes a pointer to its arguments */
	CALLGATE_ARCH_MMAP_IN_MEMORY   /* none */
};

/*
 * What is known about one architecture, that is, one SCMP_ARCH_* token of <seccomp.h>. The facts are the same on every
 * machine, static, and never change. Later versions may add members at the end: programs take the address, and make no
 * copies.
 */
struct callgate_arch {
	/* As seccomp_arch_resolve_name() takes it: "x86_64". */
	const char *name;
	/* In the OCI runtime specification: "SCMP_ARCH_X86_64". */
	const char *oci_name;
	/* In Docker's profiles, which is Go's GOARCH where Go has one: "amd64". */
	const char *docker_name;
	/* SCMP_ARCH_* */
	uint32_t token;
	/* What the kernel puts in seccomp_data.arch. x86_64 and x32 share one value. */
	uint32_t audit;
	/*
	 * The call numbers that are this architecture's, unsigned, both included. callgate_arch_has_number() also knows
	 * about -1.
	 */
	uint32_t nr_first, nr_last;
	/* Where the numbers of its calls start: 0, 4000 (MIPS), 0x40000000 (x32). */
	uint32_t nr_base;
	/* 32 or 64: how much of an argument seccomp_rule_add() compares. */
	uint8_t word_bits;
	/* 32: the upper halves of seccomp_data.args are always zero. x32 and n32 have 64. */
	uint8_t register_bits;
	bool big_endian;
	/*
	 * The socket and ipc calls can also be made through socketcall(2) and ipc(2), which have these numbers; else
	 * -1.
	 */
	bool multiplexed;
	int32_t socketcall_nr, ipc_nr;
	/* ENOSYS, which is not the same everywhere (asm/errno.h). */
	uint16_t enosys;
	enum callgate_arch_mmap mmap;
	/* The call that ends a signal handler in strict mode; NULL: strict mode allows no call. */
	const char *strict_sigreturn;
	/* The architecture whose values of constants (O_*, SOCK_*) it has: its own name, or a relative's. */
	const char *constants;
};

/* A version of Linux: 6.1 has 0 in `patch`, 2.6.16 has 16. */
struct callgate_linux {
	uint8_t major, minor, patch;
};

/*
 * When a call came to an architecture: not before `first`, and not after `by`. The two are the same where that is known
 * exactly. All zero: the number is reserved, and no kernel has ever implemented the call. Whether a kernel was built
 * with a call, or has dropped it since, is another matter.
 */
struct callgate_since {
	struct callgate_linux first, by;
};

/* All architectures, from index 0; NULL after the last. */
const struct callgate_arch *callgate_arch_at(size_t index);

/* The architecture of a token; 0 is the native one. NULL if there is none. */
const struct callgate_arch *callgate_arch_find(uint32_t token);

/*
 * The architecture of a name of any kind: "x86_64", "SCMP_ARCH_X86_64", "amd64". NULL if there is none, and for NULL.
 */
const struct callgate_arch *callgate_arch_find_name(const char *name);

/* The known name that is closest to `name`, or NULL if none is similar. */
const char *callgate_arch_closest_name(const char *name);

/*
 * The architecture that a call belongs to. `arch` is what seccomp_data.arch holds, or a token (0 for native), as in
 * struct callgate_call. Where two architectures share that value the number decides: numbers from 0x40000000 on, as
 * unsigned numbers, are x32's, except 0xffffffff, with which a tracer skips a call: that is x86_64's. NULL: the
 * architecture is unknown. Numbers from 0x80000000 on, which the kernel takes for negative, are no system calls on any
 * architecture.
 */
const struct callgate_arch *callgate_arch_of_call(uint32_t arch, int32_t nr);

/*
 * Can a call with this number be one of the architecture's? Only x86_64 and x32 have less than all numbers; -1, a
 * skipped call, can be anyone's. false if the token is unknown.
 */
bool callgate_arch_has_number(uint32_t token, int32_t nr);

/*
 * The architectures whose programs run on one machine, and whose calls a filter there can meet: the one asked about
 * first, then those that a kernel for it may also run. An aarch64 machine has aarch64 and arm. NULL after the last, and
 * for an unknown token.
 */
const struct callgate_arch *callgate_machine_arch_at(uint32_t token, size_t index);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
