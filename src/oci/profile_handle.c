/* A profile: reading it from a file, a descriptor or memory, and what it means then. */
#include "oci/profile_handle.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/info.h>

#include "oci/read_policy.h"

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
	vec_finish(&profile->environment.archs);
	policy_finish(profile->model.policy);
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
	int error = text ? callgate_errno_number(SCMP_ARCH_NATIVE, text) : -EINVAL;
	char *end;

	if (error >= 0 || !text || !isdigit((unsigned char)*text))
		return error >= 0 ? error : -EINVAL;
	errno = 0;
	long number = strtol(text, &end, 10);
	return errno || *end || number > ERRNO_MAX ? -EINVAL : (int)number;
}

/* ---- reading ---- */

static int start_reading(struct callgate_profile *profile, const char *name)
{
	name = name ? name : "profile";
	if (!profile)
		return -EINVAL;
	diag_clear(&profile->diag);
	if (profile->was_read)
		return diag_fail(&profile->diag, -EBUSY, "the profile was read already");
	profile->was_read = true;
	size_t size = strlen(name) + 1;
	char *copy = arena_alloc(&profile->messages.arena, size);
	if (!copy)
		return diag_fail(&profile->diag, -ENOMEM, "out of memory for the profile");
	profile->messages.file = memcpy(copy, name, size);
	profile->messages.strict = profile->options[CALLGATE_PROFILE_STRICT];
	return environment_complete(&profile->environment, &profile->diag);
}

static struct application application_of(struct callgate_profile *profile, struct messages *messages,
                                         struct origins *origins)
{
	return (struct application){&profile->model, profile->options,     messages, &profile->diag,
	                            origins,         &profile->references, NULL};
}

/* Some mistakes show only when the filter is made. */
static int try_filter(struct callgate_profile *profile)
{
	struct application application = application_of(profile, &profile->messages, &profile->origins);
	int result = apply_model(&application);

	seccomp_release(application.ctx);
	return result;
}

static const struct value *find_member(const struct value *object, const char *key)
{
	for (size_t i = 0; object && object->kind == VALUE_OBJECT && i < object->count; i++)
		if (strcmp(object->items[i].key, key) == 0)
			return &object->items[i];
	return NULL;
}

/* The profile is the whole document, or what a runtime's config.json has for it. */
static const struct value *find_profile(const struct value *root, struct messages *messages)
{
	const struct value *seccomp = find_member(find_member(root, "linux"), "seccomp");

	if (!seccomp || find_member(root, "defaultAction"))
		return root;
	messages_note(messages, seccomp->key_place,
	              "this is a runtime's config.json: its linux.seccomp is the profile");
	return seccomp;
}

static int understand_policy(struct callgate_profile *profile)
{
	int result = policy_read(&profile->model, profile->text.text, profile->text.length, &profile->environment,
	                         &profile->arena, &profile->messages);

	if (result == 0)
		result = try_filter(profile);
	return result == 0 && profile->messages.errors ? -EINVAL : result;
}

static int understand(struct callgate_profile *profile)
{
	if (profile->text.text && policy_is_one(profile->text.text, profile->text.length))
		return understand_policy(profile);
	struct messages *messages = &profile->messages;
	const char *other = profile_other_kind(profile->text.text, profile->text.length);
	int result;

	if (other) {
		messages_error(messages, (struct place){1, 1}, "%s", other);
		return -EINVAL;
	}
	result = document_parse(&profile->document, profile->text.text, profile->text.length, messages);
	if (result == 0)
		result = model_read(&profile->model, find_profile(profile->document.root, messages),
		                    &profile->environment, profile->options, &profile->arena, messages);
	if (result == 0 && !references_collect(&profile->model, profile->options[CALLGATE_PROFILE_DEFAULT_ERRNO],
	                                       &profile->arena, &profile->references))
		result = -ENOMEM;
	if (result == 0)
		review_model(&profile->model, &profile->references, profile->options, messages);
	if (result == 0 && messages->errors == 0)
		result = try_filter(profile);
	if (result == 0 && messages->errors)
		result = -EINVAL;
	return result;
}

static const struct callgate_profile_message *first_error(const struct messages *messages)
{
	for (size_t i = 0; i < messages->list.count; i++)
		if (messages->list.items[i].shown.severity == CALLGATE_SEVERITY_ERROR)
			return &messages->list.items[i].shown;
	return NULL;
}

