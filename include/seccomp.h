/*
 * seccomp.h - system call filters: rules in, a proved kernel filter out.
 *
 * Source- and ABI-compatible with libseccomp 2.6.1, plus its later seccomp_notify_addfd() and SCMP_ACT_TRAPX().
 * Functions return 0 or a negative errno value, never through errno; callgate_diagnosis() in <callgate/diagnosis.h>
 * says in words what was wrong. A context may be used by one thread at a time; different contexts are independent.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef _SECCOMP_H
#define _SECCOMP_H

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/types.h>
#include <linux/seccomp.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* The version of the interface that this header describes. */
#define SCMP_VER_MAJOR 2
#define SCMP_VER_MINOR 6
#define SCMP_VER_MICRO 1

struct scmp_version {
	unsigned int major;
	unsigned int minor;
	unsigned int micro;
};

/* A filter context. A parameter of type `const scmp_filter_ctx` is a constant pointer to a context that may change. */
typedef void *scmp_filter_ctx;

/* Attributes: see seccomp_attr_set(). */
enum scmp_filter_attr {
	_SCMP_FLTATR_MIN = 0,
	SCMP_FLTATR_ACT_DEFAULT = 1,   /* the action where no rule matches; read-only */
	SCMP_FLTATR_ACT_BADARCH = 2,   /* the action for calls of an architecture that is not in the filter */
	SCMP_FLTATR_CTL_NNP = 3,       /* load sets no_new_privs first (default 1) */
	SCMP_FLTATR_CTL_TSYNC = 4,     /* load confines all threads of the process */
	SCMP_FLTATR_API_TSKIP = 5,     /* rules may name call number -1 (skipped by a tracer) */
	SCMP_FLTATR_CTL_LOG = 6,       /* every action but ALLOW may be logged */
	SCMP_FLTATR_CTL_SSB = 7,       /* leave speculative store bypass alone */
	SCMP_FLTATR_CTL_OPTIMIZE = 8,  /* 1: by priority, 2: by number; verdicts are the same */
	SCMP_FLTATR_API_SYSRAWRC = 9,  /* load and export return the system's errno values */
	SCMP_FLTATR_CTL_WAITKILL = 10, /* notified calls wait killably once received */
	_SCMP_FLTATR_MAX = 11
};

/* Comparisons, all unsigned on 64 bits. */
enum scmp_compare {
	_SCMP_CMP_MIN = 0,
	SCMP_CMP_NE = 1,
	SCMP_CMP_LT = 2,
	SCMP_CMP_LE = 3,
	SCMP_CMP_EQ = 4,
	SCMP_CMP_GE = 5,
	SCMP_CMP_GT = 6,
	SCMP_CMP_MASKED_EQ = 7, /* (argument & datum_a) == (datum_b & datum_a) */
	_SCMP_CMP_MAX = 8
};

typedef uint64_t scmp_datum_t;

struct scmp_arg_cmp {
	unsigned int arg; /* 0 to 5 */
	enum scmp_compare op;
	scmp_datum_t datum_a;
	scmp_datum_t datum_b; /* for SCMP_CMP_MASKED_EQ only */
#if !defined(__cplusplus) && !defined(__clang__)
	/* Takes no room. SCMP_CMP() names it, as gcc then asks for no datum that is left out. */
	__extension__ char _end[0];
#endif
};

/* The user notification's structures, for kernel headers before 5.0. */
#ifndef SECCOMP_RET_USER_NOTIF
#define SECCOMP_RET_USER_NOTIF 0x7fc00000U

struct seccomp_notif {
	__u64 id;
	__u32 pid;
	__u32 flags;
	struct seccomp_data data;
};

struct seccomp_notif_resp {
	__u64 id;
	__s64 val;
	__s32 error;
	__u32 flags;
};
#endif

/* The structure for handing over file descriptors, for kernel headers before 5.9 and 5.14. */
#ifndef SECCOMP_ADDFD_FLAG_SETFD
#define SECCOMP_ADDFD_FLAG_SETFD (1UL << 0)

struct seccomp_notif_addfd {
	__u64 id;
	__u32 flags;
	__u32 srcfd;
	__u32 newfd;
	__u32 newfd_flags;
};
#endif
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif

