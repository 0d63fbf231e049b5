/*
 * Any bytes as a profile or policy that `callgate lint` reads. Findings have places in the text. What the text
 * suppresses is found without its words too, and nothing else is lost; what is suppressed has its words near; and
 * every format can be read again and shown.
 */
#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#include "cli/lint_file.h"
#include "fuzz/fuzz.h"
#include "fuzz/tool.h"

enum { SIZE_TAKEN = 1200, FORMAT_JSON = 1, FORMAT_SARIF = 2, FORMATS = 4 };
static const char text_name[] = "text", marker[] = "lint:allow", no_marker[] = "lint:other";

struct linted {
	struct lint_report report;
	bool is_open;
};

/* What is linted is the text itself, as a file of this name. */
static void lint(const char *bytes, size_t size, struct linted *ret_linted)
{
	struct environment environment = {0};
	struct lint_settings settings = {0};
	struct filter filter = {0};
	const struct text text = {(char *)(uintptr_t)bytes, size};

	*ret_linted = (struct linted){.is_open = false};
	FUZZ_EXPECT(environment_add(&environment, "cap", "none", 0));
	FUZZ_EXPECT(environment_add(&environment, "kernel", "6.1", 0));
	FUZZ_EXPECT(environment_add(&environment, "arch", "x86_64", 0));
	if (size % 2)
		FUZZ_EXPECT(environment_add(&environment, "arch", "x86", 0));
	if (filter_open_text(&filter, text_name, bytes, size, &environment)) {
		const int status = lint_opened(&ret_linted->report, &filter, &text, &environment, &settings);
		ret_linted->is_open = status == CLI_OK;
	}
	filter_close(&filter);
	vec_finish(&environment.settings);
}

/* ---- lines ---- */

static void check_places(const struct lint_report *report, const char *text, size_t size)
{
	for (size_t i = 0; i < report->list.count; i++) {
		const struct placed_finding *placed = &report->list.items[i];
		size_t length;
		FUZZ_EXPECT(placed->finding.name && placed->finding.text && lint_kind(placed->finding.name) >= 0);
		if (!placed->line || strcmp(placed->file, text_name) != 0)
			continue;
		FUZZ_EXPECT(placed->column > 0 && fuzz_find_line(text, size, placed->line, &length) &&
		            placed->column <= length + 1);
	}
}

/* ---- suppressions ---- */

static bool is_about_suppression(const struct placed_finding *placed)
{
	return strcmp(placed->finding.name, "suppression") == 0;
}

/* The next finding that the text itself did not bring in; NULL after the last. */
static const struct placed_finding *next_finding(const struct lint_report *report, size_t *index)
{
	while (*index < report->list.count) {
		const struct placed_finding *placed = &report->list.items[(*index)++];
		if (!is_about_suppression(placed))
			return placed;
	}
	return NULL;
}

/* The same without the words that suppress has the same findings, of which none is suppressed. */
static void check_without(const struct lint_report *report, const char *text, size_t size)
{
	char *other = malloc(size + 1);
	struct linted without;
	size_t first = 0, second = 0;
	const struct placed_finding *one, *two;

	FUZZ_EXPECT(other != NULL);
	memcpy(other, text, size);
	for (char *at = other; (at = memmem(at, size - (size_t)(at - other), marker, strlen(marker)));)
		memcpy(at, no_marker, strlen(no_marker));
	lint(other, size, &without);
	FUZZ_EXPECT(without.is_open);
	do {
		one = next_finding(report, &first);
		two = next_finding(&without.report, &second);
		FUZZ_EXPECT(!one == !two);
		if (one && (one->line != two->line || one->column != two->column ||
		            strcmp(one->finding.name, two->finding.name) != 0 || two->justification)) {
			fprintf(stderr, "%u:%u: %s, and without suppressions %u:%u: %s\n", one->line, one->column,
			        one->finding.name, two->line, two->column, two->finding.name);
			abort();
		}
	} while (one);
	for (size_t i = 0; i < without.report.list.count; i++)
		FUZZ_EXPECT(!is_about_suppression(&without.report.list.items[i]));
	arena_finish(&without.report.arena);
	free(other);
}

static bool is_blank(const char *line, size_t length)
{
	while (length > 0 && strchr(" \t\r", *line)) {
		line++;
		length--;
	}
	return length == 0 || *line == '#';
}

/* Does the line say "lint:allow NAME"? `from` what it has before that. */
static bool names(const char *line, size_t length, const char *name)
{
	const char *at = line, *end = line + length;

	while ((at = memmem(at, (size_t)(end - at), marker, strlen(marker)))) {
		at += strlen(marker);
		const char *word = at;
		while (word < end && (*word == ' ' || *word == '\t'))
			word++;
		if ((size_t)(end - word) >= strlen(name) && memcmp(word, name, strlen(name)) == 0)
			return true;
	}
	return false;
}

