#include "cli/lint_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>

#include "base/strbuf.h"

int lint_kind(const char *name)
{
	const struct callgate_finding_kind *kind;

	for (int i = 0; (kind = callgate_finding_kind_at((size_t)i)); i++)
		if (strcmp(kind->name, name) == 0)
			return i;
	return -1;
}

const char *lint_keep(struct lint_report *report, const char *bytes, size_t length)
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
	return lint_keep(report, text, text ? strlen(text) : 0);
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

void lint_add_placed(struct lint_report *report, const struct lint_settings *settings, struct placed_finding *placed)
{
	const struct callgate_finding *finding = &placed->finding;
	const int kind = lint_kind(finding->name);
	const char *file = placed->file ? placed->file : "";

	if (report->out_of_memory || (kind >= 0 && settings->allowed >> kind & 1))
		return;
	if (kind >= 0 && settings->denied >> kind & 1)
		placed->finding.level = CALLGATE_FINDING_ERROR;
	uint64_t hash = hash_text(UINT64_C(0xcbf29ce484222325), finding->name, true);
	hash = hash_text(hash, strncmp(file, "./", 2) == 0 ? file + 2 : file, true);
	hash = hash_text(hash, finding->subject ? finding->subject : finding->text, finding->subject != NULL);
	snprintf(placed->fingerprint, sizeof(placed->fingerprint), "%016" PRIx64, hash);
	placed->is_known = report->baseline.count && bsearch(&hash, report->baseline.items, report->baseline.count,
	                                                     sizeof(hash), compare_numbers);
	if (!vec_push_in(&report->list, &report->arena, *placed))
		report->out_of_memory = true;
}

/* So many messages about a text are kept, WARNINGS_MAX of oci/messages.h; a test has more. */
enum { MESSAGES_KEPT = 900 };

/* There may be more: they are not kept, and that is said. */
static void add_unkept(struct lint_report *report, const struct filter *filter, const struct lint_settings *settings)
{
	struct placed_finding placed = {.file = keep_text(report, filter->path)};

	placed.finding = (struct callgate_finding){.name = "name",
	                                           .level = CALLGATE_FINDING_NOTE,
	                                           .text = "of what the text itself shows (name, dead, width and "
	                                                   "others) only the first 900 findings are listed",
	                                           .subject = "unasked",
	                                           .argument = -1};
	lint_add_placed(report, settings, &placed);
}

static void add_messages(struct lint_report *report, const struct filter *filter, const struct lint_settings *settings)
{
	const struct callgate_profile_message *message;

	for (size_t i = 0; (message = callgate_profile_message(filter->profile, i)); i++) {
		if (i + 1 == MESSAGES_KEPT)
			add_unkept(report, filter, settings);
		struct placed_finding placed = {
		    .file = keep_text(report, message->file), .line = message->line, .column = message->column};
		const char *name = callgate_profile_message_finding(filter->profile, i);
		if (!name)
			continue;
		placed.finding =
		    (struct callgate_finding){.name = name, .text = keep_text(report, message->text), .argument = -1};
		placed.finding.level =
		    message->severity == CALLGATE_SEVERITY_NOTE ? CALLGATE_FINDING_NOTE : CALLGATE_FINDING_WARNING;
		lint_add_placed(report, settings, &placed);
	}
}

const char *const lint_libcs[] = {
    "auto", "glibc", "glibc-static", "glibc-threads", "musl", "musl-static", "musl-threads", "go", NULL};

/* The set of policies for what starts: "start", "start:musl-static" */
static const char *set_of_start(const char *subject)
{
	if (strstr(subject, "threads"))
		return "@start, @threads";
	return strstr(subject, "static") ? "@start-static" : strstr(subject, ":go") ? "@start-go" : "@start";
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
		strbuf_printf(&help,
		              "use %s, unless the program loads the filter after it has started, or is of another kind "
		              "(--libc)",
		              set_of_start(finding->subject));
	else
		return keep_text(report, finding->fix);
	const char *kept = keep_text(report, text_of(&help, finding->fix));
	strbuf_finish(&help);
	return kept;
}

