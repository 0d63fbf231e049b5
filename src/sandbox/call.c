/* A function run once in a child that strict mode, or a filter with the same calls, confines. */
#include <callgate/strict.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdalign.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/raw.h"
#include "process/child.h"
#include "process/process.h"
#include "sandbox/confinement.h"
#include "sandbox/exit_reason.h"

enum { STREAM_FD = 0, REPORT_FD = 1, DEFAULT_DEADLINE_MS = 10000 };
static const size_t default_arena = 1 << 20, default_stack = 256 << 10;

/* Everything that the child needs, ready before it exists. One mapping: guard page, stack, arena, output. */
struct call {
	callgate_strict_function *function;
	struct callgate_strict_job job;
	struct callgate_strict_options options; /* with the defaults filled in */
	struct confinement_filter filter;       /* empty for mode 1 */
	char *memory;
	size_t memory_size, stack_end;
	int pipe[2];
	pid_t parent;
};

void *callgate_strict_alloc(struct callgate_strict_job *job, size_t size)
{
	size_t align = alignof(max_align_t), start;

	if (!job || size > job->arena_size)
		return NULL;
	start = (job->arena_used + align - 1) / align * align;
	if (start > job->arena_size || job->arena_size - start < size)
		return NULL;
	job->arena_used = start + size;
	return (char *)job->arena + start;
}

/* --- In the child --- */

/*
 * Afterwards 0 is the stream, if there is one, 1 is the pipe for the report and the output, and nothing else is open.
 */
UNCHECKED static int arrange_fds(const struct call *call)
{
	int report = (int)syscall(SYS_fcntl, call->pipe[1], F_DUPFD, 3);
	int stream = call->options.stream ? (int)syscall(SYS_fcntl, call->options.stream, F_DUPFD, 3) : -1;

	if (report < 0 || (call->options.stream && stream < 0))
		return -errno;
	if (dup2(report, REPORT_FD) < 0 || (stream >= 0 && dup2(stream, STREAM_FD) < 0))
		return -errno;
	if (stream < 0)
		syscall(SYS_close, STREAM_FD);
	return child_close_from(2);
}

UNCHECKED static void answer(const struct callgate_strict_job *job, int64_t value)
{
	bool fits = job->output_size <= job->output_capacity;

	child_report(
	    REPORT_FD,
	    (struct report){.kind = fits ? REPORT_VALUE : REPORT_TOO_LARGE, .value = value, .size = job->output_size});
	if (fits)
		raw_write(REPORT_FD, job->output, job->output_size);
}

UNCHECKED static int child(void *argument)
{
	struct call *call = argument;
	struct child_limits limits = {.cpu_seconds = call->options.cpu_seconds, .memory = call->options.memory};

	child_require(call->pipe[1], CHILD_STEP_PROCESS, child_end_with_parent(SIGKILL));
	/* 0 is a parent in another process namespace. */
	long parent = syscall(SYS_getppid);
	if (parent != call->parent && parent != 0)
		raw_exit(1);
	child_reset_signals();
	child_require(call->pipe[1], CHILD_STEP_FDS, arrange_fds(call));
	child_require(REPORT_FD, CHILD_STEP_LIMITS, child_limit(&limits));
	child_require(REPORT_FD, CHILD_STEP_PRIVILEGES, confine_no_new_privileges());
	child_require(REPORT_FD, CHILD_STEP_PRIVILEGES, child_hide_memory());
	if (call->filter.bytes)
		child_require(REPORT_FD, CHILD_STEP_HANDLER, child_report_traps(REPORT_FD));
	child_require(REPORT_FD, CHILD_STEP_CONFINE,
	              call->filter.bytes ? child_load_filter(call->filter.bytes, call->filter.size)
	                                 : confine_strictly());
	answer(&call->job, call->function(&call->job));
	raw_exit(0);
}

/* --- In the parent --- */

