#include "arch/arch.h"

#include "base/similar.h"

const char *arch_syscall_closest_name(const char *name)
{
	struct similar similar = similar_start(name);

	for (size_t i = 0; i < arch_syscall_name_count(); i++)
		similar_offer(&similar, arch_syscall_name_at(i));
	return similar.best;
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
