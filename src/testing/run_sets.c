/*
 * Tests about whole sets of calls: those that `only` does not name, calls that no line names, unknown calls (newer than
 * the tables), calls of other architectures, and all calls. The filter is compared with one that answers as the test
 * expects, and the differences are looked through for calls that are meant.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "base/vec.h"
#include "testing/run.h"

/* Call numbers as the kernel compares them: -1 is the largest. */
struct interval {
	uint32_t first, last;
};

/*
 * A number at which it may change whether calls are meant; those after it, up to the next one, are not named and not
 * known.
 */
struct mark {
	uint32_t nr;
	bool is_named; /* by a line */
	bool is_known; /* there is such a call */
};

typedef VEC(struct mark) mark_vec;

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

static int by_number(const void *a, const void *b)
{
	const struct mark *first = a, *second = b;

	return (first->nr > second->nr) - (first->nr < second->nr);
}

static bool mark_line(const struct file_line *line, uint32_t arch, mark_vec *marks)
{
	bool done = true;

	for (size_t i = 0; i < line->archs.count && line->archs.tokens[i] != arch; i++)
		if (i + 1 == line->archs.count)
			return true; /* it is for others */
	for (size_t i = 0; i < line->count; i++) {
		const struct file_calls *calls = &line->calls[i];
		const char *const *names = calls->group ? calls->group->syscalls : NULL;
		for (; done && names && *names; names++)
			done = vec_push(marks,
			                ((struct mark){(uint32_t)callgate_syscall_number(arch, *names), true, false}));
		if (!calls->group)
			done =
			    done && vec_push(marks, ((struct mark){(uint32_t)run_number_of(calls, arch), true, false}));
	}
	return done;
}

/* `only` names its calls itself; the others are about what the lines about calls name. */
static bool mark_calls(const struct sets *sets, uint32_t arch, mark_vec *marks)
{
	const struct file_part *part = sets->run->part;
	bool is_only = sets->kind == CALLGATE_TEST_ONLY;
	bool done = !is_only || mark_line(sets->run->line, arch, marks);
	const char *name;

	for (size_t i = 0; !is_only && i < part->lines.count; i++)
		if (part->lines.items[i]->kind == CALLGATE_TEST_CALLS)
			done = done && mark_line(part->lines.items[i], arch, marks);
	for (size_t i = 0; done && (name = callgate_syscall_name_at(i)); i++)
		done = vec_push(marks, ((struct mark){(uint32_t)callgate_syscall_number(arch, name), false, true}));
	return done;
}

/* Does another architecture, for which the test is, have the number too? That can only be -1. */
static bool is_shared(const struct sets *sets, const struct callgate_arch *arch, uint32_t nr)
{
	for (size_t i = 0; nr == UINT32_MAX && i < sets->count; i++)
		if (sets->archs[i].is_own && sets->archs[i].arch->audit == arch->audit)
			return true;
	return false;
}

static bool is_meant(const struct sets *sets, const struct arch_calls *calls, const struct mark *mark)
{
	bool is_call = mark->nr != UINT32_MAX;
	bool is_unknown =
	    is_call && mark->nr > (uint32_t)callgate_syscall_newest(calls->arch->token) && !mark->is_known;

	if (!callgate_arch_has_number(calls->arch->token, (int32_t)mark->nr))
		return false;
	if (!calls->is_own)
		return sets->kind == CALLGATE_TEST_OTHER_ARCHS && !is_shared(sets, calls->arch, mark->nr);
	if (is_call && mark->is_named)
		return false;
	return sets->kind == CALLGATE_TEST_ONLY ||
	       (sets->kind != CALLGATE_TEST_OTHER_ARCHS && (sets->kind == CALLGATE_TEST_UNKNOWN_CALLS) == is_unknown);
}

