/* What a profile that was read means. */
#include <errno.h>

#include <callgate/diagnosis.h>

#include "oci/profile_handle.h"

static int start(struct callgate_profile *profile, const void *ret)
{
	if (!profile)
		return -EINVAL;
	diag_clear(&profile->diag);
	if (!ret)
		return diag_fail(&profile->diag, -EINVAL, "no place for the answer: NULL");
	if (!profile->is_usable)
		return diag_fail(&profile->diag, -EINVAL, "the profile %s",
		                 profile->was_read ? "has errors" : "was not read yet");
	return 0;
}

int callgate_profile_context(struct callgate_profile *profile, scmp_filter_ctx *ret_ctx)
{
	struct messages known_messages = {.file = ""};
	struct origins known_origins = {0};
	int result = start(profile, ret_ctx);

	if (result < 0)
		return result;
	struct application application = {&profile->model, profile->options, &known_messages,
	                                  &profile->diag,  &known_origins,   NULL};
	result = apply_model(&application);
	messages_finish(&known_messages);
	vec_finish(&known_origins.list);
	if (result == 0)
		*ret_ctx = application.ctx;
	return result;
}

int callgate_profile_program(struct callgate_profile *profile, struct callgate_program **ret_program)
{
	scmp_filter_ctx ctx;
	int result = start(profile, ret_program);

	if (result == 0)
		result = callgate_profile_context(profile, &ctx);
	if (result < 0)
		return result;
	result = callgate_program_compile(ctx, ret_program);
	if (result < 0)
		diag_set(&profile->diag, "%s", callgate_diagnosis(ctx));
	seccomp_release(ctx);
	return result;
}

static int give(struct callgate_profile *profile, struct strbuf *text, char **ret_text)
{
	char *stolen = strbuf_steal(text);

	if (!stolen)
		return diag_fail(&profile->diag, -ENOMEM, "out of memory for the text");
	*ret_text = stolen;
	return 0;
}

int callgate_profile_resolve(struct callgate_profile *profile, char **ret_json)
{
	struct strbuf text = {0};
	int result = start(profile, ret_json);

	if (result < 0)
		return result;
	write_resolved(&text, &profile->model, profile->options);
	return give(profile, &text, ret_json);
}

int callgate_profile_describe(struct callgate_profile *profile, char **ret_text)
{
	struct strbuf text = {0};
	struct arena arena = {0};
	scmp_filter_ctx ctx;
	int result = start(profile, ret_text);

	if (result == 0)
		result = callgate_profile_context(profile, &ctx);
	if (result < 0)
		return result;
	struct application application = {&profile->model, profile->options,  NULL,
	                                  &profile->diag,  &profile->origins, ctx};
	result = write_table(&text, &application, &arena);
	if (result < 0)
		diag_set(&profile->diag, "no table: %s",
		         result == -ENOMEM ? "out of memory" : callgate_diagnosis(ctx));
	arena_finish(&arena);
	seccomp_release(ctx);
	if (result == 0)
		return give(profile, &text, ret_text);
	strbuf_finish(&text);
	return result;
}

int callgate_profile_rule_origin(const struct callgate_profile *profile, uint32_t rule,
                                 unsigned int *ret_line, unsigned int *ret_column)
{
	if (!profile || !profile->is_usable || !ret_line || !ret_column)
		return -EINVAL;
	if (rule == 0 || rule > profile->origins.list.count)
		return -ENOENT;
	*ret_line = profile->origins.list.items[rule - 1].line;
	*ret_column = profile->origins.list.items[rule - 1].column;
	return 0;
}

const char *callgate_profile_listener_path(const struct callgate_profile *profile)
{
	return profile && profile->is_usable ? profile->model.listener_path : NULL;
}

const char *callgate_profile_listener_metadata(const struct callgate_profile *profile)
{
	return profile && profile->is_usable ? profile->model.listener_metadata : NULL;
}
