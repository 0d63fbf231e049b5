#include "cli/explain.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/bypass.h>

enum { ARCHS_MOST = 64 };

#define PUT(...) html_put(out, __VA_ARGS__)

void explained_short_action(uint32_t action, char text[CALLGATE_ACTION_TEXT])
{
	char *end;

	callgate_action_text(action, text);
	if ((action & SECCOMP_RET_ACTION_FULL) != SCMP_ACT_ERRNO(0) || !(end = strchr(text, ')')))
		return;
	*end = '\0';
	const char *start = strchr(text, '(') + 1;
	memmove(text, start, strlen(start) + 1);
}

/* ---- a row of the table: a call on all architectures ---- */

struct page {
	FILE *out;
	const struct explanation *x;
	size_t arch_count;
	const struct callgate_arch *archs[ARCHS_MOST];
	size_t first[ARCHS_MOST + 1]; /* of its calls */
};

static void find_archs(struct page *page)
{
	for (size_t i = 0; i < page->x->calls.count; i++) {
		const struct callgate_arch *arch = page->x->calls.items[i].arch;
		if (page->arch_count && page->archs[page->arch_count - 1] == arch)
			continue;
		assert(page->arch_count < ARCHS_MOST);
		page->first[page->arch_count] = i;
		page->archs[page->arch_count++] = arch;
	}
	page->first[page->arch_count] = page->x->calls.count;
}

static bool is_same(const struct explained_call *a, const struct explained_call *b)
{
	bool same = a->cases.count == b->cases.count;

	for (size_t i = 0; same && i < a->cases.count; i++)
		same = a->cases.items[i].action == b->cases.items[i].action &&
		       strcmp(a->cases.items[i].condition, b->cases.items[i].condition) == 0 &&
		       strcmp(a->cases.items[i].place, b->cases.items[i].place) == 0;
	return same;
}

static void put_verdict(FILE *out, const struct explained_call *call, const char *arch)
{
	char action[CALLGATE_ACTION_TEXT];

	if (!call) {
		PUT("explained-none", TEXT("arch", arch));
	} else if (call->kind == EXPLAINED_CONDITIONAL) {
		PUT("explained-verdict", TEXT("arch", arch), TEXT("class", "some"), TEXT("action", "by argument"));
	} else {
		explained_short_action(call->cases.items[0].action, action);
		PUT("explained-verdict", TEXT("arch", arch),
		    TEXT("class", html_action_class(call->cases.items[0].action)), TEXT("action", action));
	}
}

/* A line may break after each flag. */
static void put_breaking(FILE *out, const char *text)
{
	for (const char *flag; (flag = strchr(text, '|')); text = flag + 1) {
		html_escape(out, text, (size_t)(flag + 1 - text));
		PUT("explained-break");
	}
	html_escape(out, text, strlen(text));
}

static void put_cases(const struct page *page, const struct explained_call *call)
{
	FILE *out = page->out;
	char action[CALLGATE_ACTION_TEXT];

	for (size_t i = 0; i < call->cases.count; i++) {
		const struct explained_case *one = &call->cases.items[i];
		explained_short_action(one->action, action);
		PUT("explained-case", TEXT("class", html_action_class(one->action)), TEXT("action", action));
		put_breaking(out, one->condition);
		PUT("explained-case-end", TEXT("word", one->rest ? "" : "line "), TEXT("lines", one->lines));
	}
	if (!call->is_complete)
		PUT("explained-more");
}

/* Do arguments decide on this architecture, and is it the first one with these conditions? */
static bool is_first_with(const struct explained_call *const *calls, size_t index)
{
	if (!calls[index] || calls[index]->kind != EXPLAINED_CONDITIONAL)
		return false;
	for (size_t i = 0; i < index; i++)
		if (calls[i] && is_same(calls[i], calls[index]))
			return false;
	return true;
}

/* "on x86_64, x86"; nothing where there is one architecture. */
static void put_archs(const struct page *page, const struct explained_call *const *calls, size_t first)
{
	FILE *out = page->out;

	if (page->arch_count > 1)
		PUT("explained-on", TEXT("arch", page->archs[first]->name));
	for (size_t i = first + 1; page->arch_count > 1 && i < page->arch_count; i++)
		if (calls[i] && is_same(calls[first], calls[i]))
			PUT("explained-and", TEXT("arch", page->archs[i]->name));
}

/* Once for all architectures where they are the same. */
static void put_conditions(const struct page *page, const struct explained_call *const *calls)
{
	FILE *out = page->out;

	for (size_t i = 0; i < page->arch_count; i++) {
		if (!is_first_with(calls, i))
			continue;
		if (page->arch_count > 1)
			PUT("explained-archs");
		put_archs(page, calls, i);
		if (page->arch_count > 1)
			PUT("explained-archs-end");
		put_cases(page, calls[i]);
	}
}

