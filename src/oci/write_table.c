#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "oci/application.h"
#include "oci/review.h"

enum { LINE = 100, INDENT = 6 };

/* A multiplexed call that passes socketcall or ipc, or is kept from it, because of what entries say about the call itself. */
struct sub_call {
	const char *name;
	struct scmp_arg_cmp is_call;
	uint32_t action;
};

/* One known call on one architecture. */
struct row {
	const char *name;
	bool is_conditional;
	bool is_named;       /* the profile says something about it */
	uint32_t action;     /* where no condition decides */
	size_t first, count; /* the references */
	struct sub_call *sub_calls;
	size_t sub_call_count;
};

struct table {
	const struct application *application;
	struct arena *arena;
	int result; /* -errno of what failed first */
	uint32_t default_errno, fallback;
	struct references references;
	struct row *rows;
	size_t row_count;
};

static void write_action(struct strbuf *out, uint32_t action)
{
	char text[CALLGATE_ACTION_TEXT];

	callgate_action_text(action, text);
	strbuf_append(out, text);
}

static bool is_there(uint32_t arch, const char *name)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, name);

	return callgate_syscall_number(arch, name) >= 0 ||
	       seccomp_syscall_resolve_name_rewrite(arch, name) != nr;
}

/* An entry without conditions decides, the first one of them; else the conditions do. */
static struct row make_row(const struct table *table, const char *name)
{
	size_t first = references_find(&table->references, name),
	       count = references_same(&table->references, first);
	struct row row = {name, count > 0, count > 0, table->fallback, first, count, NULL, 0};

	for (size_t i = 0; i < count && row.is_conditional; i++) {
		const struct entry *entry = table->references.list[first + i].entry;
		if (entry->condition_count)
			continue;
		row.is_conditional = false;
		row.action = verdict_value(&entry->verdict, table->default_errno);
	}
	return row;
}

/* Does the rule stand in the profile as one about socketcall or ipc itself? */
static bool is_about(const struct application *application, uint32_t rule, const char *name)
{
	const struct model *model = application->model;
	assert(rule > 0 && rule <= application->origins->list.count);
	struct place place = application->origins->list.items[rule - 1];

	for (size_t i = 0; i < model->entry_count; i++)
		for (size_t j = 0; j < model->entries[i].name_count; j++) {
			const struct named *named = &model->entries[i].names[j];
			if (named->place.line == place.line && named->place.column == place.column)
				return strcmp(named->name, name) == 0;
		}
	return false;
}

static int simulate(const struct application *application, const struct callgate_arch *arch,
                    const struct multiplexed *multiplexed, struct callgate_verdict *ret_verdict)
{
	const struct scmp_arg_cmp *is_call = &multiplexed->is_call;
	bool masked = is_call->op == SCMP_CMP_MASKED_EQ;
	struct callgate_call call = {.arch = arch->token,
	                             .nr = multiplexed->nr,
	                             .args = {masked ? is_call->datum_b : is_call->datum_a}};

	return callgate_simulate(application->ctx, &call, ret_verdict);
}

/* Adds the calls through socketcall or ipc that do not get the default action. */
static int find_sub_calls(const struct table *table, const struct callgate_arch *arch, struct row *row)
{
	enum { SUB_CALLS_MAX = 32 }; /* socketcall has 20, ipc 12 */
	const struct application *application = table->application;
	const char *name;

	row->sub_calls = ARENA_ARRAY(table->arena, struct sub_call, SUB_CALLS_MAX);
	if (!row->sub_calls)
		return -ENOMEM;
	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		struct callgate_verdict verdict;
		struct multiplexed multiplexed;
		if (!multiplexed_find(arch, name, &multiplexed) ||
		    strcmp(multiplexed.through, row->name) != 0)
			continue;
		int result = simulate(application, arch, &multiplexed, &verdict);
		if (result < 0)
			return result;
		assert(row->sub_call_count < SUB_CALLS_MAX);
		if (verdict.reason == CALLGATE_REASON_RULE && !is_about(application, verdict.rule, row->name))
			row->sub_calls[row->sub_call_count++] =
			    (struct sub_call){name, multiplexed.is_call, verdict.action};
	}
	return 0;
}

/* Not where an entry decides about all of socketcall or ipc. */
static void add_sub_calls(struct table *table, const struct callgate_arch *arch, struct row *row)
{
	if (row->is_named && !row->is_conditional)
		return;
	int result = find_sub_calls(table, arch, row);
	table->result = table->result ? table->result : result;
	row->is_conditional = row->is_conditional || row->sub_call_count;
}

static void fill_rows(struct table *table, const struct callgate_arch *arch)
{
	const char *name;

	table->row_count = 0;
	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		if (!is_there(arch->token, name))
			continue;
		struct row *row = &table->rows[table->row_count++];
		*row = make_row(table, name);
		if (strcmp(name, "socketcall") == 0 || strcmp(name, "ipc") == 0)
			add_sub_calls(table, arch, row);
	}
}

static void write_name(struct strbuf *out, const char *name, size_t *column)
{
	if (*column == 0 || *column + strlen(name) + 1 > LINE) {
		strbuf_printf(out, "%s%*s%s", *column ? "\n" : "", INDENT, "", name);
		*column = INDENT + strlen(name);
		return;
	}
	strbuf_printf(out, " %s", name);
	*column += strlen(name) + 1;
}

