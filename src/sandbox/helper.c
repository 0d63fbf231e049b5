#include "sandbox/helper.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/diag.h"
#include "sandbox/helper_paths.h"

static int take(const char *path, char **ret_path)
{
	if (access(path, X_OK) < 0)
		return -errno;
	char *copy = strdup(path);
	if (!copy)
		return diag_fail(diag_thread(), -ENOMEM, "out of memory for the helper's path");
	*ret_path = copy;
	return 0;
}

/* Beside this library: in the build's folder, or where an installation that was moved has it. */
static int take_beside_library(char **ret_path)
{
	static const char *const places[] = {"sandbox/callgate-plugin-host", HELPER_FROM_LIBRARY};
	Dl_info info;
	int result = -ENOENT;

	if (!dladdr((void *)(uintptr_t)helper_find, &info) || !info.dli_fname)
		return -ENOENT;
	const char *slash = strrchr(info.dli_fname, '/');
	int length = slash ? (int)(slash - info.dli_fname) : 1;
	for (int i = 0; i < 2 && result < 0 && result != -ENOMEM; i++) {
		char *path = NULL;
		if (asprintf(&path, "%.*s/%s", length, slash ? info.dli_fname : ".", places[i]) < 0)
			return diag_fail(diag_thread(), -ENOMEM, "out of memory for the helper's path");
		result = take(path, ret_path);
		free(path);
	}
	return result;
}

int helper_find(const char *wanted, char **ret_path)
{
	const char *from_environment = secure_getenv("CALLGATE_PLUGIN_HOST");
	int result = -ENOENT;

	if (!wanted)
		wanted = from_environment;
	if (wanted) {
		result = take(wanted, ret_path);
		return result == 0 || result == -ENOMEM
		           ? result
		           : diag_fail(diag_thread(), result, "the plugin helper %s: %s", wanted,
		                       strerror(-result));
	}
	if (!getauxval(AT_SECURE))
		result = take_beside_library(ret_path);
	if (result < 0 && result != -ENOMEM)
		result = take(HELPER_INSTALLED, ret_path);
	if (result < 0 && result != -ENOMEM)
		diag_fail(diag_thread(), result,
		          "the plugin helper %s is not there: install it, or name it in the options or in "
		          "CALLGATE_PLUGIN_HOST",
		          HELPER_INSTALLED);
	return result;
}
