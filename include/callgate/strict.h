/* callgate/strict.h - the kernel's strict mode, and functions run in it. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_STRICT_H
#define CALLGATE_STRICT_H

#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>
#include <callgate/exit_reason.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct callgate_program;

/*
 * Puts the calling thread into seccomp mode 1, strict mode, which cannot be left again: from now on the kernel lets it
 * read, write, exit and return from a signal handler (callgate_strict_list()), and kills it with SIGKILL, without a
 * reason, at any other call. Linux 2.6.23 (prctl(2), PR_SET_SECCOMP). callgate_strict(3) says what breaks in it:
 * exit(), malloc() when the heap has to grow, the clock.
 *
 * Returns 0; -EINVAL when the kernel has no seccomp or the thread already has a filter; -EPERM or another -errno where
 * something refuses the call. On failure the thread is as before and callgate_diagnosis(NULL) says why.
 */
int callgate_strict_enter(void);

/*
 * Ends the calling thread with exit(2), with the low 8 bits of `status`: of a process with one thread, the process.
 * Nothing is flushed. _exit() would not do: it calls exit_group(2), which strict mode kills. Async-signal-safe.
 */
__attribute__((noreturn)) void callgate_strict_exit(int status);

/*
 * Reads until there are `size` bytes or the stream ends, and continues after interruptions and short reads. Makes no
 * other call; may change errno. Async-signal-safe.
 *
 * Returns the number of bytes, less than `size` only at the end of the stream; -errno of a failed read(2), and what
 * came before it is in the buffer.
 */
long callgate_strict_read(int fd, void *buffer, size_t size);

/*
 * Writes all `size` bytes, and continues after interruptions and short writes. Writing to a pipe without a reader also
 * raises SIGPIPE, as with write(2). Async-signal-safe.
 *
 * Returns `size`; -errno of a failed write(2), and it is unknown how much was written before it.
 */
long callgate_strict_write(int fd, const void *buffer, size_t size);

/* How many calls strict mode lets pass. */
#define CALLGATE_STRICT_CALLS 4

/*
 * The system call numbers that strict mode lets pass for programs of the architecture `arch` (a SCMP_ARCH_* token, 0:
 * native): read, write, exit and the architecture's return from a signal handler, in this order, into `ret_syscalls`.
 * That last one is sigreturn on x86 (i386), s390, s390x and 32-bit ppc programs on a 64-bit kernel, rt_sigreturn
 * elsewhere (include/asm-generic/seccomp.h and the architectures' asm/seccomp.h of Linux). Kernels for x86_64 from 6.14
 * on also let pass the calls that their own user probes make, uretprobe and uprobe, which no program makes by itself.
 *
 * Returns 0; -EINVAL (unknown architecture, NULL); -EOPNOTSUPP for x32, whose calls strict mode compares with i386's
 * numbers, so that none passes. On failure nothing is written and callgate_diagnosis(NULL) says why.
 */
int callgate_strict_list(uint32_t arch, int ret_syscalls[CALLGATE_STRICT_CALLS]);

/* What a filter in the spirit of strict mode allows beside the four calls; combined with |. */
enum callgate_strict_allow {
	CALLGATE_ALLOW_EXIT_GROUP = 1 << 0, /* exit_group: _exit(), exit(), return from main() */
	CALLGATE_ALLOW_CLOCK = 1 << 1,      /* clock_gettime, clock_gettime64, gettimeofday, time */
	CALLGATE_ALLOW_FUTEX = 1 << 2,      /* futex, futex_time64: contended locks of the C library */
	CALLGATE_ALLOW_MEMORY = 1 << 3, /* brk, munmap, mremap, and mmap of anonymous memory that isn't executable */
	CALLGATE_ALLOW_RANDOM = 1 << 4  /* getrandom */
};

/*
 * Adds ALLOW rules for strict mode's four calls (with both returns from handlers, sigreturn where there is one), and
 * for what `allow` (CALLGATE_ALLOW_* bits) names, to a context whose default action forbids. Unlike strict mode, the
 * filter can name what it stops (SCMP_ACT_TRAP and a handler, SCMP_ACT_LOG, ...), leaves the clock alone, and can be
 * widened by further rules.
 *
 * Returns 0; -EINVAL (NULL context, unknown bits), -EACCES (the default action of the context is ALLOW already),
 * -EOPNOTSUPP (CALLGATE_ALLOW_MEMORY with an architecture whose mmap takes its arguments in memory, where no filter can
 * see them: s390, s390x, and x86 or m68k beside another), or what seccomp_rule_add() returns. On failure the context is
 * as before and callgate_diagnosis(NULL) says why.
 */
