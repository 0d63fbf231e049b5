/*
 * callgate-plugin-host: the process around one plugin. It trusts the program that started it and nothing that it loads.
 *
 * Until dlopen() everything here is alone in its process. From the plugin's first instruction on (an IFUNC resolver or
 * a constructor) this code and its memory are as trustworthy as the plugin, which shares them; the filters are what
 * holds.
 */
#include "sandbox/plugin_host.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <callgate/plugin_side.h>

#include "base/confine.h"
#include "base/raw.h"
#include "process/child.h"

static void require(enum child_step step, int result)
{
	child_require(PLUGIN_RESPONSE_FD, step, result);
}

/* ---- the watcher ---- */

/* Where there is no pidfd, this often the host is looked for. */
enum { LOOK_NS = 100000000 };
/*
 * So long a killed plugin may take to end. After that this process ends, and the kernel kills the plugin for it:
 * PR_SET_PDEATHSIG.
 */
enum { KILLED_NS = 500000000 };

static volatile sig_atomic_t is_asked_to_end;

static void on_signal(int number)
{
	if (number == SIGTERM)
		is_asked_to_end = 1;
}

/*
 * A process that watches others: it kills them when the host has ended, has closed its end of the socket, as an exec
 * does, or asks for it by SIGTERM. They die with it.
 *
 * A process can't be trusted to watch itself: it may block a signal that reports the host's end, and a descriptor that
 * shows it lives on in a copy of the host.
 */
struct watcher {
	pid_t itself, host;
	sigset_t awake; /* signals come while ppoll() waits, and at no other time */
	struct pollfd sources[3];
	const struct file_limit *limit;
};
enum { HOST, SOCKET, OPENING, SOURCES };

/*
 * A descriptor that is ready when the host has closed its end of the socket. It does not keep the plugin's end open, so
 * that the host sees what becomes of that. Or -errno.
 */
static int watch_socket(void)
{
	struct epoll_event hangup = {.events = EPOLLRDHUP};
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0 || (fd > STDERR_FILENO && epoll_ctl(fd, EPOLL_CTL_ADD, PLUGIN_REQUEST_FD, &hangup) < 0))
		return -errno;
	/* The lowest numbers are taken, and what is there can't be added again: else this is somebody's pretence. */
	return fd > STDERR_FILENO && epoll_ctl(fd, EPOLL_CTL_ADD, PLUGIN_REQUEST_FD, &hangup) < 0 ? fd : CONFINE_FAKED;
}

static int begin_watching(const struct setup *setup, const struct file_limit *limit, struct watcher *ret_watcher)
{
	struct sigaction action = {.sa_handler = on_signal};
	bool has_pidfd = fcntl(PLUGIN_HOST_PIDFD, F_GETFD) >= 0;
	int socket = watch_socket();
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGCHLD, &action, NULL);
	sigdelset(&all, SIGTERM);
	sigdelset(&all, SIGCHLD);
	*ret_watcher = (struct watcher){.itself = getpid(),
	                                .host = setup->host,
	                                .awake = all,
	                                .sources = {{.fd = has_pidfd ? PLUGIN_HOST_PIDFD : -1, .events = POLLIN},
	                                            {.fd = socket, .events = POLLIN},
	                                            {.fd = -1, .events = POLLIN}},
	                                .limit = limit};
	if (socket < 0)
		return socket;
	return setup->die_with_thread ? child_end_with_parent(SIGTERM) : 0;
}

/* As fork(); in the new process all signals are still blocked. */
static pid_t make_process(const struct watcher *watcher)
{
	pid_t pid = fork();

	if (pid != 0) {
		require(CHILD_STEP_PROCESS, pid < 0 ? -errno : 0);
		return pid;
	}
	require(CHILD_STEP_PROCESS, getpid() == watcher->itself ? CONFINE_FAKED : child_end_with_parent(SIGKILL));
	if (getppid() != watcher->itself)
		raw_exit(1);
	return 0;
}

/* Collects other processes too: those who opened a file. */
static bool collect(pid_t child, siginfo_t *ret_end)
{
	do
		*ret_end = (siginfo_t){0};
	while (waitid(P_ALL, 0, ret_end, WEXITED | WNOHANG) == 0 && ret_end->si_pid && ret_end->si_pid != child);
	return ret_end->si_pid == child;
}

