#include "cli/lint_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>

#include "base/strbuf.h"

static const char marker[] = "lint:allow";

int lint_kind(const char *name)
{
	const struct callgate_finding_kind *kind;

	for (int i = 0; (kind = callgate_finding_kind_at((size_t)i)); i++)
		if (strcmp(kind->name, name) == 0)
			return i;
	return -1;
}

/* A copy of some bytes in the report's arena. */
static const char *keep(struct lint_report *report, const char *bytes, size_t length)
{
	char *copy = bytes ? arena_alloc(&report->arena, length + 1) : NULL;

	if (copy)
		memcpy(copy, bytes, length);
	if (bytes && !copy)
		report->out_of_memory = true;
	return copy;
}

static const char *keep_text(struct lint_report *report, const char *text)
{
	return keep(report, text, text ? strlen(text) : 0);
}

/* ---- findings with places ---- */

/* FNV-1a, of 64 bits; numbers in messages, which are lines, do not count. */
static uint64_t hash_text(uint64_t hash, const char *text, bool with_digits)
{
	for (; *text; text++)
		if (with_digits || *text < '0' || *text > '9')
			hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

static void add(struct lint_report *report, const struct lint_settings *settings, struct placed_finding *placed)
{
	const struct callgate_finding *finding = &placed->finding;
	const int kind = lint_kind(finding->name);
	const char *file = placed->file ? placed->file : "";

	if (kind >= 0 && settings->allowed >> kind & 1)
		return;
	if (kind >= 0 && settings->denied >> kind & 1)
		placed->finding.level = CALLGATE_FINDING_ERROR;
	uint64_t hash = hash_text(UINT64_C(0xcbf29ce484222325), finding->name, true);
	hash = hash_text(hash, strncmp(file, "./", 2) == 0 ? file + 2 : file, true);
	hash = hash_text(hash, finding->subject ? finding->subject : finding->text, finding->subject != NULL);
	snprintf(placed->fingerprint, sizeof(placed->fingerprint), "%016" PRIx64, hash);
	placed->is_known = report->baseline.bytes && memmem(report->baseline.bytes, report->baseline.size,
	                                                    placed->fingerprint, sizeof(placed->fingerprint) - 1);
	if (!vec_push_in(&report->list, &report->arena, *placed))
		report->out_of_memory = true;
}

static void add_messages(struct lint_report *report, const struct filter *filter, const struct lint_settings *settings)
{
	const struct callgate_profile_message *message;

	for (size_t i = 0; (message = callgate_profile_message(filter->profile, i)); i++) {
		struct placed_finding placed = {
		    .file = keep_text(report, message->file), .line = message->line, .column = message->column};
		const char *name = callgate_profile_message_finding(filter->profile, i);
		if (!name)
			continue;
		placed.finding =
		    (struct callgate_finding){.name = name, .text = keep_text(report, message->text), .argument = -1};
		placed.finding.level =
		    message->severity == CALLGATE_SEVERITY_NOTE ? CALLGATE_FINDING_NOTE : CALLGATE_FINDING_WARNING;
		add(report, settings, &placed);
	}
}

/* What to do, in the words of the file's format. */
static const char *advice(struct lint_report *report, const struct filter *filter, const struct text *text,
                          const struct callgate_finding *finding)
{
	const bool is_json = profile_text_is_json(text);
	struct strbuf help = {0};

	if (filter->profile && is_json && strcmp(finding->name, "capability") == 0)
		strbuf_printf(&help, "%s, or allow with that capability alone: \"includes\": {\"caps\": [\"%s\"]}",
		              finding->fix, finding->subject);
	else if (filter->profile && !is_json && strcmp(finding->name, "startup") == 0)
		strbuf_append(&help, "use @start, unless the program loads the filter after it has started");
	else
		return keep_text(report, finding->fix);
	const char *kept = keep_text(report, help.failed ? finding->fix : help.text);
	strbuf_finish(&help);
	return kept;
}

/* In the place of the rule, or of the default action. */
static void add_finding(struct lint_report *report, const struct filter *filter, const struct text *text,
                        const struct callgate_finding *finding, const struct lint_settings *settings)
{
	struct placed_finding placed = {.file = keep_text(report, filter->path), .finding = *finding};

	if (filter->profile && strcmp(finding->name, "dead") == 0)
		return; /* of an entry or a statement the text says it, where all of its rules are dead */
	if (filter->profile &&
	    callgate_profile_rule_origin(filter->profile, finding->rule, &placed.line, &placed.column) < 0)
		(void)callgate_profile_default_origin(filter->profile, &placed.line, &placed.column);
	placed.finding.text = keep_text(report, finding->text);
	placed.finding.fix = advice(report, filter, text, finding);
	placed.finding.subject = keep_text(report, finding->subject);
	add(report, settings, &placed);
}

/* The capabilities that the environment has, NULL after the last. */
static const char **capabilities_of(struct lint_report *report, const struct environment *environment)
{
	const char **names = ARENA_ARRAY(&report->arena, const char *, environment->settings.count + 1);
	size_t count = 0;

	for (size_t i = 0; names && i < environment->settings.count; i++)
		if (strcmp(environment->settings.items[i].option->name, "cap") == 0)
			names[count++] = environment->settings.items[i].value;
	if (!names)
		report->out_of_memory = true;
	return names;
}

/* ---- suppressions ---- */

/* The part of a text, from the first byte to the one after the last, where findings of a name are suppressed. */
struct suppression {
	size_t begin, end;
	const char *name, *reason;
	unsigned int line, column;
};

struct text_place {
	unsigned int line, column;
};

static struct text_place place_at(const struct text *text, size_t at)
{
	struct text_place place = {1, 1};

	for (size_t i = 0; i < at && i < text->size; i++) {
		const bool is_end = text->bytes[i] == '\n';
		place.line += is_end;
		place.column = is_end ? 1 : place.column + (((unsigned char)text->bytes[i] & 0xc0) != 0x80);
	}
	return place;
}

static bool is_within(struct text_place begin, struct text_place end, const struct placed_finding *placed)
{
	if (placed->line < begin.line || placed->line > end.line)
		return false;
	return (placed->line > begin.line || placed->column >= begin.column) &&
	       (placed->line < end.line || placed->column <= end.column);
}

/* The innermost object of JSON around a place; all of the text for the outermost. */
static void span_of_object(const struct text *text, size_t place, struct suppression *ret)
{
	size_t open[CALLGATE_PROFILE_DEPTH_MAX + 2], depth = 0, around = 0;
	bool in_text = false, is_found = false;

	*ret = (struct suppression){.begin = 0, .end = text->size};
	for (size_t i = 0; i < text->size; i++) {
		const char c = text->bytes[i];
		if (i == place) {
			around = depth;
			is_found = true;
		}
		if (c == '"')
			in_text = !in_text;
		i += in_text && c == '\\';
		if (in_text)
			continue;
		if (c == '{' && depth < sizeof(open) / sizeof(open[0]))
			open[depth++] = i;
		if (c != '}' || !depth)
			continue;
		depth--;
		if (is_found && depth < around && around > 1) {
			ret->begin = open[depth];
			ret->end = i + 1;
			return;
		}
	}
}

static size_t end_of_line(const struct text *text, size_t at)
{
	while (at < text->size && text->bytes[at] != '\n')
		at++;
	return at;
}

/* The line of a policy that a comment is about: its own, or the next one with a statement. */
static void span_of_statement(const struct text *text, size_t place, struct suppression *ret)
{
	size_t begin = place;

	while (begin > 0 && text->bytes[begin - 1] != '\n')
		begin--;
	for (;;) {
		size_t first = begin;
		while (first < text->size && (text->bytes[first] == ' ' || text->bytes[first] == '\t'))
			first++;
		if (first >= text->size || (text->bytes[first] != '#' && text->bytes[first] != '\n'))
			break;
		begin = end_of_line(text, first) + 1;
	}
	*ret = (struct suppression){.begin = begin, .end = end_of_line(text, begin)};
}

/* "NAME: REASON" after the marker. */
static void read_words(struct lint_report *report, const struct text *text, size_t at, bool is_json,
                       struct suppression *suppression)
{
	const char *end = is_json ? "\"\n" : "\n";
	size_t name, colon, stop;

	for (at += sizeof(marker) - 1; at < text->size && text->bytes[at] == ' ';)
		at++;
	for (name = at; at < text->size && !strchr(": \"\n", text->bytes[at]);)
		at++;
	suppression->name = keep(report, text->bytes + name, at - name);
	for (colon = at; at < text->size && (text->bytes[at] == ':' || text->bytes[at] == ' ');)
		at++;
	for (stop = at; stop < text->size && !strchr(end, text->bytes[stop]);)
		stop++;
	while (stop > at && (text->bytes[stop - 1] == ' ' || text->bytes[stop - 1] == '\r'))
		stop--;
	const bool has_colon = colon < text->size && text->bytes[colon] == ':';
	suppression->reason = has_colon && stop > at ? keep(report, text->bytes + at, stop - at) : NULL;
}

static void complain(struct lint_report *report, const struct filter *filter, const struct suppression *suppression,
                     const struct lint_settings *settings, enum callgate_finding_level level, const char *words,
                     const char *fix)
{
	struct placed_finding placed = {
	    .file = keep_text(report, filter->path), .line = suppression->line, .column = suppression->column};
	struct strbuf text = {0};

	strbuf_printf(&text, "lint:allow %s %s", suppression->name ? suppression->name : "", words);
	placed.finding = (struct callgate_finding){.name = "suppression",
	                                           .level = level,
	                                           .text = text.failed ? words : keep_text(report, text.text),
	                                           .fix = fix,
	                                           .argument = -1};
	strbuf_finish(&text);
	add(report, settings, &placed);
}

/* Suppresses the findings from index `first` on; says what is wrong with it. */
static void suppress(struct lint_report *report, const struct filter *filter, const struct text *text, size_t first,
                     const struct suppression *suppression, const struct lint_settings *settings)
{
	const struct text_place begin = place_at(text, suppression->begin), end = place_at(text, suppression->end);
	size_t count = 0;

	if (!suppression->name || lint_kind(suppression->name) < 0) {
		complain(report, filter, suppression, settings, CALLGATE_FINDING_WARNING, "names no finding",
		         "`callgate lint --explain all` lists the names");
		return;
	}
	if (!suppression->reason) {
		complain(report, filter, suppression, settings, CALLGATE_FINDING_WARNING,
		         "gives no reason, and suppresses nothing", "write one after the name and a colon");
		return;
	}
	for (size_t i = first; i < report->list.count; i++) {
		struct placed_finding *placed = &report->list.items[i];
		if (strcmp(placed->finding.name, suppression->name) != 0 || strcmp(placed->file, filter->path) != 0 ||
		    !is_within(begin, end, placed))
			continue;
		placed->justification = suppression->reason;
		count++;
	}
	if (!count && !(settings->allowed >> lint_kind(suppression->name) & 1))
		complain(report, filter, suppression, settings, CALLGATE_FINDING_NOTE, "suppresses nothing here",
		         "leave it out");
}

static void apply_suppressions(struct lint_report *report, const struct filter *filter, const struct text *text,
                               size_t first, const struct lint_settings *settings)
{
	const char *found = text->bytes, *end = text->bytes + text->size;
	const bool is_json = profile_text_is_json(text);

	while (found && (found = memmem(found, (size_t)(end - found), marker, sizeof(marker) - 1))) {
		const size_t at = (size_t)(found - text->bytes);
		struct suppression suppression;
		if (is_json)
			span_of_object(text, at, &suppression);
		else
			span_of_statement(text, at, &suppression);
		const struct text_place place = place_at(text, at);
		suppression.line = place.line;
		suppression.column = place.column;
		read_words(report, text, at, is_json, &suppression);
		suppress(report, filter, text, first, &suppression, settings);
		found += sizeof(marker) - 1;
	}
}

/* ---- a file ---- */

static int by_place(const void *a, const void *b)
{
	const struct placed_finding *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return strcmp(x->finding.text, y->finding.text);
}

int lint_opened(struct lint_report *report, struct filter *filter, const struct text *text,
                const struct environment *environment, const struct lint_settings *settings)
{
	const struct callgate_filter side = filter_side(filter);
	struct callgate_findings *findings = NULL;
	const size_t first = report->list.count;
	const char **capabilities = capabilities_of(report, environment);
	const int result =
	    capabilities ? callgate_lint(&side, environment_arch(environment), capabilities, &findings) : -ENOMEM;

	if (result < 0) {
		cli_error("%s: %s", filter->path,
		          result == -ENOMEM ? "out of memory"
		                            : callgate_diagnosis(result == -EDQUOT ? NULL : side.ctx));
		return CLI_FAILED;
	}
	if (filter->profile)
		add_messages(report, filter, settings);
	for (size_t i = 0; i < findings->count; i++)
		add_finding(report, filter, text, &findings->findings[i], settings);
	callgate_findings_free(findings);
	apply_suppressions(report, filter, text, first, settings);
	if (report->out_of_memory) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	if (report->list.count > first)
		qsort(report->list.items + first, report->list.count - first, sizeof(report->list.items[0]), by_place);
	return CLI_OK;
}

int lint_file(struct lint_report *report, const char *path, const struct environment *environment,
              const struct lint_settings *settings)
{
	struct filter filter = {0};
	struct text text = {0};
	int status = CLI_FAILED;
	bool is_open;

	if (strcmp(path, "-") == 0)
		is_open = text_read(path, &text) &&
		          filter_open_text(&filter, "standard input", text.bytes, text.size, environment);
	else
		is_open = filter_open(&filter, path, environment) && (!filter.profile || text_read(path, &text));
	if (is_open)
		status = lint_opened(report, &filter, &text, environment, settings);
	else if (filter.path)
		filter_explain(&filter, false);
	free(text.bytes);
	filter_close(&filter);
	return status;
}
