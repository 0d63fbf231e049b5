#include <errno.h>
#include <string.h>

#include "oci/reader.h"

/* What the top-level object fills besides the model. */
struct top {
	struct read_archs archs;
};

static void read_default_action(struct reader *reader, const struct value *value, void *target)
{
	(void)target;
	read_verdict_action(reader, value, &reader->model->fallback);
}

static void read_default_number(struct reader *reader, const struct value *value, void *target)
{
	(void)target;
	read_verdict_number(reader, value, &reader->model->fallback);
}

static void read_default_error(struct reader *reader, const struct value *value, void *target)
{
	(void)target;
	read_verdict_error(reader, value, &reader->model->fallback);
}

static void read_top_architectures(struct reader *reader, const struct value *value, void *target)
{
	read_architectures(reader, value, &((struct top *)target)->archs);
}

static void read_top_arch_map(struct reader *reader, const struct value *value, void *target)
{
	read_arch_map(reader, value, &((struct top *)target)->archs);
}

static void read_flags(struct reader *reader, const struct value *value, void *target)
{
	(void)target;
	if (!read_is_array(reader, value))
		return;
	for (size_t i = 0; i < value->count; i++) {
		const struct names_word *flag = read_word(reader, &value->items[i], names_flags);
		if (flag)
			reader->model->flags[flag->value] = true;
	}
}

static void read_listener_path(struct reader *reader, const struct value *value, void *target)
{
	(void)target;
	const char *path = read_string(reader, value);

	if (path && *path)
		reader->model->listener_path = path;
}

static void read_listener_metadata(struct reader *reader, const struct value *value, void *target)
{
	(void)target;
	const char *metadata = read_string(reader, value);

	if (!metadata || !*metadata)
		return;
	reader->model->listener_metadata = metadata;
	reader->model->listener_metadata_place = value->key_place;
}

static void read_syscalls(struct reader *reader, const struct value *value, void *target)
{
	struct model *model = reader->model;

	(void)target;
	if (!read_is_array(reader, value))
		return;
	model->entries = read_room(reader, value->count, sizeof(*model->entries));
	for (; model->entries && model->entry_count < value->count; model->entry_count++)
		read_entry(reader, &value->items[model->entry_count], &model->entries[model->entry_count]);
}

static bool start_archs(struct reader *reader)
{
	const struct environment *environment = reader->environment;
	struct model *model = reader->model;
	size_t room = 1;

	while (callgate_arch_at(room))
		room++;
	model->archs = read_room(reader, room, sizeof(*model->archs));
	if (!model->archs)
		return false;
	model->archs[model->arch_count++] = environment_machine(environment);
	for (size_t i = 1; i < environment->archs.count; i++)
		model->archs[model->arch_count++] = environment->archs.items[i];
	return true;
}

int read_profile(struct reader *reader, const struct value *root)
{
	static const struct member members[] = {
	    {"defaultAction", read_default_action},
	    {"defaultErrnoRet", read_default_number},
	    {"defaultErrno", read_default_error},
	    {"architectures", read_top_architectures},
	    {"archMap", read_top_arch_map},
	    {"flags", read_flags},
	    {"listenerPath", read_listener_path},
	    {"listenerMetadata", read_listener_metadata},
	    {"syscalls", read_syscalls},
	    {NULL, NULL},
	};
	struct model *model = reader->model;
	struct top top = {0};

	if (!start_archs(reader))
		return -ENOMEM;
	if (read_object(reader, root, members, &top) && !model->fallback.place.line)
		messages_error(reader->messages, root->place, "the profile has no \"defaultAction\"");
	read_verdict_check(reader, &model->fallback);
	if (model->listener_metadata && !model->listener_path)
		messages_error(reader->messages, model->listener_metadata_place,
		               "\"listenerMetadata\" without \"listenerPath\"");
	if (reader->out_of_memory)
		return -ENOMEM;
	return reader->messages->errors ? -EINVAL : 0;
}
