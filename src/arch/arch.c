#include "arch/arch.h"

#include <string.h>

#include "arch/generated.h"
#include "base/similar.h"

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

static bool is_called(const struct callgate_arch *facts, const char *name)
{
	return strcmp(facts->name, name) == 0 || strcmp(facts->oci_name, name) == 0 ||
	       strcmp(facts->docker_name, name) == 0;
}

const struct arch *arch_by_any_name(const char *name)
{
	for (size_t i = 0; name && i < arch_descriptor_count; i++)
		if (is_called(arch_descriptors[i].facts, name))
			return &arch_descriptors[i];
	return NULL;
}

bool arch_has_number(const struct arch *arch, uint32_t nr)
{
	return nr == (uint32_t)ARCH_NR_SKIP || (arch->nr_first <= nr && nr <= arch->nr_last);
}

const struct arch *arch_of_call(uint32_t audit, uint32_t nr)
{
	for (size_t i = 0; i < arch_descriptor_count; i++)
		if (arch_descriptors[i].audit == audit && arch_has_number(&arch_descriptors[i], nr))
			return &arch_descriptors[i];
	return NULL;
}

const struct arch *arch_of_machine(const struct arch *machine, size_t i)
{
	const char *const *name = machine->compat;

	if (i == 0)
		return machine;
	while (--i > 0 && *name)
		name++;
	return arch_by_name(*name);
}

const char *arch_closest_name(const char *name)
{
	struct similar similar = similar_start(name);

	for (size_t i = 0; i < arch_count(); i++) {
		const struct callgate_arch *facts = arch_at(i)->facts;
		similar_offer(&similar, facts->name);
		similar_offer(&similar, facts->oci_name);
		similar_offer(&similar, facts->docker_name);
	}
	return similar.best;
}
