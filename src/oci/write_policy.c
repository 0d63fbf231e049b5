/* A filter as a policy that a person would have written: callgate-policy(5). */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/info.h>

#include "oci/convert.h"

enum { LINE = 100, NARROW = 2 };

/* What is said of a call on one architecture. */
struct answer {
	bool is_there;
	/*
	 * The statements about its arguments, each a line; "": none. Where registers have 32 bits any width says the
	 * same, and there are two ways to write it: as where arguments are compared as the kernel reads them, and as
	 * where all 64 bits are.
	 */
	const char *lines[NARROW];
	const char *rest; /* the action of all other calls; NULL: that needs no statement */
	bool is_decided;  /* a statement decides about every such call */
};

struct row {
	const char *name;
	struct answer *answers; /* by the architecture's place in the model */
};

/* Calls of which the same is said. */
struct group {
	uint64_t archs; /* bit i: the model's i-th one; all: wherever there is such a call */
	const char *action;
	ARENA_VEC(struct row *) rows;
};
static const uint64_t everywhere = UINT64_MAX;

struct writer {
	const struct conversion *conversion;
	const struct model *model;
	struct strbuf *out;
	size_t row_count;
	struct row *rows;
	ARENA_VEC(struct group) groups;
	int result;
};

static void fail(struct writer *writer, int result)
{
	writer->result = writer->result ? writer->result : result;
}

static const char *keep(struct writer *writer, struct strbuf *text)
{
	const char *copy = strbuf_move(text, writer->conversion->arena);

	if (!copy)
		fail(writer, -ENOMEM);
	return copy ? copy : "";
}

static const char *action_words(struct writer *writer, const struct callgate_arch *arch, uint32_t action)
{
	struct strbuf text = {0};

	policy_write_action(&text, arch, action);
	return keep(writer, &text);
}

static const char *case_words(struct writer *writer, const struct callgate_arch *arch, const char *name,
                              const struct call_case *one, bool as_wide)
{
	struct strbuf text = {0};

	policy_write_case(&text, arch, name, one, as_wide);
	return keep(writer, &text);
}

