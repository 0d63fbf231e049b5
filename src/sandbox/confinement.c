#include "sandbox/confinement.h"
#include "sandbox/refuse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <callgate/diagnosis.h>
#include <callgate/strict.h>

int confinement_compile(scmp_filter_ctx ctx, struct confinement_filter *ret_filter)
{
	size_t size = 0;
	void *bytes = NULL;
	int result = seccomp_export_bpf_mem(ctx, NULL, &size);

	if (result == 0 && !(bytes = malloc(size)))
		return refuse(-ENOMEM, "out of memory for a filter");
	if (result == 0)
		result = seccomp_export_bpf_mem(ctx, bytes, &size);
	if (result < 0) {
		free(bytes);
		return refuse(result, "making a filter: %s", callgate_diagnosis(ctx));
	}
	*ret_filter = (struct confinement_filter){.bytes = bytes, .size = size, .owned = bytes};
	return 0;
}

int confinement_strict(unsigned allow, struct confinement_filter *ret_filter)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	int result;

	if (!ctx)
		return -ENOMEM;
	result = callgate_strict_rules(ctx, allow);
	if (result == 0)
		result = confinement_compile(ctx, ret_filter);
	seccomp_release(ctx);
	return result;
}

int confinement_borrow(const struct callgate_program *program, struct confinement_filter *ret_filter)
{
	int result = callgate_program_check(program);

	if (result < 0)
		return result;
	*ret_filter = (struct confinement_filter){.bytes = callgate_program_bytes(program),
	                                          .size = 8 * callgate_program_length(program)};
	return 0;
}

void confinement_finish(struct confinement_filter *filter)
{
	free(filter->owned);
	*filter = (struct confinement_filter){0};
}