/* In the place of the rule, or of the default action. */
static void add_finding(struct lint_report *report, const struct filter *filter, const struct text *text,
                        const struct callgate_finding *finding, const struct lint_settings *settings)
{
	struct placed_finding placed = {.file = keep_text(report, filter->path), .finding = *finding};

	if (filter->profile && finding->rule && strcmp(finding->name, "dead") == 0)
		return; /* of an entry or a statement it is said where all of its rules are dead */
	if (filter->profile &&
	    callgate_profile_rule_origin(filter->profile, finding->rule, &placed.line, &placed.column) < 0)
		(void)callgate_profile_default_origin(filter->profile, &placed.line, &placed.column);
	placed.finding.text = keep_text(report, finding->text);
	placed.finding.fix = advice(report, filter, text, finding);
	placed.finding.subject = keep_text(report, finding->subject);
	lint_add_placed(report, settings, &placed);
}

/* ---- the baseline ---- */

/* A string of JSON with nothing but 16 hexadecimal digits, from its first quotation mark on. */
static bool is_fingerprint(const char *at, const char *end, uint64_t *ret_number)
{
	char digits[17] = "";

	if (end - at < 18 || at[0] != '"' || at[17] != '"')
		return false;
	memcpy(digits, at + 1, 16);
	if (strspn(digits, "0123456789abcdef") != 16)
		return false;
	*ret_number = strtoull(digits, NULL, 16);
	return true;
}

bool lint_read_baseline(const char *path, struct lint_report *report)
{
	struct lint_baseline *baseline = &report->baseline;
	struct text text = {0};
	const bool is_read = text_read(path, &text);
	/* "findings" of JSON, "runs" of SARIF */
	const bool is_one =
	    is_read && (profile_text_has_list(&text, "findings") || profile_text_has_list(&text, "runs"));

	if (is_read && !is_one)
		cli_error("%s: is no baseline: what `callgate lint --format json` or sarif printed is", path);
	baseline->items = is_one ? ARENA_ARRAY(&report->arena, uint64_t, text.size / 18 + 1) : NULL;
	if (is_one && !baseline->items)
		cli_error("out of memory");
	for (const char *at = text.bytes, *end = at + text.size; baseline->items && at < end;) {
		const bool is_found = is_fingerprint(at, end, &baseline->items[baseline->count]);
		baseline->count += is_found;
		at += is_found ? 18 : 1;
	}
	free(text.bytes);
	baseline->is_given = baseline->items != NULL;
	if (baseline->count)
		qsort(baseline->items, baseline->count, sizeof(baseline->items[0]), compare_numbers);
	return baseline->is_given;
}

/* ---- entries and statements of which all rules are dead ---- */

struct rule_place {
	const char *file;
	unsigned int line, column;
	const struct callgate_finding *dead; /* NULL: it decides calls */
};

static int by_file_and_place(const void *a, const void *b)
{
	const struct rule_place *x = a, *y = b;
	const int order = strcmp(x->file, y->file);

	if (order || x->line == y->line)
		return order ? order : (x->column > y->column) - (x->column < y->column);
	return x->line < y->line ? -1 : 1;
}

/* The text may say so, and better: with the line that covers it. */
static bool is_said(const struct lint_report *report, size_t first, size_t end, const struct rule_place *place)
{
	for (size_t i = first; i < end; i++) {
		const struct placed_finding *placed = &report->list.items[i];
		if (placed->line == place->line && placed->column == place->column &&
		    strcmp(placed->finding.name, "dead") == 0 && strcmp(placed->file, place->file) == 0)
			return true;
	}
	return false;
}

static int by_rule(const void *a, const void *b)
{
	const struct callgate_finding *const *x = a, *const *y = b;

	return ((*x)->rule > (*y)->rule) - ((*x)->rule < (*y)->rule);
}

