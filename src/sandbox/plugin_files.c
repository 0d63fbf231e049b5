#include "sandbox/plugin_files.h"
#include "sandbox/exit_reason.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/seccomp.h>
#include <linux/types.h>

#include <seccomp.h>

#include "base/raw.h"

static const char *const system_dirs[] = {"/lib",           "/lib32",           "/lib64",
                                          "/usr/lib",       "/usr/lib32",       "/usr/lib64",
                                          "/usr/local/lib", "/usr/local/lib64", NULL};
static const char cache[] = "/etc/ld.so.cache";

/* ---- the list ---- */

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

	if (result == 0 && stat(resolved, &status) < 0)
		result = -errno;
	else if (result == 0 && is_directory && !S_ISDIR(status.st_mode))
		result = -ENOTDIR;
	else if (result == 0 && strcmp(resolved, "/") == 0)
		result = -EINVAL;
	if (result == 0)
		result = add_name(files, name, is_directory);
	if (result == 0 && strcmp(name, resolved) != 0)
		result = add_name(files, resolved, is_directory);
	free(resolved);
	return result < 0 && result != -ENOMEM && may_be_missing ? 0 : result;
}

static int add_library_dir(struct plugin_files *files, const char *name)
{
	int result = name[0] == '/' ? add_place(files, name, true, false) : -EINVAL;

	if (result == -EINVAL)
		return refuse(result,
		              "library_dirs: \"%s\" is not the absolute name of a directory below the root",
		              name);
	return result < 0 ? refuse(result, "library_dirs: %s: %s", name, strerror(-result)) : 0;
}

int plugin_files_make(const char *plugin, const char *const *library_dirs, struct plugin_files *ret_files)
{
	struct plugin_files files = {0};
	assert(plugin[0] == '/');
	int result = add_name(&files, plugin, false);

	if (result == 0)
		result = add_place(&files, cache, false, true);
	for (const char *const *name = system_dirs; result == 0 && *name; name++)
		result = add_place(&files, *name, true, true);
	if (result < 0)
		refuse(result, "plugin: out of memory");
	for (; result == 0 && library_dirs && *library_dirs; library_dirs++)
		result = add_library_dir(&files, *library_dirs);
	if (result < 0)
		plugin_files_finish(&files);
	else
		*ret_files = files;
	return result;
}

void plugin_files_finish(struct plugin_files *files)
{
	free(files->names);
	*files = (struct plugin_files){0};
}

/* ---- opening ---- */

enum place { NOWHERE, IS_A_FILE, IN_A_DIRECTORY };

static enum place place_of(const struct plugin_files *files, const char *path)
{
	assert(files->size && !files->names[files->size - 1]);
	for (const char *name = files->names, *end = name + files->size; name < end;
	     name += strlen(name) + 1) {
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
 * Opens a name that stands in one of the places, or leads to one by symbolic links. The plugin's own directory may belong to somebody who
 * changes it all the time, so its name is taken as it stands and no link there is followed by the host.
 */
static int open_in_place(const struct plugin_files *files, const char *name, enum place *ret_place)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	int fd = raw_open_exactly(name, flags);

	*ret_place = place_of(files, name);
	if (fd != -ELOOP || strcmp(name, files->names) == 0)
		return fd;
	char *resolved = realpath(name, NULL);
	if (!resolved)
		return -errno;
	assert(resolved[0] == '/');
	*ret_place = place_of(files, resolved);
	fd = *ret_place == NOWHERE ? -EACCES : raw_open_exactly(resolved, flags);
	free(resolved);
	return fd;
}

static bool is_elf(int fd)
{
	char start[4];

	return pread(fd, start, sizeof(start), 0) == (ssize_t)sizeof(start) &&
	       memcmp(start, "\177ELF", 4) == 0;
}

int plugin_files_open(const struct plugin_files *files, const char *path)
{
	char name[PATH_MAX];
	struct stat status;

	if (path[0] != '/' || strlen(path) >= sizeof(name))
		return -EACCES;
	memcpy(name, path, strlen(path) + 1);
	normalize(name);
	if (place_of(files, name) == NOWHERE)
		return -EACCES;
	enum place place;
	int fd = open_in_place(files, name, &place);
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (place == IS_A_FILE || is_elf(fd)))
		return fd;
	close(fd);
	return -EACCES;
}

