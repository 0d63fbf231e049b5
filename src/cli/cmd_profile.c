/* callgate profile: what a profile says, and what is wrong with it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/filter_file.h"
#include "cli/print.h"

struct settings {
	const char *profile;
	bool json;
};

static const struct option_row options[] = {
    {"profile", 0, "FILE", take_text, offsetof(struct settings, profile), "the same as FILE"},
    {"json", 0, NULL, take_flag, offsetof(struct settings, json), "check: the diagnostics as JSON"},
    {0},
};

static void print_json_message(struct json *json, const struct callgate_profile_message *message)
{
	json_open(json, NULL, "{}");
	json_text(json, "file", message->file);
	json_number(json, "line", message->line);
	json_number(json, "column", message->column);
	json_text(json, "severity", filter_severity(message));
	json_text(json, "text", message->text);
	json_close(json);
}

/* What has no place in the file, such as that it can't be opened, is a message without one. */
static void print_json_messages(const struct filter *filter, const char *path, int result, bool is_placed)
{
	struct callgate_profile_message other = {CALLGATE_SEVERITY_ERROR, path, 0, 0,
	                                         callgate_profile_diagnosis(filter->profile)};
	const struct callgate_profile_message *message;
	struct json json = {.out = stdout};

	json_open(&json, NULL, "{}");
	json_bool(&json, "usable", result == 0);
	if (result == 0)
		json_text(&json, "like", filter_like(filter));
	json_open(&json, "diagnostics", "[]");
	for (size_t i = 0; (message = callgate_profile_message(filter->profile, i)); i++)
		print_json_message(&json, message);
	if (!is_placed)
		print_json_message(&json, &other);
	json_close(&json);
	json_close(&json);
}

/* Also that the filter can be made of it, and proved. */
static int compile(struct callgate_profile *profile)
{
	struct callgate_program *program = NULL;
	int result = callgate_profile_program(profile, &program);

	callgate_program_free(program);
	return result == -E2BIG ? 0 : result; /* seccomp_load() takes several programs then */
}

static int check(struct filter *filter, const char *path, const struct call *call)
{
	const struct settings *settings = call->settings;
	int result = filter_read(filter, path, &call->environment);
	bool is_placed =
	    result == 0 || (result == -EINVAL && callgate_profile_message_count(filter->profile) > 0);

	if (result == 0) {
		result = compile(filter->profile);
		is_placed = result == 0;
		(void)callgate_profile_review(
		    filter->profile); /* what fits no single program is not reviewed */
	}
	if (settings->json)
		print_json_messages(filter, path, result, is_placed);
	else
		filter_print_messages(filter, stdout);
	if (result == 0 && !settings->json)
		printf("%s: as %s reads it\n", path, filter_like(filter));
	if (!is_placed)
		cli_error("%s", callgate_profile_diagnosis(filter->profile));
	return result == 0 ? CLI_OK : result == -EINVAL ? CLI_NO : CLI_FAILED;
}

static int print(struct filter *filter, const char *path, const struct call *call,
                 int (*write)(struct callgate_profile *profile, char **ret_text))
{
	char *text = NULL;

	if (!filter_explain(filter, filter_open_profile(filter, path, &call->environment)))
		return CLI_FAILED;
	if (write(filter->profile, &text) < 0) {
		cli_error("%s", callgate_profile_diagnosis(filter->profile));
		return CLI_FAILED;
	}
	fputs(text, stdout);
	free(text);
	return CLI_OK;
}

static const struct question {
	const char *name;
	int (*write)(struct callgate_profile *profile, char **ret_text); /* NULL: check */
} questions[] = {
    {"check", NULL},
    {"show", callgate_profile_describe},
    {"resolve", callgate_profile_resolve},
};

enum { QUESTIONS = sizeof(questions) / sizeof(questions[0]) };

static const struct question *find_question(const char *name)
{
	struct similar similar = similar_start(name);

	for (size_t i = 0; i < QUESTIONS; i++) {
		if (strcmp(name, questions[i].name) == 0)
			return &questions[i];
		similar_offer(&similar, questions[i].name);
	}
	if (similar.best)
		cli_error("there is no \"profile %s\"; is \"%s\" meant?", name, similar.best);
	else
		cli_error("there is no \"profile %s\"", name);
	return NULL;
}

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	const struct question *question = find_question(call->operands[0]);
	const char *path = call->operand_count > 1 ? call->operands[1] : settings->profile;
	struct filter filter = {0};

	if (!question || !path || (call->operand_count > 1 && settings->profile)) {
		if (question)
			cli_error("which profile? One is to be named");
		return command_misused(call->command);
	}
	if (settings->json && question->write) {
		cli_error("--json is for \"profile check\"");
		return CLI_FAILED;
	}
	int status =
	    question->write ? print(&filter, path, call, question->write) : check(&filter, path, call);
	filter_close(&filter);
	return status;
}

const struct command cmd_profile = {
    .name = "profile",
    .what = "check, show or resolve a profile",
    .synopsis = "check|show|resolve [OPTION]... FILE",
    .help = "check: reports everything that is wrong with FILE; exit status 1 if it can't be used, 2 if it "
            "can't be "
            "read.\n"
            "show: which system calls are allowed, denied, or decided by their arguments, per architecture.\n"
            "resolve: the plain OCI JSON for this environment, without includes, excludes and archMap.\n",
    .options = options,
    .environment = environment_options,
    .settings_size = sizeof(struct settings),
    .operands_least = 1,
    .operands_most = 2,
    .question = "one of check, show and resolve is to be named, and one profile",
    .run = run,
};
