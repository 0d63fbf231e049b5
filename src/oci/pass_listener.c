/*
 * Loading, and handing the listener to a supervisor as the runtime specification describes it: connect to listenerPath,
 * send the container process state as JSON with the notification fd beside it.
 *
 * Once the filter is there, this process may not be allowed to send anything, and a notified call would wait for the
 * very supervisor that it is to reach. So everything but the fd is prepared before, and an fd-passing helper is started
 * that shares the table of open files but not the filter: it learns the fd's number through shared memory, which takes
 * no system call.
 *
 * Neither a supervisor that does not accept or read, nor a helper that does not get on, takes this process past the
 * deadline.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <callgate/diagnosis.h>

#include "oci/profile_handle.h"
#include "oci/read_policy.h"

#define RUNTIME_SPEC_VERSION "1.0.2"

/* How long connecting, starting the helper, and sending may take, each. */
enum { DEADLINE_SECONDS = 5 };
enum { STACK_SIZE = 64 * 1024, TICK_NANOSECONDS = 1000000 };

/* What `listener` holds while there is no fd. */
enum { NOT_YET = -1, NEVER = -2 };

/* In memory that this process and the helper share. */
struct shared {
	_Atomic int listener;
};

struct helper {
	struct shared *shared;
	int sock;
	char *state; /* the JSON text */
	pid_t confined;
	char *stack;
};

static const struct timespec tick = {0, TICK_NANOSECONDS};

static int64_t milliseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t deadline_from_now(void)
{
	return milliseconds_now() + DEADLINE_SECONDS * 1000;
}

/* NULL if memory is out. */
static char *make_state(const struct callgate_profile *profile, pid_t pid)
{
	struct strbuf text = {0};
	char bundle[4096];
	const char *metadata = callgate_profile_listener_metadata(profile);

	strbuf_printf(&text, "{\"ociVersion\":\"" RUNTIME_SPEC_VERSION "\",\"fds\":[\"seccompFd\"],\"pid\":%d,",
	              (int)pid);
	if (metadata) {
		strbuf_append(&text, "\"metadata\":");
		json_write_string(&text, metadata);
		strbuf_append(&text, ",");
	}
	strbuf_printf(&text,
	              "\"state\":{\"ociVersion\":\"" RUNTIME_SPEC_VERSION
	              "\",\"id\":\"callgate-%d\",\"status\":\"creating\",\"pid\":%d,\"bundle\":",
	              (int)pid, (int)pid);
	json_write_string(&text, getcwd(bundle, sizeof(bundle)) ? bundle : "/");
	strbuf_append(&text, "}}");
	return strbuf_steal(&text);
}

/* Waits for a supervisor that has more connections than it accepts, but not for ever. */
static int connect_to(const char *path, struct diag *diag)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval limit = {DEADLINE_SECONDS, 0};
	int sock, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return diag_fail(diag, -ENAMETOOLONG, "listenerPath %s is too long for a socket", path);
	strcpy(address.sun_path, path);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock >= 0 && setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
	    connect(sock, (struct sockaddr *)&address, sizeof(address)) == 0)
		return sock;
	error = errno == EAGAIN ? ETIMEDOUT : errno;
	if (sock >= 0)
		close(sock);
	return diag_fail(diag, -error, "listenerPath %s: %s", path, strerror(error));
}

/* False when the supervisor has gone, or has read nothing until the deadline. */
static bool wait_for_room(int sock, int64_t deadline)
{
	struct pollfd room = {.fd = sock, .events = POLLOUT};
	int64_t left;

	while ((left = deadline - milliseconds_now()) > 0) {
		int ready = poll(&room, 1, (int)left);
		if (ready > 0)
			return room.revents & POLLOUT;
		if (ready < 0 && errno != EINTR)
			return false;
	}
	return false;
}

static void send_listener(int sock, const char *state, int listener)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec text = {(void *)(uintptr_t)state, strlen(state)};
	struct msghdr message = {
	    .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.room)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int64_t deadline = deadline_from_now();

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &listener, sizeof(int));
	while (text.iov_len > 0 && wait_for_room(sock, deadline)) {
		ssize_t sent = sendmsg(sock, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return;
		if (sent <= 0)
			continue;
		text.iov_base = (char *)text.iov_base + sent;
		text.iov_len -= (size_t)sent;
		message.msg_control = NULL; /* the fd went with the first byte */
		message.msg_controllen = 0;
	}
}

/* The helper. Shares the open files with the confined process until that executes its command. */
static int pass_listener(void *argument)
{
	const struct helper *helper = argument;
	int listener;

	while ((listener = atomic_load(&helper->shared->listener)) == NOT_YET) {
		if (kill(helper->confined, 0) < 0 && errno == ESRCH)
			_exit(1);
		nanosleep(&tick, NULL);
	}
	if (listener >= 0)
		send_listener(helper->sock, helper->state, listener);
	/*
	 * For the confined process, too: its execve may wait for a supervisor that waits for the end of this
	 * connection.
	 */
	close(helper->sock);
	_exit(0);
}

