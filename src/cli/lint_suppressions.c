/*
 * What a file says about its own findings: `lint:allow NAME: REASON` in a remark of JSON, or in a comment of a policy.
 * One pass over the text finds all of them, and each finding is suppressed once, by the innermost one that is about it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/lint_file.h"

enum { LEVELS_MAX = CALLGATE_PROFILE_DEPTH_MAX + 2, END_OF_LINE = 0x7fffffff };

static const char marker[] = "lint:allow";

struct text_place {
	unsigned int line, column;
};

/* Where findings of a name are suppressed, and where that is said. */
struct suppression {
	struct text_place at, begin, end;
	const char *name, *reason; /* NULL: there is none */
};

/* A pass over a text. */
struct pass {
	struct lint_report *report;
	const char *at, *end;
	struct text_place place;            /* of `at` */
	ARENA_VEC(struct suppression) open; /* their ends are not known yet */
	ARENA_VEC(struct suppression) done; /* inner ones before those around them */
};

/* Passes over a byte; columns count characters. */
static void step(struct pass *pass)
{
	const bool is_line_feed = *pass->at++ == '\n';

	pass->place.line += is_line_feed;
	if (is_line_feed)
		pass->place.column = 1;
	else if (pass->at == pass->end || ((unsigned char)*pass->at & 0xc0) != 0x80)
		pass->place.column++;
}

static void step_to(struct pass *pass, const char *end)
{
	while (pass->at < end)
		step(pass);
}

/* ---- the words of one ---- */

