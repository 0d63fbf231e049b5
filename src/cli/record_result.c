/* What comes of a recording: a profile, an addition to one, or a comparison. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/arch.h>
#include <callgate/decode.h>
#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "cli/execute.h"
#include "cli/output.h"
#include "cli/profile_text.h"
#include "cli/record.h"

/*
 * Does it only allow calls that were seen, and that no entry of the old profile denies? On some architectures two calls
 * stand for many. Which error a call gets that no entry names depends on the newest call that the profile names.
 */
static bool is_wanted(const struct learned *learned, const struct filter *old,
                      const struct callgate_difference *difference)
{
	const struct callgate_call *witness = &difference->witness;
	const struct callgate_arch *arch = callgate_arch_of_call(witness->arch, witness->nr);
	struct callgate_verdict verdict;

	if ((difference->first & SECCOMP_RET_ACTION_FULL) == SCMP_ACT_ERRNO(0) &&
	    (difference->second & SECCOMP_RET_ACTION_FULL) == SCMP_ACT_ERRNO(0))
		return true;
	bool wanted = arch && difference->second == SCMP_ACT_ALLOW &&
	              callgate_simulate(old->ctx, witness, &verdict) == 0 && verdict.reason != CALLGATE_REASON_RULE;
	for (uint64_t nr = difference->nr_first; wanted && nr <= difference->nr_last; nr++) {
		if ((nr & difference->nr_mask) != difference->nr_value)
			continue;
		const char *name = callgate_syscall_name(arch->token, (int32_t)nr);
		wanted =
		    name && (learned_has(learned, name) || strcmp(name, "socketcall") == 0 || strcmp(name, "ipc") == 0);
	}
	return wanted;
}

/* The entries are put into a text: what came of it is proved to be the old profile but for the calls that were seen. */
static bool only_adds(const struct learned *learned, const struct filter *old, const struct filter *new)
{
	enum { DIFFERENCES = 100000 };
	const struct callgate_filter first = filter_side(old), second = filter_side(new);
	struct callgate_comparison *comparison;

	if (callgate_compare(&first, &second, DIFFERENCES, &comparison) < 0) {
		cli_error("%s", callgate_diagnosis(NULL));
		return false;
	}
	bool fits = comparison->relation == CALLGATE_RELATION_EQUAL ||
	            comparison->relation == CALLGATE_RELATION_SAME_ALLOWED ||
	            (comparison->relation == CALLGATE_RELATION_SUBSET && comparison->complete);
	if (!fits)
		cli_error("%s: it is not proved that nothing but additions would change; nothing is written",
		          old->path);
	for (size_t i = 0; fits && i < comparison->count; i++)
		if (!is_wanted(learned, old, &comparison->differences[i])) {
			cli_error("%s: more than what was seen would change: %s; nothing is written", old->path,
			          comparison->differences[i].text);
			fits = false;
		}
	callgate_comparison_free(comparison);
	return fits;
}

/* It was read before, and what is worth a warning was said then. */
static bool open_old(struct filter *filter, const char *name, const struct text *text,
                     const struct environment *environment)
{
	if (filter_open_text(filter, name, text->bytes, text->size, environment))
		return true;
	cli_error("%s", filter->error ? filter->error : "out of memory");
	return false;
}

/* The new profile is read as any other, and has to allow what was seen, and nothing else that an `old` one does not. */
static bool check(const struct record *record, const char *name, const struct text *old, const struct text *new)
{
	const struct learned *learned = &record->learned;
	struct filter filter = {0}, old_filter = {0};
	bool fits =
	    filter_explain(&filter, filter_open_text(&filter, name, new->bytes, new->size, record->environment));

	for (size_t i = 0; fits && i < learned->calls.count; i++) {
		const struct learned_call *call = &learned->calls.items[i];
		if (record_allows(&filter, &call->example))
			continue;
		cli_error("%s: another entry denies %s, which was seen; nothing is written", name, call->name);
		fits = false;
	}
	if (fits && old->bytes)
		fits =
		    open_old(&old_filter, name, old, record->environment) && only_adds(learned, &old_filter, &filter);
	filter_close(&old_filter);
	filter_close(&filter);
	return fits;
}

