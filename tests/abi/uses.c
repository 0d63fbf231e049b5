/*
 * What users write with the macros of all headers; the test compiles it as each language that the compilers know, with
 * the warnings of strict projects.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <seccomp.h>
#include <callgate/action.h>
#include <callgate/coverage.h>
#include <callgate/decode.h>
#include <callgate/info.h>
#include <callgate/oci.h>
#include <callgate/plugin.h>
#include <callgate/prove.h>
#include <callgate/rule.h>
#include <callgate/simulate.h>
#include <callgate/strict.h>
#include <callgate/test_file.h>
#include <callgate/testing.h>

int add_rules(scmp_filter_ctx ctx, int fd, unsigned int flags, long number);
int check(scmp_filter_ctx ctx, int fd, const char *name);

int add_rules(scmp_filter_ctx ctx, int fd, unsigned int flags, long number)
{
	const struct scmp_arg_cmp list[] = {
	    SCMP_A0(SCMP_CMP_EQ, AF_UNIX), SCMP_A1_32(SCMP_CMP_MASKED_EQ, flags, SOCK_STREAM),
	    SCMP_CMP(2, SCMP_CMP_LE, 7),   SCMP_CMP32(3, SCMP_CMP_NE, number),
	    SCMP_A4_64(SCMP_CMP_GT, 5, 0), SCMP_A5_32(SCMP_CMP_GE, fd)};
	int result =
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 3, SCMP_A0_32(SCMP_CMP_EQ, AT_FDCWD),
	                     SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY), SCMP_A3(SCMP_CMP_LT, 0600));

	if (result == 0)
		result = seccomp_rule_add(ctx, SCMP_ACT_TRACE(flags), SCMP_SYS(read), 2, SCMP_A1_64(SCMP_CMP_NE, 0),
		                          SCMP_A4(SCMP_CMP_EQ, 1));
	if (result == 0)
		result = seccomp_rule_add(ctx, SCMP_ACT_TRAPX(flags), SCMP_SYS(write), 3, SCMP_A5(SCMP_CMP_GE, 1, 0),
		                          SCMP_A3_32(SCMP_CMP_EQ, fd), SCMP_A4_32(SCMP_CMP_EQ, 'x'));
	if (result == 0)
		result = callgate_rule_add(ctx, SCMP_ARCH_NATIVE, SCMP_ACT_LOG, SCMP_SYS(socket), 6, list);
	return result;
}

int check(scmp_filter_ctx ctx, int fd, const char *name)
{
	int held = callgate_expect(ctx, "openat", SCMP_ACT_ALLOW, AT_FDCWD, CALLGATE_ANY, O_RDONLY);

	held += callgate_expect(ctx, name, SCMP_ACT_ERRNO(EPERM));
	held += callgate_expect_on(SCMP_ARCH_X86, ctx, "read", SCMP_ACT_KILL_PROCESS, fd, (uintptr_t)name,
	                           CALLGATE_BITS(0xff, 3), 'x', 5UL, sizeof(fd));
	held += callgate_expect_only(ctx, "read write");
	return held;
}
