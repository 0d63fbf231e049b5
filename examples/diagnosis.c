/* Makes two mistakes and shows what the library says about them. */
#include <stdio.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

int main(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (!ctx)
		return 1;
	int result = seccomp_api_set(8);
	printf("error %d: %s\n", result, callgate_diagnosis(NULL));
	result = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), SCMP_SYS(read), 1, SCMP_CMP(7, SCMP_CMP_EQ, 0));
	printf("error %d: %s\n", result, callgate_diagnosis(ctx));
	seccomp_release(ctx);
	return 0;
}
