#include "bypass_effects.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <callgate/info.h>

#include <linux/filter.h>
#include <sys/wait.h>

enum { PAGE = 4096, NEW_FD = 200, EXECUTES_READABLE = 0x0400000 };

/* What exists before the filter is loaded. */
static struct {
	int file, listener, client, server, stream;
	struct sockaddr_in address;
	char *page;
} made;

long call(const char *name, long a, long b, long c, long d, long e)
{
	const long result = syscall(callgate_syscall_number(0, name), a, b, c, d, e, 0L);

	return result < 0 ? -errno : result;
}

long at(const void *memory)
{
	return (long)(uintptr_t)memory;
}

/* ---- io_uring: one operation ---- */

/* In the kernel's order, a space after each. */
static const char operations[] =
    "NOP READV WRITEV FSYNC READ_FIXED WRITE_FIXED POLL_ADD POLL_REMOVE SYNC_FILE_RANGE SENDMSG "
    "RECVMSG TIMEOUT TIMEOUT_REMOVE ACCEPT ASYNC_CANCEL LINK_TIMEOUT CONNECT FALLOCATE OPENAT "
    "CLOSE FILES_UPDATE STATX READ WRITE FADVISE MADVISE SEND RECV OPENAT2 EPOLL_CTL SPLICE "
    "PROVIDE_BUFFERS REMOVE_BUFFERS TEE SHUTDOWN RENAMEAT UNLINKAT MKDIRAT SYMLINKAT LINKAT "
    "MSG_RING FSETXATTR SETXATTR FGETXATTR GETXATTR SOCKET URING_CMD SEND_ZC SENDMSG_ZC "
    "READ_MULTISHOT WAITID FUTEX_WAIT FUTEX_WAKE FUTEX_WAITV FIXED_FD_INSTALL FTRUNCATE BIND "
    "LISTEN RECV_ZC EPOLL_WAIT READV_FIXED WRITEV_FIXED PIPE ";

int operation_number(const char *name)
{
	const size_t length = strlen(name) - strlen("IORING_OP_");
	const char *word = operations;

	for (int number = 0; *word; number++, word += strcspn(word, " ") + 1)
		if (strcspn(word, " ") == length && strncmp(word, name + strlen("IORING_OP_"), length) == 0)
			return number;
	return -1;
}