/* How the child ended. */
static siginfo_t watch(struct watcher *watcher, pid_t child)
{
	const struct timespec look = {.tv_nsec = LOOK_NS}, killed = {.tv_nsec = KILLED_NS};
	struct pollfd *sources = watcher->sources;
	bool has_pidfd = sources[HOST].fd >= 0, is_killed = false;
	siginfo_t end;

	for (int ready = 0; !collect(child, &end);) {
		bool is_over = is_asked_to_end || (!has_pidfd && getppid() != watcher->host) ||
		               (ready > 0 && (sources[HOST].revents || sources[SOCKET].revents));
		if (is_over && !is_killed) {
			kill(child, SIGKILL);
			is_killed = true;
			for (int i = 0; i < SOURCES; i++)
				sources[i].fd = -1;
		} else if (ready > 0 && (sources[OPENING].revents & POLLIN)) {
			file_limit_answer(watcher->limit);
		}
		const struct timespec *wait = is_killed ? &killed : has_pidfd ? NULL : &look;
		ready = ppoll(sources, SOURCES, wait, &watcher->awake);
		if (ready == 0 && is_killed)
			_exit(128 + SIGKILL);
	}
	return end;
}

/* ---- the plugin's messages ---- */

/* So long after the plugin's end its last messages may take. */
enum { MESSAGES_NS = 200000000 };

/* What the host's standard error does not take is lost. */
static void pass_on(const char *text, size_t size)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

	while (size > 0) {
		ssize_t count = write(STDERR_FILENO, text, size);
		if (count < 0 && errno == EAGAIN && poll(&out, 1, -1) > 0)
			continue;
		if (count <= 0)
			return;
		text += count;
		size -= (size_t)count;
	}
}

static _Noreturn void pass_messages(void)
{
	char text[4096];
	ssize_t count;

	while ((count = read(PLUGIN_REQUEST_FD, text, sizeof(text))) > 0)
		pass_on(text, (size_t)count);
	raw_exit(0);
}

/* Does the plugin's standard error now lead to the socket? An older filter may fake that it does. */
static int check_stderr(int socket)
{
	struct stat wanted, found;

	return fstat(socket, &wanted) == 0 && fstat(STDERR_FILENO, &found) == 0 && S_ISSOCK(found.st_mode) &&
	               found.st_ino == wanted.st_ino
	           ? 0
	           : CONFINE_FAKED;
}

/*
 * Makes this process's standard error, and so the plugin's, a socket, from which a process of its own passes on to the
 * host's what the plugin writes. The host's own descriptor would be more than a place to write to: a pipe, file or
 * terminal is opened anew through /proc/self/fd, to be read, and a socket isn't. That process may wait for the host's
 * standard error as long as it takes.
 */
static pid_t start_messages(const struct watcher *watcher)
{
	int ends[] = {-1, -1};

	require(CHILD_STEP_FDS, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? -errno
	                        : ends[0] > STDERR_FILENO                                    ? 0
	                                                                                     : CONFINE_FAKED);
	pid_t pid = make_process(watcher);
	if (pid == 0) {
		if (dup2(ends[0], PLUGIN_REQUEST_FD) == PLUGIN_REQUEST_FD &&
		    child_close_from(PLUGIN_REQUEST_FD + 1) == 0)
			pass_messages();
		raw_exit(1);
	}
	require(CHILD_STEP_FDS, dup2(ends[1], STDERR_FILENO) < 0 ? -errno : check_stderr(ends[1]));
	close(ends[0]);
	close(ends[1]);
	return pid;
}

/* Of a plugin that has ended. `messages` may have been collected already. */
static void finish_messages(const struct watcher *watcher, pid_t messages)
{
	const struct timespec wait = {.tv_nsec = MESSAGES_NS};
	siginfo_t end = {0};

	while (waitid(P_PID, (id_t)messages, &end, WEXITED | WNOHANG) == 0 && end.si_pid == 0)
		if (ppoll(NULL, 0, &wait, &watcher->awake) == 0)
			return;
}

