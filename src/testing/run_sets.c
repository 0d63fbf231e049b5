/*
 * Tests about whole sets of calls. `only`: the filter is compared with one that allows just the calls of the line. Calls that no
 * line names, unknown calls (newer than the tables), and calls of other architectures: the filter is compared with one that
 * gives all of them the action, and the differences are looked through for such calls.
 */
#include "testing/run_result.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "base/vec.h"
#include "testing/limit.h"

/* Call numbers as the kernel compares them: -1 is the largest. */
struct interval {
	uint32_t first, last;
};

typedef VEC(uint32_t) number_vec;

/* One architecture, and the numbers of those of its calls that the test is about: disjoint, ascending, not adjacent. */
struct arch_calls {
	const struct callgate_arch *arch;
	bool is_own; /* the test is for this architecture */
	VEC(struct interval) meant;
};

struct sets {
	struct run *run;
	enum callgate_test_kind kind;
	size_t count;
	struct arch_calls archs[FILE_ARCHS_MAX]; /* all that there are */
};

/* ---- which calls are meant ---- */

/* What decides that on one architecture. Both lists ascend, and hold -1 for names that the architecture lacks. */
struct numbers {
	uint32_t newest;
	number_vec named, known;
};

static int compare_numbers(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	return (first > second) - (first < second);
}

static void sort(number_vec *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(list->items[0]), compare_numbers);
}

static bool contains(const number_vec *list, uint32_t nr)
{
	return list->count && bsearch(&nr, list->items, list->count, sizeof(nr), compare_numbers);
}

static int list_line(const struct file_line *line, uint32_t arch, number_vec *list)
{
	for (size_t i = 0; i < line->count; i++) {
		const struct file_calls *calls = &line->calls[i];
		for (size_t j = 0; calls->group && calls->group->syscalls[j]; j++)
			if (!vec_push(list,
			              (uint32_t)callgate_syscall_number(arch, calls->group->syscalls[j])))
				return -ENOMEM;
		if (!calls->group && !vec_push(list, (uint32_t)run_number_of(calls, arch)))
			return -ENOMEM;
	}
	return 0;
}

static bool is_for(const struct file_line *line, uint32_t arch)
{
	for (size_t i = 0; i < line->archs.count; i++)
		if (line->archs.tokens[i] == arch)
			return true;
	return line->archs.count == 0;
}

/* `only` names its calls itself; the others are about what the lines about calls name. */
static int list_numbers(const struct sets *sets, uint32_t arch, struct numbers *numbers)
{
	const struct file_part *part = sets->run->part;
	const char *name;
	int result = 0;

	numbers->newest = (uint32_t)callgate_syscall_newest(arch);
	if (sets->kind == CALLGATE_TEST_ONLY)
		result = list_line(sets->run->line, arch, &numbers->named);
	for (size_t i = 0; sets->kind != CALLGATE_TEST_ONLY && i < part->lines.count && result == 0; i++)
		if (part->lines.items[i]->kind == CALLGATE_TEST_CALLS && is_for(part->lines.items[i], arch))
			result = list_line(part->lines.items[i], arch, &numbers->named);
	for (size_t i = 0; result == 0 && (name = callgate_syscall_name_at(i)); i++)
		result =
		    vec_push(&numbers->known, (uint32_t)callgate_syscall_number(arch, name)) ? 0 : -ENOMEM;
	sort(&numbers->named);
	sort(&numbers->known);
	return result;
}

/* Does another architecture, for which the test is, have the number too? That can only be -1. */
static bool is_shared(const struct sets *sets, const struct callgate_arch *arch, uint32_t nr)
{
	for (size_t i = 0; nr == UINT32_MAX && i < sets->count; i++)
		if (sets->archs[i].is_own && sets->archs[i].arch->audit == arch->audit)
			return true;
	return false;
}

static bool is_meant(const struct sets *sets, const struct arch_calls *calls, const struct numbers *numbers,
                     uint32_t nr)
{
	bool is_call = nr != UINT32_MAX;

	if (!callgate_arch_has_number(calls->arch->token, (int32_t)nr))
		return false;
	if (!calls->is_own)
		return sets->kind == CALLGATE_TEST_OTHER_ARCHS && !is_shared(sets, calls->arch, nr);
	if (is_call && contains(&numbers->named, nr))
		return false;
	bool is_unknown = is_call && nr > numbers->newest && !contains(&numbers->known, nr);
	return sets->kind == CALLGATE_TEST_ONLY ||
	       (sets->kind != CALLGATE_TEST_OTHER_ARCHS &&
	        (sets->kind == CALLGATE_TEST_UNKNOWN_CALLS) == is_unknown);
}