/* ELF machines and audit values that old kernel headers lack. */
#ifndef EM_MIPS
#define EM_MIPS 8
#endif
#ifndef EM_AARCH64
#define EM_AARCH64 183
#endif
#ifndef EM_RISCV
#define EM_RISCV 243
#endif
#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif
#ifndef __AUDIT_ARCH_CONVENTION_MIPS64_N32
#define __AUDIT_ARCH_CONVENTION_MIPS64_N32 0x20000000
#endif
#ifndef AUDIT_ARCH_AARCH64
#define AUDIT_ARCH_AARCH64 (EM_AARCH64 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif
#ifndef AUDIT_ARCH_LOONGARCH64
#define AUDIT_ARCH_LOONGARCH64 (EM_LOONGARCH | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif
#ifndef AUDIT_ARCH_MIPS
#define AUDIT_ARCH_MIPS (EM_MIPS)
#endif
#ifndef AUDIT_ARCH_MIPS64
#define AUDIT_ARCH_MIPS64 (EM_MIPS | __AUDIT_ARCH_64BIT)
#endif
#ifndef AUDIT_ARCH_MIPS64N32
#define AUDIT_ARCH_MIPS64N32 (EM_MIPS | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_CONVENTION_MIPS64_N32)
#endif
#ifndef AUDIT_ARCH_MIPSEL64N32
#define AUDIT_ARCH_MIPSEL64N32 (EM_MIPS | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE | __AUDIT_ARCH_CONVENTION_MIPS64_N32)
#endif
#ifndef AUDIT_ARCH_PPC64LE
#define AUDIT_ARCH_PPC64LE (EM_PPC64 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif
#ifndef AUDIT_ARCH_RISCV64
#define AUDIT_ARCH_RISCV64 (EM_RISCV | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif

/* Architecture tokens: the kernel's AUDIT_ARCH_* values, except for x32, which has x86_64's there. */
#define SCMP_ARCH_NATIVE      0
#define SCMP_ARCH_X86         0x40000003U
#define SCMP_ARCH_X86_64      0xc000003eU
#define SCMP_ARCH_X32         0x4000003eU
#define SCMP_ARCH_ARM         0x40000028U
#define SCMP_ARCH_AARCH64     0xc00000b7U
#define SCMP_ARCH_LOONGARCH64 0xc0000102U
#define SCMP_ARCH_M68K        0x00000004U
#define SCMP_ARCH_MIPS        0x00000008U
#define SCMP_ARCH_MIPS64      0x80000008U
#define SCMP_ARCH_MIPS64N32   0xa0000008U
#define SCMP_ARCH_MIPSEL      0x40000008U
#define SCMP_ARCH_MIPSEL64    0xc0000008U
#define SCMP_ARCH_MIPSEL64N32 0xe0000008U
#define SCMP_ARCH_PARISC      0x0000000fU
#define SCMP_ARCH_PARISC64    0x8000000fU
#define SCMP_ARCH_PPC         0x00000014U
#define SCMP_ARCH_PPC64       0x80000015U
#define SCMP_ARCH_PPC64LE     0xc0000015U
#define SCMP_ARCH_RISCV64     0xc00000f3U
#define SCMP_ARCH_S390        0x00000016U
#define SCMP_ARCH_S390X       0x80000016U
#define SCMP_ARCH_SHEB        0x0000002aU
#define SCMP_ARCH_SH          0x4000002aU

/* Actions (seccomp(2)). */
#define SCMP_ACT_KILL_PROCESS 0x80000000U
#define SCMP_ACT_KILL_THREAD  0x00000000U
#define SCMP_ACT_KILL         SCMP_ACT_KILL_THREAD
#define SCMP_ACT_TRAPX(x)     (0x00030000U | ((x)&0x0000ffffU))
#define SCMP_ACT_TRAP         SCMP_ACT_TRAPX(0)
#define SCMP_ACT_NOTIFY       0x7fc00000U
#define SCMP_ACT_ERRNO(x)     (0x00050000U | ((x)&0x0000ffffU))
#define SCMP_ACT_TRACE(x)     (0x7ff00000U | ((x)&0x0000ffffU))
#define SCMP_ACT_LOG          0x7ffc0000U
#define SCMP_ACT_ALLOW        0x7fff0000U