/* The host sees this end, and takes it for the plugin's. */
static _Noreturn void end_as(const siginfo_t *plugin)
{
	const struct rlimit no_core = {0, 0};
	sigset_t none;

	assert(plugin->si_code == CLD_EXITED || plugin->si_code == CLD_KILLED || plugin->si_code == CLD_DUMPED);
	if (plugin->si_code == CLD_EXITED)
		_exit(plugin->si_status);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(plugin->si_status, SIG_DFL);
	raise(plugin->si_status);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(128 + plugin->si_status);
}

/*
 * This process becomes the watcher, and never returns but in the plugin's process; it ends as the plugin does, by the
 * same status or signal.
 */
static void start_plugin(const struct setup *setup, struct file_limit *limit)
{
	struct watcher watcher;
	siginfo_t end;
	pid_t child, messages = 0;

	require(CHILD_STEP_PROCESS, begin_watching(setup, limit, &watcher));
	if (setup->allow_stderr)
		messages = start_messages(&watcher);
	/* Whether Landlock limits anything is found out in a process that then ends, as a limit can't be taken back. */
	if (limit->names_size && (child = make_process(&watcher)) == 0)
		raw_exit(-file_limit_by_landlock(limit));
	if (limit->names_size) {
		end = watch(&watcher, child);
		if (end.si_code != CLD_EXITED)
			end_as(&end); /* as it was killed, which is for good */
		limit->landlock_error = end.si_status;
	}
	if (limit->landlock_error)
		file_limit_by_listener(limit);
	watcher.sources[OPENING].fd = limit->listener;
	if ((child = make_process(&watcher)) == 0)
		return;
	close(PLUGIN_REQUEST_FD);
	close(PLUGIN_RESPONSE_FD);
	/* Else the messages would have no end. */
	if (messages)
		dup2(STDOUT_FILENO, STDERR_FILENO);
	end = watch(&watcher, child);
	if (messages)
		finish_messages(&watcher, messages);
	end_as(&end);
}

/* ---- the plugin's process ---- */

typedef int64_t serve_function(struct callgate_plugin_job *job);

/* Mapped before the limits are set. `reply` is the report and the response right after it, for one write. */
struct buffers {
	char *request, *reply, *arena;
};

static void *map(uint64_t size)
{
	size_t bytes = (size_t)size;
	void *at = bytes != size
	               ? MAP_FAILED
	               : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	require(CHILD_STEP_LIMITS, at != MAP_FAILED ? 0 : bytes != size ? -ENOMEM : -errno);
	return at;
}

/* Each part comes without a byte between. */
static void receive_parts(const struct setup *setup, struct iovec ret_parts[SETUP_PARTS])
{
	size_t size = 0;

	for (int i = 0; i < SETUP_PARTS; i++)
		size += setup->sizes[i];
	char *at = map(size);
	if (raw_read(PLUGIN_REQUEST_FD, at, size) != (long)size)
		raw_exit(2);
	for (int i = 0; i < SETUP_PARTS; at += setup->sizes[i++])
		ret_parts[i] = (struct iovec){at, setup->sizes[i]};
}

static void prepare(const struct setup *setup, struct buffers *buffers)
{
	struct child_limits limits = {
	    .cpu_seconds = setup->cpu_seconds, .memory = setup->memory, .fds = PLUGIN_FD_LIMIT};

	require(CHILD_STEP_FDS, child_close_from(PLUGIN_OWN_FD));
	child_reset_signals();
	buffers->request = map(sizeof(struct request) + setup->request_limit);
	buffers->reply = map(sizeof(struct report) + setup->response_limit);
	buffers->arena = map(setup->arena_size);
	require(CHILD_STEP_LIMITS, child_limit(&limits));
}

static void hide_memory(void)
{
	require(CHILD_STEP_PRIVILEGES, child_hide_memory());
}

static serve_function *load(const char *path)
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	serve_function *serve = plugin ? (serve_function *)dlsym(plugin, "callgate_plugin_serve") : NULL;

	if (!serve) {
		const char *words = plugin ? "it has no function callgate_plugin_serve()" : dlerror();
		child_report(PLUGIN_RESPONSE_FD, (struct report){.kind = REPORT_REFUSED, .size = strlen(words)});
		raw_write(PLUGIN_RESPONSE_FD, words, strlen(words));
		raw_exit(1);
	}
	return serve;
}

