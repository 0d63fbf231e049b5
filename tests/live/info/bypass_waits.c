/* What calls do that wait, sleep and copy, and those about attributes, keys and memory, each made by another call. */
#include "bypass_effects.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <callgate/syscall.h>

enum { PAGE = 4096 };

static bool is_way(const char *way, const char *name)
{
	return strcmp(way, name) == 0;
}

/* One operation of io_submit(2): its result. */
static long submit(struct iocb operation)
{
	struct iocb *operations[] = {&operation};
	struct io_event event = {.res = -EINVAL};
	uint64_t context = 0;

	if (call("io_setup", 1, at(&context), 0, 0, 0) < 0 ||
	    call("io_submit", (long)context, 1, at(operations), 0, 0) != 1 ||
	    call("io_getevents", (long)context, 1, 1, at(&event), 0) != 1)
		return -ENOSYS;
	return (long)event.res;
}

/* ---- waiting ---- */

/* Finds which of two pipes has something to read. */
static bool waits(const char *way)
{
	int full[2] = {-1, -1}, empty[2] = {-1, -1};
	fd_set set;
	long found = 0;

	if (call("pipe2", at(full), 0, 0, 0, 0) < 0 || call("pipe2", at(empty), 0, 0, 0, 0) < 0 ||
	    call("write", full[1], at("x"), 1, 0, 0) != 1)
		return false;
	struct pollfd list[] = {{.fd = full[0], .events = POLLIN}, {.fd = empty[0], .events = POLLIN}};
	struct epoll_event event = {.events = EPOLLIN};
	FD_ZERO(&set);
	FD_SET(full[0], &set);
	FD_SET(empty[0], &set);
	struct timeval no_time = {0, 0};
	struct timespec none = {0, 0};
	if (is_way(way, "poll"))
		found = call(way, at(list), 2, 0, 0, 0);
	else if (is_way(way, "ppoll"))
		found = call(way, at(list), 2, at(&none), 0, 8);
	else if (is_way(way, "select") || is_way(way, "pselect6"))
		found = call(way, empty[1] + 1, at(&set), 0, 0, is_way(way, "select") ? at(&no_time) : at(&none));
	else if (is_way(way, "io_submit"))
		return submit((struct iocb){.aio_lio_opcode = IOCB_CMD_POLL,
		                            .aio_fildes = (uint32_t)full[0],
		                            .aio_buf = POLLIN}) == POLLIN;
	else {
		const long group = call("epoll_create1", 0, 0, 0, 0, 0);
		call("epoll_ctl", group, EPOLL_CTL_ADD, empty[0], at(&event), 0);
		call("epoll_ctl", group, EPOLL_CTL_ADD, full[0], at(&event), 0);
		event.events = 0;
		found = call(way, group, at(&event), 1, 0, 0);
		return found == 1 && event.events == EPOLLIN;
	}
	return found == 1 && (strstr(way, "select") ? FD_ISSET(full[0], &set) && !FD_ISSET(empty[0], &set)
	                                            : list[0].revents == POLLIN && !list[1].revents);
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool sleeps(const char *way)
{
	struct timespec time = {0, 30000000};
	const long before = now();
	const long result =
	    is_way(way, "nanosleep") ? call(way, at(&time), 0, 0, 0, 0) : call(way, CLOCK_REALTIME, 0, at(&time), 0, 0);

	return result == 0 && now() - before >= 29;
}

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
	alarms += number == SIGALRM;
}

static bool sends_alarm(const char *way)
{
	struct itimerval interval = {.it_value = {0, 20000}};
	struct itimerspec once = {.it_value = {0, 20000000}};
	const struct sigaction action = {.sa_handler = count_alarm};
	int timer = 0;
	long result;

	sigaction(SIGALRM, &action, NULL);
	if (is_way(way, "alarm"))
		result = call(way, 1, 0, 0, 0, 0);
	else if (is_way(way, "setitimer"))
		result = call(way, ITIMER_REAL, at(&interval), 0, 0, 0);
	else
		result =
		    call(way, CLOCK_REALTIME, 0, at(&timer), 0, 0) | call("timer_settime", timer, 0, at(&once), 0, 0);
	for (int i = 0; result == 0 && i < 3000 && !alarms; i++)
		poll(NULL, 0, 10);
	return alarms == 1;
}

