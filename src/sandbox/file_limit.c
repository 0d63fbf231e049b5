
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/confine.h"
#include "base/raw.h"
#include "process/child.h"
#include "sandbox/plugin_host.h"

/* linux/landlock.h, which not all headers have. Since Linux 5.0 new calls have one number everywhere, but for an offset. */
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
	/* What isn't there any more can't be opened either. Where links lead from a name is a name of its own in the list. */
	if (beneath.parent_fd == -ENOENT || beneath.parent_fd == -ELOOP)
		return 0;
	if (beneath.parent_fd < 0)
		return beneath.parent_fd;
	/* Somebody may have put another kind of file there since the list was made. */
	if (fstat(beneath.parent_fd, &status) < 0)
		result = -errno;
	else if (is_directory ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode))
		result =
		    syscall(LANDLOCK_ADD_RULE, rules, LANDLOCK_PATH_BENEATH, &beneath, 0) < 0 ? -errno : 0;
	close(beneath.parent_fd);
	return result;
}

/* From now on nothing can be opened for reading but what is beneath the names. 0 or -errno. */
static int restrict_by_landlock(const char *names, size_t size)
{
	struct landlock_rules handled = {.handled = LANDLOCK_READ_FILE | LANDLOCK_READ_DIR};
	int rules = (int)syscall(LANDLOCK_CREATE_RULESET, &handled, sizeof(handled), 0);
	int result = rules < 0 ? -errno : 0;

	for (const char *name = names; result == 0 && name < names + size; name += strlen(name) + 1)
		result = allow_reading(rules, name);
	if (result == 0 && syscall(LANDLOCK_RESTRICT_SELF, rules, 0) < 0)
		result = -errno;
	if (rules > STDERR_FILENO)
		close(rules);
	return result;
}

/* Sends the listener along with a report of its own. 0 or -errno. */
static int send_listener(int socket, int listener)
{
	struct report report = {.magic = REPORT_MAGIC, .kind = REPORT_LISTENER};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec part = {&report, sizeof(report)};
	struct msghdr message = {
	    .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &listener, sizeof(listener));
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* From now on the host opens files. 0 or -errno. */
static int restrict_by_listener(const struct file_limit *limit, int socket)
{
	struct sock_fprog program = {
	    .len = (unsigned short)(limit->filter_size / sizeof(struct sock_filter)),
	    .filter = (struct sock_filter *)(uintptr_t)limit->filter,
	};

	if (!limit->filter_size)
		return -EOPNOTSUPP;
	int listener = confine_by_seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0)
		return listener;
	/* The lowest numbers are taken: such a listener is somebody's pretence. */
	if (listener <= STDERR_FILENO)
		return -ECANCELED;
	int result = send_listener(socket, listener);
	close(listener);
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

enum file_limit_means file_limit_set(const struct file_limit *limit, int socket,
                                     struct file_limit_failure *ret_failure)
{
	struct file_limit_failure failure = {.landlock = ECANCELED, .listener = ECANCELED};
	const char *probe = find_directory();
	int result = restrict_by_landlock(limit->names, limit->names_size);

	if (result < 0)
		failure.landlock = -result;
	if (result == 0 && probe && try_to_open(probe) == EACCES)
		return FILE_LIMIT_LANDLOCK;
	result = restrict_by_listener(limit, socket);
	if (result < 0)
		failure.listener = -result;
	if (result == 0 && probe && try_to_open(probe) == EACCES)
		return FILE_LIMIT_LISTENER;
	*ret_failure = failure;
	return FILE_LIMIT_NONE;
}
