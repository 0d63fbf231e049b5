#include "arch/arch.h"

#include <string.h>

#include "arch/table.h"

size_t arch_count(void)
{
	return arch_descriptor_count;
}

const struct arch *arch_at(size_t i)
{
	return &arch_descriptors[i];
}

const struct arch *arch_native(void)
{
	return &arch_descriptors[arch_native_position];
}

const struct arch *arch_by_token(uint32_t token)
{
	if (token == 0)
		return arch_native();
	for (size_t i = 0; i < arch_descriptor_count; i++)
		if (arch_descriptors[i].token == token)
			return &arch_descriptors[i];
	return NULL;
}

const struct arch *arch_by_name(const char *name)
{
	if (!name)
		return NULL;
	for (size_t i = 0; i < arch_descriptor_count; i++)
		if (strcmp(arch_descriptors[i].name, name) == 0)
			return &arch_descriptors[i];
	return NULL;
}

const struct arch *arch_by_oci_name(const char *name)
{
	if (!name)
		return NULL;
	for (size_t i = 0; i < arch_descriptor_count; i++)
		if (arch_descriptors[i].oci_name && strcmp(arch_descriptors[i].oci_name, name) == 0)
			return &arch_descriptors[i];
	return NULL;
}