static bool wakes(const char *way)
{
	static uint32_t word = 1;
	const uint32_t flags = 0x2 | FUTEX_PRIVATE_FLAG; /* of 32 bits */
	struct {
		uint64_t val, uaddr;
		uint32_t flags, reserved;
	} wait = {2, (uintptr_t)&word, flags, 0};

	/* The word has another value than is waited for, and nobody waits: the kernel has looked at it. */
	if (is_way(way, "futex_wake"))
		return call(way, at(&word), UINT32_MAX, 1, flags, 0) == 0;
	if (is_way(way, "futex_waitv"))
		return call(way, at(&wait), 1, 0, 0, CLOCK_MONOTONIC) == -EAGAIN;
	return call(way, at(&word), 2, UINT32_MAX, flags, 0) == -EAGAIN;
}

/* ---- copying ---- */

static bool has_text(int file, const char *wanted)
{
	char found[16] = "";

	return pread(file, found, sizeof(found) - 1, 0) >= 0 && strcmp(found, wanted) == 0;
}

/* From one file to another, or into a pipe. */
static bool copies(const char *way)
{
	const int from = open("file", O_RDONLY), to = open("other", O_RDWR);
	int ends[2] = {-1, -1};

	if (from < 0 || to < 0 || call("pipe2", at(ends), 0, 0, 0, 0) < 0)
		return false;
	if (is_way(way, "sendfile"))
		return call(way, to, from, 0, 4, 0) == 4 && has_text(to, "text");
	if (is_way(way, "copy_file_range"))
		return call(way, from, 0, to, 0, 4) == 4 && has_text(to, "text");
	const bool is_in_pipe = call(way, from, 0, ends[1], 0, 4) == 4;
	return is_in_pipe && call(way, ends[0], 0, to, 0, 4) == 4 && has_text(to, "text");
}

/* The same as splice(2) from a file into a pipe. */
static bool fills_pipe(const char *way)
{
	char found[5] = "";
	int ends[2] = {-1, -1};

	return call("pipe2", at(ends), 0, 0, 0, 0) == 0 && call(way, ends[1], open("file", O_RDONLY), 0, 4, 0) == 4 &&
	       read(ends[0], found, 4) == 4 && strcmp(found, "text") == 0;
}

static bool reads_behind(const char *way)
{
	char found[5] = "";
	const int file = open("file", O_RDONLY);

	(void)way;
	return submit((struct iocb){.aio_lio_opcode = IOCB_CMD_PREAD,
	                            .aio_fildes = (uint32_t)file,
	                            .aio_buf = (uintptr_t)found,
	                            .aio_nbytes = 4}) == 4 &&
	       strcmp(found, "text") == 0;
}

static bool writes_behind(const char *way)
{
	const int file = open("other", O_RDWR);

	(void)way;
	return submit((struct iocb){.aio_lio_opcode = IOCB_CMD_PWRITE,
	                            .aio_fildes = (uint32_t)file,
	                            .aio_buf = (uintptr_t) "new!",
	                            .aio_nbytes = 4}) == 4 &&
	       has_text(file, "new!");
}

static bool syncs(const char *way)
{
	(void)way;
	return submit((struct iocb){.aio_lio_opcode = IOCB_CMD_FSYNC, .aio_fildes = (uint32_t)open("other", O_RDWR)}) ==
	       0;
}

/* ---- attributes, file systems, watches ---- */

static const char attribute[] = "user.callgate";

/* By name, by descriptor, and by both. Before it the attribute is there or not, as the way wants it. */
static long attribute_call(const char *way, int file, char *buffer, size_t size)
{
	struct {
		uint64_t value;
		uint32_t size, flags;
	} args = {(uintptr_t)buffer, (uint32_t)size, 0};
	const bool is_list = strstr(way, "list") != NULL, is_at = strcmp(way + strlen(way) - 2, "at") == 0;
	const long first = *way == 'f' ? file : at("file");

	if (is_at && is_list)
		return call(way, AT_FDCWD, at("file"), 0, at(buffer), (long)size);
	if (is_at)
		return syscall(callgate_syscall_number(0, way), AT_FDCWD, "file", 0, attribute,
		               strncmp(way, "remove", 6) ? &args : NULL, sizeof(args));
	if (is_list)
		return call(way, first, at(buffer), (long)size, 0, 0);
	return call(way, first, at(attribute), at(buffer), (long)size, 0);
}

