/* callgate record: the calls that a command makes, as a profile that allows them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "cli/execute.h"
#include "cli/output.h"
#include "cli/profile_text.h"
#include "cli/record.h"
#include "trace/notifier.h"

static const char *const engines[] = {"trace", "stops", "notify", NULL}; /* ORDER enum record_engine */
static const char *const imports[] = {"strace", "audit", NULL};          /* ORDER enum record_import */

static bool take_list(const struct option_row *row, void *target, const char *value)
{
	const char *wrong = value ? learned_check_list(value) : NULL;

	*(const char **)target = value ? value : ""; /* the usual ones */
	if (wrong)
		cli_error("--%s: \"%.*s\" is no call whose arguments can be learned", row->name,
		          (int)strcspn(wrong, ","), wrong);
	return !wrong;
}

static const struct record_settings defaults = {.from = IMPORT_NOT};

static const struct option_row options[] = {
    {"output", 'o', "FILE", take_text, offsetof(struct record_settings, output),
     "writes a profile; an old FILE is not replaced"},
    {"force", 0, NULL, take_flag, offsetof(struct record_settings, force), "--output: an old FILE is replaced"},
    {"more", 0, "FILE", take_text, offsetof(struct record_settings, more),
     "adds to the profile FILE the calls that it does not allow yet; calls that it allows run at full speed"},
    {"against", 0, "FILE", take_text, offsetof(struct record_settings, against),
     "writes nothing and compares with the profile FILE; exit status 1 if a call is new"},
    {"args", 0, "[=CALL,...]", take_list, offsetof(struct record_settings, arguments),
     "the calls that are allowed only with the arguments that were seen; default: ioctl, socket and similar calls"},
    {"no-args", 0, NULL, take_flag, offsetof(struct record_settings, no_arguments), "allows calls with all arguments"},
    {"twins", 0, NULL, take_flag, offsetof(struct record_settings, twins),
     "adds calls with the same effect as those that were seen: openat2 for openat"},
    {"steady", 0, "CALL|SECONDS", take_text, offsetof(struct record_settings, steady),
     "the end of the start-up: the profile notes which calls are made only before it"},
    {"engine", 0, "trace|stops|notify", take_word, offsetof(struct record_settings, engine),
     "how the command is watched; stops: slower, and also sees calls that the command's own filters deny; notify: "
     "without ptrace(2), but can disturb the command",
     .words = engines},
    {"from", 0, "strace|audit", take_word, offsetof(struct record_settings, from),
     "runs no command: the operands are files that strace(1) or the audit log has written", .words = imports},
    {0},
};

/* ---- while the command runs ---- */

double record_seconds(const struct record *record)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - record->begun.tv_sec) + (double)(now.tv_nsec - record->begun.tv_nsec) / 1e9;
}

/* Several times a second at most, and whenever something is new. */
static void show_progress(struct record *record, bool is_new)
{
	const struct learned *learned = &record->learned;
	const double now = record->shows_progress || record->steady_seconds > 0 ? record_seconds(record) : 0;

	if (record->steady_seconds > 0 && now >= record->steady_seconds)
		record->learned.is_steady = true;
	record->last_new = is_new ? now : record->last_new;
	if (!record->shows_progress || learned->calls.count == 0 || (!is_new && now - record->shown < 0.3))
		return;
	record->shown = now;
	fprintf(stderr, "\r\033[Kcallgate: %d:%02d  %zu calls (the last at %d:%02d: %s)  %lu seen", (int)now / 60,
	        (int)now % 60, learned->calls.count, (int)record->last_new / 60, (int)record->last_new % 60,
	        learned->calls.items[learned->calls.count - 1].name, learned->count);
}

bool record_allows(const struct filter *filter, const struct callgate_call *call)
{
	struct callgate_verdict verdict;

	if (callgate_simulate(filter->ctx, call, &verdict) < 0) {
		cli_lacks_memory();
		return false;
	}
	return verdict.action == SCMP_ACT_ALLOW || verdict.action == SCMP_ACT_LOG;
}

