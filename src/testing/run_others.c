/*
 * Calls that no line names, calls that are newer than the tables, and calls of other architectures: the filter is compared with
 * one that gives all of them the action, and the differences are looked through for such calls.
 */
#include "testing/run.h"

#include <errno.h>
#include <stdlib.h>

#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "testing/explore.h"

/* One architecture of the test: the numbers that are named, and those that the tables know. */
struct group {
	uint32_t arch;
	int32_t newest;
	run_numbers named, known;
};

struct others {
	struct run *run;
	enum callgate_test_kind kind;
	size_t count;
	struct group groups[WORDS_ARCHS_MAX];
};

/* x86_64 and x32 share their audit value and have half of the numbers each; -1 is in both. */
static bool is_of(uint32_t arch, uint32_t audit, uint32_t nr)
{
	if (audit != SCMP_ARCH_X86_64)
		return arch == audit;
	return nr == UINT32_MAX ? arch == SCMP_ARCH_X86_64 || arch == SCMP_ARCH_X32
	                        : arch == (nr & 0x40000000u ? SCMP_ARCH_X32 : SCMP_ARCH_X86_64);
}

static bool contains(const run_numbers *list, int32_t nr)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (list->items[middle] == nr)
			return true;
		if (list->items[middle] < nr)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* ---- which calls are meant ---- */

static bool is_meant_in(const struct others *others, const struct group *group, int32_t nr)
{
	bool is_newer = nr != -1 && (uint32_t)nr > (uint32_t)group->newest && !contains(&group->known, nr);

	if (contains(&group->named, nr) && nr != -1)
		return false;
	return (others->kind == CALLGATE_TEST_NEWER_CALLS) == is_newer;
}

static bool is_meant(const struct others *others, uint32_t audit, uint32_t nr)
{
	for (size_t i = 0; i < others->count; i++)
		if (is_of(others->groups[i].arch, audit, nr))
			return others->kind != CALLGATE_TEST_OTHER_ARCHS &&
			       is_meant_in(others, &others->groups[i], (int32_t)nr);
	return others->kind == CALLGATE_TEST_OTHER_ARCHS;
}

/* Whether a number is meant can only change at these and at the ones behind them. */
static bool find_in_list(const struct others *others, const struct callgate_difference *difference,
                         const run_numbers *list, uint32_t *ret_nr)
{
	for (size_t i = 0; i < list->count; i++)
		for (uint32_t j = 0; j < 2; j++) {
			uint32_t nr = (uint32_t)list->items[i] + j;
			if (nr < difference->nr_first || nr > difference->nr_last ||
			    !is_meant(others, difference->witness.arch, nr))
				continue;
			*ret_nr = nr;
			return true;
		}
	return false;
}

static bool find_number(const struct others *others, const struct callgate_difference *difference,
                        uint32_t *ret_nr)
{
	int32_t edges[] = {(int32_t)difference->nr_first, (int32_t)difference->nr_last, 0x3fffffff};
	run_numbers list = {edges, 3, 3};

	if (find_in_list(others, difference, &list, ret_nr))
		return true;
	for (size_t i = 0; i < others->count; i++) {
		edges[0] = others->groups[i].newest;
		if (find_in_list(others, difference, &list, ret_nr) ||
		    find_in_list(others, difference, &others->groups[i].named, ret_nr) ||
		    find_in_list(others, difference, &others->groups[i].known, ret_nr))
			return true;
	}
	return false;
}

/* ---- the lists ---- */

static bool has_arch(const struct file_line *line, uint32_t arch)
{
	for (size_t i = 0; i < line->archs.count; i++)
		if (line->archs.tokens[i] == arch)
			return true;
	return line->archs.count == 0;
}

static int fill_group(const struct run *run, uint32_t arch, struct group *group)
{
	const char *name;
	int result = 0;

	group->arch = arch;
	group->newest = callgate_syscall_newest(arch);
	for (size_t i = 0; i < run->part->lines.count && result == 0; i++) {
		const struct file_line *line = run->part->lines.items[i];
		if (line->kind == CALLGATE_TEST_CALLS && has_arch(line, arch))
			result = run_list_numbers(line, arch, &group->named);
	}
	for (size_t i = 0; result == 0 && (name = callgate_syscall_name_at(i)); i++)
		result = vec_push(&group->known, callgate_syscall_number(arch, name)) ? 0 : -ENOMEM;
	run_sort_numbers(&group->named);
	run_sort_numbers(&group->known);
	return result;
}

static int fill(struct others *others)
{
	const struct run *run = others->run;
	int result = 0;

	for (size_t i = 0; i < run->arch_count && result == 0; i++)
		result = fill_group(run, run->archs[i], &others->groups[others->count++]);
	return result;
}

