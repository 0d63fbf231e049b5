/* The model as text: JSON for a runtime, a table for a reader. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "oci/application.h"

/* ---- JSON ---- */

#define TAB "\t"

static void write_key(struct strbuf *out, const char *indent, const char *key)
{
	strbuf_printf(out, ",\n%s\"%s\": ", indent, key);
}

static void write_number(struct strbuf *out, const char *indent, const char *key, const struct verdict *verdict,
                         uint32_t default_errno)
{
	if (!action_takes_number(verdict->action))
		return;
	write_key(out, indent, key);
	strbuf_printf(out, "%" PRIu32, verdict_value(verdict, default_errno) & SECCOMP_RET_DATA);
}

static void write_archs(struct strbuf *out, const struct model *model)
{
	write_key(out, TAB, "architectures");
	for (size_t i = 0; i < model->arch_count; i++)
		strbuf_printf(out, "%s\"%s\"", i ? ", " : "[", model->archs[i]->oci_name);
	strbuf_append(out, "]");
}

void write_flags(struct strbuf *out, const struct model *model)
{
	const char *separator = "[";

	for (const struct word *flag = flag_words; flag->name; flag++) {
		if (!model->flags[flag->value])
			continue;
		if (*separator == '[')
			write_key(out, TAB, "flags");
		strbuf_printf(out, "%s\"%s\"", separator, flag->name);
		separator = ", ";
	}
	if (*separator != '[')
		strbuf_append(out, "]");
}

static void write_condition(struct strbuf *out, const struct scmp_arg_cmp *compare)
{
	assert(compare->op >= SCMP_CMP_NE && compare->op <= SCMP_CMP_MASKED_EQ);
	strbuf_printf(out, "{\"index\": %u, \"value\": %" PRIu64, compare->arg, compare->datum_a);
	if (compare->op == SCMP_CMP_MASKED_EQ)
		strbuf_printf(out, ", \"valueTwo\": %" PRIu64, compare->datum_b);
	strbuf_printf(out, ", \"op\": \"%s\"}", comparison_words[compare->op - SCMP_CMP_NE].name);
}

static void write_entry(struct strbuf *out, const struct entry *entry, uint32_t default_errno)
{
	strbuf_append(out, "{\n" TAB TAB TAB "\"names\": [");
	for (size_t i = 0; i < entry->name_count; i++) {
		strbuf_append(out, i ? ", " : "");
		json_write_string(out, entry->names[i].name);
	}
	strbuf_append(out, "]");
	write_key(out, TAB TAB TAB, "action");
	strbuf_printf(out, "\"%s\"", entry->verdict.name);
	write_number(out, TAB TAB TAB, "errnoRet", &entry->verdict, default_errno);
	if (entry->condition_count)
		write_key(out, TAB TAB TAB, "args");
	for (size_t i = 0; i < entry->condition_count; i++) {
		strbuf_append(out, i ? ", " : "[");
		write_condition(out, &entry->conditions[i].compare);
	}
	strbuf_append(out, entry->condition_count ? "]\n" TAB TAB "}" : "\n" TAB TAB "}");
}

void write_listener(struct strbuf *out, const struct model *model)
{
	if (!model->listener_path)
		return;
	write_key(out, TAB, "listenerPath");
	json_write_string(out, model->listener_path);
	if (!model->listener_metadata)
		return;
	write_key(out, TAB, "listenerMetadata");
	json_write_string(out, model->listener_metadata);
}

void write_resolved(struct strbuf *out, const struct model *model, const uint32_t *options)
{
	uint32_t default_errno = options[CALLGATE_PROFILE_DEFAULT_ERRNO];
	const char *separator = "[\n";

	strbuf_printf(out, "{\n" TAB "\"defaultAction\": \"%s\"", model->fallback.name);
	write_number(out, TAB, "defaultErrnoRet", &model->fallback, default_errno);
	write_archs(out, model);
	write_flags(out, model);
	write_listener(out, model);
	write_key(out, TAB, "syscalls");
	for (size_t i = 0; i < model->entry_count; i++) {
		if (model->entries[i].excluded || model->entries[i].name_count == 0)
			continue;
		strbuf_printf(out, "%s" TAB TAB, separator);
		write_entry(out, &model->entries[i], default_errno);
		separator = ",\n";
	}
	strbuf_append(out, *separator == '[' ? "[]\n}\n" : "\n" TAB "]\n}\n");
}

/* ---- the table ---- */

enum { LINE = 100, INDENT = 6 };

/*
 * A multiplexed call that passes socketcall or ipc, or is kept from it, because of what entries say about the call
 * itself.
 */
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
	int newest; /* calls after this one get ENOSYS, on the current architecture; INT_MAX: none does */
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

	return callgate_syscall_number(arch, name) >= 0 || seccomp_syscall_resolve_name_rewrite(arch, name) != nr;
}

