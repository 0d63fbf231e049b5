/* callgate test: runs files of tests for filters, in one process or in several. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/print.h"
#include "cli/test_source.h"

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
     "only tests whose names match the shell pattern"},
    {"jobs", 'j', "N", take_number, offsetof(struct settings, jobs), "run in N processes; default: 1", .least = 1,
     .most = 256},
    {"profile", 0, "FILE", take_text, offsetof(struct settings, replacement.profile),
     "test this profile in place of what the files name"},
    {"program", 0, "FILE", take_text, offsetof(struct settings, replacement.program), "the same for a program"},
    {"coverage", 0, NULL, take_flag, offsetof(struct settings, report.coverage),
     "name the rules and the edges of programs that no test exercises"},
    {"coverage-min", 0, "N%", take_text, offsetof(struct settings, report.min),
     "exit status 1 if less than N% of a filter's rules or edges are exercised"},
    {"coverage-html", 0, "FILE", take_text, offsetof(struct settings, report.html),
     "write a page about coverage and mutants"},
    {"mutate", 0, NULL, take_flag, offsetof(struct settings, report.mutate),
     "weaken each filter in one place at a time; exit status 1 if no test notices one of these mutants"},
    {0},
};

/* ---- where the output goes ---- */

/*
 * Live tests may write to standard output, and what they write must not end up between the results: the output is a
 * copy of it, and what is written to it in the meantime goes to standard error.
 */
static bool open_outputs(struct settings *settings)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	struct output *results = &settings->results, *html = &settings->html;

	if (!output_open(results, settings->path))
		return false;
	if (settings->report.html && (!output_open(html, settings->report.html) || !output_is_another(html, results)))
		return false;
	settings->output.out = results->stream;
	settings->output.colour =
	    isatty(fileno(results->stream)) && !(no_colour && *no_colour) && !(term && strcmp(term, "dumb") == 0);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	return true;
}

/* ---- one test ---- */

static double now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool run_one(const struct test_source *source, struct test_entry *entry)
{
	double start = now();
	const char *error = test_source_error(source, entry->test), *file;
	unsigned int line, column;

	if (error) {
		entry->result.status = CALLGATE_TEST_ERROR;
		entry->result.text = strdup(error);
		return entry->result.text != NULL;
	}
	if (callgate_test_run(source->file, entry->index, source->sides, NULL, &entry->result) < 0)
		return false;
	entry->seconds = now() - start;
	const struct filter *filter = &source->filters[entry->test->filter];
	if (!entry->result.rule || !filter->profile ||
	    callgate_profile_rule_place(filter->profile, entry->result.rule, &file, &line, &column) < 0)
		return true;
	if (asprintf(&entry->origin, "%s:%u:%u", file, line, column) < 0)
		entry->origin = NULL;
	return entry->origin != NULL;
}

/* ---- tests in other processes ---- */

enum { TEXTS = 6, TEXT_MAX = 1 << 24, LOOK_MS = 500, END_MS = 2000, STOPPED_SECONDS = 5 };

/* A worker runs every test of a number, modulo the number of workers. */
struct worker {
	pid_t pid;      /* 0: it is gone and collected */
	int results;    /* -1: nothing is expected of it any more */
	double stopped; /* since when; 0: it runs */
};

/* What goes through the pipe, followed by the texts. A length of SIZE_MAX stands for NULL. */
struct record {
	struct callgate_test_result result; /* its pointers mean nothing */
	double seconds;
	size_t lengths[TEXTS];
};

static void list_texts(struct test_entry *entry, char **texts[TEXTS])
{
	texts[0] = &entry->result.text;
	texts[1] = &entry->result.expected;
	texts[2] = &entry->result.actual;
	texts[3] = &entry->result.call;
	texts[4] = &entry->result.note;
	texts[5] = &entry->origin;
}

static bool write_entry(FILE *pipe, struct test_entry *entry)
{
	struct record record = {.result = entry->result, .seconds = entry->seconds};
	char **texts[TEXTS];

	list_texts(entry, texts);
	for (int i = 0; i < TEXTS; i++)
		record.lengths[i] = *texts[i] ? strlen(*texts[i]) : SIZE_MAX;
	fwrite(&record, sizeof(record), 1, pipe);
	for (int i = 0; i < TEXTS; i++)
		if (*texts[i])
			fwrite(*texts[i], 1, record.lengths[i], pipe);
	return fflush(pipe) == 0;
}

__attribute__((noreturn)) static void work(const struct test_output *output, unsigned int jobs, unsigned int first,
                                           int fd)
{
	FILE *pipe = fdopen(output_raise(fd), "we");
	size_t number = 0;

	for (size_t i = 0; pipe && i < output->count; i++)
		for (size_t j = 0; j < output->sources[i].entry_count; j++) {
			struct test_entry *entry = &output->sources[i].entries[j];
			if (number++ % jobs != first)
				continue;
			const bool is_run = run_one(&output->sources[i], entry);
			if (!is_run)
				cli_error("out of memory");
			if (!is_run || !write_entry(pipe, entry))
				_exit(1);
		}
	_exit(0);
}

static bool start_worker(struct worker *worker, const struct test_output *output, unsigned int jobs, unsigned int index)
{
	int ends[2];

	*worker = (struct worker){.results = -1};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		work(output, jobs, index, ends[1]);
	}
	close(ends[1]);
	worker->results = output_raise(ends[0]);
	worker->pid = pid > 0 ? pid : 0;
	return pid > 0;
}

