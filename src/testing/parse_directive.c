/* The lines that say which filter, in which environment, and how its tests are called. */
#include "testing/parse.h"

#include <string.h>

#include "base/similar.h"
#include "testing/words.h"

enum { DEADLINE_MAX = 3600000 };

/* ---- which filter ---- */

bool parse_start_part(struct parser *parser)
{
	struct file_part *part = scan_allocate(&parser->scan, 1, sizeof(*part));

	if (!part || !vec_push(&parser->scan.file->parts, part))
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
		return scan_fail(scan, where,
		                 "a program is ready: `cap`, `kernel` and `option` are for profiles");
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

/* The environment has to be known before the tests. */
static bool is_before_tests(struct parser *parser)
{
	return parser->part->lines.count == 0 ||
	       scan_fail(&parser->scan, parser->scan.start,
	                 "this belongs before the tests; another `profile` line begins anew");
}

static bool is_for_profile(struct parser *parser)
{
	if (parser->part->filter.is_program)
		return scan_fail(&parser->scan, parser->scan.start,
		                 "a program is ready: `cap`, `kernel` and `option` are for profiles");
	return is_before_tests(parser);
}

/* ---- architectures ---- */

static bool add_arch(struct scan *scan, const char *where, char *name, struct file_archs *archs)
{
	uint32_t token = words_arch_token(name);
	const char *closest = words_closest_arch(name);

	if (!token && closest)
		return scan_fail(scan, where, "there is no architecture \"%s\"; did you mean \"%s\"?", name,
		                 closest);
	if (!token)
		return scan_fail(scan, where, "there is no architecture \"%s\"", name);
	for (size_t i = 0; i < archs->count; i++)
		if (archs->tokens[i] == token)
			return scan_fail(scan, where, "%s is here twice", name);
	archs->tokens[archs->count++] = token;
	return true;
}

bool parse_archs(struct scan *scan, const char *end, struct file_archs *ret_archs)
{
	struct file_archs archs = {0};

	archs.tokens = scan_allocate(scan, PARSE_LISTED_MAX, sizeof(*archs.tokens));
	if (!archs.tokens)
		return false;
	do {
		const char *word;
		size_t len = scan_word(scan, &word);
		if (len == 0)
			return scan_fail(scan, word, "there should be the name of an architecture here");
		char *name = scan_copy(scan, word, len);
		if (!name || !add_arch(scan, word, name, &archs))
			return false;
		scan_take(scan, ",");
	} while (end ? !scan_take(scan, end) : !scan_is_end(scan));
	*ret_archs = archs;
	return true;
}

static bool parse_arch(struct parser *parser)
{
	struct file_archs archs;

	if (!is_before_tests(parser) || !parse_archs(&parser->scan, NULL, &archs))
		return false;
	if (parser->part->lists.count == FILE_LISTS_MAX)
		return scan_fail(&parser->scan, parser->scan.start, "more than %d `arch` lines",
		                 FILE_LISTS_MAX);
	return vec_push(&parser->part->lists, archs) || scan_fail_memory(&parser->scan);
}

/* ---- the environment ---- */

static bool parse_cap(struct parser *parser)
{
	struct scan *scan = &parser->scan;
	struct callgate_test_filter *filter = &parser->part->filter;
	size_t count = 0;

	if (!is_for_profile(parser))
		return false;
	if (filter->has_capabilities)
		return scan_fail(scan, scan->start, "a second `cap` line; one line can name several");
	const char **names = scan_allocate(scan, PARSE_LISTED_MAX, sizeof(*names));
	if (!names)
		return false;
	do {
		const char *word;
		size_t len = scan_word(scan, &word);
		if (len == 0 || count == PARSE_LISTED_MAX)
			return scan_fail(scan, word,
			                 "there should be the name of a capability, or `none`, here");
		names[count] = scan_copy(scan, word, len);
		if (!names[count++])
			return false;
		scan_take(scan, ",");
	} while (!scan_is_end(scan));
	filter->has_capabilities = true;
	filter->capability_line = scan->line;
	filter->capability_count = count == 1 && strcmp(names[0], "none") == 0 ? 0 : count;
	filter->capabilities = names;
	return true;
}

static bool parse_kernel(struct parser *parser)
{
	if (!is_for_profile(parser))
		return false;
	parser->part->filter.kernel_line = parser->scan.line;
	parser->part->filter.kernel = scan_text(&parser->scan, "a version");
	return parser->part->filter.kernel != NULL;
}

enum { OPTION_VALUES = 3 };

static const struct option {
	const char *name;
	bool has_value;
	const char *values[OPTION_VALUES]; /* none: whatever the profile takes */
} options[] = {
    {"default-errno", true, {NULL}},
    {"same-argument", true, {"or", "and"}},
    {"newer-calls", true, {"auto", "enosys", "default"}},
    {"socketcall", true, {"deny", "open"}},
    {"strict", false, {NULL}},
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
	if (similar.best)
		scan_fail(scan, where, "there is no option \"%s\"; did you mean \"%s\"?", name, similar.best);
	else
		scan_fail(scan, where, "there is no option \"%s\"", name);
	return NULL;
}

static bool parse_option_value(struct scan *scan, const struct option *option, const char **ret_value)
{
	const char *const *values = option->values;

	scan_blanks(scan);
	const char *where = scan->at;
	*ret_value = scan_text(scan, "the option's value");
	if (!*ret_value || !values[0])
		return *ret_value != NULL;
	for (size_t i = 0; i < OPTION_VALUES && values[i]; i++)
		if (strcmp(values[i], *ret_value) == 0)
			return true;
	return scan_fail(scan, where, "\"%s\" is no value of the option %s: there are %s, %s%s%s", *ret_value,
	                 option->name, values[0], values[1], values[2] ? ", " : "",
	                 values[2] ? values[2] : "");
}

static bool parse_option(struct parser *parser)
{
	struct scan *scan = &parser->scan;
	struct callgate_test_filter *filter = &parser->part->filter;
	struct callgate_test_option option = {.line = scan->line};

	if (!is_for_profile(parser))
		return false;
	scan_blanks(scan);
	const char *where = scan->at;
	option.name = scan_text(scan, "an option");
	const struct option *known = option.name ? find_option(scan, where, option.name) : NULL;
	if (!known)
		return false;
	for (size_t i = 0; i < filter->option_count; i++)
		if (strcmp(filter->options[i].name, option.name) == 0)
			return scan_fail(scan, where, "a second `option %s`", option.name);
	if (known->has_value && !parse_option_value(scan, known, &option.value))
		return false;
	struct callgate_test_option *grown = scan_allocate(scan, filter->option_count + 1, sizeof(*grown));
	if (!grown)
		return false;
	for (size_t i = 0; i < filter->option_count; i++)
		grown[i] = filter->options[i];
	grown[filter->option_count++] = option;
	filter->options = grown;
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
		number = word[i] >= '0' && word[i] <= '9' ? number * 10 + (uint64_t)(word[i] - '0')
		                                          : DEADLINE_MAX + 1u;
	if (number == 0 || number > DEADLINE_MAX)
		return scan_fail(scan, word, "a deadline is a number of milliseconds, from 1 to %d",
		                 DEADLINE_MAX);
	parser->deadline = (unsigned int)number;
	return true;
}

static const struct {
	const char *word;
	bool (*parse)(struct parser *parser);
} directives[] = {
    {"profile", parse_profile}, {"program", parse_program},   {"arch", parse_arch},
    {"cap", parse_cap},         {"kernel", parse_kernel},     {"option", parse_option},
    {"test", parse_test},       {"deadline", parse_deadline},
};

bool parse_directive(struct parser *parser, bool *ret_is_directive)
{
	*ret_is_directive = true;
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (scan_take(&parser->scan, directives[i].word))
			return directives[i].parse(parser) && scan_expect_end(&parser->scan);
	*ret_is_directive = false;
	return true;
}