/* An entry without conditions decides, the first one of them; else the conditions do. */
static struct row make_row(const struct table *table, const struct callgate_arch *arch, const char *name)
{
	size_t first = references_find(table->application->references, name),
	       count = references_same(table->application->references, first);
	struct row row = {name, count > 0, count > 0, table->fallback, first, count, NULL, 0};

	for (size_t i = 0; i < count && row.is_conditional; i++) {
		const struct entry *entry = table->application->references->list[first + i].entry;
		if (entry->condition_count)
			continue;
		row.is_conditional = false;
		row.action = verdict_value(&entry->verdict, table->default_errno);
	}
	if (!row.is_named && callgate_syscall_number(arch->token, name) > table->newest)
		row.action = SCMP_ACT_ERRNO(arch->enosys);
	return row;
}

/* Adds the calls through socketcall or ipc that get something because of what entries say about the call itself. */
static int find_sub_calls(const struct table *table, const struct callgate_arch *arch, struct row *row)
{
	enum { SUB_CALLS_MAX = 32 }; /* socketcall has 20, ipc 12 */
	const struct application *application = table->application;
	struct multiplexed multiplexed;
	struct callgate_verdict verdict;
	const char *name;

	row->sub_calls = ARENA_ARRAY(table->arena, struct sub_call, SUB_CALLS_MAX);
	if (!row->sub_calls)
		return -ENOMEM;
	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		if (!multiplexed_find(arch, name, &multiplexed) || strcmp(multiplexed.through, row->name) != 0)
			continue;
		struct callgate_call call = {.arch = arch->token, .nr = multiplexed.nr, .args = {multiplexed.number}};
		int result = callgate_simulate(application->ctx, &call, &verdict);
		if (result < 0)
			return result;
		assert(row->sub_call_count < SUB_CALLS_MAX && verdict.rule <= application->origins->list.count);
		if (verdict.reason == CALLGATE_REASON_RULE &&
		    strcmp(application->origins->list.items[verdict.rule - 1]->name, row->name) != 0)
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
		*row = make_row(table, arch, name);
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
static void write_comparison(struct strbuf *out, const struct scmp_arg_cmp *compare, uint64_t width)
{
	static const char *const operators[] = {"?", "!=", "<", "<=", "==", ">=", ">"}; /* ORDER scmp_compare */

	if (compare->op == SCMP_CMP_MASKED_EQ)
		strbuf_printf(out, "(arg%u & 0x%" PRIx64 ") == 0x%" PRIx64, compare->arg, compare->datum_a & width,
		              compare->datum_a & compare->datum_b & width);
	else
		strbuf_printf(out, "arg%u %s %" PRIu64, compare->arg, operators[compare->op], compare->datum_a & width);
}

static void write_sub_calls(struct strbuf *out, const struct row *row, uint64_t width)
{
	for (size_t i = 0; i < row->sub_call_count; i++) {
		const struct sub_call *sub_call = &row->sub_calls[i];
		strbuf_printf(out, "%*s%s: ", INDENT, "", row->name);
		write_comparison(out, &sub_call->is_call, width);
		strbuf_printf(out, " (%s) -> ", sub_call->name);
		write_action(out, sub_call->action);
		strbuf_append(out, "\n");
	}
}

static void write_conditions(struct strbuf *out, const struct table *table, const struct row *row, uint64_t width)
{
	bool or = table->application->options[CALLGATE_PROFILE_SAME_ARGUMENT] == CALLGATE_SAME_ARGUMENT_OR;

	for (size_t i = 0; i < row->count; i++) {
		const struct entry *entry = table->application->references->list[row->first + i].entry;
		strbuf_printf(out, "%*s%s: ", INDENT, "", row->name);
		for (size_t j = 0; j < entry->condition_count; j++) {
			strbuf_append(out, j == 0 ? "" : entry->same_argument && or ? " or " : " and ");
			write_comparison(out, &entry->conditions[j].compare, width);
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

	bool has_newest = table->application->model->unknown_calls == CALLGATE_UNKNOWN_CALLS_NAMED;

	table->newest = has_newest ? model_newest_named(table->application->model, arch) : -1;
	table->newest = table->newest < 0 ? INT_MAX : table->newest;
	fill_rows(table, arch);
	strbuf_printf(out, "\n%s: %zu calls\n", arch->name, table->row_count);
	if (table->newest < INT_MAX)
		strbuf_printf(out, "  newer than all that are named, above %d: ENOSYS\n", table->newest);
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
	if (model->unknown_calls == CALLGATE_UNKNOWN_CALLS_ENOSYS)
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
	if (!table.rows)
		return -ENOMEM;
	write_head(out, &table);
	for (size_t i = 0; i < model->arch_count; i++)
		write_arch(out, &table, model->archs[i]);
	return table.result;
}
