/* The lines of a test file: which filter, in which environment, how its tests are called, and what is tested. */
#include "grammar/scanner.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "testing/test_file.h"
#include "testing/words.h"

/* part and heading are what the lines that follow belong to. */
struct parser {
	struct callgate_test_file *file;
	struct scan scan;
	struct file_part *part;
	const char *heading;
	unsigned int deadline;
	size_t tests;
	struct file_line line; /* that is being read */
};

enum { DEADLINE_MAX = 3600000 };

static const char ready[] = "a program is ready: `cap`, `kernel` and `option` are for profiles";

/* ---- which filter ---- */

/* Begins anew: a part without a filter yet. */
static bool parse_start_part(struct parser *parser)
{
	struct file_part *part = scan_allocate(&parser->scan, 1, sizeof(*part));

	if (!part || !vec_push(&parser->file->parts, part))
		return scan_fail_memory(&parser->scan);
	parser->part = part;
	return true;
}

static bool parse_filter(struct parser *parser, bool is_program)
{
	struct scan *scan = &parser->scan;
	const char *where = scan->start;
	bool is_fresh = !parser->part->filter.path && parser->part->lines.count == 0;

	if (!is_fresh && !parse_start_part(parser))
		return false;
	struct callgate_test_filter *filter = &parser->part->filter;
	if (is_program && (filter->has_capabilities || filter->kernel || filter->option_count))
		return scan_fail(scan, where, ready);
	if (!is_fresh) {
		parser->heading = "";
		parser->deadline = FILE_DEADLINE;
	}
	filter->is_program = is_program;
	filter->line = scan->line;
	filter->path = scan_text(scan, "the name of a file");
	return filter->path && (*filter->path || scan_fail(scan, where, "the name of a file is empty"));
}

static bool parse_profile(struct parser *parser)
{
	return parse_filter(parser, false);
}

static bool parse_program(struct parser *parser)
{
	return parse_filter(parser, true);
}

/* ---- architectures ---- */

/* Names up to the end of the line, or up to `end`. */
static bool parse_archs(struct scan *scan, const char *end, struct file_archs *archs)
{
	archs->tokens = scan_allocate(scan, FILE_ARCHS_MAX, sizeof(*archs->tokens));
	if (!archs->tokens)
		return false;
	do {
		const char *where, *name = scan_name(scan, &where, "the name of an architecture");
		const struct callgate_arch *arch = name ? callgate_arch_find_name(name) : NULL;
		if (!name)
			return false;
		if (!arch || strcmp(arch->name, name) != 0) /* others may have another name for it */
			return scan_fail_unknown(scan, where, "architecture", name, "",
			                         arch ? arch->name : callgate_arch_closest_name(name));
		for (size_t i = 0; i < archs->count; i++)
			if (archs->tokens[i] == arch->token)
				return scan_fail(scan, where, "%s is here twice", name);
		assert(archs->count < FILE_ARCHS_MAX);
		archs->tokens[archs->count++] = arch->token;
		scan_take(scan, ",");
	} while (end ? !scan_take(scan, end) : !scan_is_end(scan));
	return true;
}

static bool parse_arch(struct parser *parser)
{
	struct file_archs archs = {0};

	if (!parse_archs(&parser->scan, NULL, &archs))
		return false;
	if (parser->part->lists.count == FILE_LISTS_MAX)
		return scan_fail(&parser->scan, parser->scan.start, "more than %d `arch` lines", FILE_LISTS_MAX);
	return vec_push(&parser->part->lists, archs) || scan_fail_memory(&parser->scan);
}

/* ---- the environment ---- */