static bool is_in_group(const struct row *row, const struct row *group)
{
	return !row->is_conditional && row->action == group->action;
}

/* All calls that get what `rows[first]` gets, if it is the first of them. */
static void write_group(struct strbuf *out, const struct table *table, size_t first)
{
	const struct row *group = &table->rows[first];
	size_t count = 0, column = 0;

	for (size_t i = 0; i < table->row_count; i++) {
		if (is_in_group(&table->rows[i], group) && i < first)
			return;
		count += is_in_group(&table->rows[i], group);
	}
	strbuf_append(out, "  ");
	write_action(out, group->action);
	strbuf_printf(out, "%s: %zu\n", group->action == table->fallback ? ", the default" : "", count);
	for (size_t i = 0; i < table->row_count; i++)
		if (is_in_group(&table->rows[i], group))
			write_name(out, table->rows[i].name, &column);
	strbuf_append(out, "\n");
}

/* As the architecture compares it. */
static void write_condition(struct strbuf *out, const struct scmp_arg_cmp *compare, uint64_t width)
{
	static const char *const operators[] = {
	    "?", "!=", "<", "<=", "==", ">=", ">"}; /* ORDER scmp_compare */

	if (compare->op == SCMP_CMP_MASKED_EQ)
		strbuf_printf(out, "(arg%u & 0x%" PRIx64 ") == 0x%" PRIx64, compare->arg,
		              compare->datum_a & width, compare->datum_a & compare->datum_b & width);
	else
		strbuf_printf(out, "arg%u %s %" PRIu64, compare->arg, operators[compare->op],
		              compare->datum_a & width);
}

static void write_sub_calls(struct strbuf *out, const struct row *row, uint64_t width)
{
	for (size_t i = 0; i < row->sub_call_count; i++) {
		const struct sub_call *sub_call = &row->sub_calls[i];
		strbuf_printf(out, "%*s%s: ", INDENT, "", row->name);
		write_condition(out, &sub_call->is_call, width);
		strbuf_printf(out, " (%s) -> ", sub_call->name);
		write_action(out, sub_call->action);
		strbuf_append(out, "\n");
	}
}

static void write_conditions(struct strbuf *out, const struct table *table, const struct row *row,
                             uint64_t width)
{
	bool or = table->application->options[CALLGATE_PROFILE_SAME_ARGUMENT] == CALLGATE_SAME_ARGUMENT_OR;

	for (size_t i = 0; i < row->count; i++) {
		const struct entry *entry = table->references.list[row->first + i].entry;
		strbuf_printf(out, "%*s%s: ", INDENT, "", row->name);
		for (size_t j = 0; j < entry->condition_count; j++) {
			strbuf_append(out, j == 0 ? "" : entry->same_argument && or ? " or " : " and ");
			write_condition(out, &entry->conditions[j].compare, width);
		}
		strbuf_append(out, " -> ");
		write_action(out, verdict_value(&entry->verdict, table->default_errno));
		strbuf_append(out, "\n");
	}
	write_sub_calls(out, row, width);
}

static void write_arch(struct strbuf *out, struct table *table, const struct callgate_arch *arch)
{
	uint64_t width = arch->word_bits == 32 ? UINT32_MAX : UINT64_MAX;
	size_t conditional = 0;

	fill_rows(table, arch);
	strbuf_printf(out, "\n%s: %zu calls\n", arch->name, table->row_count);
	for (size_t i = 0; i < table->row_count; i++) {
		conditional += table->rows[i].is_conditional;
		if (!table->rows[i].is_conditional)
			write_group(out, table, i);
	}
	if (conditional)
		strbuf_printf(out, "  by arguments, else the default: %zu\n", conditional);
	for (size_t i = 0; i < table->row_count; i++)
		if (table->rows[i].is_conditional)
			write_conditions(out, table, &table->rows[i], width);
}

static void write_head(struct strbuf *out, const struct table *table)
{
	const struct model *model = table->application->model;

	strbuf_append(out, "default: ");
	write_action(out, table->fallback);
	if (unknown_calls_get_enosys(model, table->application->options))
		strbuf_append(out, "\nunknown calls, newer than all known ones: ENOSYS");
	for (const struct word *flag = flag_words; flag->name; flag++)
		if (model->flags[flag->value])
			strbuf_printf(out, "\nflag: %s", flag->name);
	if (model->listener_path)
		strbuf_printf(out, "\nlistener: %s", model->listener_path);
	strbuf_append(out, "\n");
}

int write_table(struct strbuf *out, const struct application *application, struct arena *arena)
{
	const struct model *model = application->model;
	struct table table = {.application = application,
	                      .arena = arena,
	                      .default_errno = application->options[CALLGATE_PROFILE_DEFAULT_ERRNO],
	                      .fallback = application_default(application)};
	size_t names = 0;

	while (callgate_syscall_name_at(names))
		names++;
	table.rows = ARENA_ARRAY(arena, struct row, names);
	if (!table.rows || !references_collect(model, table.default_errno, arena, &table.references))
		return -ENOMEM;
	write_head(out, &table);
	for (size_t i = 0; i < model->arch_count; i++)
		write_arch(out, &table, model->archs[i]);
	return table.result;
}