/* Will nothing more come from it? It has ended, or was stopped, perhaps by a test, and has not gone on for too long. */
static bool is_lost(struct worker *worker)
{
	int status = 0;
	pid_t pid = worker->pid ? waitpid(worker->pid, &status, WNOHANG | WUNTRACED | WCONTINUED) : 0;

	if (pid > 0 && (WIFSTOPPED(status) || WIFCONTINUED(status)))
		worker->stopped = WIFSTOPPED(status) ? now() : 0;
	else if (pid == worker->pid || (pid < 0 && errno == ECHILD))
		worker->pid = 0;
	return worker->pid == 0 || (worker->stopped > 0 && now() - worker->stopped > STOPPED_SECONDS);
}

/* Is there something to read? Others may have the pipe's other end, so the end of the worker counts, too. */
static bool await(struct worker *worker)
{
	struct pollfd fd = {.fd = worker->results, .events = POLLIN};

	for (bool lost = false;; lost = is_lost(worker)) {
		int ready = poll(&fd, 1, lost ? 0 : LOOK_MS);
		if (ready > 0 || (ready < 0 && errno != EINTR))
			return ready > 0;
		if (lost)
			return false;
	}
}

static bool receive_bytes(struct worker *worker, void *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t length = await(worker) ? read(worker->results, (char *)bytes + done, size - done) : 0;
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return false;
		done += (size_t)length;
	}
	return true;
}

/* A test can write to the pipe itself, so nothing that comes from there is believed. */
static bool receive_entry(struct worker *worker, struct test_entry *entry)
{
	struct record record;
	char **texts[TEXTS];

	if (!receive_bytes(worker, &record, sizeof(record)) || (unsigned int)record.result.status > CALLGATE_TEST_ERROR)
		return false;
	entry->result = record.result;
	entry->seconds = record.seconds;
	list_texts(entry, texts);
	for (int i = 0; i < TEXTS; i++)
		*texts[i] = NULL;
	for (int i = 0; i < TEXTS; i++) {
		if (record.lengths[i] == SIZE_MAX)
			continue;
		if (record.lengths[i] > TEXT_MAX)
			return false;
		*texts[i] = calloc(record.lengths[i] + 1, 1);
		if (!*texts[i] || !receive_bytes(worker, *texts[i], record.lengths[i]))
			return false;
	}
	return true;
}

/*
 * A worker that is lost has taken the answer with it; from one that writes something else there is nothing more to be
 * had.
 */
static bool receive(struct worker *worker, struct test_entry *entry)
{
	if (worker->results >= 0 && receive_entry(worker, entry))
		return true;
	if (worker->results >= 0)
		close(worker->results);
	worker->results = -1;
	callgate_test_result_finish(&entry->result);
	free(entry->origin);
	entry->origin = NULL;
	entry->result.status = CALLGATE_TEST_ERROR;
	entry->result.text = strdup(worker->stopped > 0 ? "the process that ran it was stopped"
	                                                : "the process that ran it has ended without an answer");
	return entry->result.text != NULL;
}

/*
 * Ends those that still run. One that not even SIGKILL ends, since the kernel waits for something in it, is left
 * running.
 */
static void stop_workers(struct worker *workers, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct worker *worker = &workers[i];
		if (worker->results >= 0)
			close(worker->results);
		for (int waited = 0; worker->pid && waited < END_MS; waited += 10) {
			(void)is_lost(worker);
			if (worker->pid && (worker->stopped > 0 || waited == END_MS / 2))
				kill(worker->pid, SIGKILL);
			poll(NULL, 0, worker->pid ? 10 : 0);
		}
	}
}

/* Runs all entries, in several processes if there are `jobs` workers. False: out of memory or of processes. */
static bool run_all(struct test_output *output, struct worker *workers, unsigned int jobs)
{
	unsigned int started = 0;
	size_t number = 0;
	bool done = true;

	fflush(NULL); /* or each process has what is to be written */
	for (; workers && done && started < jobs; started++)
		done = start_worker(&workers[started], output, jobs, started);
	for (size_t i = 0; i < output->count && done; i++)
		for (size_t j = 0; j < output->sources[i].entry_count && done; j++) {
			struct test_entry *entry = &output->sources[i].entries[j];
			done =
			    workers ? receive(&workers[number++ % jobs], entry) : run_one(&output->sources[i], entry);
			if (done)
				test_output_add(output, &output->sources[i], entry);
		}
	if (workers)
		stop_workers(workers, started);
	if (!done)
		cli_error("out of memory or of processes");
	return done;
}

/* ---- all tests ---- */

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
			print_safely(output->out, "%s:%u: %s\n", source->path, source->entries[j].test->line,
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
	struct worker *workers = settings->jobs > 1 ? calloc(settings->jobs, sizeof(*workers)) : NULL;
	bool done = run_all(output, workers, settings->jobs);
	free(workers);
	if (!done) {
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
    .help = "Runs the tests in FILEs, callgate-test(5). Exit status 0: all passed, 1: a test failed, 2: a test has no "
            "answer.\n",
    .options = options,
    .defaults = &defaults,
    .settings_size = sizeof(struct settings),
    .operands_least = 1,
    .operands_most = UINT_MAX,
    .question = "which files of tests are to be run?",
    .run = run,
};
