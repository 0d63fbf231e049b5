/* Results of tests in words for people, TAP and JUnit. */
#include <assert.h>
#include <string.h>

#include "cli/print.h"
#include "cli/test_source.h"

/*
 * start: before all. source: a file begins, perhaps with an error. result: of each test. finish: when all counts are
 * known. NULL: nothing is printed then.
 */
struct test_format {
	void (*start)(struct test_output *output);
	void (*source)(struct test_output *output, const struct test_source *source);
	void (*result)(struct test_output *output, const struct test_source *source, const struct test_entry *entry);
	void (*finish)(struct test_output *output);
};

/* ---- words for people ---- */

static const struct {
	const char *word, *colour;
} looks[] = {{"ok   ", "32"}, {"FAIL ", "31;1"}, {"skip ", "33"}, {"ERROR", "35;1"}};

static void print_look(const struct test_output *output, enum callgate_test_status status)
{
	assert(status < sizeof(looks) / sizeof(looks[0]));
	if (output->colour)
		fprintf(output->out, "  \033[%sm%s\033[0m ", looks[status].colour, looks[status].word);
	else
		fprintf(output->out, "  %s ", looks[status].word);
}

static void plain_source(struct test_output *output, const struct test_source *source)
{
	print_safely(output->out, "%s\n", source->path);
	if (source->file)
		return;
	print_look(output, CALLGATE_TEST_ERROR);
	print_safely(output->out, "%s\n", source->error);
}

static void plain_result(struct test_output *output, const struct test_source *source, const struct test_entry *entry)
{
	print_look(output, entry->result.status);
	print_safely(output->out, "%s\n", entry->test->name);
	if (entry->result.status != CALLGATE_TEST_PASSED && entry->result.status != CALLGATE_TEST_SKIPPED)
		print_safely(output->out, "        %s:%u: %s\n", source->path, entry->test->line, entry->test->text);
	if (entry->result.text)
		print_safely(output->out, "        %s\n", entry->result.text);
	if (entry->origin)
		print_safely(output->out, "        the rule is at %s\n", entry->origin);
	if (entry->result.note)
		print_safely(output->out, "        note: %s\n", entry->result.note);
	fflush(output->out);
}

static void plain_finish(struct test_output *output)
{
	const struct test_counts *counts = &output->counts;

	fprintf(output->out, "%zu passed, %zu failed", counts->passed, counts->failed);
	if (counts->skipped)
		fprintf(output->out, ", %zu skipped", counts->skipped);
	if (counts->errors)
		fprintf(output->out, ", %zu without an answer", counts->errors);
	fputc('\n', output->out);
}

static void print_escaped(FILE *out, const char *text, const struct text_format *format)
{
	print_text(out, format, text, strlen(text));
}

/* ---- TAP ---- */

static void print_yaml(FILE *out, const char *key, const char *text)
{
	if (!text)
		return;
	fprintf(out, "  %s: \"", key);
	print_escaped(out, text, &format_tap_string);
	fputs("\"\n", out);
}

static void tap_start(struct test_output *output)
{
	fprintf(output->out, "TAP version 13\n1..%zu\n", test_output_total(output));
}

static void tap_source(struct test_output *output, const struct test_source *source)
{
	if (source->file)
		return;
	fprintf(output->out, "not ok %zu - ", output->number);
	print_escaped(output->out, source->path, &format_tap_name);
	fputs("\n  ---\n", output->out);
	print_yaml(output->out, "message", source->error);
	fputs("  severity: error\n  ...\n", output->out);
}

static void tap_result(struct test_output *output, const struct test_source *source, const struct test_entry *entry)
{
	const struct callgate_test_result *result = &entry->result;
	bool is_ok = result->status == CALLGATE_TEST_PASSED || result->status == CALLGATE_TEST_SKIPPED;
	FILE *out = output->out;

	fprintf(out, "%sok %zu - ", is_ok ? "" : "not ", output->number);
	print_escaped(out, entry->test->name, &format_tap_name);
	if (result->status == CALLGATE_TEST_SKIPPED) {
		fputs(" # SKIP ", out);
		print_escaped(out, result->text, &format_tap_name);
	}
	fputc('\n', out);
	if (is_ok && result->note)
		print_safely(out, "# note: %s\n", result->note);
	fflush(out);
	if (is_ok)
		return;
	fputs("  ---\n", out);
	print_yaml(out, "message", result->text);
	fprintf(out, "  severity: %s\n", result->status == CALLGATE_TEST_FAILED ? "fail" : "error");
	print_yaml(out, "test", entry->test->text);
	print_yaml(out, "file", source->path);
	fprintf(out, "  line: %u\n", entry->test->line);
	print_yaml(out, "expected", result->expected);
	print_yaml(out, "actual", result->actual);
	print_yaml(out, "call", result->call);
	print_yaml(out, "rule", entry->origin);
	print_yaml(out, "note", result->note);
	fputs("  ...\n", out);
}

/* ---- JUnit ---- */

static void print_attribute(FILE *out, const char *name, const char *text)
{
	fprintf(out, " %s=\"", name);
	print_escaped(out, text, &format_xml);
	fputc('"', out);
}