static bool parse_cap(struct parser *parser)
{
	struct scan *scan = &parser->scan;
	struct callgate_test_filter *filter = &parser->part->filter;
	ARENA_VEC(const char *) names = {0};
	const char *where, *name;

	if (filter->has_capabilities)
		return scan_fail(scan, scan->start, "a second `cap` line; one line can name several");
	do {
		name = scan_name(scan, &where, "the name of a capability, or `none`,");
		if (!name)
			return false;
		if (!vec_push_in(&names, &scan->output->arena, name))
			return scan_fail_memory(scan);
		scan_take(scan, ",");
	} while (!scan_is_end(scan));
	filter->has_capabilities = true;
	filter->capability_line = scan->line;
	filter->capability_count = names.count == 1 && strcmp(name, "none") == 0 ? 0 : names.count;
	filter->capabilities = names.items;
	return true;
}

static bool parse_kernel(struct parser *parser)
{
	parser->part->filter.kernel_line = parser->scan.line;
	parser->part->filter.kernel = scan_text(&parser->scan, "a version");
	return parser->part->filter.kernel != NULL;
}

static const struct option {
	const char *name;
	const char *values; /* NULL: whatever the profile takes; "": none */
} options[] = {
    {"default-errno", NULL},
    {"same-argument", "or, and"},
    {"unknown-calls", "auto, enosys, default, named"},
    {"like", "auto, docker, podman, runc, crun"},
    {"machine", NULL},
    {"socketcall", "deny, open"},
    {"strict", ""},
};

/* NULL after a message: there is no such option. */
static const struct option *find_option(struct scan *scan, const char *where, const char *name)
{
	struct similar similar = similar_start(name);

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
		similar_offer(&similar, options[i].name);
	}
	scan_fail_unknown(scan, where, "option", name, "", similar.best);
	return NULL;
}

static bool parse_option_value(struct scan *scan, const struct option *option, const char **ret_value)
{
	const char *where = scan_blanks(scan), *value = scan_text(scan, "the option's value");
	size_t length = value ? strcspn(value, ", ") : 0;

	*ret_value = value;
	for (const char *at = option->values; value && at; at = strchr(at, ' '), at += at != NULL)
		if (length && !value[length] && strncmp(at, value, length) == 0 && strchr(",", at[length]))
			return true;
	return value && (!option->values || scan_fail(scan, where, "\"%s\" is no value of the option %s: there are %s",
	                                              value, option->name, option->values));
}

static bool parse_option(struct parser *parser)
{
	struct scan *scan = &parser->scan;
	struct callgate_test_filter *filter = &parser->part->filter;
	struct callgate_test_option option = {.line = scan->line};

	const char *where = scan_blanks(scan);
	option.name = scan_text(scan, "an option");
	const struct option *known = option.name ? find_option(scan, where, option.name) : NULL;
	if (!known)
		return false;
	for (size_t i = 0; i < filter->option_count; i++)
		if (strcmp(filter->options[i].name, option.name) == 0)
			return scan_fail(scan, where, "a second `option %s`", option.name);
	if (!(known->values && !*known->values) && !parse_option_value(scan, known, &option.value))
		return false;
	struct callgate_test_option *kept = scan_allocate(scan, filter->option_count + 1, sizeof(*kept));
	if (!kept)
		return false;
	if (filter->option_count)
		memcpy(kept, filter->options, filter->option_count * sizeof(*kept));
	kept[filter->option_count++] = option;
	filter->options = kept;
	return true;
}

/* ---- how tests are run and called ---- */

static bool parse_test(struct parser *parser)
{
	struct scan *scan = &parser->scan;

	if (scan_is_end(scan))
		return scan_fail(scan, scan->at, "there should be words that tell what is tested");
	parser->heading = scan_copy(scan, scan->at, (size_t)(scan->end - scan->at));
	scan->at = scan->end;
	return parser->heading != NULL;
}

