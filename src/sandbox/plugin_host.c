/*
 * callgate-plugin-host: the process around one plugin. It trusts the program that started it and nothing that it loads.
 *
 * Until dlopen() everything here is alone in its process. From the plugin's first instruction on (an IFUNC resolver or a
 * constructor) this code and its memory are as trustworthy as the plugin, which shares them; the filters are what holds.
 */
#include "sandbox/plugin_host.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <callgate/plugin_side.h>

#include "base/confine.h"
#include "base/raw.h"
#include "process/child.h"

typedef int64_t serve_function(struct callgate_plugin_job *job);

/* Mapped before the limits are set. `reply` is the report and the response right after it, for one write. */
struct buffers {
	char *request, *reply, *arena;
};

static void require(enum child_step step, int result)
{
	child_require(PLUGIN_RESPONSE_FD, step, result);
}

static void report_refusal(const char *reason)
{
	size_t length = strlen(reason);

	child_report(PLUGIN_RESPONSE_FD, (struct report){.kind = REPORT_REFUSED, .size = length});
	raw_write(PLUGIN_RESPONSE_FD, reason, length);
	raw_exit(1);
}

static void *map(uint64_t size)
{
	size_t bytes = (size_t)size;
	void *at = bytes != size ? MAP_FAILED
	                         : mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	require(CHILD_STEP_LIMITS, at != MAP_FAILED ? 0 : bytes != size ? -ENOMEM : -errno);
	return at;
}

/* What comes after the setup, each part without a byte between. */
struct payload {
	const char *path, *files, *loading, *serving, *supervising;
};

static size_t payload_size(const struct setup *setup)
{
	return (size_t)setup->path_size + setup->files_size + setup->loading_size + setup->serving_size +
	       setup->supervising_size;
}

static struct payload receive_payload(const struct setup *setup)
{
	size_t size = payload_size(setup);
	const char *at = map(size);
	struct payload payload = {.path = at};

	if (raw_read(PLUGIN_REQUEST_FD, (void *)(uintptr_t)at, size) != (long)size)
		raw_exit(2);
	payload.files = at += setup->path_size;
	payload.loading = at += setup->files_size;
	payload.serving = at += setup->loading_size;
	payload.supervising = at + setup->serving_size;
	assert(payload.supervising + setup->supervising_size == payload.path + size);
	return payload;
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

/* Before the loading filter, under which none of this can be done. */
static void limit_files(const struct setup *setup, const struct payload *payload)
{
	struct file_limit limit = {.names = payload->files,
	                           .names_size = setup->files_size,
	                           .filter = payload->supervising,
	                           .filter_size = setup->supervising_size};
	struct file_limit_failure failure;
	enum file_limit_means means =
	    setup->files_size ? file_limit_set(&limit, PLUGIN_RESPONSE_FD, &failure) : FILE_LIMIT_LANDLOCK;

	if (means == FILE_LIMIT_NONE) {
		child_report(PLUGIN_RESPONSE_FD, (struct report){.kind = REPORT_NO_LIMIT,
		                                                 .value = failure.landlock,
		                                                 .detail = failure.listener});
		raw_exit(1);
	}
	/* A host that opens files in place of this process reads their names in its memory. */
	if (means != FILE_LIMIT_LISTENER)
		hide_memory();
}

static serve_function *load(const char *path)
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!plugin)
		report_refusal(dlerror());
	serve_function *serve = (serve_function *)dlsym(plugin, "callgate_plugin_serve");
	if (!serve)
		report_refusal("it has no function callgate_plugin_serve()");
	return serve;
}

static serve_function *load_confined(const struct setup *setup, const struct payload *payload)
{
	serve_function *serve;

	require(CHILD_STEP_PRIVILEGES, confine_no_new_privileges());
	if (!setup->loading_size) {
		hide_memory();
		serve = load(payload->path);
		require(CHILD_STEP_CONFINE, confine_strictly());
		return serve;
	}
	limit_files(setup, payload);
	require(CHILD_STEP_HANDLER, child_report_traps(PLUGIN_RESPONSE_FD));
	require(CHILD_STEP_CONFINE, child_load_filter(payload->loading, setup->loading_size));
	serve = load(payload->path);
	hide_memory();
	require(CHILD_STEP_CONFINE, child_load_filter(payload->serving, setup->serving_size));
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
	/* Neither this process nor the plugin's keeps open what the host closes. */
	require(CHILD_STEP_FDS, child_close_from(PLUGIN_HOST_PIDFD + 1));
	require(CHILD_STEP_PROCESS, watcher_start(&setup));
	struct payload payload = receive_payload(&setup);
	prepare(&setup, &buffers);
	serve_function *serve = load_confined(&setup, &payload);
	child_report(PLUGIN_RESPONSE_FD, (struct report){.kind = REPORT_READY});
	for (;;)
		answer(receive(&setup, buffers.request), &setup, serve, &buffers);
}
