/*
 * Writes a filter that denies chmod to standard output: one half of a client, the other is whoever loads it.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (!ctx || seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(chmod), 0) < 0)
		return EXIT_FAILURE;
	int result = seccomp_export_bpf(ctx, STDOUT_FILENO);
	seccomp_release(ctx);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