bool record_add(struct record *record, const struct callgate_call *call, bool has_arguments)
{
	const char *name = call_name(call);

	if (record->comparison.simulator)
		comparison_add(&record->comparison, call, has_arguments);
	const bool is_new = learned_add(&record->learned, call);
	if (!has_arguments && name)
		learned_forget_arguments(&record->learned, name);
	return is_new;
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

/* A filter of the command has stopped it, and not the one that records. */
static bool is_of_another(const struct record *record, const struct trace_stop *stop)
{
	return (record->settings->engine == RECORD_TRACE && stop->data != TRACED_FILTER_DATA) ||
	       (record->settings->engine == RECORD_STOPS && stop->data != 0);
}

/* What another filter has stopped fails as it would without a tracer. */
static struct trace_answer called(void *data, const struct trace_stop *stop)
{
	struct record *record = data;
	const struct callgate_arch *arch = callgate_arch_of_call(stop->call.arch, stop->call.nr);
	long result;

	if (is_of_another(record, stop)) {
		record->own_filters++;
		return (struct trace_answer){.result = -ENOSYS};
	}
	const int error = record->settings->engine != RECORD_NOTIFY ? traced_filter_guards(&stop->call) : 0;
	if (error && arch && stop->call.nr == callgate_syscall_number(arch->token, "clone")) {
		record->own_unwatched++;
		return (struct trace_answer){
		    .result = -error}; /* the child could not be watched, and all of its calls would fail */
	}
	if (record->settings->more && record_allows(&record->known, &stop->call))
		return (struct trace_answer){.is_made = true}; /* the guard or the engine has stopped it */
	if (record->settings->more && is_denied_by_rule(&record->known, &stop->call, &result))
		return (struct trace_answer){.result = result};
	show_progress(record, record_add(record, &stop->call, true));
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

	int result = has ? profile_text_append(&old, learned_print_entries, &nothing, &new) : -EINVAL;
	if (has && result == -ENOMEM)
		cli_error("%s: out of memory", path);
	else if (has && result < 0)
		cli_error("%s: there is no list of calls to add to; it has to be a profile with \"syscalls\"", path);
	has = result == 0;
	free(old.bytes);
	free(new.bytes);
	return has;
}

/* A filter that hands over what `known` does not allow; NULL: everything. */
static int make_traced(const struct record_settings *settings, const scmp_filter_ctx known,
                       struct traced_filter **ret_filter)
{
	static const enum traced_by by[] = {
	    [RECORD_TRACE] = TRACED_BY_TRACER,
	    [RECORD_STOPS] = TRACED_BY_NOBODY,
	    [RECORD_NOTIFY] = TRACED_BY_LISTENER,
	};
	scmp_filter_ctx nothing = NULL;
	int result = known ? 0 : traced_filter_context(SCMP_ACT_ERRNO(EPERM), &nothing);

	if (result == 0)
		result = traced_filter_new(known ? known : nothing, by[settings->engine], true, ret_filter);
	seccomp_release(nothing);
	return result;
}

static bool prepare(struct record *record)
{
	const struct record_settings *settings = record->settings;
	const char *known = settings->more ? settings->more : settings->against;
	int result = 0;

	if (known && !filter_explain(&record->known, filter_open_profile(&record->known, known, record->environment)))
		return false;
	if (settings->against && !comparison_start(&record->comparison, &record->known))
		return false;
	if (settings->more && !has_list(settings->more))
		return false;
	if (settings->from == IMPORT_NOT)
		result = make_traced(settings, settings->more ? record->known.ctx : NULL, &record->traced);
	if (result < 0)
		cli_error("%s", result == -EOPNOTSUPP ? "a profile with SCMP_ACT_NOTIFY can't be added to"
		                : result == -E2BIG    ? "the profile needs several programs, which can't be "
		                                        "watched by notifications"
		                                      : strerror(-result));
	return result == 0;
}

/* ---- running ---- */

static int watch(const struct record *record, const struct trace_watcher *watcher, const struct trace_command *command,
                 struct trace_result *ret_result)
{
	return record->settings->engine == RECORD_NOTIFY ? notify_run(command, watcher, ret_result)
	                                                 : trace_run(command, watcher, ret_result);
}

/* What a stop takes: calls with nothing to do, in a process that is watched in the same way. */
enum { PROBES = 300 };
struct probe {
	const struct traced_filter *filter;
	double *seconds; /* in memory that both processes have */
};

static double time_calls(void)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < PROBES; i++)
		syscall(SYS_getppid);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

