/*
 * The call that a stopped thread is about to make, or has made last: what it is, and an answer in the kernel's place.
 *
 * What is known of registers is known for x86_64 (with its 32-bit tasks) and aarch64; elsewhere these functions return
 * -EOPNOTSUPP.
 */
#ifndef CALLGATE_TRACE_STOPPED_CALL_H
#define CALLGATE_TRACE_STOPPED_CALL_H

#include <stdint.h>
#include <sys/types.h>

#include <callgate/simulate.h>

/* 0 if calls can be answered on this machine, or -EOPNOTSUPP. */
int stopped_call_supported(void);

/*
 * At a stop that SECCOMP_RET_TRACE has made: the call, and the rule's data; at the beginning of a call that
 * PTRACE_SYSCALL stops: 0 for these. 0 or -errno of ptrace(2); -ESRCH: the thread has been killed meanwhile; -EIO: it
 * is at no such stop.
 */
int stopped_call_read(pid_t tid, struct callgate_call *ret_call, uint16_t *ret_data);

/*
 * At PTRACE_EVENT_EXIT or when a signal is delivered: the call that the thread made last, from its registers (ptrace(2)
 * has no better word there). Whether the thread was in a call at all is not known: the filter's answer to it has to be
 * asked.
 */
int stopped_call_last(pid_t tid, struct callgate_call *ret_call);

/* At the stop of stopped_call_read(): the call is not made, and its result is `result`, a value or -errno. */
int stopped_call_answer(pid_t tid, long result);

#endif
