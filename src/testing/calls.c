/* Calls by themselves, as a line of a test file names them, for those who ask about calls without a test. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/syscall.h>

#include "testing/run.h"
#include "grammar/scanner.h"

enum { KINDS_MAX = 1024 };

/* What is freed is the file, in whose arena the text is, and the comparisons are. */
struct kinds {
	struct callgate_call_kinds public;
	struct callgate_test_file *file;
	ARENA_VEC(struct callgate_call_kind) list;
};

static int fail_memory(void)
{
	failure_set("out of memory");
	return -ENOMEM;
}

static int add_kind(struct kinds *kinds, int32_t nr, const struct cases_walk *walk)
{
	struct scmp_arg_cmp *kept = ARENA_ARRAY(&kinds->file->output.arena, struct scmp_arg_cmp, walk->count);
	struct callgate_call_kind kind = {nr, walk->count, kept};

	if (kinds->list.count >= KINDS_MAX) {
		failure_set("too many calls at once: more than %d kinds of arguments", KINDS_MAX);
		return -E2BIG;
	}
	if (!kept || !vec_push_in(&kinds->list, &kinds->file->output.arena, kind))
		return fail_memory();
	if (walk->count)
		memcpy(kept, walk->comparisons, walk->count * sizeof(*kept));
	return 0;
}

static int add_call(struct kinds *kinds, int32_t nr, const struct file_argument *arguments)
{
	static const struct file_argument any = {.op = FILE_ANY};
	struct cases cases[FILE_ARGUMENTS];
	struct cases_walk walk = {cases, kinds->public.arch};
	int result = 0;

	for (unsigned i = 0; i < FILE_ARGUMENTS; i++) {
		const char *wrong =
		    cases_of_argument(arguments ? &arguments[i] : &any, i, kinds->public.arch, &cases[i]);
		if (wrong) {
			failure_set("argument %u: %s", i, wrong);
			return -EINVAL;
		}
	}
	while (result == 0 && cases_next(&walk))
		result = add_kind(kinds, nr, &walk);
	return result;
}

/* Those of a set, or the one, that the architecture has. */
static int add_calls(struct kinds *kinds, const struct file_calls *calls)
{
	uint32_t arch = kinds->public.arch;
	int result = 0;

	for (size_t i = 0; calls->group && calls->group->syscalls[i] && result == 0; i++) {
		int32_t nr = callgate_syscall_number(arch, calls->group->syscalls[i]);
		if (nr != __NR_SCMP_ERROR)
			result = add_call(kinds, nr, NULL);
	}
	if (!calls->group && run_number_of(calls, arch) != __NR_SCMP_ERROR)
		result = add_call(kinds, run_number_of(calls, arch), calls->arguments);
	if (result < 0 || kinds->list.count)
		return result;
	failure_set(calls->group ? "%s has no call of the set @%s" : "%s does not have the call %s",
	            words_arch_name(arch), calls->group ? calls->group->name : calls->name);
	return -EINVAL;
}

static int parse(struct kinds *kinds, const char *text)
{
	struct scan scan = {.output = &kinds->file->output};
	struct file_calls calls;
	bool is_right =
	    scan_start_line(&scan, text, text + strlen(text)) && parse_calls(&scan, &calls) && scan_expect_end(&scan);

	if (scan.no_memory)
		return fail_memory();
	if (!is_right) {
		const struct callgate_test_message *message = callgate_test_file_message(kinds->file, 0);
		failure_set("column %u: %s", message ? message->column : 1, message ? message->text : "?");
		return -EINVAL;
	}
	return add_calls(kinds, &calls);
}

int callgate_call_kinds_parse(const char *text, uint32_t arch, struct callgate_call_kinds **ret_kinds)
{
	const struct callgate_arch *target = callgate_arch_find(arch);

	failure_clear();
	if (!text || !target || !ret_kinds) {
		failure_set("NULL, or an unknown architecture");
		return -EINVAL;
	}
	struct kinds *kinds = calloc(1, sizeof(*kinds));
	if (kinds)
		kinds->file = calloc(1, sizeof(*kinds->file));
	int result = kinds && kinds->file ? 0 : fail_memory();
	if (result == 0) {
		kinds->public.arch = target->token;
		result = parse(kinds, text);
	}
	if (result < 0) {
		callgate_call_kinds_free(kinds ? &kinds->public : NULL);
		return result;
	}
	kinds->public.count = kinds->list.count;
	kinds->public.kinds = kinds->list.items;
	*ret_kinds = &kinds->public;
	return 0;
}

void callgate_call_kinds_free(struct callgate_call_kinds *public)
{
	struct kinds *kinds = (struct kinds *)public; /* its first member */

	if (!kinds)
		return;
	callgate_test_file_free(kinds->file);
	free(kinds);
}
