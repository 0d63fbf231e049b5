#include "trace/stopped_call.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <callgate/decode.h>

/* ---- where a machine has the number and the result of a call ---- */

#if defined(__x86_64__)

typedef struct user_regs_struct register_set;

static int answer(pid_t tid, register_set *registers, long result)
{
	registers->orig_rax = (unsigned long)-1; /* no call */
	registers->rax = (unsigned long)result;
	return ptrace(PTRACE_SETREGS, tid, NULL, registers) < 0 ? -errno : 0;
}

#elif defined(__aarch64__)

typedef struct user_regs_struct register_set;

static int answer(pid_t tid, register_set *registers, long result)
{
	int no_call = -1;
	struct iovec number = {&no_call, sizeof(no_call)}, set = {registers, sizeof(*registers)};

	if (ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &number) < 0)
		return -errno;
	registers->regs[0] = (unsigned long)result;
	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &set) < 0 ? -errno : 0;
}

#else
#define REGISTERS_UNKNOWN

typedef unsigned long register_set;

static int answer(pid_t tid, register_set *registers, long result)
{
	(void)tid, (void)registers, (void)result;
	return -EOPNOTSUPP;
}

#endif

int stopped_call_supported(void)
{
#ifdef REGISTERS_UNKNOWN
	return -EOPNOTSUPP;
#else
	return 0;
#endif
}

/* On x86_64 32-bit tasks have the same set; elsewhere theirs is smaller, and not known here. */
static int get_registers(pid_t tid, register_set *ret_registers)
{
#if defined(__x86_64__)
	return ptrace(PTRACE_GETREGS, tid, NULL, ret_registers) < 0 ? -errno : 0;
#else
	struct iovec set = {ret_registers, sizeof(*ret_registers)};

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &set) < 0)
		return -errno;
	return set.iov_len == sizeof(*ret_registers) ? 0 : -EOPNOTSUPP;
#endif
}

/* ---- the questions ---- */

/* How many bytes the kernel has written, or -errno. */
static long get_info(pid_t tid, struct __ptrace_syscall_info *ret_info)
{
	memset(ret_info, 0, sizeof(*ret_info));
	const long size = ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(*ret_info), ret_info);
	if (size < 0)
		return -errno;
	return (size_t)size < offsetof(struct __ptrace_syscall_info, entry) ? -EIO : size;
}

int stopped_call_read(pid_t tid, struct callgate_call *ret_call, uint16_t *ret_data)
{
	struct __ptrace_syscall_info info;
	struct callgate_report report;
	const long size = get_info(tid, &info);

	if (size < 0)
		return (int)size;
	if (callgate_report_of_stop(&info, (size_t)size, &report) < 0)
		return -EIO;
	*ret_call = report.call;
	*ret_data = report.has_data ? (uint16_t)(report.action & SECCOMP_RET_DATA) : 0;
	return 0;
}

int stopped_call_last(pid_t tid, struct callgate_call *ret_call)
{
	struct __ptrace_syscall_info info;
	struct callgate_report report;
	register_set set;
	long result = stopped_call_supported();

	if (result == 0)
		result = get_info(tid, &info);
	if (result >= 0)
		result = get_registers(tid, &set);
	if (result == 0)
		result = callgate_report_of_registers(info.arch, &set, sizeof(set), &report);
	if (result == 0)
		*ret_call = report.call;
	return (int)result;
}

int stopped_call_answer(pid_t tid, long result)
{
	register_set set;
	int got = get_registers(tid, &set);

	return got < 0 ? got : answer(tid, &set, result);
}
