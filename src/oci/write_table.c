#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/syscall.h>

#include "oci/apply.h"
#include "oci/mentions.h"
#include "oci/write.h"

enum { LINE = 100, INDENT = 6 };

/* One known call on one architecture. */
struct row {
	const char *name;
	bool is_conditional;
	bool is_named;       /* the profile says something about it */
	uint32_t action;     /* where no condition decides */
	size_t first, count; /* the mentions */
	struct passages passages;
};

struct table {
	const struct application *application;
	struct arena *arena;
	int result; /* -errno of what failed first */
	uint32_t default_errno, fallback;
	struct mentions mentions;
	struct row *rows;
	size_t row_count;
};

void write_action(struct strbuf *out, uint32_t action)
{
	const struct callgate_action_kind *kind = callgate_action_kind(action);

	strbuf_append(out, kind ? kind->name : "?");
	if (kind && action_takes_number(kind->action))
		strbuf_printf(out, "(%" PRIu32 ")", action & SECCOMP_RET_DATA);
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
	size_t first = mentions_find(&table->mentions, name), count = mentions_same(&table->mentions, first);
	struct row row = {name, count > 0, count > 0, table->fallback, first, count};

	for (size_t i = 0; i < count && row.is_conditional; i++) {
		const struct entry *entry = table->mentions.list[first + i].entry;
		if (entry->condition_count)
			continue;
		row.is_conditional = false;
		row.action = verdict_value(&entry->verdict, table->default_errno);
	}
	return row;
}

/* socketcall and ipc, unless an entry decides about all of them. */
static void look_behind(struct table *table, const struct callgate_arch *arch, struct row *row)
{
	if (row->is_named && !row->is_conditional)
		return;
	int result = passages_find(table->application, arch, row->name, table->arena, &row->passages);
	table->result = table->result ? table->result : result;
	row->is_conditional = row->is_conditional || row->passages.count;
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
			look_behind(table, arch, row);
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

static void write_passages(struct strbuf *out, const struct row *row, uint64_t width)
{
	for (size_t i = 0; i < row->passages.count; i++) {
		const struct passage *passage = &row->passages.list[i];
		strbuf_printf(out, "%*s%s: ", INDENT, "", row->name);
		write_condition(out, &passage->call, width);
		strbuf_printf(out, " (%s) -> ", passage->name);
		write_action(out, passage->action);
		strbuf_append(out, "\n");
	}
}

static void write_conditions(struct strbuf *out, const struct table *table, const struct row *row,
                             uint64_t width)
{
	bool or = table->application->options[CALLGATE_PROFILE_SAME_ARGUMENT] == CALLGATE_SAME_ARGUMENT_OR;

	for (size_t i = 0; i < row->count; i++) {
		const struct entry *entry = table->mentions.list[row->first + i].entry;
		strbuf_printf(out, "%*s%s: ", INDENT, "", row->name);
		for (size_t j = 0; j < entry->condition_count; j++) {
			strbuf_append(out, j == 0 ? "" : entry->same_argument && or ? " or " : " and ");
			write_condition(out, &entry->conditions[j].compare, width);
		}
		strbuf_append(out, " -> ");
		write_action(out, verdict_value(&entry->verdict, table->default_errno));
		strbuf_append(out, "\n");
	}
	write_passages(out, row, width);
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
	if (apply_newer_is_enosys(model, table->application->options))
		strbuf_append(out, "\ncalls newer than all known ones: ENOSYS");
	for (const struct names_word *flag = names_flags; flag->name; flag++)
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
	                      .fallback = apply_default(application)};
	size_t names = 0;

	while (callgate_syscall_name_at(names))
		names++;
	table.rows = ARENA_ARRAY(arena, struct row, names);
	if (!table.rows || !mentions_collect(model, table.default_errno, arena, &table.mentions))
		return -ENOMEM;
	write_head(out, &table);
	for (size_t i = 0; i < model->arch_count; i++)
		write_arch(out, &table, model->archs[i]);
	return table.result;
}