static bool parse_deadline(struct parser *parser)
{
	struct scan *scan = &parser->scan;
	const char *word;
	uint64_t number = 0;
	size_t len = scan_word(scan, &word);

	for (size_t i = 0; i < len && number <= DEADLINE_MAX; i++)
		number = word[i] >= '0' && word[i] <= '9' ? number * 10 + (uint64_t)(word[i] - '0') : DEADLINE_MAX + 1u;
	parser->deadline = (unsigned int)number;
	return (number > 0 && number <= DEADLINE_MAX) ||
	       scan_fail(scan, word, "a deadline is a number of milliseconds, from 1 to %d", DEADLINE_MAX);
}

/* ---- what is tested ---- */

static bool add_line(struct parser *parser)
{
	struct scan *scan = &parser->scan;
	struct file_line *kept = scan_allocate(scan, 1, sizeof(*kept));
	const char *start = scan->start;

	while (*start == ' ' || *start == '\t')
		start++;
	parser->line.text = scan_copy(scan, start, (size_t)(scan->end - start));
	if (!kept || !parser->line.text)
		return false;
	parser->line.line = scan->line;
	parser->line.column = scan_column(scan, start);
	parser->line.heading = parser->heading;
	parser->line.deadline = parser->deadline;
	*kept = parser->line;
	assert(kept->kind && (kept->count == 0 || kept->calls));
	parser->tests += parser->part->lists.count ? parser->part->lists.count : 1;
	if (parser->tests > FILE_TESTS_MAX)
		return scan_fail(scan, start, "more than %d tests", FILE_TESTS_MAX);
	return vec_push(&parser->part->lines, kept) || scan_fail_memory(scan);
}

static bool parse_list(struct parser *parser)
{
	struct scan *scan = &parser->scan;
	ARENA_VEC(struct file_calls) list = {0};
	struct file_calls calls;

	do {
		if (!parse_calls(scan, &calls))
			return false;
		if (!vec_push_in(&list, &scan->output->arena, calls))
			return scan_fail_memory(scan);
	} while (!scan->is_live && scan_take(scan, ","));
	parser->line.calls = list.items;
	parser->line.count = list.count;
	scan_blanks(scan);
	return scan_expect(scan, "->", scan->is_live ? "the call" : "the calls") &&
	       parse_expectation(scan, &parser->line.expectation);
}

static bool parse_only(struct parser *parser)
{
	const char *where = parser->scan.at;

	if (!parse_list(parser))
		return false;
	for (size_t i = 0; i < parser->line.count; i++)
		if (parser->line.calls[i].arguments)
			return scan_fail(&parser->scan, where, "`only` is about whole calls, without arguments");
	return parser->line.expectation.action == SCMP_ACT_ALLOW ||
	       scan_fail(&parser->scan, where, "`only` tells what may be allowed: ... -> ALLOW");
}

static bool parse_no_weaker(struct parser *parser)
{
	struct scan *scan = &parser->scan;

	if (!scan_take(scan, "weaker") || !scan_take(scan, "than"))
		return scan_fail(scan, scan->start, "this should be `no weaker than FILE`");
	parser->line.other = scan_text(scan, "the name of a file");
	return parser->line.other != NULL;
}

static bool parse_live(struct parser *parser)
{
	return scan_expect(&parser->scan, ":", "live") && parse_list(parser);
}

/* After `other` or `unknown`. */
static bool parse_others(struct parser *parser)
{
	struct scan *scan = &parser->scan;

	if (parser->line.kind == CALLGATE_TEST_OTHER_CALLS && scan_take(scan, "architectures")) {
		parser->line.kind = CALLGATE_TEST_OTHER_ARCHS;
		if (parser->line.archs.count)
			return scan_fail(scan, scan->start, "other architectures than those of the filter are meant");
	} else if (!scan_take(scan, "calls")) {
		return scan_fail(scan, scan->at,
		                 "there can be `other calls`, `unknown calls` and `other architectures`");
	}
	return scan_expect(scan, "->", "it") && parse_expectation(scan, &parser->line.expectation);
}

/* ---- all kinds of lines ---- */

enum place { ANYWHERE, BEFORE_TESTS, BEFORE_TESTS_OF_PROFILE };

