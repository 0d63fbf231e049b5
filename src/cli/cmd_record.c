/* callgate record: the calls that a command makes, as a profile that allows them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/arch.h>
#include <callgate/decode.h>
#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "cli/execute.h"
#include "cli/filter_file.h"
#include "cli/learned.h"
#include "cli/output.h"
#include "cli/profile_text.h"
#include "trace/tracer.h"

struct settings {
	const char *output, *more, *against;
	bool force, no_arguments;
};

static const struct option_row options[] = {
    {"output", 'o', "FILE", take_text, offsetof(struct settings, output),
     "writes a profile; an old FILE is not replaced"},
    {"force", 0, NULL, take_flag, offsetof(struct settings, force), "--output: an old FILE is replaced"},
    {"more", 0, "FILE", take_text, offsetof(struct settings, more),
     "adds to the profile FILE what it does not allow; what it allows runs at full speed"},
    {"against", 0, "FILE", take_text, offsetof(struct settings, against),
     "writes nothing and compares with the profile FILE; exit status 1 if a call is new"},
    {"no-args", 0, NULL, take_flag, offsetof(struct settings, no_arguments),
     "allows calls with all arguments; default: ioctl, socket and their like with what was seen"},
    {0},
};

struct record {
	const struct settings *settings;
	const struct environment *environment;
	struct filter known; /* of --more and --against */
	struct traced_filter *traced;
	struct learned learned;
	bool shows_progress;
	unsigned long own_filters; /* calls that filters of the command itself deny */
};

/* ---- while the command runs ---- */

static void show_progress(const struct record *record)
{
	if (record->shows_progress && record->learned.calls.count > 0)
		fprintf(stderr, "\r\033[Kcallgate: %zu calls, %lu seen; last new: %s",
		        record->learned.calls.count, record->learned.count,
		        record->learned.calls.items[record->learned.calls.count - 1].name);
}

static bool allows(const struct filter *filter, const struct callgate_call *call)
{
	struct callgate_verdict verdict;

	return callgate_simulate(filter->ctx, call, &verdict) == 0 &&
	       (verdict.action == SCMP_ACT_ALLOW || verdict.action == SCMP_ACT_LOG);
}

/* An entry of the profile that is added to stays as it is. What it kills is answered with an error here. */
static bool is_denied_by_rule(const struct filter *known, const struct callgate_call *call, long *ret_result)
{
	struct callgate_verdict verdict;

	if (callgate_simulate(known->ctx, call, &verdict) < 0 || verdict.reason != CALLGATE_REASON_RULE)
		return false;
	const bool is_error = (verdict.action & SECCOMP_RET_ACTION_FULL) == SCMP_ACT_ERRNO(0);
	*ret_result = is_error ? -(long)(verdict.action & SECCOMP_RET_DATA) : -EPERM;
	return true;
}

/* What another filter has stopped fails as it would without a tracer. */
static struct trace_answer called(void *data, const struct trace_stop *stop)
{
	struct record *record = data;
	const struct callgate_arch *arch = callgate_arch_of_call(stop->call.arch, stop->call.nr);
	long result;

	if (stop->data != TRACED_FILTER_DATA) {
		record->own_filters++;
		return (struct trace_answer){.result = -ENOSYS};
	}
	const int error = traced_filter_guards(&stop->call);
	if (error && arch && stop->call.nr == callgate_syscall_number(arch->token, "clone"))
		return (struct trace_answer){
		    .result = -error}; /* the child could not be watched, and all of its calls would fail */
	if (error && record->settings->more && allows(&record->known, &stop->call))
		return (struct trace_answer){.is_made = true}; /* the guard has stopped it, not the profile */
	if (record->settings->more && is_denied_by_rule(&record->known, &stop->call, &result))
		return (struct trace_answer){.result = result};
	if (learned_add(&record->learned, &stop->call))
		show_progress(record);
	return (struct trace_answer){.is_made = true};
}

static void ignored(void *data, const struct trace_stop *stop)
{
	(void)data, (void)stop;
}

/* ---- before the command runs ---- */

static bool has_list(const char *path)
{
	const struct learned nothing = {0};
	struct text old = {0}, new = {0};
	bool has = text_read(path, &old);

	if (has && profile_text_append(&old, learned_print_entries, &nothing, &new) < 0) {
		cli_error("%s: there is no list of calls to add to; it has to be a profile with \"syscalls\"",
		          path);
		has = false;
	}
	free(old.bytes);
	free(new.bytes);
	return has;
}