static long operate(const char *operation, struct io_uring_sqe entry)
{
	struct io_uring_params params = {.flags = 0};
	const int ring = (int)call("io_uring_setup", 1, at(&params), 0, 0, 0);

	entry.opcode = (uint8_t)operation_number(operation);
	if (ring < 0)
		return ring;
	char *rings = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *entries = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (rings == MAP_FAILED || (void *)entries == MAP_FAILED || !(params.features & IORING_FEAT_SINGLE_MMAP))
		return -ENOSYS;
	entries[0] = entry;
	*(uint32_t *)(void *)(rings + params.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(void *)(rings + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (call("io_uring_enter", ring, 1, 1, IORING_ENTER_GETEVENTS, 0) != 1)
		return -ENOSYS;
	return ((struct io_uring_cqe *)(void *)(rings + params.cq_off.cqes))->res;
}

/* ---- effects: true if the way has it ---- */

static bool opens(const char *way)
{
	uint64_t how[3] = {O_CREAT | O_WRONLY, 0600, 0};
	struct stat status;
	long fd = -EINVAL;

	if (strcmp(way, "creat") == 0)
		fd = call(way, at("new"), 0600, 0, 0, 0);
	else if (strcmp(way, "open") == 0)
		fd = call(way, at("new"), O_CREAT | O_WRONLY, 0600, 0, 0);
	else if (strcmp(way, "openat") == 0)
		fd = call(way, AT_FDCWD, at("new"), O_CREAT | O_WRONLY, 0600, 0);
	else if (strcmp(way, "openat2") == 0)
		fd = call(way, AT_FDCWD, at("new"), at(how), sizeof(how), 0);
	else
		fd = operate("IORING_OP_OPENAT", (struct io_uring_sqe){.fd = AT_FDCWD,
		                                                       .addr = (uintptr_t) "new",
		                                                       .open_flags = O_CREAT | O_WRONLY,
		                                                       .len = 0600});
	return fd >= 0 && fstat((int)fd, &status) == 0 && status.st_size == 0;
}

static bool reads(const char *way)
{
	char bytes[5] = "";
	struct iovec vector = {bytes, 4};

	if (strcmp(way, "readv") == 0)
		call(way, made.file, at(&vector), 1, 0, 0);
	else if (strcmp(way, "preadv2") == 0)
		call(way, made.file, at(&vector), 1, -1, -1);
	else if (strcmp(way, "pread64") == 0)
		call(way, made.file, at(bytes), 4, 0, 0);
	else
		operate("IORING_OP_READ", (struct io_uring_sqe){.fd = made.file, .addr = (uintptr_t)bytes, .len = 4});
	return strcmp(bytes, "text") == 0;
}

static bool writes(const char *way)
{
	char bytes[5] = "new!", found[5] = "";
	struct iovec vector = {bytes, 4};

	if (strcmp(way, "writev") == 0)
		call(way, made.file, at(&vector), 1, 0, 0);
	else if (strcmp(way, "pwritev2") == 0)
		call(way, made.file, at(&vector), 1, -1, -1);
	else if (strcmp(way, "pwrite64") == 0)
		call(way, made.file, at(bytes), 4, 0, 0);
	else
		operate("IORING_OP_WRITE", (struct io_uring_sqe){.fd = made.file, .addr = (uintptr_t)bytes, .len = 4});
	return lseek(made.file, 0, SEEK_SET) == 0 && read(made.file, found, 4) == 4 && strcmp(found, bytes) == 0;
}

static bool changes_mode(const char *way)
{
	struct stat status;

	if (strcmp(way, "fchmod") == 0)
		call(way, made.file, 0700, 0, 0, 0);
	else if (strcmp(way, "chmod") == 0)
		call(way, at("file"), 0700, 0, 0, 0);
	else
		call(way, AT_FDCWD, at("file"), 0700, 0, 0);
	return fstat(made.file, &status) == 0 && (status.st_mode & 07777) == 0700;
}

static bool makes_directory(const char *way)
{
	struct stat status;

	if (strcmp(way, "mkdir") == 0)
		call(way, at("new"), 0700, 0, 0, 0);
	else if (strcmp(way, "mkdirat") == 0)
		call(way, AT_FDCWD, at("new"), 0700, 0, 0);
	else
		operate("IORING_OP_MKDIRAT",
		        (struct io_uring_sqe){.fd = AT_FDCWD, .addr = (uintptr_t) "new", .len = 0700});
	return stat("new", &status) == 0 && S_ISDIR(status.st_mode);
}

/* By two names, or by two directories and names. */
static bool names(const char *way, const char *old, const char *new)
{
	const bool one = strncmp(way, "symlink", 7) == 0;
	struct stat status;

	if (strcmp(way, "rename") == 0)
		call(way, at(old), at(new), 0, 0, 0);
	else if (one)
		call(way, at(old), AT_FDCWD, at(new), 0, 0);
	else
		call(way, AT_FDCWD, at(old), AT_FDCWD, at(new), 0);
	return lstat(new, &status) == 0 && (strncmp(way, "rename", 6) != 0 || lstat(old, &status) < 0);
}

static bool gets_name(const char *way)
{
	return names(way, "file", "new");
}

/* Another file takes the place of the one that may not be removed; or it is removed. */
static bool removes(const char *way)
{
	struct stat before, after;

	if (strcmp(way, "rename") == 0)
		return stat("file", &before) == 0 && call(way, at("other"), at("file"), 0, 0, 0) == 0 &&
		       stat("file", &after) == 0 && before.st_ino != after.st_ino;
	return call(way, AT_FDCWD, at("file"), 0, 0, 0) == 0 && stat("file", &after) < 0;
}

static bool removes_directory(const char *way)
{
	struct stat status;

	return call(way, AT_FDCWD, at("folder"), AT_REMOVEDIR, 0, 0) == 0 && stat("folder", &status) < 0;
}

static bool signals(const char *way)
{
	const long pid = getpid(), thread = syscall(SYS_gettid);
	siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE, .si_pid = getpid(), .si_uid = getuid()};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (strcmp(way, "tkill") == 0)
		call(way, thread, SIGUSR1, 0, 0, 0);
	else if (strcmp(way, "tgkill") == 0)
		call(way, pid, thread, SIGUSR1, 0, 0);
	else if (strcmp(way, "rt_sigqueueinfo") == 0)
		call(way, pid, SIGUSR1, at(&info), 0, 0);
	else
		call(way, call("pidfd_open", pid, 0, 0, 0, 0), SIGUSR1, 0, 0, 0);
	return sigpending(&set) == 0 && sigismember(&set, SIGUSR1) == 1;
}

/* A process with these flags, by clone(2) or clone3(2). */
static bool makes_process(const char *way, long flags)
{
	uint64_t args[11] = {(uint64_t)flags, [4] = SIGCHLD};
	int status = -1;
#ifdef __s390x__
	const long first = 0, second = flags | SIGCHLD;
#else
	const long first = flags | SIGCHLD, second = 0;
#endif
	const long pid =
	    strcmp(way, "clone") == 0 ? call(way, first, second, 0, 0, 0) : call(way, at(args), 64, 0, 0, 0);

	if (pid == 0)
		_exit(7);
	return pid > 0 && waitpid((pid_t)pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

static bool forks(const char *way)
{
	return makes_process(way, 0);
}

static bool enters_namespace(const char *way)
{
	if (strcmp(way, "unshare") == 0)
		return call(way, CLONE_NEWUSER, 0, 0, 0, 0) == 0;
	return makes_process(way, CLONE_NEWUSER);
}

static bool makes_executable(const char *way)
{
	if (strcmp(way, "mprotect") == 0 || strcmp(way, "pkey_mprotect") == 0)
		return call(way, at(made.page), PAGE, PROT_READ | PROT_EXEC, -1, 0) == 0;
	if (strcmp(way, "shmat") == 0) {
		const int shared = shmget(IPC_PRIVATE, PAGE, 0700);
		const long address = call(way, shared, 0, SHM_EXEC, 0, 0);
		return shmctl(shared, IPC_RMID, NULL) == 0 && (address > 0 || address < -PAGE);
	}
	if (call(way, EXECUTES_READABLE, 0, 0, 0, 0) < 0)
		return false;
	char *readable = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[1000];
	bool is_executable = false;
	for (unsigned long first, last; maps && fgets(line, sizeof(line), maps);) {
		char rights[5] = "";
		if (sscanf(line, "%lx-%lx %4s", &first, &last, rights) == 3 && first <= (uintptr_t)readable &&
		    (uintptr_t)readable < last)
			is_executable = rights[2] == 'x';
	}
	return is_executable;
}

static bool loads_filter(const char *way)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, 0x7fff0000);
	struct sock_fprog program = {1, &allow};

	if (strcmp(way, "prctl") == 0)
		return call(way, 22, 2, at(&program), 0, 0) == 0;
	return call(way, 1, 0, at(&program), 0, 0) == 0;
}

static bool connects(const char *way)
{
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);
	char byte = 1;
	const long sent = syscall(callgate_syscall_number(0, way), made.stream, &byte, 1L, MSG_FASTOPEN, &made.address,
	                          sizeof(made.address));

	return sent == 1 && getpeername(made.stream, (struct sockaddr *)&peer, &length) == 0;
}

