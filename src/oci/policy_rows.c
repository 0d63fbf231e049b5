/* What is said of each call by a policy that is to be written. */
#include "oci/convert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "oci/read_policy.h"

struct row_reader {
	const struct conversion *conversion;
	const struct model *model;
	struct policy_rows rows;
	int result;
};

static void fail(struct row_reader *reader, int result)
{
	reader->result = reader->result ? reader->result : result;
}

static const char *keep(struct row_reader *reader, struct strbuf *text)
{
	const char *copy = strbuf_move(text, reader->conversion->arena);

	if (!copy)
		fail(reader, -ENOMEM);
	return copy ? copy : "";
}

static const char *action_words(struct row_reader *reader, const struct callgate_arch *arch, uint32_t action)
{
	struct strbuf text = {0};

	policy_write_action(&text, arch, action);
	return keep(reader, &text);
}

static const char *case_words(struct row_reader *reader, const struct callgate_arch *arch, const char *name,
                              const struct call_case *one, bool as_wide)
{
	struct strbuf text = {0};

	policy_write_case(&text, arch, name, one, as_wide);
	return keep(reader, &text);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All cases but those of one action, in an order that does not depend on the architecture. */
static const char *lines_of(struct row_reader *reader, const struct callgate_arch *arch, const char *name,
                            const struct call_cases *cases, uint32_t but, bool as_wide)
{
	const char **lines = ARENA_ARRAY(reader->conversion->arena, const char *, cases->count + 1);
	struct strbuf text = {0};
	size_t count = 0;

	if (!lines) {
		fail(reader, -ENOMEM);
		return "";
	}
	for (size_t i = 0; i < cases->count; i++)
		if (cases->items[i].action != but)
			lines[count++] = case_words(reader, arch, name, &cases->items[i], as_wide);
	qsort(lines, count, sizeof(lines[0]), compare_texts);
	for (size_t i = 0; i < count; i++)
		strbuf_printf(&text, "%s\n", lines[i]);
	return keep(reader, &text);
}

static size_t count_cases(const struct call_cases *cases, uint32_t action)
{
	size_t count = 0;

	for (size_t i = 0; i < cases->count; i++)
		count += cases->items[i].action == action;
	return call_cases_has_too_many(cases, action) ? SIZE_MAX : count;
}

/* The action that takes the most words, which is then what all other calls get. */
static uint32_t longest_action(const struct call_cases *cases, uint32_t fallback)
{
	uint32_t longest = fallback;

	for (size_t i = 0; i < cases->count; i++)
		if (count_cases(cases, cases->items[i].action) > count_cases(cases, longest))
			longest = cases->items[i].action;
	for (size_t i = 0; i < cases->too_many_count; i++)
		longest = cases->too_many[i];
	return longest;
}

bool policy_is_multiplexer(const char *name)
{
	return strcmp(name, "socketcall") == 0 || strcmp(name, "ipc") == 0;
}

/*
 * Would an unnamed call get something else than one that a statement gives the default action? Then that has to be
 * said.
 */
static bool needs_name(const struct model *model, const struct callgate_arch *arch, int nr)
{
	const struct kernel_version *baseline = &model->baseline;
	struct callgate_since since;

	if (model->unknown_calls == CALLGATE_UNKNOWN_CALLS_NAMED && nr == model_newest_named(model, arch))
		return true;
	if (!baseline->major || callgate_syscall_since(arch->token, nr, &since) < 0)
		return false;
	return !since.by.major ||
	       !kernel_version_at_least(*baseline, (struct kernel_version){since.by.major, since.by.minor});
}

/* Negative: the architecture has no such call. */
static int number_of(const struct row *row, const struct callgate_arch *arch)
{
	if (row->number < 0)
		return callgate_syscall_number(arch->token, row->name);
	if (callgate_syscall_name(arch->token, row->number) || !callgate_arch_has_number(arch->token, row->number))
		return -1;
	return row->number;
}

static void set_answer(struct row_reader *reader, const struct callgate_arch *arch, const struct row *row,
                       struct answer *answer)
{
	const uint32_t fallback = application_default(reader->conversion->application);
	const char *name = row->name;
	struct call_answer asked = {0};
	int nr = number_of(row, arch);

	answer->lines[0] = answer->lines[1] = "";
	if (nr < 0 || reader->result < 0)
		return;
	answer->is_there = true;
	int result = conversion_ask(reader->conversion, arch, name, nr, &asked);
	if (result < 0) {
		fail(reader, result);
		return;
	}
	const bool is_first = reader->conversion->multiplexed_first && policy_is_multiplexer(name);
	const uint32_t rest = longest_action(&asked.cases, fallback);
	if (asked.cases.too_many_count > 1)
		fail(reader, conversion_refuse(reader->conversion, arch, name));
	for (int i = 0; i < NARROW && !asked.cases.is_unconditional; i++)
		answer->lines[i] = lines_of(reader, arch, name, &asked.cases, rest, i > 0);
	const bool is_said = rest != fallback && !asked.is_unnamed;
	const bool is_hole = rest == fallback && asked.cases.is_unconditional && needs_name(reader->model, arch, nr);
	if (is_first || is_said || is_hole)
		answer->rest = action_words(reader, arch, rest);
}

/* An architecture with narrow registers takes the words of a wide one, if it has them. */
static void choose_words(const struct model *model, struct row *row)
{
	for (size_t i = 0; i < model->arch_count; i++) {
		struct answer *answer = &row->answers[i];
		bool is_wide = false;
		for (size_t j = 0; j < model->arch_count && model->archs[i]->register_bits == 32; j++)
			is_wide = is_wide || (row->answers[j].is_there && model->archs[j]->register_bits == 64 &&
			                      strcmp(row->answers[j].lines[0], answer->lines[1]) == 0);
		for (size_t j = 0; j < model->arch_count; j++)
			if (row->answers[j].is_there && model->archs[j]->register_bits == 64 &&
			    strcmp(row->answers[j].lines[0], answer->lines[0]) == 0)
				is_wide = false;
		if (is_wide)
			answer->lines[0] = answer->lines[1];
	}
}

static bool read_row(struct row_reader *reader, const char *name, int number)
{
	struct row *row = &reader->rows.items[reader->rows.count++];

	*row = (struct row){.name = name, .number = number};
	row->answers = ARENA_ARRAY(reader->conversion->arena, struct answer, reader->model->arch_count);
	if (!row->answers)
		return false;
	for (size_t i = 0; i < reader->model->arch_count; i++)
		set_answer(reader, reader->model->archs[i], row, &row->answers[i]);
	choose_words(reader->model, row);
	return true;
}

static bool has_number(const struct row_reader *reader, int number)
{
	for (size_t i = 0; i < reader->rows.count; i++)
		if (reader->rows.items[i].number == number)
			return true;
	return false;
}

/* Calls by number of the policy that is written anew. */
static bool read_number(struct row_reader *reader, const struct file_calls *calls)
{
	struct strbuf name = {0};

	if (calls->group || calls->name || has_number(reader, calls->number))
		return true;
	strbuf_printf(&name, "%d", (int)calls->number);
	return read_row(reader, keep(reader, &name), calls->number);
}

static size_t count_calls(const struct policy_text *policy)
{
	size_t count = 0;

	for (size_t i = 0; policy && i < policy->statements.count; i++)
		count += policy->statements.items[i].calls.count;
	return count;
}

/* The names first, and then what has none. */
static bool read_rows(struct row_reader *reader)
{
	const struct policy_text *policy = reader->model->policy;
	size_t count = 0;
	bool done = true;

	while (callgate_syscall_name_at(count))
		count++;
	reader->rows.items = ARENA_ARRAY(reader->conversion->arena, struct row, count + count_calls(policy));
	if (!reader->rows.items)
		return false;
	for (size_t i = 0; i < count && done && reader->result == 0; i++)
		done = read_row(reader, callgate_syscall_name_at(i), -1);
	for (size_t i = 0; policy && i < policy->statements.count; i++)
		for (size_t j = 0; j < policy->statements.items[i].calls.count && done && reader->result == 0; j++)
			done = read_number(reader, &policy->statements.items[i].calls.items[j]);
	return done;
}

int policy_rows_read(const struct conversion *conversion, struct policy_rows *ret_rows)
{
	struct row_reader reader = {.conversion = conversion, .model = conversion->application->model};
	const bool done = read_rows(&reader);

	*ret_rows = reader.rows;
	return done ? reader.result : -ENOMEM;
}
