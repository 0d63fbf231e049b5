#include <string.h>

#include "base/similar.h"
#include "oci/reader.h"

static const struct callgate_arch *read_arch(struct reader *reader, const struct value *value)
{
	const char *name = read_string(reader, value);
	const struct callgate_arch *arch = callgate_arch_find_name(name);
	struct similar similar = similar_start(name);

	if (!name || (arch && strcmp(arch->oci_name, name) == 0))
		return arch;
	for (size_t i = 0; callgate_arch_at(i); i++)
		similar_offer(&similar, callgate_arch_at(i)->oci_name);
	const char *meant = arch ? arch->oci_name : similar.best;
	if (meant)
		messages_error(reader->messages, value->place,
		               "unknown architecture \"%s\"; is \"%s\" meant?", name, meant);
	else
		messages_error(reader->messages, value->place, "unknown architecture \"%s\"", name);
	return NULL;
}

static bool is_there(const struct model *model, const struct callgate_arch *arch)
{
	for (size_t i = 0; i < model->arch_count; i++)
		if (model->archs[i] == arch)
			return true;
	return false;
}

/* Into the filter's list, which has room for every architecture that there is. */
static void add_arch(struct reader *reader, const struct value *value, const struct callgate_arch *arch)
{
	struct model *model = reader->model;

	if (reader->environment->archs.count || is_there(model, arch))
		return;
	if (arch->big_endian != model->archs[0]->big_endian)
		messages_error(reader->messages, value->place,
		               "%s has another byte order than this machine, %s: one filter can't hold both",
		               arch->oci_name, model->archs[0]->oci_name);
	else
		model->archs[model->arch_count++] = arch;
}

static bool is_the_only_list(struct reader *reader, const struct value *value, struct read_archs *archs)
{
	if (value->count == 0)
		return true;
	if (archs->was_read)
		messages_error(reader->messages, value->key_place,
		               "\"architectures\" beside \"archMap\" (line %u): one of them",
		               archs->place.line);
	else
		archs->place = value->key_place;
	return !archs->was_read && (archs->was_read = true);
}

void read_architectures(struct reader *reader, const struct value *value, void *target)
{
	if (!read_is_array(reader, value) || !is_the_only_list(reader, value, target))
		return;
	for (size_t i = 0; i < value->count; i++) {
		const struct callgate_arch *arch = read_arch(reader, &value->items[i]);
		if (arch)
			add_arch(reader, &value->items[i], arch);
	}
}

/* A row of archMap: an architecture and those that its kernel runs beside it. */
struct row {
	struct place place;
	const struct callgate_arch *arch;
	bool has_arch;
	const struct value *others;
};

static void read_row_arch(struct reader *reader, const struct value *value, void *target)
{
	struct row *row = target;

	row->has_arch = true;
	row->arch = read_arch(reader, value);
}

static void read_row_others(struct reader *reader, const struct value *value, void *target)
{
	struct row *row = target;

	if (read_is_array(reader, value))
		row->others = value;
}

/* True for the first row about the machine: Docker looks at no other. */
static bool is_for_machine(struct reader *reader, const struct row *row, struct read_archs *archs)
{
	if (!row->arch || row->arch != environment_machine(reader->environment))
		return false;
	if (archs->row.line)
		messages_warn(reader->messages, row->place,
		              "line %u has a row for %s already: this one has no effect", archs->row.line,
		              row->arch->oci_name);
	else
		archs->row = row->place;
	return archs->row.line == row->place.line && archs->row.column == row->place.column;
}

static void read_row(struct reader *reader, const struct value *value, struct read_archs *archs)
{
	static const struct member members[] = {
	    {"architecture", read_row_arch},
	    {"subArchitectures", read_row_others},
	    {NULL, NULL},
	};
	struct row row = {.place = value->place};

	if (!read_object(reader, value, members, &row))
		return;
	if (!row.has_arch)
		messages_error(reader->messages, value->place, "this row has no \"architecture\"");
	bool counts = is_for_machine(reader, &row, archs);
	for (size_t i = 0; row.others && i < row.others->count; i++) {
		const struct callgate_arch *other = read_arch(reader, &row.others->items[i]);
		if (other && counts)
			add_arch(reader, &row.others->items[i], other);
	}
}

void read_arch_map(struct reader *reader, const struct value *value, void *target)
{
	if (!read_is_array(reader, value) || !is_the_only_list(reader, value, target))
		return;
	for (size_t i = 0; i < value->count; i++)
		read_row(reader, &value->items[i], target);
}
