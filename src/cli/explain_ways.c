/* Other ways to what a call does, from the table of <callgate/bypass.h>, and what the filter does with them. */
#include <stdlib.h>
#include <string.h>

#include <callgate/bypass.h>
#include <callgate/info.h>

#include "base/strbuf.h"
#include "cli/explain.h"

enum { CONSTANTS_MOST = 3 };

static const struct explained_call *find(const struct explanation *x, const struct callgate_arch *arch,
                                         const char *name)
{
	for (size_t i = 0; i < x->calls.count; i++)
		if (x->calls.items[i].arch == arch && strcmp(x->calls.items[i].name, name) == 0)
			return &x->calls.items[i];
	return NULL;
}

/*
 * A row about values of an argument says something where arguments decide, and one about the whole call where they do
 * not.
 */
static bool concerns(const struct callgate_bypass *row, const struct explained_call *call)
{
	switch (row->denied.match) {
	case CALLGATE_BYPASS_MATCH_BITS:
	case CALLGATE_BYPASS_MATCH_VALUES:
		return call->kind == EXPLAINED_CONDITIONAL;
	case CALLGATE_BYPASS_MATCH_ALL:
		return call->kind != EXPLAINED_CONDITIONAL;
	default:
		return true;
	}
}

static bool is_same(const struct callgate_bypass *a, const struct callgate_bypass *b)
{
	return strcmp(a->way.call, b->way.call) == 0 &&
	       (a->operation ? b->operation && strcmp(a->operation, b->operation) == 0 : !b->operation);
}

/* Is there a row before this one with the same way? */
static bool is_repeated(const struct explained_call *call, size_t index)
{
	const struct callgate_bypass *row = callgate_bypass_of(call->name, index), *before;

	for (size_t i = 0; i < index; i++) {
		before = callgate_bypass_of(call->name, i);
		if (concerns(before, call) && is_same(before, row))
			return true;
	}
	return false;
}

/* The value of a constant or a decimal number on the architecture. */
static bool value_of(const struct callgate_arch *arch, const char *word, uint64_t *ret_value)
{
	int64_t number;
	char *end;

	if (callgate_constant(arch->token, word, &number) == 0) {
		*ret_value = (uint64_t)number;
		return true;
	}
	*ret_value = strtoull(word, &end, 10);
	return end != word && *end == '\0';
}

/* What calls with this value of the argument get, or with these bits. */
static enum explained_kind ask_value(const struct explanation *x, const struct explained_call *way, unsigned argument,
                                     uint64_t value, bool are_bits)
{
	const uint64_t read =
	    callgate_argument_bits(way->arch->token, way->name, argument) <= 32 ? UINT32_MAX : UINT64_MAX;
	const struct scmp_arg_cmp comparison = {argument, SCMP_CMP_MASKED_EQ, are_bits ? value & read : read,
	                                        value & read};
	struct callgate_cases *cases;
	enum explained_kind kind = EXPLAINED_CONDITIONAL;

	if (callgate_cases_find(&x->explaining.question, way->arch->token, way->nr, 1, &comparison, 2, &cases) < 0)
		return kind;
	if (cases->complete && cases->count == 1)
		kind = explained_is_allowed(cases->cases[0].action) ? EXPLAINED_ALLOWED : EXPLAINED_DENIED;
	callgate_cases_free(cases);
	return kind;
}

/* Of a call whose arguments decide, that is asked for the values that the row is about. */
static enum explained_kind judge(const struct explanation *x, const struct explained_call *way,
                                 const struct callgate_bypass_calls *calls)
{
	const bool are_bits = calls->match == CALLGATE_BYPASS_MATCH_BITS;
	enum explained_kind kind = way->kind, one;
	const char *name = "";
	unsigned argument = 0;
	uint64_t value;

	if (kind != EXPLAINED_CONDITIONAL || strcmp(way->name, calls->call) != 0 || !calls->argument ||
	    !calls->constants)
		return kind;
	while (argument < CALLGATE_ARGUMENTS &&
	       (name = callgate_argument_name(way->arch->token, way->name, argument)) &&
	       strcmp(name, calls->argument) != 0)
		argument++;
	if (!name || argument == CALLGATE_ARGUMENTS)
		return kind;
	for (size_t i = 0; calls->constants[i]; i++) {
		if (!value_of(way->arch, calls->constants[i], &value))
			return EXPLAINED_CONDITIONAL;
		one = ask_value(x, way, argument, value, are_bits);
		if (one == EXPLAINED_CONDITIONAL || (i > 0 && one != kind))
			return EXPLAINED_CONDITIONAL;
		kind = one;
	}
	return kind;
}

bool explanation_way(const struct explanation *x, const struct explained_call *call, size_t *index,
                     struct explained_way *ret_way)
{
	const struct callgate_bypass *row;

	for (; (row = callgate_bypass_of(call->name, *index)); ++*index) {
		const struct explained_call *way = find(x, call->arch, row->way.call), *setup = NULL;
		if (!way || !concerns(row, call) || is_repeated(call, *index))
			continue;
		if (row->sort == CALLGATE_BYPASS_IO_URING)
			setup = find(x, call->arch, "io_uring_setup");
		const struct explained_call *decides = setup && setup->kind == EXPLAINED_DENIED ? setup : way;
		*ret_way = (struct explained_way){row, decides, judge(x, decides, &row->way)};
		++*index;
		return true;
	}
	return false;
}

bool explanation_needs(const char *only, const char *name)
{
	const struct callgate_bypass *row;

	for (size_t i = 0; (row = callgate_bypass_of(only, i)); i++)
		if (strcmp(row->way.call, name) == 0 ||
		    (row->sort == CALLGATE_BYPASS_IO_URING && strcmp(name, "io_uring_setup") == 0))
			return true;
	return false;
}

void explained_way_words(const struct callgate_bypass *row, char text[EXPLAINED_WAY])
{
	const struct callgate_bypass_calls *way = &row->way;
	struct strbuf words = {0};

	if (row->operation) {
		strbuf_printf(&words, "(%s)", row->operation);
	} else if (way->argument) {
		strbuf_printf(&words, "(%s %s ", way->argument,
		              way->match == CALLGATE_BYPASS_MATCH_VALUES ? "==" : "&");
		strbuf_append(&words, way->constants ? "" : "the same");
		for (size_t i = 0; way->constants && way->constants[i] && i <= CONSTANTS_MOST; i++)
			strbuf_printf(&words, "%s%s", i ? "|" : "", i < CONSTANTS_MOST ? way->constants[i] : "...");
		strbuf_append(&words, ")");
	}
	snprintf(text, EXPLAINED_WAY, "%s", text_of(&words, ""));
	strbuf_finish(&words);
}
