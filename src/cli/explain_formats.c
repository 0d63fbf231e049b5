/* What is explained of a filter, as text, JSON and Markdown. */
#include <string.h>

#include <callgate/action.h>
#include <callgate/bypass.h>
#include <callgate/info.h>

#include "cli/explain.h"

/* ---- text ---- */

enum { PLACE_COLUMN = 56, LONG_LINE = 80 };

static void print_cases(FILE *out, const struct explained_call *call, const char *indent)
{
	char action[CALLGATE_ACTION_TEXT];

	for (size_t i = 0; i < call->cases.count; i++) {
		const struct explained_case *one = &call->cases.items[i];
		callgate_action_text(one->action, action);
		const int at = fprintf(out, "%s%-14s %s", indent, action,
		                       *one->condition ? one->condition : "whatever the arguments are");
		const int pad = at < PLACE_COLUMN ? PLACE_COLUMN - at : at < LONG_LINE ? 2 : PLACE_COLUMN;
		print_safely(out, "%s%*s%s\n", at < LONG_LINE ? "" : "\n", pad, "", one->place);
	}
	if (!call->is_complete)
		fprintf(out, "%sand more cases, which the prover has not found within its budget\n", indent);
}

static void print_change(FILE *out, const struct explanation *x, const struct explained_call *call)
{
	static const char *const words[] = {"", "allows more than before", "allows less than before",
	                                    "another answer than before"}; /* ORDER explained_change */
	const struct callgate_difference *difference;
	const enum explained_change change = explanation_change(x, call, &difference);

	if (change != EXPLAINED_SAME)
		fprintf(out, "  %s: %s\n", words[change], difference->text);
}

void explanation_print_cost(FILE *out, const struct explained_call *call)
{
	fprintf(out, "%zu", call->graph.least);
	if (call->graph.most != call->graph.least)
		fprintf(out, "-%zu", call->graph.most);
}

static void print_way(FILE *out, const struct explained_way *way)
{
	char calls[EXPLAINED_WAY];

	explained_way_words(way->row, calls);
	fprintf(out, "%s%s%s (%s", way->row->way.call, *calls ? " " : "", calls, explained_word(way->kind));
	if (way->kind == way->call->kind && !way->call->cases.items[0].rest)
		fprintf(out, ", line %u", way->call->cases.items[0].line);
	fputc(')', out);
}

/* Ways to all of the effect in a line, and those to a part of it, which have conditions, in one each. */
static void print_ways(FILE *out, const struct explanation *x, const struct explained_call *call)
{
	struct explained_way way;
	bool any = false;

	for (size_t i = 0; explanation_way(x, call, &i, &way);) {
		if (way.row->kind == CALLGATE_BYPASS_PARTIAL)
			continue;
		fputs(any ? ", " : "  same effect: ", out);
		print_way(out, &way);
		any = true;
	}
	if (any)
		fputc('\n', out);
	for (size_t i = 0; explanation_way(x, call, &i, &way);) {
		if (way.row->kind != CALLGATE_BYPASS_PARTIAL)
			continue;
		fputs("  part of the effect: ", out);
		print_way(out, &way);
		fprintf(out, "%s%s\n", way.row->condition ? ": " : "", way.row->condition ? way.row->condition : "");
	}
}

/* "5.9", "2.6..4.0", which is a release between the two, or "never". */
static void print_since(FILE *out, const char *since)
{
	const char *bounds = strstr(since, "..");

	if (bounds)
		fprintf(out, "  since Linux %s at the latest\n", bounds + strlen(".."));
	else if (strcmp(since, "never") == 0)
		fputs("  no kernel has the call\n", out);
	else if (*since)
		fprintf(out, "  since Linux %s\n", since);
}

static void print_call(FILE *out, const struct explanation *x, const struct explained_call *call)
{
	fprintf(out, "%s(", call->name);
	for (unsigned i = 0; callgate_argument_name(call->arch->token, call->name, i); i++)
		fprintf(out, "%s%s", i ? ", " : "", callgate_argument_name(call->arch->token, call->name, i));
	fprintf(out, ") on %s:\n", call->arch->name);
	print_cases(out, call, "  ");
	fputs("  cost: ", out);
	explanation_print_cost(out, call);
	fprintf(out, " instructions; %s\n",
	        call->from_bitmap ? "the kernel answers from its bitmap (Linux 5.11), without running the program"
	                          : "not in the kernel's bitmap of allowed calls");
	print_since(out, call->since);
	print_ways(out, x, call);
	print_change(out, x, call);
}

