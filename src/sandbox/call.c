/* A function run once in a child that strict mode, or a filter with the same calls, confines. */
#include <callgate/strict.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdalign.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/raw.h"
#include "base/unchecked.h"
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

/* Afterwards 0 is the stream, if there is one, 1 is the pipe for the report and the output, and nothing else is open. */
UNCHECKED static int arrange_fds(const struct call *call)
{
	int report = (int)syscall(SYS_fcntl, call->pipe[1], F_DUPFD, 3);
	int stream = call->options.stream ? (int)syscall(SYS_fcntl, call->options.stream, F_DUPFD, 3) : -1;

	if (report < 0 || (call->options.stream && stream < 0))
		return -errno;
	if (dup2(report, REPORT_FD) < 0)
		return -errno;
	if (stream >= 0 && dup2(stream, STREAM_FD) < 0)
		return -errno;
	if (stream < 0)
		syscall(SYS_close, STREAM_FD);
	return child_close_from(2);
}

UNCHECKED static int confine(const struct call *call)
{
	if (call->filter.bytes)
		return child_load_filter(call->filter.bytes, call->filter.size);
	return confine_strictly();
}

UNCHECKED static void answer(const struct callgate_strict_job *job, int64_t value)
{
	bool fits = job->output_size <= job->output_capacity;
	struct report report = {.magic = REPORT_MAGIC,
	                        .kind = fits ? REPORT_VALUE : REPORT_TOO_LARGE,
	                        .value = value,
	                        .size = job->output_size};

	raw_write(REPORT_FD, &report, sizeof(report));
	if (fits)
		raw_write(REPORT_FD, job->output, job->output_size);
}

