/* Facts that need no context: architectures, actions, system calls, and the library's versions. */
#include <seccomp.h>
#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/syscall.h>
#include <callgate/version.h>

#include "api/context.h"
#include "arch/actions.h"
#include "arch/arch.h"

static const struct callgate_arch *facts_of(const struct arch *arch)
{
	return arch ? arch->facts : NULL;
}

const struct callgate_arch *callgate_arch_at(size_t index)
{
	return index < arch_count() ? arch_at(index)->facts : NULL;
}

const struct callgate_arch *callgate_arch_find(uint32_t token)
{
	return facts_of(arch_by_token(token));
}

const struct callgate_arch *callgate_arch_find_name(const char *name)
{
	return facts_of(arch_by_any_name(name));
}

const char *callgate_arch_closest_name(const char *name)
{
	return arch_closest_name(name);
}

const struct callgate_arch *callgate_arch_of_call(uint32_t arch, int32_t nr)
{
	const struct arch *named = arch_by_token(arch);

	return facts_of(arch_of_call(named ? named->audit : arch, (uint32_t)nr));
}

bool callgate_arch_has_number(uint32_t token, int32_t nr)
{
	const struct arch *arch = arch_by_token(token);

	return arch && arch_has_number(arch, (uint32_t)nr);
}

const struct callgate_arch *callgate_machine_arch_at(uint32_t token, size_t index)
{
	const struct arch *machine = arch_by_token(token);

	return machine ? facts_of(arch_of_machine(machine, index)) : NULL;
}

const struct callgate_action_kind *callgate_action_kind_at(size_t index)
{
	return action_kind_at(index);
}

const struct callgate_action_kind *callgate_action_kind(uint32_t action)
{
	return action_kind(action);
}

const struct callgate_action_kind *callgate_action_kind_find(const char *name)
{
	return action_kind_by_name(name);
}

void callgate_action_text(uint32_t action, char ret_text[CALLGATE_ACTION_TEXT])
{
	if (ret_text)
		action_text(action, ret_text);
}

int callgate_action_parse(const char *text, uint32_t *ret_action)
{
	return action_parse(text, ret_action, diag_thread());
}

uint32_t callgate_action_strictest(uint32_t newest, uint32_t older)
{
	return action_strictest(newest, older);
}

const char *callgate_syscall_name_at(size_t index)
{
	return index < arch_syscall_name_count() ? arch_syscall_name_at(index) : NULL;
}

int callgate_syscall_number(uint32_t arch, const char *name)
{
	const struct arch *found = arch_by_token(arch);

	return found ? arch_syscall_direct_number(found, name) : __NR_SCMP_ERROR;
}

int callgate_syscall_newest(uint32_t arch)
{
	const struct arch *found = arch_by_token(arch);

	return found ? arch_syscall_number_newest(found) : -1;
}

const char *callgate_syscall_closest_name(const char *name)
{
	return arch_syscall_closest_name(name);
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