static void print_names(FILE *out, const struct explanation *x, const struct callgate_arch *arch,
                        enum explained_kind kind)
{
	int at = 0;

	fprintf(out, "%s:\n", kind == EXPLAINED_ALLOWED ? "allowed" : "denied");
	for (size_t i = 0; i < x->calls.count; i++) {
		const struct explained_call *call = &x->calls.items[i];
		if (call->arch != arch || call->kind != kind)
			continue;
		const int length = (int)strlen(call->name);
		at = at == 0 || at + length + 1 > 78 ? fprintf(out, "%s  %s", at ? "\n" : "", call->name) - (at ? 1 : 0)
		                                     : at + fprintf(out, " %s", call->name);
	}
	fputs(at ? "\n" : "  none\n", out);
}

static void print_arch(FILE *out, const struct explanation *x, const struct callgate_arch *arch)
{
	size_t counts[3] = {0}, changed = 0;
	const struct callgate_difference *difference;

	for (size_t i = 0; i < x->calls.count; i++)
		counts[x->calls.items[i].kind] += x->calls.items[i].arch == arch;
	print_safely(out, "%s on %s: %zu calls allowed, %zu denied, %zu by argument\n", x->explaining.filter->path,
	             arch->name, counts[EXPLAINED_ALLOWED], counts[EXPLAINED_DENIED], counts[EXPLAINED_CONDITIONAL]);
	for (int kind = EXPLAINED_ALLOWED; kind <= EXPLAINED_DENIED; kind++)
		if (x->kinds & 1u << kind)
			print_names(out, x, arch, (enum explained_kind)kind);
	for (size_t i = 0; i < x->calls.count; i++) {
		const struct explained_call *call = &x->calls.items[i];
		if (call->arch != arch || call->kind != EXPLAINED_CONDITIONAL || !explanation_shows(x, call))
			continue;
		fprintf(out, "%s:\n", call->name);
		print_cases(out, call, "  ");
	}
	for (size_t i = 0; x->changes && i < x->calls.count; i++)
		if (x->calls.items[i].arch == arch &&
		    explanation_change(x, &x->calls.items[i], &difference) != EXPLAINED_SAME) {
			fprintf(out, "%s  %s\n", changed++ ? "" : "changed (A was before, B is now):\n",
			        difference->text);
		}
	if (x->changes && !changed)
		fputs("nothing has changed\n", out);
}

/* Calls print_one for each architecture of the calls. */
static void each_arch(FILE *out, const struct explanation *x,
                      void (*print_one)(FILE *, const struct explanation *, const struct callgate_arch *))
{
	for (size_t i = 0; i < x->calls.count; i++)
		if (i == 0 || x->calls.items[i].arch != x->calls.items[i - 1].arch)
			print_one(out, x, x->calls.items[i].arch);
}

void explanation_print_words(FILE *out, const struct explanation *x)
{
	if (!x->only) {
		each_arch(out, x, print_arch);
		return;
	}
	for (size_t i = 0; i < x->calls.count; i++)
		if (explanation_shows(x, &x->calls.items[i]))
			print_call(out, x, &x->calls.items[i]);
}

/* ---- JSON ---- */

static void print_ways_json(struct json *json, const struct explanation *x, const struct explained_call *call)
{
	static const char *const kinds[] = {"same", "larger", "partial"}; /* ORDER callgate_bypass_kind */
	struct explained_way way;
	char calls[EXPLAINED_WAY];

	json_open(json, "same_effect", "[]");
	for (size_t i = 0; explanation_way(x, call, &i, &way);)
		if (way.row->kind != CALLGATE_BYPASS_PARTIAL)
			json_text(json, NULL, way.row->way.call);
	json_close(json);
	json_open(json, "ways", "[]");
	for (size_t i = 0; explanation_way(x, call, &i, &way);) {
		explained_way_words(way.row, calls);
		json_open(json, NULL, "{}");
		json_text(json, "call", way.row->way.call);
		json_text(json, "calls", *calls ? calls : NULL);
		json_text(json, "kind", kinds[way.row->kind]);
		json_text(json, "condition", way.row->condition);
		json_text(json, "reason", way.row->reason);
		json_bool(json, "tried", way.row->tried);
		json_text(json, "verdict", explained_word(way.kind));
		json_close(json);
	}
	json_close(json);
}