/* Whether a number is meant changes at these at most. */
static bool list_breakpoints(const struct callgate_arch *arch, const struct numbers *numbers,
                             number_vec *breakpoints)
{
	const uint32_t ends[] = {0, arch->nr_first, arch->nr_last + 1, numbers->newest + 1, UINT32_MAX};
	const number_vec *lists[] = {&numbers->named, &numbers->known};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!vec_push(breakpoints, ends[i]))
			return false;
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < lists[i]->count; j++)
			if (!vec_push(breakpoints, lists[i]->items[j]) ||
			    !vec_push(breakpoints, lists[i]->items[j] + 1))
				return false;
	sort(breakpoints);
	return true;
}

static int list_intervals(const struct sets *sets, const struct numbers *numbers,
                          const number_vec *breakpoints, struct arch_calls *calls)
{
	for (size_t i = 0; i < breakpoints->count; i++) {
		uint32_t first = breakpoints->items[i];
		uint32_t last = i + 1 < breakpoints->count ? breakpoints->items[i + 1] - 1 : UINT32_MAX;
		struct interval *before =
		    calls->meant.count ? &calls->meant.items[calls->meant.count - 1] : NULL;
		bool is_empty = i + 1 < breakpoints->count && breakpoints->items[i + 1] == first;
		if (is_empty || !is_meant(sets, calls, numbers, first))
			continue;
		assert(!before || before->last < first);
		if (before && before->last + 1 == first)
			before->last = last;
		else if (!vec_push(&calls->meant, ((struct interval){first, last})))
			return -ENOMEM;
	}
	return 0;
}

static int fill_arch(struct sets *sets, struct arch_calls *calls)
{
	struct numbers numbers = {0};
	number_vec breakpoints = {0};
	int result = calls->is_own ? list_numbers(sets, calls->arch->token, &numbers) : 0;

	if (result == 0 && !list_breakpoints(calls->arch, &numbers, &breakpoints))
		result = -ENOMEM;
	if (result == 0)
		result = list_intervals(sets, &numbers, &breakpoints, calls);
	vec_finish(&numbers.named);
	vec_finish(&numbers.known);
	vec_finish(&breakpoints);
	return result;
}

static int fill(struct sets *sets)
{
	const struct run *run = sets->run;
	const struct callgate_arch *arch;
	int result = 0;

	for (size_t i = 0; (arch = callgate_arch_at(i)) && i < FILE_ARCHS_MAX; i++) {
		struct arch_calls *calls = &sets->archs[sets->count++];
		calls->arch = arch;
		for (size_t j = 0; j < run->arch_count; j++)
			calls->is_own = calls->is_own || run->archs[j] == arch->token;
	}
	assert(!callgate_arch_at(sets->count)); /* or FILE_ARCHS_MAX is too small */
	for (size_t i = 0; i < sets->count && result == 0; i++)
		result = fill_arch(sets, &sets->archs[i]);
	return result;
}

static void finish(struct sets *sets)
{
	for (size_t i = 0; i < sets->count; i++)
		vec_finish(&sets->archs[i].meant);
}

/* Counts what calls of the set reach. */
static int cover(const struct sets *sets)
{
	int result = 0;

	for (size_t i = 0; i < sets->count; i++)
		for (size_t j = 0; j < sets->archs[i].meant.count && result == 0; j++) {
			const struct interval *interval = &sets->archs[i].meant.items[j];
			result = run_cover(sets->run, sets->archs[i].arch->token, interval->first,
			                   interval->last, 0, NULL);
		}
	return result;
}

/* ---- other calls ---- */

/* The first number of a difference that is not below `from`, if there is one up to `last`. */
static bool number_from(const struct callgate_difference *difference, uint32_t from, uint32_t last,
                        uint32_t *ret_nr)
{
	uint32_t mask = difference->nr_mask, value = difference->nr_value;
	uint64_t nr = from > difference->nr_first ? from : difference->nr_first;

	/* From the highest bit on that is not as it has to be: count on, or forth to the next one that is. */
	while ((nr & mask) != value && nr <= last) {
		uint32_t bit = UINT32_C(1) << (31 - __builtin_clz(((uint32_t)nr & mask) ^ value));
		nr = (nr | (bit - 1)) + 1;
	}
	*ret_nr = (uint32_t)nr;
	return nr <= last && nr <= difference->nr_last;
}