static bool prepare(struct record *record)
{
	const struct settings *settings = record->settings;
	const char *known = settings->more ? settings->more : settings->against;
	scmp_filter_ctx nothing = NULL;
	int result = 0;

	if (known &&
	    !filter_explain(&record->known, filter_open_profile(&record->known, known, record->environment)))
		return false;
	if (settings->more && !has_list(settings->more))
		return false;
	if (!settings->more)
		result = traced_filter_context(SCMP_ACT_ERRNO(EPERM), &nothing); /* nothing is known */
	if (result == 0)
		result = traced_filter_new(settings->more ? record->known.ctx : nothing, TRACED_BY_TRACER,
		                           true, &record->traced);
	seccomp_release(nothing);
	if (result < 0)
		cli_error("%s", result == -EOPNOTSUPP ? "a profile with SCMP_ACT_NOTIFY can't be added to"
		                                      : strerror(-result));
	return result == 0;
}

/* ---- results ---- */

/*
 * Does it only allow calls that were seen, and that no entry of the old profile denies? On some architectures two calls stand for many. Which
 * error a call gets that no entry names depends on the newest call that the profile names.
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
	              callgate_simulate(old->ctx, witness, &verdict) == 0 &&
	              verdict.reason != CALLGATE_REASON_RULE;
	for (uint64_t nr = difference->nr_first; wanted && nr <= difference->nr_last; nr++) {
		if ((nr & difference->nr_mask) != difference->nr_value)
			continue;
		const char *name = callgate_syscall_name(arch->token, (int32_t)nr);
		wanted = name && (learned_has(learned, name) || strcmp(name, "socketcall") == 0 ||
		                  strcmp(name, "ipc") == 0);
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
			cli_error("%s: more than what was seen would change: %s; nothing is written",
			          old->path, comparison->differences[i].text);
			fits = false;
		}
	callgate_comparison_free(comparison);
	return fits;
}

/* The new profile is read as any other, and has to allow what was seen, and nothing else that an `old` one does not. */
static bool check(const struct record *record, const char *name, const struct text *old,
                  const struct text *new)
{
	const struct learned *learned = &record->learned;
	struct filter filter = {0}, old_filter = {0};
	bool fits = filter_explain(
	    &filter, filter_open_text(&filter, name, new->bytes, new->size, record->environment));

	for (size_t i = 0; fits && i < learned->calls.count; i++) {
		const struct learned_call *call = &learned->calls.items[i];
		if (allows(&filter, &call->example))
			continue;
		cli_error("%s: another entry denies %s, which was seen; nothing is written", name,
		          call->name);
		fits = false;
	}
	if (fits && old->bytes)
		fits = filter_open_text(&old_filter, name, old->bytes, old->size, record->environment) &&
		       only_adds(learned, &old_filter, &filter);
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
	else if ((stream = open_memstream(&new.bytes, &new.size))) {
		learned_print(&record->learned, stream);
		result = fclose(stream) == 0 ? 0 : -ENOMEM;
	} else
		result = -ENOMEM;
	if (result < 0)
		cli_error("%s: %s", path,
		          result == -EINVAL ? "there is no list of calls to add to" : "out of memory");
	bool is_written = result == 0 && check(record, path, &old, &new) && output_open(&output, path);
	if (is_written) {
		fwrite(new.bytes, 1, new.size, output.stream);
		is_written = output_commit(&output);
	}
	free(old.bytes);
	free(new.bytes);
	return is_written;
}

static void print_status(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		fprintf(stderr, "callgate: the command was ended by signal %d (%s)\n", WTERMSIG(wait_status),
		        strsignal(WTERMSIG(wait_status)));
	else
		fprintf(stderr, "callgate: the command's exit status is %d\n", WEXITSTATUS(wait_status));
}

static void print_unseen(const struct record *record)
{
	const struct learned *learned = &record->learned;

	for (size_t i = 0; i < learned->nameless.count; i++)
		cli_error("call %d has no name, and no profile can allow it", learned->nameless.items[i]);
	if (learned->nameless.count == LEARNED_NAMELESS_MAX)
		cli_error("there may be more calls without a name");
	if (record->own_filters)
		cli_error("%lu calls were answered by filters that the command has loaded itself; they are "
		          "not in the profile",
		          record->own_filters);
}