static void load_filter(const struct iovec *filter)
{
	require(CHILD_STEP_CONFINE, child_load_filter(filter->iov_base, filter->iov_len));
}

static serve_function *load_confined(const struct iovec parts[SETUP_PARTS], struct file_limit *limit)
{
	const char *path = parts[SETUP_PATH].iov_base;
	serve_function *serve;

	if (!parts[SETUP_LOADING].iov_len) {
		hide_memory();
		serve = load(path);
		require(CHILD_STEP_CONFINE, confine_strictly());
		return serve;
	}
	if (file_limit_set(limit) < 0) {
		child_report(PLUGIN_RESPONSE_FD, (struct report){.kind = REPORT_NO_LIMIT,
		                                                 .value = limit->landlock_error,
		                                                 .detail = limit->listener_error});
		raw_exit(1);
	}
	/* Who opens files in place of this process reads their names in its memory. */
	if (limit->landlock_error == 0)
		hide_memory();
	require(CHILD_STEP_HANDLER, child_report_traps(PLUGIN_RESPONSE_FD));
	load_filter(&parts[SETUP_LOADING]);
	serve = load(path);
	hide_memory();
	load_filter(&parts[SETUP_SERVING]);
	return serve;
}

/* One request with its bytes, mostly in one read: there is never a second one before the answer to the first. */
static const struct request *receive(const struct setup *setup, char *buffer)
{
	const struct request *request = (const struct request *)buffer;
	uint64_t room = sizeof(*request) + setup->request_limit, got = 0, wanted = sizeof(*request);

	while (got < wanted) {
		ssize_t count = read(PLUGIN_REQUEST_FD, buffer + got, (size_t)(room - got));
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			raw_exit(0);
		got += (size_t)count;
		if (got >= sizeof(*request))
			wanted = sizeof(*request) + request->size;
		if (wanted > room)
			raw_exit(2);
	}
	return request;
}

static void answer(const struct request *request, const struct setup *setup, serve_function *serve,
                   const struct buffers *buffers)
{
	struct callgate_plugin_job job = {
	    .request = request + 1,
	    .request_size = (size_t)request->size,
	    .response = buffers->reply + sizeof(struct report),
	    .response_capacity = (size_t)request->capacity,
	    .arena = buffers->arena,
	    .arena_size = (size_t)setup->arena_size,
	};
	struct report report = {.magic = REPORT_MAGIC, .sequence = request->sequence};

	report.value = serve(&job);
	report.size = job.response_size;
	report.kind = job.response_size <= request->capacity ? REPORT_VALUE : REPORT_TOO_LARGE;
	memcpy(buffers->reply, &report, sizeof(report));
	raw_write(PLUGIN_RESPONSE_FD, buffers->reply,
	          sizeof(report) + (report.kind == REPORT_VALUE ? job.response_size : 0));
}

int main(void)
{
	struct setup setup;
	struct iovec parts[SETUP_PARTS];
	struct buffers buffers;

	if (raw_read(PLUGIN_REQUEST_FD, &setup, sizeof(setup)) != sizeof(setup) || setup.magic != SETUP_MAGIC) {
		static const char usage[] =
		    "callgate-plugin-host: started by callgate_plugin_open(), of no use by hand\n";
		raw_write(STDERR_FILENO, usage, sizeof(usage) - 1);
		return 2;
	}
	/* Neither this process nor the plugin's keeps open what the host closes. */
	require(CHILD_STEP_FDS, child_close_from(PLUGIN_HOST_PIDFD + 1));
	receive_parts(&setup, parts);
	struct file_limit limit = {.names = parts[SETUP_FILES].iov_base,
	                           .names_size = parts[SETUP_FILES].iov_len,
	                           .filter = parts[SETUP_SUPERVISING],
	                           .listener = -1};
	require(CHILD_STEP_PRIVILEGES, confine_no_new_privileges());
	start_plugin(&setup, &limit);
	prepare(&setup, &buffers);
	serve_function *serve = load_confined(parts, &limit);
	child_report(PLUGIN_RESPONSE_FD, (struct report){.kind = REPORT_READY});
	for (;;)
		answer(receive(&setup, buffers.request), &setup, serve, &buffers);
}
