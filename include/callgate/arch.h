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
	CALLGATE_ARCH_MMAP_DIRECT = 0, /* all of them */
	CALLGATE_ARCH_MMAP_ONLY_MMAP2, /* mmap2 only; mmap takes a pointer to its arguments */
	CALLGATE_ARCH_MMAP_IN_MEMORY   /* none of them */
};

/*
 * Facts about one architecture, that is, one SCMP_ARCH_* token of <seccomp.h>. They are the same on every machine,
 * static, and never change. Later versions may add members at the end, so programs keep pointers and make no copies.
 */
struct callgate_arch {
	/* The name that seccomp_arch_resolve_name() accepts: "x86_64". */
	const char *name;
	/* The name in the OCI runtime specification: "SCMP_ARCH_X86_64". */
	const char *oci_name;
	/* The name in Docker's profiles, which is Go's GOARCH if Go has one: "amd64". */
	const char *docker_name;
	/* SCMP_ARCH_* */
	uint32_t token;
	/* The value that the kernel puts into seccomp_data.arch. x86_64 and x32 share one value. */
	uint32_t audit;
	/*
	 * The first and the last call number of this architecture, unsigned. callgate_arch_has_number() also accepts
	 * -1.
	 */
	uint32_t nr_first, nr_last;
	/* The number at which the architecture's calls start: 0; 4000, 5000 or 6000 on MIPS; 0x40000000 on x32. */
	uint32_t nr_base;
	/* How many bits of an argument seccomp_rule_add() compares: 32 or 64. */
	uint8_t word_bits;
	/* How many bits of seccomp_data.args can be set: 32 or 64; x32 and n32 have 64. */
	uint8_t register_bits;
	bool big_endian;
	/*
	 * Whether socket and ipc calls can also be made through socketcall(2) and ipc(2), and the numbers of these two;
	 * -1 if not.
	 */
	bool multiplexed;
	int32_t socketcall_nr, ipc_nr;
	/* ENOSYS, which is not the same everywhere (asm/errno.h). */
	uint16_t enosys;
	enum callgate_arch_mmap mmap;
	/* The call that ends a signal handler in strict mode; NULL: strict mode allows no call. */
	const char *strict_sigreturn;
	/* The name of the architecture whose values of constants (O_*, SOCK_*) this one has; it may be its own name. */
	const char *constants;
};

/* A version of Linux. In 6.1 `patch` is 0, in 2.6.16 it is 16. */
struct callgate_linux {
	uint8_t major, minor, patch;
};

/*
 * When a call was added to an architecture: not before `first`, and not after `by`. The two are equal if the version is
 * known exactly. All zero: the number is reserved, and no kernel has ever implemented the call. A kernel can be built
 * without a call, or can have dropped it since.
 */
struct callgate_since {
	struct callgate_linux first, by;
};

/* Lists all architectures from index 0; NULL after the last. */
const struct callgate_arch *callgate_arch_at(size_t index);

/* The architecture with a token; 0 is the native one. NULL if there is none. */
const struct callgate_arch *callgate_arch_find(uint32_t token);

/*
 * The architecture with a name, of any kind: "x86_64", "SCMP_ARCH_X86_64", "amd64". NULL if there is none, and for
 * NULL.
 */
const struct callgate_arch *callgate_arch_find_name(const char *name);

/* The known name that is closest to `name`, or NULL if none is similar. */
const char *callgate_arch_closest_name(const char *name);

/*
 * The architecture that a call belongs to. `arch` is what seccomp_data.arch holds, or a token (0 for native), as in
 * struct callgate_call. x86_64 and x32 share that value, and the number decides: unsigned numbers from 0x40000000 on
 * belong to x32, except 0xffffffff, with which a tracer skips a call; it belongs to x86_64. NULL: the architecture is
 * unknown. Numbers from 0x80000000 on, which the kernel reads as negative, are no system calls on any architecture.
 */
const struct callgate_arch *callgate_arch_of_call(uint32_t arch, int32_t nr);

/*
 * Can a call of the architecture have this number? Only for x86_64 and x32 the range is limited; -1, a skipped call,
 * can be of any architecture. false if the token is unknown.
 */
bool callgate_arch_has_number(uint32_t token, int32_t nr);

/*
 * Lists, from index 0, the architectures whose programs can run on a machine of the given architecture: first that one,
 * then those that its kernel may also run. An aarch64 machine runs aarch64 and arm. NULL after the last, and for an
 * unknown token.
 */
const struct callgate_arch *callgate_machine_arch_at(uint32_t token, size_t index);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
