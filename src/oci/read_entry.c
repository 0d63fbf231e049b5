/* An element of `syscalls`: whether it applies here, the names, the conditions. */
#include "oci/schema.h"

#include <string.h>

#include <callgate/info.h>
#include <callgate/syscall.h>

/* ---- includes and excludes ---- */

/* What a selector asks for, as far as the environment answers it. */
struct selector {
	bool has_all_caps, has_any_cap; /* of those that are named; all of none is true */
	bool names_archs, has_arch;     /* the list is there and not empty; the machine is in it */
	bool has_kernel, is_kernel_new; /* minKernel is there; the kernel is at least that */
};

/* Finding a name takes long: only for messages that are kept. */
static const char *closest(const struct reader *reader, const char *(*closest_of)(const char *), const char *name)
{
	return messages_take_warnings(reader->messages) ? closest_of(name) : NULL;
}

static void read_caps(struct reader *reader, const struct members *members, struct selector *selector)
{
	const struct value *value;

	for (size_t i = 0; (value = element(members, KEY_CAPS, i)); i++) {
		const char *name = element_text(reader, value);
		int number = name ? capability_find(name) : -1;
		bool known = number >= 0 && strcmp(capability_name(number), name) == 0;
		bool present = known && reader->environment->capabilities >> number & 1;
		reader->model->asks_capabilities = true;
		if (name && !known)
			report_unknown(reader, value, "capability", ", which nobody has", "",
			               closest(reader, capability_closest, name));
		selector->has_all_caps = selector->has_all_caps && present;
		selector->has_any_cap = selector->has_any_cap || present;
	}
}

static void read_arches(struct reader *reader, const struct members *members, struct selector *selector)
{
	const struct value *value;

	for (size_t i = 0; (value = element(members, KEY_ARCHES, i)); i++) {
		const char *name = element_text(reader, value);
		const struct callgate_arch *arch = callgate_arch_find_name(name);
		selector->names_archs = true;
		if (name && !arch)
			report_unknown(reader, value, "architecture", ", which no machine is", "",
			               closest(reader, callgate_arch_closest_name, name));
		if (arch && arch == environment_machine(reader->environment))
			selector->has_arch = true;
	}
}

static struct selector read_selector(struct reader *reader, const struct value *value)
{
	struct members members = read_members(reader, value, OBJECT_SELECTOR);
	const struct value *kernel = member(&members, KEY_MIN_KERNEL);
	struct selector selector = {.has_all_caps = true};
	struct kernel_version least;

	read_caps(reader, &members, &selector);
	read_arches(reader, &members, &selector);
	if (kernel && !kernel_version_parse(kernel->text, false, &least)) {
		messages_error(reader->messages, kernel->place,
		               "\"%s\" is not a kernel version of two numbers such as \"4.8\"", kernel->text);
	} else if (kernel) {
		selector.has_kernel = true;
		selector.is_kernel_new = kernel_version_at_least(reader->environment->kernel, least);
	}
	return selector;
}

/* includes wants all capabilities, one of the architectures, and the kernel; of excludes one of these is enough. */
static bool is_excluded(struct reader *reader, const struct members *members)
{
	const struct value *includes = member(members, KEY_INCLUDES), *excludes = member(members, KEY_EXCLUDES);
	struct selector in = {.has_all_caps = true}, out = {0};

	if (includes)
		in = read_selector(reader, includes);
	if (excludes)
		out = read_selector(reader, excludes);
	return !in.has_all_caps || (in.names_archs && !in.has_arch) || (in.has_kernel && !in.is_kernel_new) ||
	       out.has_any_cap || out.has_arch || (out.has_kernel && out.is_kernel_new);
}

/* ---- names ---- */

/* False for what is no name. */
static bool read_name(struct reader *reader, const struct value *value, struct named *named)
{
	*named = (struct named){.name = element_text(reader, value), .place = value->place};
	if (named->name && !*named->name)
		messages_error(reader->messages, value->place, "an empty name");
	if (!named->name || !*named->name)
		return false;
	named->is_known = seccomp_syscall_resolve_name(named->name) != __NR_SCMP_ERROR;
	if (!named->is_known && *named->name == '@' && callgate_group_find(named->name))
		messages_warn_unless_strict(
		    reader->messages, value->place,
		    "\"%s\" is left out: it is a set of calls, which tests can name; a profile names "
		    "the calls (callgate syscalls %s)",
		    named->name, named->name);
	else if (!named->is_known)
		report_unknown(reader, value, "system call", " is left out", "",
		               closest(reader, callgate_syscall_closest_name, named->name));
	return true;
}