/*
 * Comparisons as values: SCMP_A0(SCMP_CMP_EQ, x), SCMP_CMP(2, SCMP_CMP_MASKED_EQ, mask, value).
 * The _32 forms cast the data to uint32_t, so that a negative int is not sign-extended; they still compare 64 bits.
 * In C they are compound literals of what stands in the brackets, without a warning about the datum that is left out;
 * in C++, functions.
 */
/* clang-format off */
#ifdef __cplusplus
#if __cplusplus >= 201103L
#define _SCMP_CONSTEXPR static constexpr inline
#define _SCMP_FROM(type) constexpr _scmp_word(type x) : value(static_cast<uint32_t>(x)) {}
#else
#define _SCMP_CONSTEXPR static inline
#define _SCMP_FROM(type) _scmp_word(type x) : value(static_cast<uint32_t>(x)) {}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wlong-long"
#endif
/* The low 32 bits of any integer, and of any enum. */
struct _scmp_word {
	_SCMP_FROM(int) _SCMP_FROM(unsigned int) _SCMP_FROM(long) _SCMP_FROM(unsigned long)
	_SCMP_FROM(long long) _SCMP_FROM(unsigned long long)
	uint32_t value;
};
#undef _SCMP_FROM
#if __cplusplus < 201103L
#pragma GCC diagnostic pop
#endif
_SCMP_CONSTEXPR struct scmp_arg_cmp SCMP_CMP64(unsigned int arg, enum scmp_compare op, scmp_datum_t datum_a = 0,
                                               scmp_datum_t datum_b = 0)
{
#if __cplusplus >= 201103L
	return {arg, op, datum_a, datum_b};
#else
	struct scmp_arg_cmp made = {arg, op, datum_a, datum_b};
	return made;
#endif
}
_SCMP_CONSTEXPR struct scmp_arg_cmp SCMP_CMP32(unsigned int arg, enum scmp_compare op, _scmp_word datum_a,
                                               _scmp_word datum_b = 0)
{
	return SCMP_CMP64(arg, op, datum_a.value, datum_b.value);
}
#define _SCMP_ARGUMENT(n)                                                                                             \
	_SCMP_CONSTEXPR struct scmp_arg_cmp SCMP_A##n##_64(enum scmp_compare op, scmp_datum_t datum_a = 0,            \
	                                                   scmp_datum_t datum_b = 0)                                  \
	{                                                                                                             \
		return SCMP_CMP64(n, op, datum_a, datum_b);                                                           \
	}                                                                                                             \
	_SCMP_CONSTEXPR struct scmp_arg_cmp SCMP_A##n##_32(enum scmp_compare op, _scmp_word datum_a,                  \
	                                                   _scmp_word datum_b = 0)                                    \
	{                                                                                                             \
		return SCMP_CMP32(n, op, datum_a, datum_b);                                                           \
	}
_SCMP_ARGUMENT(0)
_SCMP_ARGUMENT(1)
_SCMP_ARGUMENT(2)
_SCMP_ARGUMENT(3)
_SCMP_ARGUMENT(4)
_SCMP_ARGUMENT(5)
#undef _SCMP_ARGUMENT
#undef _SCMP_CONSTEXPR
/* For programs that ask whether there is one. */
#define SCMP_CMP64 SCMP_CMP64
#define SCMP_CMP32 SCMP_CMP32
#else
#ifdef __clang__
#define SCMP_CMP64(...)                                                                                                \
	(_Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wmissing-field-initializers\"")         \
	 __extension__(struct scmp_arg_cmp){__VA_ARGS__} _Pragma("clang diagnostic pop"))