static int enter_probe(void *data, _Atomic int *ret_listener)
{
	const struct probe *probe = data;

	if (traced_filter_load(probe->filter, ret_listener) == 0)
		*probe->seconds = time_calls();
	return EXIT_SUCCESS;
}

static struct trace_answer let_pass(void *data, const struct trace_stop *stop)
{
	(void)data, (void)stop;
	return (struct trace_answer){.is_made = true};
}

static double measure_stop(const struct record *record, bool on_one_processor)
{
	const struct trace_watcher watcher = {let_pass, ignored, ignored, NULL};
	struct probe probe = {
	    .seconds = mmap(NULL, sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)};
	struct traced_filter *filter = NULL;
	const struct trace_command command = {.enter = enter_probe,
	                                      .data = &probe,
	                                      .engine =
	                                          record->settings->engine == RECORD_STOPS ? TRACE_STOPS : TRACE_FILTER,
	                                      .on_one_processor = on_one_processor};
	struct trace_result result;
	double seconds = 0;

	if (probe.seconds == MAP_FAILED)
		return 0;
	if (make_traced(record->settings, NULL, &filter) == 0) {
		probe.filter = filter;
		if (watch(record, &watcher, &command, &result) == 0 && *probe.seconds > 0)
			seconds = (*probe.seconds - time_calls()) / PROBES;
	}
	traced_filter_free(filter);
	munmap(probe.seconds, sizeof(double));
	return seconds;
}

/* What all stops together took is estimated from what one takes. */
static int run_command(struct record *record, const char *path, char **argv, struct trace_result *ret_result)
{
	const struct record_settings *settings = record->settings;
	const struct trace_watcher watcher = {called, ignored, ignored, record};
	struct watched_command watched = {record->traced, path, argv};
	const struct trace_command command = {.enter = execute_watched,
	                                      .data = &watched,
	                                      .engine = settings->engine == RECORD_STOPS ? TRACE_STOPS : TRACE_FILTER,
	                                      .on_one_processor = !settings->more};
	const int error = watch(record, &watcher, &command, ret_result);

	if (error < 0 && execute_unwatched(error) && settings->engine != RECORD_NOTIFY)
		cli_error("--engine notify needs no ptrace(2), but can disturb the command");
	if (error == 0 && ret_result->stops > 0) {
		record->run_seconds = record_seconds(record);
		record->stop_seconds = measure_stop(record, ret_result->on_one_processor);
	}
	return error;
}

/* ---- the command ---- */

static bool is_usable(const struct record_settings *settings)
{
	const int ways = (settings->output != NULL) + (settings->more != NULL) + (settings->against != NULL);
	struct stat old;

	if (ways != 1) {
		cli_error("where to? Give one of -o FILE, --more FILE and --against FILE");
		return false;
	}
	if (settings->no_arguments && settings->arguments) {
		cli_error("--args and --no-args contradict each other");
		return false;
	}
	if (settings->more && strcmp(settings->more, "-") == 0) {
		cli_error("--more: standard input can't be added to");
		return false;
	}
	if (settings->output && !settings->force && stat(settings->output, &old) == 0 && S_ISREG(old.st_mode)) {
		cli_error("%s: it is there already; --more adds to it, --force replaces it", settings->output);
		return false;
	}
	return true;
}

