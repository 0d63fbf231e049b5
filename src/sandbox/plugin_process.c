#include "sandbox/plugin_process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/raw.h"
#include "process/child.h"
#include "sandbox/exit_reason.h"
#include "sandbox/plugin_host.h"

/*
 * Descriptors that the child has in other places than ours: above all of those, so that no dup2() overwrites another's
 * source.
 */
enum { LOWEST_OWN_FD = 8 };

/*
 * What a child is started with: the socket's two ends, and a pidfd of this process, where the kernel has them. -1: not
 * there.
 */
enum { OURS, ITS, OF_HOST, ENDS };

static int move_up(int *fd)
{
	int moved = fcntl(*fd, F_DUPFD_CLOEXEC, LOWEST_OWN_FD);

	/* EINVAL: fewer descriptors are allowed than the lowest one. */
	if (moved < 0)
		return errno == EINVAL ? -EMFILE : -errno;
	close(*fd);
	*fd = moved;
	return 0;
}

static int open_ends(int ends[ENDS])
{
	int result = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? -errno : 0;

	if (result == 0)
		result = ends[OURS] < 0 ? CONFINE_FAKED : channel_make_nonblocking(ends[OURS]);
	if (result == 0)
		ends[OF_HOST] = raw_pidfd_open(getpid());
	if (ends[OF_HOST] == -EMFILE || ends[OF_HOST] == -ENFILE || ends[OF_HOST] == -ENOMEM)
		result = ends[OF_HOST];
	for (int i = 0; result == 0 && i < ENDS; i++)
		result = ends[i] >= 0 ? move_up(&ends[i]) : 0;
	return result < 0 ? refuse(result, "plugin: no descriptors: %s", child_error_text(-result)) : 0;
}

static int add_actions(posix_spawn_file_actions_t *actions, const int ends[ENDS], bool keep_stderr)
{
	int error = posix_spawn_file_actions_adddup2(actions, ends[ITS], PLUGIN_REQUEST_FD);

	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, ends[ITS], PLUGIN_RESPONSE_FD);
	if (!error && ends[OF_HOST] >= 0)
		error = posix_spawn_file_actions_adddup2(actions, ends[OF_HOST], PLUGIN_HOST_PIDFD);
	else if (!error)
		error = posix_spawn_file_actions_addclose(actions, PLUGIN_HOST_PIDFD);
	for (int fd = 0; !error && fd < (keep_stderr ? 2 : 3); fd++)
		error = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", fd ? O_WRONLY : O_RDONLY, 0);
	return error;
}

