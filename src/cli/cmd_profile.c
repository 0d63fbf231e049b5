/* callgate profile: what a profile says, what is wrong with it, and what it is to allow as well. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/addition.h"
#include "cli/output.h"
#include "cli/print.h"

struct settings {
	const char *profile;
	const char *form, *output;
	bool json, dry_run;
};

static const struct option_row options[] = {
    {"profile", 0, "FILE", take_text, offsetof(struct settings, profile), "the same as FILE"},
    {"json", 0, NULL, take_flag, offsetof(struct settings, json), "check: the diagnostics as JSON"},
    {"dry-run", 0, NULL, take_flag, offsetof(struct settings, dry_run),
     "allow: prints the lines that would change, and writes nothing"},
    {"to", 0, "policy|json", take_text, offsetof(struct settings, form),
     "convert: the form to write; default: the other one"},
    {"output", 'o', "OUTPUT", take_text, offsetof(struct settings, output),
     "convert: the file to write; default: standard output"},
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

static const char *diagnosis(const struct filter *filter)
{
	return filter->profile ? callgate_profile_diagnosis(filter->profile) : "out of memory";
}

/* What has no place in the file, such as that it can't be opened, is a message without one. */
static void print_json_messages(const struct filter *filter, const char *path, int result, bool is_placed)
{
	struct callgate_profile_message other = {CALLGATE_SEVERITY_ERROR, path, 0, 0, diagnosis(filter)};
	const struct callgate_profile_message *message;
	struct json json = {.out = stdout};

	json_open(&json, NULL, "{}");
	json_bool(&json, "usable", result == 0);
	bool is_policy = callgate_profile_form(filter->profile) == CALLGATE_PROFILE_FORM_POLICY;
	if (result == 0)
		json_text(&json, "like", is_policy ? "policy" : filter_like(filter));
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

static int check(const char *path, struct call *call)
{
	const struct settings *settings = call->settings;
	struct filter opened = {0}, *filter = &opened;
	int result = filter_read(filter, path, &call->environment);
	bool is_placed = result == 0 || (result == -EINVAL && callgate_profile_message_count(filter->profile) > 0);

	if (result == 0) {
		result = compile(filter->profile);
		is_placed = result == 0;
		/* What fits no single program is not reviewed. */
		if (result != -ENOMEM && callgate_profile_review(filter->profile) == -ENOMEM)
			cli_lacks_memory();
	}
	if (settings->json)
		print_json_messages(filter, path, result, is_placed);
	else
		filter_print_messages(filter, 0, stdout);
	bool is_policy = callgate_profile_form(filter->profile) == CALLGATE_PROFILE_FORM_POLICY;
	if (result == 0 && !settings->json && is_policy)
		print_safely(stdout, "%s: a policy\n", path);
	else if (result == 0 && !settings->json)
		print_safely(stdout, "%s: as %s reads it\n", path, filter_like(filter));
	if (!is_placed)
		cli_error("%s", diagnosis(filter));
	filter_close(filter);
	return result == 0 ? CLI_OK : result == -EINVAL ? CLI_NO : CLI_FAILED;
}

/* ---- questions with a text for an answer ---- */

static int print(const char *path, const struct call *call,
                 int (*write)(struct callgate_profile *profile, char **ret_text))
{
	struct filter filter = {0};
	char *text = NULL;
	int status = CLI_FAILED;

	if (filter_explain(&filter, filter_open_profile(&filter, path, &call->environment))) {
		if (write(filter.profile, &text) < 0)
			cli_error("%s", callgate_profile_diagnosis(filter.profile));
		else {
			fputs(text, stdout);
			status = CLI_OK;
		}
	}
	free(text);
	filter_close(&filter);
	return status;
}

static int show(const char *path, struct call *call)
{
	return print(path, call, callgate_profile_describe);
}

static int resolve(const char *path, struct call *call)
{
	return print(path, call, callgate_profile_resolve);
}

/* ---- another form ---- */

static bool choose_form(const char *word, const struct filter *filter, enum callgate_profile_form *ret_form)
{
	const bool is_policy = callgate_profile_form(filter->profile) == CALLGATE_PROFILE_FORM_POLICY;
	const bool to_policy = word ? strcmp(word, "policy") == 0 : !is_policy;

	*ret_form = to_policy ? CALLGATE_PROFILE_FORM_POLICY : CALLGATE_PROFILE_FORM_JSON;
	if (!word || to_policy || strcmp(word, "json") == 0)
		return true;
	cli_error("--to takes policy or json, and not \"%s\"", word);
	return false;
}

static int write_converted(const char *path, const char *text)
{
	struct output output;

	if (!output_open(&output, path))
		return CLI_FAILED;
	fputs(text, output.stream);
	return output_commit(&output) ? CLI_OK : CLI_FAILED;
}

/*
 * What a form can't say is an answer, too. A conversion is not for this process: by its capabilities, root would
 * convert to a filter that is open.
 */
static int convert(const char *path, struct call *call)
{
	const struct settings *settings = call->settings;
	enum callgate_profile_form form;
	struct filter filter = {0};
	char *text = NULL;
	int status = CLI_FAILED;

	if (environment_take_no_capabilities(&call->environment) &&
	    filter_explain(&filter, filter_open_profile(&filter, path, &call->environment)) &&
	    choose_form(settings->form, &filter, &form)) {
		const size_t before = callgate_profile_message_count(filter.profile);
		int result = callgate_profile_convert(filter.profile, form, NULL, &text);
		filter_print_messages(&filter, before, stderr);
		if (result < 0) {
			cli_error("%s: %s", path, callgate_profile_diagnosis(filter.profile));
			status = result == -EOPNOTSUPP ? CLI_NO : CLI_FAILED;
		} else {
			status = write_converted(settings->output, text);
		}
	}
	free(text);
	filter_close(&filter);
	return status;
}

/* ---- allowing more ---- */

/* The calls follow the profile, if that is no option. */
static bool parse_calls(struct added_calls *calls, const struct filter *filter, const struct call *call)
{
	const struct settings *settings = call->settings;
	const size_t first = settings->profile ? 1 : 2; /* after the word, and FILE */
	bool done = true;

	for (size_t i = first; done && i < call->operand_count; i++)
		done = added_calls_parse(calls, filter, call->operands[i]);
	if (first >= call->operand_count)
		cli_error("which calls? One or more are to be named");
	return done && first < call->operand_count;
}

static int write_new(const char *path, const struct text *old, const struct text *new, bool is_dry)
{
	struct output output;

	if (old->size == new->size && memcmp(old->bytes, new->bytes, old->size) == 0) {
		cli_error("%s: that is allowed already; nothing is written", path);
		return CLI_OK;
	}
	if (is_dry)
		return profile_text_print_changes(old, new, stdout) ? CLI_OK : CLI_FAILED;
	if ((strcmp(path, "-") != 0 && !text_is_still(path, old)) || !output_open_input(&output, path))
		return CLI_FAILED;
	fwrite(new->bytes, 1, new->size, output.stream);
	if (!output_commit(&output))
		return CLI_FAILED;
	if (strcmp(path, "-") != 0)
		cli_error("%s: changed; proved to allow these calls and to be the same for all others", path);
	return CLI_OK;
}

static bool is_json(const struct filter *filter, const char *name)
{
	if (callgate_profile_form(filter->profile) == CALLGATE_PROFILE_FORM_JSON)
		return true;
	cli_error("%s is a policy; profile allow changes JSON profiles only", name);
	return false;
}

/* The text that is changed is the one that is read. */
static int allow(const char *path, struct call *call)
{
	struct filter filter = {0};
	struct added_calls calls = {0};
	struct text old = {0}, new = {0};
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	int status = CLI_FAILED;

	if (text_read(path, &old) &&
	    (filter_open_text(&filter, name, old.bytes, old.size, &call->environment) ||
	     filter_explain(&filter, false)) &&
	    is_json(&filter, name) && parse_calls(&calls, &filter, call) &&
	    addition_make(&old, name, &call->environment, &calls, &new))
		status = write_new(path, &old, &new, ((const struct settings *)call->settings)->dry_run);
	vec_finish(&calls.calls);
	filter_close(&filter);
	free(old.bytes);
	free(new.bytes);
	return status;
}

/* ---- the command ---- */

static const struct question {
	const char *name;
	int (*answer)(const char *path, struct call *call);
} questions[] = {
    {"check", check}, {"show", show}, {"resolve", resolve}, {"convert", convert}, {"allow", allow},
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
	const char *path = settings->profile ? settings->profile : call->operand_count > 1 ? call->operands[1] : NULL;
	const bool adds = question && question->answer == allow;

	if (!question || !path || (!adds && call->operand_count > (settings->profile ? 1 : 2))) {
		if (question)
			cli_error("%s", call->command->question);
		return command_misused(call->command);
	}
	if ((settings->form || settings->output) && question->answer != convert) {
		cli_error("--to and --output are for \"profile convert\"");
		return CLI_FAILED;
	}
	if ((settings->json && question->answer != check) || (settings->dry_run && !adds)) {
		cli_error(settings->json ? "--json is for \"profile check\"" : "--dry-run is for \"profile allow\"");
		return CLI_FAILED;
	}
	return question->answer(path, call);
}

const struct command cmd_profile = {
    .name = "profile",
    .what = "check, show, resolve, convert or extend a profile",
    .synopsis = "check|show|resolve|convert [OPTION]... FILE\n"
                "allow [OPTION]... FILE CALL...",
    .help = "check: reports everything that is wrong with FILE; exit status 1 if it can't be used, 2 if it "
            "can't be "
            "read.\n"
            "show: which system calls are allowed, denied, or decided by their arguments, per architecture.\n"
            "resolve: the plain OCI JSON for this environment, without includes, excludes and archMap.\n"
            "convert: a policy as plain JSON, and JSON as a policy, proved to be the same filter; if the other form "
            "can't express it, exit status 1 and a call for which it can't.\n"
            "allow: changes FILE so that each CALL, as in callgate-test(5), is allowed: 'socket(AF_UNIX)'. The command "
            "proves that nothing else changes.\n",
    .options = options,
    .environment = environment_options,
    .settings_size = sizeof(struct settings),
    .operands_least = 1,
    .operands_most = UINT_MAX,
    .question = "profile needs check, show, resolve, convert or allow, and one FILE",
    .run = run,
};
