#include "cli/profile_option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/* A word's index in a NULL-terminated list, or -1. */
static int choice(const char *const *words, const char *value)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], value) == 0)
			return i;
	return -1;
}

static bool set(struct callgate_profile *profile, enum callgate_profile_option option, int value,
                const char *text)
{
	if (value >= 0 && callgate_profile_set_option(profile, option, (uint32_t)value) == 0)
		return true;
	cli_error("\"%s\" is not a value of this option", text);
	return false;
}

static bool report(const struct profile_options *options, int result)
{
	if (result < 0)
		cli_error("%s", callgate_profile_diagnosis(options->profile));
	return result == 0;
}

static bool take_arch(struct profile_options *options, const char *value)
{
	uint32_t arch;

	return cli_parse_arch(value, &arch) &&
	       report(options, callgate_profile_add_arch(options->profile, arch));
}

/* "none" is the empty set, and so nothing that goes with another. */
static bool take_cap(struct profile_options *options, const char *value)
{
	bool none = strcmp(value, "none") == 0;

	options->has_cap = options->has_cap || !none;
	options->has_no_cap = options->has_no_cap || none;
	if (options->has_cap && options->has_no_cap) {
		cli_error("--cap none and another capability contradict each other");
		return false;
	}
	return report(options, callgate_profile_add_capability(options->profile, none ? NULL : value));
}

bool profile_options_start(struct profile_options *options)
{
	if (options->profile || callgate_profile_new(&options->profile) == 0)
		return true;
	cli_error("out of memory");
	return false;
}

bool profile_option_take(struct profile_options *options, int option, const char *value)
{
	static const char *const same_argument[] = {"or", "and", NULL}; /* ORDER callgate_same_argument */
	static const char *const newer[] = {"auto", "enosys", "default",
	                                    NULL}; /* ORDER callgate_newer_calls */
	static const char *const door[] = {"deny", "open", NULL};

	if (!profile_options_start(options))
		return false;
	struct callgate_profile *profile = options->profile;
	switch ((enum profile_option)option) {
	case PROFILE_OPTION_FILE:
		options->file = value;
		return true;
	case PROFILE_OPTION_CAP:
		return take_cap(options, value);
	case PROFILE_OPTION_KERNEL:
		return report(options, callgate_profile_set_kernel(profile, value));
	case PROFILE_OPTION_ARCH:
		return take_arch(options, value);
	case PROFILE_OPTION_ERRNO:
		return set(profile, CALLGATE_PROFILE_DEFAULT_ERRNO, callgate_profile_errno(value), value);
	case PROFILE_OPTION_SAME_ARGUMENT:
		return set(profile, CALLGATE_PROFILE_SAME_ARGUMENT, choice(same_argument, value), value);
	case PROFILE_OPTION_NEWER_CALLS:
		return set(profile, CALLGATE_PROFILE_NEWER_CALLS, choice(newer, value), value);
	case PROFILE_OPTION_SOCKETCALL:
		return set(profile, CALLGATE_PROFILE_OPEN_SOCKETCALL, choice(door, value), value);
	case PROFILE_OPTION_STRICT:
		return set(profile, CALLGATE_PROFILE_STRICT, 1, "strict");
	case PROFILE_OPTION_LAST:
		break;
	}
	return false;
}

static void print_messages(const struct callgate_profile *profile)
{
	const struct callgate_profile_message *message;

	for (size_t i = 0; (message = callgate_profile_message(profile, i)); i++)
		fprintf(stderr, "%s:%u:%u: %s: %s\n", message->file, message->line, message->column,
		        message->severity == CALLGATE_SEVERITY_ERROR ? "error" : "warning", message->text);
}

int profile_options_load(const struct profile_options *options)
{
	if (strcmp(options->file, "-") == 0)
		return callgate_profile_read_fd(options->profile, STDIN_FILENO, "standard input");
	return callgate_profile_read_file(options->profile, options->file);
}

struct callgate_profile *profile_options_read(struct profile_options *options)
{
	if (!options->file) {
		cli_error("which profile? Give --profile FILE");
		return NULL;
	}
	if (!profile_options_start(options))
		return NULL;
	int result = profile_options_load(options);
	print_messages(options->profile);
	if (result == 0)
		return options->profile;
	if (result != -EINVAL || callgate_profile_message_count(options->profile) == 0)
		cli_error("%s", callgate_profile_diagnosis(options->profile));
	else
		cli_error("%s can't be used", options->file);
	return NULL;
}

scmp_filter_ctx profile_options_context(struct profile_options *options)
{
	struct callgate_profile *profile = profile_options_read(options);
	scmp_filter_ctx ctx = NULL;

	if (profile && callgate_profile_context(profile, &ctx) < 0)
		cli_error("%s: %s", options->file, callgate_profile_diagnosis(profile));
	return ctx;
}

void profile_options_finish(struct profile_options *options)
{
	callgate_profile_free(options->profile);
	*options = (struct profile_options){0};
}
