/* Facts that need no context: names of architectures, texts of actions, system calls, and the library's versions. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <seccomp.h>
#include <callgate/syscall.h>
#include <callgate/version.h>

#include "api/context.h"
#include "arch/arch.h"

uint32_t seccomp_arch_resolve_name(const char *arch_name)
{
	const struct callgate_arch *arch = callgate_arch_find_name(arch_name);

	/* The names of other formats are none here. */
	return arch && strcmp(arch->name, arch_name) == 0 ? arch->token : 0;
}

uint32_t seccomp_arch_native(void)
{
	return arch_native()->token;
}

int callgate_action_parse(const char *text, uint32_t *ret_action)
{
	return action_parse(text, ret_action, diag_thread());
}

const char *callgate_syscall_name_at(size_t index)
{
	return arch_syscall_name_at(index);
}

int callgate_syscall_number(uint32_t arch, const char *name)
{
	const struct callgate_arch *found = callgate_arch_find(arch);

	return found ? arch_syscall_direct_number(found, name) : __NR_SCMP_ERROR;
}

const char *callgate_syscall_name(uint32_t arch, int32_t nr)
{
	const struct callgate_arch *found = callgate_arch_find(arch);

	return found ? arch_syscall_name(found, nr) : NULL;
}

unsigned int callgate_argument_bits(uint32_t arch, const char *call, unsigned int arg)
{
	const struct callgate_arch *found = callgate_arch_find(arch);

	return found ? arch_argument_bits(found, call, arg) : arg < ARCH_ARGUMENTS ? 64 : 0;
}

int callgate_syscall_newest(uint32_t arch)
{
	const struct callgate_arch *found = callgate_arch_find(arch);

	return found ? arch_syscall_number_newest(found) : -1;
}

/* NULL, with a text, where the architecture or the call is unknown. */
static const struct callgate_since *since_of(uint32_t arch, int32_t nr)
{
	const struct callgate_arch *found = callgate_arch_find(arch);
	const struct callgate_since *since = found ? arch_syscall_since(found, nr) : NULL;

	if (!since)
		diag_set(diag_thread(),
		         found ? "no system call has the number %d on this architecture"
		               : "not an architecture (SCMP_ARCH_*)",
		         nr);
	return since;
}

int callgate_syscall_since(uint32_t arch, int32_t nr, struct callgate_since *ret_since)
{
	const struct callgate_since *since = since_of(arch, nr);

	if (!since)
		return callgate_arch_find(arch) ? -ESRCH : -EINVAL;
	if (!ret_since)
		return diag_fail(diag_thread(), -EINVAL, "there is no place for the versions");
	*ret_since = *since;
	return 0;
}

void callgate_syscall_since_text(uint32_t arch, int32_t nr, char text[CALLGATE_SINCE_TEXT])
{
	const struct callgate_since *since = since_of(arch, nr);

	if (!text)
		return;
	text[0] = '\0';
	if (!since)
		return;
	if (!since->by.major) {
		memcpy(text, "never", sizeof("never"));
		return;
	}
	const struct callgate_linux *versions[] = {&since->first, &since->by};
	int count = memcmp(versions[0], versions[1], sizeof(*versions[0])) == 0 ? 1 : 2, length = 0;
	for (int i = 0; i < count; i++)
		length += snprintf(text + length, CALLGATE_SINCE_TEXT - (size_t)length,
		                   versions[i]->patch ? "%s%u.%u.%u" : "%s%u.%u", i ? ".." : "", versions[i]->major,
		                   versions[i]->minor, versions[i]->patch);
}

enum scmp_kver callgate_syscall_kver(uint32_t arch, int32_t nr)
{
	static const uint8_t firsts[] = {[3] = SCMP_KV_3_0, SCMP_KV_4_0, SCMP_KV_5_0, SCMP_KV_6_0, SCMP_KV_7_0};
	const struct callgate_since *since = since_of(arch, nr);

	if (!since)
		return __SCMP_KV_NULL;
	if (since->by.major < 3)
		return SCMP_KV_UNDEF;
	assert(since->by.major < sizeof(firsts));
	return (enum scmp_kver)(firsts[since->by.major] + since->by.minor);
}

const char *callgate_syscall_closest_name(const char *name)
{
	return arch_syscall_closest_name(name);
}

/* The number, or __NR_SCMP_ERROR with a text in the thread's diagnosis. */
static int number_of_name(const struct callgate_arch *arch, const char *name)
{
	if (!arch) {
		diag_set(diag_thread(), "not an architecture (SCMP_ARCH_*)");
		return __NR_SCMP_ERROR;
	}
	int nr = arch_syscall_number(arch, name);
	if (nr == ARCH_NR_ERROR)
		diag_set(diag_thread(), "unknown system call: %s", name ? name : "NULL");
	return nr;
}

int seccomp_syscall_resolve_name_arch(uint32_t arch_token, const char *name)
{
	return number_of_name(callgate_arch_find(arch_token), name);
}

int seccomp_syscall_resolve_name_rewrite(uint32_t arch_token, const char *name)
{
	const struct callgate_arch *arch = callgate_arch_find(arch_token);
	int nr = number_of_name(arch, name);

	return nr == __NR_SCMP_ERROR ? nr : arch_syscall_rewrite(arch, nr);
}

int seccomp_syscall_resolve_name(const char *name)
{
	return number_of_name(arch_native(), name);
}

char *seccomp_syscall_resolve_num_arch(uint32_t arch_token, int num)
{
	const struct callgate_arch *arch = callgate_arch_find(arch_token);
	const char *name = arch ? arch_syscall_name(arch, num) : NULL;

	if (!name)
		diag_set(diag_thread(), arch ? "no system call has this number on this architecture"
		                             : "not an architecture (SCMP_ARCH_*)");
	return name ? strdup(name) : NULL;
}

const char *callgate_version(void)
{
	return "0.2.0";
}

const struct scmp_version *seccomp_version(void)
{
	static const struct scmp_version version = {SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO};

	return &version;
}