static int map_memory(struct call *call, size_t capacity)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size;
	size_t parts[] = {page, call->options.stack_size, call->options.arena_size, capacity};
	size_t ends[4];

	size = 0;
	for (int i = 0; i < 4; i++) {
		if (parts[i] > (size_t)PTRDIFF_MAX / 8)
			return refuse(-EINVAL, "strict call: a size of %zu bytes", parts[i]);
		size += (parts[i] + page - 1) / page * page;
		ends[i] = size;
	}
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return refuse(-ENOMEM, "strict call: no memory for %zu bytes", size);
	if (mprotect(memory, page, PROT_NONE) < 0) {
		munmap(memory, size);
		return refuse(-ENOMEM, "strict call: no memory for a guard page");
	}
	assert(ends[0] == page && ends[2] <= size && size - ends[2] >= capacity);
	call->memory = memory;
	call->memory_size = size;
	call->stack_end = ends[1];
	call->job.arena = call->memory + ends[1];
	call->job.arena_size = call->options.arena_size;
	call->job.output = call->memory + ends[2];
	call->job.output_capacity = capacity;
	return 0;
}

/*
 * All that comes: CLOSED, as the end of the stream follows an answer; LATE; or MALFORMED, as there is more than fits.
 */
static enum channel_result receive(struct channel *channel, struct report *report, char *output, size_t capacity)
{
	enum channel_result result = channel_receive(channel, report, sizeof(*report));
	char surplus;

	if (result == CHANNEL_OK)
		result = channel_receive(channel, output, capacity);
	if (result == CHANNEL_OK)
		result = channel_receive(channel, &surplus, 1);
	return result == CHANNEL_OK ? CHANNEL_MALFORMED : result;
}

static bool is_whole(const struct channel *channel, const struct report *report)
{
	uint64_t follows = report->kind == REPORT_VALUE ? report->size : 0;

	return channel->received >= sizeof(*report) && report->magic == REPORT_MAGIC &&
	       channel->received - sizeof(*report) == follows;
}

static void judge(enum channel_result result, const struct channel *channel, const struct report *report, int status,
                  const struct exit_limits *limits, struct callgate_exit_reason *reason)
{
	bool whole = is_whole(channel, report);

	if (result == CHANNEL_MALFORMED)
		exit_reason_set(reason, CALLGATE_EXIT_MALFORMED, "wrote more than an answer of %zu bytes",
		                limits->output_capacity);
	else if (result == CHANNEL_LATE)
		exit_reason_deadline(reason, limits);
	else if (whole && report->kind == REPORT_FORBIDDEN)
		exit_reason_forbidden(reason, report->detail, report->arch);
	else if (status != 0 || channel->received == 0)
		exit_reason_status(reason, status, limits);
	else if (whole && report->kind == REPORT_VALUE)
		*reason = (struct callgate_exit_reason){
		    .kind = CALLGATE_EXIT_VALUE, .value = report->value, .output_size = (size_t)report->size};
	else if (whole && report->kind == REPORT_TOO_LARGE)
		exit_reason_too_large(reason, report->size, limits);
	else
		exit_reason_set(reason, CALLGATE_EXIT_MALFORMED, "wrote %zu bytes that are not an answer",
		                channel->received);
	if (result != CHANNEL_CLOSED && status == PROCESS_NOT_COLLECTED)
		exit_reason_not_ended(reason);
}

/* What the child answers until it has ended; it is killed when its time is over, or it writes too much. */
static int listen_to(struct process *process, const struct call *call, char *output,
                     struct callgate_exit_reason *ret_reason)
{
	struct exit_limits limits = {.mode1 = !call->filter.bytes,
	                             .deadline_ms = call->options.deadline_ms,
	                             .cpu_seconds = call->options.cpu_seconds,
	                             .output_capacity = call->job.output_capacity};
	struct channel channel = {.fd = call->pipe[0], .process = process, .deadline = deadline_in(limits.deadline_ms)};
	struct report report = {0};
	enum channel_result result = receive(&channel, &report, output, limits.output_capacity);