/* The numbers from the mark to `last`, if the first one is meant. */
static bool add_interval(const struct sets *sets, struct arch_calls *calls, struct mark mark, uint32_t last)
{
	struct interval *before = calls->meant.count ? &calls->meant.items[calls->meant.count - 1] : NULL;

	if (mark.nr > last || !is_meant(sets, calls, &mark))
		return true;
	assert(!before || before->last < mark.nr);
	if (!before || before->last + 1 != mark.nr)
		return vec_push(&calls->meant, ((struct interval){mark.nr, last}));
	before->last = last;
	return true;
}

static bool list_intervals(const struct sets *sets, struct arch_calls *calls, const mark_vec *marks)
{
	bool done = true;

	for (size_t i = 0, next = 0; i < marks->count && done; i = next) {
		struct mark mark = marks->items[i], after = {.nr = mark.nr + 1};
		for (next = i; next < marks->count && marks->items[next].nr == mark.nr; next++) {
			mark.is_named = mark.is_named || marks->items[next].is_named;
			mark.is_known = mark.is_known || marks->items[next].is_known;
		}
		done = add_interval(sets, calls, mark, mark.nr);
		if (next < marks->count)
			done = done && add_interval(sets, calls, after, marks->items[next].nr - 1);
	}
	return done;
}

static int fill_arch(struct sets *sets, struct arch_calls *calls)
{
	const struct callgate_arch *arch = calls->arch;
	const uint32_t ends[] = {0, arch->nr_first, arch->nr_last + 1,
	                         (uint32_t)callgate_syscall_newest(arch->token) + 1, UINT32_MAX};
	mark_vec marks = {0};
	bool done = !calls->is_own || mark_calls(sets, arch->token, &marks);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		done = done && vec_push(&marks, ((struct mark){.nr = ends[i]}));
	if (done)
		qsort(marks.items, marks.count, sizeof(marks.items[0]), by_number);
	done = done && list_intervals(sets, calls, &marks);
	vec_finish(&marks);
	return done ? 0 : -ENOMEM;
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
			result =
			    run_cover(sets->run, sets->archs[i].arch->token, interval->first, interval->last, 0, NULL);
		}
	return result;
}

/* ---- which differences count ---- */

/* The first number of a difference that is not below `from`, if there is one up to `last`. */
static bool number_from(const struct callgate_difference *difference, uint32_t from, uint32_t last, uint32_t *ret_nr)
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
static bool find_number(const struct sets *sets, const struct callgate_difference *difference, uint32_t *ret_nr)
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

/* ALLOW or LOG. */
static bool is_allowed(uint32_t action)
{
	return (action & 0xffff0000u) == SCMP_ACT_ALLOW || (action & 0xffff0000u) == SCMP_ACT_LOG;
}

/* Does the test fail because of this difference, and with which number? */
static bool matters(const struct sets *sets, const struct callgate_difference *difference, uint32_t *ret_nr)
{
	*ret_nr = (uint32_t)difference->witness.nr;
	switch (sets->kind) {
	case CALLGATE_TEST_NO_WEAKER:
		return is_allowed(difference->first) && !is_allowed(difference->second);
	case CALLGATE_TEST_ONLY:
		return is_allowed(difference->first) && find_number(sets, difference, ret_nr);
	default:
		return find_number(sets, difference, ret_nr);
	}
}

/* The first one that matters, with the number in its witness; NULL: there is none. */
static struct callgate_difference *look_through(const struct sets *sets, const struct callgate_comparison *comparison)
{
	for (size_t i = 0; i < comparison->count; i++) {
		uint32_t nr;
		if (!matters(sets, &comparison->differences[i], &nr))
			continue;
		comparison->differences[i].witness.nr = (int32_t)nr;
		return &comparison->differences[i];
	}
	return NULL;
}

/* ---- the comparison ---- */

/*
 * A filter that gives the action to all calls of the architectures, or to all others; and to what is not meant another
 * one.
 */
