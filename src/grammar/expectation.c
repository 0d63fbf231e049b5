/* What stands after the arrow of a line: an action, or how a live call ends. */
#include "grammar/scanner.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <callgate/action.h>

#include "base/strbuf.h"

enum { DATA_MAX = 0xffff };

/* What the end of a live call is called, and what an action that it can see looks like from inside. */
static const struct {
	const char *name;
	uint32_t action;
	enum file_result result;
} ends[] = {{"success", 0, FILE_SUCCESS},
            {"killed", SCMP_ACT_KILL_THREAD, FILE_KILLED},
            {NULL, SCMP_ACT_KILL_PROCESS, FILE_KILLED},
            {"trapped", SCMP_ACT_TRAP, FILE_TRAPPED},
            {NULL, SCMP_ACT_ERRNO(0), FILE_ERRNO}};
enum { ENDS = sizeof(ends) / sizeof(ends[0]) };

/* FILE_ACTION: it can't be seen. */
static enum file_result live_result(const struct callgate_action_kind *kind)
{
	for (size_t i = 1; i < ENDS; i++)
		if (ends[i].action == kind->action)
			return ends[i].result;
	return FILE_ACTION;
}

/* A value of at most that; constants are checked as they are on this machine, if they are there. */
static bool parse_bounded(struct scan *scan, uint64_t most, struct file_value *ret_value, uint64_t *ret_bits)
{
	const char *where = scan_blanks(scan), *missing;
	struct evaluated value = {0};

	if (!parse_value(scan, ret_value))
		return false;
	if (cases_evaluate(ret_value, SCMP_ARCH_NATIVE, &value, &missing) < 0)
		value.bits = most; /* which is no action */
	*ret_bits = value.bits;
	return value.bits <= most || scan_fail(scan, where, "this is at most %llu", (unsigned long long)most);
}

static bool take_action(struct scan *scan, const char *where, const struct callgate_action_kind *kind,
                        struct file_expectation *expectation)
{
	bool has_data = kind->action == SCMP_ACT_ERRNO(0) || kind->action == SCMP_ACT_TRACE(0);
	uint64_t bits;

	expectation->action = kind->action;
	expectation->result = scan->is_live ? live_result(kind) : FILE_ACTION;
	if (scan->is_live && expectation->result == FILE_ACTION)
		return scan_fail(scan, where,
		                 "a `live:` call can't see %s: write success, a number, an error, a signal, "
		                 "killed, or trapped",
		                 kind->name);
	if (has_data ? !scan_expect(scan, "(", kind->name) : scan->is_live || !scan_take(scan, "("))
		return !has_data;
	return parse_bounded(scan, DATA_MAX, &expectation->value, &bits) && scan_expect(scan, ")", "the number");
}

static bool take_signal(struct scan *scan, const char *where, char *name, struct file_expectation *expectation)
{
	int64_t number;

	if (callgate_constant(SCMP_ARCH_NATIVE, name, &number) < 0)
		return scan_fail(scan, where, "there is no signal \"%s\" on this machine", name);
	expectation->result = FILE_SIGNAL;
	expectation->signal = (int)number;
	return true;
}

/* A whole action as a number, which is how a verdict is printed that is no action there is. */
static bool take_number(struct scan *scan, struct file_expectation *expectation)
{
	const char *start = scan_blanks(scan);
	char text[CALLGATE_ACTION_TEXT];
	uint64_t bits;

	expectation->result = FILE_NUMBER;
	if (!parse_bounded(scan, UINT32_MAX, &expectation->value, &bits))
		return false;
	if (!callgate_action_kind((uint32_t)bits))
		return true;
	callgate_action_text((uint32_t)bits, text);
	return scan_fail(scan, start, "this number is an action or an error: write %s", text);
}

static bool fail_word(struct scan *scan, const char *where, const char *name)
{
	struct similar similar = similar_start(name);
	const char *error = callgate_errno_closest_name(name);
	const struct callgate_action_kind *kind;

	for (size_t i = 0; (kind = callgate_action_kind_at(i)); i++)
		if (!scan->is_live || live_result(kind) != FILE_ACTION)
			similar_offer(&similar, kind->name);
	for (size_t i = 0; scan->is_live && i < ENDS; i++)
		if (ends[i].name)
			similar_offer(&similar, ends[i].name);
	if (error)
		similar_offer(&similar, error);
	return scan_fail(scan, where, "\"%s\" is no action and no error%s", name, scan_hint("", similar.best));
}

static bool parse_word(struct scan *scan, const char *where, char *name, struct file_expectation *expectation)
{
	const struct callgate_action_kind *kind = callgate_action_kind_find(name);

	if (kind)
		return take_action(scan, where, kind, expectation);
	for (size_t i = 0; scan->is_live && i < ENDS; i++) {
		expectation->result = ends[i].result;
		if (ends[i].name && strcmp(ends[i].name, name) == 0)
			return true;
	}
	if (callgate_errno_number(SCMP_ARCH_NATIVE, name) != -ENOENT) {
		expectation->result = scan->is_live ? FILE_ERRNO : FILE_ACTION;
		expectation->action = SCMP_ACT_ERRNO(0);
		scan->at = where;
		return parse_value(scan, &expectation->value);
	}
	if (scan->is_live && strncmp(name, "SIG", 3) == 0)
		return take_signal(scan, where, name, expectation);
	return fail_word(scan, where, name);
}

bool parse_expectation(struct scan *scan, struct file_expectation *expectation)
{
	const char *start = scan_blanks(scan), *word;

	*expectation = (struct file_expectation){.text = scan_copy(scan, start, (size_t)(scan->end - start))};
	size_t len = scan_word(scan, &word);
	char *name = scan_copy(scan, word, len);
	if (!name || !expectation->text)
		return false;
	if (len > 0 && !isdigit((unsigned char)*word))
		return parse_word(scan, word, name, expectation);
	if (!scan->is_live && len == 0)
		return scan_fail(scan, start, "there should be an action or an error here");
	scan->at = start;
	if (!scan->is_live)
		return take_number(scan, expectation);
	expectation->result = FILE_RETURNS;
	return parse_value(scan, &expectation->value);
}
