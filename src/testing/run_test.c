/*
 * One test: what each kind of line is run by; calls, or all calls of a kind, that get an action; and what comes of a
 * test, in words.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "testing/run.h"

/* ---- ends ---- */

void callgate_test_result_finish(struct callgate_test_result *result)
{
	if (!result)
		return;
	free(result->text);
	free(result->expected);
	free(result->actual);
	free(result->call);
	free(result->note);
	*result = (struct callgate_test_result){0};
}

int run_error(struct run *run, const char *format, ...)
{
	va_list list;

	assert(run->result->status == CALLGATE_TEST_PASSED && !run->result->text); /* a test ends once */
	run->result->status = CALLGATE_TEST_ERROR;
	va_start(list, format);
	int len = vasprintf(&run->result->text, format, list);
	va_end(list);
	if (len >= 0)
		return 0;
	run->result->text = NULL;
	return -ENOMEM;
}

char *run_action_text(uint32_t arch, uint32_t action)
{
	char text[CALLGATE_ACTION_TEXT], *named;
	uint32_t data = action & 0xffff;
	const char *error = callgate_errno_name(arch, data);

	callgate_action_text(action, text);
	if ((action & 0xffff0000u) != SCMP_ACT_ERRNO(0) || !data)
		return strdup(text);
	int len = error ? asprintf(&named, "ERRNO(%s)", error) : asprintf(&named, "ERRNO(%u)", data);
	return len < 0 ? NULL : named;
}

struct callgate_simulator *run_simulator(struct run *run, struct callgate_simulator **ret_own)
{
	const struct callgate_filter *side = run->filter;
	struct callgate_simulator *simulator = NULL;

	*ret_own = NULL;
	if (run->simulator)
		return run->simulator;
	if (side->ctx)
		callgate_simulator_new(side->ctx, &simulator);
	else if (side->program_count == 1)
		callgate_simulator_new_program(side->programs[0], &simulator);
	*ret_own = simulator;
	return simulator;
}

int run_fail(struct run *run, const struct callgate_call *witness, char *expected, char *ending)
{
	const struct file_argument *words = run->calls ? run->calls->arguments : NULL;
	struct callgate_test_result *result = run->result;
	struct callgate_simulator *own, *simulator = run_simulator(run, &own);
	struct callgate_verdict verdict = {0};
	struct strbuf call = {0};
	char *story = simulator ? words_explain(simulator, witness, words, &verdict) : NULL;

	assert(result->status == CALLGATE_TEST_PASSED && !result->text);
	words_print_call(witness, words, &call);
	*result = (struct callgate_test_result){CALLGATE_TEST_FAILED,        .expected = expected, .actual = ending,
	                                        .call = strbuf_steal(&call), .has_witness = true,  .witness = *witness,
	                                        .rule = verdict.rule};
	if (story && !ending)
		result->actual = run_action_text(words_arch_of_call(witness), verdict.action);
	if (!result->call || !expected || (simulator && (!story || !result->actual)) ||
	    asprintf(&result->text, "expected %s, but %s%s%s", expected, ending ? ending : "",
	             ending ? "; the filter's answer to " : "", story ? story : result->call) < 0)
		result->text = NULL;
	free(story);
	callgate_simulator_free(own);
	return result->text ? 0 : -ENOMEM;
}

/* ---- what the lines say ---- */

int run_action(struct run *run, uint32_t arch, uint32_t *ret_action)
{
	const struct file_expectation *expectation = &run->line->expectation;
	uint64_t most = expectation->result == FILE_NUMBER ? UINT32_MAX : 0xffff;
	const char *missing = "";
	struct evaluated value;

	if (cases_evaluate(&expectation->value, arch, &value, &missing) < 0)
		return run_error(run, "%s does not have the constant %s", words_arch_name(arch), missing);
	if (value.bits > most)
		return run_error(run, "%llu is too large for an action%s", (unsigned long long)value.bits,
		                 expectation->result == FILE_NUMBER ? "" : "'s data");
	*ret_action = expectation->action | (uint32_t)value.bits;
	return 0;
}

int32_t run_number_of(const struct file_calls *calls, uint32_t arch)
{
	assert(!calls->group);
	return calls->name ? callgate_syscall_number(arch, calls->name) : calls->number;
}

int run_cover(struct run *run, uint32_t arch, uint32_t nr_first, uint32_t nr_last, size_t count,
              const struct scmp_arg_cmp *comparisons)
{
	int result =
	    run->simulator ? callgate_simulator_cover(run->simulator, arch, nr_first, nr_last, count, comparisons) : 0;

	return result == -EDQUOT || result == -EOPNOTSUPP ? 0 : result;
}

/* ---- calls: one walk over all of the line's, to ask about them and to count what they reach ---- */

enum { COMBINATIONS_MAX = 1 << 16 };

