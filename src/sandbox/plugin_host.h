/*
 * callgate-plugin-host: what the library sends it, over the same socket as the requests, and what it is made of.
 */
#ifndef CALLGATE_SANDBOX_PLUGIN_HOST_H
#define CALLGATE_SANDBOX_PLUGIN_HOST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * The descriptors of the plugin's process. The first two are the same socket, so that a filter can keep reading and
 * writing apart. Only its watcher has the third: a pidfd of the host, where the kernel has them. What the plugin opens
 * is numbered from PLUGIN_OWN_FD on.
 */
enum { PLUGIN_REQUEST_FD = 3, PLUGIN_RESPONSE_FD = 4, PLUGIN_HOST_PIDFD = 5 };
enum { PLUGIN_OWN_FD = 5, PLUGIN_FD_LIMIT = 64 };

enum { SETUP_MAGIC = 0x63677033, REQUEST_MAGIC = 0x63677132 };

/*
 * What follows the setup: the path with its NUL; the names of the files that may be opened (struct plugin_files), or
 * nothing, and nothing limits which are opened; and filters, or nothing, and strict mode.
 */
enum setup_part { SETUP_PATH, SETUP_FILES, SETUP_LOADING, SETUP_SERVING, SETUP_SUPERVISING, SETUP_PARTS };

struct setup {
	uint32_t magic;
	uint32_t sizes[SETUP_PARTS];
	uint64_t request_limit, response_limit, arena_size, memory;
	uint32_t cpu_seconds;
	uint32_t die_with_thread;
	int32_t host; /* the host's process number */
	/* descriptor 2 is the host's standard error, to which the plugin's messages are passed on */
	uint32_t allow_stderr;
};

/* Followed by `size` bytes. Answered by a struct report with the same sequence number. */
struct request {
	uint32_t magic;
	uint32_t unused;
	uint64_t sequence;
	uint64_t size, capacity;
};

/* ---- which files may be read ---- */

struct file_limit {
	const char *names;   /* as in struct plugin_files */
	size_t names_size;   /* 0: there is no limit */
	struct iovec filter; /* which notifies of opening; may be empty */
	const char *probe;   /* a directory that can be read where nothing limits that; NULL: none is known */
	int listener;        /* the watcher answers it; -1: none */
	/*
	 * Why there is no limit by that means, in errno values; ECANCELED: what reported success has no effect. 0:
	 * there is, or it was not tried.
	 */
	int landlock_error, listener_error;
};

/*
 * From now on nothing can be opened for reading but what is beneath the names. 0, or -errno; -ECANCELED: that had no
 * effect.
 */
int file_limit_by_landlock(const struct file_limit *limit);

/*
 * From now on, here and in what this process makes, open(2) and openat(2) wait for file_limit_answer() in another
 * process.
 */
void file_limit_by_listener(struct file_limit *limit);

/* In the plugin's process: sets the limit, and tries it out. 0, or -EOPNOTSUPP: nothing limits. */
int file_limit_set(struct file_limit *limit);

/*
 * In the watcher: answers one notification, in a process of its own: what is opened may hang in a file system that
 * others serve.
 */
void file_limit_answer(const struct file_limit *limit);

/*
 * Opens a file in place of the plugin: a regular file that is one of the names, or an ELF file beneath one of the
 * directories. What else `path` may be, nothing is touched that lies elsewhere. A descriptor, -EACCES, or why the file
 * can't be opened.
 */
int file_limit_open(const struct file_limit *limit, const char *path);

#endif
