#include <callgate/plugin.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/helper.h"
#include "sandbox/plugin_filter.h"
#include "sandbox/plugin_process.h"
#include "sandbox/refuse.h"

/* `plan` is fixed; everything else belongs to the holder of the lock. */
struct callgate_plugin {
	struct plugin_plan plan;
	pthread_mutex_t lock;
	struct plugin_process process;
	struct callgate_ending ending; /* of the last process; NONE while one is there */
};

enum { DEFAULT_DEADLINE_MS = 10000 };
static const size_t default_size = 16 << 20, default_memory = 64 << 20, largest_size = SIZE_MAX / 64;

static void default_to(size_t *size, size_t usual)
{
	if (!*size)
		*size = usual;
}

static int take_options(struct callgate_plugin_options *options)
{
	if (options->confinement != CALLGATE_PLUGIN_FILTER && options->confinement != CALLGATE_PLUGIN_STRICT)
		return refuse(-EINVAL, "plugin: unknown confinement %d", (int)options->confinement);
	if (options->confinement == CALLGATE_PLUGIN_STRICT &&
	    (options->allow || options->allow_calls || options->allow_stderr || options->library_dirs))
		return refuse(-EINVAL, "plugin: strict mode can't be widened: use CALLGATE_PLUGIN_FILTER");
	default_to(&options->request_limit, default_size);
	default_to(&options->response_limit, default_size);
	default_to(&options->arena_size, default_size);
	default_to(&options->memory, default_memory);
	if (options->request_limit > largest_size || options->response_limit > largest_size ||
	    options->arena_size > largest_size)
		return refuse(-EINVAL, "plugin: a limit of more than %zu bytes", largest_size);
	if (!options->load_deadline_ms)
		options->load_deadline_ms = DEFAULT_DEADLINE_MS;
	if (!options->call_deadline_ms)
		options->call_deadline_ms = DEFAULT_DEADLINE_MS;
	return 0;
}

static int make_plan(struct plugin_plan *plan, const char *path)
{
	int result = take_options(&plan->options);

	if (result < 0)
		return result;
	plan->path = realpath(path, NULL);
	if (!plan->path)
		return refuse(-errno, "plugin %s: %s", path, strerror(errno));
	result = helper_find(plan->options.helper, &plan->helper);
	if (result == 0 && plan->options.confinement == CALLGATE_PLUGIN_FILTER)
		result = plugin_filters_make(&plan->options, &plan->filters);
	if (result == 0 && plan->options.confinement == CALLGATE_PLUGIN_FILTER &&
	    !plugin_filters_free_files(&plan->options))
		result = plugin_files_make(plan->path, plan->options.library_dirs, &plan->files);
	/* What the pointers lead to belongs to the caller, and has been used. */
	plan->options.helper = NULL;
	plan->options.allow_calls = NULL;
	plan->options.library_dirs = NULL;
	return result;
}

static int start(struct callgate_plugin *plugin)
{
	return plugin_process_start(&plugin->plan, &plugin->process, &plugin->ending);
}

int callgate_plugin_open(const char *path, const struct callgate_plugin_options *options,
                         struct callgate_ending *ret_ending, struct callgate_plugin **ret_plugin)
{
	struct callgate_ending unwanted;

	if (!ret_ending)
		ret_ending = &unwanted;
	*ret_ending = (struct callgate_ending){.end = CALLGATE_END_NONE};
	if (!path || !ret_plugin)
		return refuse(-EINVAL, "plugin: the %s is NULL", path ? "place for the plugin" : "path");
	struct callgate_plugin *plugin = calloc(1, sizeof(*plugin));
	if (!plugin)
		return refuse(-ENOMEM, "plugin: out of memory");
	pthread_mutex_init(&plugin->lock, NULL);
	if (options)
		plugin->plan.options = *options;
	int result = make_plan(&plugin->plan, path);
	if (result == 0)
		result = start(plugin);
	*ret_ending = plugin->ending;
	if (result == 0)
		*ret_plugin = plugin;
	else
		callgate_plugin_close(plugin);
	return result;
}

static int call(struct callgate_plugin *plugin, const void *request, size_t size, void *response,
                size_t capacity, struct callgate_ending *ret_ending)
{
	*ret_ending = plugin->ending;
	if (!plugin->process.process.pid)
		return refuse(-EPIPE, "plugin %s is gone (%s): callgate_plugin_restart() starts it again",
		              plugin->plan.path, plugin->ending.text);
	if (capacity > plugin->plan.options.response_limit)
		capacity = plugin->plan.options.response_limit;
	int result = plugin_process_call(&plugin->plan, &plugin->process, request, size, response, capacity,
	                                 ret_ending);
	if (result == -EPIPE)
		plugin->ending = *ret_ending;
	return result;
}

int callgate_plugin_call(struct callgate_plugin *plugin, const void *request, size_t size, void *response,
                         size_t capacity, struct callgate_ending *ret_ending)
{
	struct callgate_ending unwanted;

	if (!ret_ending)
		ret_ending = &unwanted;
	*ret_ending = (struct callgate_ending){.end = CALLGATE_END_NONE};
	if (!plugin || (!request && size) || (!response && capacity))
		return refuse(-EINVAL, "plugin: the %s is NULL",
		              !plugin            ? "plugin"
		              : !request && size ? "request"
		                                 : "response");
	if (size > plugin->plan.options.request_limit)
		return refuse(-EINVAL, "plugin %s: a request of %zu bytes; the limit is %zu",
		              plugin->plan.path, size, plugin->plan.options.request_limit);
	pthread_mutex_lock(&plugin->lock);
	int result = call(plugin, request, size, response, capacity, ret_ending);
	pthread_mutex_unlock(&plugin->lock);
	return result;
}

bool callgate_plugin_alive(struct callgate_plugin *plugin)
{
	if (!plugin)
		return false;
	pthread_mutex_lock(&plugin->lock);
	bool alive = plugin->process.process.pid != 0;
	pthread_mutex_unlock(&plugin->lock);
	return alive;
}

int callgate_plugin_restart(struct callgate_plugin *plugin, struct callgate_ending *ret_ending)
{
	if (!plugin)
		return refuse(-EINVAL, "plugin: the plugin is NULL");
	pthread_mutex_lock(&plugin->lock);
	plugin_process_stop(&plugin->process);
	int result = start(plugin);
	if (ret_ending)
		*ret_ending = plugin->ending;
	pthread_mutex_unlock(&plugin->lock);
	return result;
}

void callgate_plugin_close(struct callgate_plugin *plugin)
{
	if (!plugin)
		return;
	plugin_process_stop(&plugin->process);
	pthread_mutex_destroy(&plugin->lock);
	plugin_filters_finish(&plugin->plan.filters);
	plugin_files_finish(&plugin->plan.files);
	free(plugin->plan.path);
	free(plugin->plan.helper);
	free(plugin);
}
