/*
 * What is known about a plugin before it is started: options, the helper, the filters, and which files may be opened.
 */
#include "sandbox/plugin_process.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/exit_reason.h"
#include "sandbox/helper_paths.h"

/* ---- options ---- */

enum { DEFAULT_DEADLINE_MS = 10000 };
static const size_t default_size = 16 << 20, default_memory = 64 << 20, largest_size = SIZE_MAX / 64;

static int take_options(struct callgate_plugin_options *options)
{
	if (options->confinement != CALLGATE_PLUGIN_FILTER && options->confinement != CALLGATE_PLUGIN_STRICT)
		return refuse(-EINVAL, "plugin: unknown confinement %d", (int)options->confinement);
	if (options->confinement == CALLGATE_PLUGIN_STRICT &&
	    (options->allow || options->allow_calls || options->allow_stderr || options->library_dirs))
		return refuse(-EINVAL, "plugin: strict mode can't be widened: use CALLGATE_PLUGIN_FILTER");
	options->request_limit = options->request_limit ?: default_size;
	options->response_limit = options->response_limit ?: default_size;
	options->arena_size = options->arena_size ?: default_size;
	options->memory = options->memory ?: default_memory;
	options->load_deadline_ms = options->load_deadline_ms ?: DEFAULT_DEADLINE_MS;
	options->call_deadline_ms = options->call_deadline_ms ?: DEFAULT_DEADLINE_MS;
	if (options->request_limit > largest_size || options->response_limit > largest_size ||
	    options->arena_size > largest_size)
		return refuse(-EINVAL, "plugin: a limit of more than %zu bytes", largest_size);
	return 0;
}

/* ---- where callgate-plugin-host is ---- */

static int take(const char *path, char **ret_path)
{
	if (access(path, X_OK) < 0)
		return -errno;
	*ret_path = strdup(path);
	return *ret_path ? 0 : refuse(-ENOMEM, "out of memory for the helper's path");
}

/* A name that somebody chose. No name is looked for in the working directory, whatever that is at the moment. */
static int take_named(const char *path, const char *whose, char **ret_path)
{
	if (path[0] != '/')
		return refuse(-EINVAL, "the plugin helper \"%s\" of %s: the name must be absolute", path, whose);
	int result = take(path, ret_path);
	return result == 0 || result == -ENOMEM
	           ? result
	           : refuse(result, "the plugin helper %s of %s: %s", path, whose, strerror(-result));
}

/* Of the main program, the dynamic linker only knows what it was called: argv[0], which anybody can set. */
static bool is_in_main_program(const Dl_info *library)
{
	Dl_info main_program;

	return !dladdr((void *)getauxval(AT_PHDR), &main_program) || main_program.dli_fbase == library->dli_fbase;
}

/* Beside this library, if it is a shared one: in the build's folder, or where an installation that was moved has it. */
static int take_beside_library(char **ret_path)
{
	static const char *const places[] = {"sandbox/callgate-plugin-host", HELPER_FROM_LIBRARY};
	Dl_info info;
	int result = -ENOENT;

	if (!dladdr((void *)(uintptr_t)callgate_plugin_open, &info) || !info.dli_fname || info.dli_fname[0] != '/' ||
	    is_in_main_program(&info))
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
 * The path, which the caller frees, into *ret_path. In this order: `wanted`, the program's own choice, or NULL;
 * CALLGATE_PLUGIN_HOST in the environment; beside this library, where it is a shared one and known by an absolute name;
 * the place of installation. In a program with raised privileges (set-user-ID, file capabilities) only the first and
 * the last count. Neither the working directory nor the name that the program was called by matters. 0; -EINVAL (a name
 * that isn't absolute); -ENOENT, -EACCES, -ENOMEM, with the thread's diagnosis.
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

/* ---- which files the plugin may open ---- */

static const char *const system_dirs[] = {"/lib",       "/lib32",         "/lib64",           "/usr/lib", "/usr/lib32",
                                          "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", NULL};
static const char cache[] = "/etc/ld.so.cache";

static int add_name(struct plugin_files *files, const char *name, bool is_directory)
{
	size_t length = strlen(name);
	char *names = realloc(files->names, files->size + length + 2);

	if (!names)
		return -ENOMEM;
	memcpy(names + files->size, name, length);
	if (is_directory && name[length - 1] != '/')
		names[files->size + length++] = '/';
	names[files->size + length] = '\0';
	files->names = names;
	files->size += length + 1;
	return 0;
}

/* 0, also where there is nothing of that name and it `may_be_missing`; or -errno. */
static int add_place(struct plugin_files *files, const char *name, bool is_directory, bool may_be_missing)
{
	struct stat status;
	char *resolved = realpath(name, NULL);
	int result = resolved ? 0 : -errno;

	if (result == 0)
		result = stat(resolved, &status) < 0                ? -errno
		         : is_directory && !S_ISDIR(status.st_mode) ? -ENOTDIR
		         : strcmp(resolved, "/") == 0               ? -EINVAL
		                                                    : add_name(files, name, is_directory);
	if (result == 0 && strcmp(name, resolved) != 0)
		result = add_name(files, resolved, is_directory);
	free(resolved);
	return result < 0 && result != -ENOMEM && may_be_missing ? 0 : result;
}

static int add_library_dir(struct plugin_files *files, const char *name)
{
	int result = name[0] == '/' ? add_place(files, name, true, false) : -EINVAL;

	if (result == -EINVAL)
		return refuse(result, "library_dirs: \"%s\" is not the absolute name of a directory below the root",
		              name);
	return result < 0 ? refuse(result, "library_dirs: %s: %s", name, strerror(-result)) : 0;
}

/* The plugin comes first; its name has no symbolic links. */
static int list_files(const char *plugin, const char *const *library_dirs, struct plugin_files *ret_files)
{
	int result = add_name(ret_files, plugin, false);

	assert(plugin[0] == '/');
	if (result == 0)
		result = add_place(ret_files, cache, false, true);
	for (const char *const *name = system_dirs; result == 0 && *name; name++)
		result = add_place(ret_files, *name, true, true);
	if (result < 0)
		refuse(result, "plugin: out of memory");
	for (; result == 0 && library_dirs && *library_dirs; library_dirs++)
		result = add_library_dir(ret_files, *library_dirs);
	return result;
}

/* ---- the plan ---- */

int plugin_plan_make(struct plugin_plan *plan, const char *path)
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
	if (result == 0 && plan->filters.limits_files)
		result = list_files(plan->path, plan->options.library_dirs, &plan->files);
	/* What the pointers lead to belongs to the caller, and has been used. */
	plan->options.helper = NULL;
	plan->options.allow_calls = NULL;
	plan->options.library_dirs = NULL;
	return result;
}

void plugin_plan_finish(struct plugin_plan *plan)
{
	plugin_filters_finish(&plan->filters);
	free(plan->files.names);
	free(plan->path);
	free(plan->helper);
	*plan = (struct plugin_plan){0};
}