/* ---- the supervisor ---- */

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
		struct iovec here = {name + got, wanted},
		             there = {(void *)(uintptr_t)(address + got), wanted};
		ssize_t count = process_vm_readv(pid, &here, 1, &there, 1, 0);
		if (count <= 0)
			return count < 0 ? -errno : -EFAULT;
		if (memchr(name + got, '\0', (size_t)count))
			return 0;
		got += (size_t)count;
	}
	return -ENAMETOOLONG;
}

/* 0: the process has its descriptor. Else the error that it gets. */
static int hand_over(struct plugin_supervisor *supervisor, const struct seccomp_notif *request)
{
	bool is_open = request->data.nr == seccomp_syscall_resolve_name("open");
	char name[PATH_MAX];
	int result = read_name((pid_t)request->pid, request->data.args[is_open ? 0 : 1], name, sizeof(name));

	/* The memory was that of the process that asks, if that still is there. */
	if (ioctl(supervisor->source.fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &request->id) < 0)
		return -EACCES;
	int fd = result == 0 ? plugin_files_open(supervisor->files, name) : result;
	if (fd == -EPERM || fd == -ENOSYS || fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
		supervisor->error = fd;
	if (fd < 0)
		return fd == -ENOENT ? fd : -EACCES;
	assert(result == 0);
	struct seccomp_notif_addfd addfd = {.id = request->id,
	                                    .flags = SECCOMP_ADDFD_FLAG_SEND,
	                                    .srcfd = (uint32_t)fd,
	                                    .newfd_flags = O_CLOEXEC};
	result = ioctl(supervisor->source.fd, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) < 0 ? -errno : 0;
	close(fd);
	if (result < 0 && result != -ENOENT && result != -ESRCH)
		supervisor->error = result == -EINVAL ? -EOPNOTSUPP : result;
	return result < 0 ? -EACCES : 0;
}

static void answer(struct channel_source *source, short revents)
{
	struct plugin_supervisor *supervisor = (struct plugin_supervisor *)source;
	union notification question = {.room = {0}}, reply = {.room = {0}};

	if (!(revents & POLLIN)) {
		close(source->fd); /* nobody is left who could ask */
		source->fd = -1;
		return;
	}
	if (ioctl(source->fd, SECCOMP_IOCTL_NOTIF_RECV, &question) < 0)
		return;
	int result = hand_over(supervisor, &question.request);
	if (result == 0)
		return;
	reply.response = (struct seccomp_notif_resp){.id = question.request.id, .error = result};
	ioctl(source->fd, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

int plugin_supervisor_start(struct plugin_supervisor *supervisor, const struct plugin_files *files,
                            int listener)
{
	struct seccomp_notif_sizes sizes = {0};
	uint64_t none = 0;

	*supervisor = (struct plugin_supervisor){.source = {.fd = listener, .ready = answer}, .files = files};
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0 ||
	    sizes.seccomp_notif > sizeof(union notification) ||
	    sizes.seccomp_notif_resp > sizeof(union notification))
		return -EOPNOTSUPP;
	/* A listener says that it has no such notification; anything else does not know the question. */
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &none) < 0 && errno == ENOENT ? 0 : -EBADF;
}

void plugin_supervisor_finish(struct plugin_supervisor *supervisor)
{
	if (supervisor->source.ready && supervisor->source.fd >= 0)
		close(supervisor->source.fd);
	*supervisor = (struct plugin_supervisor){0};
}