#else
#define SCMP_CMP64(...) (__extension__(struct scmp_arg_cmp){__VA_ARGS__, ._end = {}})
#endif
/* clang-format on */
#define _SCMP_VA_NUM_ARGS(...)                    _SCMP_VA_NUM_ARGS_IMPL(__VA_ARGS__, 2, 1, 0)
#define _SCMP_VA_NUM_ARGS_IMPL(_1, _2, N, ...)    N
#define _SCMP_MACRO_DISPATCHER(func, ...)         _SCMP_MACRO_DISPATCHER_IMPL1(func, _SCMP_VA_NUM_ARGS(__VA_ARGS__))
#define _SCMP_MACRO_DISPATCHER_IMPL1(func, nargs) _SCMP_MACRO_DISPATCHER_IMPL2(func, nargs)
#define _SCMP_MACRO_DISPATCHER_IMPL2(func, nargs) func##nargs
#define _SCMP_CMP32_1(x, y, z)                    SCMP_CMP64(x, y, (uint32_t)(z))
#define _SCMP_CMP32_2(x, y, z, q)                 SCMP_CMP64(x, y, (uint32_t)(z), (uint32_t)(q))
#define SCMP_CMP32(x, y, ...)                     _SCMP_MACRO_DISPATCHER(_SCMP_CMP32_, __VA_ARGS__)(x, y, __VA_ARGS__)

#define SCMP_A0_64(...)    SCMP_CMP64(0, __VA_ARGS__)
#define SCMP_A1_64(...)    SCMP_CMP64(1, __VA_ARGS__)
#define SCMP_A2_64(...)    SCMP_CMP64(2, __VA_ARGS__)
#define SCMP_A3_64(...)    SCMP_CMP64(3, __VA_ARGS__)
#define SCMP_A4_64(...)    SCMP_CMP64(4, __VA_ARGS__)
#define SCMP_A5_64(...)    SCMP_CMP64(5, __VA_ARGS__)
#define SCMP_A0_32(x, ...) SCMP_CMP32(0, x, __VA_ARGS__)
#define SCMP_A1_32(x, ...) SCMP_CMP32(1, x, __VA_ARGS__)
#define SCMP_A2_32(x, ...) SCMP_CMP32(2, x, __VA_ARGS__)
#define SCMP_A3_32(x, ...) SCMP_CMP32(3, x, __VA_ARGS__)
#define SCMP_A4_32(x, ...) SCMP_CMP32(4, x, __VA_ARGS__)
#define SCMP_A5_32(x, ...) SCMP_CMP32(5, x, __VA_ARGS__)
#endif
#define SCMP_CMP SCMP_CMP64
#define SCMP_A0  SCMP_A0_64
#define SCMP_A1  SCMP_A1_64
#define SCMP_A2  SCMP_A2_64
#define SCMP_A3  SCMP_A3_64
#define SCMP_A4  SCMP_A4_64
#define SCMP_A5  SCMP_A5_64

/* A system call's number on this architecture by its name: SCMP_SYS(openat). Unknown names do not compile. */
#define SCMP_SYS(x) (__SNR_##x)

#define __NR_SCMP_ERROR -1
#define __NR_SCMP_UNDEF -2

    /* The implemented version of libseccomp's interface: {2, 6, 1}; static. */
    const struct scmp_version *seccomp_version(void);

/*
 * What the kernel supports, as a level from 1 to 7, which is probed on the first call in a process (seccomp(2)):
 * 1 prctl(2) only, 2 seccomp(2) and TSYNC (3.17), 3 LOG and KILL_PROCESS (4.14), 4 SPEC_ALLOW (4.17), 5 notification
 * (5.0), 6 TSYNC_ESRCH (5.7), 7 WAIT_KILLABLE_RECV (5.19).
 */
unsigned int seccomp_api_get(void);

/*
 * Sets the level, from 1 to 7, without querying the kernel, until seccomp_reset(NULL, ...). Errors: -EINVAL (no such
 * level).
 */
int seccomp_api_set(unsigned int level);

/*
 * Makes a context with the native architecture, no rules, and default attributes. seccomp_release() frees it. Returns
 * NULL if the action is invalid or unsupported at the API level, or memory is exhausted (callgate_diagnosis(NULL)).
 */
scmp_filter_ctx seccomp_init(uint32_t def_action);

/*
 * Resets a context to the state after seccomp_init(def_action). If ctx is NULL, the kernel is probed again when needed,
 * and seccomp_api_set() is undone. Errors: -EINVAL (action, or not a context), -ENOMEM (the context is unchanged).
 */