static bool listens(const char *way)
{
	struct sockaddr_in own;
	socklen_t length = sizeof(own);

	return call(way, made.stream, 1, 0, 0, 0) == 0 &&
	       getsockname(made.stream, (struct sockaddr *)&own, &length) == 0 && own.sin_port != 0;
}

static bool makes_socket(const char *way)
{
	long args[3] = {AF_UNIX, SOCK_STREAM, 0};

	if (strcmp(way, "socketcall") == 0)
		return call(way, 1, at(args), 0, 0, 0) >= 0;
	return operate("IORING_OP_SOCKET", (struct io_uring_sqe){.fd = AF_UNIX, .off = SOCK_STREAM, .len = 0}) >= 0;
}

static bool mounts(const char *way)
{
	const long context = call(way, at("tmpfs"), 0, 0, 0, 0);
	const long done = call("fsconfig", context, 6, 0, 0, 0);
	const long mount = call("fsmount", context, 0, 0, 0, 0);
	struct statfs status;

	return done == 0 && call("move_mount", mount, at(""), AT_FDCWD, at("folder"), 4) == 0 &&
	       statfs("folder", &status) == 0 && (unsigned int)status.f_type == 0x01021994;
}

static bool reads_memory(const char *way)
{
	char bytes[5] = "text", copy[5] = "";
	struct iovec here = {copy, 4}, there = {bytes, 4};

	return call(way, getpid(), at(&here), 1, at(&there), 1) == 4 && strcmp(copy, "text") == 0;
}

static bool executes(const char *way)
{
	char name[] = "true", *arguments[] = {name, NULL}, *none[] = {NULL};

	call(way, AT_FDCWD, at("/bin/true"), at(arguments), at(none), 0);
	return false;
}

static bool limits(const char *way)
{
	uint64_t none[2] = {0, 0};
	struct rlimit limit;

	return call(way, 0, RLIMIT_CORE, at(none), 0, 0) == 0 && getrlimit(RLIMIT_CORE, &limit) == 0 &&
	       limit.rlim_max == 0;
}

static bool duplicates(const char *way)
{
	if (strcmp(way, "dup3") == 0)
		return call(way, made.file, NEW_FD, 0, 0, 0) == NEW_FD && lseek(NEW_FD, 0, SEEK_SET) == 0;
	return call(way, made.file, F_DUPFD, NEW_FD, 0, 0) == NEW_FD && lseek(NEW_FD, 0, SEEK_SET) == 0;
}

