/* Sets of calls as rules. */
#include <callgate/info.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <callgate/diagnosis.h>

static _Thread_local char diagnosis[400];

const char *callgate_rule_set_diagnosis(void)
{
	return diagnosis;
}

/* Always `result`. */
__attribute__((format(printf, 2, 3))) static int fail(int result, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(diagnosis, sizeof(diagnosis), format, list);
	va_end(list);
	return result;
}

static int fail_name(const char *set)
{
	const char *closest = callgate_group_closest_name(set);
	const struct callgate_group *newest = closest ? callgate_group_find(closest) : NULL;

	if (!newest)
		return fail(-ENOENT, "there is no set \"%.100s\"", set);
	return fail(-ENOENT, "there is no set \"%.100s\"; the newest version of the closest name is \"@%s@%u\"", set,
	            newest->name, callgate_group_version_of(newest));
}

/* A call that an architecture lacks gets no rule there. */
static int add_rules(scmp_filter_ctx ctx, uint32_t action, const struct callgate_group *group)
{
	for (size_t i = 0; group->syscalls[i]; i++) {
		int result = seccomp_rule_add(ctx, action, seccomp_syscall_resolve_name(group->syscalls[i]), 0);
		if (result < 0)
			return fail(result, "%s: %s", group->syscalls[i], callgate_diagnosis(ctx));
	}
	return 0;
}

int callgate_rule_set(scmp_filter_ctx ctx, uint32_t action, const char *set)
{
	const struct callgate_group *group = callgate_group_find(set);

	diagnosis[0] = '\0';
	if (!set)
		return fail(-EINVAL, "the name of the set is NULL");
	if (!group)
		return fail_name(set);
	if (!strchr(set + 1, '@'))
		return fail(-EINVAL, "\"%s\" names no version, and would change with the library: write \"@%s@%u\"",
		            set, group->name, callgate_group_version_of(group));
	int result = seccomp_transaction_start(ctx);
	if (result < 0)
		return fail(result, "%s", callgate_diagnosis(ctx));
	result = add_rules(ctx, action, group);
	if (result < 0)
		seccomp_transaction_reject(ctx);
	else if ((result = seccomp_transaction_commit(ctx)) < 0)
		fail(result, "%s", callgate_diagnosis(ctx));
	return result;
}
