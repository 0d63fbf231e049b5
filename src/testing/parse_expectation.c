/* What stands behind the arrow. */
#include "testing/parse_value.h"

#include <errno.h>
#include <string.h>

#include "base/similar.h"
#include "testing/value.h"

enum { DATA_MAX = 0xffff, ERRNO_MAX = 4095 /* as the kernel cuts it: include/linux/err.h */ };

/* live: what such an action looks like from inside. */
static const struct {
	const char *name;
	uint32_t action;
	bool has_data;
	enum file_result live;
} actions[] = {
    {"ALLOW", SCMP_ACT_ALLOW, false, FILE_ACTION},
    {"LOG", SCMP_ACT_LOG, false, FILE_ACTION},
    {"NOTIFY", SCMP_ACT_NOTIFY, false, FILE_ACTION},
    {"TRACE", SCMP_ACT_TRACE(0), true, FILE_ACTION},
    {"ERRNO", SCMP_ACT_ERRNO(0), true, FILE_ERRNO},
    {"TRAP", SCMP_ACT_TRAP, false, FILE_TRAPPED},
    {"KILL", SCMP_ACT_KILL_THREAD, false, FILE_KILLED},
    {"KILL_THREAD", SCMP_ACT_KILL_THREAD, false, FILE_KILLED},
    {"KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false, FILE_KILLED},
};

static const struct {
	const char *name;
	enum file_result result;
} ends[] = {{"success", FILE_SUCCESS}, {"killed", FILE_KILLED}, {"trapped", FILE_TRAPPED}};

/* The largest value that the data may have; constants are checked as they are on this machine, if they are there. */
static bool check_data(struct scan *scan, const char *where, const struct file_value *data, uint32_t most)
{
	const char *missing;
	struct value value;

	if (value_evaluate(data, SCMP_ARCH_NATIVE, &value, &missing) < 0 || value.bits <= most)
		return true;
	return scan_fail(scan, where, "this is at most %u", most);
}

static bool parse_data(struct scan *scan, struct file_expectation *expectation, const char *name)
{
	uint32_t most = expectation->action == SCMP_ACT_ERRNO(0) ? ERRNO_MAX : DATA_MAX;

	if (!scan_expect(scan, "(", name))
		return false;
	scan_blanks(scan);
	const char *where = scan->at;
	return parse_value(scan, &expectation->value) && scan_expect(scan, ")", "the number") &&
	       check_data(scan, where, &expectation->value, most);
}

static bool take_action(struct scan *scan, const char *where, size_t index, bool live,
                        struct file_expectation *expectation)
{
	if (live && actions[index].live == FILE_ACTION)
		return scan_fail(scan, where,
		                 "a `live:` call can't see %s: write success, a number, an error, a signal, "
		                 "killed, or trapped",
		                 actions[index].name);
	expectation->action = actions[index].action;
	expectation->result = live ? actions[index].live : FILE_ACTION;
	return !actions[index].has_data || parse_data(scan, expectation, actions[index].name);
}

/* One constant alone as a value. */
static bool take_constant(struct scan *scan, char *name, struct file_expectation *expectation)
{
	expectation->value.terms = scan_allocate(scan, 1, sizeof(*expectation->value.terms));
	if (!expectation->value.terms)
		return false;
	expectation->value.count = 1;
	expectation->value.terms[0].constant = name;
	return true;
}

static bool take_signal(struct scan *scan, const char *where, char *name,
                        struct file_expectation *expectation)
{
	int64_t number;

	if (callgate_constant(SCMP_ARCH_NATIVE, name, &number) < 0)
		return scan_fail(scan, where, "there is no signal \"%s\" on this machine", name);
	expectation->result = FILE_SIGNAL;
	expectation->signal = (int)number;
	return true;
}

static bool fail_word(struct scan *scan, const char *where, const char *name, bool live)
{
	struct similar similar = similar_start(name);
	const char *error = callgate_errno_closest_name(name);

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!live || actions[i].live != FILE_ACTION)
			similar_offer(&similar, actions[i].name);
	for (size_t i = 0; live && i < sizeof(ends) / sizeof(ends[0]); i++)
		similar_offer(&similar, ends[i].name);
	if (error)
		similar_offer(&similar, error);
	if (similar.best)
		return scan_fail(scan, where, "\"%s\" is no action and no error; did you mean \"%s\"?", name,
		                 similar.best);
	return scan_fail(scan, where, "\"%s\" is no action and no error", name);
}

static bool parse_word(struct scan *scan, const char *where, char *name, bool live,
                       struct file_expectation *expectation)
{
	const char *action = strncmp(name, "SCMP_ACT_", 9) == 0 ? name + 9 : name;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i].name, action) == 0)
			return take_action(scan, where, i, live, expectation);
	for (size_t i = 0; live && i < sizeof(ends) / sizeof(ends[0]); i++) {
		expectation->result = ends[i].result;
		if (strcmp(ends[i].name, name) == 0)
			return true;
	}
	if (callgate_errno_number(SCMP_ARCH_NATIVE, name) != -ENOENT) {
		expectation->result = live ? FILE_ERRNO : FILE_ACTION;
		expectation->action = SCMP_ACT_ERRNO(0);
		return take_constant(scan, name, expectation);
	}
	if (live && strncmp(name, "SIG", 3) == 0)
		return take_signal(scan, where, name, expectation);
	return fail_word(scan, where, name, live);
}

bool parse_expectation(struct scan *scan, bool live, struct file_expectation *ret_expectation)
{
	struct file_expectation *expectation = ret_expectation;
	const char *word;

	*expectation = (struct file_expectation){0};
	scan_blanks(scan);
	const char *start = scan->at;
	expectation->text = scan_copy(scan, start, (size_t)(scan->end - start));
	size_t len = scan_word(scan, &word);
	char *name = scan_copy(scan, word, len);
	if (!name || !expectation->text)
		return false;
	if (len > 0 && (word[0] < '0' || word[0] > '9'))
		return parse_word(scan, word, name, live, expectation);
	if (!live)
		return scan_fail(scan, start, "there should be an action or an error here");
	scan->at = start;
	expectation->result = FILE_RETURNS;
	return parse_value(scan, &expectation->value);
}