static void finish(struct others *others)
{
	for (size_t i = 0; i < others->count; i++) {
		vec_finish(&others->groups[i].named);
		vec_finish(&others->groups[i].known);
	}
}

/* ---- the question ---- */

/* For each architecture of the test, or for none of them, everything gets the action. */
static scmp_filter_ctx make_limit(const struct others *others, uint32_t action)
{
	bool archs = others->kind == CALLGATE_TEST_OTHER_ARCHS;
	uint32_t away = action == SCMP_ACT_ALLOW ? SCMP_ACT_KILL_THREAD : SCMP_ACT_ALLOW;
	scmp_filter_ctx limit = seccomp_init(archs ? away : action);
	int result =
	    limit ? seccomp_attr_set(limit, SCMP_FLTATR_ACT_BADARCH, archs ? action : away) : -ENOMEM;

	if (result == 0)
		result = seccomp_arch_remove(limit, SCMP_ARCH_NATIVE);
	for (size_t i = 0; i < others->count && result == 0; i++)
		result = seccomp_arch_add(limit, others->groups[i].arch);
	if (result == 0)
		return limit;
	seccomp_release(limit);
	return NULL;
}

static bool is_own(const struct others *others, uint32_t arch)
{
	for (size_t i = 0; i < others->count; i++)
		if (others->groups[i].arch == arch)
			return true;
	return false;
}

/* 0; 1: the first difference that is meant, with its number. */
static int look_through(const struct others *others, const struct callgate_comparison *comparison,
                        struct callgate_call *ret_witness)
{
	for (size_t i = 0; i < comparison->count; i++) {
		uint32_t nr;
		if (!find_number(others, &comparison->differences[i], &nr))
			continue;
		*ret_witness = comparison->differences[i].witness;
		ret_witness->nr = (int32_t)nr;
		return 1;
	}
	return 0;
}

static int ask(const struct others *others, uint32_t action)
{
	struct run *run = others->run;
	struct callgate_comparison *comparison = NULL;
	struct callgate_call witness;
	scmp_filter_ctx limit = make_limit(others, action);
	struct callgate_side side = {.ctx = limit};

	if (!limit)
		return -ENOMEM;
	int result = callgate_compare(run->filter, &side, SIZE_MAX, &comparison);
	seccomp_release(limit);
	if (result == -ENOMEM)
		return result;
	if (result < 0)
		return run_trouble(run, "not decided: %s", callgate_diagnosis(NULL));
	bool is_decided = comparison->relation != CALLGATE_RELATION_UNKNOWN &&
	                  comparison->relation != CALLGATE_RELATION_REFUSED && comparison->complete;
	int found = look_through(others, comparison, &witness);
	callgate_comparison_free(comparison);
	if (found)
		return run_fail(run, &witness, run_action_text(others->groups[0].arch, action));
	return is_decided ? 0 : run_trouble(run, "not decided: %s", callgate_diagnosis(NULL));
}

/* ---- what it exercises ---- */

struct wanted {
	const struct others *others;
	const struct group *group;
};

static bool wants(const void *data, int32_t nr)
{
	const struct wanted *wanted = data;

	return is_meant_in(wanted->others, wanted->group, nr);
}

static int exercise(const struct others *others)
{
	struct callgate_simulator *simulator = others->run->simulator;
	uint32_t arch;
	int result = 0;

	for (size_t i = 0; i < others->count && result == 0 && others->kind != CALLGATE_TEST_OTHER_ARCHS;
	     i++) {
		const struct wanted wanted = {others, &others->groups[i]};
		result = explore_wanted(simulator, others->groups[i].arch, wants, &wanted);
		if (result == 0 && others->kind == CALLGATE_TEST_OTHER_CALLS) /* a number like any other */
			result = explore_compared(simulator, others->groups[i].arch, -1, 0, NULL);
	}
	if (others->kind != CALLGATE_TEST_OTHER_ARCHS)
		return result;
	for (size_t i = 0; (arch = words_arch_at(i)) && result == 0; i++)
		if (!is_own(others, arch))
			result = explore_compared(simulator, arch, arch == SCMP_ARCH_X32 ? 0x40000000 : 0, 0,
			                          NULL);
	return result;
}

int run_others(struct run *run)
{
	struct others others = {run, run->line->kind};
	uint32_t action = 0;
	int result = run_action(run, run->archs[0], &action);

	if (result < 0 || run->result->status)
		return result;
	result = fill(&others);
	if (result == 0)
		result = ask(&others, action);
	if (result == 0 && !run->result->status && run->simulator)
		result = exercise(&others);
	finish(&others);
	return result;
}