/* posix_spawn() shares memory with the child until its exec, so that a large host costs nothing, and locks nothing. */
static int spawn(const struct plugin_plan *plan, const int ends[ENDS], pid_t *ret_pid)
{
	char name[] = "callgate-plugin-host";
	char *arguments[] = {name, NULL}, *environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	if (posix_spawn_file_actions_init(&actions))
		return refuse(-ENOMEM, "plugin: out of memory");
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	int error = add_actions(&actions, ends, plan->options.allow_stderr);
	if (!error)
		error = posix_spawn(ret_pid, plan->helper, &actions, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error ? refuse(-error, "plugin: starting %s: %s", plan->helper, strerror(error)) : 0;
}

static int begin(const struct plugin_plan *plan, struct plugin_process *process)
{
	int ends[ENDS] = {-1, -1, -1};
	pid_t pid;

	if (process_check_clone() < 0)
		return refuse(CONFINE_FAKED, "plugin: starting %s: %s", plan->helper, CONFINE_FAKED_TEXT);
	int result = open_ends(ends);
	if (result == 0)
		result = spawn(plan, ends, &pid);
	if (result == 0) {
		*process = (struct plugin_process){.process = process_adopt(pid), .socket = ends[OURS]};
		ends[OURS] = -1;
	}
	for (int i = 0; i < ENDS; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	return result;
}

/*
 * Ends the process and returns its wait status. The watcher kills the plugin and collects it, by the signal or because
 * the socket is closed; one that doesn't in time is killed, and the plugin with it, though perhaps later: it may hang
 * in the kernel.
 */
static int end(struct plugin_process *process)
{
	struct deadline soon = deadline_in(PROCESS_GRACE_MS);

	assert(process->socket >= LOWEST_OWN_FD);
	process_signal(&process->process, SIGTERM);
	close(process->socket);
	return process_wait(&process->process, NULL, &soon) == PROCESS_ENDED
	           ? process_collect(&process->process, &soon, NULL)
	           : process_kill(&process->process);
}

void plugin_process_stop(const struct plugin_plan *plan, struct plugin_process *process)
{
	struct callgate_exit_reason reason = {.kind = CALLGATE_EXIT_NONE};

	if (!process->process.pid || end(process) != PROCESS_NOT_COLLECTED)
		return;
	exit_reason_not_ended(&reason);
	refuse(-EPIPE, "plugin %s%s", plan->path, reason.text);
}

static struct exit_limits limits_of(const struct plugin_plan *plan, unsigned deadline_ms, size_t capacity)
{
	return (struct exit_limits){.mode1 = plan->options.confinement == CALLGATE_PLUGIN_STRICT,
	                            .deadline_ms = deadline_ms,
	                            .cpu_seconds = plan->options.cpu_seconds,
	                            .output_capacity = capacity,
	                            .memory = plan->options.memory};
}

/* The process did not answer as it should: ends it, and says why. */
static void end_badly(struct plugin_process *process, enum channel_result result, const struct exit_limits *limits,
                      struct callgate_exit_reason *reason)
{
	struct deadline soon = deadline_in(PROCESS_GRACE_MS);

	/* The stream ends a moment before the process does; one that only closed its descriptors is killed. */
	if (result == CHANNEL_CLOSED && process_wait(&process->process, NULL, &soon) == PROCESS_ENDED) {
		struct exit_limits measured = *limits;
		int status = process_collect(&process->process, &soon, &measured.peak);
		close(process->socket);
		exit_reason_status(reason, status, &measured);
		return;
	}
	int status = end(process);
	if (result == CHANNEL_LATE)
		exit_reason_deadline(reason, limits);
	else
		exit_reason_set(reason, CALLGATE_EXIT_MALFORMED, "wrote what is not an answer, and was killed");
	if (status == PROCESS_NOT_COLLECTED)
		exit_reason_not_ended(reason);
}

static enum channel_result send_setup(const struct plugin_plan *plan, const struct channel *channel)
{
	const struct plugin_filters *filters = &plan->filters;
	struct setup setup = {
	    .magic = SETUP_MAGIC,
	    .request_limit = plan->options.request_limit,
	    .response_limit = plan->options.response_limit,
	    .arena_size = plan->options.arena_size,
	    .memory = plan->options.memory,
	    .cpu_seconds = plan->options.cpu_seconds,
	    .die_with_thread = plan->options.die_with_thread,
	    .allow_stderr = plan->options.allow_stderr,
	    .host = (int32_t)getpid(),
	};
	struct iovec parts[SETUP_PARTS + 1] = {
	    [SETUP_PATH] = {plan->path, strlen(plan->path) + 1},
	    [SETUP_FILES] = {plan->files.names, plan->files.size},
	    [SETUP_LOADING] = {(void *)(uintptr_t)filters->loading.bytes, filters->loading.size},
	    [SETUP_SERVING] = {(void *)(uintptr_t)filters->serving.bytes, filters->serving.size},
	    [SETUP_SUPERVISING] = {(void *)(uintptr_t)filters->supervising.bytes, filters->supervising.size},
	};

	for (int i = 0; i < SETUP_PARTS; i++)
		setup.sizes[i] = (uint32_t)parts[i].iov_len;
	memmove(parts + 1, parts, SETUP_PARTS * sizeof(parts[0]));
	parts[0] = (struct iovec){&setup, sizeof(setup)};
	return channel_send(channel, parts, SETUP_PARTS + 1);
}

/* The dynamic linker's words, as far as they fit and can be shown. */
static enum channel_result receive_words(struct channel *channel, uint64_t claimed, char *ret_text, size_t room)
{
	size_t size = claimed < room ? (size_t)claimed : room - 1;
	enum channel_result result = channel_receive(channel, ret_text, size);
	ret_text[size] = '\0';
	for (char *at = ret_text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return result;
}

/* Both errors are the child's choice, and strerror(3) has room for the text of one that has no name. */
static void refuse_unlimited(const struct report *report, struct callgate_exit_reason *reason)
{
	char landlock[sizeof(reason->text) / 2];

	snprintf(landlock, sizeof(landlock), "%s", child_error_text((int)report->value));
	exit_reason_set(reason, CALLGATE_EXIT_REFUSED,
	                "nothing can limit the files that it reads: Landlock: %s; opening them for it: %s", landlock,
	                child_error_text(report->detail));
}

/*
 * The first report. OK: *ret_error is 0, and the plugin is ready; or it is to be ended, and *reason says why. Anything
 * else: the report is not believed.
 */
static enum channel_result judge_report(const struct report *report, struct channel *channel, int *ret_error,
                                        struct callgate_exit_reason *reason)
{
	char words[CALLGATE_EXIT_REASON_TEXT - 32] = "";
	enum channel_result result = CHANNEL_OK;

	*ret_error = -EPIPE;
	if (report->kind == REPORT_READY) {
		*ret_error = 0;
	} else if (report->kind == REPORT_FAILED && report->value > 0 && report->value < 4096) {
		exit_reason_set(reason, CALLGATE_EXIT_REFUSED, "the helper failed at %s: %s",
		                child_step_name((enum child_step)report->detail), child_error_text((int)report->value));
	} else if (report->kind == REPORT_NO_LIMIT) {
		*ret_error = -EOPNOTSUPP;
		refuse_unlimited(report, reason);
	} else if (report->kind == REPORT_REFUSED) {
		result = receive_words(channel, report->size, words, sizeof(words));
		exit_reason_set(reason, CALLGATE_EXIT_REFUSED, "can't be loaded: %s", words);
	} else if (report->kind == REPORT_FORBIDDEN) {
		exit_reason_forbidden(reason, report->detail, report->arch);
	} else {
		result = CHANNEL_MALFORMED;
	}
	return result;
}

int plugin_process_start(const struct plugin_plan *plan, struct plugin_process *process,
                         struct callgate_exit_reason *reason)
{
	struct exit_limits limits = limits_of(plan, plan->options.load_deadline_ms, 0);
	struct report report;
	int error = -EPIPE;

	assert(!process->process.pid);
	*reason = (struct callgate_exit_reason){.kind = CALLGATE_EXIT_NONE};
	int result = begin(plan, process);
	if (result < 0)
		return result;
	struct channel channel = {
	    .fd = process->socket, .process = &process->process, .deadline = deadline_in(limits.deadline_ms)};
	enum channel_result heard = send_setup(plan, &channel);
	if (heard == CHANNEL_OK)
		heard = channel_receive(&channel, &report, sizeof(report));
	if (heard == CHANNEL_OK)
		heard =
		    report.magic == REPORT_MAGIC ? judge_report(&report, &channel, &error, reason) : CHANNEL_MALFORMED;
	if (heard == CHANNEL_OK && error == 0)
		return 0;
	if (heard == CHANNEL_OK)
		end(process);
	else
		end_badly(process, heard, &limits, reason);
	return refuse(heard == CHANNEL_OK ? error : -EPIPE, "plugin %s, while loading: %s", plan->path, reason->text);
}

/* One request. OK: *reason is set, and the plugin lives unless that is FORBIDDEN. */
static enum channel_result exchange(struct channel *channel, const struct request *head, const void *request,
                                    void *response, const struct exit_limits *limits,
                                    struct callgate_exit_reason *reason)
{
	struct iovec parts[] = {{(void *)(uintptr_t)head, sizeof(*head)},
	                        {(void *)(uintptr_t)request, (size_t)head->size}};
	enum channel_result result = channel_check_idle(channel);
	struct report report;

	if (result == CHANNEL_OK)
		result = channel_send(channel, parts, 2);
	if (result == CHANNEL_OK)
		result = channel_receive(channel, &report, sizeof(report));
	if (result != CHANNEL_OK)
		return result;
	bool fits = report.size <= limits->output_capacity;
	if (report.magic == REPORT_MAGIC && report.kind == REPORT_FORBIDDEN) {
		exit_reason_forbidden(reason, report.detail, report.arch);
	} else if (report.magic != REPORT_MAGIC || report.sequence != head->sequence ||
	           report.kind != (fits ? REPORT_VALUE : REPORT_TOO_LARGE)) {
		return CHANNEL_MALFORMED;
	} else if (fits) {
		result = channel_receive(channel, response, (size_t)report.size);
		*reason = (struct callgate_exit_reason){
		    .kind = CALLGATE_EXIT_VALUE, .value = report.value, .output_size = (size_t)report.size};
	} else {
		exit_reason_too_large(reason, report.size, limits);
	}
	return result;
}

int plugin_process_call(const struct plugin_plan *plan, struct plugin_process *process, const void *request,
                        size_t size, void *response, size_t capacity, struct callgate_exit_reason *reason)
{
	unsigned deadline_ms = plan->options.call_deadline_ms;
	struct exit_limits limits = limits_of(plan, deadline_ms, capacity);
	struct channel channel = {
	    .fd = process->socket, .process = &process->process, .deadline = deadline_in(deadline_ms)};
	struct request head = {
	    .magic = REQUEST_MAGIC, .sequence = ++process->sequence, .size = size, .capacity = capacity};

	enum channel_result result = exchange(&channel, &head, request, response, &limits, reason);
	if (result != CHANNEL_OK)
		end_badly(process, result, &limits, reason);
	else if (reason->kind == CALLGATE_EXIT_FORBIDDEN)
		end(process);
	if (reason->kind == CALLGATE_EXIT_VALUE)
		return 0;
	return refuse(reason->kind == CALLGATE_EXIT_TOO_LARGE ? -EMSGSIZE : -EPIPE, "plugin %s: %s", plan->path,
	              reason->text);
}
