#include "cli/output.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/vec.h"
#include "cli/command.h"
#include "cli/print.h"

enum {
	NEW_MODE = 0644,
	LINKS_MAX = 40,  /* symbolic links that are followed, as in the kernel */
	NAMES_MAX = 100, /* random names that are tried */
	HIGH_DESCRIPTOR = 200
};

static const char access_list[] = "system.posix_acl_access";

static bool complain(const struct output *output)
{
	cli_error("%s: %s", output->name, strerror(errno));
	return false;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* ---- where the path leads ---- */

/* Opens the directory of a path, beneath `from` if the path is relative, and cuts the path down to its last name. */
static int open_folder(int from, char *path)
{
	char *slash = strrchr(path, '/');
	const char *folder = !slash ? "." : slash == path ? "/" : path;

	if (slash)
		*slash = '\0';
	int fd = openat(from, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (slash)
		memmove(path, slash + 1, strlen(slash + 1) + 1);
	return fd;
}

static bool is_of_procfs(int folder)
{
	struct statfs status;

	return fstatfs(folder, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

/* Follows symbolic links, and sets `folder` and `base`; a link in /proc leads to an open file, and is left as it is. */
static bool locate(struct output *output, const char *path)
{
	char at[PATH_MAX];
	ssize_t length = (ssize_t)strlen(path);

	output->folder = AT_FDCWD;
	if (length < PATH_MAX)
		memcpy(at, path, (size_t)length);
	for (int links = 0; links <= LINKS_MAX && length < PATH_MAX; links++) {
		at[length] = '\0';
		int folder = open_folder(output->folder, at), error = errno;
		if (output->folder >= 0)
			close(output->folder);
		output->folder = folder;
		errno = error;
		if (folder < 0)
			return false;
		if (strlen(at) >= sizeof(output->base))
			break;
		strcpy(output->base, at);
		length = is_of_procfs(folder) ? -1 : readlinkat(folder, output->base, at, sizeof(at));
		if (length < 0)
			return true;
	}
	errno = length >= PATH_MAX || strlen(at) >= sizeof(output->base) ? ENAMETOOLONG : ELOOP;
	return false;
}

/* A descriptor of this process that the path names, as /dev/stdout does; -1: none. */
static int own_descriptor(const struct output *output)
{
	struct stat folder, own;
	char *end;
	long number = strtol(output->base, &end, 10);

	if (end == output->base || *end || number > INT_MAX || fstat(output->folder, &folder) < 0 ||
	    stat("/proc/self/fd", &own) < 0 || !is_same_file(&folder, &own))
		return -1;
	return (int)number;
}

/* ---- opening ---- */

int output_raise(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);

	if (high < 0)
		return fd;
	close(fd);
	return high;
}

/* Takes the descriptor. */
static bool write_directly(struct output *output, int fd)
{
	if (output->folder >= 0)
		close(output->folder);
	output->folder = -1;
	fd = output_raise(fd);
	output->exists = fstat(fd, &output->old) == 0;
	output->stream = output->exists ? fdopen(fd, "w") : NULL;
	if (!output->stream) {
		close(fd);
		errno = errno == ENOMEM ? ENOMEM : EBADF; /* closed, or open for reading only */
	}
	return output->stream != NULL;
}

/*
 * Keeps in memory what is printed. The file has been opened for writing, if there is one, so the kernel permits that.
 */
static bool write_to_memory(struct output *output)
{
	struct stat now;
	bool exists = fstatat(output->folder, output->base, &now, AT_SYMLINK_NOFOLLOW) == 0;

	if (exists != output->exists || (exists && !is_same_file(&now, &output->old))) {
		errno = EAGAIN; /* somebody moves files about */
		return false;
	}
	if (faccessat(output->folder, ".", W_OK | X_OK, AT_EACCESS) < 0) {
		cli_error("%s: its directory can't be written: %s", output->name, strerror(errno));
		output_discard(output);
		return false;
	}
	output->folder = output_raise(output->folder);
	output->stream = memory_open(&output->bytes, &output->size);
	return output->stream != NULL;
}

/* What has been found is opened: not what somebody puts in the path meanwhile. */
static bool open_path(struct output *output, const char *path)
{
	if (!locate(output, path))
		return false;
	if (!*output->base) {
		errno = *path ? EISDIR : ENOENT;
		return false;
	}
	bool is_of_proc = is_of_procfs(output->folder);
	int own = is_of_proc ? own_descriptor(output) : -1;
	int flags = O_WRONLY | O_NOCTTY | O_CLOEXEC | (is_of_proc ? 0 : O_NOFOLLOW);
	int fd = own >= 0 ? fcntl(own, F_DUPFD_CLOEXEC, 0) : openat(output->folder, output->base, flags);

	if (fd < 0 && (is_of_proc || errno != ENOENT))
		return false;
	output->exists = fd >= 0 && fstat(fd, &output->old) == 0;
	if (fd < 0)
		return write_to_memory(output);
	if (is_of_proc || !S_ISREG(output->old.st_mode))
		return write_directly(output, fd);
	close(fd);
	return write_to_memory(output);
}

/* ---- what was read ---- */

static struct {
	VEC(struct stat) list;
	bool is_incomplete; /* memory was out */
} inputs;

void output_note_input(const char *path)
{
	struct stat status;

	if ((strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &status) : stat(path, &status)) < 0)
		return;
	for (size_t i = 0; i < inputs.list.count; i++)
		if (is_same_file(&inputs.list.items[i], &status))
			return;
	if (!vec_push(&inputs.list, status))
		inputs.is_incomplete = true;
}

/* False, after a message and output_discard(): the file was read. */
static bool spares_inputs(struct output *output)
{
	bool was_read = inputs.is_incomplete;

	for (size_t i = 0; i < inputs.list.count && !was_read; i++)
		was_read = is_same_file(&inputs.list.items[i], &output->old);
	if (!was_read || output->is_input || !output->exists || !S_ISREG(output->old.st_mode))
		return true;
	cli_error(inputs.is_incomplete ? "%s: out of memory" : "%s: this file is read, and is not written over",
	          output->name);
	output_discard(output);
	return false;
}

static bool open_output(struct output *output, const char *path, bool is_input)
{
	bool is_stdout = !path || strcmp(path, "-") == 0;

	*output = (struct output){.name = is_stdout ? "standard output" : path, .folder = -1, .is_input = is_input};
	fflush(stdout);
	int fd = is_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : -1;
	bool done = is_stdout ? fd >= 0 && write_directly(output, fd) : open_path(output, path);
	if (!done && output->name) {
		complain(output);
		output_discard(output);
	}
	return done && spares_inputs(output);
}

bool output_open(struct output *output, const char *path)
{
	return open_output(output, path, false);
}

bool output_open_input(struct output *output, const char *path)
{
	return open_output(output, path, true);
}

bool output_is_another(struct output *output, const struct output *other)
{
	struct stat a, b;
	bool is_same =
	    output->exists && other->exists && !S_ISCHR(output->old.st_mode) && is_same_file(&output->old, &other->old);

	assert(output->stream && other->stream);
	if (!output->exists && !other->exists)
		is_same = strcmp(output->base, other->base) == 0 && fstat(output->folder, &a) == 0 &&
		          fstat(other->folder, &b) == 0 && is_same_file(&a, &b);
	if (!is_same)
		return true;
	cli_error("%s: two outputs can't go to one file", output->name);
	output_discard(output);
	return false;
}

/* ---- writing ---- */

static bool write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

/* Without its access list, the bits of a mode that mask it would become the group's own. */
static bool keep_access_list(const struct output *output, int fd)
{
	char value[4096];
	int old = openat(output->folder, output->base, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t size = old < 0 ? -1 : fgetxattr(old, access_list, value, sizeof(value));
	bool is_there = size >= 0 || (old >= 0 && errno == ERANGE);

	if (old >= 0)
		close(old);
	return !is_there || (size >= 0 && fsetxattr(fd, access_list, value, (size_t)size, 0) == 0);
}

static bool keep_owner_and_mode(const struct output *output, int fd)
{
	struct stat status;

	if (!output->exists)
		return true;
	if (fstat(fd, &status) < 0)
		return false;
	if ((status.st_uid != output->old.st_uid || status.st_gid != output->old.st_gid) &&
	    fchown(fd, output->old.st_uid, output->old.st_gid) < 0)
		return false;
	return fchmod(fd, output->old.st_mode & 07777) == 0 && keep_access_list(output, fd);
}

static bool fill(const struct output *output, int fd)
{
	return write_all(fd, output->bytes, output->size) && keep_owner_and_mode(output, fd) &&
	       (fsync(fd) == 0 || errno == EINVAL);
}

static void random_name(char name[32])
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (uint64_t)getpid();
	snprintf(name, 32, ".callgate-%016llx", (unsigned long long)number);
}

/* Gives an unnamed file a name, or makes a file with one and returns its descriptor. */
static int make_name(const struct output *output, int unnamed, char name[32])
{
	char own[32];
	int result = -1;

	snprintf(own, sizeof(own), "/proc/self/fd/%d", unnamed);
	errno = EEXIST;
	for (int i = 0; i < NAMES_MAX && result < 0 && errno == EEXIST; i++) {
		random_name(name);
		result = unnamed >= 0 ? linkat(AT_FDCWD, own, output->folder, name, AT_SYMLINK_FOLLOW)
		                      : openat(output->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, NEW_MODE);
	}
	return result;
}

static bool move_into_place(const struct output *output, const char *name)
{
	if (renameat(output->folder, name, output->folder, output->base) == 0)
		return true;
	int error = errno;
	unlinkat(output->folder, name, 0);
	errno = error;
	return false;
}

/*
 * Without a name from the beginning, the file gets one only when it is complete: even SIGKILL leaves no incomplete
 * file. Else signals wait until the file is in its place; in any case none comes between name and renaming.
 */
static bool replace_by(const struct output *output, bool has_name)
{
	sigset_t all, before;
	char name[32];

	sigfillset(&all);
	sigprocmask(has_name ? SIG_BLOCK : SIG_UNBLOCK, has_name ? &all : NULL, &before);
	int fd = has_name ? make_name(output, -1, name)
	                  : openat(output->folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, NEW_MODE);
	bool done = fd >= 0 && fill(output, fd);
	int error = errno;
	if (has_name && fd >= 0 && !done)
		unlinkat(output->folder, name, 0);
	sigprocmask(SIG_BLOCK, &all, NULL);
	errno = error;
	done = done && (has_name || make_name(output, fd, name) == 0) && move_into_place(output, name);
	error = errno;
	if (fd >= 0)
		close(fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return done;
}

/* Where the file system or a missing /proc lets no file be without a name, it has one. */
static bool replace(const struct output *output)
{
	bool done = replace_by(output, false);

	if (!done && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL))
		done = replace_by(output, true);
	return done;
}

bool output_commit(struct output *output)
{
	assert(output->stream);
	if (!spares_inputs(output))
		return false;
	if (cli_lacked_memory() && output->folder >= 0) {
		cli_error("%s: out of memory", output->name);
		output_discard(output);
		return false;
	}
	bool was_whole = !ferror(output->stream), done = fclose(output->stream) == 0;

	output->stream = NULL;
	done = done && was_whole && (output->folder < 0 || replace(output));
	if (!done && was_whole)
		complain(output);
	else if (!done) /* the reason was an earlier call's; a stream in memory lacks nothing but memory */
		cli_error("%s: %s", output->name,
		          output->folder >= 0 ? "out of memory" : "not everything could be written");
	output_discard(output);
	return done;
}

void output_discard(struct output *output)
{
	if (output->stream)
		fclose(output->stream);
	if (output->folder >= 0)
		close(output->folder);
	free(output->bytes);
	*output = (struct output){.folder = -1};
}
