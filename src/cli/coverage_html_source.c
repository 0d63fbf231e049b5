/* The text of the profile, with what became of each name in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/coverage_html_private.h"

/* The rules from `rule` to `end` stand in one line of the profile, those of one name together. */
struct source_line {
	const struct coverage_rule *rule, *end;
	size_t section;
};

static void name_title(struct strbuf *out, const struct coverage_rule *rule, const struct coverage_rule *end)
{
	for (const struct coverage_rule *at = rule; at < end; at++)
		for (size_t i = 0; i < at->place_count; i++) {
			strbuf_append(out, at == rule && i == 0 ? "" : ", ");
			html_text(out, coverage_arch_name(at->places[i].arch));
			if (at->places[i].hits)
				strbuf_printf(out, ": %lu calls", at->places[i].hits);
			else
				strbuf_append(out, ": not exercised");
		}
}

static bool is_missed(const struct coverage_rule *rule, const struct coverage_rule *end)
{
	for (; rule < end; rule++)
		for (size_t i = 0; i < rule->place_count; i++)
			if (!rule->places[i].hits)
				return true;
	return false;
}

/* How many bytes the string in quotes at `text` has, or what comes in its place. */
static size_t token_length(const char *text)
{
	size_t length = 1;

	if (*text != '"')
		return *text != '\0';
	for (; text[length] && text[length] != '"'; length++)
		length += text[length] == '\\' && text[length + 1];
	return text[length] ? length + 1 : length;
}

static void print_bytes(struct strbuf *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		html_text(out, (const char[]){text[i], '\0'});
}

/* The bytes before a column, which counts characters of UTF-8 from 1. */
static size_t column_offset(const char *text, unsigned int column)
{
	size_t offset = 0;

	for (unsigned int at = 1; text[offset]; offset++) {
		if ((text[offset] & 0xc0) != 0x80 && at++ == column)
			break;
	}
	return offset;
}

static void annotate(struct strbuf *out, const char *text, const struct source_line *line)
{
	size_t done = 0, length = strlen(text);

	for (const struct coverage_rule *rule = line->rule, *next; rule < line->end; rule = next) {
		for (next = rule + 1; next < line->end && next->column == rule->column; next++)
			;
		size_t offset = column_offset(text, rule->column);
		if (offset < done)
			continue;
		print_bytes(out, text + done, offset - done);
		done = offset + token_length(text + offset);
		strbuf_printf(out, "<mark class=\"%s\" title=\"", is_missed(rule, next) ? "miss" : "hit");
		name_title(out, rule, next);
		strbuf_append(out, "\">");
		print_bytes(out, text + offset, done - offset);
		strbuf_append(out, "</mark>");
	}
	print_bytes(out, text + done, length - done);
}

static int by_number(const void *a, const void *b)
{
	const unsigned int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The lines of all tests that exercise a rule of this line. */
static void tests_of(struct strbuf *out, const struct source_line *line)
{
	size_t count = 0, most = 0;

	for (const struct coverage_rule *rule = line->rule; rule < line->end; rule++)
		most += rule->test_count;
	unsigned int *numbers = calloc(most + 1, sizeof(*numbers));
	if (!numbers) {
		out->failed = true;
		return;
	}
	for (const struct coverage_rule *rule = line->rule; rule < line->end; rule++)
		for (size_t i = 0; i < rule->test_count; i++)
			numbers[count++] = rule->tests[i];
	qsort(numbers, count, sizeof(*numbers), by_number);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || numbers[i] != numbers[i - 1])
			strbuf_printf(out, "%s<a href=\"#s%zu-t%u\">%u</a>", i ? ", " : "", line->section,
			              numbers[i], numbers[i]);
	free(numbers);
}

static void line_row(struct strbuf *out, const char *text, unsigned int number,
                     const struct source_line *line)
{
	bool missed = is_missed(line->rule, line->end);

	strbuf_printf(out, "<tr class=\"%s\"><td class=\"place\">%u</td><td><code>", missed ? "miss" : "",
	              number);
	annotate(out, text, line);
	strbuf_append(out, "</code></td><td class=\"tests\">");
	tests_of(out, line);
	strbuf_append(out, "</td></tr>\n");
}

static void lines(struct strbuf *out, const struct coverage *coverage, FILE *file, size_t section)
{
	const struct coverage_rule *rule = coverage->rules, *end = coverage->rules + coverage->rule_count;
	struct source_line line = {.section = section};
	size_t capacity = 0;
	char *text = NULL;
	ssize_t length;

	for (unsigned int number = 1; (length = getline(&text, &capacity, file)) >= 0; number++) {
		while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
			text[--length] = '\0';
		while (rule < end && rule->line < number)
			rule++;
		line.rule = rule;
		while (rule < end && rule->line == number)
			rule++;
		line.end = rule;
		line_row(out, text, number, &line);
	}
	free(text);
}

void html_source(struct strbuf *out, const struct coverage *coverage, size_t section)
{
	FILE *file = coverage_has_rules(coverage) ? fopen(coverage_filter(coverage)->path, "re") : NULL;

	if (!file)
		return;
	strbuf_append(out,
	              "<h3>Policy</h3>\n<p>The profile, with the calls that its rules are about: "
	              "<mark class=\"hit\">exercised</mark> on all architectures, or "
	              "<mark class=\"miss\">not on all</mark>. On the right the lines of the tests that do "
	              "so.</p>\n<table class=\"source\"><tbody>\n");
	lines(out, coverage, file, section);
	strbuf_append(out, "</tbody></table>\n");
	fclose(file);
}
