/*
 * Which files the plugin's process can read: Landlock limits that, or where there is none the watcher opens them in its
 * place.
 */
#include "sandbox/plugin_host.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/confine.h"
#include "base/raw.h"
#include "process/child.h"

/* ---- Landlock ---- */

/*
 * linux/landlock.h, which not all headers have. Since Linux 5.0 new calls have one number everywhere, but for an
 * offset.
 */
#define LANDLOCK_CREATE_RULESET (SYS_pidfd_open + 10)
#define LANDLOCK_ADD_RULE       (SYS_pidfd_open + 11)
#define LANDLOCK_RESTRICT_SELF  (SYS_pidfd_open + 12)
enum { LANDLOCK_PATH_BENEATH = 1, LANDLOCK_READ_FILE = 1 << 2, LANDLOCK_READ_DIR = 1 << 3 };
struct landlock_rules {
	uint64_t handled;
};
struct landlock_beneath {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

static int allow_reading(int rules, const char *name)
{
	struct landlock_beneath beneath = {.allowed = LANDLOCK_READ_FILE};
	bool is_directory = name[strlen(name) - 1] == '/';
	struct stat status;
	int result = 0;

	beneath.parent_fd = raw_open_exactly(name, O_PATH);
	/*
	 * What isn't there any more can't be opened either. Where links lead from a name is a name of its own in the
	 * list.
	 */
	if (beneath.parent_fd == -ENOENT || beneath.parent_fd == -ELOOP)
		return 0;
	if (beneath.parent_fd < 0)
		return beneath.parent_fd;
	/* Somebody may have put another kind of file there since the list was made. */
	if (fstat(beneath.parent_fd, &status) < 0 ||
	    ((is_directory ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode)) &&
	     syscall(LANDLOCK_ADD_RULE, rules, LANDLOCK_PATH_BENEATH, &beneath, 0) < 0))
		result = -errno;
	close(beneath.parent_fd);
	return result;
}

/* 0 or an errno. What is opened is a directory, which is never among what may be read. */
static int try_to_open(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* A directory that can be read as long as there is no limit; NULL: none is known. */
static const char *find_directory(void)
{
	static const char *const directories[] = {"/", "/proc", "/dev", "/etc", "/usr", "/usr/lib", "/tmp"};

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (try_to_open(directories[i]) == 0)
			return directories[i];
	return NULL;
}

static bool has_limit(const char *probe)
{
	return probe && try_to_open(probe) == EACCES;
}

int file_limit_by_landlock(const struct file_limit *limit)
{
	struct landlock_rules handled = {.handled = LANDLOCK_READ_FILE | LANDLOCK_READ_DIR};
	const char *probe = find_directory(), *end = limit->names + limit->names_size;
	int rules = (int)syscall(LANDLOCK_CREATE_RULESET, &handled, sizeof(handled), 0);
	int result = rules < 0 ? -errno : 0;

	for (const char *name = limit->names; result == 0 && name < end; name += strlen(name) + 1)
		result = allow_reading(rules, name);
	if (result == 0 && syscall(LANDLOCK_RESTRICT_SELF, rules, 0) < 0)
		result = -errno;
	if (rules > STDERR_FILENO)
		close(rules);
	return result < 0 || has_limit(probe) ? result : CONFINE_FAKED;
}

/* ---- opening in place of the plugin ---- */

enum place { NOWHERE, IS_A_FILE, IN_A_DIRECTORY };

static enum place place_of(const struct file_limit *limit, const char *path)
{
	assert(limit->names_size && !limit->names[limit->names_size - 1]);
	for (const char *name = limit->names, *end = name + limit->names_size; name < end; name += strlen(name) + 1) {
		size_t length = strlen(name);
		if (strcmp(path, name) == 0)
			return IS_A_FILE;
		if (name[length - 1] == '/' && strncmp(path, name, length) == 0 && path[length])
			return IN_A_DIRECTORY;
	}
	return NOWHERE;
}

/* Takes ".", ".." and empty components out of an absolute name, without a look at the file system. */
static void normalize(char *path)
{
	char *end = path; /* of what is kept; that is "", or begins with a slash and does not end in one */

	for (char *at = path; *at;) {
		size_t slashes = strspn(at, "/"), length = strcspn(at + slashes, "/");
		char *component = at + slashes;
		at = component + length;
		if (length == 2 && memcmp(component, "..", 2) == 0) {
			while (end > path && *--end != '/')
				;
		} else if (length && !(length == 1 && *component == '.')) {
			*end++ = '/';
			memmove(end, component, length);
			end += length;
		}
	}
	*end = '\0';
}

/*
 * Opens a name that stands in one of the places, or leads to one by symbolic links. The plugin's own directory may
 * belong to somebody who changes it all the time, so its name is taken as it stands and no link there is followed by
 * the host.
 */
static int open_in_place(const struct file_limit *limit, const char *name, enum place *ret_place)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	int fd = raw_open_exactly(name, flags);

	*ret_place = place_of(limit, name);
	if (fd != -ELOOP || strcmp(name, limit->names) == 0)
		return fd;
	char *resolved = realpath(name, NULL);
	if (!resolved)
		return -errno;
	assert(resolved[0] == '/');
	*ret_place = place_of(limit, resolved);
	fd = *ret_place == NOWHERE ? -EACCES : raw_open_exactly(resolved, flags);
	free(resolved);
	return fd;
}

static bool is_elf(int fd)
{
	char start[4];

	return pread(fd, start, sizeof(start), 0) == (ssize_t)sizeof(start) && memcmp(start, "\177ELF", 4) == 0;
}

