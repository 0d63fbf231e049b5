#include "testing/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct callgate_group *callgate_group_at(size_t index)
{
	return index < group_count ? &group_table[index] : NULL;
}

static int compare_groups(const void *name, const void *group)
{
	return strcmp(name, ((const struct callgate_group *)group)->name);
}

const struct callgate_group *callgate_group_find(const char *name)
{
	if (!name)
		return NULL;
	return bsearch(name[0] == '@' ? name + 1 : name, group_table, group_count, sizeof(group_table[0]),
	               compare_groups);
}

unsigned int callgate_group_version(void)
{
	return group_version;
}

const char *callgate_constant_at(size_t index)
{
	return index < constant_count ? constant_table[index].name : NULL;
}

/* The column of the table that tells of an architecture; n32 is like o32 here, x32 like x86_64, loongarch64 like riscv64. */
static const struct {
	uint32_t arch;
	const char *column;
} columns[] = {
    {SCMP_ARCH_X86, "x86"},          {SCMP_ARCH_X86_64, "x86_64"},   {SCMP_ARCH_X32, "x86_64"},
    {SCMP_ARCH_ARM, "arm"},          {SCMP_ARCH_AARCH64, "aarch64"}, {SCMP_ARCH_LOONGARCH64, "riscv64"},
    {SCMP_ARCH_M68K, "m68k"},        {SCMP_ARCH_MIPS, "mips"},       {SCMP_ARCH_MIPSEL, "mips"},
    {SCMP_ARCH_MIPS64, "mips64"},    {SCMP_ARCH_MIPSEL64, "mips64"}, {SCMP_ARCH_MIPS64N32, "mips"},
    {SCMP_ARCH_MIPSEL64N32, "mips"}, {SCMP_ARCH_PARISC, "parisc"},   {SCMP_ARCH_PARISC64, "parisc64"},
    {SCMP_ARCH_PPC, "ppc"},          {SCMP_ARCH_PPC64, "ppc64"},     {SCMP_ARCH_PPC64LE, "ppc64"},
    {SCMP_ARCH_RISCV64, "riscv64"},  {SCMP_ARCH_S390, "s390"},       {SCMP_ARCH_S390X, "s390x"},
    {SCMP_ARCH_SHEB, "sh"},          {SCMP_ARCH_SH, "sh"},
};

static const char *column_of(uint32_t arch)
{
	if (arch == SCMP_ARCH_NATIVE)
		arch = seccomp_arch_native();
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (columns[i].arch == arch)
			return columns[i].column;
	return NULL;
}

static int compare_constants(const void *name, const void *constant)
{
	return strcmp(name, ((const struct constant *)constant)->name);
}

int callgate_constant(uint32_t arch, const char *name, int64_t *ret_value)
{
	const char *column = column_of(arch);

	if (!name || !column || !ret_value)
		return -EINVAL;
	const struct constant *constant =
	    bsearch(name, constant_table, constant_count, sizeof(constant_table[0]), compare_constants);
	if (!constant)
		return -ENOENT;
	int64_t value = constant->value;
	for (size_t i = 0; i < constant->count; i++) {
		const struct constant_exception *exception = &constant_exceptions[constant->first + i];
		if (strcmp(exception->column, column) != 0)
			continue;
		if (!exception->known)
			return -EOPNOTSUPP;
		value = exception->value;
	}
	*ret_value = value;
	return 0;
}
