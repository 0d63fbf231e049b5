#include "oci/profile.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

int callgate_profile_new(struct callgate_profile **ret_profile)
{
	struct callgate_profile *profile = calloc(1, sizeof(*profile));

	if (!ret_profile || !profile) {
		free(profile);
		return ret_profile ? -ENOMEM : -EINVAL;
	}
	profile->options[CALLGATE_PROFILE_DEFAULT_ERRNO] = EPERM;
	*ret_profile = profile;
	return 0;
}

void callgate_profile_free(struct callgate_profile *profile)
{
	if (!profile)
		return;
	environment_finish(&profile->environment);
	document_finish(&profile->document);
	messages_finish(&profile->messages);
	arena_finish(&profile->arena);
	vec_finish(&profile->origins.list);
	strbuf_finish(&profile->text);
	free(profile);
}

const char *callgate_profile_diagnosis(const struct callgate_profile *profile)
{
	return profile ? profile->diag.text : "the profile is NULL";
}

uint32_t callgate_profile_arch(const char *name)
{
	const struct callgate_arch *arch = callgate_arch_find_name(name);

	return arch ? arch->token : 0;
}

int callgate_profile_errno(const char *text)
{
	const struct names_word *error = text ? names_find(names_errors, text) : NULL;
	char *end;

	if (error)
		return (int)error->value;
	if (!text || !isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	long number = strtol(text, &end, 10);
	return errno || *end || number > CALLGATE_ERRNO_MAX ? -EINVAL : (int)number;
}

/* 0 if the environment may still be changed. */
static int start_change(struct callgate_profile *profile)
{
	if (!profile)
		return -EINVAL;
	diag_clear(&profile->diag);
	if (profile->was_read)
		return diag_fail(&profile->diag, -EBUSY,
		                 "the profile was read already: its environment is fixed");
	return 0;
}

int callgate_profile_set_option(struct callgate_profile *profile, enum callgate_profile_option option,
                                uint32_t value)
{
	static const uint32_t largest[] = {
	    [CALLGATE_PROFILE_SAME_ARGUMENT] = CALLGATE_SAME_ARGUMENT_AND,
	    [CALLGATE_PROFILE_STRICT] = UINT32_MAX,
	    [CALLGATE_PROFILE_NEWER_CALLS] = CALLGATE_NEWER_CALLS_DEFAULT,
	    [CALLGATE_PROFILE_OPEN_SOCKETCALL] = UINT32_MAX,
	    [CALLGATE_PROFILE_DEFAULT_ERRNO] = CALLGATE_ERRNO_MAX,
	};
	int result = start_change(profile);

	if (result < 0)
		return result;
	if ((int)option < CALLGATE_PROFILE_SAME_ARGUMENT || option > CALLGATE_PROFILE_DEFAULT_ERRNO)
		return diag_fail(&profile->diag, -EINVAL, "there is no option %d", (int)option);
	if (value > largest[option])
		return diag_fail(&profile->diag, -EINVAL, "option %d has no value %u", (int)option, value);
	profile->options[option] = value;
	return 0;
}

int callgate_profile_add_capability(struct callgate_profile *profile, const char *name)
{
	int result = start_change(profile);

	return result < 0 ? result : environment_add_capability(&profile->environment, name, &profile->diag);
}

int callgate_profile_set_kernel(struct callgate_profile *profile, const char *version)
{
	int result = start_change(profile);

	return result < 0 ? result : environment_set_kernel(&profile->environment, version, &profile->diag);
}

int callgate_profile_add_arch(struct callgate_profile *profile, uint32_t arch)
{
	int result = start_change(profile);

	return result < 0 ? result : environment_add_arch(&profile->environment, arch, &profile->diag);
}
