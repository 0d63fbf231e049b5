#include <callgate/plugin.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "sandbox/exit_reason.h"
#include "sandbox/plugin_process.h"

/* `plan` is fixed; everything else belongs to the holder of the lock. */
struct callgate_plugin {
	struct plugin_plan plan;
	pthread_mutex_t lock;
	struct plugin_process process;
	struct callgate_exit_reason reason; /* of the last process; NONE while one is there */
};

int callgate_plugin_open(const char *path, const struct callgate_plugin_options *options,
                         struct callgate_exit_reason *ret_reason, struct callgate_plugin **ret_plugin)
{
	struct callgate_exit_reason unwanted;

	if (!ret_reason)
		ret_reason = &unwanted;
	*ret_reason = (struct callgate_exit_reason){.kind = CALLGATE_EXIT_NONE};
	if (!path || !ret_plugin)
		return refuse(-EINVAL, "plugin: the %s is NULL", path ? "place for the plugin" : "path");
	struct callgate_plugin *plugin = calloc(1, sizeof(*plugin));
	if (!plugin)
		return refuse(-ENOMEM, "plugin: out of memory");
	pthread_mutex_init(&plugin->lock, NULL);
	if (options)
		plugin->plan.options = *options;
	int result = plugin_plan_make(&plugin->plan, path);
	if (result == 0)
		result = plugin_process_start(&plugin->plan, &plugin->process, &plugin->reason);
	*ret_reason = plugin->reason;
	if (result == 0)
		*ret_plugin = plugin;
	else
		callgate_plugin_close(plugin);
	return result;
}

static int call(struct callgate_plugin *plugin, const void *request, size_t size, void *response, size_t capacity,
                struct callgate_exit_reason *ret_reason)
{
	*ret_reason = plugin->reason;
	if (!plugin->process.process.pid)
		return refuse(-EPIPE, "plugin %s is gone (%s): callgate_plugin_restart() starts it again",
		              plugin->plan.path, plugin->reason.text);
	if (capacity > plugin->plan.options.response_limit)
		capacity = plugin->plan.options.response_limit;
	int result =
	    plugin_process_call(&plugin->plan, &plugin->process, request, size, response, capacity, ret_reason);
	if (result == -EPIPE)
		plugin->reason = *ret_reason;
	return result;
}

int callgate_plugin_call(struct callgate_plugin *plugin, const void *request, size_t size, void *response,
                         size_t capacity, struct callgate_exit_reason *ret_reason)
{
	struct callgate_exit_reason unwanted;

	if (!ret_reason)
		ret_reason = &unwanted;
	*ret_reason = (struct callgate_exit_reason){.kind = CALLGATE_EXIT_NONE};
	if (!plugin || (!request && size) || (!response && capacity))
		return refuse(-EINVAL, "plugin: the %s is NULL",
		              !plugin            ? "plugin"
		              : !request && size ? "request"
		                                 : "response");
	if (size > plugin->plan.options.request_limit)
		return refuse(-EINVAL, "plugin %s: a request of %zu bytes; the limit is %zu", plugin->plan.path, size,
		              plugin->plan.options.request_limit);
	pthread_mutex_lock(&plugin->lock);
	int result = call(plugin, request, size, response, capacity, ret_reason);
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

int callgate_plugin_restart(struct callgate_plugin *plugin, struct callgate_exit_reason *ret_reason)
{
	if (!plugin)
		return refuse(-EINVAL, "plugin: the plugin is NULL");
	pthread_mutex_lock(&plugin->lock);
	plugin_process_stop(&plugin->plan, &plugin->process);
	int result = plugin_process_start(&plugin->plan, &plugin->process, &plugin->reason);
	if (ret_reason)
		*ret_reason = plugin->reason;
	pthread_mutex_unlock(&plugin->lock);
	return result;
}

void callgate_plugin_close(struct callgate_plugin *plugin)
{
	if (!plugin)
		return;
	plugin_process_stop(&plugin->plan, &plugin->process);
	pthread_mutex_destroy(&plugin->lock);
	plugin_plan_finish(&plugin->plan);
	free(plugin);
}
