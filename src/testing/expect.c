/* The assertions that load nothing: each is a line of a test file, and run as one. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/syscall.h>

#include "grammar/scanner.h"
#include "testing/run.h"

/* Runs the line for this architecture against the context. */
static bool check(const struct file_line *line, uint32_t arch, const scmp_filter_ctx ctx,
                  const struct callgate_filter *other)
{
	struct callgate_filter filter = {.ctx = ctx};
	struct callgate_test_result result = {0};
	struct run run = {
	    .line = line, .filter = &filter, .other = other, .archs = &arch, .arch_count = 1, .result = &result};

	if (run_line(&run) < 0)
		return failure_set("out of memory");
	if (result.status != CALLGATE_TEST_PASSED)
		failure_set("%s", result.text);
	bool holds = result.status == CALLGATE_TEST_PASSED;
	callgate_test_result_finish(&result);
	return holds;
}

/* ---- one call ---- */

bool failure_find_call(uint32_t arch, const char *name, int *ret_nr)
{
	if (!callgate_arch_find(arch))
		return failure_set("there is no architecture 0x%x", arch);
	if (seccomp_syscall_resolve_name(name ? name : "") == __NR_SCMP_ERROR)
		return failure_set("there is no system call \"%s\"%s", name ? name : "",
		                   scan_hint("", callgate_syscall_closest_name(name)));
	*ret_nr = callgate_syscall_number(arch, name);
	return *ret_nr != __NR_SCMP_ERROR || failure_set("%s does not have the call %s", words_arch_name(arch), name);
}

/*
 * As in a line: a number, any, or `* & MASK == VALUE`; cut to the architecture's registers. terms: one for the value,
 * and one for the mask.
 */
static struct file_argument convert(const struct callgate_argument *argument, uint32_t arch, struct file_term terms[2])
{
	uint64_t all = callgate_arch_find(arch)->register_bits == 32 ? UINT32_MAX : UINT64_MAX;

	terms[0] = (struct file_term){.number = argument->value & argument->mask & all};
	terms[1] = (struct file_term){.number = argument->mask & all};
	if (argument->is_negative_int)
		terms[0] = (struct file_term){.number = -argument->value, .minus = true};
	if (!argument->mask)
		return (struct file_argument){.op = FILE_ANY};
	return (struct file_argument){.op = argument->mask == UINT64_MAX ? FILE_EQUAL : FILE_BITS,
	                              .value = {1, &terms[0]},
	                              .mask = {1, &terms[1]}};
}

bool callgate_check_call(const scmp_filter_ctx ctx, uint32_t arch, const char *syscall, uint32_t action,
                         unsigned int count, ...)
{
	struct file_argument arguments[FILE_ARGUMENTS] = {0};
	struct file_term terms[FILE_ARGUMENTS][2], whole = {.number = action};
	struct file_calls calls = {.name = syscall, .arguments = arguments};
	struct file_line line = {.kind = CALLGATE_TEST_CALLS,
	                         .count = 1,
	                         .calls = &calls,
	                         .expectation = {.result = FILE_NUMBER, .value = {1, &whole}}};
	va_list list;
	int nr;

	failure_clear();
	if (!ctx)
		return failure_set("the context is NULL");
	if (!failure_find_call(arch, syscall, &nr))
		return false;
	va_start(list, count);
	for (unsigned i = 0; i < FILE_ARGUMENTS && i < count; i++) {
		struct callgate_argument argument = va_arg(list, struct callgate_argument);
		arguments[i] = convert(&argument, arch, terms[i]);
	}
	va_end(list);
	return check(&line, arch, ctx, NULL);
}

/* ---- all calls ---- */

static bool take_word(const char *word, struct file_calls *calls)
{
	*calls = (struct file_calls){.name = word};
	if (word[0] != '@')
		return seccomp_syscall_resolve_name(word) != __NR_SCMP_ERROR ||
		       failure_set("there is no system call \"%s\"%s", word,
		                   scan_hint("", callgate_syscall_closest_name(word)));
	calls->group = callgate_group_find(word);
	return calls->group ||
	       failure_set("there is no set \"%s\"%s", word, scan_hint("@", callgate_group_closest_name(word)));
}

bool callgate_check_only(const scmp_filter_ctx ctx, uint32_t arch, const char *set)
{
	const struct callgate_arch *facts = callgate_arch_find(arch);

	failure_clear();
	if (!ctx || !set)
		return failure_set(ctx ? "the set is NULL" : "the context is NULL");
	if (!facts)
		return failure_set("there is no architecture 0x%x", arch);
	char *words = strdup(set), *rest = NULL;
	struct file_calls *calls = calloc(strlen(set) / 2 + 1, sizeof(*calls));
	struct file_line line = {.kind = CALLGATE_TEST_ONLY, .calls = calls};
	bool holds = (words && calls) || failure_set("out of memory");
	for (char *word = holds ? strtok_r(words, " \t\n,", &rest) : NULL; word && holds;
	     word = strtok_r(NULL, " \t\n,", &rest))
		holds = take_word(word, &calls[line.count++]);
	holds = holds && check(&line, facts->token, ctx, NULL);
	free(words);
	free(calls);
	return holds;
}

bool callgate_check_no_weaker(const scmp_filter_ctx ctx, const scmp_filter_ctx than)
{
	struct file_line line = {.kind = CALLGATE_TEST_NO_WEAKER, .other = "the other filter"};
	struct callgate_filter other = {.ctx = than};

	failure_clear();
	if (!ctx || !than)
		return failure_set("a context is NULL");
	return check(&line, SCMP_ARCH_NATIVE, ctx, &other);
}