static int new_limit(const struct sets *sets, uint32_t action, scmp_filter_ctx *ret_limit)
{
	bool is_others = sets->kind == CALLGATE_TEST_OTHER_ARCHS;
	uint32_t away = action == SCMP_ACT_ALLOW ? SCMP_ACT_KILL_THREAD : SCMP_ACT_ALLOW;
	scmp_filter_ctx limit = seccomp_init(is_others ? away : action);

	*ret_limit = limit;
	if (!limit)
		return -ENOMEM;
	int result = seccomp_attr_set(limit, SCMP_FLTATR_ACT_BADARCH, is_others ? action : away);
	if (result == 0)
		result = seccomp_arch_remove(limit, SCMP_ARCH_NATIVE);
	for (size_t i = 0; i < sets->run->arch_count && result == 0; i++)
		result = seccomp_arch_add(limit, sets->run->archs[i]);
	return result;
}

static int fail(const struct sets *sets, const struct callgate_difference *difference, uint32_t action)
{
	const struct run *run = sets->run;
	uint32_t arch = words_arch_of_call(&difference->witness);
	char *expected = NULL, *denied;

	switch (sets->kind) {
	case CALLGATE_TEST_ONLY:
		expected = strdup("nothing else to be allowed");
		break;
	case CALLGATE_TEST_NO_WEAKER:
		denied = run_action_text(arch, difference->second);
		if (!denied || asprintf(&expected, "%s as in %s", denied, run->line->other) < 0)
			expected = NULL;
		free(denied);
		break;
	default:
		expected = run_action_text(run->archs[0], action);
		break;
	}
	return run_fail(sets->run, &difference->witness, expected, NULL);
}

/* Without a difference that matters: is there none, or was it not found? */
static bool is_decided(const struct sets *sets, const struct callgate_comparison *comparison)
{
	switch (comparison->relation) {
	case CALLGATE_RELATION_EQUAL:
	case CALLGATE_RELATION_SAME_ALLOWED:
	case CALLGATE_RELATION_SUBSET:
		return sets->kind == CALLGATE_TEST_NO_WEAKER || comparison->complete;
	case CALLGATE_RELATION_UNKNOWN:
	case CALLGATE_RELATION_REFUSED:
		return false;
	default:
		return sets->kind != CALLGATE_TEST_NO_WEAKER && comparison->complete;
	}
}

static int compare(const struct sets *sets, const struct callgate_filter *limit, uint32_t action)
{
	struct callgate_comparison *comparison = NULL;
	int result = callgate_compare(sets->run->filter, limit, SIZE_MAX, &comparison);

	if (result < 0)
		return result == -ENOMEM ? result : run_error(sets->run, "not decided: %s", callgate_diagnosis(NULL));
	const struct callgate_difference *difference = look_through(sets, comparison);
	if (difference)
		result = fail(sets, difference, action);
	else if (!is_decided(sets, comparison))
		result = run_error(sets->run, "not decided: %s", callgate_diagnosis(NULL));
	callgate_comparison_free(comparison);
	return result;
}

static int compare_with_limit(const struct sets *sets, uint32_t action)
{
	scmp_filter_ctx limit;
	int result = new_limit(sets, action, &limit);

	if (result == 0)
		result = compare(sets, &(struct callgate_filter){.ctx = limit}, action);
	else if (result != -ENOMEM)
		result = run_error(sets->run, "%s", callgate_diagnosis(limit));
	seccomp_release(limit);
	return result;
}

int run_sets(struct run *run)
{
	struct sets sets = {run, run->line->kind};
	uint32_t action = SCMP_ACT_KILL_THREAD; /* what `only` does not name is to be denied */
	int result = 0;

	if (sets.kind == CALLGATE_TEST_NO_WEAKER)
		return compare(&sets, run->other, 0);
	if (sets.kind != CALLGATE_TEST_ONLY)
		result = run_action(run, run->archs[0], &action);
	if (result < 0 || run->result->status)
		return result;
	result = fill(&sets);
	if (result == 0)
		result = compare_with_limit(&sets, action);
	if (result == 0 && !run->result->status)
		result = cover(&sets);
	finish(&sets);
	return result;
}
