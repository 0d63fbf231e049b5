#include "arch/arch.h"

#include <string.h>

#include "arch/generated.h"
#include "base/strbuf.h"

size_t arch_count(void)
{
	return arch_descriptor_count;
}

const struct callgate_arch *callgate_arch_at(size_t index)
{
	return index < arch_descriptor_count ? &arch_descriptors[index] : NULL;
}

const struct callgate_arch *arch_native(void)
{
	return &arch_descriptors[arch_native_position];
}

const struct callgate_arch *callgate_arch_find(uint32_t token)
{
	if (token == 0)
		return arch_native();
	for (size_t i = 0; i < arch_descriptor_count; i++)
		if (arch_descriptors[i].token == token)
			return &arch_descriptors[i];
	return NULL;
}

static bool is_called(const struct callgate_arch *arch, const char *name)
{
	return strcmp(arch->name, name) == 0 || strcmp(arch->oci_name, name) == 0 ||
	       strcmp(arch->docker_name, name) == 0;
}

const struct callgate_arch *callgate_arch_find_name(const char *name)
{
	for (size_t i = 0; name && i < arch_descriptor_count; i++)
		if (is_called(&arch_descriptors[i], name))
			return &arch_descriptors[i];
	return NULL;
}

bool arch_has_number(const struct callgate_arch *arch, uint32_t nr)
{
	return nr == (uint32_t)ARCH_NR_SKIP || (arch->nr_first <= nr && nr <= arch->nr_last);
}

bool callgate_arch_has_number(uint32_t token, int32_t nr)
{
	const struct callgate_arch *arch = callgate_arch_find(token);

	return arch && arch_has_number(arch, (uint32_t)nr);
}

const struct callgate_arch *arch_of_call(uint32_t audit, uint32_t nr)
{
	for (size_t i = 0; i < arch_descriptor_count; i++)
		if (arch_descriptors[i].audit == audit && arch_has_number(&arch_descriptors[i], nr))
			return &arch_descriptors[i];
	return NULL;
}

const struct callgate_arch *callgate_arch_of_call(uint32_t arch, int32_t nr)
{
	const struct callgate_arch *named = callgate_arch_find(arch);

	return arch_of_call(named ? named->audit : arch, (uint32_t)nr);
}

const struct callgate_arch *callgate_machine_arch_at(uint32_t token, size_t index)
{
	const struct callgate_arch *machine = callgate_arch_find(token);

	if (!machine || index == 0)
		return machine;
	const uint8_t *compat = arch_privates[machine - arch_descriptors].compat;
	for (size_t i = 0; i < index; i++)
		if (i == ARCH_COMPAT_MOST || !compat[i])
			return NULL;
	return &arch_descriptors[compat[index - 1] - 1];
}

const char *callgate_arch_closest_name(const char *name)
{
	struct similar similar = similar_start(name);

	for (size_t i = 0; i < arch_descriptor_count; i++) {
		similar_offer(&similar, arch_descriptors[i].name);
		similar_offer(&similar, arch_descriptors[i].oci_name);
		similar_offer(&similar, arch_descriptors[i].docker_name);
	}
	return similar.best;
}
