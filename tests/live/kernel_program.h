/*
 * Loading raw programs in a forked child and asking the kernel for verdicts, without help from any system call that the
 * program itself could forbid: answers travel through shared memory, and a child ends by an undefined instruction.
 */
#ifndef CALLGATE_TESTS_KERNEL_PROGRAM_H
#define CALLGATE_TESTS_KERNEL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

/* Memory that parent and children share. */
void *kernel_share(size_t size);

/* PR_SET_NO_NEW_PRIVS, no core dumps. */
void kernel_prepare_child(void);

/* seccomp(SECCOMP_SET_MODE_FILTER): 0 or -errno. */
int kernel_load(const struct sock_filter *insns, size_t count);

/*
 * Dies at once, without a system call. Not declared to never return: before a call that is, AddressSanitizer makes
 * system calls, and where those are forbidden it never ends.
 */
void kernel_child_end(void);

/* The wait status of a child. */
int kernel_wait(int pid);

/* True where seccomp filters can be loaded at all; else says why not. */
bool kernel_can_filter(void);

#endif