/* In a policy: on the line of the finding, or on comments above it, with nothing else between. */
static bool is_said_near(const struct placed_finding *placed, const char *text, size_t size)
{
	size_t length;
	const char *line = fuzz_find_line(text, size, placed->line, &length);

	FUZZ_EXPECT(line);
	if (names(line, length, placed->finding.name))
		return true;
	for (unsigned int above = placed->line - 1; above > 0; above--) {
		line = fuzz_find_line(text, size, above, &length);
		FUZZ_EXPECT(line);
		if (!is_blank(line, length))
			return false;
		if (names(line, length, placed->finding.name))
			return true;
	}
	return false;
}

/* "STATEMENT # lint:allow NAME: REASON" of a policy, and nothing more; the reason, or NULL. */
static const char *plain_reason(const char *line, size_t length, const char *name)
{
	const char *mark = memchr(line, '#', length), *end = line + length;
	char words[80];

	if (!mark || mark == line || mark[-1] != ' ' || memchr(line, '"', length) || is_blank(line, length))
		return NULL;
	const int size = snprintf(words, sizeof(words), "# lint:allow %s: ", name);
	if (end - mark <= size || memcmp(mark, words, (size_t)size) != 0 || strchr(" \t;,#\r", mark[size]))
		return NULL;
	const char *reason = &mark[size];
	return reason && memmem(reason, (size_t)(end - reason), marker, strlen(marker)) ? NULL : reason;
}

static void check_suppressed(const struct lint_report *report, const char *text, size_t size, bool is_json)
{
	for (size_t i = 0; i < report->list.count; i++) {
		const struct placed_finding *placed = &report->list.items[i];
		size_t length;
		if (strcmp(placed->file, text_name) != 0 || placed->line == 0)
			continue;
		const char *line = fuzz_find_line(text, size, placed->line, &length);
		FUZZ_EXPECT(line);
		if (placed->justification)
			FUZZ_EXPECT(*placed->justification &&
			            memmem(text, size, placed->finding.name, strlen(placed->finding.name)));
		if (is_json || is_about_suppression(placed) || memchr(text, '\0', size))
			continue;
		if (placed->justification && !is_said_near(placed, text, size)) {
			fprintf(stderr, "%u:%u: %s is suppressed by \"%s\"\n%.*s\n", placed->line, placed->column,
			        placed->finding.name, placed->justification, (int)size, text);
			abort();
		}
		if (!placed->justification && plain_reason(line, length, placed->finding.name)) {
			fprintf(stderr, "%u:%u: %s is not suppressed\n%.*s\n", placed->line, placed->column,
			        placed->finding.name, (int)size, text);
			abort();
		}
	}
}

/* ---- what is printed ---- */

static void check_json(const struct printed *printed, const struct lint_report *report, int format)
{
	json_error_t error;
	json_t *root = json_loadb(printed->text, printed->size, 0, &error);

	if (!root) {
		fprintf(stderr, "%s\n%s\n", error.text, printed->text);
		abort();
	}
	const json_t *run = json_array_get(json_object_get(root, "runs"), 0);
	const json_t *list =
	    format == FORMAT_JSON ? json_object_get(root, "findings") : json_object_get(run, "results");
	FUZZ_EXPECT(json_is_array(list) && json_array_size(list) == report->list.count);
	json_decref(root);
}

static void check_printed(const struct lint_report *report)
{
	for (int format = 0; format < FORMATS; format++) {
		struct printed printed;
		size_t lines = 0, counted = 0;
		tool_begin();
		lint_print(report, format);
		tool_end(&printed);
		FUZZ_EXPECT(tool_can_be_shown(printed.text, printed.size) &&
		            tool_can_be_shown(printed.errors, printed.errors_size));
		if (format == FORMAT_JSON || format == FORMAT_SARIF)
			check_json(&printed, report, format);
		for (size_t i = 0; i < printed.size; i++)
			lines += printed.text[i] == '\n';
		for (size_t i = 0; i < report->list.count; i++)
			counted += lint_counts(&report->list.items[i]);
		FUZZ_EXPECT(format != FORMATS - 1 || lines == counted);
		tool_free(&printed);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const struct text whole = {(char *)(uintptr_t)text, size};
	struct printed printed;
	struct linted linted;

	if (size == 0 || size > SIZE_TAKEN)
		return 0;
	tool_begin();
	lint(text, size, &linted);
	tool_end(&printed);
	tool_free(&printed);
	if (linted.is_open) {
		check_places(&linted.report, text, size);
		check_suppressed(&linted.report, text, size, profile_text_is_json(&whole));
		check_printed(&linted.report);
		if (memmem(text, size, marker, strlen(marker)))
			check_without(&linted.report, text, size);
	}
	arena_finish(&linted.report.arena);
	return 0;
}