/* The text is there, unless memory ran out. */
static int finish(struct callgate_profile *profile)
{
	int result = profile->text.failed ? -ENOMEM : understand(profile);

	messages_sort(&profile->messages);
	const struct callgate_profile_message *error = first_error(&profile->messages);

	if (profile->messages.out_of_memory)
		result = -ENOMEM;
	profile->is_usable = result == 0;
	if (result == -ENOMEM)
		return diag_fail(&profile->diag, result, "%s: out of memory", profile->messages.file);
	if (result < 0 && error)
		return diag_fail(&profile->diag, result, "%s:%u:%u: error: %s", error->file, error->line, error->column,
		                 error->text);
	return result;
}

static int fail_file(struct callgate_profile *profile, int error)
{
	return diag_fail(&profile->diag, -error, "%s: %s", profile->messages.file, strerror(error));
}

static int too_big(struct callgate_profile *profile)
{
	return diag_fail(&profile->diag, -EFBIG, "%s: a profile has at most %u bytes", profile->messages.file,
	                 CALLGATE_PROFILE_SIZE_MAX);
}

int callgate_profile_read_memory(struct callgate_profile *profile, const void *text, size_t size, const char *name)
{
	int result = start_reading(profile, name);

	if (result < 0)
		return result;
	if (!text)
		return diag_fail(&profile->diag, -EINVAL, "the text is NULL");
	if (size > CALLGATE_PROFILE_SIZE_MAX)
		return too_big(profile);
	strbuf_append_bytes(&profile->text, text, size);
	return finish(profile);
}

static int read_all(struct callgate_profile *profile, int fd)
{
	char bytes[16384];
	ssize_t count;

	do {
		do
			count = read(fd, bytes, sizeof(bytes));
		while (count < 0 && errno == EINTR);
		if (count < 0)
			return fail_file(profile, errno);
		strbuf_append_bytes(&profile->text, bytes, (size_t)count);
		if (profile->text.length > CALLGATE_PROFILE_SIZE_MAX)
			return too_big(profile);
	} while (count > 0 && !profile->text.failed);
	return finish(profile);
}

int callgate_profile_read_fd(struct callgate_profile *profile, int fd, const char *name)
{
	int result = start_reading(profile, name);

	return result < 0 ? result : read_all(profile, fd);
}

int callgate_profile_read_file(struct callgate_profile *profile, const char *path)
{
	int result = start_reading(profile, path);

	if (result < 0)
		return result;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return fail_file(profile, path ? errno : EINVAL);
	result = read_all(profile, fd);
	close(fd);
	return result;
}

size_t callgate_profile_message_count(const struct callgate_profile *profile)
{
	return profile ? profile->messages.list.count : 0;
}

const struct callgate_profile_message *callgate_profile_message(const struct callgate_profile *profile, size_t index)
{
	return index < callgate_profile_message_count(profile) ? &profile->messages.list.items[index].shown : NULL;
}

const char *callgate_profile_message_finding(const struct callgate_profile *profile, size_t index)
{
	return index < callgate_profile_message_count(profile) ? profile->messages.list.items[index].finding : NULL;
}

/* ---- what it means ---- */

int profile_start_answer(struct callgate_profile *profile, const void *ret)
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
	int result = profile_start_answer(profile, ret_ctx);

	if (result < 0)
		return result;
	struct application application = application_of(profile, &known_messages, &known_origins);
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
	int result = profile_start_answer(profile, ret_program);

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

int profile_give(struct callgate_profile *profile, struct strbuf *text, char **ret_text)
{
	char *stolen = strbuf_steal(text);

	if (!stolen)
		return diag_fail(&profile->diag, -ENOMEM, "out of memory for the text");
	*ret_text = stolen;
	return 0;
}

int callgate_profile_review(struct callgate_profile *profile)
{
	scmp_filter_ctx ctx;
	int result = profile_start_answer(profile, profile);

	if (result < 0 || profile->is_reviewed || profile->model.policy)
		return result;
	result = callgate_profile_context(profile, &ctx);
	if (result < 0)
		return result;
	struct messages *messages = &profile->messages;
	struct application application = application_of(profile, messages, &profile->origins);
	size_t before = messages->list.count;
	application.ctx = ctx;
	result = review_filter(&application);
	if (result < 0)
		diag_set(&profile->diag, "%s",
		         result == -ENOMEM ? "out of memory for the review" : callgate_diagnosis(ctx));
	if (result == 0 && messages->out_of_memory)
		result = diag_fail(&profile->diag, -ENOMEM, "out of memory for the messages");
	seccomp_release(ctx);
	profile->is_reviewed = result == 0;
	if (result < 0)
		messages->list.count = before;
	messages->out_of_memory = false;
	messages_sort(messages);
	return result;
}