/* A row of their own: pictures are wide. */
static void put_pictures(const struct page *page, const struct explained_call *const *calls, const char *change)
{
	FILE *out = page->out;
	bool any = false;

	for (size_t i = 0; i < page->arch_count; i++) {
		if (!is_first_with(calls, i) || calls[i]->graph.nodes.count == 0)
			continue;
		if (!any)
			PUT("explained-drawn", TEXT("change", change), NUMBER("columns", page->arch_count + 6));
		any = true;
		PUT("explained-decisions");
		put_archs(page, calls, i);
		PUT("explained-picture", NUMBER("count", calls[i]->graph.nodes.count));
		graph_print_html(out, calls[i]);
		PUT("explained-picture-end");
	}
	if (any)
		PUT("explained-drawn-end");
}

/* The architecture that has the call and comes first: its place and costs are shown. */
static const struct explained_call *first_of(const struct page *page, const struct explained_call *const *calls)
{
	const struct explained_call *first = NULL;

	for (size_t i = 0; i < page->arch_count && !first; i++)
		first = calls[i];
	return first;
}

static void put_way(const struct page *page, const struct explained_way *way)
{
	static const char *const classes[] = {"allow", "deny", "some"}; /* ORDER explained_kind */
	const struct callgate_bypass *row = way->row;
	char calls[EXPLAINED_WAY];
	FILE *out = page->out;

	explained_way_words(row, calls);
	PUT(page->x->only ? "explained-way" : "explained-way-link", TEXT("call", row->way.call));
	PUT("explained-way-end", TEXT("calls", calls), TEXT("class", classes[way->kind]),
	    TEXT("word", explained_word(way->kind)), TEXT("condition", row->condition ? row->condition : ""));
}

/* Ways to a part of the effect are folded: they are many, and have conditions. */
static void put_ways(const struct page *page, const struct explained_call *call)
{
	struct explained_way way;
	FILE *out = page->out;
	size_t partial = 0;

	for (size_t i = 0; explanation_way(page->x, call, &i, &way);)
		if (way.row->kind == CALLGATE_BYPASS_PARTIAL)
			partial++;
		else
			put_way(page, &way);
	if (partial == 0)
		return;
	PUT("explained-partial", NUMBER("count", partial));
	for (size_t i = 0; explanation_way(page->x, call, &i, &way);)
		if (way.row->kind == CALLGATE_BYPASS_PARTIAL)
			put_way(page, &way);
	PUT("explained-partial-end");
}

static const char *const change_classes[] = {"", "more", "less", "other"}; /* ORDER explained_change */
static const char *const change_words[] = {"", "allows more", "allows less", "other answer"};

/* The first architecture on which something has changed. */
static enum explained_change change_of(const struct page *page, const struct explained_call *const *calls,
                                       const struct callgate_difference **ret_difference)
{
	enum explained_change change = EXPLAINED_SAME;

	for (size_t i = 0; i < page->arch_count && change == EXPLAINED_SAME; i++)
		if (calls[i])
			change = explanation_change(page->x, calls[i], ret_difference);
	return change;
}

/* The line of the first case, after why there is no other. */
static void put_place(FILE *out, const struct explained_call *call)
{
	const struct explained_case *first = &call->cases.items[0];
	char line[20] = "";

	if (first->rest && first->line)
		snprintf(line, sizeof(line), "%u", first->line);
	if (first->rest && call->kind != EXPLAINED_CONDITIONAL)
		PUT("explained-rest", TEXT("words", first->rest));
	PUT("explained-place", TEXT("lines", first->rest ? line : first->lines));
}

static void put_row(const struct page *page, const struct explained_call *const *calls)
{
	const struct explained_call *call = first_of(page, calls);
	const struct callgate_difference *difference = NULL;
	const enum explained_change change = change_of(page, calls, &difference);
	static const char *const kinds[] = {"allowed", "denied", "conditional"}; /* ORDER explained_kind */
	enum explained_kind kind = call->kind;
	FILE *out = page->out;

	for (size_t i = 0; i < page->arch_count; i++) /* what depends on the architecture depends on something */
		if (calls[i] && calls[i]->kind != kind)
			kind = EXPLAINED_CONDITIONAL;
	PUT("explained-row", TEXT("call", call->name), TEXT("kind", kinds[kind]),
	    TEXT("change", change_classes[change]));
	for (size_t i = 0; i < page->arch_count; i++)
		put_verdict(out, calls[i], page->archs[i]->name);
	PUT("explained-conditions");
	if (difference)
		PUT("explained-change", TEXT("class", change_classes[change]), TEXT("words", change_words[change]),
		    TEXT("text", difference->text));
	put_conditions(page, calls);
	put_place(out, call);
	PUT("explained-cost");
	explanation_print_cost(out, call);
	PUT(call->from_bitmap ? "explained-bitmap" : "explained-program");
	PUT("explained-since", TEXT("since", call->since));
	put_ways(page, call);
	PUT("explained-ways-end");
	PUT("explained-row-end");
	put_pictures(page, calls, change_classes[change]);
}