/* Is some number of a difference meant? */
static bool find_number(const struct sets *sets, const struct callgate_difference *difference,
                        uint32_t *ret_nr)
{
	bool is_known = false;

	for (size_t i = 0; i < sets->count; i++) {
		const struct arch_calls *calls = &sets->archs[i];
		if (calls->arch->audit != difference->witness.arch)
			continue;
		is_known = true;
		for (size_t j = 0; j < calls->meant.count; j++) {
			const struct interval *meant = &calls->meant.items[j];
			if (number_from(difference, meant->first, meant->last, ret_nr))
				return true;
		}
	}
	*ret_nr = difference->nr_first;
	return !is_known && sets->kind == CALLGATE_TEST_OTHER_ARCHS;
}

/* 0; 1: the first difference that is meant, with its number. */
static int look_through(const struct sets *sets, const struct callgate_comparison *comparison,
                        struct callgate_call *ret_witness)
{
	for (size_t i = 0; i < comparison->count; i++) {
		uint32_t nr;
		if (!find_number(sets, &comparison->differences[i], &nr))
			continue;
		*ret_witness = comparison->differences[i].witness;
		ret_witness->nr = (int32_t)nr;
		return 1;
	}
	return 0;
}

/* A filter that gives the action to all calls of the architectures, or to all others; and to what is not meant another one. */
static int new_limit(const struct sets *sets, uint32_t action, scmp_filter_ctx *ret_limit)
{
	bool is_others = sets->kind == CALLGATE_TEST_OTHER_ARCHS;
	uint32_t away = action == SCMP_ACT_ALLOW ? SCMP_ACT_KILL_THREAD : SCMP_ACT_ALLOW;

	return limit_new(sets->run->archs, sets->run->arch_count, is_others ? away : action,
	                 is_others ? action : away, ret_limit);
}

static int ask(const struct sets *sets, uint32_t action)
{
	struct run *run = sets->run;
	struct callgate_comparison *comparison = NULL;
	struct callgate_call witness;
	scmp_filter_ctx limit;
	int result = new_limit(sets, action, &limit);

	if (result == 0)
		result = callgate_compare(run->filter, &(struct callgate_filter){.ctx = limit}, SIZE_MAX,
		                          &comparison);
	else if (result != -ENOMEM)
		result = run_error(run, "%s", callgate_diagnosis(limit));
	seccomp_release(limit);
	if (!comparison)
		return result == -ENOMEM || run->result->status
		           ? result
		           : run_error(run, "not decided: %s", callgate_diagnosis(NULL));
	bool is_decided = comparison->relation != CALLGATE_RELATION_UNKNOWN &&
	                  comparison->relation != CALLGATE_RELATION_REFUSED && comparison->complete;
	int found = look_through(sets, comparison, &witness);
	callgate_comparison_free(comparison);
	if (found)
		return run_fail(run, &witness, run_action_text(run->archs[0], action), NULL);
	return is_decided ? 0 : run_error(run, "not decided: %s", callgate_diagnosis(NULL));
}

int run_others(struct run *run)
{
	struct sets sets = {run, run->line->kind};
	uint32_t action = 0;
	int result = run_action(run, run->archs[0], &action);

	if (result < 0 || run->result->status)
		return result;
	result = fill(&sets);
	if (result == 0)
		result = ask(&sets, action);
	if (result == 0 && !run->result->status)
		result = cover(&sets);
	finish(&sets);
	return result;
}

/* ---- only ---- */

static int allow_line(const struct run *run, scmp_filter_ctx limit, uint32_t arch)
{
	number_vec list = {0};
	int result = list_line(run->line, arch, &list);

	for (size_t i = 0; i < list.count && result == 0; i++)
		result = limit_allow(limit, arch, (int)list.items[i]);
	vec_finish(&list);
	return result;
}

static int cover_only(struct run *run)
{
	struct sets sets = {run, CALLGATE_TEST_ONLY};
	int result = fill(&sets);

	if (result == 0)
		result = cover(&sets);
	finish(&sets);
	return result;
}

int run_only(struct run *run)
{
	struct limit_finding finding;
	scmp_filter_ctx limit;
	int result = limit_new(run->archs, run->arch_count, SCMP_ACT_KILL_THREAD, SCMP_ACT_ALLOW, &limit);

	for (size_t i = 0; i < run->arch_count && result == 0; i++)
		result = allow_line(run, limit, run->archs[i]);
	if (result < 0 && result != -ENOMEM)
		result = run_error(run, "%s", callgate_diagnosis(limit));
	else if (result == 0)
		result = limit_compare(run->filter, &(struct callgate_filter){.ctx = limit}, &finding);
	seccomp_release(limit);
	if (result == 1)
		return run_fail(run, &finding.witness, strdup("nothing else to be allowed"), NULL);
	if (result < 0 && result != -ENOMEM)
		return run_error(run, "not decided: %s", callgate_diagnosis(NULL));
	return result == 0 && run->simulator && !run->result->status ? cover_only(run) : result;
}
