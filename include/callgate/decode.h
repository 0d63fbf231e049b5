/* callgate/decode.h - system calls in words. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_DECODE_H
#define CALLGATE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/simulate.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Link with -lcallgate-info (pkg-config callgate-info). Everything here but callgate_sigsys_install() is
 * async-signal-safe: it makes no system call, takes no lock, allocates nothing, and leaves errno alone.
 *
 * The functions that write a text write at most `size` bytes with the final '\0' into `buffer` (nothing if size is 0),
 * and return the length of the whole text without it, as snprintf(3) does.
 */

/*
 * Reads a string of the process that makes the call: at most `size` bytes with a '\0', into `buffer`. 0; a negative
 * number if it can't be read.
 */
typedef int callgate_text_reader(void *data, uint64_t address, char *buffer, size_t size);

/*
 * "openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC, 0)": the call, its number where it has no name ("500(...)"), and
 * its arguments as the kernel declares and reads them (callgate_argument_bits() of <callgate/syscall.h>); all six in
 * hexadecimal where the call is unknown.
 *
 * Paths are read with `reader`, which gets `data`; with NULL, or where it fails, they are addresses, as other pointers
 * are. A string is what the process had there at that time: it may have another one there when the kernel looks.
 */
size_t callgate_decode_call(const struct callgate_call *call, callgate_text_reader *reader, void *data, char *buffer,
                            size_t size);

/*
 * One argument (0 to 5) with this value in words: "O_WRONLY|O_TRUNC", "-1", "0644". `arch` is a SCMP_ARCH_* token, 0:
 * native; `call` the name.
 */
size_t callgate_decode_argument(uint32_t arch, const char *call, unsigned int arg, uint64_t value, char *buffer,
                                size_t size);

/* ---- where a call was reported ---- */

#define CALLGATE_REPORT_COMMAND 16 /* bytes of a process's name, with the '\0' */

/* A call that a filter has decided, as somebody has reported it. */
struct callgate_report {
	struct callgate_call call; /* arch is the audit value; what is not known is 0 */
	unsigned int known;        /* bit i: argument i is known; bit 6: the instruction pointer is */
	bool has_action;           /* the report says what became of the call: */
	uint32_t action;           /* SCMP_ACT_*, with its data if `has_data` */
	bool has_data;
	int32_t pid; /* 0: the report does not say */
	/* the process's name, any bytes; "": the report does not say */
	char command[CALLGATE_REPORT_COMMAND];
};

/*
 * These read a report. 0; -ENOENT: it is none of a filter's; -EINVAL: NULL, or it is cut off or broken; *ret_report is
 * untouched then.
 */

/*
 * What a handler of SIGSYS gets: a siginfo_t, and a ucontext_t, from which the arguments are. With NULL for the
 * context, and on machines whose registers are not known here, no argument is known. -ENOENT: the signal comes from no
 * filter but was sent by a process.
 */
int callgate_report_of_signal(const void *info, const void *context, struct callgate_report *ret_report);

/*
 * A line of the audit log (type=1326, or SECCOMP), of the kernel's log, or of ausearch(8), with or without names in
 * place of numbers. It has no arguments. `text` may be any bytes.
 */
int callgate_report_of_audit(const char *text, size_t length, struct callgate_report *ret_report);

/* What seccomp_notify_receive() gives. */
int callgate_report_of_notification(const struct seccomp_notif *notification, struct callgate_report *ret_report);

/*
 * A struct ptrace_syscall_info with the size that PTRACE_GET_SYSCALL_INFO has returned (ptrace(2)), of a stop at the
 * beginning of a call, or of one that SECCOMP_RET_TRACE makes. -ENOENT: another stop.
 */
int callgate_report_of_stop(const void *info, size_t size, struct callgate_report *ret_report);

/*
 * The registers of a stopped thread as PTRACE_GETREGS or PTRACE_GETREGSET with NT_PRSTATUS gives them, `size` bytes for
 * calls of the architecture `arch`, which is as in struct callgate_call. -EOPNOTSUPP: this architecture's registers, or
 * so many of them, are not known here.
 */
int callgate_report_of_registers(uint32_t arch, const void *registers, size_t size, struct callgate_report *ret_report);

/* ---- a report in words ---- */

/* What helps with understanding reports; all zeros: nothing does. */
struct callgate_decoder {
	/* The filter that decides; NULL: which rule decides is not known. callgate_simulator_run() of it is called. */
	struct callgate_simulator *simulator;
	/*
	 * Where its rules stand; NULL: they have their numbers only. It gets origin_data, and must be
	 * async-signal-safe, too.
	 */
	callgate_rule_origin *origin;
	const void *origin_data;
	const char *file; /* the name of the file in which the rules stand */
	/* Reads paths, as for callgate_decode_call(). */
	callgate_text_reader *reader;
	void *data;
};

/*
 * "mkdir(0x7ffd1000, 0755) on x86_64: TRAP, rule 1 at app.json:4:17": the call ("..." for arguments that are not
 * known), the action, and the rule or the default that decides. Where that depends on arguments that are not known, all
 * rules that may have decided: "rule 1, rule 7, or the default". Where the filter gives another answer than the report
 * has, that is said. The decoder may be NULL.
 */
size_t callgate_report_text(const struct callgate_report *report, const struct callgate_decoder *decoder, char *buffer,
                            size_t size);

/*
 * ---- a ready handler ----
 *
 * Installs a handler of SIGSYS that writes the report as one line to standard error, "callgate: SIGSYS: " before it,
 * and then lets the process die of that signal as it would have without the handler. It says so where the signal was
 * sent by a process. The handler runs on the alternate stack where there is one, needs write(2) and rt_sigreturn(2)
 * alone to be allowed, and 4 KB of stack.
 *
 * The decoder is copied; what it refers to must stay, and nobody else may use the simulator. NULL is fine. One handler
 * is installed in a process, with the latest decoder. 0 or -errno of sigaction(2).
 */
int callgate_sigsys_install(const struct callgate_decoder *decoder);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