static int ask(struct run *run, int32_t nr, const struct cases_walk *walk)
{
	struct callgate_answer answer;
	uint32_t action = 0;
	int result = run_action(run, walk->arch, &action);

	if (result < 0 || run->result->status)
		return result;
	result = callgate_ask(run->filter, walk->arch, nr, walk->count, walk->comparisons, action, &answer);
	if (result == -ENOMEM)
		return result;
	if (result < 0 || !answer.proved)
		return run_error(run, "not decided: %s", callgate_diagnosis(NULL));
	return answer.holds ? 0 : run_fail(run, &answer.witness, run_action_text(walk->arch, action), NULL);
}

static int cover(struct run *run, int32_t nr, const struct cases_walk *walk)
{
	return run_cover(run, walk->arch, (uint32_t)nr, (uint32_t)nr, walk->count, walk->comparisons);
}

/*
 * The number of bits of a compared argument that the kernel reads, if that is not all, and the line does not say how
 * many; else 0.
 */
static unsigned narrow_bits(const struct file_calls *calls, uint32_t arch, unsigned index)
{
	const struct file_argument *argument = &calls->arguments[index];
	unsigned bits = calls->name ? callgate_argument_bits(arch, calls->name, index) : 0;

	return argument->op == FILE_ANY || argument->bits || bits >= callgate_arch_find(arch)->register_bits ? 0 : bits;
}

typedef int visitor(struct run *run, int32_t nr, const struct cases_walk *walk);

static int visit_call(struct run *run, uint32_t arch, int32_t nr, visitor *visit)
{
	static const struct file_argument any = {.op = FILE_ANY};
	const struct file_argument *arguments = run->calls->arguments;
	struct cases cases[FILE_ARGUMENTS];
	struct cases_walk walk = {cases, arch};
	bool is_narrow = false;
	int result = 0;

	for (unsigned i = 0; i < FILE_ARGUMENTS; i++) {
		struct file_argument narrowed = arguments ? arguments[i] : any;
		narrowed.bits = run->narrows && arguments ? narrow_bits(run->calls, arch, i) : 0;
		if (narrowed.bits && !cases_of_argument(&narrowed, i, arch, &cases[i])) {
			is_narrow = true;
			continue;
		}
		const char *wrong = cases_of_argument(arguments ? &arguments[i] : &any, i, arch, &cases[i]);
		if (wrong)
			return run_error(run, "argument %u: %s", i, wrong);
	}
	if (cases_combinations(cases) > COMBINATIONS_MAX)
		return run_error(run, "too many arguments with != at once");
	while (result == 0 && !run->result->status && is_narrow == run->narrows && cases_next(&walk))
		result = visit(run, nr, &walk);
	return result;
}

/* A call that none of the architectures has would never be looked at. */
static int fail_nowhere(struct run *run, const struct file_calls *calls)
{
	const char *arch = words_arch_name(run->archs[0]);

	if (calls->group)
		return run_error(run, "%s has no call of the set @%s", arch, calls->group->name);
	return run_error(run,
	                 run->arch_count == 1 ? "%s does not have the call %s"
	                                      : "none of the architectures, such as %s, has the call %s",
	                 arch, calls->name);
}

/* A set is the calls by its names, without arguments. */
static int visit_calls(struct run *run, const struct file_calls *calls, visitor *visit)
{
	const char *const single[] = {calls->name, NULL};
	const char *const *names = calls->group ? calls->group->syscalls : single;
	bool is_somewhere = false;
	int result = 0;

	run->calls = calls;
	for (size_t i = 0; i < run->arch_count && result == 0 && !run->result->status; i++)
		for (size_t j = 0; (j == 0 || names[j]) && result == 0 && !run->result->status; j++) {
			int32_t nr = names[j] ? callgate_syscall_number(run->archs[i], names[j]) : calls->number;
			if (nr == __NR_SCMP_ERROR)
				continue;
			is_somewhere = true;
			result = visit_call(run, run->archs[i], nr, visit);
		}
	return is_somewhere || result < 0 ? result : fail_nowhere(run, calls);
}

static int visit_line(struct run *run, visitor *visit)
{
	int result = 0;

	for (size_t i = 0; i < run->line->count && result == 0 && !run->result->status; i++)
		result = visit_calls(run, &run->line->calls[i], visit);
	return result;
}

/* ---- notes: does the answer depend on bits that the kernel ignores? ---- */

/* The first argument of the call of which the kernel reads fewer bits than the line compares; FILE_ARGUMENTS: none. */
static unsigned find_narrow(const struct file_calls *calls, uint32_t arch)
{
	for (unsigned i = 0; calls && calls->arguments && i < FILE_ARGUMENTS; i++)
		if (narrow_bits(calls, arch, i))
			return i;
	return FILE_ARGUMENTS;
}

