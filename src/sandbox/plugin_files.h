/*
 * The files that a plugin may open while it is loaded: itself, the dynamic linker's cache, and what lies beneath the directories of
 * libraries. Landlock holds the plugin's process to them; where there is none, the host opens files in its place.
 */
#ifndef CALLGATE_SANDBOX_PLUGIN_FILES_H
#define CALLGATE_SANDBOX_PLUGIN_FILES_H

#include <stddef.h>

#include "process/channel.h"

/* Absolute names, each with its NUL; directories end in a slash. Of each the name as it was given, and the one without symbolic links. */
struct plugin_files {
	char *names; /* NULL: the plugin may open what it likes */
	size_t size;
};

/*
 * The files for one plugin, whose name has no symbolic links; `library_dirs` ends with NULL or is NULL. 0; -EINVAL (a name that is not
 * absolute, or is the root), -ENOMEM, or why a directory can't be used, with the thread's diagnosis.
 */
int plugin_files_make(const char *plugin, const char *const *library_dirs, struct plugin_files *ret_files);

void plugin_files_finish(struct plugin_files *files);

/*
 * Opens a file in place of the plugin: a regular file that is one of `files`, or an ELF file beneath one of its directories. What else
 * `path` may be, nothing is touched that lies elsewhere. A descriptor, -EACCES, or why the file can't be opened.
 */
int plugin_files_open(const struct plugin_files *files, const char *path);

/* Answers the notifications of a process whose calls of open and openat are notified of. */
struct plugin_supervisor {
	struct channel_source source; /* its fd is the listener; without a function `ready` there is none */
	const struct plugin_files *files;
	int error; /* why a file that may be opened could not be handed over; 0: that has not happened */
};

/* Takes over the listener in any case. 0; -EBADF: it is no listener; -EOPNOTSUPP: its kernel is too new. */
int plugin_supervisor_start(struct plugin_supervisor *supervisor, const struct plugin_files *files,
                            int listener);

/* A zeroed one is fine. */
void plugin_supervisor_finish(struct plugin_supervisor *supervisor);

#endif