static bool write_profile(const struct record *record, const char *path)
{
	struct text old = {0}, new = {0};
	struct output output;
	int result = 0;
	FILE *stream;

	/* As it is now: others can have added to it meanwhile. */
	if (record->settings->more && !text_read(path, &old)) {
		free(old.bytes);
		return false;
	}
	if (old.bytes)
		result = profile_text_append(&old, learned_print_entries, &record->learned, &new);
	else if ((stream = memory_open(&new.bytes, &new.size))) {
		learned_print(&record->learned, stream);
		result = fclose(stream) == 0 ? 0 : -ENOMEM;
	} else
		result = -ENOMEM;
	if (result < 0)
		cli_error("%s: %s", path, result == -EINVAL ? "there is no list of calls to add to" : "out of memory");
	const bool is_right = result == 0 && check(record, path, &old, &new);
	bool is_written = is_right && (record->settings->more ? output_open_input : output_open)(&output, path);
	if (is_written) {
		fwrite(new.bytes, 1, new.size, output.stream);
		is_written = output_commit(&output);
	}
	if (is_right && !is_written) {
		cli_error("what was recorded could not be written to %s, and follows:", path);
		fwrite(new.bytes, 1, new.size, stderr);
	}
	free(old.bytes);
	free(new.bytes);
	return is_written;
}

/* ---- what is said ---- */

static void print_status(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		fprintf(stderr, "callgate: the command was ended by signal %d (%s)\n", WTERMSIG(wait_status),
		        strsignal(WTERMSIG(wait_status)));
	else
		fprintf(stderr, "callgate: the command's exit status is %d\n", WEXITSTATUS(wait_status));
}

/* Names after some words, as many as a reader takes in. */
struct list {
	const char *words;
	size_t count;
};

enum { LISTED = 12 };

static void put_item(struct list *list, const char *name)
{
	if (list->count == 0)
		fprintf(stderr, "callgate:   %s:", list->words);
	if (list->count < LISTED)
		fprintf(stderr, "%s%s", list->count ? ", " : " ", name);
	list->count++;
}

static void end_list(const struct list *list)
{
	if (list->count > LISTED)
		fprintf(stderr, " and %zu more", list->count - LISTED);
	if (list->count > 0)
		fputc('\n', stderr);
}

enum generalised { GENERALISED_ALL, GENERALISED_NOTHING, GENERALISED_BLOCKS, GENERALISED_FLAGS };

/* How arguments that were not seen came to be allowed. */
static enum generalised generalisation(const struct learned_call *call)
{
	if (call->any_arguments || (call->tuples.count == 0 && !call->has_flags))
		return GENERALISED_ALL;
	if (call->has_flags)
		return GENERALISED_FLAGS;
	for (size_t i = 0; i < call->tuples.count; i++)
		if (call->tuples.items[i].span)
			return GENERALISED_BLOCKS;
	return GENERALISED_NOTHING;
}

static void print_generalised(const struct learned *learned, enum generalised kind, const char *words)
{
	struct list list = {words, 0};

	for (size_t i = 0; i < learned->calls.count; i++)
		if (generalisation(&learned->calls.items[i]) == kind)
			put_item(&list, learned->calls.items[i].name);
	end_list(&list);
}

/* What is to be reviewed: what was generalised, and what was not. */
static void print_review(const struct record *record, size_t seen, size_t added_twins)
{
	const struct learned *learned = &record->learned;
	struct list phase = {learned->phase, 0}, twins = {"not seen, but one step away (--twins adds them)", 0},
	            added = {"not seen, and added, as they come with calls that were seen", 0};
	const char *twin;

	print_generalised(learned, GENERALISED_NOTHING, "with no other arguments than were seen");
	print_generalised(learned, GENERALISED_BLOCKS, "with ranges of arguments around those that were seen");
	print_generalised(learned, GENERALISED_FLAGS, "with any of the flags that were seen");
	for (size_t i = 0; learned->phase && i < learned->calls.count; i++)
		if (!learned->calls.items[i].is_steady)
			put_item(&phase, learned->calls.items[i].name);
	end_list(&phase);
	for (size_t i = 0; (twin = learned_twin(learned, i)); i++)
		put_item(&twins, twin);
	end_list(&twins);
	for (size_t i = seen; i < seen + added_twins; i++)
		put_item(&added, learned->calls.items[i].name);
	end_list(&added);
	if (learned->phase && !learned->is_steady)
		cli_error("the start-up did not end: %s was never seen",
		          learned->mark ? learned->mark : "so much time");
}

