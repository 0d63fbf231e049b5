#include "trace/notifier.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process/child.h"
#include "trace/signal_passing.h"

enum { NOT_YET = -1, TICK_NANOSECONDS = 200000 };

/*
 * The child shares the table of open files until it executes: its listener has the same number here, which it says
 * through memory, as its filter may allow no call to say it.
 */
struct notifier {
	const struct trace_watcher *watcher;
	_Atomic int *number;
	pid_t command;
	int listener;
	bool has_ended;
	int status;
};

/* ---- starting ---- */

static pid_t start(const struct trace_command *command, _Atomic int *number, int go)
{
	char byte;
	const pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	while (read(go, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(command->enter(command->data, number));
}

/* Remembers how the command ended, if it has. */
static bool has_ended(struct notifier *notifier)
{
	if (!notifier->has_ended && waitpid(notifier->command, &notifier->status, WNOHANG) == notifier->command)
		notifier->has_ended = true;
	return notifier->has_ended;
}

/* The listener, once there is one; negative: the command has ended before. */
static int wait_for_listener(struct notifier *notifier)
{
	const struct timespec tick = {0, TICK_NANOSECONDS};
	bool ended = false;

	while (atomic_load(notifier->number) == NOT_YET && !ended) {
		ended = has_ended(notifier);
		nanosleep(&tick, NULL);
	}
	return atomic_load(notifier->number);
}

/* ---- calls ---- */

struct exchange {
	struct seccomp_notif *notification;
	struct seccomp_notif_resp *response;
	size_t notification_size, response_size; /* as this kernel has them */
};

static int exchange_start(struct exchange *exchange)
{
	struct seccomp_notif_sizes sizes;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return -ENOSYS;
	exchange->notification_size =
	    sizes.seccomp_notif > sizeof(struct seccomp_notif) ? sizes.seccomp_notif : sizeof(struct seccomp_notif);
	exchange->response_size = sizes.seccomp_notif_resp > sizeof(struct seccomp_notif_resp)
	                              ? sizes.seccomp_notif_resp
	                              : sizeof(struct seccomp_notif_resp);
	exchange->notification = malloc(exchange->notification_size);
	exchange->response = malloc(exchange->response_size);
	return exchange->notification && exchange->response ? 0 : -ENOMEM;
}

/* False: there is nothing to answer any more. */
static bool answer(const struct notifier *notifier, const struct exchange *exchange)
{
	struct seccomp_notif *notification = exchange->notification;
	struct seccomp_notif_resp *response = exchange->response;

	memset(notification, 0, exchange->notification_size);
	memset(response, 0, exchange->response_size);
	if (ioctl(notifier->listener, SECCOMP_IOCTL_NOTIF_RECV, notification) < 0)
		return errno == EINTR || errno == ENOENT;
	struct trace_stop stop = {.tid = (pid_t)notification->pid,
	                          .call = {.arch = notification->data.arch,
	                                   .nr = notification->data.nr,
	                                   .instruction_pointer = notification->data.instruction_pointer}};
	memcpy(stop.call.args, notification->data.args, sizeof(stop.call.args));
	const struct trace_answer given = notifier->watcher->called(notifier->watcher->data, &stop);
	response->id = notification->id;
	if (given.is_made)
		response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else if (given.result < 0)
		response->error = (int)given.result;
	else
		response->val = given.result;
	return ioctl(notifier->listener, SECCOMP_IOCTL_NOTIF_SEND, response) == 0 || errno == ENOENT || errno == EINTR;
}

/* POLLHUP: nobody has the filter any more. */
static int watch(struct notifier *notifier)
{
	struct pollfd ready = {notifier->listener, POLLIN, 0};
	struct exchange exchange = {0};
	int result = exchange_start(&exchange);
	bool done = result < 0;

	while (!done) {
		const int count = poll(&ready, 1, -1);
		if (count < 0 && errno != EINTR)
			result = -ECANCELED;
		else if (count > 0 && ready.revents & POLLIN && !answer(notifier, &exchange))
			result = -ECANCELED;
		done = result < 0 || (count > 0 && !(ready.revents & POLLIN));
	}
	free(exchange.notification);
	free(exchange.response);
	return result;
}

static int run(struct notifier *notifier, const struct trace_command *command, int go[2])
{
	struct sigaction old[PASSED_SIGNALS];
	const int was_dumpable = prctl(PR_GET_DUMPABLE);
	int result;

	notifier->command = start(command, notifier->number, go[0]);
	if (notifier->command < 0)
		return notifier->command;
	result = child_hide_memory();
	signal_passing_start(notifier->command, old);
	if (result == 0 && write(go[1], "", 1) != 1)
		result = -errno;
	if (result == 0 && (notifier->listener = wait_for_listener(notifier)) >= 0) {
		result = watch(notifier);
		close(notifier->listener);
	}
	if (result < 0)
		kill(notifier->command, SIGKILL);
	while (!notifier->has_ended && waitpid(notifier->command, &notifier->status, 0) < 0 && errno == EINTR)
		;
	signal_passing_end(old);
	prctl(PR_SET_DUMPABLE, was_dumpable);
	return result;
}

int notify_run(const struct trace_command *command, const struct trace_watcher *watcher,
               struct trace_result *ret_result)
{
	struct notifier notifier = {.watcher = watcher, .listener = -1};
	int go[2] = {-1, -1}, result;

	notifier.number =
	    mmap(NULL, sizeof(*notifier.number), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (notifier.number == MAP_FAILED)
		return -ENOMEM;
	atomic_store(notifier.number, NOT_YET);
	result = pipe2(go, O_CLOEXEC) < 0 ? -errno : run(&notifier, command, go);
	close(go[0]);
	close(go[1]);
	munmap(notifier.number, sizeof(*notifier.number));
	*ret_result = (struct trace_result){.status = notifier.status};
	return result;
}
