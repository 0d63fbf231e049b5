/* The live assertions: what was expected, and if it is not so, which call and which rule it was. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/syscall.h>

#include "testing/failure.h"
#include "testing/live_private.h"
#include "testing/names.h"

enum { TEXT = 320, ERRNO_MAX = 4095 };

/* Expected and got. */
struct live_check {
	struct live_job job;
	enum callgate_live_end end;
	int value;
	const char *syscall;
	struct callgate_outcome outcome;
};

static void name_expectation(const struct live_check *check, char *text, size_t size)
{
	int value = check->value;
	const char *error = value > 0 ? callgate_errno_name(SCMP_ARCH_NATIVE, (uint32_t)value) : NULL,
	           *name = sigabbrev_np(value);

	if (check->end == CALLGATE_LIVE_EXIT)
		snprintf(text, size, "an end with status %d", value);
	else if (check->end == CALLGATE_LIVE_ERRNO)
		snprintf(text, size, "-1 with errno %d, %s", value, error ? error : "no name");
	else if (check->end == CALLGATE_LIVE_SIGNAL && name)
		snprintf(text, size, "a death by SIG%s", name);
	else if (check->end == CALLGATE_LIVE_SIGNAL)
		snprintf(text, size, "a death by signal %d", value);
	else
		snprintf(text, size, "a trap at %s", check->syscall);
}

/* ---- which call was it? ---- */

static bool kills(uint32_t action, int unused)
{
	uint32_t kind = action & 0xffff0000u;

	(void)unused;
	return kind != SCMP_ACT_ERRNO(0) && kind != SCMP_ACT_TRACE(0) && kind != SCMP_ACT_NOTIFY &&
	       kind != SCMP_ACT_LOG && kind != SCMP_ACT_ALLOW;
}

static bool traps(uint32_t action, int unused)
{
	(void)unused;
	return (action & 0xffff0000u) == SCMP_ACT_TRAP;
}

static bool fails_with(uint32_t action, int error)
{
	uint32_t data = action & 0xffff;

	if ((action & 0xffff0000u) == SCMP_ACT_TRACE(0))
		return error == ENOSYS; /* nobody traces it in the end */
	return (action & 0xffff0000u) == SCMP_ACT_ERRNO(0) &&
	       (data < ERRNO_MAX ? data : ERRNO_MAX) == (uint32_t)error;
}

/* What to look for; false: the filter has no answer that ends a child so. */
static bool find_observer(const struct callgate_outcome *outcome, struct live_observer *ret_observer)
{
	struct live_observer observer = {.value = outcome->value};

	if (outcome->end == CALLGATE_LIVE_SIGNAL && outcome->value == SIGSYS)
		observer.is_wanted = kills;
	else if (outcome->end == CALLGATE_LIVE_TRAP)
		observer.is_wanted = traps;
	else if (outcome->end == CALLGATE_LIVE_ERRNO)
		observer.is_wanted = fails_with;
	*ret_observer = observer;
	return observer.is_wanted != NULL;
}

/* The second run counts only if it ends as the first one did. malloc'ed; NULL if it can't be told. */
static char *explain(const struct live_check *check)
{
	struct live_observer observer;
	struct live_job job = check->job;
	struct callgate_outcome again;
	char *text = NULL;

	if (!find_observer(&check->outcome, &observer) ||
	    callgate_simulator_new(job.ctx, &observer.simulator) < 0)
		return NULL;
	job.observer = &observer;
	if (live_run(&job, &again) == 0) {
		if (again.end == check->outcome.end && again.value == check->outcome.value &&
		    job.board->has_call)
			text = callgate_explain(observer.simulator, &job.board->call);
		live_finish(&job);
	}
	callgate_simulator_free(observer.simulator);
	return text;
}

/* ---- the assertion ---- */

static bool fail(const struct live_check *check)
{
	char expected[80], what[TEXT];
	char *answer = explain(check);
	/* What else the filter denies matters as long as the call is not known, and where it is the child's end. */
	bool is_suspect = !answer || strncmp(answer, "exit_group(", strlen("exit_group(")) == 0;

	name_expectation(check, expected, sizeof(expected));
	live_describe(&check->job, &check->outcome, what, sizeof(what));
	failure_set("expected %s, but %s%s%s%s", expected, what,
	            is_suspect ? live_suspicion(&check->job, &check->outcome) : "",
	            answer ? "; the filter's answer to " : "", answer ? answer : "");
	free(answer);
	return false;
}

/* Was it the call of this name, on whichever architecture it was made? */
static bool is_trapped_call(const struct live_check *check)
{
	const struct callgate_outcome *outcome = &check->outcome;
	int nr = callgate_syscall_number(outcome->arch, check->syscall);

	return outcome->end == CALLGATE_LIVE_TRAP && nr != __NR_SCMP_ERROR && nr == outcome->value;
}

static bool holds(const struct live_check *check)
{
	const struct callgate_outcome *outcome = &check->outcome;
	bool by_handler =
	    check->end == CALLGATE_LIVE_SIGNAL && check->value == SIGSYS; /* the child's own took it */

	if (check->end == CALLGATE_LIVE_TRAP)
		return is_trapped_call(check);
	return (outcome->end == check->end && outcome->value == check->value) ||
	       (by_handler && outcome->end == CALLGATE_LIVE_TRAP);
}

bool callgate_check_live(const scmp_filter_ctx ctx, int (*function)(void *), void *data,
                         unsigned int deadline, enum callgate_live_end end, int value, const char *syscall)
{
	struct live_check check = {
	    .job = {.ctx = ctx, .function = function, .data = data, .deadline = deadline},
	    .end = end,
	    .value = value,
	    .syscall = syscall,
	};

	failure_clear();
	if (end == CALLGATE_LIVE_TRAP && !names_find_call(SCMP_ARCH_NATIVE, syscall, &check.value))
		return false;
	if (!ctx || !function)
		return failure_set("context and function must not be NULL");
	if (end < CALLGATE_LIVE_EXIT || end > CALLGATE_LIVE_TRAP)
		return failure_set("there is no assertion about such an end");
	if (live_run(&check.job, &check.outcome) < 0)
		return failure_set("out of memory");
	bool is_right = holds(&check) || fail(&check);
	live_finish(&check.job);
	return is_right;
}