static const char *skip_spaces(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

static const char *find_marker(const char *from, const char *end)
{
	return memmem(from, (size_t)(end - from), marker, sizeof(marker) - 1);
}

/* As it is written, but that a quotation mark or a backslash of JSON is one character. */
static const char *keep_reason(struct lint_report *report, const char *begin, const char *end, bool is_json)
{
	struct strbuf reason = {0};

	for (; begin < end; begin++) {
		begin += is_json && *begin == '\\' && end - begin > 1 && strchr("\"\\/", begin[1]) != NULL;
		strbuf_append_bytes(&reason, begin, 1);
	}
	const char *kept = lint_keep(report, reason.failed ? NULL : reason.text, reason.length);
	report->out_of_memory |= reason.failed;
	strbuf_finish(&reason);
	return kept;
}

/* "NAME: REASON", from where the pass is up to `end` or to the next marker. */
static void take_words(struct pass *pass, const char *end, struct text_place begin, bool is_json)
{
	struct suppression suppression = {.at = pass->place, .begin = begin};

	step_to(pass, pass->at + sizeof(marker) - 1);
	const char *next = find_marker(pass->at, end), *stop = next ? next : end;
	const char *name = skip_spaces(pass->at, stop), *name_end = name;
	while (name_end < stop && !strchr(": \t", *name_end))
		name_end++;
	suppression.name = lint_keep(pass->report, name, (size_t)(name_end - name));
	const char *colon = skip_spaces(name_end, stop);
	if (colon < stop && *colon == ':') {
		const char *reason = skip_spaces(colon + 1, stop);
		while (stop > reason && strchr(next ? " \t;,#" : " \t", stop[-1]))
			stop--;
		suppression.reason = stop > reason ? keep_reason(pass->report, reason, stop, is_json) : NULL;
	}
	if (!vec_push_in(&pass->open, &pass->report->arena, suppression))
		pass->report->out_of_memory = true;
}

/* All of a text that may have them; the pass is at its end afterwards. */
static void take_remark(struct pass *pass, const char *end, struct text_place begin, bool is_json)
{
	for (const char *found; (found = find_marker(pass->at, end));) {
		step_to(pass, found);
		take_words(pass, end, begin, is_json);
	}
	step_to(pass, end);
}

/* The open ones from this on end here. */
static void close_from(struct pass *pass, size_t first, struct text_place end)
{
	for (size_t i = first; i < pass->open.count; i++) {
		pass->open.items[i].end = end;
		if (!vec_push_in(&pass->done, &pass->report->arena, pass->open.items[i]))
			pass->report->out_of_memory = true;
	}
	pass->open.count = first;
}

/* ---- JSON: the strings that are remarks, of the object in which they stand ---- */

/* An object or a list; of a list, the object around it. */
struct level {
	struct text_place begin;
	size_t first; /* the open suppressions from here on are this object's */
	bool is_object, is_remark;
};

/* Keys that readers of profiles ignore, whatever their value is. */
static bool is_remark_key(const char *key, size_t length)
{
	return (length > 0 && key[0] == '_') || (length == strlen("comment") && memcmp(key, "comment", length) == 0);
}

static const char *end_of_string(const char *at, const char *end)
{
	while (at < end && *at != '"')
		at += *at == '\\' && end - at > 1 ? 2 : 1;
	return at;
}

static void take_string(struct pass *pass, struct level *level)
{
	step(pass);
	const char *begin = pass->at, *end = end_of_string(begin, pass->end), *after = end < pass->end ? end + 1 : end;
	while (after < pass->end && strchr(" \t\r\n", *after))
		after++;
	const bool is_key = level && level->is_object && after < pass->end && *after == ':';
	if (is_key)
		level->is_remark = is_remark_key(begin, (size_t)(end - begin));
	if (level && level->is_remark && !is_key)
		take_remark(pass, end, level->begin, true);
	step_to(pass, end < pass->end ? end + 1 : end);
}

/* The outermost object is the whole file. */
static void read_json(struct pass *pass)
{
	struct level levels[LEVELS_MAX];
	size_t depth = 0;

	while (pass->at < pass->end) {
		struct level *level = depth ? &levels[depth - 1] : NULL;
		const char c = *pass->at;
		if (c == '"') {
			take_string(pass, level);
			continue;
		}
		if ((c == '{' || c == '[') && depth == LEVELS_MAX)
			return; /* it is no profile */
		if (c == '{')
			levels[depth++] = (struct level){level ? pass->place : (struct text_place){0, 0},
			                                 pass->open.count, true, false};
		else if (c == '[')
			levels[depth++] = (struct level){level ? level->begin : (struct text_place){0, 0},
			                                 pass->open.count, false, level && level->is_remark};
		else if ((c == '}' || c == ']') && depth)
			depth--;
		if (c == '}' && level && level->is_object)
			close_from(pass, level->first,
			           depth ? pass->place : (struct text_place){END_OF_LINE, END_OF_LINE});
		step(pass);
	}
}

/* ---- policies: comments, which are about their own line or the next statement ---- */

/* A # at the beginning of a line or after a blank, and not in quotation marks. `end`: there is none. */
static const char *find_comment(const char *line, const char *end)
{
	bool in_string = false;

	for (const char *at = line; at < end; at++)
		if (*at == '"')
			in_string = !in_string;
		else if (*at == '\\' && in_string && at + 1 < end)
			at++;
		else if (*at == '#' && !in_string && (at == line || at[-1] == ' ' || at[-1] == '\t'))
			return at;
	return end;
}

static void read_policy(struct pass *pass)
{
	while (pass->at < pass->end) {
		const char *newline = memchr(pass->at, '\n', (size_t)(pass->end - pass->at));
		const char *end = newline ? newline : pass->end;
		if (end > pass->at && end[-1] == '\r')
			end--;
		const struct text_place begin = {pass->place.line, 1}, last = {pass->place.line, END_OF_LINE};
		const char *comment = find_comment(pass->at, end);
		const bool is_statement = skip_spaces(pass->at, comment) < comment;
		step_to(pass, comment);
		take_remark(pass, end, begin, false);
		for (size_t i = 0; is_statement && i < pass->open.count; i++)
			pass->open.items[i].begin = begin;
		if (is_statement)
			close_from(pass, 0, last);
		step_to(pass, newline ? newline + 1 : pass->end);
	}
	close_from(pass, 0, pass->place);
}

/* ---- applying them ---- */

/* The findings of one name in the file, in the order of their places. */
struct of_name {
	ARENA_VEC(size_t) list; /* indices in the report */
	size_t *next; /* of each index, one that is not after the first finding from there on without a suppression */
};

static bool is_before(const struct placed_finding *placed, struct text_place place)
{
	return placed->line != place.line ? placed->line < place.line : placed->column < place.column;
}

static bool is_after(const struct placed_finding *placed, struct text_place place)
{
	return placed->line != place.line ? placed->line > place.line : placed->column > place.column;
}

/* Those without a suppression; the paths to them are made shorter on the way. */
static size_t next_open(struct of_name *findings, size_t at)
{
	size_t open = at;

	while (findings->next[open] != open)
		open = findings->next[open];
	while (findings->next[at] != open) {
		const size_t next = findings->next[at];
		findings->next[at] = open;
		at = next;
	}
	return open;
}

/* How many findings it suppresses. */
static size_t suppress(struct lint_report *report, struct of_name *findings, const struct suppression *suppression)
{
	struct placed_finding *all = report->list.items;
	size_t low = 0, high = findings->list.count, count = 0;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (is_before(&all[findings->list.items[middle]], suppression->begin))
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = next_open(findings, low);
	     i < findings->list.count && !is_after(&all[findings->list.items[i]], suppression->end);
	     i = next_open(findings, i)) {
		all[findings->list.items[i]].justification = suppression->reason;
		findings->next[i] = i + 1;
		count++;
	}
	return count;
}

