/*
 * callgate-plugin-host: the process around one plugin. It trusts the program that started it and nothing that it loads.
 *
 * Until dlopen() everything here is alone in its process. From the plugin's first instruction on (an IFUNC resolver or a
 * constructor) this code and its memory are as trustworthy as the plugin, which shares them; the filters are what holds.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <callgate/plugin_side.h>

#include "base/confine.h"
#include "sandbox/child.h"
#include "sandbox/raw.h"
#include "sandbox/report.h"
#include "sandbox/setup.h"
#include "sandbox/trap.h"

typedef int64_t serve_function(struct callgate_plugin_job *job);

/* Mapped before the limits are set. `reply` is the report with the response right behind it, for one write. */
struct buffers {
	char *request, *reply, *arena;
};

static void send_report(struct report report)
{
	report.magic = REPORT_MAGIC;
	raw_write(PLUGIN_RESPONSE_FD, &report, sizeof(report));
}

static void give_up(enum child_step step, int result)
{
	if (result == 0)
		return;
	send_report((struct report){.kind = REPORT_FAILED, .value = -result, .detail = (int32_t)step});
	raw_exit(1);
}

static void refuse(const char *reason)
{
	size_t length = strlen(reason);

	send_report((struct report){.kind = REPORT_REFUSED, .size = length});
	raw_write(PLUGIN_RESPONSE_FD, reason, length);
	raw_exit(1);
}

static void *map(uint64_t size)
{
	size_t bytes = (size_t)size;
	void *at = bytes != size ? MAP_FAILED
	                         : mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	give_up(CHILD_STEP_LIMITS, at != MAP_FAILED ? 0 : bytes != size ? -ENOMEM : -errno);
	return at;
}

/*
 * When the other end of the lifeline closes, because the program that holds it is gone, SIGIO ends this process. Unlike
 * PR_SET_PDEATHSIG that does not depend on the thread that started us.
 */
static int tie_to_program(bool to_thread)
{
	struct pollfd lifeline = {.fd = PLUGIN_LIFELINE_FD, .events = POLLIN};

	if (to_thread && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	if (fcntl(PLUGIN_LIFELINE_FD, F_SETOWN, getpid()) < 0 ||
	    fcntl(PLUGIN_LIFELINE_FD, F_SETFL, O_ASYNC) < 0)
		return -errno;
	if (poll(&lifeline, 1, 0) != 0)
		raw_exit(1);
	return 0;
}

static void prepare(const struct setup *setup, struct buffers *buffers)
{
	struct child_limits limits = {.cpu_seconds = setup->cpu_seconds, .memory = setup->memory};

	give_up(CHILD_STEP_FDS, child_close_from(PLUGIN_LIFELINE_FD + 1));
	child_reset_signals();
	give_up(CHILD_STEP_LIMITS, tie_to_program(setup->die_with_thread));
	buffers->request = map(sizeof(struct request) + setup->request_limit);
	buffers->reply = map(sizeof(struct report) + setup->response_limit);
	buffers->arena = map(setup->arena_size);
	give_up(CHILD_STEP_LIMITS, child_limit(&limits));
	give_up(CHILD_STEP_PRIVILEGES, child_give_up_privileges());
}

static serve_function *load(const char *path)
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!plugin)
		refuse(dlerror());
	serve_function *serve = (serve_function *)dlsym(plugin, "callgate_plugin_serve");
	if (!serve)
		refuse("it has no function callgate_plugin_serve()");
	return serve;
}

static serve_function *load_confined(const struct setup *setup, const char *path)
{
	const char *loading = path + setup->path_size, *serving = loading + setup->loading_size;
	serve_function *serve;

	if (!setup->loading_size) {
		serve = load(path);
		give_up(CHILD_STEP_CONFINE, confine_strictly());
		return serve;
	}
	give_up(CHILD_STEP_HANDLER, trap_install(PLUGIN_RESPONSE_FD));
	give_up(CHILD_STEP_CONFINE, child_load_filter(loading, setup->loading_size));
	serve = load(path);
	give_up(CHILD_STEP_CONFINE, child_load_filter(serving, setup->serving_size));
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
	struct buffers buffers;

	if (raw_read(PLUGIN_REQUEST_FD, &setup, sizeof(setup)) != sizeof(setup) ||
	    setup.magic != SETUP_MAGIC) {
		static const char usage[] =
		    "callgate-plugin-host: started by callgate_plugin_open(), of no use by hand\n";
		raw_write(STDERR_FILENO, usage, sizeof(usage) - 1);
		return 2;
	}
	size_t size = (size_t)setup.path_size + setup.loading_size + setup.serving_size;
	char *texts = map(size);
	if (raw_read(PLUGIN_REQUEST_FD, texts, size) != (long)size)
		return 2;
	prepare(&setup, &buffers);
	serve_function *serve = load_confined(&setup, texts);
	send_report((struct report){.kind = REPORT_READY});
	for (;;)
		answer(receive(&setup, buffers.request), &setup, serve, &buffers);
}