int file_limit_open(const struct file_limit *limit, const char *path)
{
	char name[PATH_MAX];
	struct stat status;

	if (path[0] != '/' || strlen(path) >= sizeof(name))
		return -EACCES;
	memcpy(name, path, strlen(path) + 1);
	normalize(name);
	if (place_of(limit, name) == NOWHERE)
		return -EACCES;
	enum place place;
	int fd = open_in_place(limit, name, &place);
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (place == IS_A_FILE || is_elf(fd)))
		return fd;
	close(fd);
	return -EACCES;
}

/* ---- notifications ---- */

#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_ADDFD
#define SECCOMP_IOCTL_NOTIF_ADDFD SECCOMP_IOW(3, struct seccomp_notif_addfd)
#endif

/* Room for the structures of kernels to come. */
union notification {
	struct seccomp_notif request;
	struct seccomp_notif_resp response;
	char room[512];
};

/* The name that a process that stands still in a call hands over: up to the end of a page at a time. 0 or -errno. */
static int read_name(pid_t pid, uint64_t address, char *name, size_t room)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), got = 0;

	while (got < room) {
		size_t wanted = page - (size_t)((address + got) % page);
		if (wanted > room - got)
			wanted = room - got;
		struct iovec here = {name + got, wanted}, there = {(void *)(uintptr_t)(address + got), wanted};
		ssize_t count = process_vm_readv(pid, &here, 1, &there, 1, 0);
		if (count <= 0)
			return count < 0 ? -errno : -EFAULT;
		if (memchr(name + got, '\0', (size_t)count))
			return 0;
		got += (size_t)count;
	}
	return -ENAMETOOLONG;
}

/* The errors that are not about the file: why a file that may be opened can't be handed over. */
static bool is_about_the_host(int result)
{
	return result == -EPERM || result == -ENOSYS || result == -EMFILE || result == -ENFILE || result == -ENOMEM ||
	       result == -EOPNOTSUPP;
}

/* 0: the process has its descriptor. Else the error that it gets. */
static int hand_over(const struct file_limit *limit, const struct seccomp_notif *request)
{
	char name[PATH_MAX];
	int result =
	    read_name((pid_t)request->pid, request->data.args[request->data.nr == SYS_openat], name, sizeof(name));

	/* The memory was that of the process that asks, if that still is there. */
	if (ioctl(limit->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &request->id) < 0)
		return -EACCES;
	int fd = result == 0 ? file_limit_open(limit, name) : result;
	if (fd >= 0) {
		struct seccomp_notif_addfd addfd = {.id = request->id,
		                                    .flags = SECCOMP_ADDFD_FLAG_SEND,
		                                    .srcfd = (uint32_t)fd,
		                                    .newfd_flags = O_CLOEXEC};
		if (ioctl(limit->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) >= 0)
			return 0;
		fd = errno == EINVAL ? -EOPNOTSUPP : -errno;
	}
	return fd == -ENOENT || is_about_the_host(fd) ? fd : -EACCES;
}

void file_limit_answer(const struct file_limit *limit)
{
	union notification question = {.room = {0}}, reply = {.room = {0}};
	pid_t watcher = getpid(), pid;

	if (ioctl(limit->listener, SECCOMP_IOCTL_NOTIF_RECV, &question) < 0 || (pid = fork()) > 0)
		return;
	int result = pid < 0 ? -errno : child_end_with_parent(SIGKILL);
	if (pid == 0 && getppid() != watcher)
		_exit(1);
	if (result == 0)
		result = hand_over(limit, &question.request);
	if (result < 0) {
		reply.response = (struct seccomp_notif_resp){.id = question.request.id, .error = result};
		ioctl(limit->listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
	}
	if (pid == 0)
		_exit(0);
}

/* ---- the limit ---- */

void file_limit_by_listener(struct file_limit *limit)
{
	struct sock_fprog program = {
	    .len = (unsigned short)(limit->filter.iov_len / sizeof(struct sock_filter)),
	    .filter = limit->filter.iov_base,
	};
	struct seccomp_notif_sizes sizes = {0};
	int listener = -EOPNOTSUPP;

	limit->probe = find_directory();
	if (program.len && syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0 &&
	    sizes.seccomp_notif <= sizeof(union notification) && sizes.seccomp_notif_resp <= sizeof(union notification))
		listener = confine_by_seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	/* The lowest numbers are taken: such a listener is somebody's pretence. */
	limit->listener = listener > STDERR_FILENO ? listener : -1;
	limit->listener_error = listener > STDERR_FILENO ? 0 : listener < 0 ? -listener : ECANCELED;
}

/* 0 or an errno: the plugin can be opened, and what nobody may open can't. */
static int try_listener(const struct file_limit *limit)
{
	int fd = open(limit->names, O_RDONLY | O_CLOEXEC), error = fd < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	if (error && is_about_the_host(-error))
		return error;
	return has_limit(limit->probe) ? 0 : ECANCELED;
}

int file_limit_set(struct file_limit *limit)
{
	if (limit->landlock_error == 0 && limit->names_size)
		limit->landlock_error = -file_limit_by_landlock(limit);
	if (limit->landlock_error == 0)
		return 0;
	/*
	 * Yama lets only an ancestor read this process's memory, and a descendant of whom it names: those whom the
	 * watcher starts.
	 */
	prctl(PR_SET_PTRACER, getppid(), 0, 0, 0);
	if (limit->listener_error == 0)
		limit->listener_error = try_listener(limit);
	return limit->listener_error == 0 ? 0 : -EOPNOTSUPP;
}
