/* callgate diff: on which calls do two filters differ? callgate prove: does a program do what a profile says? */
#include <limits.h>
#include <stdlib.h>

#include <callgate/diagnosis.h>

#include "cli/filter_file.h"
#include "cli/print.h"

struct settings {
	bool json;
	unsigned int max;
};

static const struct settings defaults = {.max = 20};

static const struct option_row options[] = {
    {"json", 0, NULL, take_flag, offsetof(struct settings, json), "the answer as JSON"},
    {"max", 0, "N", take_number, offsetof(struct settings, max), "how many differences to show; default: 20",
     .most = UINT_MAX},
    {0},
};

/* Which programs the kernel would refuse, and why. */
static void explain_refusal(const struct filter *filter, char *const *paths)
{
	for (size_t i = 0; i < filter->program_count; i++)
		if (callgate_program_check(filter->programs[i]) < 0)
			cli_error("%s: %s", paths[i], callgate_diagnosis(NULL));
}

static const char *relation_name(enum callgate_relation relation)
{
	static const char *const names[] = {"unknown",  "equal",   "same-allowed", "subset",
	                                    "superset", "neither", "refused",      "different"};

	return names[relation];
}

static void print_json(const struct callgate_comparison *c)
{
	struct json json = {.out = stdout};

	json_open(&json, NULL, "{}");
	json_text(&json, "relation", relation_name(c->relation));
	json_bool(&json, "complete", c->complete);
	json_open(&json, "differences", "[]");
	for (size_t i = 0; i < c->count; i++) {
		const struct callgate_difference *d = &c->differences[i];
		json_open(&json, NULL, "{}");
		json_text(&json, "text", d->text);
		json_call(&json, &d->witness, d->depends);
		json_number(&json, "nr_first", d->nr_first);
		json_number(&json, "nr_last", d->nr_last);
		json_number(&json, "nr_mask", d->nr_mask);
		json_number(&json, "nr_value", d->nr_value);
		json_action(&json, "a", d->first);
		json_action(&json, "b", d->second);
		json_close(&json);
	}
	json_close(&json);
	json_close(&json);
}

static int print(const struct callgate_comparison *c, bool json)
{
	static const char *const sentences[] = {
	    "",
	    "the filters are equal",
	    "A and B allow the same calls, and refuse some differently",
	    "A allows less than B",
	    "A allows more than B",
	    "A and B each allow calls that the other does not",
	    "",
	    "A and B differ; which allows more is not decided",
	};
	bool failed = c->relation == CALLGATE_RELATION_UNKNOWN || c->relation == CALLGATE_RELATION_REFUSED;

	if (json)
		print_json(c);
	if (c->relation == CALLGATE_RELATION_UNKNOWN)
		cli_error("%s", callgate_diagnosis(NULL));
	for (size_t i = 0; !json && i < c->count; i++)
		puts(c->differences[i].text);
	if (!json && !failed)
		printf("%s%s\n", sentences[c->relation], c->complete ? "" : " (there are more differences)");
	return failed ? CLI_FAILED : c->relation == CALLGATE_RELATION_EQUAL ? CLI_OK : CLI_NO;
}

/* The second filter's paths come after the first one's. */
static int compare(const struct filter *first, const struct filter *second, const struct call *call)
{
	const struct settings *settings = call->settings;
	struct callgate_filter a = filter_side(first), b = filter_side(second);
	struct callgate_comparison *comparison;

	if (callgate_compare(&a, &b, settings->max, &comparison) < 0) {
		cli_error("%s", callgate_diagnosis(NULL));
		return CLI_FAILED;
	}
	int status = print(comparison, settings->json);
	if (comparison->relation == CALLGATE_RELATION_REFUSED) {
		explain_refusal(first, call->operands);
		explain_refusal(second, call->operands + 1);
	}
	callgate_comparison_free(comparison);
	return status;
}

static int run_diff(struct call *call)
{
	struct filter a = {0}, b = {0};
	bool opened = filter_explain(&a, filter_open(&a, call->operands[0], &call->environment)) &&
	              filter_explain(&b, filter_open(&b, call->operands[1], &call->environment));
	int status = opened ? compare(&a, &b, call) : CLI_FAILED;

	filter_close(&a);
	filter_close(&b);
	return status;
}

static int run_prove(struct call *call)
{
	struct filter profile = {0}, stack = {0};
	uint32_t arch = environment_arch(&call->environment);
	bool opened = filter_open_profile(&profile, call->operands[0], &call->environment);

	if (opened)
		(void)callgate_profile_review(
		    profile.profile); /* what fits no single program is not reviewed */
	opened = filter_explain(&profile, opened);

	for (size_t i = 1; i < call->operand_count && opened; i++)
		opened = filter_explain(&stack, filter_open_program(&stack, call->operands[i], arch));
	int status = opened ? compare(&profile, &stack, call) : CLI_FAILED;
	filter_close(&profile);
	filter_close(&stack);
	return status;
}

const struct command cmd_diff = {
    .name = "diff",
    .what = "show the calls on which two filters differ",
    .synopsis = "[--json] [--max N] [OPTION]... A B",
    .help = "Compares two filters, each a profile (JSON) or a program, and shows calls on which they differ. "
            "Exit "
            "status 0: equal, 1: different, 2: there is no answer.\n",
    .options = options,
    .environment = environment_options,
    .defaults = &defaults,
    .settings_size = sizeof(struct settings),
    .operands_least = 2,
    .operands_most = 2,
    .question = "two filters are to be named",
    .run = run_diff,
};

const struct command cmd_prove = {
    .name = "prove",
    .what = "prove that a program does what a profile says",
    .synopsis = "[--json] [--max N] [OPTION]... PROFILE PROGRAM...",
    .help = "Proves that PROGRAM, or several programs stacked in the order in which they are loaded, do what "
            "PROFILE "
            "says, for every call, or shows calls where they do not. Exit status 0: it does, 1: it does not, "
            "2: there "
            "is no answer.\n",
    .options = options,
    .environment = environment_options,
    .defaults = &defaults,
    .settings_size = sizeof(struct settings),
    .operands_least = 2,
    .operands_most = UINT_MAX,
    .question = "a profile and its programs are to be named",
    .run = run_prove,
};