static bool truncates(const char *way)
{
	struct stat status;

	return call(way, made.file, 1, 0, 0, 0) == 0 && fstat(made.file, &status) == 0 && status.st_size == 1;
}

/* What needs little: the call's success is the effect. */
static bool succeeds(const char *way)
{
	static char buffer[1024];
	uint64_t mask = 1;
	int pair[2];
	const struct {
		const char *way;
		long args[5];
	} calls[] = {
	    {"faccessat", {AT_FDCWD, at("file"), R_OK}},
	    {"faccessat2", {AT_FDCWD, at("file"), R_OK}},
	    {"accept4", {made.listener}},
	    {"fchownat", {AT_FDCWD, at("file"), -1, -1}},
	    {"epoll_create1", {0}},
	    {"eventfd2", {0}},
	    {"inotify_init1", {0}},
	    {"mknodat", {AT_FDCWD, at("new"), S_IFIFO | 0600}},
	    {"pipe2", {at(pair)}},
	    {"readlinkat", {AT_FDCWD, at("link"), at(buffer), 100}},
	    {"signalfd4", {-1, at(&mask), 8}},
	    {"newfstatat", {AT_FDCWD, at("file"), at(buffer)}},
	    {"statx", {AT_FDCWD, at("file"), 0, 0xfff, at(buffer)}},
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].way, way) == 0)
			return call(way, calls[i].args[0], calls[i].args[1], calls[i].args[2], calls[i].args[3],
			            calls[i].args[4]) >= 0;
	return false;
}

const struct effect effects[] = {
    {"access", succeeds},
    {"accept", succeeds},
    {"chmod", changes_mode},
    {"fchmodat", changes_mode},
    {"chown", succeeds},
    {"fork", forks},
    {"creat", opens},
    {"open", opens},
    {"openat", opens},
    {"dup", duplicates},
    {"dup2", duplicates},
    {"epoll_create", succeeds},
    {"eventfd", succeeds},
    {"execve", executes},
    {"inotify_init", succeeds},
    {"link", gets_name},
    {"mkdir", makes_directory},
    {"mkdirat", makes_directory},
    {"mknod", succeeds},
    {"pipe", succeeds},
    {"read", reads},
    {"write", writes},
    {"readlink", succeeds},
    {"rename", gets_name},
    {"signalfd", succeeds},
    {"symlink", gets_name},
    {"tkill", signals},
    {"kill", signals},
    {"stat", succeeds},
    {"unlink", removes},
    {"rmdir", removes_directory},
    {"setrlimit", limits},
    {"socket", makes_socket},
    {"clone", enters_namespace},
    {"unshare", enters_namespace},
    {"mmap", makes_executable},
    {"mprotect", makes_executable},
    {"prctl", loads_filter},
    {"seccomp", loads_filter},
    {"ptrace", reads_memory},
    {"connect", connects},
    {"bind", listens},
    {"mount", mounts},
    {"truncate", truncates},
};

const size_t effect_count = sizeof(effects) / sizeof(effects[0]);

const struct effect *effect_at(size_t index)
{
	if (index < effect_count)
		return &effects[index];
	return index - effect_count < wait_effect_count ? &wait_effects[index - effect_count] : NULL;
}

const struct effect *effect_find(const char *denied)
{
	const struct effect *effect;

	for (size_t i = 0; (effect = effect_at(i)); i++)
		if (strcmp(effect->denied, denied) == 0)
			return effect;
	return NULL;
}

bool effect_set_up(const char *denied, const char *folder)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
	socklen_t length = sizeof(made.address);

	if (strcmp(denied, "mount") == 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	made.file = chdir(folder) == 0 ? open("file", O_RDWR | O_CREAT | O_TRUNC, 0644) : -1;
	made.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	made.client = socket(AF_UNIX, SOCK_STREAM, 0);
	made.server = socket(AF_INET, SOCK_STREAM, 0);
	made.stream = socket(AF_INET, SOCK_STREAM, 0);
	made.address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	made.page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (strcmp(denied, "connect") == 0 &&
	    (bind(made.server, (struct sockaddr *)&made.address, length) < 0 || listen(made.server, 1) < 0 ||
	     getsockname(made.server, (struct sockaddr *)&made.address, &length) < 0))
		return false;
	return write(made.file, "text", 4) == 4 && lseek(made.file, 0, SEEK_SET) == 0 && mkdir("folder", 0700) == 0 &&
	       symlink("file", "link") == 0 && close(open("other", O_CREAT | O_WRONLY, 0600)) == 0 &&
	       bind(made.listener, (struct sockaddr *)&name, sizeof(name)) == 0 && listen(made.listener, 1) == 0 &&
	       connect(made.client, (struct sockaddr *)&name, sizeof(name)) == 0;
}