/* The last one is for lines that begin with none of the words. */
static const struct kind {
	const char *word;
	bool (*parse)(struct parser *parser);
	enum callgate_test_kind test; /* 0: the line is none */
	enum place place;
	const char *not_on; /* why `on ARCH:` can't stand before a test; NULL: it can */
} kinds[] = {
    {"profile", parse_profile, 0, ANYWHERE, NULL},
    {"program", parse_program, 0, ANYWHERE, NULL},
    {"arch", parse_arch, 0, BEFORE_TESTS, NULL},
    {"cap", parse_cap, 0, BEFORE_TESTS_OF_PROFILE, NULL},
    {"kernel", parse_kernel, 0, BEFORE_TESTS_OF_PROFILE, NULL},
    {"option", parse_option, 0, BEFORE_TESTS_OF_PROFILE, NULL},
    {"test", parse_test, 0, ANYWHERE, NULL},
    {"deadline", parse_deadline, 0, ANYWHERE, NULL},
    {"live", parse_live, CALLGATE_TEST_LIVE, ANYWHERE, "a `live:` call is this machine's"},
    {"only", parse_only, CALLGATE_TEST_ONLY, ANYWHERE, NULL},
    {"other", parse_others, CALLGATE_TEST_OTHER_CALLS, ANYWHERE, NULL},
    {"unknown", parse_others, CALLGATE_TEST_UNKNOWN_CALLS, ANYWHERE, NULL},
    {"no", parse_no_weaker, CALLGATE_TEST_NO_WEAKER, ANYWHERE, "`no weaker than` is about all architectures"},
    {NULL, parse_list, CALLGATE_TEST_CALLS, ANYWHERE, NULL},
};

/* The word that begins a line and was probably meant. */
static const char *closest_word(const char *name)
{
	struct similar similar = similar_start(name);

	similar_offer(&similar, "on");
	for (const struct kind *kind = kinds; kind->word; kind++)
		similar_offer(&similar, kind->word);
	return similar.best;
}

static bool is_in_place(struct parser *parser, const struct kind *kind)
{
	if (kind->place == BEFORE_TESTS_OF_PROFILE && parser->part->filter.is_program)
		return scan_fail(&parser->scan, parser->scan.start, ready);
	/* The environment has to be known before the tests. */
	return kind->place == ANYWHERE || parser->part->lines.count == 0 ||
	       scan_fail(&parser->scan, parser->scan.start,
	                 "this belongs before the tests; another `profile` line begins anew");
}

static bool parse_line(struct parser *parser)
{
	struct scan *scan = &parser->scan;
	const struct kind *kind = kinds;
	bool has_archs = scan_take(scan, "on");

	parser->line = (struct file_line){0};
	if (has_archs && !parse_archs(scan, ":", &parser->line.archs))
		return false;
	while (kind->word && ((has_archs && !kind->test) || !scan_take(scan, kind->word)))
		kind++;
	parser->line.kind = kind->test;
	scan->is_live = kind->test == CALLGATE_TEST_LIVE;
	if (has_archs && kind->not_on)
		return scan_fail(scan, scan->start, "%s", kind->not_on);
	return is_in_place(parser, kind) && kind->parse(parser) && scan_expect_end(scan) &&
	       (!kind->test || add_line(parser));
}

/* ---- the whole file ---- */

/* After a mistake the next lines are read all the same, so that all mistakes are reported at once. */
int file_parse(struct callgate_test_file *file, const char *text, size_t size)
{
	struct parser parser = {.file = file,
	                        .scan = {.output = &file->output, .closest_word = closest_word},
	                        .heading = "",
	                        .deadline = FILE_DEADLINE};
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
		if (file->output.messages.count >= CALLGATE_TEST_FILE_MESSAGES_MAX)
			break;
		at = newline ? newline + 1 : end;
	}
	return 0;
}
