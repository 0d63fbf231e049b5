/*
 * witness LIBRARY DIRECTORY -- PROGRAM [ARGUMENT...]
 * witness LIBRARY DIRECTORY PID
 *
 * Says where seccomp filters come from. The first form runs a program and watches it and everything it
 * starts; whenever one of them has installed a filter, the filter is read back from the kernel into
 * DIRECTORY/N.bpf (N counts from 0) and a line "N PID COMMAND ours|foreign|none" is added to DIRECTORY/log:
 * whether the process that installed it had LIBRARY mapped as code (the very file, by device and inode), some
 * other file called libseccomp, or neither. The exit status is the program's (128 + signal if one ended it).
 * The second form does the same with the filters of a process that already has them. Needs CAP_SYS_ADMIN.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { instructions_max = 4096, pid_max = 4194304 };

static const char *directory;
static struct stat library;
static unsigned count;
static FILE *record;

/* By thread id: is the call that the thread was seen to enter about to install a filter? */
static bool installing[pid_max];

__attribute__((noreturn)) static void give_up(const char *what, const char *name)
{
	fprintf(stderr, "witness: cannot %s %s: %s\n", what, name, strerror(errno));
	exit(125);
}

static const char *library_of(pid_t pid)
{
	char path[64], line[4096], perms[8];
	const char *found = "none";
	unsigned dev_major, dev_minor;
	unsigned long inode;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	FILE *maps = fopen(path, "r");
	if (!maps)
		give_up("read", path);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%*s %7s %*s %x:%x %lu", perms, &dev_major, &dev_minor, &inode) != 4 ||
		    !strchr(perms, 'x'))
			continue;
		if (inode == library.st_ino && makedev(dev_major, dev_minor) == library.st_dev)
			found = "ours";
		else if (strstr(line, "libseccomp"))
			found = "foreign";
	}
	fclose(maps);
	return found;
}

static void command_of(pid_t pid, char *ret_command, size_t size)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	FILE *comm = fopen(path, "r");
	if (!comm || !fgets(ret_command, (int)size, comm))
		snprintf(ret_command, size, "?");
	if (comm)
		fclose(comm);
	ret_command[strcspn(ret_command, "\n")] = '\0';
	for (char *c = ret_command; *c; c++)
		if (*c == ' ')
			*c = '_';
}

/* Writes the filter which is `index` filters older than the newest. False: there is none. */
static bool save_filter(pid_t pid, unsigned index)
{
	struct sock_filter insns[instructions_max];
	char path[4096], command[64];
	long len = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)(unsigned long)index, insns);
	if (len < 0 && errno == ENOENT)
		return false;
	if (len < 0)
		give_up("read back", "a filter");
	snprintf(path, sizeof(path), "%s/%u.bpf", directory, count);
	FILE *file = fopen(path, "w");
	if (!file || fwrite(insns, sizeof(*insns), (size_t)len, file) != (size_t)len || fclose(file) != 0)
		give_up("write", path);
	command_of(pid, command, sizeof(command));
	fprintf(record, "%u %d %s %s\n", count, pid, command, library_of(pid));
	fflush(record);
	count++;
	return true;
}

static void stopped_at_call(pid_t pid)
{
	struct __ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		bool by_seccomp = info.entry.nr == SYS_seccomp && info.entry.args[0] == 1 && info.entry.args[2] != 0;
		bool by_prctl =
		    info.entry.nr == SYS_prctl && info.entry.args[0] == PR_SET_SECCOMP && info.entry.args[1] == 2;
		installing[pid] = by_seccomp || by_prctl;
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && installing[pid]) {
		installing[pid] = false;
		if (!info.exit.is_error)
			save_filter(pid, 0);
	}
}

static int end_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Lets a stopped thread go on, with the signal it was to get if that is why it stopped. */
static void go_on(pid_t pid, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	if (signal == (SIGTRAP | 0x80))
		stopped_at_call(pid);
	if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
		ptrace(PTRACE_LISTEN, pid, 0, 0);
		return;
	}
	if (event || signal == (SIGTRAP | 0x80))
		signal = 0;
	ptrace(PTRACE_SYSCALL, pid, 0, signal);
}

static int watch(pid_t child)
{
	int status, result = 125;
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return result;
		if (WIFSTOPPED(status))
			go_on(pid, status);
		else if (pid == child)
			result = end_of(status);
	}
}

static int run(char **argv)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
	               PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int gate[2];
	char byte = 0;
	if (pipe2(gate, O_CLOEXEC) < 0)
		give_up("make", "a pipe");
	pid_t child = fork();
	if (child < 0)
		give_up("fork for", argv[0]);
	if (child == 0) {
		if (read(gate[0], &byte, 1) == 1)
			execvp(argv[0], argv);
		fprintf(stderr, "witness: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	if (ptrace(PTRACE_SEIZE, child, 0, options) < 0 || ptrace(PTRACE_INTERRUPT, child, 0, 0) < 0)
		give_up("trace", argv[0]);
	if (write(gate[1], &byte, 1) != 1)
		give_up("start", argv[0]);
	return watch(child);
}

static int inspect(pid_t pid)
{
	int status;
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0 || ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 ||
	    waitpid(pid, &status, __WALL) != pid)
		give_up("stop", "the process");
	for (unsigned i = 0; save_filter(pid, i); i++)
		;
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	char path[4096];
	bool runs = argc > 4 && strcmp(argv[3], "--") == 0;
	if (!runs && argc != 4) {
		fprintf(stderr, "usage: witness LIBRARY DIRECTORY { -- PROGRAM [ARGUMENT...] | PID }\n");
		return 2;
	}
	directory = argv[2];
	if (stat(argv[1], &library) < 0)
		give_up("find", argv[1]);
	snprintf(path, sizeof(path), "%s/log", directory);
	record = fopen(path, "ae");
	if (!record)
		give_up("write", path);
	return runs ? run(argv + 4) : inspect((pid_t)atol(argv[3]));
}
