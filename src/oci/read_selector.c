#include <string.h>

#include "base/similar.h"
#include "oci/reader.h"

/* What an includes or excludes object asks for, as far as the environment answers it. */
struct selector {
	bool has_all_caps, has_any_cap; /* of those that are named; all of none is true */
	bool names_archs, has_arch;     /* the list is there and not empty; the machine is in it */
	bool has_kernel, is_kernel_new; /* minKernel is there; the kernel is at least that */
};

static const char *closest_capability(const struct messages *messages, const char *name)
{
	if (!messages_take_warnings(messages))
		return NULL;
	const struct names_word *without_prefix = names_capability(name);

	return without_prefix ? without_prefix->name : names_closest(names_capabilities, name);
}

static void read_caps(struct reader *reader, const struct value *value, void *target)
{
	struct selector *selector = target;

	if (!read_is_array(reader, value))
		return;
	for (size_t i = 0; i < value->count; i++) {
		const char *name = read_string(reader, &value->items[i]);
		const struct names_word *capability = name ? names_find(names_capabilities, name) : NULL;
		bool present = capability && (reader->environment->capabilities >> capability->value & 1);
		const char *closest = name && !capability ? closest_capability(reader->messages, name) : NULL;
		if (name && !capability)
			messages_doubt(reader->messages, value->items[i].place,
			               "unknown capability \"%s\", which nobody has%s%s%s", name,
			               closest ? "; is \"" : "", closest ? closest : "",
			               closest ? "\" meant?" : "");
		selector->has_all_caps = selector->has_all_caps && present;
		selector->has_any_cap = selector->has_any_cap || present;
	}
}

static const char *closest_arch(const struct messages *messages, const char *name)
{
	struct similar similar = similar_start(name);

	if (!messages_take_warnings(messages))
		return NULL;
	for (size_t i = 0; callgate_arch_at(i); i++)
		similar_offer(&similar, callgate_arch_at(i)->docker_name);
	return similar.best;
}

static void read_arches(struct reader *reader, const struct value *value, void *target)
{
	struct selector *selector = target;

	if (!read_is_array(reader, value))
		return;
	selector->names_archs = value->count > 0;
	for (size_t i = 0; i < value->count; i++) {
		const char *name = read_string(reader, &value->items[i]);
		const struct callgate_arch *arch = callgate_arch_find_name(name);
		const char *closest = name && !arch ? closest_arch(reader->messages, name) : NULL;
		if (name && !arch)
			messages_doubt(reader->messages, value->items[i].place,
			               "unknown architecture \"%s\", which no machine is%s%s%s", name,
			               closest ? "; is \"" : "", closest ? closest : "",
			               closest ? "\" meant?" : "");
		if (arch && arch == environment_machine(reader->environment))
			selector->has_arch = true;
	}
}

static void read_min_kernel(struct reader *reader, const struct value *value, void *target)
{
	struct selector *selector = target;
	const char *text = read_string(reader, value);
	struct kernel_version least;

	if (!text)
		return;
	if (!kernel_version_parse(text, false, &least)) {
		messages_error(reader->messages, value->place,
		               "\"%s\" is not a kernel version of two numbers such as \"4.8\"", text);
		return;
	}
	selector->has_kernel = true;
	selector->is_kernel_new = kernel_version_at_least(reader->environment->kernel, least);
}

static struct selector read_selector(struct reader *reader, const struct value *value)
{
	static const struct member members[] = {
	    {"caps", read_caps},
	    {"arches", read_arches},
	    {"minKernel", read_min_kernel},
	    {NULL, NULL},
	};
	struct selector selector = {.has_all_caps = true};

	read_object(reader, value, members, &selector);
	return selector;
}

/* All capabilities, one of the architectures, and the kernel. */
void read_includes(struct reader *reader, const struct value *value, void *target)
{
	struct selector selector = read_selector(reader, value);
	bool *excluded = target;

	if (!selector.has_all_caps || (selector.names_archs && !selector.has_arch) ||
	    (selector.has_kernel && !selector.is_kernel_new))
		*excluded = true;
}

/* One of the capabilities, one of the architectures, or the kernel. */
void read_excludes(struct reader *reader, const struct value *value, void *target)
{
	struct selector selector = read_selector(reader, value);
	bool *excluded = target;

	if (selector.has_any_cap || selector.has_arch || (selector.has_kernel && selector.is_kernel_new))
		*excluded = true;
}
