#include <errno.h>

#include <seccomp.h>

#include "api/context.h"
#include "load/features.h"

unsigned int seccomp_api_get(void)
{
	return load_level();
}

int seccomp_api_set(unsigned int level)
{
	if (!load_level_force(level))
		return diag_fail(diag_thread(), -EINVAL, "API level %u: there are 1 to 7", level);
	return 0;
}