static int print_comparison(const struct record *record)
{
	const struct filter *known = &record->known;
	const char *name;
	int status = CLI_OK;

	for (size_t i = 0; i < record->learned.calls.count; i++) {
		const struct learned_call *call = &record->learned.calls.items[i];
		char text[300];
		if (allows(known, &call->example))
			continue;
		(void)callgate_decode_call(&call->example, NULL, NULL, text, sizeof(text));
		printf("+ %s  not allowed by %s\n", text, known->path);
		status = CLI_NO;
	}
	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		const struct callgate_call call = {.nr = callgate_syscall_number(SCMP_ARCH_NATIVE, name)};
		if (call.nr >= 0 && allows(known, &call) && !learned_has(&record->learned, name))
			printf("- %s  never seen\n", name);
	}
	return status;
}

/* The exit status. */
static int finish(struct record *record, const struct trace_result *result)
{
	const struct settings *settings = record->settings;
	const char *path = settings->more ? settings->more : settings->output;
	size_t seen = record->learned.calls.count;

	if (record->shows_progress)
		fputs("\r\033[K", stderr);
	print_unseen(record);
	if (record->learned.out_of_memory) {
		cli_error("out of memory: nothing is written");
		return RUN_FAILED;
	}
	if (settings->against) {
		print_status(result->status);
		return print_comparison(record);
	}
	if (!settings->more && seen == 0) {
		cli_error("no call was seen; nothing is written");
		return RUN_FAILED;
	}
	if (!settings->more)
		learned_add_unseen(&record->learned);
	if (seen > 0 && !write_profile(record, path))
		return RUN_FAILED;
	if (settings->more)
		fprintf(stderr, "callgate: %zu new call%s in %u process%s%s%s\n", seen, seen == 1 ? "" : "s",
		        result->processes, result->processes == 1 ? "" : "es",
		        seen ? "; added to " : "; nothing to add to ", path);
	else
		fprintf(stderr,
		        "callgate: wrote %s: %zu calls of %u process%s, seen %lu times; %zu more that every "
		        "program needs\n",
		        path, seen, result->processes, result->processes == 1 ? "" : "es",
		        record->learned.count, record->learned.calls.count - seen);
	return execute_end_as(result->status);
}

/* ---- the command ---- */

static bool is_usable(const struct settings *settings)
{
	const int ways = (settings->output != NULL) + (settings->more != NULL) + (settings->against != NULL);
	struct stat old;

	if (ways != 1) {
		cli_error("where to? Give one of -o FILE, --more FILE and --against FILE");
		return false;
	}
	if (settings->more && strcmp(settings->more, "-") == 0) {
		cli_error("--more: standard input can't be added to");
		return false;
	}
	if (settings->output && !settings->force && stat(settings->output, &old) == 0 &&
	    S_ISREG(old.st_mode)) {
		cli_error("%s: it is there already; --more adds to it, --force replaces it",
		          settings->output);
		return false;
	}
	return true;
}

static int run(struct call *call)
{
	struct record record = {.settings = call->settings,
	                        .environment = &call->environment,
	                        .shows_progress = isatty(STDERR_FILENO),
	                        .learned.ignores_arguments =
	                            ((struct settings *)call->settings)->no_arguments};
	const struct trace_watcher watcher = {called, ignored, ignored, &record};
	struct trace_result result = {0};
	char path[PATH_MAX];
	int status = RUN_FAILED;

	if (!is_usable(record.settings))
		return RUN_FAILED;
	if ((status = execute_find(call->operands[0], path)))
		return status;
	status = RUN_FAILED;
	if (prepare(&record)) {
		struct watched_command watched = {record.traced, path, call->operands};
		const struct trace_command command = {.enter = execute_watched, .data = &watched};
		const int error = trace_run(&command, &watcher, &result);
		if (error < 0)
			(void)execute_unwatched(error);
		else
			status = finish(&record, &result);
	}
	traced_filter_free(record.traced);
	filter_close(&record.known);
	learned_finish(&record.learned);
	return status;
}

const struct command cmd_record = {
    .name = "record",
    .what = "write a profile of what a command does",
    .synopsis = "-o FILE|--more FILE|--against FILE [OPTION]... [--] COMMAND [ARGUMENT]...",
    .help = "Runs COMMAND, watches it and its children, and writes a profile that allows the calls they "
            "made. Needs no privilege. Exit status: 125 if "
            "callgate fails, 126 and 127 as env(1), else COMMAND's; with --against 0, 1, or 2 as diff(1).\n",
    .options = options,
    .environment = environment_options,
    .ends_at_operand = true,
    .settings_size = sizeof(struct settings),
    .operands_least = 1,
    .operands_most = UINT_MAX,
    .question = "which command is to be watched?",
    .failed = RUN_FAILED,
    .run = run,
};
