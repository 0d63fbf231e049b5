#include "cli/why.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>

#include "cli/addition.h"
#include "cli/execute.h"
#include "cli/print.h"
#include "trace/notifier.h"

enum { DENIALS_MAX = 400 };

/* ---- counting ---- */

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/*
 * All numbers without a name are one kind, and so are all arguments after many: a command can make up more than any
 * list should have.
 */
static bool is_same(const struct denial *a, const struct denial *b, bool with_arguments)
{
	return a->call.arch == b->call.arch &&
	       (a->call.nr == b->call.nr || (!call_name(&a->call) && !call_name(&b->call))) &&
	       a->verdict.reason == b->verdict.reason && a->verdict.rule == b->verdict.rule &&
	       a->verdict.action == b->verdict.action && (!with_arguments || is_same_text(a->addition, b->addition));
}

/* NULL: it is the first of its kind. */
static struct denial *find(const struct why *why, const struct denial *wanted, bool with_arguments)
{
	for (size_t i = 0; i < why->denials.count; i++)
		if (is_same(&why->denials.items[i], wanted, with_arguments))
			return &why->denials.items[i];
	return NULL;
}

/*
 * The first of its kind, the tenth, the hundredth: whoever watches sees that it goes on, and how often it was, in a few
 * lines.
 */
static bool is_milestone(unsigned long count)
{
	while (count % 10 == 0)
		count /= 10;
	return count == 1;
}

static bool is_printed(const struct why *why, const struct denial *denial)
{
	const struct why_settings *settings = why->settings;

	return (settings->which == WHY_EACH || (settings->which == WHY_FIRST && is_milestone(denial->count))) &&
	       (!settings->limit || why->printed < settings->limit);
}

static void note(struct why *why, const struct trace_stop *stop, const struct callgate_verdict *verdict)
{
	struct denial found = {stop->call, *verdict, addition_of(why->simulator, &stop->call), .count = 1};
	struct denial *known = find(why, &found, true);

	if (!known && why->denials.count >= DENIALS_MAX && (known = find(why, &found, false)))
		why->has_more = true;
	if (known)
		found.count = ++known->count;
	why->count++;
	const bool prints = is_printed(why, &found);
	if (!known || prints)
		why_find_facts(stop->tid, &found);
	if (prints) {
		why->printed++;
		why_print_denial(why, &found);
	}
	const bool is_kept = !known && vec_push(&why->denials, found);
	why->out_of_memory |= !known && !is_kept;
	if (!is_kept)
		free(found.addition);
}

/* ---- the calls ---- */

/* The profile's word, whatever filter has stopped the call: the program's own can do so, too. */
static struct callgate_verdict verdict_on(struct why *why, const struct callgate_call *call)
{
	struct callgate_verdict verdict = {.action = SCMP_ACT_KILL_PROCESS};

	if (callgate_simulator_run(why->simulator, call, &verdict) < 0)
		why->out_of_memory = true;
	return verdict;
}

static bool kills(uint32_t action)
{
	const uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SCMP_ACT_KILL_PROCESS || kind == SCMP_ACT_KILL_THREAD || kind == SCMP_ACT_TRAP;
}

/* Without this tracer the program's own SECCOMP_RET_TRACE, and the profile's, give ENOSYS. */
static struct trace_answer called(void *data, const struct trace_stop *stop)
{
	struct why *why = data;
	const struct callgate_verdict verdict = verdict_on(why, &stop->call);
	const uint32_t kind = verdict.action & SECCOMP_RET_ACTION_FULL;

	if (kind == SCMP_ACT_ERRNO(0)) {
		note(why, stop, &verdict);
		return (struct trace_answer){.result = -(long)(verdict.action & SECCOMP_RET_DATA)};
	}
	if (kind == SCMP_ACT_TRACE(0) || kills(verdict.action)) {
		note(why, stop, &verdict);
		return (struct trace_answer){.result = kills(verdict.action) ? -EPERM : -ENOSYS};
	}
	const int error = stop->data == TRACED_FILTER_DATA ? traced_filter_guards(&stop->call) : 0;
	if (!error)
		return (struct trace_answer){.result = -ENOSYS};
	why_print_refusal(why, stop, error);
	return (struct trace_answer){.result = -error};
}

static void trapped(void *data, const struct trace_stop *stop)
{
	const struct callgate_verdict verdict = verdict_on(data, &stop->call);

	if ((verdict.action & SECCOMP_RET_ACTION_FULL) == SCMP_ACT_TRAP)
		note(data, stop, &verdict);
}

static void killed(void *data, const struct trace_stop *stop)
{
	const struct callgate_verdict verdict = verdict_on(data, &stop->call);

	if (kills(verdict.action) && (verdict.action & SECCOMP_RET_ACTION_FULL) != SCMP_ACT_TRAP)
		note(data, stop, &verdict);
}

static int make_traced(struct why *why, enum traced_by by)
{
	const int result = traced_filter_new(why->filter->ctx, by, why->settings->keep_going, &why->traced);

	if (result == -EOPNOTSUPP)
		cli_error("a profile with SCMP_ACT_NOTIFY can't be watched: its supervisor is asked, and not "
		          "callgate");
	else if (result == -E2BIG)
		cli_error("the profile needs several programs, which can't be watched without ptrace(2)");
	else if (result < 0)
		cli_error("%s", strerror(-result));
	return result;
}