static void read_names(struct reader *reader, const struct members *members, struct place place, struct entry *entry)
{
	const struct value *list = member(members, KEY_NAMES), *value;
	const struct value *single = member_text(members, KEY_NAME) ? member(members, KEY_NAME) : NULL;
	size_t count = list ? list->count : 0;

	if (single && count)
		messages_error(reader->messages,
		               place_is_after(single->place, list->place) ? single->key_place : list->key_place,
		               "\"name\" beside \"names\": one of them");
	if (list && !count && !single)
		messages_warn_unless_strict(reader->messages, list->place, "no names: this entry has no effect");
	bool is_wrong_kind = members->of[KEY_NAME] && !member(members, KEY_NAME);
	if (!single && !is_wrong_kind)
		require_member(reader, members, place, KEY_NAMES);
	entry->names = read_room(reader, count + 1, sizeof(*entry->names));
	if (entry->names && single && !count)
		entry->name_count += read_name(reader, single, &entry->names[0]);
	for (size_t i = 0; entry->names && (value = element(members, KEY_NAMES, i)); i++)
		entry->name_count += read_name(reader, value, &entry->names[entry->name_count]);
	assert(entry->name_count <= count + 1);
}

/* ---- conditions ---- */

/* What is strange about a condition; NULL: nothing. */
static const char *remark_on(const struct scmp_arg_cmp *compare, const char **ret_finding)
{
	enum scmp_compare op = compare->op;
	uint64_t value = compare->datum_a;
	bool masked = op == SCMP_CMP_MASKED_EQ;

	*ret_finding = "never";
	if ((op == SCMP_CMP_LT && value == 0) || (op == SCMP_CMP_GT && value == UINT64_MAX))
		return "this condition never holds";
	if (masked && value && compare->datum_b & ~value)
		return "valueTwo has bits that the mask in value takes away: they are not compared";
	*ret_finding = "always";
	if (((op == SCMP_CMP_GE || masked) && value == 0) || (op == SCMP_CMP_LE && value == UINT64_MAX))
		return "this condition always holds";
	*ret_finding = "dead";
	return !masked && compare->datum_b ? "valueTwo is for SCMP_CMP_MASKED_EQ: it has no effect here" : NULL;
}

static void read_condition(struct reader *reader, const struct value *value, struct condition *condition)
{
	struct members members = read_members(reader, value, OBJECT_CONDITION);
	const struct value *op = member(&members, KEY_OP);
	const struct word *word = op ? read_word(reader, op, comparison_words) : NULL;
	uint64_t index = 0;

	condition->place = value->place;
	require_member(reader, &members, value->place, KEY_INDEX);
	require_member(reader, &members, value->place, KEY_VALUE);
	require_member(reader, &members, value->place, KEY_OP);
	bool has_index = read_number(reader, &members, KEY_INDEX, CALLGATE_ARGUMENTS - 1, &index);
	bool has_value = read_number(reader, &members, KEY_VALUE, UINT64_MAX, &condition->compare.datum_a);
	read_number(reader, &members, KEY_VALUE_TWO, UINT64_MAX, &condition->compare.datum_b);
	condition->compare.arg = (unsigned int)index;
	if (!has_index || !has_value || !word)
		return;
	condition->compare.op = (enum scmp_compare)word->value;
	const char *finding, *remark = remark_on(&condition->compare, &finding);
	if (remark)
		messages_find(reader->messages, finding, condition->place, "%s", remark);
}

/* What compares no bit is no condition; among alternatives it is one that always holds. */
static void drop_maskless(struct entry *entry)
{
	size_t kept = 0;

	if (entry->same_argument)
		return;
	for (size_t i = 0; i < entry->condition_count; i++) {
		const struct scmp_arg_cmp *compare = &entry->conditions[i].compare;
		if (compare->op != SCMP_CMP_MASKED_EQ || compare->datum_a)
			entry->conditions[kept++] = entry->conditions[i];
	}
	entry->condition_count = kept;
}

static void read_conditions(struct reader *reader, const struct members *members, struct entry *entry)
{
	const struct value *list = member(members, KEY_ARGS), *value;
	unsigned int seen = 0;

	entry->conditions = read_room(reader, list ? list->count : 0, sizeof(*entry->conditions));
	for (size_t i = 0; entry->conditions && (value = element(members, KEY_ARGS, i)); i++) {
		struct condition *condition = &entry->conditions[entry->condition_count++];
		read_condition(reader, value, condition);
		assert(condition->compare.arg < CALLGATE_ARGUMENTS);
		entry->same_argument = entry->same_argument || seen & 1u << condition->compare.arg;
		seen |= 1u << condition->compare.arg;
	}
	drop_maskless(entry);
}

void read_entry(struct reader *reader, const struct value *value, struct entry *entry)
{
	struct members members = read_members(reader, value, OBJECT_ENTRY);

	entry->place = value->place;
	read_names(reader, &members, value->place, entry);
	require_member(reader, &members, value->place, KEY_ACTION);
	read_verdict(reader, &members, KEY_ACTION, KEY_ERRNO_RET, KEY_ERRNO, &entry->verdict);
	read_conditions(reader, &members, entry);
	entry->excluded = is_excluded(reader, &members);
}
