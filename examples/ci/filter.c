#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/*
 * Rule 1 is the first line, and so on: by these numbers a failing test names them. The kernel reads descriptors, flags
 * and requests as 32 bits, so the filter compares no more: a caller may set the others.
 */
static const struct {
	uint32_t action;
	int syscall;
	unsigned int count;
	struct scmp_arg_cmp argument;
} rules[] = {
    {SCMP_ACT_ALLOW, SCMP_SYS(read), 0, {0}},
    {SCMP_ACT_ALLOW, SCMP_SYS(close), 0, {0}},
    {SCMP_ACT_ALLOW, SCMP_SYS(fstat), 0, {0}},
    {SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 0, {0}},
    {SCMP_ACT_ALLOW, SCMP_SYS(brk), 0, {0}},
    {SCMP_ACT_ALLOW, SCMP_SYS(munmap), 0, {0}},
    {SCMP_ACT_ALLOW, SCMP_SYS(exit_group), 0, {0}},
    {SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, 1)},
    {SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, 2)},
    {SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, TCGETS)},
    {SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
    {SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)},
    {SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_WRONLY)},
    {SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDWR)},
};

int filter_add_rules(scmp_filter_ctx ctx)
{
	int result = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && result == 0; i++)
		result =
		    seccomp_rule_add_array(ctx, rules[i].action, rules[i].syscall, rules[i].count, &rules[i].argument);
	return result;
}

scmp_filter_ctx filter_new(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (ctx && filter_add_rules(ctx) == 0)
		return ctx;
	seccomp_release(ctx);
	return NULL;
}
