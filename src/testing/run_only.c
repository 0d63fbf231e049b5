/* Only some calls are allowed: the filter is compared with one that allows just these. */
#include "testing/run.h"

#include <errno.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/rule.h>

#include "testing/compare.h"
#include "testing/explore.h"

/* The same for the run's line, ascending. */
static int list_own_numbers(const struct run *run, uint32_t arch, run_numbers *list)
{
	int result = run_list_numbers(run->line, arch, list);

	run_sort_numbers(list);
	return result;
}

static int allow_numbers(scmp_filter_ctx limit, uint32_t arch, const run_numbers *list)
{
	int result = 0;

	for (size_t i = 0; i < list->count && result == 0; i++)
		if (list->items[i] != __NR_SCMP_ERROR && (i == 0 || list->items[i] != list->items[i - 1]))
			result = callgate_rule_add(limit, arch, SCMP_ACT_ALLOW, list->items[i], 0, NULL);
	return result;
}

/* A filter that allows the line's calls, and everything on other architectures. */
static int make_limit(struct run *run, scmp_filter_ctx limit)
{
	int result = seccomp_attr_set(limit, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);

	if (result == 0)
		result = seccomp_arch_remove(limit, SCMP_ARCH_NATIVE);
	for (size_t i = 0; i < run->arch_count && result == 0; i++) {
		run_numbers list = {0};
		result = seccomp_arch_add(limit, run->archs[i]);
		if (result == 0)
			result = list_own_numbers(run, run->archs[i], &list);
		if (result == 0)
			result = allow_numbers(limit, run->archs[i], &list);
		vec_finish(&list);
	}
	return result;
}

static int exercise_only(struct run *run)
{
	int result = 0;

	for (size_t i = 0; i < run->arch_count && result == 0; i++) {
		run_numbers list = {0};
		result = list_own_numbers(run, run->archs[i], &list);
		if (result == 0)
			result = explore_others(run->simulator, run->archs[i], list.items, list.count);
		vec_finish(&list);
	}
	return result;
}

int run_only(struct run *run)
{
	scmp_filter_ctx limit = seccomp_init(SCMP_ACT_KILL_THREAD);
	struct compare_finding finding;
	struct callgate_side side = {.ctx = limit};

	if (!limit)
		return -ENOMEM;
	int result = make_limit(run, limit);
	if (result < 0 && result != -ENOMEM)
		result = run_trouble(run, "%s", callgate_diagnosis(limit));
	else if (result == 0)
		result = compare_allowed(run->filter, &side, &finding);
	seccomp_release(limit);
	if (result == 1)
		return run_fail(run, &finding.witness, strdup("nothing else to be allowed"));
	if (result < 0 && result != -ENOMEM)
		return run_trouble(run, "not decided: %s", callgate_diagnosis(NULL));
	return result == 0 && run->simulator && !run->result->status ? exercise_only(run) : result;
}