int seccomp_reset(scmp_filter_ctx ctx, uint32_t def_action);

/* Frees a context, or NULL. Loaded filters stay in force; a notification fd stays open, and the caller closes it. */
void seccomp_release(scmp_filter_ctx ctx);

/*
 * Moves all architectures of ctx_src, with their rules, after those of ctx_dst, and frees ctx_src.
 * Errors, after which both are unchanged: -EINVAL (bad context; default action, NNP or TSYNC differ), -EDOM (byte order
 * differs), -EEXIST (an architecture is in both), -ENOMEM.
 */
int seccomp_merge(scmp_filter_ctx ctx_dst, scmp_filter_ctx ctx_src);

/* Token of a lower-case architecture name ("x86_64"), 0 if there is none. */
uint32_t seccomp_arch_resolve_name(const char *arch_name);

/* Token of the architecture the library was compiled for. */
uint32_t seccomp_arch_native(void);

/* 0 if the context has the architecture. Errors: -EEXIST if not, -EINVAL (NULL context, unknown token). */
int seccomp_arch_exist(const scmp_filter_ctx ctx, uint32_t arch_token);

/*
 * Adds an architecture, without rules: add architectures first, rules later. Errors: -EINVAL (NULL context, unknown
 * token), -EEXIST (present), -EDOM (other byte order), -ENOMEM.
 */
int seccomp_arch_add(scmp_filter_ctx ctx, uint32_t arch_token);

/* Removes an architecture and its rules. Errors: -EINVAL (NULL context, unknown token), -EEXIST (absent). */
int seccomp_arch_remove(scmp_filter_ctx ctx, uint32_t arch_token);

/*
 * Compiles the rules, proves the program equal to them, sets no_new_privs unless CTL_NNP is 0, and loads the program
 * by seccomp(2), or by prctl(2) at API level 1. A policy that is too long for one program is loaded as several. After
 * seccomp_precompute() it is async-signal-safe. Errors: -EINVAL (bad context), -ENOMEM, -EFAULT (the proof failed;
 * nothing was loaded), -ESRCH (a thread could not be synchronised, and the diagnosis names it), -ECANCELED (the kernel
 * refused; with API_SYSRAWRC its own errno as far as the interface passes it).
 */
int seccomp_load(const scmp_filter_ctx ctx);

/* Reads an attribute. Errors: -EINVAL (bad context, attribute or NULL value). */
int seccomp_attr_get(const scmp_filter_ctx ctx, enum scmp_filter_attr attr, uint32_t *value);

/*
 * Sets an attribute; booleans are stored as 0 or 1. Errors: -EINVAL (bad context, attribute or action), -EACCES
 * (ACT_DEFAULT is read-only), -EOPNOTSUPP (not supported at the API level; OPTIMIZE other than 1 and 2).
 */
int seccomp_attr_set(scmp_filter_ctx ctx, enum scmp_filter_attr attr, uint32_t value);

/* The name of a number on an architecture, which the caller frees with free(); NULL if it is unknown. */
char *seccomp_syscall_resolve_num_arch(uint32_t arch_token, int num);

/* The number of a name on an architecture, or a pseudo number if it has none; __NR_SCMP_ERROR for an unknown name. */
int seccomp_syscall_resolve_name_arch(uint32_t arch_token, const char *name);

/* The same, but for multiplexed socket and ipc calls the number of socketcall(2) or ipc(2). */
int seccomp_syscall_resolve_name_rewrite(uint32_t arch_token, const char *name);

/* seccomp_syscall_resolve_name_arch() for the native architecture. */
int seccomp_syscall_resolve_name(const char *name);

/*
 * Sets a hint, from 0 to 255, that a call (native number) is made often; the highest counts. Verdicts never change.
 * Errors: -EINVAL (bad context or reserved number), -EFAULT (the number has no name to translate it by), -ENOMEM.
 */
int seccomp_syscall_priority(scmp_filter_ctx ctx, int syscall, uint8_t priority);

