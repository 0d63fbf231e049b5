#include <callgate/plugin.h>

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "sandbox/exit_reason.h"
#include "sandbox/helper_paths.h"
#include "sandbox/plugin_filter.h"
#include "sandbox/plugin_process.h"

/* `plan` is fixed; everything else belongs to the holder of the lock. */
struct callgate_plugin {
	struct plugin_plan plan;
	pthread_mutex_t lock;
	struct plugin_process process;
	struct callgate_exit_reason reason; /* of the last process; NONE while one is there */
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

/* ---- where callgate-plugin-host is ---- */

static int take(const char *path, char **ret_path)
{
	if (access(path, X_OK) < 0)
		return -errno;
	char *copy = strdup(path);
	if (!copy)
		return refuse(-ENOMEM, "out of memory for the helper's path");
	*ret_path = copy;
	return 0;
}

/* A name that somebody chose. No name is looked for in the working directory, whatever that is at the moment. */
static int take_named(const char *path, const char *whose, char **ret_path)
{
	if (path[0] != '/')
		return refuse(-EINVAL, "the plugin helper \"%s\" of %s: the name must be absolute", path,
		              whose);
	int result = take(path, ret_path);
	return result == 0 || result == -ENOMEM
	           ? result
	           : refuse(result, "the plugin helper %s of %s: %s", path, whose, strerror(-result));
}

/* For dl_iterate_phdr(), which begins with the main program: is this code a part of it? */
static int look_at_main_program(struct dl_phdr_info *info, size_t size, void *ret_is_part)
{
	uintptr_t code = (uintptr_t)callgate_plugin_open;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + part->p_vaddr;
		if (part->p_type == PT_LOAD && code >= start && code - start < part->p_memsz)
			*(bool *)ret_is_part = true;
	}
	return 1;
}

/* Of the main program, the dynamic linker only knows what it was called: argv[0], which anybody can set. */
static bool is_in_main_program(void)
{
	bool is_part = false;

	return dl_iterate_phdr(look_at_main_program, &is_part) == 0 || is_part;
}

/* Beside this library, if it is a shared one: in the build's folder, or where an installation that was moved has it. */
static int take_beside_library(char **ret_path)
{
	static const char *const places[] = {"sandbox/callgate-plugin-host", HELPER_FROM_LIBRARY};
	Dl_info info;
	int result = -ENOENT;

	if (!dladdr((void *)(uintptr_t)callgate_plugin_open, &info) || !info.dli_fname ||
	    info.dli_fname[0] != '/' || is_in_main_program())
		return -ENOENT;
	int length = (int)(strrchr(info.dli_fname, '/') - info.dli_fname);
	for (int i = 0; i < 2 && result < 0 && result != -ENOMEM; i++) {
		char *path = NULL;
		if (asprintf(&path, "%.*s/%s", length, info.dli_fname, places[i]) < 0)
			return refuse(-ENOMEM, "out of memory for the helper's path");
		result = take(path, ret_path);
		free(path);
	}
	return result;
}

/*
 * The path, which the caller frees, into *ret_path. In this order: `wanted`, the program's own choice, or NULL; CALLGATE_PLUGIN_HOST in
 * the environment; beside this library, where it is a shared one and known by an absolute name; the place of installation. In a program
 * with raised privileges (set-user-ID, file capabilities) only the first and the last count. Neither the working directory
 * nor the name that the program was called by matters. 0; -EINVAL (a name that isn't absolute); -ENOENT, -EACCES, -ENOMEM, with the
 * thread's diagnosis.
 */
static int find_helper(const char *wanted, char **ret_path)
{
	const char *from_environment = secure_getenv("CALLGATE_PLUGIN_HOST");
	int result = -ENOENT;

	if (wanted)
		return take_named(wanted, "the options", ret_path);
	if (from_environment)
		return take_named(from_environment, "CALLGATE_PLUGIN_HOST", ret_path);
	if (!getauxval(AT_SECURE))
		result = take_beside_library(ret_path);
	if (result < 0 && result != -ENOMEM)
		result = take(HELPER_INSTALLED, ret_path);
	if (result < 0 && result != -ENOMEM)
		refuse(result,
		       "the plugin helper %s is not there: install it, or name it in the options or in "
		       "CALLGATE_PLUGIN_HOST",
		       HELPER_INSTALLED);
	return result;
}

/* ---- the handle ---- */

static int make_plan(struct plugin_plan *plan, const char *path)
{
	int result = take_options(&plan->options);

	if (result < 0)
		return result;
	plan->path = realpath(path, NULL);
	if (!plan->path)
		return refuse(-errno, "plugin %s: %s", path, strerror(errno));
	result = find_helper(plan->options.helper, &plan->helper);
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
	return plugin_process_start(&plugin->plan, &plugin->process, &plugin->reason);
}

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
	int result = make_plan(&plugin->plan, path);
	if (result == 0)
		result = start(plugin);
	*ret_reason = plugin->reason;
	if (result == 0)
		*ret_plugin = plugin;
	else
		callgate_plugin_close(plugin);
	return result;
}

static int call(struct callgate_plugin *plugin, const void *request, size_t size, void *response,
                size_t capacity, struct callgate_exit_reason *ret_reason)
{
	*ret_reason = plugin->reason;
	if (!plugin->process.process.pid)
		return refuse(-EPIPE, "plugin %s is gone (%s): callgate_plugin_restart() starts it again",
		              plugin->plan.path, plugin->reason.text);
	if (capacity > plugin->plan.options.response_limit)
		capacity = plugin->plan.options.response_limit;
	int result = plugin_process_call(&plugin->plan, &plugin->process, request, size, response, capacity,
	                                 ret_reason);
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
		return refuse(-EINVAL, "plugin %s: a request of %zu bytes; the limit is %zu",
		              plugin->plan.path, size, plugin->plan.options.request_limit);
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
	plugin_process_stop(&plugin->process);
	int result = start(plugin);
	if (ret_reason)
		*ret_reason = plugin->reason;
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