/* What can't be written is said before the command runs. Pipes and devices are opened once, in the end. */
static bool is_writable(const char *path)
{
	struct output output;
	struct stat old;

	if (!path || strcmp(path, "-") == 0 || (stat(path, &old) == 0 && !S_ISREG(old.st_mode)))
		return true;
	if (!output_open(&output, path))
		return false;
	const bool is_writable = output.folder < 0 || faccessat(output.folder, ".", W_OK, AT_EACCESS) == 0;
	if (!is_writable)
		cli_error("%s: its directory: %s", path, strerror(errno));
	output_discard(&output);
	return is_writable;
}

/* A call, or a number of seconds. */
static bool take_phase(struct record *record, char text[80])
{
	const char *steady = record->settings->steady;
	char *end;

	if (!steady)
		return true;
	record->learned.phase = text;
	const double seconds = strtod(steady, &end);
	if (*end == '\0' && end != steady && seconds > 0 && seconds < 1e9) {
		record->steady_seconds = seconds;
		snprintf(text, 80, "only in the first %g s (start-up)", seconds);
		return true;
	}
	for (size_t i = 0; (record->learned.mark = callgate_syscall_name_at(i)); i++)
		if (strcmp(record->learned.mark, steady) == 0) {
			snprintf(text, 80, "only before the first %s (start-up)", steady);
			return true;
		}
	cli_error("--steady takes a call or a number of seconds, not \"%s\"", steady);
	return false;
}

static int run(struct call *call)
{
	const struct record_settings *settings = call->settings;
	struct record record = {
	    .settings = settings,
	    .environment = &call->environment,
	    .shows_progress = isatty(STDERR_FILENO) && settings->from == IMPORT_NOT,
	    .learned = {.ignores_arguments = settings->no_arguments,
	                .with_arguments = settings->arguments && *settings->arguments ? settings->arguments : NULL}};
	struct trace_result result = {0};
	char path[PATH_MAX], phase[80];
	int status = RUN_FAILED;

	if (settings->against)
		output_note_input(settings->against);
	if (!is_usable(settings) || !is_writable(settings->more ? settings->more : settings->output) ||
	    !take_phase(&record, phase))
		return RUN_FAILED;
	if (settings->from == IMPORT_NOT && (status = execute_find(call->operands[0], path)))
		return status;
	status = RUN_FAILED;
	clock_gettime(CLOCK_MONOTONIC, &record.begun);
	if (settings->engine == RECORD_NOTIFY)
		cli_error("--engine notify: signals can make calls fail with EINTR that would not have");
	if (prepare(&record) &&
	    (settings->from == IMPORT_NOT ? run_command(&record, path, call->operands, &result) == 0
	                                  : record_import(&record, call->operands, call->operand_count)))
		status = record_finish(&record, &result);
	traced_filter_free(record.traced);
	comparison_finish(&record.comparison);
	filter_close(&record.known);
	learned_finish(&record.learned);
	return status;
}

const struct command cmd_record = {
    .name = "record",
    .for_this_kernel = true,
    .what = "write a profile of what a command does",
    .synopsis = "-o FILE|--more FILE|--against FILE [OPTION]... [--] COMMAND [ARGUMENT]...\n"
                "-o FILE|--more FILE|--against FILE [OPTION]... --from strace|audit FILE...",
    .help = "Runs COMMAND, watches it and its children, and writes a profile that allows the calls they "
            "made. No privilege is needed. Exit status: 125 if callgate fails, 126 and 127 as for env(1), otherwise "
            "COMMAND's; with --against 0, 1 or 2 as for diff(1).\n",
    .options = options,
    .environment = environment_options,
    .ends_at_operand = true,
    .defaults = &defaults,
    .settings_size = sizeof(struct record_settings),
    .operands_least = 1,
    .operands_most = UINT_MAX,
    .question = "which command is to be watched?",
    .failed = RUN_FAILED,
    .run = run,
};