/* Calls of all architectures, by name. */
static void put_rows(const struct page *page)
{
	size_t at[ARCHS_MOST];

	memcpy(at, page->first, sizeof(at));
	for (;;) {
		const struct explained_call *calls[ARCHS_MOST] = {NULL};
		const char *name = NULL;
		bool shows = false;
		for (size_t i = 0; i < page->arch_count; i++) {
			const struct explained_call *next =
			    at[i] < page->first[i + 1] ? &page->x->calls.items[at[i]] : NULL;
			if (next && (!name || strcmp(next->name, name) < 0))
				name = next->name;
		}
		if (!name)
			return;
		for (size_t i = 0; i < page->arch_count; i++)
			if (at[i] < page->first[i + 1] && strcmp(page->x->calls.items[at[i]].name, name) == 0) {
				calls[i] = &page->x->calls.items[at[i]++];
				shows = shows || explanation_shows(page->x, calls[i]);
			}
		if (shows)
			put_row(page, calls);
	}
}

/* ---- the page ---- */

static void put_tiles(const struct page *page)
{
	FILE *out = page->out;

	PUT("explained-tiles");
	for (size_t i = 0; i < page->arch_count; i++) {
		size_t counts[3] = {0};
		for (size_t at = page->first[i]; at < page->first[i + 1]; at++)
			counts[page->x->calls.items[at].kind]++;
		const size_t all = page->first[i + 1] - page->first[i];
		PUT("explained-tile", TEXT("arch", page->archs[i]->name), NUMBER("all", all),
		    NUMBER("allowed", counts[EXPLAINED_ALLOWED]), NUMBER("denied", counts[EXPLAINED_DENIED]),
		    NUMBER("conditional", counts[EXPLAINED_CONDITIONAL]));
	}
	PUT("explained-tiles-end");
}

/* Has the call changed on an architecture before this one's, too? */
static bool is_named_before(const struct explanation *x, size_t index)
{
	const struct callgate_difference *difference;

	for (size_t i = 0; i < index; i++)
		if (strcmp(x->calls.items[i].name, x->calls.items[index].name) == 0 &&
		    explanation_change(x, &x->calls.items[i], &difference) != EXPLAINED_SAME)
			return true;
	return false;
}

static void put_changes(const struct page *page)
{
	FILE *out = page->out;
	size_t counts[4] = {0};
	const struct callgate_difference *difference;

	if (!page->x->changes)
		return;
	for (size_t i = 0; i < page->x->calls.count; i++)
		counts[explanation_change(page->x, &page->x->calls.items[i], &difference)]++;
	PUT("explained-changes", NUMBER("more", counts[EXPLAINED_MORE]), NUMBER("less", counts[EXPLAINED_LESS]),
	    NUMBER("other", counts[EXPLAINED_OTHER]));
	for (size_t i = 0; i < page->x->calls.count; i++) {
		const enum explained_change change = explanation_change(page->x, &page->x->calls.items[i], &difference);
		if (change != EXPLAINED_SAME && !is_named_before(page->x, i))
			PUT("explained-changed", TEXT("call", page->x->calls.items[i].name),
			    TEXT("class", change_classes[change]));
	}
	PUT("explained-changes-end");
}

void explanation_print_page(FILE *out, const struct explanation *x)
{
	struct page page = {.out = out, .x = x};
	char title[200];

	find_archs(&page);
	snprintf(title, sizeof(title), "%s explained", x->explaining.filter->path);
	html_begin(out, title);
	put_tiles(&page);
	put_changes(&page);
	PUT("explained-controls", TEXT("class", page.arch_count > 3 ? "many" : ""));
	if (x->changes)
		PUT("explained-control-changed");
	PUT("explained-table");
	for (size_t i = 0; i < page.arch_count; i++)
		PUT("explained-head", TEXT("arch", page.archs[i]->name));
	PUT("explained-heads");
	PUT("explained-body");
	put_rows(&page);
	PUT("explained-end");
	html_end(out);
}
