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
 * Link with -lcallgate-info (pkg-config callgate-info). All functions except callgate_sigsys_install() are
 * async-signal-safe: they make no system call, take no lock, allocate nothing, and do not change errno.
 *
 * The functions that write a text write at most `size` bytes, including the final '\0', into `buffer` (nothing if size
 * is 0), and return the length of the whole text without the '\0', as snprintf(3) does.
 */

/*
 * Reads a string from the memory of the process that makes the call into `buffer`: at most `size` bytes, including the
 * '\0'. `data` is what the caller passed with the reader. Returns 0, or a negative number if the string can't be read.
 */
typedef int callgate_text_reader(void *data, uint64_t address, char *buffer, size_t size);

/*
 * Writes a call in words: "openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC, 0)". The arguments are written as the
 * kernel declares and reads them (callgate_argument_bits() of <callgate/syscall.h>). A call without a name is written
 * as its number ("500(...)"), with all six arguments in hexadecimal.
 *
 * Paths are read with `reader`, which gets `data`. If reader is NULL, or fails, paths are written as addresses, as
 * other pointers are. The process may change a string after it was read here and before the kernel reads it.
 */
size_t callgate_decode_call(const struct callgate_call *call, callgate_text_reader *reader, void *data, char *buffer,
                            size_t size);

/*
 * Writes one argument (0 to 5) of a call with this value in words: "O_WRONLY|O_TRUNC", "-1", "0644". `arch` is a
 * SCMP_ARCH_* token, 0: native; `call` is the name of the call.
 */
size_t callgate_decode_argument(uint32_t arch, const char *call, unsigned int arg, uint64_t value, char *buffer,
                                size_t size);

/* ---- reports about calls ---- */

#define CALLGATE_REPORT_COMMAND 16 /* bytes of a process's name, with the '\0' */

/* A report about a call that a filter has decided. */
struct callgate_report {
	struct callgate_call call; /* arch is the audit value; members that are not known are 0 */
	unsigned int known;        /* bit i: argument i is known; bit 6: the instruction pointer is known */
	bool has_action;           /* whether the report names the filter's action */
	uint32_t action;           /* SCMP_ACT_*; with its data if `has_data` is set */
	bool has_data;
	int32_t pid; /* 0: the report does not say */
	/* the name of the process, which may contain any bytes; "": the report does not say */
	char command[CALLGATE_REPORT_COMMAND];
};

/*
 * The following functions read a report. They return 0; -ENOENT if the report is not about a filter's decision; -EINVAL
 * if an argument is NULL or the report is truncated or malformed. On failure *ret_report is untouched.
 */

/*
 * Reads what a handler of SIGSYS gets: a siginfo_t, and a ucontext_t, which contains the arguments of the call. If
 * context is NULL, and on machines whose registers this library does not know, no argument is known. -ENOENT: a process
 * sent the signal, not a filter.
 */
int callgate_report_of_signal(const void *info, const void *context, struct callgate_report *ret_report);

/*
 * Reads a line of the audit log (type=1326, or SECCOMP), of the kernel's log, or of ausearch(8), with numbers or with
 * names in their place. Such a line has no arguments of the call. `text` may contain any bytes.
 */
int callgate_report_of_audit(const char *text, size_t length, struct callgate_report *ret_report);

/* Reads the notification that seccomp_notify_receive() stored. */
int callgate_report_of_notification(const struct seccomp_notif *notification, struct callgate_report *ret_report);

/*
 * Reads a struct ptrace_syscall_info of the size that PTRACE_GET_SYSCALL_INFO returned (ptrace(2)), at the entry of a
 * call or at a stop for SECCOMP_RET_TRACE. -ENOENT: the stop is of another kind.
 */
int callgate_report_of_stop(const void *info, size_t size, struct callgate_report *ret_report);

/*
 * Reads the registers of a stopped thread, `size` bytes as PTRACE_GETREGS or PTRACE_GETREGSET with NT_PRSTATUS stores
 * them. `arch` is the architecture of the call, as in struct callgate_call. -EOPNOTSUPP: the registers of this
 * architecture, or a set of this size, are not known here.
 */
int callgate_report_of_registers(uint32_t arch, const void *registers, size_t size, struct callgate_report *ret_report);

/* ---- a report in words ---- */

/* Information that explains reports. Every member may be 0 or NULL. */
struct callgate_decoder {
	/*
	 * The filter that decides, which is run by callgate_simulator_run(). NULL: texts do not name the rule that
	 * decides.
	 */
	struct callgate_simulator *simulator;
	/*
	 * Finds the line of a rule, with origin_data, and must be async-signal-safe. NULL: texts name rules by number
	 * only.
	 */
	callgate_rule_origin *origin;
	const void *origin_data;
	const char *file; /* the name of the file that contains the rules */
	/* Reads paths with `data`, as in callgate_decode_call(). */
	callgate_text_reader *reader;
	void *data;
};

/*
 * Writes a report in words: "mkdir(0x7ffd1000, 0755) on x86_64: TRAP, rule 1 at app.json:4:17". The text has the call
 * ("..." for arguments that are not known), the action, and the rule or the default that decides. If that depends on
 * arguments that are not known, the text names all rules that may have decided: "rule 1, rule 7, or the default". If
 * the filter's answer differs from the report's, the text says so. The decoder may be NULL.
 */
size_t callgate_report_text(const struct callgate_report *report, const struct callgate_decoder *decoder, char *buffer,
                            size_t size);

/*
 * ---- a ready handler ----
 *
 * Installs a handler of SIGSYS that writes the report as one line to standard error, after "callgate: SIGSYS: ", and
 * then lets the process die of the signal as it would have without the handler. If a process sent the signal, the line
 * says so. The handler runs on the alternate stack if there is one, and needs 4 KB of stack; the filter must allow
 * write(2) and rt_sigreturn(2), and nothing else.
 *
 * The decoder, which may be NULL, is copied; what it refers to must not change, and nobody else may use the simulator.
 * There is one handler in a process; a second call replaces its decoder. Returns 0, or -errno of sigaction(2).
 */
int callgate_sigsys_install(const struct callgate_decoder *decoder);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
