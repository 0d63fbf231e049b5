/* callgate test: runs files of tests for filters. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/test_jobs.h"
#include "cli/test_report.h"
#include "cli/test_results.h"

struct settings {
	struct test_replacement replacement;
	const char *pattern, *path;
	unsigned int jobs;
	bool list;
	struct output results, html;
	struct test_output output;
	struct test_report_options report;
};

static const struct settings defaults = {.jobs = 1, .results = {.folder = -1}, .html = {.folder = -1}};

static const struct option_row options[] = {
    {"format", 0, "plain|tap|junit", take_word, offsetof(struct settings, output.format),
     "default: plain, in colour on a terminal (NO_COLOR: without)", .words = test_format_names},
    {"output", 'o', "FILE", take_text, offsetof(struct settings, path), "default: standard output"},
    {"list", 0, NULL, take_flag, offsetof(struct settings, list), "name the tests, and run none"},
    {"filter", 0, "PATTERN", take_text, offsetof(struct settings, pattern),
     "only tests in whose name the shell pattern is found"},
    {"jobs", 'j', "N", take_number, offsetof(struct settings, jobs), "run in N processes; default: 1",
     .least = 1, .most = 256},
    {"profile", 0, "FILE", take_text, offsetof(struct settings, replacement.profile),
     "test this profile in place of what the files name"},
    {"program", 0, "FILE", take_text, offsetof(struct settings, replacement.program),
     "the same for a program"},
    {"coverage", 0, NULL, take_flag, offsetof(struct settings, report.coverage),
     "name the rules and the edges of programs that no test exercises"},
    {"coverage-min", 0, "N%", take_text, offsetof(struct settings, report.min),
     "exit status 1 if less than that of a filter's rules or edges is exercised"},
    {"coverage-html", 0, "FILE", take_text, offsetof(struct settings, report.html),
     "write a page about both"},
    {"mutate", 0, NULL, take_flag, offsetof(struct settings, report.mutate),
     "weaken each filter in one place at a time; exit status 1 if no test notices"},
    {0},
};

/* ---- where the output goes ---- */

/* The test files and the filters are not written over, and the results not by the page. */
static bool are_spared(struct output *output, const struct test_output *tests)
{
	bool spared = true;

	for (size_t i = 0; i < tests->count && spared; i++) {
		const struct test_source *source = &tests->sources[i];
		spared = output_spares(output, source->path);
		for (size_t j = 0; j < source->filter_count && spared; j++)
			spared = output_spares(output, source->filters[j].path);
	}
	return spared;
}

/*
 * Live tests may write to standard output, and what they write must not end up between the results: the output is a copy of
 * it, and what is written to it in the meantime goes to standard error.
 */
static bool open_outputs(struct settings *settings)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	struct output *results = &settings->results, *html = &settings->html;

	if (!output_open(results, settings->path) || !are_spared(results, &settings->output))
		return false;
	if (settings->report.html &&
	    (!output_open(html, settings->report.html) || !are_spared(html, &settings->output) ||
	     !output_is_another(html, results)))
		return false;
	settings->output.out = results->stream;
	settings->output.colour = isatty(fileno(results->stream)) && !(no_colour && *no_colour) &&
	                          !(term && strcmp(term, "dumb") == 0);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	return true;
}

/* ---- the tests ---- */

static bool has_error(const struct test_output *output)
{
	for (size_t i = 0; i < output->count; i++)
		if (!output->sources[i].file)
			return true;
	return false;
}

static int list(const struct test_output *output)
{
	for (size_t i = 0; i < output->count; i++) {
		const struct test_source *source = &output->sources[i];
		if (!source->file)
			cli_error("%s: %s", source->path, source->error);
		for (size_t j = 0; j < source->entry_count; j++)
			fprintf(output->out, "%s:%u: %s\n", source->path, source->entries[j].test->line,
			        source->entries[j].test->name);
	}
	return has_error(output) ? CLI_FAILED : CLI_OK;
}

/* In TAP a comment; XML would be spoilt by it. */
static int report_on(struct settings *settings)
{
	const struct test_output *output = &settings->output;

	fflush(output->out);
	return test_report(&settings->report, output->sources, output->count,
	                   output->format == TEST_FORMAT_JUNIT ? stderr : output->out,
	                   output->format == TEST_FORMAT_TAP ? "# " : "", &settings->html);
}

/* Live tests do what the filter lets them do: whoever runs a file of somebody else should know. */
static void announce_live_tests(const struct test_output *output)
{
	size_t live = 0;

	for (size_t i = 0; i < output->count; i++)
		for (size_t j = 0; j < output->sources[i].entry_count; j++)
			live += output->sources[i].entries[j].test->kind == CALLGATE_TEST_LIVE;
	if (live)
		cli_error("note: %zu live test%s real system calls on this machine", live,
		          live == 1 ? " makes" : "s make");
}

static int run_tests(struct settings *settings)
{
	struct test_output *output = &settings->output;

	if (test_output_total(output) == 0) {
		cli_error("no test has \"%s\" in its name", settings->pattern);
		output_discard(&settings->results);
		return CLI_FAILED;
	}
	if (settings->list)
		return list(output);
	announce_live_tests(output);
	test_output_start(output);
	if (!test_run(output->sources, output->count, settings->jobs, test_output_add, output)) {
		output_discard(&settings->results);
		return CLI_FAILED;
	}
	test_output_finish(output);
	int report = report_on(settings);
	int status = output->counts.errors ? CLI_FAILED : output->counts.failed ? CLI_NO : CLI_OK;
	return report > status ? report : status;
}

static int open_and_run(struct settings *settings, char **paths)
{
	struct test_output *output = &settings->output;
	bool opened = true;

	output->sources = calloc(output->count, sizeof(*output->sources));
	if (!output->sources) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	for (size_t i = 0; i < output->count && opened; i++)
		opened = test_source_open(&output->sources[i], paths[i], &settings->replacement) &&
		         test_source_choose(&output->sources[i], settings->pattern);
	if (!opened)
		cli_error("out of memory");
	int status = CLI_FAILED;
	if (opened && open_outputs(settings)) {
		status = run_tests(settings);
		if (settings->results.stream && !output_commit(&settings->results))
			status = CLI_FAILED;
	}
	output_discard(&settings->results);
	output_discard(&settings->html);
	for (size_t i = 0; i < output->count; i++)
		test_source_finish(&output->sources[i]);
	free(output->sources);
	return status;
}

static int run(struct call *call)
{
	struct settings *settings = call->settings;

	if (settings->replacement.profile && settings->replacement.program) {
		cli_error("either --profile or --program");
		return command_misused(call->command);
	}
	if (!test_report_check(&settings->report))
		return CLI_FAILED;
	settings->output.count = call->operand_count;
	return open_and_run(settings, call->operands);
}

const struct command cmd_test = {
    .name = "test",
    .what = "run files of tests for filters",
    .synopsis = "[OPTION]... FILE...",
    .help = "Runs the tests in FILEs, callgate-test(5). Exit status 0: all passed, 1: a test failed, 2: "
            "there is no "
            "answer to one.\n",
    .options = options,
    .defaults = &defaults,
    .settings_size = sizeof(struct settings),
    .operands_least = 1,
    .operands_most = UINT_MAX,
    .question = "which files of tests are to be run?",
    .run = run,
};