int callgate_profile_resolve(struct callgate_profile *profile, char **ret_json)
{
	struct strbuf text = {0};
	int result = profile_start_answer(profile, ret_json);

	if (result < 0)
		return result;
	if (profile->model.policy)
		return diag_fail(&profile->diag, -EOPNOTSUPP, "this is a policy, which is not resolved to JSON");
	write_resolved(&text, &profile->model, profile->options);
	return profile_give(profile, &text, ret_json);
}

int callgate_profile_describe(struct callgate_profile *profile, char **ret_text)
{
	struct strbuf text = {0};
	struct arena arena = {0};
	scmp_filter_ctx ctx;
	int result = profile_start_answer(profile, ret_text);

	if (result == 0 && profile->model.policy)
		return diag_fail(&profile->diag, -EOPNOTSUPP,
		                 "this is a policy, and show is for JSON: `callgate explain` says what a policy does");
	if (result == 0)
		result = callgate_profile_context(profile, &ctx);
	if (result < 0)
		return result;
	struct application application = application_of(profile, NULL, &profile->origins);
	application.ctx = ctx;
	result = write_table(&text, &application, &arena);
	if (result < 0)
		diag_set(&profile->diag, "no table: %s", result == -ENOMEM ? "out of memory" : callgate_diagnosis(ctx));
	arena_finish(&arena);
	seccomp_release(ctx);
	if (result == 0)
		return profile_give(profile, &text, ret_text);
	strbuf_finish(&text);
	return result;
}

int callgate_profile_rule_origin(const struct callgate_profile *profile, uint32_t rule, unsigned int *ret_line,
                                 unsigned int *ret_column)
{
	if (!profile || !profile->is_usable || !ret_line || !ret_column)
		return -EINVAL;
	if (rule == 0 || rule > profile->origins.list.count || !profile->origins.list.items[rule - 1])
		return -ENOENT;
	*ret_line = profile->origins.list.items[rule - 1]->place.line;
	*ret_column = profile->origins.list.items[rule - 1]->place.column;
	return 0;
}

const char *callgate_profile_included(const struct callgate_profile *profile, size_t index)
{
	const struct policy_text *policy = profile ? profile->model.policy : NULL;

	return policy && index < policy->included.count ? policy->included.items[index] : NULL;
}

int callgate_profile_rule_place(const struct callgate_profile *profile, uint32_t rule, const char **ret_file,
                                unsigned int *ret_line, unsigned int *ret_column)
{
	int result = ret_file ? callgate_profile_rule_origin(profile, rule, ret_line, ret_column) : -EINVAL;

	if (result < 0)
		return result;
	*ret_file = profile->messages.file;
	if (!profile->model.policy)
		return 0;
	const struct statement *statement = (const void *)profile->origins.list.items[rule - 1];
	*ret_file = statement->file;
	*ret_line = statement->place.line;
	*ret_column = statement->place.column;
	return 0;
}

int callgate_profile_default_origin(const struct callgate_profile *profile, unsigned int *ret_line,
                                    unsigned int *ret_column)
{
	if (!profile || !profile->is_usable || !ret_line || !ret_column)
		return -EINVAL;
	*ret_line = profile->model.fallback.place.line;
	*ret_column = profile->model.fallback.place.column;
	return 0;
}

enum callgate_profile_like callgate_profile_like(const struct callgate_profile *profile)
{
	return profile && profile->is_usable ? profile->model.like : CALLGATE_PROFILE_LIKE_AUTO;
}

int callgate_profile_asks_capabilities(const struct callgate_profile *profile)
{
	return profile && profile->is_usable ? profile->model.asks_capabilities : -EINVAL;
}

const char *callgate_profile_listener_path(const struct callgate_profile *profile)
{
	return profile && profile->is_usable ? profile->model.listener_path : NULL;
}

const char *callgate_profile_listener_metadata(const struct callgate_profile *profile)
{
	return profile && profile->is_usable ? profile->model.listener_metadata : NULL;
}
