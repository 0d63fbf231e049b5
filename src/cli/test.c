/* callgate test: runs files of tests for filters. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/test_output.h"
#include "cli/test_report.h"
#include "cli/test_run.h"

enum { JOBS_MAX = 256 };

static const char usage[] =
    "test [OPTION]... FILE...\n"
    "\n"
    "Runs the tests in FILEs, callgate-test(5). Exit status 0: all passed, 1: a test failed, 2: there is no "
    "answer "
    "to one\n"
    "  --format plain|tap|junit  default: plain, in colour on a terminal (NO_COLOR: without)\n"
    "  -o, --output FILE    default: standard output\n"
    "  --list               name the tests, and run none\n"
    "  --filter PATTERN     only tests in whose name the shell pattern is found\n"
    "  -j, --jobs N         run in N processes; default: 1\n"
    "  --profile FILE       test this profile in place of what the files name\n"
    "  --program FILE       the same for a program\n"
    "  --coverage           name the rules and the edges of programs that no test exercises\n"
    "  --coverage-min N%    exit status 1 if less than that of a filter's rules or edges is exercised\n"
    "  --coverage-html FILE  write a page about both\n"
    "  --mutate             weaken each filter in one place at a time; exit status 1 if no test notices\n";

struct settings {
	struct test_replacement replacement;
	const char *pattern, *path;
	unsigned int jobs;
	bool list;
	struct output results, html;
	struct test_output output;
	struct test_report_options report;
};

static bool take_jobs(struct settings *settings, const char *text)
{
	char *end;
	unsigned long jobs = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || jobs < 1 || jobs > JOBS_MAX) {
		cli_error("--jobs takes a number from 1 to %d, not \"%s\"", JOBS_MAX, text);
		return false;
	}
	settings->jobs = (unsigned int)jobs;
	return true;
}

static bool take_format(struct settings *settings, const char *name)
{
	settings->output.format = test_format_find(name);
	if (!settings->output.format)
		cli_error("there is no format \"%s\"; there are plain, tap and junit", name);
	return settings->output.format != NULL;
}

static bool take_option(struct settings *settings, int option, const char *value)
{
	switch (option) {
	case 'f':
		return take_format(settings, value);
	case 'o':
		settings->path = value;
		return true;
	case 'l':
		settings->list = true;
		return true;
	case 'F':
		settings->pattern = value;
		return true;
	case 'j':
		return take_jobs(settings, value);
	case 'p':
		settings->replacement.profile = value;
		return true;
	case 'c':
		settings->report.coverage = true;
		return true;
	case 'm':
		return test_report_take_min(&settings->report, value);
	case 'H':
		settings->report.html = value;
		return true;
	case 'M':
		settings->report.mutate = true;
		return true;
	default:
		settings->replacement.program = value;
		return true;
	}
}

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

static bool has_trouble(const struct test_output *output)
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
			cli_error("%s: %s", source->path, source->trouble);
		for (size_t j = 0; j < source->entry_count; j++)
			fprintf(output->out, "%s:%u: %s\n", source->path, source->entries[j].test->line,
			        source->entries[j].test->name);
	}
	return has_trouble(output) ? CLI_FAILED : CLI_OK;
}

/* In TAP a comment; XML would be spoilt by it. */
static int report_on(struct settings *settings)
{
	const struct test_output *output = &settings->output;

	fflush(output->out);
	return test_report(&settings->report, output->sources, output->count,
	                   output->format == &test_format_junit ? stderr : output->out,
	                   output->format == &test_format_tap ? "# " : "", &settings->html);
}

static int run(struct settings *settings)
{
	struct test_output *output = &settings->output;

	if (test_output_total(output) == 0) {
		cli_error("no test has \"%s\" in its name", settings->pattern);
		output_discard(&settings->results);
		return CLI_FAILED;
	}
	if (settings->list)
		return list(output);
	test_output_start(output);
	if (!test_run(output->sources, output->count, settings->jobs, test_output_tell, output)) {
		output_discard(&settings->results);
		return CLI_FAILED;
	}
	test_output_finish(output);
	int report = report_on(settings);
	int status = output->counts.trouble ? CLI_FAILED : output->counts.failed ? CLI_NO : CLI_OK;
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
		status = run(settings);
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

int cli_test(int argc, char **argv)
{
	static const struct option options[] = {
	    {"format", required_argument, NULL, 'f'},
	    {"output", required_argument, NULL, 'o'},
	    {"list", no_argument, NULL, 'l'},
	    {"filter", required_argument, NULL, 'F'},
	    {"jobs", required_argument, NULL, 'j'},
	    {"profile", required_argument, NULL, 'p'},
	    {"program", required_argument, NULL, 'P'},
	    {"coverage", no_argument, NULL, 'c'},
	    {"coverage-min", required_argument, NULL, 'm'},
	    {"coverage-html", required_argument, NULL, 'H'},
	    {"mutate", no_argument, NULL, 'M'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	struct settings settings = {.jobs = 1,
	                            .results = {.folder = -1},
	                            .html = {.folder = -1},
	                            .output = {.format = &test_format_plain}};

	for (int option; (option = getopt_long(argc, argv, "ho:j:", options, NULL)) != -1;) {
		if (option == 'h' || option == '?')
			return cli_help(usage, option == 'h');
		if (!take_option(&settings, option, optarg))
			return CLI_FAILED;
	}
	bool both = settings.replacement.profile && settings.replacement.program;
	if (both || optind == argc) {
		cli_error(both ? "either --profile or --program" : "which files of tests are to run?");
		return cli_help(usage, false);
	}
	settings.output.count = (size_t)(argc - optind);
	return open_and_run(&settings, argv + optind);
}