/* Filters of the command that deny with an error decide before the one that records. */
static void print_unseen(const struct record *record)
{
	const struct learned *learned = &record->learned;
	const bool has_filters = learned_has(learned, "seccomp") && record->settings->engine != RECORD_STOPS;

	for (size_t i = 0; i < learned->nameless.count; i++)
		cli_error("call %d has no name, and no profile can allow it", learned->nameless.items[i]);
	if (learned->nameless.count == LEARNED_NAMELESS_MAX)
		cli_error("there may be more calls without a name");
	if (record->own_filters)
		cli_error("%lu calls were answered by filters that the command has loaded itself; they are "
		          "not in the profile",
		          record->own_filters);
	if (has_filters)
		cli_error("the command has called seccomp(2): what filters of its own deny was not seen "
		          "(--engine stops sees it)");
	if (record->own_unwatched)
		cli_error("%lu children were refused that could not have been watched (CLONE_UNTRACED)",
		          record->own_unwatched);
}

/* The cost of a stop is measured on this machine, after the run. */
static void print_overhead(const struct record *record, const struct trace_result *result)
{
	const double stopped = (double)result->stops * record->stop_seconds, seconds = record->run_seconds;

	if (record->stop_seconds <= 0 || seconds <= 0)
		return;
	fprintf(stderr, "callgate:   %lu call%s stopped, for about %.0f us each (measured): %.1f of %.1f s%s\n",
	        result->stops, result->stops == 1 ? "" : "s", record->stop_seconds * 1e6,
	        stopped < seconds ? stopped : seconds, seconds,
	        result->on_one_processor ? "; on one processor with callgate" : "");
}

static void print_written(const struct record *record, const struct trace_result *result, size_t seen, size_t twins)
{
	const struct record_settings *settings = record->settings;
	const struct learned *learned = &record->learned;
	struct list added = {"new", 0};
	char processes[60] = "";

	if (result->processes > 0)
		snprintf(processes, sizeof(processes), "%s%u process%s", settings->more ? " in " : " of ",
		         result->processes, result->processes == 1 ? "" : "es");
	if (!settings->more) {
		fprintf(stderr,
		        "callgate: wrote %s: %zu calls%s, seen %lu times; %zu more that are needed and "
		        "seldom seen\n",
		        settings->output, seen, processes, learned->count, learned->calls.count - seen - twins);
		return;
	}
	fprintf(stderr, "callgate: %zu new call%s%s%s%s\n", seen, seen == 1 ? "" : "s", processes,
	        seen ? "; added to " : "; nothing to add to ", settings->more);
	for (size_t i = 0; i < seen; i++)
		put_item(&added, learned->calls.items[i].name);
	end_list(&added);
}

/*
 * What was not seen comes after what was: calls that come with others, and then what every program needs. Returns how
 * many come with others.
 */
static size_t add_unseen(struct record *record)
{
	const struct callgate_call futex = {.nr = callgate_syscall_number(SCMP_ARCH_NATIVE, "futex")};
	struct learned *learned = &record->learned;
	const size_t seen = learned->calls.count;
	const bool more = record->settings->more;
	const char *twin;

	while (record->settings->twins && !learned->out_of_memory && (twin = learned_twin(learned, 0)))
		learned_add_name(learned, twin);
	if (more && learned_has_threads(learned) && !record_allows(&record->known, &futex))
		learned_add_name(learned, "futex");
	const size_t added = learned->calls.count - seen;
	if (!more)
		learned_add_unseen(learned);
	return added;
}

int record_finish(struct record *record, const struct trace_result *result)
{
	const struct record_settings *settings = record->settings;
	const size_t seen = record->learned.calls.count;

	signal(SIGXFSZ, SIG_IGN); /* a limit is an error like a full disk; the command has had its own say about it */
	if (record->shows_progress)
		fputs("\r\033[K", stderr);
	if (settings->against) {
		print_unseen(record);
		print_status(result->status);
		if (!record->learned.out_of_memory && !record->comparison.out_of_memory)
			return comparison_print(&record->comparison, &record->learned);
		cli_error("out of memory: there is no comparison");
		return RUN_FAILED;
	}
	if (!settings->more && seen == 0) {
		cli_error("no call was seen; nothing is written");
		return RUN_FAILED;
	}
	const size_t twins = add_unseen(record);
	if (record->learned.out_of_memory) {
		cli_error("out of memory: nothing is written");
		return RUN_FAILED;
	}
	if (seen > 0 && !write_profile(record, settings->more ? settings->more : settings->output))
		return RUN_FAILED;
	print_written(record, result, seen, twins);
	print_review(record, seen, twins);
	print_overhead(record, result);
	print_unseen(record);
	return execute_end_as(result->status);
}
