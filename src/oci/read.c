/* Reading: from a file, an fd or memory to a model, with every problem told. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oci/apply.h"
#include "oci/profile.h"
#include "oci/reader.h"
#include "oci/review.h"

static int start(struct callgate_profile *profile, const char *name)
{
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

/* What only the making of the filter can tell. */
static int try_filter(struct callgate_profile *profile)
{
	struct application application = {&profile->model, profile->options,  &profile->messages,
	                                  &profile->diag,  &profile->origins, NULL};
	int result = apply_model(&application);

	seccomp_release(application.ctx);
	return result;
}

static int understand(struct callgate_profile *profile)
{
	struct messages *messages = &profile->messages;
	struct reader reader = {messages, &profile->arena, &profile->environment, &profile->model, false};
	int result;

	if (strspn(profile->text.text, " \t\r\n") == profile->text.length) {
		messages_error(messages, (struct place){1, 1}, "the profile is empty");
		return -EINVAL;
	}
	result = document_parse(&profile->document, profile->text.text, profile->text.length, messages);
	if (result == 0)
		result = read_profile(&reader, profile->document.root);
	if (result == 0 && !review_model(&profile->model, profile->options, messages, &profile->arena))
		result = -ENOMEM;
	if (result == 0 && messages->errors == 0)
		result = try_filter(profile);
	if (result == 0 && messages->errors)
		result = -EINVAL;
	return result;
}

static const struct callgate_profile_message *first_error(const struct messages *messages)
{
	for (size_t i = 0; i < messages->list.count; i++)
		if (messages->list.items[i].severity == CALLGATE_SEVERITY_ERROR)
			return &messages->list.items[i];
	return NULL;
}

static int finish(struct callgate_profile *profile, int result)
{
	messages_sort(&profile->messages);
	const struct callgate_profile_message *error = first_error(&profile->messages);

	if (profile->messages.out_of_memory)
		result = -ENOMEM;
	profile->is_usable = result == 0;
	if (result == -ENOMEM)
		return diag_fail(&profile->diag, result, "%s: out of memory", profile->messages.file);
	if (result < 0 && error)
		return diag_fail(&profile->diag, result, "%s:%u:%u: error: %s", error->file, error->line,
		                 error->column, error->text);
	return result;
}

static int too_big(struct callgate_profile *profile)
{
	return diag_fail(&profile->diag, -EFBIG, "%s: a profile has at most %u bytes", profile->messages.file,
	                 CALLGATE_PROFILE_SIZE_MAX);
}

int callgate_profile_read_memory(struct callgate_profile *profile, const void *text, size_t size,
                                 const char *name)
{
	int result = start(profile, name ? name : "profile");

	if (result < 0)
		return result;
	if (!text)
		return diag_fail(&profile->diag, -EINVAL, "the text is NULL");
	if (size > CALLGATE_PROFILE_SIZE_MAX)
		return too_big(profile);
	strbuf_append_bytes(&profile->text, text, size);
	return finish(profile, profile->text.failed ? -ENOMEM : understand(profile));
}

static int read_all(struct callgate_profile *profile, int fd)
{
	char bytes[16384];

	for (;;) {
		ssize_t count = read(fd, bytes, sizeof(bytes));
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			int error = errno;
			return diag_fail(&profile->diag, -error, "%s: %s", profile->messages.file,
			                 strerror(error));
		}
		strbuf_append_bytes(&profile->text, bytes, (size_t)count);
		if (profile->text.failed)
			return -ENOMEM;
		if (profile->text.length > CALLGATE_PROFILE_SIZE_MAX)
			return too_big(profile);
		if (count == 0)
			return 0;
	}
}

static int read_and_understand(struct callgate_profile *profile, int fd)
{
	int result = read_all(profile, fd);

	return result < 0 ? result : finish(profile, understand(profile));
}

int callgate_profile_read_fd(struct callgate_profile *profile, int fd, const char *name)
{
	int result = start(profile, name ? name : "profile");

	return result < 0 ? result : read_and_understand(profile, fd);
}

int callgate_profile_read_file(struct callgate_profile *profile, const char *path)
{
	int result = start(profile, path ? path : "profile");

	if (result < 0)
		return result;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0) {
		int error = path ? errno : EINVAL;
		return diag_fail(&profile->diag, -error, "%s: %s", profile->messages.file, strerror(error));
	}
	result = read_and_understand(profile, fd);
	close(fd);
	return result;
}

size_t callgate_profile_message_count(const struct callgate_profile *profile)
{
	return profile ? profile->messages.list.count : 0;
}

const struct callgate_profile_message *callgate_profile_message(const struct callgate_profile *profile,
                                                                size_t index)
{
	return index < callgate_profile_message_count(profile) ? &profile->messages.list.items[index] : NULL;
}