/* ---- answers ---- */

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All cases but those of one action, in an order that does not depend on the architecture. */
static const char *lines_of(struct writer *writer, const struct callgate_arch *arch, const char *name,
                            const struct call_cases *cases, uint32_t but, bool as_wide)
{
	const char **lines = ARENA_ARRAY(writer->conversion->arena, const char *, cases->count + 1);
	struct strbuf text = {0};
	size_t count = 0;

	if (!lines) {
		fail(writer, -ENOMEM);
		return "";
	}
	for (size_t i = 0; i < cases->count; i++)
		if (cases->items[i].action != but)
			lines[count++] = case_words(writer, arch, name, &cases->items[i], as_wide);
	qsort(lines, count, sizeof(lines[0]), compare_texts);
	for (size_t i = 0; i < count; i++)
		strbuf_printf(&text, "%s\n", lines[i]);
	return keep(writer, &text);
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

static bool is_multiplexer(const char *name)
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

static void set_answer(struct writer *writer, const struct callgate_arch *arch, const char *name, struct answer *answer)
{
	const uint32_t fallback = application_default(writer->conversion->application);
	struct call_answer asked = {0};
	int nr = callgate_syscall_number(arch->token, name);

	answer->lines[0] = answer->lines[1] = "";
	if (nr < 0 || writer->result < 0)
		return;
	answer->is_there = true;
	int result = conversion_ask(writer->conversion, arch, name, nr, &asked);
	if (result < 0) {
		fail(writer, result);
		return;
	}
	const bool is_first = writer->conversion->multiplexed_first && is_multiplexer(name);
	const uint32_t rest = longest_action(&asked.cases, fallback);
	if (asked.cases.too_many_count > 1)
		fail(writer, conversion_refuse(writer->conversion, arch, name));
	for (int i = 0; i < NARROW && !asked.cases.is_unconditional; i++)
		answer->lines[i] = lines_of(writer, arch, name, &asked.cases, rest, i > 0);
	const bool is_said = rest != fallback && !asked.is_unnamed;
	const bool is_hole = rest == fallback && asked.cases.is_unconditional && needs_name(writer->model, arch, nr);
	if (is_first || is_said || is_hole)
		answer->rest = action_words(writer, arch, rest);
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

static bool read_rows(struct writer *writer)
{
	struct arena *arena = writer->conversion->arena;
	size_t count = 0;

	while (callgate_syscall_name_at(count))
		count++;
	writer->rows = ARENA_ARRAY(arena, struct row, count);
	for (size_t i = 0; writer->rows && i < count && writer->result == 0; i++) {
		struct row *row = &writer->rows[writer->row_count++];
		row->name = callgate_syscall_name_at(i);
		row->answers = ARENA_ARRAY(arena, struct answer, writer->model->arch_count);
		if (!row->answers)
			return false;
		for (size_t j = 0; j < writer->model->arch_count; j++)
			set_answer(writer, writer->model->archs[j], row->name, &row->answers[j]);
		choose_words(writer->model, row);
	}
	return writer->rows != NULL;
}

/* ---- statements ---- */

static void write_archs(const struct writer *writer, uint64_t archs)
{
	const char *separator = "";

	for (size_t i = 0; i < writer->model->arch_count; i++)
		if (archs >> i & 1) {
			strbuf_printf(writer->out, "%s%s", separator, writer->model->archs[i]->name);
			separator = ", ";
		}
}

static void write_prefix(const struct writer *writer, uint64_t archs)
{
	if (archs == everywhere)
		return;
	strbuf_append(writer->out, "on ");
	write_archs(writer, archs);
	strbuf_append(writer->out, ": ");
}

static bool is_same(const struct answer *a, const struct answer *b, bool by_rest)
{
	if (by_rest)
		return a->rest && b->rest && strcmp(a->rest, b->rest) == 0;
	return strcmp(a->lines[0], b->lines[0]) == 0;
}

/*
 * The architectures of which the same is said as of the one at `first`, unless that was so for one before it: 0 then.
 */
static uint64_t archs_like(const struct writer *writer, const struct row *row, size_t first, bool by_rest)
{
	uint64_t archs = 0;
	bool is_all = true;

	for (size_t i = 0; i < writer->model->arch_count; i++) {
		if (!row->answers[i].is_there)
			continue;
		bool same = is_same(&row->answers[i], &row->answers[first], by_rest);
		if (same && i < first)
			return 0;
		archs |= same ? (uint64_t)1 << i : 0;
		is_all = is_all && same;
	}
	return is_all ? everywhere : archs;
}

static void add_to_group(struct writer *writer, struct row *row, uint64_t archs, const char *action)
{
	struct arena *arena = writer->conversion->arena;
	const struct group new = {.archs = archs, .action = action};
	size_t at = 0;

	while (at < writer->groups.count &&
	       (writer->groups.items[at].archs != archs || strcmp(writer->groups.items[at].action, action) != 0))
		at++;
	if ((at == writer->groups.count && !vec_push_in(&writer->groups, arena, new)) ||
	    !vec_push_in(&writer->groups.items[at].rows, arena, row))
		fail(writer, -ENOMEM);
}

/* Each line of the text, after the architectures that it is for. */
static void write_lines(const struct writer *writer, uint64_t archs, const char *lines)
{
	for (const char *at = lines, *end; *at; at = end + 1) {
		end = strchr(at, '\n');
		write_prefix(writer, archs);
		strbuf_append_bytes(writer->out, at, (size_t)(end - at) + 1);
	}
}

/* What its arguments decide; the rest goes to the groups. */
static void write_row(struct writer *writer, struct row *row)
{
	const bool is_first = writer->conversion->multiplexed_first && is_multiplexer(row->name);

	for (size_t i = 0; i < writer->model->arch_count; i++) {
		const struct answer *answer = &row->answers[i];
		uint64_t archs = answer->is_there ? archs_like(writer, row, i, false) : 0;
		if (archs)
			write_lines(writer, archs, answer->lines[0]);
	}
	for (size_t i = 0; i < writer->model->arch_count; i++) {
		struct answer *answer = &row->answers[i];
		uint64_t archs = answer->is_there && answer->rest ? archs_like(writer, row, i, true) : 0;
		if (!archs)
			continue;
		if (!is_first) {
			add_to_group(writer, row, archs, answer->rest);
			continue;
		}
		write_prefix(writer, archs);
		strbuf_printf(writer->out, "%s -> %s\n", row->name, answer->rest);
	}
}

/* ---- groups ---- */

static struct row *find_row(const struct writer *writer, const char *name)
{
	for (size_t i = 0; i < writer->row_count; i++)
		if (strcmp(writer->rows[i].name, name) == 0)
			return &writer->rows[i];
	return NULL;
}

static bool is_of_group(const struct group *group, const struct row *row)
{
	for (size_t i = 0; i < group->rows.count; i++)
		if (group->rows.items[i] == row)
			return true;
	return false;
}

/* Is it decided already wherever it is? */
static bool is_decided(const struct writer *writer, const struct row *row)
{
	for (size_t i = 0; i < writer->model->arch_count; i++)
		if (row->answers[i].is_there && !row->answers[i].is_decided)
			return false;
	return true;
}

static void decide(const struct writer *writer, struct row *row, uint64_t archs)
{
	for (size_t i = 0; i < writer->model->arch_count; i++)
		row->answers[i].is_decided = row->answers[i].is_decided || (archs >> i & 1);
}

/* How many calls that are still to be said the set has; 0 if it has one of which something else holds. */
static size_t count_of_set(const struct writer *writer, const struct group *group, const struct callgate_group *set)
{
	size_t count = 0;

	for (size_t i = 0; set->syscalls[i]; i++) {
		const struct row *row = find_row(writer, set->syscalls[i]);
		if (!row || is_decided(writer, row))
			continue;
		if (!is_of_group(group, row))
			return 0;
		count++;
	}
	return count;
}

static const struct callgate_group *largest_set(const struct writer *writer, const struct group *group)
{
	enum { FEWEST = 3 };
	const struct callgate_group *set, *largest = NULL;
	size_t most = FEWEST - 1;

	for (size_t i = 0; (set = callgate_group_at(i)); i++) {
		size_t count = count_of_set(writer, group, set);
		if (count <= most)
			continue;
		most = count;
		largest = set;
	}
	return largest;
}

/* A line of words with commas, which is not too long. */
struct line {
	const struct writer *writer;
	const struct group *group;
	size_t start; /* where the line begins; 0: there is none */
};

static void end_line(struct line *line)
{
	if (line->start)
		strbuf_printf(line->writer->out, " -> %s\n", line->group->action);
	line->start = 0;
}

static void add_word(struct line *line, const char *word)
{
	struct strbuf *out = line->writer->out;
	size_t needs = strlen(word) + strlen(line->group->action) + strlen(",  -> ");

	if (line->start && out->length - line->start + needs > LINE)
		end_line(line);
	if (!line->start) {
		line->start = out->length;
		write_prefix(line->writer, line->group->archs);
	} else {
		strbuf_append(out, ", ");
	}
	strbuf_append(out, word);
}

static void write_group(const struct writer *writer, const struct group *group)
{
	struct line line = {.writer = writer, .group = group};
	const struct callgate_group *set;

	while (group->archs == everywhere && (set = largest_set(writer, group))) {
		char name[64];
		snprintf(name, sizeof(name), "@%s@%u", set->name, callgate_group_version_of(set));
		add_word(&line, name);
		for (size_t i = 0; set->syscalls[i]; i++) {
			struct row *row = find_row(writer, set->syscalls[i]);
			if (row)
				decide(writer, row, everywhere);
		}
	}
	end_line(&line);
	for (size_t i = 0; i < group->rows.count; i++) {
		if (is_decided(writer, group->rows.items[i]))
			continue;
		add_word(&line, group->rows.items[i]->name);
		decide(writer, group->rows.items[i], group->archs);
	}
	end_line(&line);
}

/* Those for some architectures first, and large ones last: sets may have calls that were decided before. */
static int compare_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if ((x->archs == everywhere) != (y->archs == everywhere))
		return x->archs == everywhere ? 1 : -1;
	if (x->rows.count != y->rows.count)
		return x->rows.count > y->rows.count ? 1 : -1;
	return x->archs != y->archs ? (x->archs > y->archs ? 1 : -1) : strcmp(x->action, y->action);
}

/* ---- the whole ---- */

static void write_head(struct writer *writer)
{
	const struct model *model = writer->model;
	const char *separator = "flags ";

	strbuf_printf(writer->out, "default %s\narch ",
	              action_words(writer, model->archs[0], application_default(writer->conversion->application)));
	write_archs(writer, everywhere);
	strbuf_append(writer->out, "\n");
	if (model->baseline.major)
		strbuf_printf(writer->out, "kernel >= %u.%u\n", model->baseline.major, model->baseline.minor);
	if (model->unknown_calls == CALLGATE_UNKNOWN_CALLS_NAMED)
		strbuf_append(writer->out, "newer calls -> ENOSYS\n");
	if (model->unknown_calls == CALLGATE_UNKNOWN_CALLS_ENOSYS)
		strbuf_append(writer->out, "unknown calls -> ENOSYS\n");
	for (const struct word *flag = flag_words; flag->name; flag++)
		if (model->flags[flag->value]) {
			strbuf_printf(writer->out, "%s%s", separator, flag->name);
			separator = ", ";
		}
	strbuf_append(writer->out, *separator == ',' ? "\n" : "");
}

int write_as_policy(struct strbuf *out, const struct conversion *conversion)
{
	struct writer writer = {.conversion = conversion, .model = conversion->application->model, .out = out};

	assert(writer.model->arch_count < 64);
	if (!read_rows(&writer))
		return -ENOMEM;
	write_head(&writer);
	strbuf_append(out, "\n");
	const size_t head = out->length;
	for (int pass = 0; pass < 2; pass++) /* multiplexers first */
		for (size_t i = 0; i < writer.row_count && writer.result == 0; i++)
			if (is_multiplexer(writer.rows[i].name) == (pass == 0))
				write_row(&writer, &writer.rows[i]);
	if (writer.result == 0 && writer.groups.count)
		qsort(writer.groups.items, writer.groups.count, sizeof(struct group), compare_groups);
	strbuf_append(out, writer.groups.count && out->length > head ? "\n" : "");
	for (size_t i = 0; i < writer.groups.count && writer.result == 0; i++)
		write_group(&writer, &writer.groups.items[i]);
	return out->failed ? -ENOMEM : writer.result;
}