/* Is the result another one if only those bits are compared? A call of which there are no others passes then. */
static int add_note(struct run *run)
{
	struct callgate_test_result result = {0};
	struct run again = *run;
	const char *how = "with (u32) before its value only 32 bits are compared";
	char *note = NULL;

	again.narrows = true;
	again.simulator = NULL;
	again.result = &result;
	int status = visit_line(&again, ask);
	bool has_failed = run->result->status == CALLGATE_TEST_FAILED;
	const struct file_calls *calls = has_failed ? run->calls : again.calls;
	uint32_t arch = words_arch_of_call(has_failed ? &run->result->witness : &result.witness);
	unsigned index = find_narrow(calls, arch), bits = index < FILE_ARGUMENTS ? narrow_bits(calls, arch, index) : 0;
	if (bits && bits != 32)
		how = "the mask of those bits makes a test about all such calls";
	int len = 0;
	if (status == 0 && has_failed && result.status == CALLGATE_TEST_PASSED && bits)
		len =
		    asprintf(&note,
		             "it fails only because of bits that the kernel ignores: the kernel reads only %u bits of "
		             "argument %u; %s",
		             bits, index, how);
	else if (status == 0 && !has_failed && result.status == CALLGATE_TEST_FAILED)
		len = asprintf(&note,
		               "the kernel reads only %u bits of argument %u, so %s is the same call to it, but the "
		               "filter's answer is %s; %s",
		               bits, index, result.call, result.actual, how);
	run->result->note = len < 0 ? NULL : note;
	callgate_test_result_finish(&result);
	return len < 0 ? -ENOMEM : status;
}

/* Only a test that passes says something about all of its calls. */
static int run_calls(struct run *run)
{
	int result = visit_line(run, ask);

	if (result == 0 && !run->result->status && run->simulator)
		result = visit_line(run, cover);
	return result == 0 && run->takes_notes && run->result->status != CALLGATE_TEST_ERROR ? add_note(run) : result;
}

/* ---- any test ---- */

int run_line(struct run *run)
{
	static int (*const kinds[])(struct run *) = {
	    [CALLGATE_TEST_CALLS] = run_calls,      [CALLGATE_TEST_ONLY] = run_sets,
	    [CALLGATE_TEST_OTHER_CALLS] = run_sets, [CALLGATE_TEST_UNKNOWN_CALLS] = run_sets,
	    [CALLGATE_TEST_OTHER_ARCHS] = run_sets, [CALLGATE_TEST_NO_WEAKER] = run_sets,
	    [CALLGATE_TEST_LIVE] = run_live,
	};
	enum callgate_test_kind kind = run->line->kind;

	assert(kind < sizeof(kinds) / sizeof(kinds[0]) && kinds[kind] && run->arch_count > 0);
	int status = kinds[kind](run);
	if (status < 0)
		callgate_test_result_finish(run->result);
	return status;
}

static bool is_there(const struct callgate_filter *side)
{
	return side->ctx || (side->programs && side->program_count);
}

static void choose_archs(struct run *run, const struct callgate_test_filter *filter)
{
	run->archs = run->own_archs;
	if (run->line->archs.count) {
		run->archs = run->line->archs.tokens;
		run->arch_count = run->line->archs.count;
	} else if (filter->arch_count) {
		run->archs = filter->archs;
		run->arch_count = filter->arch_count;
	} else if (run->filter->ctx) {
		run->arch_count = file_list_archs(run->filter->ctx, run->own_archs);
	} else {
		run->own_archs[run->arch_count++] = seccomp_arch_native();
	}
}

int run_test(const struct callgate_test_file *file, size_t test, const struct callgate_filter *filters,
             struct callgate_simulator *simulator, bool takes_notes, struct callgate_test_result *ret_result)
{
	struct callgate_test_result result = {0};

	if (!file || test >= file->tests.count || !filters || !ret_result)
		return -EINVAL;
	const struct callgate_test *public = &file->tests.items[test].public;
	struct run run = {
	    .line = file->tests.items[test].line,
	    .part = file->tests.items[test].part,
	    .filter = &filters[public->filter],
	    .other = public->other == SIZE_MAX ? NULL : &filters[public->other],
	    .simulator = simulator,
	    .takes_notes = takes_notes,
	    .result = &result,
	};
	if (!is_there(run.filter) || (run.other && !is_there(run.other)))
		return -EINVAL;
	choose_archs(&run, &file->filters.items[public->filter]);
	if (!run.arch_count)
		return -EINVAL;
	int status = run_line(&run);
	if (status == 0)
		*ret_result = result;
	return status;
}

int callgate_test_run(const struct callgate_test_file *file, size_t test, const struct callgate_filter *filters,
                      struct callgate_simulator *simulator, struct callgate_test_result *ret_result)
{
	return run_test(file, test, filters, simulator, true, ret_result);
}
