#include <callgate/info.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>

#include "base/strbuf.h"
#include "info/tables.h"

/*
 * The column of an architecture, or a number that no exception has where it has the usual values; -1: there is no
 * architecture.
 */
static int column_of(uint32_t token)
{
	const struct callgate_arch *arch = callgate_arch_find(token);
	int column = 0;

	while (arch && (size_t)column < constant_column_count &&
	       (!arch->constants || strcmp(constant_columns[column], arch->constants) != 0))
		column++;
	return arch ? column : -1;
}

/* ---- sets of calls ---- */

/* The last of the rows with one name. */
static bool is_newest(size_t row)
{
	return row + 1 == group_count || strcmp(group_table[row].public.name, group_table[row + 1].public.name) != 0;
}

const struct callgate_group *callgate_group_at(size_t index)
{
	for (size_t i = 0; i < group_count; i++)
		if (is_newest(i) && index-- == 0)
			return &group_table[i].public;
	return NULL;
}

/* "file-read", of "@file-read@1", and the version, 0: the newest. False: it is no name of a set. */
static bool split_name(const char *name, size_t *length, unsigned long *version)
{
	char *end = NULL;

	*length = strcspn(name, "@");
	*version = 0;
	if (!name[*length])
		return true;
	if (name[*length + 1] < '1' || name[*length + 1] > '9')
		return false;
	*version = strtoul(name + *length + 1, &end, 10);
	return !*end;
}

const struct callgate_group *callgate_group_find(const char *name)
{
	unsigned long version;
	size_t length;

	if (!name)
		return NULL;
	name += name[0] == '@';
	if (!split_name(name, &length, &version))
		return NULL;
	for (size_t i = 0; i < group_count; i++)
		if (strlen(group_table[i].public.name) == length &&
		    memcmp(group_table[i].public.name, name, length) == 0 &&
		    (version ? group_table[i].version == version : is_newest(i)))
			return &group_table[i].public;
	return NULL;
}

const char *callgate_group_closest_name(const char *name)
{
	char bare[64];
	size_t length = name ? strcspn(name + (name[0] == '@'), "@") : sizeof(bare);

	if (length >= sizeof(bare))
		return NULL;
	memcpy(bare, name + (name[0] == '@'), length);
	bare[length] = '\0';
	struct similar similar = similar_start(bare);

	for (size_t i = 0; i < group_count; i++)
		similar_offer(&similar, group_table[i].public.name);
	return similar.best;
}

unsigned int callgate_group_version_of(const struct callgate_group *group)
{
	return group ? ((const struct group_row *)(const void *)group)->version : 0;
}

const char *callgate_group_reason(const struct callgate_group *group, size_t index)
{
	const struct group_row *row = (const void *)group;

	return row && index < row->count ? row->reasons[index] : NULL;
}

unsigned int callgate_group_version(void)
{
	return group_version;
}

/* ---- other ways to what a call does ---- */

const struct callgate_bypass *callgate_bypass_at(size_t index)
{
	return index < bypass_count ? &bypass_table[index] : NULL;
}

const struct callgate_bypass *callgate_bypass_of(const char *call, size_t index)
{
	size_t low = 0, high = call ? bypass_count : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(bypass_table[middle].denied.call, call) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!call || index >= bypass_count - low)
		return NULL;
	return strcmp(bypass_table[low + index].denied.call, call) == 0 ? &bypass_table[low + index] : NULL;
}

const char *callgate_sibling_at(const char *call, size_t index)
{
	const struct callgate_bypass *way;

	for (size_t i = 0; (way = callgate_bypass_of(call, i)); i++)
		if (way->sort == CALLGATE_BYPASS_TWIN && way->kind != CALLGATE_BYPASS_PARTIAL && index-- == 0)
			return way->way.call;
	return NULL;
}

/* ---- arguments of system calls ---- */

const struct prototype *prototype_find(const struct callgate_arch *arch, const char *call)
{
	size_t low = 0, high = prototype_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(prototype_table[middle].call, call) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < prototype_count && strcmp(prototype_table[low].call, call) == 0; low++)
		if (!prototype_table[low].arch || strcmp(prototype_table[low].arch, arch->name) == 0)
			return &prototype_table[low];
	return NULL;
}

const char *callgate_argument_name(uint32_t arch, const char *call, unsigned int arg)
{
	const struct callgate_arch *facts = callgate_arch_find(arch);
	const struct prototype *prototype = call && facts ? prototype_find(facts, call) : NULL;

	return prototype && arg < CALLGATE_ARGUMENTS ? prototype->arguments[arg].name : NULL;
}