static void complain(struct lint_report *report, const char *path, const struct suppression *suppression,
                     const struct lint_settings *settings, enum callgate_finding_level level, const char *words,
                     const char *fix)
{
	struct placed_finding placed = {.file = lint_keep(report, path, strlen(path)),
	                                .line = suppression->at.line,
	                                .column = suppression->at.column};
	struct strbuf text = {0};

	strbuf_printf(&text, "lint:allow %s %s", suppression->name ? suppression->name : "", words);
	placed.finding = (struct callgate_finding){.name = "suppression",
	                                           .level = level,
	                                           .text = text.failed ? text_of(&text, words)
	                                                               : lint_keep(report, text.text, text.length),
	                                           .fix = fix,
	                                           .argument = -1};
	strbuf_finish(&text);
	lint_add_placed(report, settings, &placed);
}

/* Says what is wrong with it, if anything is. */
static void apply(struct lint_report *report, const char *path, struct of_name *all,
                  const struct suppression *suppression, const struct lint_settings *settings)
{
	const int kind = suppression->name ? lint_kind(suppression->name) : -1;

	if (kind < 0)
		complain(report, path, suppression, settings, CALLGATE_FINDING_WARNING, "names no finding",
		         "`callgate lint --explain all` lists the names");
	else if (!suppression->reason)
		complain(report, path, suppression, settings, CALLGATE_FINDING_WARNING,
		         "gives no reason, and suppresses nothing", "write one after the name and a colon");
	else if (!suppress(report, &all[kind], suppression) && !(settings->allowed >> kind & 1))
		complain(report, path, suppression, settings, CALLGATE_FINDING_NOTE, "suppresses nothing here",
		         "leave it out");
}

/* The findings of the file from index `first` on, which are in order, by their kinds. False: memory is out. */
static bool sort_by_kind(struct lint_report *report, const char *path, size_t first, struct of_name *all)
{
	for (size_t i = first; i < report->list.count; i++) {
		const struct placed_finding *placed = &report->list.items[i];
		const int kind = lint_kind(placed->finding.name);
		assert(kind < LINT_KINDS_MAX);
		if (kind >= 0 && placed->file && strcmp(placed->file, path) == 0 &&
		    !vec_push_in(&all[kind].list, &report->arena, i))
			return false;
	}
	for (struct of_name *own = all; own < all + LINT_KINDS_MAX; own++) {
		own->next = ARENA_ARRAY(&report->arena, size_t, own->list.count + 1);
		if (!own->next)
			return false;
		for (size_t i = 0; i <= own->list.count; i++)
			own->next[i] = i;
	}
	return true;
}

void lint_suppress(struct lint_report *report, const char *path, const struct text *text, size_t first,
                   const struct lint_settings *settings)
{
	struct pass pass = {.report = report, .at = text->bytes, .end = text->bytes + text->size, .place = {1, 1}};
	struct of_name all[LINT_KINDS_MAX] = {{.next = NULL}};

	if (profile_text_is_json(text))
		read_json(&pass);
	else
		read_policy(&pass);
	if (!sort_by_kind(report, path, first, all)) {
		report->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < pass.done.count; i++)
		apply(report, path, all, &pass.done.items[i], settings);
}