static void print_counts(FILE *out, const struct test_counts *counts, double seconds)
{
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n",
	        counts->passed + counts->failed + counts->skipped + counts->errors, counts->failed, counts->errors,
	        counts->skipped, seconds);
}

static double seconds_of(const struct test_source *source)
{
	double seconds = 0;

	for (size_t i = 0; i < source->entry_count; i++)
		seconds += source->entries[i].seconds;
	return seconds;
}

static void print_case(FILE *out, const struct test_source *source, const struct test_entry *entry)
{
	static const char *const elements[] = {NULL, "failure", "skipped", "error"};
	const char *element = elements[entry->result.status];

	fputs("    <testcase", out);
	print_attribute(out, "name", entry->test->name);
	print_attribute(out, "classname", source->path);
	print_attribute(out, "file", source->path);
	fprintf(out, " line=\"%u\" time=\"%.3f\"", entry->test->line, entry->seconds);
	if (!element) {
		fputs(entry->result.note ? "><system-out>note: " : "/>\n", out);
		if (entry->result.note) {
			print_escaped(out, entry->result.note, &format_xml);
			fputs("</system-out></testcase>\n", out);
		}
		return;
	}
	fprintf(out, "><%s", element);
	print_attribute(out, "message", entry->result.text);
	fputc('>', out);
	print_escaped(out, source->path, &format_xml);
	fprintf(out, ":%u: ", entry->test->line);
	print_escaped(out, entry->test->text, &format_xml);
	if (entry->origin) {
		fputs("\nthe rule is at ", out);
		print_escaped(out, entry->origin, &format_xml);
	}
	if (entry->result.note) {
		fputs("\nnote: ", out);
		print_escaped(out, entry->result.note, &format_xml);
	}
	fprintf(out, "</%s></testcase>\n", element);
}

static void print_suite(FILE *out, const struct test_source *source)
{
	struct test_counts counts = {.errors = source->file ? 0 : 1};
	size_t *const places[] = {&counts.passed, &counts.failed, &counts.skipped, &counts.errors};

	for (size_t i = 0; i < source->entry_count; i++)
		(*places[source->entries[i].result.status])++;
	fputs("  <testsuite", out);
	print_attribute(out, "name", source->path);
	print_counts(out, &counts, seconds_of(source));
	if (!source->file) {
		fputs("    <testcase", out);
		print_attribute(out, "name", source->path);
		print_attribute(out, "classname", source->path);
		fputs("><error", out);
		print_attribute(out, "message", source->error);
		fputs("/></testcase>\n", out);
	}
	for (size_t i = 0; i < source->entry_count; i++)
		print_case(out, source, &source->entries[i]);
	fputs("  </testsuite>\n", out);
}

/* Counts come before results, so everything is printed at the end. */
static void junit_finish(struct test_output *output)
{
	double seconds = 0;

	for (size_t i = 0; i < output->count; i++)
		seconds += seconds_of(&output->sources[i]);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"callgate test\"", output->out);
	print_counts(output->out, &output->counts, seconds);
	for (size_t i = 0; i < output->count; i++)
		print_suite(output->out, &output->sources[i]);
	fputs("</testsuites>\n", output->out);
}

/* ---- all of them ---- */

const char *const test_format_names[] = {"plain", "tap", "junit", NULL}; /* ORDER TEST_FORMAT */

static const struct test_format formats[] = {
    [TEST_FORMAT_PLAIN] = {.source = plain_source, .result = plain_result, .finish = plain_finish},
    [TEST_FORMAT_TAP] = {.start = tap_start, .source = tap_source, .result = tap_result},
    [TEST_FORMAT_JUNIT] = {.finish = junit_finish},
};

size_t test_output_total(const struct test_output *output)
{
	size_t total = 0;

	for (size_t i = 0; i < output->count; i++)
		total += output->sources[i].file ? output->sources[i].entry_count : 1;
	return total;
}

/* The files up to this one, also those without tests. */
static void reach(struct test_output *output, const struct test_source *source)
{
	while (output->source != source) {
		output->source = output->source ? output->source + 1 : output->sources;
		if (output->source == output->sources + output->count)
			return;
		if (!output->source->file) {
			output->number++;
			output->counts.errors++;
		}
		if (formats[output->format].source)
			formats[output->format].source(output, output->source);
	}
}

void test_output_start(struct test_output *output)
{
	if (formats[output->format].start)
		formats[output->format].start(output);
}

void test_output_add(struct test_output *output, const struct test_source *source, const struct test_entry *entry)
{
	size_t *const counts[] = {&output->counts.passed, &output->counts.failed, &output->counts.skipped,
	                          &output->counts.errors};

	reach(output, source);
	output->number++;
	(*counts[entry->result.status])++;
	if (formats[output->format].result)
		formats[output->format].result(output, source, entry);
}

void test_output_finish(struct test_output *output)
{
	reach(output, output->sources + output->count);
	if (formats[output->format].finish)
		formats[output->format].finish(output);
}