/* Names of one value, such as AF_LOCAL and AF_UNIX, of which a family has one: they begin alike. */
static bool is_alias(uint32_t arch, const char *a, const char *b)
{
	const char *end = strchr(a, '_');
	int64_t x, y;

	return end && strncmp(a, b, (size_t)(end - a) + 1) == 0 && callgate_constant(arch, a, &x) == 0 &&
	       callgate_constant(arch, b, &y) == 0 && x == y;
}

int callgate_argument_constant(uint32_t arch, const char *call, unsigned int arg, const char *constant,
                               uint64_t *ret_mask)
{
	const struct callgate_arch *facts = callgate_arch_find(arch);

	if (!facts || !call || !constant || !ret_mask)
		return -EINVAL;
	const struct prototype *prototype = prototype_find(facts, call);
	const struct family_constant *family =
	    prototype && arg < CALLGATE_ARGUMENTS ? prototype->arguments[arg].family : NULL;
	const struct family_constant *found = NULL;
	for (const struct family_constant *own = family; own && own->name; own++)
		if (strcmp(own->name, constant) == 0)
			found = own;
	for (const struct family_constant *own = family; own && own->name && !found; own++)
		if (is_alias(arch, own->name, constant))
			found = own;
	if (found)
		*ret_mask = found->mask;
	return found ? 0 : -ENOENT;
}

const char *callgate_argument_mask_name(uint32_t arch, const char *call, unsigned int arg, uint64_t *ret_mask)
{
	static const struct {
		const char *name, *value;
	} masks[] = {{"O_ACCMODE", "O_RDONLY"}, {"MAP_TYPE", "MAP_SHARED"}};
	uint64_t bits;
	int64_t all;

	for (size_t i = 0; ret_mask && i < sizeof(masks) / sizeof(masks[0]); i++)
		if (callgate_argument_constant(arch, call, arg, masks[i].value, &bits) == 0 &&
		    callgate_constant(arch, masks[i].name, &all) == 0 && (uint64_t)all == bits) {
			*ret_mask = bits;
			return masks[i].name;
		}
	return NULL;
}

/* ---- constants ---- */

const char *callgate_constant_at(size_t index)
{
	return index < constant_count ? constant_table[index].name : NULL;
}

const char *callgate_constant_closest_name(const char *name)
{
	struct similar similar = similar_start(name);

	for (size_t i = 0; i < constant_count; i++)
		similar_offer(&similar, constant_table[i].name);
	return similar.best;
}

static int compare_constants(const void *name, const void *constant)
{
	return strcmp(name, ((const struct constant *)constant)->name);
}

static const struct constant *find_constant(const char *name)
{
	return bsearch(name, constant_table, constant_count, sizeof(constant_table[0]), compare_constants);
}

/* 0, or -EOPNOTSUPP where the column lacks the constant. */
static int value_in_column(const struct constant *constant, int column, int64_t *ret_value)
{
	assert(constant && column >= 0);
	for (size_t i = 0; i < constant->count; i++) {
		const struct constant_exception *exception = &constant_exceptions[constant->first + i];
		if (exception->column != column)
			continue;
		if (exception->known)
			*ret_value = exception->value;
		return exception->known ? 0 : -EOPNOTSUPP;
	}
	*ret_value = constant->value;
	return 0;
}

int callgate_constant(uint32_t arch, const char *name, int64_t *ret_value)
{
	int column = column_of(arch);

	if (!name || column < 0 || !ret_value)
		return -EINVAL;
	const struct constant *constant = find_constant(name);
	return constant ? value_in_column(constant, column, ret_value) : -ENOENT;
}

/* ---- errors ---- */

const char *callgate_errno_at(size_t index)
{
	return index < error_count ? error_table[index] : NULL;
}

const char *callgate_errno_name(uint32_t arch, uint32_t number)
{
	int column = column_of(arch);
	int64_t value;

	for (size_t i = 0; column >= 0 && i < error_count; i++)
		if (value_in_column(find_constant(error_table[i]), column, &value) == 0 && value == number)
			return error_table[i];
	return NULL;
}

int callgate_errno_number(uint32_t arch, const char *name)
{
	int64_t value;

	if (!name || column_of(arch) < 0)
		return -EINVAL;
	for (size_t i = 0; i < error_count; i++) {
		if (strcmp(error_table[i], name) != 0)
			continue;
		int result = callgate_constant(arch, name, &value);
		return result < 0 ? result : (int)value;
	}
	return -ENOENT;
}

const char *callgate_errno_closest_name(const char *name)
{
	struct similar similar = similar_start(name);

	for (size_t i = 0; i < error_count; i++)
		similar_offer(&similar, error_table[i]);
	return similar.best;
}
