#include "trace/stopped_call.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <callgate/arch.h>

/* ---- where a machine has the number, the result, and the arguments of a call ---- */

#if defined(__x86_64__)

typedef struct user_regs_struct register_set;

/* A 32-bit task's registers are shown as the 64-bit ones that they are halves of. */
static void read_registers(const register_set *registers, unsigned bits, struct callgate_call *call)
{
	const uint64_t wide[] = {registers->rdi, registers->rsi, registers->rdx,
	                         registers->r10, registers->r8,  registers->r9};
	const uint64_t narrow[] = {registers->rbx, registers->rcx, registers->rdx,
	                           registers->rsi, registers->rdi, registers->rbp};

	call->nr = (int32_t)registers->orig_rax;
	for (int i = 0; i < 6; i++)
		call->args[i] = bits == 64 ? wide[i] : (uint32_t)narrow[i];
}

static int answer(pid_t tid, register_set *registers, long result)
{
	registers->orig_rax = (unsigned long)-1; /* no call */
	registers->rax = (unsigned long)result;
	return ptrace(PTRACE_SETREGS, tid, NULL, registers) < 0 ? -errno : 0;
}

#elif defined(__aarch64__)

typedef struct user_regs_struct register_set;

static void read_registers(const register_set *registers, unsigned bits, struct callgate_call *call)
{
	call->nr = (int32_t)registers->regs[bits == 64 ? 8 : 7];
	for (int i = 0; i < 6; i++)
		call->args[i] = bits == 64 ? registers->regs[i] : (uint32_t)registers->regs[i];
}

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

static void read_registers(const register_set *registers, unsigned bits, struct callgate_call *call)
{
	(void)registers, (void)bits, (void)call;
}

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

static int get_info(pid_t tid, struct __ptrace_syscall_info *ret_info)
{
	memset(ret_info, 0, sizeof(*ret_info));
	const long size = ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(*ret_info), ret_info);
	if (size < 0)
		return -errno;
	return (size_t)size < offsetof(struct __ptrace_syscall_info, entry) ? -EIO : 0;
}

int stopped_call_read(pid_t tid, struct callgate_call *ret_call, uint16_t *ret_data)
{
	struct __ptrace_syscall_info info;
	const int result = get_info(tid, &info);

	if (result < 0)
		return result;
	if (info.op != PTRACE_SYSCALL_INFO_SECCOMP && info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return -EIO;
	*ret_call = (struct callgate_call){
	    .arch = info.arch, .nr = (int32_t)info.entry.nr, .instruction_pointer = info.instruction_pointer};
	for (int i = 0; i < 6; i++)
		ret_call->args[i] = info.entry.args[i]; /* seccomp.args are in the same place */
	*ret_data = info.op == PTRACE_SYSCALL_INFO_SECCOMP ? (uint16_t)info.seccomp.ret_data : 0;
	return 0;
}

int stopped_call_last(pid_t tid, struct callgate_call *ret_call)
{
	struct __ptrace_syscall_info info;
	register_set set;
	int result = stopped_call_supported();

	if (result == 0)
		result = get_info(tid, &info);
	if (result == 0)
		result = get_registers(tid, &set);
	if (result < 0)
		return result;
	*ret_call =
	    (struct callgate_call){.arch = info.arch, .instruction_pointer = info.instruction_pointer};
	const struct callgate_arch *arch = callgate_arch_of_call(info.arch, 0);
	read_registers(&set, arch ? arch->register_bits : 64, ret_call);
	return 0;
}

int stopped_call_answer(pid_t tid, long result)
{
	register_set set;
	int got = get_registers(tid, &set);

	return got < 0 ? got : answer(tid, &set, result);
}