/* The rules of the profile with their places, sorted by these. 0: none is dead, or memory is out. */
static size_t find_rule_places(struct lint_report *report, const struct filter *filter,
                               const struct callgate_findings *findings, struct rule_place **ret_places)
{
	const struct callgate_finding **dead =
	    ARENA_ARRAY(&report->arena, const struct callgate_finding *, findings->count + 1);
	size_t dead_count = 0;
	ARENA_VEC(struct rule_place) places = {0};
	struct rule_place place;

	report->out_of_memory |= !dead;
	for (size_t i = 0; dead && i < findings->count; i++)
		if (strcmp(findings->findings[i].name, "dead") == 0 && findings->findings[i].rule)
			dead[dead_count++] = &findings->findings[i];
	if (!dead_count)
		return 0;
	qsort(dead, dead_count, sizeof(dead[0]), by_rule);
	for (uint32_t rule = 1;
	     callgate_profile_rule_place(filter->profile, rule, &place.file, &place.line, &place.column) == 0; rule++) {
		const struct callgate_finding key = {.rule = rule}, *wanted = &key,
		                              **found = bsearch(&wanted, dead, dead_count, sizeof(dead[0]), by_rule);
		place.dead = found ? *found : NULL;
		if (!vec_push_in(&places, &report->arena, place)) {
			report->out_of_memory = true;
			return 0;
		}
	}
	if (places.count)
		qsort(places.items, places.count, sizeof(places.items[0]), by_file_and_place);
	*ret_places = places.items;
	return places.count;
}

/* Messages about the text, of which those from index `first` are, compare what stands in it, and not all with all. */
static void add_dead(struct lint_report *report, const struct filter *filter, const struct lint_settings *settings,
                     const struct callgate_findings *findings, size_t first)
{
	struct rule_place *places;
	const size_t count = find_rule_places(report, filter, findings, &places), said = report->list.count;

	for (size_t i = 0, end; i < count; i = end) {
		bool is_dead = true;
		for (end = i; end < count && by_file_and_place(&places[i], &places[end]) == 0; end++)
			is_dead = is_dead && places[end].dead;
		if (!is_dead || is_said(report, first, said, &places[i]))
			continue;
		struct placed_finding placed = {
		    .file = keep_text(report, places[i].file), .line = places[i].line, .column = places[i].column};
		placed.finding = *places[i].dead;
		placed.finding.text = keep_text(report, places[i].dead->text);
		/* Without the number of the rule, which another one moves. */
		placed.finding.subject =
		    lint_keep(report, places[i].dead->subject, strcspn(places[i].dead->subject, ":"));
		lint_add_placed(report, settings, &placed);
	}
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

static void sort_from(struct lint_report *report, size_t first)
{
	if (report->list.count > first)
		qsort(report->list.items + first, report->list.count - first, sizeof(report->list.items[0]), by_place);
}

int lint_opened(struct lint_report *report, struct filter *filter, const struct text *text,
                const struct environment *environment, const struct lint_settings *settings)
{
	const struct callgate_filter side = filter_side(filter);
	struct callgate_findings *findings = NULL;
	const size_t first = report->list.count;
	const char **capabilities = capabilities_of(report, environment);
	const int result = capabilities
	                       ? callgate_lint_libc(&side, environment_arch(environment), capabilities,
	                                            settings->libc ? lint_libcs[settings->libc] : NULL, &findings)
	                       : -ENOMEM;

	if (result < 0) {
		cli_error("%s: %s", filter->path,
		          result == -ENOMEM ? "out of memory"
		                            : callgate_diagnosis(result == -EDQUOT ? NULL : side.ctx));
		return CLI_FAILED;
	}
	if (filter->profile)
		add_messages(report, filter, settings);
	if (filter->profile)
		add_dead(report, filter, settings, findings, first);
	for (size_t i = 0; i < findings->count; i++)
		add_finding(report, filter, text, &findings->findings[i], settings);
	callgate_findings_free(findings);
	sort_from(report, first);
	if (text->size)
		lint_suppress(report, filter->path, text, first, settings);
	sort_from(report, first);
	if (report->out_of_memory) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
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
	else if (filter.path || strcmp(path, "-") != 0)
		filter_explain(&filter, false);
	free(text.bytes);
	filter_close(&filter);
	return status;
}
