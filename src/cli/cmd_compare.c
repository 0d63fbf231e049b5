/* callgate diff: on which calls do two filters differ? callgate prove: does a program do what a profile says? */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include <callgate/arch.h>
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

/* ---- differences, those on the machine first ---- */

enum { ARCHS_MAX = 64 };

/* A comparison, and how it is shown. */
struct report {
	const struct callgate_comparison *comparison;
	const struct callgate_arch *machine;
	size_t max;
	size_t arch_count;
	struct {
		const struct callgate_arch *arch; /* NULL: one that has no name */
		size_t count;                     /* of its differences */
	} archs[ARCHS_MAX];
};

static const struct callgate_arch *arch_of(const struct callgate_difference *difference)
{
	return callgate_arch_of_call(difference->witness.arch, difference->witness.nr);
}

static void count_archs(struct report *report)
{
	report->archs[report->arch_count++].arch = report->machine;
	for (size_t i = 0; i < report->comparison->count; i++) {
		const struct callgate_arch *arch = arch_of(&report->comparison->differences[i]);
		size_t at = 0;
		while (at < report->arch_count && report->archs[at].arch != arch)
			at++;
		assert(at < ARCHS_MAX);
		report->arch_count += at == report->arch_count;
		report->archs[at].arch = arch;
		report->archs[at].count++;
	}
}

/* Calls the function for at most `max` differences, in the order of report->archs. */
static void visit(const struct report *report,
                  void (*show)(const struct callgate_difference *difference, struct json *json), struct json *json)
{
	size_t shown = 0;

	for (size_t at = 0; at < report->arch_count; at++)
		for (size_t i = 0; i < report->comparison->count && shown < report->max; i++)
			if (arch_of(&report->comparison->differences[i]) == report->archs[at].arch) {
				show(&report->comparison->differences[i], json);
				shown++;
			}
}

static void show_json(const struct callgate_difference *d, struct json *json)
{
	json_open(json, NULL, "{}");
	json_text(json, "text", d->text);
	json_call(json, &d->witness, d->depends);
	json_number(json, "nr_first", d->nr_first);
	json_number(json, "nr_last", d->nr_last);
	json_number(json, "nr_mask", d->nr_mask);
	json_number(json, "nr_value", d->nr_value);
	json_action(json, "a", d->first);
	json_action(json, "b", d->second);
	json_close(json);
}

static void print_json(const struct report *report)
{
	const struct callgate_comparison *c = report->comparison;
	struct json json = {.out = stdout};

	json_open(&json, NULL, "{}");
	json_text(&json, "relation", relation_name(c->relation));
	json_bool(&json, "complete", c->complete && c->count <= report->max);
	json_number(&json, "count", (long long)c->count);
	json_open(&json, "archs", "[]");
	for (size_t i = 0; i < report->arch_count; i++)
		if (report->archs[i].count) {
			json_open(&json, NULL, "{}");
			json_text(&json, "arch_name", report->archs[i].arch ? report->archs[i].arch->name : NULL);
			json_number(&json, "count", (long long)report->archs[i].count);
			json_close(&json);
		}
	json_close(&json);
	json_open(&json, "differences", "[]");
	visit(report, show_json, &json);
	json_close(&json);
	json_close(&json);
}

static void show_text(const struct callgate_difference *d, struct json *unused)
{
	(void)unused;
	puts(d->text);
}

/* How many there are, where, and how to see the others. */
static void print_sums(const struct report *report)
{
	const struct callgate_comparison *c = report->comparison;
	size_t archs = 0;

	for (size_t i = 0; i < report->arch_count; i++)
		archs += report->archs[i].count > 0;
	if (archs < 2 && c->count <= report->max)
		return;
	printf("%zu difference%s", c->count, c->count == 1 ? "" : "s");
	for (size_t i = 0, named = 0; i < report->arch_count; i++) {
		const struct callgate_arch *arch = report->archs[i].arch;
		if (archs > 1 && report->archs[i].count)
			printf("%s%zu", named++ ? ", " : ": ", report->archs[i].count);
		if (report->archs[i].count)
			printf(" on %s", arch ? arch->name : "other architectures");
	}
	if (c->count > report->max)
		printf("; %zu %s shown, --max %zu shows all", report->max, report->max == 1 ? "is" : "are", c->count);
	putchar('\n');
}

static int print(const struct report *report, bool json)
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
	const struct callgate_comparison *c = report->comparison;
	bool failed = c->relation == CALLGATE_RELATION_UNKNOWN || c->relation == CALLGATE_RELATION_REFUSED;

	if (json)
		print_json(report);
	if (c->relation == CALLGATE_RELATION_UNKNOWN)
		cli_error("%s", callgate_diagnosis(NULL));
	if (!json) {
		visit(report, show_text, NULL);
		print_sums(report);
	}
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

	if (callgate_compare(&a, &b, SIZE_MAX, &comparison) < 0) {
		cli_error("%s", callgate_diagnosis(NULL));
		return CLI_FAILED;
	}
	struct report report = {.comparison = comparison,
	                        .machine = callgate_arch_find(environment_arch(&call->environment)),
	                        .max = settings->max};
	count_archs(&report);
	int status = print(&report, settings->json);
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
		(void)callgate_profile_review(profile.profile); /* what fits no single program is not reviewed */
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
    .help = "Compares two filters, each a profile (JSON), a policy or a program, and shows calls on which they differ. "
            "Exit status 0: equal, 1: different, 2: no answer.\n",
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