static void print_call_json(struct json *json, const struct explanation *x, const struct explained_call *call)
{
	static const char *const changes[] = {NULL, "more", "less", "other"}; /* ORDER explained_change */
	const struct callgate_difference *difference;

	json_open(json, NULL, "{}");
	json_text(json, "call", call->name);
	json_text(json, "arch_name", call->arch->name);
	json_number(json, "nr", call->nr);
	json_text(json, "verdict", explained_word(call->kind));
	json_open(json, "cases", "[]");
	for (size_t i = 0; i < call->cases.count; i++) {
		const struct explained_case *one = &call->cases.items[i];
		json_open(json, NULL, "{}");
		json_action(json, "action", one->action);
		json_text(json, "condition", one->condition);
		json_text(json, "place", one->place);
		json_number(json, "line", one->line);
		json_close(json);
	}
	json_close(json);
	json_bool(json, "complete", call->is_complete);
	json_number(json, "least", (long long)call->graph.least);
	json_number(json, "most", (long long)call->graph.most);
	json_bool(json, "from_bitmap", call->from_bitmap);
	json_text(json, "since", *call->since ? call->since : NULL);
	print_ways_json(json, x, call);
	if (x->changes) {
		json_text(json, "change", changes[explanation_change(x, call, &difference)]);
		json_text(json, "difference", difference ? difference->text : NULL);
	}
	json_close(json);
}

void explanation_print_json(FILE *out, const struct explanation *x)
{
	struct json json = {.out = out};

	json_open(&json, NULL, "{}");
	json_text(&json, "filter", x->explaining.filter->path);
	json_open(&json, "calls", "[]");
	for (size_t i = 0; i < x->calls.count; i++)
		if (explanation_shows(x, &x->calls.items[i]))
			print_call_json(&json, x, &x->calls.items[i]);
	json_close(&json);
	json_close(&json);
}

/* ---- Markdown ---- */

static void put_markdown(FILE *out, const char *text)
{
	print_text(out, &format_markdown, text, strlen(text));
}

static void print_markdown_arch(FILE *out, const struct explanation *x, const struct callgate_arch *arch)
{
	static const char *const marks[] = {"", "**allows more**", "**allows less**", "other answer"};
	const struct callgate_difference *difference;
	char action[CALLGATE_ACTION_TEXT];

	fputs("\n### ", out);
	put_markdown(out, x->explaining.filter->path);
	fprintf(out, " on %s\n\n| call | answer | place | cost |%s\n| --- | --- | --- | ---: |%s\n", arch->name,
	        x->changes ? " change |" : "", x->changes ? " --- |" : "");
	for (size_t i = 0; i < x->calls.count; i++) {
		const struct explained_call *call = &x->calls.items[i];
		const enum explained_change change = explanation_change(x, call, &difference);
		if (call->arch != arch || (x->only && !explanation_shows(x, call)) ||
		    !(x->changes ? change != EXPLAINED_SAME : explanation_shows(x, call)))
			continue;
		fprintf(out, "| `%s` | ", call->name);
		for (size_t j = 0; j < call->cases.count; j++) {
			callgate_action_text(call->cases.items[j].action, action);
			fprintf(out, "%s%s%s", j ? "<br>" : "", action, *call->cases.items[j].condition ? " " : "");
			put_markdown(out, call->cases.items[j].condition);
		}
		fputs(" | ", out);
		for (size_t j = 0; j < call->cases.count; j++) {
			fputs(j ? "<br>" : "", out);
			put_markdown(out, call->cases.items[j].place);
		}
		fputs(" | ", out);
		explanation_print_cost(out, call);
		fputs(" |", out);
		if (x->changes) {
			fprintf(out, " %s: ", marks[change]);
			put_markdown(out, difference->text);
			fputs(" |", out);
		}
		fputc('\n', out);
	}
}

void explanation_print_markdown(FILE *out, const struct explanation *x)
{
	fprintf(out, "%u calls allowed, %u denied, %u by argument%s\n", x->counts[EXPLAINED_ALLOWED],
	        x->counts[EXPLAINED_DENIED], x->counts[EXPLAINED_CONDITIONAL],
	        x->changes ? x->changes->count ? "; what has changed:" : "; nothing has changed." : "");
	if (!x->changes || x->changes->count)
		each_arch(out, x, print_markdown_arch);
}