UNCHECKED static int child(void *argument)
{
	struct call *call = argument;
	struct child_limits limits = {.cpu_seconds = call->options.cpu_seconds,
	                              .memory = call->options.memory};

	child_require(call->pipe[1], CHILD_STEP_PROCESS, child_end_with_parent(SIGKILL));
	/* 0 is a parent in another process namespace. */
	long parent = syscall(SYS_getppid);
	if (parent != call->parent && parent != 0)
		raw_exit(1);
	child_reset_signals();
	child_require(call->pipe[1], CHILD_STEP_FDS, arrange_fds(call));
	child_require(REPORT_FD, CHILD_STEP_LIMITS, child_limit(&limits));
	child_require(REPORT_FD, CHILD_STEP_PRIVILEGES, child_give_up_privileges());
	if (call->filter.bytes)
		child_require(REPORT_FD, CHILD_STEP_HANDLER, child_report_traps(REPORT_FD));
	child_require(REPORT_FD, CHILD_STEP_CONFINE, confine(call));
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
	void *memory =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
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

/* What has come from the child so far. */
struct reception {
	struct report report;
	char *output;
	size_t capacity, got; /* `got` counts the report's bytes too */
	bool too_much;
};

enum stream_state { STREAM_MORE, STREAM_WAIT, STREAM_END };

/* One read. What comes after the room for the output is full is not kept; one byte of it is enough to know. */
static enum stream_state receive(struct reception *reception, int fd)
{
	size_t head = sizeof(reception->report), room = 1;
	char surplus, *at = &surplus;

	assert(!reception->too_much && reception->got <= head + reception->capacity);
	if (reception->got < head) {
		at = (char *)&reception->report + reception->got;
		room = head - reception->got;
	} else if (reception->got - head < reception->capacity) {
		at = reception->output + (reception->got - head);
		room = reception->capacity - (reception->got - head);
	}
	ssize_t count = read(fd, at, room);
	if (count < 0)
		return errno == EINTR ? STREAM_MORE : errno == EAGAIN ? STREAM_WAIT : STREAM_END;
	reception->got += (size_t)count;
	reception->too_much = at == &surplus && count > 0;
	return count > 0 && !reception->too_much ? STREAM_MORE : STREAM_END;
}

/* Reads until the child has ended, its time is over (true), or it wrote too much (true). */
static bool listen_until_end(const struct call *call, const struct process *process,
                             struct reception *reception)
{
	struct deadline deadline = deadline_in(call->options.deadline_ms);
	struct pollfd stream = {.fd = call->pipe[0], .events = POLLIN};

	for (;;) {
		enum process_event event = process_wait(process, &stream, 1, &deadline);
		if (event == PROCESS_LATE)
			return true;
		enum stream_state state = stream.fd < 0 ? STREAM_END : receive(reception, stream.fd);
		if (reception->too_much)
			return true;
		if (state == STREAM_END)
			stream.fd = -1; /* from here on wait for the process alone */
		if (event == PROCESS_ENDED && state != STREAM_MORE)
			return false;
	}
}

static bool is_whole(const struct reception *reception)
{
	const struct report *report = &reception->report;
	uint64_t follows = report->kind == REPORT_VALUE ? report->size : 0;

	return reception->got >= sizeof(*report) && report->magic == REPORT_MAGIC &&
	       reception->got - sizeof(*report) == follows && !reception->too_much;
}

static void judge(const struct reception *reception, int status, bool late, const struct exit_limits *limits,
                  struct callgate_exit_reason *reason)
{
	const struct report *report = &reception->report;
	bool whole = is_whole(reception);

	if (reception->too_much)
		exit_reason_set(reason, CALLGATE_EXIT_MALFORMED, "wrote more than an answer of %zu bytes",
		                limits->output_capacity);
	else if (late)
		exit_reason_deadline(reason, limits);
	else if (whole && report->kind == REPORT_FORBIDDEN)
		exit_reason_forbidden(reason, report->detail, report->arch);
	else if (status != 0)
		exit_reason_status(reason, status, limits);
	else if (whole && report->kind == REPORT_VALUE)
		exit_reason_value(reason, report->value, (size_t)report->size);
	else if (whole && report->kind == REPORT_TOO_LARGE)
		exit_reason_too_large(reason, report->size, limits);
	else if (reception->got == 0)
		exit_reason_status(reason, status, limits);
	else
		exit_reason_set(reason, CALLGATE_EXIT_MALFORMED, "wrote %zu bytes that are not an answer",
		                reception->got);
}

static int finish(const struct reception *reception, int status, bool late, const struct call *call,
                  struct callgate_exit_reason *ret_reason)
{
	struct exit_limits limits = {.mode1 = !call->filter.bytes,
	                             .deadline_ms = call->options.deadline_ms,
	                             .cpu_seconds = call->options.cpu_seconds,
	                             .output_capacity = call->job.output_capacity};
	const struct report *report = &reception->report;

	if (is_whole(reception) && report->kind == REPORT_FAILED && report->value > 0 && report->value < 4096)
		return refuse(-(int)report->value, "strict call: %s: %s",
		              child_step_name((enum child_step)report->detail),
		              child_error_text((int)report->value));
	judge(reception, status, late, &limits, ret_reason);
	if (ret_reason->kind == CALLGATE_EXIT_VALUE)
		return 0;
	return refuse(-EPIPE, "strict call: %s", ret_reason->text);
}

static int run(struct call *call, char *output, struct callgate_exit_reason *ret_reason)
{
	struct process process;
	struct reception reception = {.output = output, .capacity = call->job.output_capacity};

	assert(call->memory && call->stack_end < call->memory_size);
	if (pipe2(call->pipe, O_CLOEXEC) < 0)
		return refuse(-errno, "strict call: pipe: %s", strerror(errno));
	fcntl(call->pipe[0], F_SETFL, O_NONBLOCK);
	int result = process_clone(child, call->memory + call->stack_end, call, &process);
	close(call->pipe[1]);
	if (result < 0) {
		refuse(result, "strict call: clone: %s", strerror(-result));
	} else {
		bool late = listen_until_end(call, &process, &reception);
		struct deadline soon = deadline_in(PROCESS_GRACE_MS);
		int status = late ? process_kill(&process) : process_collect(&process, &soon, NULL);
		result = finish(&reception, status, late, call, ret_reason);
	}
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
		return refuse(-EINVAL,
		              "strict call: strict mode can't be widened: use CALLGATE_STRICT_FILTER");
	if (options->stream < 0)
		return refuse(-EINVAL, "strict call: the stream is descriptor %d", options->stream);
	if (!options->arena_size)
		call->options.arena_size = default_arena;
	if (!options->stack_size)
		call->options.stack_size = default_stack;
	if (!options->deadline_ms)
		call->options.deadline_ms = DEFAULT_DEADLINE_MS;
	return 0;
}

static int take_filter(struct call *call)
{
	if (call->options.confinement == CALLGATE_STRICT_MODE)
		return 0;
	if (call->options.program)
		return confinement_borrow(call->options.program, &call->filter);
	return confinement_strict(call->options.allow, &call->filter);
}

int callgate_strict_call(callgate_strict_function *function, const void *input, size_t input_size,
                         void *output, size_t capacity, const struct callgate_strict_options *options,
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
