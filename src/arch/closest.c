#include "arch/arch.h"

#include "base/similar.h"

const char *arch_syscall_closest_name(const char *name)
{
	struct similar similar = similar_start(name);

	for (size_t i = 0; i < arch_syscall_name_count(); i++)
		similar_offer(&similar, arch_syscall_name_at(i));
	return similar.best;
}
