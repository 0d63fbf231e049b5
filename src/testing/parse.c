/* The lines that say what is tested, and the whole file. */
#include "testing/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "testing/parse_value.h"

static bool add_line(struct parser *parser, struct file_line *line)
{
	struct scan *scan = &parser->scan;
	const char *start = scan->start;

	while (*start == ' ' || *start == '\t')
		start++;
	struct file_line *kept = scan_allocate(scan, 1, sizeof(*kept));
	line->text = scan_copy(scan, start, (size_t)(scan->end - start));
	if (!kept || !line->text)
		return false;
	line->line = scan->line;
	line->column = scan_column(scan, start);
	line->heading = parser->heading;
	line->deadline = parser->deadline;
	*kept = *line;
	parser->tests += parser->part->lists.count ? parser->part->lists.count : 1;
	if (parser->tests > FILE_TESTS_MAX)
		return scan_fail(scan, start, "more than %d tests", FILE_TESTS_MAX);
	return vec_push(&parser->part->lines, kept) || scan_fail_memory(scan);
}

static bool parse_list(struct scan *scan, bool live, struct file_line *line)
{
	size_t most = 1;

	for (const char *at = scan->at; at < scan->end; at++)
		most += *at == ',';
	struct file_calls *calls = scan_allocate(scan, most, sizeof(*calls));
	if (!calls)
		return false;
	do {
		if (!parse_calls(scan, live, &calls[line->count++]))
			return false;
	} while (!live && scan_take(scan, ","));
	line->calls = calls;
	scan_blanks(scan);
	return scan_expect(scan, "->", live ? "the call" : "the calls") &&
	       parse_expectation(scan, live, &line->expectation);
}

static bool parse_only(struct scan *scan, struct file_line *line)
{
	const char *where = scan->at;

	line->kind = CALLGATE_TEST_ONLY;
	if (!parse_list(scan, false, line))
		return false;
	for (size_t i = 0; i < line->count; i++)
		if (line->calls[i].arguments)
			return scan_fail(scan, where, "`only` is about whole calls, without arguments");
	return line->expectation.action == SCMP_ACT_ALLOW ||
	       scan_fail(scan, where, "`only` tells what may be allowed: ... -> ALLOW");
}

static bool parse_no_weaker(struct scan *scan, struct file_line *line)
{
	line->kind = CALLGATE_TEST_NO_WEAKER;
	if (!scan_take(scan, "weaker") || !scan_take(scan, "than"))
		return scan_fail(scan, scan->start, "this should be `no weaker than FILE`");
	line->other = scan_text(scan, "the name of a file");
	return line->other != NULL;
}

static bool parse_live(struct scan *scan, struct file_line *line)
{
	line->kind = CALLGATE_TEST_LIVE;
	return scan_expect(scan, ":", "live") && parse_list(scan, true, line);
}

/* Behind `other` or `newer`. */
static bool parse_others(struct scan *scan, bool archs, enum callgate_test_kind kind, struct file_line *line)
{
	line->kind = archs ? CALLGATE_TEST_OTHER_ARCHS : kind;
	if (archs && line->archs.count)
		return scan_fail(scan, scan->start, "other architectures than those of the filter are meant");
	if (!archs && !scan_take(scan, "calls"))
		return scan_fail(scan, scan->at,
		                 "there can be `other calls`, `newer calls` and `other architectures`");
	return scan_expect(scan, "->", "it") && parse_expectation(scan, false, &line->expectation);
}

static bool parse_tested(struct parser *parser)
{
	struct scan *scan = &parser->scan;
	struct file_line line = {.kind = CALLGATE_TEST_CALLS};
	bool right;

	if (scan_take(scan, "on") && !parse_archs(scan, ":", &line.archs))
		return false;
	if (scan_take(scan, "live"))
		right = line.archs.count ? scan_fail(scan, scan->start, "a `live:` call is this machine's")
		                         : parse_live(scan, &line);
	else if (scan_take(scan, "only"))
		right = parse_only(scan, &line);
	else if (scan_take(scan, "other"))
		right =
		    parse_others(scan, scan_take(scan, "architectures"), CALLGATE_TEST_OTHER_CALLS, &line);
	else if (scan_take(scan, "newer"))
		right = parse_others(scan, false, CALLGATE_TEST_NEWER_CALLS, &line);
	else if (scan_take(scan, "no"))
		right = line.archs.count
		            ? scan_fail(scan, scan->start, "`no weaker than` is about all architectures")
		            : parse_no_weaker(scan, &line);
	else
		right = parse_list(scan, false, &line);
	return right && scan_expect_end(scan) && add_line(parser, &line);
}

static bool parse_line(struct parser *parser)
{
	bool is_directive;

	return parse_directive(parser, &is_directive) && (is_directive || parse_tested(parser));
}

/* After a mistake the next lines are read all the same, so that all mistakes are told at once. */
static int parse(struct callgate_test_file *file, const char *text, size_t size)
{
	struct parser parser = {.scan = {.file = file}, .heading = "", .deadline = FILE_DEADLINE};
	const char *end = text + size;

	if (!parse_start_part(&parser))
		return -ENOMEM;
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* some editors write a byte order mark */
		text += 3;
	for (const char *at = text; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = newline ? newline : end;
		if (scan_start_line(&parser.scan, at, line_end) && !scan_is_end(&parser.scan))
			parse_line(&parser);
		if (parser.scan.no_memory)
			return -ENOMEM;
		if (file->messages.count >= CALLGATE_TEST_FILE_MESSAGES_MAX)
			break;
		at = newline ? newline + 1 : end;
	}
	return file->messages.count ? 0 : file_multiply(file);
}

int callgate_test_file_parse(const void *text, size_t size, struct callgate_test_file **ret_file)
{
	struct callgate_test_file *file;

	if ((!text && size) || !ret_file)
		return -EINVAL;
	if (size > CALLGATE_TEST_FILE_SIZE_MAX)
		return -EFBIG;
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	int result = parse(file, size ? text : "", size);
	if (result < 0) {
		callgate_test_file_free(file);
		return result;
	}
	*ret_file = file;
	return 0;
}
