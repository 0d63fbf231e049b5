#include "cli/test_output.h"

#include <string.h>

static const struct test_format *const formats[] = {&test_format_plain, &test_format_tap, &test_format_junit};

const struct test_format *test_format_find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

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
			output->counts.trouble++;
		}
		output->format->source(output, output->source);
	}
}

void test_output_start(struct test_output *output)
{
	output->format->start(output);
}

void test_output_tell(void *data, const struct test_source *source, const struct test_entry *entry)
{
	struct test_output *output = data;
	size_t *const counts[] = {&output->counts.passed, &output->counts.failed, &output->counts.skipped,
	                          &output->counts.trouble};

	reach(output, source);
	output->number++;
	(*counts[entry->result.status])++;
	output->format->result(output, source, entry);
}

void test_output_finish(struct test_output *output)
{
	reach(output, output->sources + output->count);
	output->format->finish(output);
}

/* ---- words for people ---- */

static const struct {
	const char *word, *colour;
} looks[] = {{"ok   ", "32"}, {"FAIL ", "31;1"}, {"skip ", "33"}, {"ERROR", "35;1"}};

static void print_look(const struct test_output *output, enum callgate_test_status status)
{
	if (output->colour)
		fprintf(output->out, "  \033[%sm%s\033[0m ", looks[status].colour, looks[status].word);
	else
		fprintf(output->out, "  %s ", looks[status].word);
}

static void plain_start(struct test_output *output)
{
	(void)output;
}

static void plain_source(struct test_output *output, const struct test_source *source)
{
	fprintf(output->out, "%s\n", source->path);
	if (source->file)
		return;
	print_look(output, CALLGATE_TEST_ERROR);
	fprintf(output->out, "%s\n", source->trouble);
}

static void plain_result(struct test_output *output, const struct test_source *source,
                         const struct test_entry *entry)
{
	print_look(output, entry->result.status);
	fprintf(output->out, "%s\n", entry->test->name);
	if (entry->result.status != CALLGATE_TEST_PASSED && entry->result.status != CALLGATE_TEST_SKIPPED)
		fprintf(output->out, "        %s:%u: %s\n", source->path, entry->test->line,
		        entry->test->text);
	if (entry->result.text)
		fprintf(output->out, "        %s\n", entry->result.text);
	if (entry->origin)
		fprintf(output->out, "        the rule is at %s\n", entry->origin);
	fflush(output->out);
}

static void plain_finish(struct test_output *output)
{
	const struct test_counts *counts = &output->counts;

	fprintf(output->out, "%zu passed, %zu failed", counts->passed, counts->failed);
	if (counts->skipped)
		fprintf(output->out, ", %zu skipped", counts->skipped);
	if (counts->trouble)
		fprintf(output->out, ", %zu without an answer", counts->trouble);
	fputc('\n', output->out);
}

const struct test_format test_format_plain = {"plain", plain_start, plain_source, plain_result, plain_finish};