/* What can't be written is said before the command runs. */
static int prepare(struct why *why)
{
	const char *suggest = why->settings->suggest;

	if (suggest && !output_open(&why->output, suggest))
		return -EINVAL;
	int result = callgate_simulator_new(why->filter->ctx, &why->simulator);

	if (result < 0) {
		cli_error("%s", callgate_diagnosis(why->filter->ctx));
		return result;
	}
	return make_traced(why, TRACED_BY_TRACER);
}

/* ---- --suggest ---- */

static bool is_addition(const struct denial *denial, bool has_arguments)
{
	return denial->addition && (strchr(denial->addition, '(') != NULL) == has_arguments;
}

/*
 * What is to be added, each once; those with all arguments come first, as what they allow needs no further entry. NULL:
 * no memory.
 */
static char **list_additions(const struct why *why, size_t *ret_count)
{
	char **additions = malloc((why->denials.count + 1) * sizeof(*additions));

	*ret_count = 0;
	for (int pass = 0; additions && pass < 2; pass++)
		for (size_t i = 0; i < why->denials.count; i++) {
			const struct denial *denial = &why->denials.items[i];
			size_t at = 0;
			while (at < *ret_count && is_addition(denial, pass == 1) &&
			       strcmp(additions[at], denial->addition) != 0)
				at++;
			if (is_addition(denial, pass == 1) && at == *ret_count)
				additions[(*ret_count)++] = denial->addition;
		}
	return additions;
}

/* The profile as its file is now, with what was denied. False after a message was printed. */
static bool suggest(struct why *why, char *const *additions, size_t count)
{
	struct added_calls calls = {0};
	struct text old = {0}, new = {0};
	bool done = text_read(why->filter->path, &old);

	for (size_t i = 0; done && i < count; i++)
		done = added_calls_parse(&calls, why->filter, additions[i]);
	done = done && addition_make(&old, why->filter->path, why->environment, &calls, &new);
	if (done) {
		fwrite(new.bytes, 1, new.size, why->output.stream);
		done = output_commit(&why->output);
	}
	if (done) {
		print_safely(stderr, "callgate: wrote %s: %s that also allows", why->settings->suggest,
		             why->filter->path);
		for (size_t i = 0; i < count; i++)
			print_safely(stderr, "%s %s", i ? "," : "", additions[i]);
		fputs("; proved to differ in nothing else\n", stderr);
	}
	vec_finish(&calls.calls);
	free(old.bytes);
	free(new.bytes);
	return done;
}

/* False: what was asked for is not there. */
static bool finish(struct why *why, const struct trace_result *result)
{
	size_t count;
	bool done = true;

	why_print_summary(why, result);
	if (why->has_more)
		cli_error("more than %d kinds of calls were denied: only the first are distinguished by their "
		          "arguments",
		          DENIALS_MAX);
	if (!why->settings->suggest)
		return true;
	char **additions = list_additions(why, &count);
	if (!additions || count == 0)
		cli_error("nothing was denied that a profile can allow; %s is not written", why->settings->suggest);
	else
		done = suggest(why, additions, count);
	free(additions);
	return done;
}

/* ---- the run ---- */

/* Where ptrace(2) is not to be had, notifications say what fails with an error. */
static int watch(struct why *why, struct watched_command *watched, struct trace_result *ret_result)
{
	const struct trace_watcher watcher = {called, trapped, killed, why};
	const struct trace_command command = {.enter = execute_watched, .data = watched};
	int status;

	watched->filter = why->traced;
	status = trace_run(&command, &watcher, ret_result);
	if (status == 0 || !execute_unwatched(status))
		return status;
	cli_error("calls that fail with an error are reported all the same, by notifications: that is "
	          "uncertain, signals may give EINTR, and what traps or kills is not named");
	why->is_uncertain = true;
	traced_filter_free(why->traced);
	why->traced = NULL;
	if ((status = make_traced(why, TRACED_BY_LISTENER)) < 0)
		return status;
	watched->filter = why->traced;
	status = notify_run(&command, &watcher, ret_result);
	if (status < 0)
		cli_error("can't watch the command: %s", strerror(-status));
	return status;
}

int why_run(const struct filter *filter, const struct environment *environment, const struct why_settings *settings,
            const char *path, char **argv)
{
	struct why why = {.filter = filter, .environment = environment, .settings = settings, .output.folder = -1};
	struct watched_command watched = {NULL, path, argv};
	struct trace_result result = {0};
	int status = prepare(&why);

	if (status == 0 && settings->keep_going)
		cli_error("what the profile kills or traps is answered with EPERM: this is another run than "
		          "one without --keep-going");
	if (status == 0)
		status = watch(&why, &watched, &result);
	if (why.out_of_memory)
		cli_error("out of memory: some denials were not counted");
	const bool done = status == 0 && finish(&why, &result);
	output_discard(&why.output);
	callgate_simulator_free(why.simulator);
	traced_filter_free(why.traced);
	for (size_t i = 0; i < why.denials.count; i++)
		free(why.denials.items[i].addition);
	vec_finish(&why.denials);
	return done ? execute_end_as(result.status) : RUN_FAILED;
}
