/* callgate profile: what a profile says, and what is wrong with it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/similar.h"
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/profile_option.h"

static const char usage[] =
    "profile check|show|resolve [OPTION]... FILE\n"
    "\n"
    "check    tells everything that is wrong with FILE; exit status 1 if it can't be used, 2 if it can't be "
    "read\n"
    "show     which system calls are allowed, denied, or decided by their arguments, per architecture\n"
    "resolve  the plain OCI JSON for this environment, without includes, excludes and archMap\n"
    "  --json               check: the diagnostics as JSON\n" PROFILE_OPTIONS_HELP;

/* File names may have any bytes: those that are no character become U+FFFD. */
static void print_json_string(const char *text)
{
	putchar('"');
	while (*text) {
		size_t size = utf8_size(text, strlen(text));
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			printf("\\u%04x", (unsigned char)*text);
		else if (size)
			fwrite(text, 1, size, stdout);
		else
			fputs("\\ufffd", stdout);
		text += size ? size : 1;
	}
	putchar('"');
}

static void print_json_message(const struct callgate_profile_message *message, const char *separator)
{
	printf("%s\n  {\"file\": ", separator);
	print_json_string(message->file);
	printf(", \"line\": %u, \"column\": %u, \"severity\": \"%s\", \"text\": ", message->line,
	       message->column, message->severity == CALLGATE_SEVERITY_ERROR ? "error" : "warning");
	print_json_string(message->text);
	putchar('}');
}

/* What has no place in the file, such as that it can't be opened, is a message without one. */
static void print_json(const struct callgate_profile *profile, const char *file, int result, bool is_placed)
{
	struct callgate_profile_message other = {CALLGATE_SEVERITY_ERROR, file, 0, 0,
	                                         callgate_profile_diagnosis(profile)};
	const struct callgate_profile_message *message;
	size_t count = 0;

	printf("{\"usable\": %s, \"diagnostics\": [", result == 0 ? "true" : "false");
	for (; (message = callgate_profile_message(profile, count)); count++)
		print_json_message(message, count ? "," : "");
	if (!is_placed)
		print_json_message(&other, count ? "," : "");
	printf("%s]}\n", count || !is_placed ? "\n" : "");
}

static void print_text(const struct callgate_profile *profile)
{
	const struct callgate_profile_message *message;

	for (size_t i = 0; (message = callgate_profile_message(profile, i)); i++)
		printf("%s:%u:%u: %s: %s\n", message->file, message->line, message->column,
		       message->severity == CALLGATE_SEVERITY_ERROR ? "error" : "warning", message->text);
}

/* Also that the filter can be made of it, and proved. */
static int compile(struct callgate_profile *profile)
{
	struct callgate_program *program = NULL;
	int result = callgate_profile_program(profile, &program);

	callgate_program_free(program);
	return result == -E2BIG ? 0 : result; /* seccomp_load() takes several programs then */
}

static int check(struct profile_options *options, bool json)
{
	struct callgate_profile *profile = options->profile;
	int result = profile_options_load(options);
	bool is_placed = result == 0 || (result == -EINVAL && callgate_profile_message_count(profile) > 0);

	if (result == 0) {
		result = compile(profile);
		is_placed = result == 0;
	}
	if (json)
		print_json(profile, options->file, result, is_placed);
	else
		print_text(profile);
	if (!is_placed)
		cli_error("%s", callgate_profile_diagnosis(profile));
	return result == 0 ? CLI_OK : result == -EINVAL ? CLI_NO : CLI_FAILED;
}

static int print(struct profile_options *options,
                 int (*write)(struct callgate_profile *profile, char **ret_text))
{
	struct callgate_profile *profile = profile_options_read(options);
	char *text = NULL;

	if (!profile)
		return CLI_FAILED;
	if (write(profile, &text) < 0) {
		cli_error("%s", callgate_profile_diagnosis(profile));
		return CLI_FAILED;
	}
	fputs(text, stdout);
	free(text);
	return CLI_OK;
}

static int no_question(const char *question)
{
	struct similar similar = similar_start(question);

	similar_offer(&similar, "check");
	similar_offer(&similar, "show");
	similar_offer(&similar, "resolve");
	if (similar.best)
		cli_error("there is no \"profile %s\"; is \"%s\" meant?", question, similar.best);
	else
		cli_error("there is no \"profile %s\"", question);
	return cli_help(usage, false);
}

static int answer(struct profile_options *options, const char *question, bool json)
{
	if (strcmp(question, "check") == 0)
		return check(options, json);
	if (strcmp(question, "show") == 0)
		return print(options, callgate_profile_describe);
	if (strcmp(question, "resolve") == 0)
		return print(options, callgate_profile_resolve);
	return no_question(question);
}

/* It stands behind the question, or was --profile's. */
static bool take_file(struct profile_options *options, int count, char **operands)
{
	if (count == 2 && !options->file)
		options->file = operands[1];
	else if (count != 1)
		return false;
	return options->file != NULL;
}

int cli_profile(int argc, char **argv)
{
	static const struct option rows[] = {
	    PROFILE_OPTIONS,
	    {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	struct profile_options options = {0};
	bool json = false;

	for (int option; (option = getopt_long(argc, argv, "h", rows, NULL)) != -1;) {
		if (option == 'h' || option == '?')
			return profile_options_finish(&options), cli_help(usage, option == 'h');
		if (option == 'j')
			json = true;
		else if (!profile_option_take(&options, option, optarg))
			return profile_options_finish(&options), CLI_FAILED;
	}
	if (!take_file(&options, argc - optind, argv + optind))
		return profile_options_finish(&options), cli_help(usage, false);
	int status = CLI_FAILED;
	if (json && strcmp(argv[optind], "check") != 0)
		cli_error("--json is for \"profile check\"");
	else if (profile_options_start(&options))
		status = answer(&options, argv[optind], json);
	profile_options_finish(&options);
	return status;
}
