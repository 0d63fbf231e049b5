/*
 * Holds the process to reading the files that it is told, before it loads a plugin. For callgate-plugin-host alone.
 */
#ifndef CALLGATE_SANDBOX_FILE_LIMIT_H
#define CALLGATE_SANDBOX_FILE_LIMIT_H

#include <stddef.h>

/* What it is made of: names as in struct plugin_files, and the filter that notifies of opening, which may be empty. */
struct file_limit {
	const char *names;
	size_t names_size;
	const void *filter;
	size_t filter_size;
};

/* Why there is no limit, in errno values; ECANCELED: what reported success has no effect. */
struct file_limit_failure {
	int landlock, listener;
};

enum file_limit_means { FILE_LIMIT_NONE, FILE_LIMIT_LANDLOCK, FILE_LIMIT_LISTENER };

/*
 * By Landlock, or else by a listener, which is sent to the host with a REPORT_LISTENER over `socket`; either way the limit is
 * tried out. With NONE, *ret_failure says why neither could be had.
 */
enum file_limit_means file_limit_set(const struct file_limit *limit, int socket,
                                     struct file_limit_failure *ret_failure);

#endif