	/* One that only closed its end still has its time. */
	if (result == CHANNEL_CLOSED && process_wait(process, NULL, &channel.deadline) == PROCESS_LATE)
		result = CHANNEL_LATE;
	struct deadline soon = deadline_in(PROCESS_GRACE_MS);
	int status = result == CHANNEL_CLOSED ? process_collect(process, &soon, NULL) : process_kill(process);
	if (is_whole(&channel, &report) && report.kind == REPORT_FAILED && report.value > 0 && report.value < 4096)
		return refuse(-(int)report.value, "strict call: %s: %s",
		              child_step_name((enum child_step)report.detail), child_error_text((int)report.value));
	judge(result, &channel, &report, status, &limits, ret_reason);
	return ret_reason->kind == CALLGATE_EXIT_VALUE ? 0 : refuse(-EPIPE, "strict call: %s", ret_reason->text);
}

static int run(struct call *call, char *output, struct callgate_exit_reason *ret_reason)
{
	struct process process;

	assert(call->memory && call->stack_end < call->memory_size);
	call->pipe[0] = call->pipe[1] = -1;
	int result = pipe2(call->pipe, O_CLOEXEC) < 0 ? -errno
	             : call->pipe[0] < 0              ? CONFINE_FAKED
	                                              : channel_make_nonblocking(call->pipe[0]);
	if (result < 0)
		refuse(result, "strict call: pipe: %s", child_error_text(-result));
	else if ((result = process_clone(child, call->memory + call->stack_end, call, &process)) < 0)
		refuse(result, "strict call: clone: %s", child_error_text(-result));
	close(call->pipe[1]);
	if (result == 0)
		result = listen_to(&process, call, output, ret_reason);
	close(call->pipe[0]);
	return result;
}

static int take_options(struct call *call, const struct callgate_strict_options *options)
{
	static const struct callgate_strict_options none;

	call->options = options ? *options : none;
	options = &call->options;
	if (options->confinement != CALLGATE_STRICT_MODE && options->confinement != CALLGATE_STRICT_FILTER)
		return refuse(-EINVAL, "strict call: unknown confinement %d", (int)options->confinement);
	if (options->confinement == CALLGATE_STRICT_MODE && (options->allow || options->program))
		return refuse(-EINVAL, "strict call: strict mode can't be widened: use CALLGATE_STRICT_FILTER");
	if (options->stream < 0)
		return refuse(-EINVAL, "strict call: the stream is descriptor %d", options->stream);
	call->options.arena_size = options->arena_size ?: default_arena;
	call->options.stack_size = options->stack_size ?: default_stack;
	call->options.deadline_ms = options->deadline_ms ?: DEFAULT_DEADLINE_MS;
	return 0;
}

static int take_filter(struct call *call)
{
	const struct callgate_program *program = call->options.program;

	if (call->options.confinement == CALLGATE_STRICT_MODE)
		return 0;
	if (!program)
		return confinement_strict(call->options.allow, &call->filter);
	call->filter = (struct confinement_filter){.bytes = callgate_program_bytes(program),
	                                           .size = 8 * callgate_program_length(program)};
	return callgate_program_check(program);
}

int callgate_strict_call(callgate_strict_function *function, const void *input, size_t input_size, void *output,
                         size_t capacity, const struct callgate_strict_options *options,
                         struct callgate_exit_reason *ret_reason)
{
	struct call call = {
	    .function = function, .job = {.input = input, .input_size = input_size}, .parent = getpid()};

	if (!function || !ret_reason || (!input && input_size) || (!output && capacity))
		return refuse(-EINVAL, "strict call: the %s is NULL",
		              !function              ? "function"
		              : !ret_reason          ? "place for the exit reason"
		              : !input && input_size ? "input"
		                                     : "output");
	*ret_reason = (struct callgate_exit_reason){.kind = CALLGATE_EXIT_NONE};
	int result = take_options(&call, options);
	if (result == 0)
		result = take_filter(&call);
	if (result == 0)
		result = map_memory(&call, capacity);
	if (result == 0)
		result = run(&call, output, ret_reason);
	if (call.memory)
		munmap(call.memory, call.memory_size);
	confinement_finish(&call.filter);
	return result;
}