int callgate_strict_rules(scmp_filter_ctx ctx, unsigned allow);

/* What callgate_strict_call() hands to the function. */
struct callgate_strict_job {
	const void *input; /* as given to the call */
	size_t input_size;
	void *output; /* room for output_capacity bytes */
	size_t output_capacity;
	/* the function sets it; more than the capacity says how much there would have been */
	size_t output_size;
	void *arena; /* zeroed memory, for callgate_strict_alloc() or any other use */
	size_t arena_size, arena_used;
};

/*
 * `size` bytes of the job's arena, aligned for any object, zeroed; NULL when the arena is used up. No system call is
 * made and nothing is ever given back.
 */
void *callgate_strict_alloc(struct callgate_strict_job *job, size_t size);

/*
 * A function to run confined. It may compute, use its arena, and read from descriptor 0 if the options gave one. It
 * must not use malloc(), stdio, or locks: it is a copy of one thread, and what other threads had locked stays locked.
 * Its result and job->output go back to the caller.
 */
typedef int64_t callgate_strict_function(struct callgate_strict_job *job);

enum callgate_strict_confinement {
	CALLGATE_STRICT_MODE = 0,  /* mode 1: a forbidden call is SIGKILL without a reason */
	CALLGATE_STRICT_FILTER = 1 /* a filter with the same calls: a forbidden call is named */
};

/* 0 in a field, or NULL for the whole, chooses what is said beside it. */
struct callgate_strict_options {
	enum callgate_strict_confinement confinement;
	unsigned allow;       /* CALLGATE_ALLOW_* for CALLGATE_STRICT_FILTER; 0: the four calls only */
	size_t arena_size;    /* bytes; 0: 1 MiB. Costs nothing until touched */
	size_t stack_size;    /* bytes; 0: 256 KiB. With a guard page below */
	unsigned deadline_ms; /* wall time of the whole call; 0: 10,000 */
	unsigned cpu_seconds; /* CPU time; 0: no limit but the deadline */
	size_t memory;        /* bytes that CALLGATE_ALLOW_MEMORY may add; 0: none */
	int stream;           /* a descriptor that becomes the function's descriptor 0, to read from; 0: none */
	/*
	 * For CALLGATE_STRICT_FILTER, instead of `allow`: a filter that was made beforehand, which saves making one for
	 * each call. Its default should be SCMP_ACT_TRAP, and it must allow write and exit. NULL: none.
	 */
	const struct callgate_program *program;
};

/*
 * Runs `function` on a copy of `input` in a child that is in strict mode, and returns its output.
 *
 * The child is a copy of this process (and can read all its memory; what it may not do is let anything out but its
 * output), made for this call: its memory is prepared beforehand, all descriptors are closed but the stream (0) and the
 * pipe for the output (1), signal handlers are reset, limits are set, no privileges can be gained, it is not dumpable
 * and dies with the calling thread.
 *
 * Returns 0 when the function returned: ret_reason->value is its result, and `output` holds ret_reason->output_size
 * bytes. -EPIPE: it ended otherwise, *ret_reason says how, and `output` may hold anything. No process, descriptor or
 * memory is left in either case, but a child that hangs in the kernel a second after it was killed. Otherwise nothing
 * ran: -EINVAL (NULL, or a size of 0 or beyond the address space, unknown options), -ENOMEM, -EAGAIN, -EMFILE, -ENFILE
 * (no child or descriptor to be had), -EOPNOTSUPP, or what confining it gave; *ret_reason is then CALLGATE_EXIT_NONE.
 * After each failure callgate_diagnosis(NULL) says why.
 *
 * Safe in programs with threads, and against interruptions. The child raises no SIGCHLD, and no wait of the program
 * sees it unless it uses __WALL or __WCLONE. Linux 5.4 or newer; before, its end is noticed up to 5 ms late.
 */
int callgate_strict_call(callgate_strict_function *function, const void *input, size_t input_size, void *output,
                         size_t capacity, const struct callgate_strict_options *options,
                         struct callgate_exit_reason *ret_reason);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