static bool is_set(int file, const char *name)
{
	char list[100] = "";
	const bool is_list =
	    flistxattr(file, list, sizeof(list) - 1) > 0 || listxattr("file", list, sizeof(list) - 1) > 0;

	return is_list && memmem(list, sizeof(list), name, strlen(name)) != NULL;
}

static bool has_attribute(const char *way)
{
	const int file = open("file", O_RDWR);
	char buffer[100] = "abc";

	if (strstr(way, "setxattr"))
		return attribute_call(way, file, buffer, 3) == 0 && is_set(file, attribute);
	if (fsetxattr(file, attribute, "abc", 3, 0) < 0)
		return false;
	if (strstr(way, "removexattr"))
		return attribute_call(way, file, buffer, 0) == 0 && !is_set(file, attribute);
	memset(buffer, 0, sizeof(buffer));
	const bool is_done = attribute_call(way, file, buffer, sizeof(buffer)) > 0;
	return is_done && memmem(buffer, sizeof(buffer), strstr(way, "list") ? attribute : "abc", 3) != NULL;
}

static bool knows_file_system(const char *way)
{
	struct statfs status = {.f_type = 0};

	return (is_way(way, "statfs") ? call(way, at("/proc"), at(&status), 0, 0, 0)
	                              : call(way, open("/proc", O_PATH), at(&status), 0, 0, 0)) == 0 &&
	       status.f_type == 0x9fa0;
}

/* A mark, and the event of a file that is changed. */
static bool watches(const char *way)
{
	const long group = call(way, 0x200 /* FAN_REPORT_FID */, 0, 0, 0, 0);
	char event[200];
	int file = -1;

	if (group < 0 || call("fanotify_mark", group, 1, 0x2 /* FAN_MODIFY */, AT_FDCWD, at("other")) < 0 ||
	    (file = open("other", O_WRONLY)) < 0 || write(file, "x", 1) != 1)
		return false;
	return read((int)group, event, sizeof(event)) > 0;
}

/* ---- memory and keys ---- */

static bool locks(const char *way)
{
	unsigned char resident = 0;
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	(void)way;
	return page != MAP_FAILED && mincore(page, PAGE, &resident) == 0 && resident & 1;
}

/* A page whose contents are given back is empty. */
static bool advises(const char *way)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec range = {page, PAGE};
	const long process = call("pidfd_open", getpid(), 0, 0, 0, 0);

	if (page == MAP_FAILED)
		return false;
	*page = 1;
	return call(way, process, at(&range), 1, MADV_DONTNEED, 0) == PAGE && *page == 0;
}

static bool finds_key(const char *way)
{
	const long key = call("add_key", at("user"), at("callgate"), at("x"), 1, KEY_SPEC_PROCESS_KEYRING);

	if (key < 0)
		return false;
	if (is_way(way, "request_key"))
		return call(way, at("user"), at("callgate"), 0, 0, 0) == key;
	return call(way, KEYCTL_SEARCH, KEY_SPEC_PROCESS_KEYRING, at("user"), at("callgate"), 0) == key;
}

const struct effect wait_effects[] = {
    {"poll", waits},
    {"select", waits},
    {"epoll_wait", waits},
    {"nanosleep", sleeps},
    {"clock_nanosleep", sleeps},
    {"alarm", sends_alarm},
    {"setitimer", sends_alarm},
    {"timer_create", sends_alarm},
    {"futex", wakes},
    {"writev", copies},
    {"sendfile", copies},
    {"copy_file_range", copies},
    {"splice", fills_pipe},
    {"pread64", reads_behind},
    {"pwrite64", writes_behind},
    {"fsync", syncs},
    {"getxattr", has_attribute},
    {"fgetxattr", has_attribute},
    {"setxattr", has_attribute},
    {"removexattr", has_attribute},
    {"listxattr", has_attribute},
    {"statfs", knows_file_system},
    {"fstatfs", knows_file_system},
    {"inotify_init1", watches},
    {"mlock", locks},
    {"madvise", advises},
    {"request_key", finds_key},
    {"keyctl", finds_key},
};

const size_t wait_effect_count = sizeof(wait_effects) / sizeof(wait_effects[0]);
