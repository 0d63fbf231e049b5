/* A filter as a policy that a person would have written: callgate-policy(5). */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/info.h>

#include "oci/convert.h"

enum { LINE = 100 };

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
	struct policy_rows rows;
	ARENA_VEC(struct group) groups;
	int result;
};

static void fail(struct writer *writer, int result)
{
	writer->result = writer->result ? writer->result : result;
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
		if (!row->answers[i].is_there) { /* there a number may be another call */
			is_all = is_all && row->number < 0;
			continue;
		}
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
	const bool is_first = writer->conversion->multiplexed_first && policy_is_multiplexer(row->name);

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
	for (size_t i = 0; i < writer->rows.count; i++)
		if (strcmp(writer->rows.items[i].name, name) == 0)
			return &writer->rows.items[i];
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

	strbuf_append(writer->out, "default ");
	policy_write_action(writer->out, model->archs[0], application_default(writer->conversion->application));
	strbuf_append(writer->out, "\narch ");
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
	writer.result = policy_rows_read(conversion, &writer.rows);
	if (writer.result < 0)
		return writer.result;
	write_head(&writer);
	strbuf_append(out, "\n");
	const size_t head = out->length;
	for (int pass = 0; pass < 2; pass++) /* multiplexers first */
		for (size_t i = 0; i < writer.rows.count && writer.result == 0; i++)
			if (policy_is_multiplexer(writer.rows.items[i].name) == (pass == 0))
				write_row(&writer, &writer.rows.items[i]);
	if (writer.result == 0 && writer.groups.count)
		qsort(writer.groups.items, writer.groups.count, sizeof(struct group), compare_groups);
	strbuf_append(out, writer.groups.count && out->length > head ? "\n" : "");
	for (size_t i = 0; i < writer.groups.count && writer.result == 0; i++)
		write_group(&writer, &writer.groups.items[i]);
	return out->failed ? -ENOMEM : writer.result;
}
