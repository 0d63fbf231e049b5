/*
 * The same with a filter: everything is forbidden but the calls that have a rule. getpid() has none, so the program
 * dies of SIGSYS ("Bad system call").
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

int main(void)
{
	static const int allowed[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(rt_sigreturn), SCMP_SYS(exit_group)};
	int result = -1;

	setvbuf(stdout, NULL, _IOLBF, 0); /* each line leaves at its end, into a pipe too */
	printf("No restrictions yet\n");
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL);
	for (size_t i = 0; filter && i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
		if (result < 0)
			break;
	}
	if (result == 0)
		result = seccomp_load(filter);
	if (result < 0) {
		fprintf(stderr, "filter: %s\n", callgate_diagnosis(filter));
		return 1;
	}
	seccomp_release(filter);
	syscall(SYS_getpid);
	printf("Nobody ever sees this line\n");
	return 0;
}