/* In between, so that the command does not find a child that it did not start. */
static int start_passing(void *argument)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));

	_exit(clone(pass_listener, stack + STACK_SIZE, CLONE_FILES, argument) < 0);
}

/*
 * 0 when the child has ended well. Nobody else's child is waited for, and this one is left to itself when it can't be
 * killed in time.
 */
static int collect(pid_t child)
{
	int64_t deadline = deadline_from_now();
	int status = 0;

	for (pid_t ended = 0; ended == 0;) {
		ended = waitpid(child, &status, WNOHANG);
		if (ended < 0)
			return errno == ECHILD ? 0 : -EAGAIN; /* the caller's own waiting was faster */
		if (ended == 0 && milliseconds_now() >= deadline) {
			kill(child, SIGKILL);
			nanosleep(&tick, NULL);
			waitpid(child, NULL, WNOHANG);
			return -ETIMEDOUT;
		}
		if (ended == 0)
			nanosleep(&tick, NULL);
	}
	return status == 0 ? 0 : -EAGAIN;
}

static int start_helper(struct helper *helper, struct diag *diag)
{
	pid_t child = clone(start_passing, helper->stack + STACK_SIZE, CLONE_FILES | SIGCHLD, helper);
	int result = child < 0 ? -EAGAIN : collect(child);

	if (result == -ETIMEDOUT)
		return diag_fail(diag, result, "the process that passes the listener on did not start within %d s",
		                 DEADLINE_SECONDS);
	return result < 0 ? diag_fail(diag, result, "no process to pass the listener on with") : 0;
}

static int prepare(struct callgate_profile *profile, struct helper *helper)
{
	helper->confined = getpid();
	helper->state = make_state(profile, helper->confined);
	helper->stack = malloc(STACK_SIZE);
	helper->shared = mmap(NULL, sizeof(*helper->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (helper->shared == MAP_FAILED)
		helper->shared = NULL;
	if (!helper->state || !helper->stack || !helper->shared)
		return diag_fail(&profile->diag, -ENOMEM, "out of memory for the listener");
	atomic_init(&helper->shared->listener, NOT_YET);
	helper->sock = connect_to(profile->model.listener_path, &profile->diag);
	return helper->sock < 0 ? helper->sock : start_helper(helper, &profile->diag);
}

static void discard(struct helper *helper)
{
	if (helper->shared) {
		atomic_store(&helper->shared->listener, NEVER);
		munmap(helper->shared, sizeof(*helper->shared));
	}
	if (helper->sock >= 0)
		close(helper->sock);
	free(helper->stack);
	free(helper->state);
}

static int load(struct callgate_profile *profile, scmp_filter_ctx ctx)
{
	int result = seccomp_load(ctx);

	if (result < 0)
		diag_set(&profile->diag, "%s", callgate_diagnosis(ctx));
	return result;
}

/* After a successful load not one call more than needed: the filter may kill for it. Memory stays. */
static int load_with_helper(struct callgate_profile *profile, scmp_filter_ctx ctx)
{
	struct helper helper = {.sock = -1};
	int result = prepare(profile, &helper);

	if (result == 0)
		result = load(profile, ctx);
	if (result < 0)
		discard(&helper);
	else
		atomic_store(&helper.shared->listener, seccomp_notify_fd(ctx));
	return result;
}

static bool uses_notify(const struct model *model)
{
	if (model->fallback.action == SCMP_ACT_NOTIFY)
		return true;
	for (size_t i = 0; i < model->entry_count; i++)
		if (!model->entries[i].excluded && model->entries[i].verdict.action == SCMP_ACT_NOTIFY)
			return true;
	return model->policy && model->policy->uses_notify;
}

int callgate_profile_load(struct callgate_profile *profile, scmp_filter_ctx ctx)
{
	if (!profile)
		return -EINVAL;
	diag_clear(&profile->diag);
	if (!profile->is_usable || !ctx)
		return diag_fail(&profile->diag, -EINVAL,
		                 ctx ? "the profile was not read, or has errors" : "the context is NULL");
	if (!uses_notify(&profile->model))
		return load(profile, ctx);
	if (!profile->model.listener_path)
		return diag_fail(&profile->diag, -EINVAL,
		                 profile->model.policy
		                     ? "NOTIFY in a policy, which can't name a listener: nobody would answer"
		                     : "SCMP_ACT_NOTIFY without \"listenerPath\": nobody would answer");
	return load_with_helper(profile, ctx);
}
