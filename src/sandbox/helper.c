#include "sandbox/helper.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "sandbox/helper_paths.h"
#include "sandbox/refuse.h"

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
	uintptr_t code = (uintptr_t)helper_find;

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

	if (!dladdr((void *)(uintptr_t)helper_find, &info) || !info.dli_fname || info.dli_fname[0] != '/' ||
	    is_in_main_program())
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

int helper_find(const char *wanted, char **ret_path)
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
