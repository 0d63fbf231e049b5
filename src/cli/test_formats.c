/* TAP (version 13, which every reader of it knows) and JUnit. */
#include <string.h>

#include "base/strbuf.h"
#include "cli/test_output.h"

/* How many bytes the character has that begins here, if it may stand in XML and YAML; 0: it may not. Paths may have any bytes. */
static size_t character_size(const char *at)
{
	unsigned char c = (unsigned char)*at;
	size_t size = c < ' ' || c == 0x7f ? 0 : utf8_size(at, strnlen(at, 4));
	bool is_no_character =
	    size == 3 && c == 0xef && (unsigned char)at[1] == 0xbf && (unsigned char)at[2] >= 0xbe;

	return is_no_character ? 0 : size;
}

struct replacement {
	char from;
	const char *to;
};

/* The text with some characters replaced (the list ends with a NUL), and what can't be printed as "?". */
static void print_escaped(FILE *out, const char *text, const struct replacement *replacements)
{
	while (*text) {
		const struct replacement *found = replacements;
		size_t size = character_size(text);
		while (found->from && found->from != *text)
			found++;
		if (found->from)
			fputs(found->to, out);
		else if (size)
			fwrite(text, 1, size, out);
		else
			fputc('?', out);
		text += size ? size : 1;
	}
}

/* ---- TAP ---- */

static const struct replacement tap_name[] = {{'#', "\\#"}, {'\\', "\\\\"}, {0}};
static const struct replacement tap_string[] = {{'"', "\\\""}, {'\\', "\\\\"}, {0}};

static void print_yaml(FILE *out, const char *key, const char *text)
{
	if (!text)
		return;
	fprintf(out, "  %s: \"", key);
	print_escaped(out, text, tap_string);
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
	print_escaped(output->out, source->path, tap_name);
	fputs("\n  ---\n", output->out);
	print_yaml(output->out, "message", source->trouble);
	fputs("  severity: error\n  ...\n", output->out);
}

static void tap_result(struct test_output *output, const struct test_source *source,
                       const struct test_entry *entry)
{
	const struct callgate_test_result *result = &entry->result;
	bool is_ok = result->status == CALLGATE_TEST_PASSED || result->status == CALLGATE_TEST_SKIPPED;
	FILE *out = output->out;

	fprintf(out, "%sok %zu - ", is_ok ? "" : "not ", output->number);
	print_escaped(out, entry->test->name, tap_name);
	if (result->status == CALLGATE_TEST_SKIPPED) {
		fputs(" # SKIP ", out);
		print_escaped(out, result->text, tap_name);
	}
	fputc('\n', out);
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
	fputs("  ...\n", out);
}

static void tap_finish(struct test_output *output)
{
	(void)output;
}

const struct test_format test_format_tap = {"tap", tap_start, tap_source, tap_result, tap_finish};

/* ---- JUnit: counts come before results, so all is printed at the end ---- */

static const struct replacement xml[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {0}};

static void print_attribute(FILE *out, const char *name, const char *text)
{
	fprintf(out, " %s=\"", name);
	print_escaped(out, text, xml);
	fputc('"', out);
}

static void print_counts(FILE *out, const struct test_counts *counts)
{
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n",
	        counts->passed + counts->failed + counts->skipped + counts->trouble, counts->failed,
	        counts->trouble, counts->skipped);
}

static void print_case(FILE *out, const struct test_source *source, const struct test_entry *entry)
{
	static const char *const elements[] = {NULL, "failure", "skipped", "error"};
	const char *element = elements[entry->result.status];

	fputs("    <testcase", out);
	print_attribute(out, "name", entry->test->name);
	print_attribute(out, "classname", source->path);
	print_attribute(out, "file", source->path);
	fprintf(out, " line=\"%u\"", entry->test->line);
	if (!element) {
		fputs("/>\n", out);
		return;
	}
	fprintf(out, "><%s", element);
	print_attribute(out, "message", entry->result.text);
	fputc('>', out);
	print_escaped(out, source->path, xml);
	fprintf(out, ":%u: ", entry->test->line);
	print_escaped(out, entry->test->text, xml);
	if (entry->origin) {
		fputs("\nthe rule is at ", out);
		print_escaped(out, entry->origin, xml);
	}
	fprintf(out, "</%s></testcase>\n", element);
}

static void print_suite(FILE *out, const struct test_source *source)
{
	struct test_counts counts = {.trouble = source->file ? 0 : 1};
	size_t *const places[] = {&counts.passed, &counts.failed, &counts.skipped, &counts.trouble};

	for (size_t i = 0; i < source->entry_count; i++)
		(*places[source->entries[i].result.status])++;
	fputs("  <testsuite", out);
	print_attribute(out, "name", source->path);
	print_counts(out, &counts);
	if (!source->file) {
		fputs("    <testcase", out);
		print_attribute(out, "name", source->path);
		print_attribute(out, "classname", source->path);
		fputs("><error", out);
		print_attribute(out, "message", source->trouble);
		fputs("/></testcase>\n", out);
	}
	for (size_t i = 0; i < source->entry_count; i++)
		print_case(out, source, &source->entries[i]);
	fputs("  </testsuite>\n", out);
}

static void junit_finish(struct test_output *output)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"callgate test\"", output->out);
	print_counts(output->out, &output->counts);
	for (size_t i = 0; i < output->count; i++)
		print_suite(output->out, &output->sources[i]);
	fputs("</testsuites>\n", output->out);
}

static void junit_source(struct test_output *output, const struct test_source *source)
{
	(void)output, (void)source;
}

static void junit_result(struct test_output *output, const struct test_source *source,
                         const struct test_entry *entry)
{
	(void)output, (void)source, (void)entry;
}

const struct test_format test_format_junit = {"junit", tap_finish, junit_source, junit_result, junit_finish};