/*
 * Adds a rule to every architecture of the context, or to none: calls of `syscall` (native number or pseudo number)
 * whose arguments satisfy all arg_cnt comparisons (struct scmp_arg_cmp, by value or as an array, each argument at most
 * once) get the action.
 *
 * Errors: -EINVAL (bad context, number, action, comparison, or more than 6 of them), -EACCES (the action is the default
 * action), -EEXIST (contradicts a rule that is there), -EFAULT (the number cannot be translated), -ENOMEM; the _exact
 * forms, which add the rule as it is or not at all, also -EOPNOTSUPP (several architectures) and -EDOM (no such call
 * there).
 */
int seccomp_rule_add(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt, ...);
int seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt,
                           const struct scmp_arg_cmp *arg_array);
int seccomp_rule_add_exact(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt, ...);
int seccomp_rule_add_exact_array(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt,
                                 const struct scmp_arg_cmp *arg_array);

/*
 * Allocates zeroed structures of the sizes that the running kernel uses; either pointer may be NULL.
 * Errors: -EOPNOTSUPP (no seccomp(2)), -ECANCELED (the kernel did not report their sizes), -EFAULT (it reported zero),
 * -ENOMEM.
 */
int seccomp_notify_alloc(struct seccomp_notif **req, struct seccomp_notif_resp **resp);
void seccomp_notify_free(struct seccomp_notif *req, struct seccomp_notif_resp *resp);

/*
 * Waits for a notification (seccomp_unotify(2)); *req must be zeroed. Errors: -EINVAL (NULL), -EOPNOTSUPP (before Linux
 * 5.0), -ECANCELED (the kernel failed, and errno has its error: EINTR, ENOENT because the target is gone,
 * ...).
 */
int seccomp_notify_receive(int fd, struct seccomp_notif *req);

/* Answers a notification. Errors as seccomp_notify_receive(). */
int seccomp_notify_respond(int fd, struct seccomp_notif_resp *resp);

/* Returns 0 while the target still waits. Errors: -ENOENT (gone, or any other failure), -EOPNOTSUPP. */
int seccomp_notify_id_valid(int fd, uint64_t id);

/* Returns the listener of a context that was loaded. Errors: -EINVAL (bad context), -EFAULT (it has none). */
int seccomp_notify_fd(const scmp_filter_ctx ctx);

/*
 * Puts a file descriptor into the target and returns its number there. Errors: -EINVAL (NULL), -EOPNOTSUPP (before
 * Linux 5.9, or the kernel returns EINVAL), -ECANCELED.
 */
int seccomp_notify_addfd(int fd, struct seccomp_notif_addfd *addfd);

/*
 * Appends the filter to a file, as pseudo code, or as struct sock_filter instructions in the byte order of the target;
 * the fd stays open. Instructions are compiled and proved first; pseudo code is the rules, printed.
 * Errors: -EINVAL (bad context), -ENOMEM, -EFAULT (instructions: the proof failed, or more than 4096), -ECANCELED
 * (writing failed; with API_SYSRAWRC the -errno of it).
 */
int seccomp_export_pfc(const scmp_filter_ctx ctx, int fd);
int seccomp_export_bpf(const scmp_filter_ctx ctx, int fd);

/*
 * Writes the program into memory. *len is the size of the buffer in bytes, and becomes that of the program; if buf is
 * NULL, nothing else is done. Errors: as above, and -ERANGE (too small; buf is untouched).
 */
int seccomp_export_bpf_mem(const scmp_filter_ctx ctx, void *buf, size_t *len);

/*
 * Compiles and proves now, so that a following load or export does not: seccomp_load() is then async-signal-safe.
 * Errors: -EINVAL (bad context), -ENOMEM, -EFAULT.
 */
int seccomp_precompute(const scmp_filter_ctx ctx);

/*
 * Saves the architectures and rules; commit discards the copy, reject restores it. Transactions nest. If none is open,
 * commit and reject do nothing. Errors: -EINVAL (bad context), -ENOMEM.
 */
int seccomp_transaction_start(const scmp_filter_ctx ctx);
int seccomp_transaction_commit(const scmp_filter_ctx ctx);
void seccomp_transaction_reject(const scmp_filter_ctx ctx);

#include <seccomp-kvers.h>
#include <seccomp-syscalls.h>

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
