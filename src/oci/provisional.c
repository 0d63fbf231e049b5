/* Provisional: nothing is read yet. */
#include <errno.h>

#include "oci/profile.h"

int callgate_profile_read_file(struct callgate_profile *profile, const char *path)
{
	(void)path;
	profile->was_read = true;
	return diag_fail(&profile->diag, -ENOSYS, "profiles can't be read yet");
}

size_t callgate_profile_message_count(const struct callgate_profile *profile)
{
	(void)profile;
	return 0;
}

const struct callgate_profile_message *callgate_profile_message(const struct callgate_profile *profile,
                                                                size_t index)
{
	(void)profile, (void)index;
	return NULL;
}

int callgate_profile_context(struct callgate_profile *profile, scmp_filter_ctx *ret_ctx)
{
	(void)ret_ctx;
	return diag_fail(&profile->diag, -ENOSYS, "profiles can't be read yet");
}
