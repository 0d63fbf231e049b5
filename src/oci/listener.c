/*
 * Loading, and handing the listener to a supervisor as the runtime specification describes it: connect to listenerPath, send
 * the container process state as JSON with the notification fd beside it.
 *
 * Once the filter is there, this process may not be allowed to send anything, and a notified call would wait for the very
 * supervisor that it is to reach. So everything but the fd is prepared before, and a courier is started that shares the
 * table of open files but not the filter: it learns the fd's number through shared memory, which takes no system call.
 */
#include <errno.h>
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

#include <jansson.h>

#include "oci/apply.h"
#include "oci/profile.h"

#define RUNTIME_SPEC_VERSION "1.0.2"

enum { STACK_SIZE = 64 * 1024, TICK_NANOSECONDS = 1000000 };

/* What `listener` holds while there is no fd. */
enum { NOT_YET = -1, NEVER = -2 };

/* In memory that this process and the courier share. */
struct shared {
	_Atomic int listener;
};

struct courier {
	struct shared *shared;
	int sock;
	char *state; /* the JSON text */
	pid_t confined;
	char *stack;
};

static char *make_state(const struct callgate_profile *profile, pid_t pid)
{
	char id[32], bundle[4096];
	const char *metadata = callgate_profile_listener_metadata(profile);

	(void)snprintf(id, sizeof(id), "callgate-%d", (int)pid);
	if (!getcwd(bundle, sizeof(bundle)))
		strcpy(bundle, "/");
	json_t *json = json_pack("{s:s, s:[s], s:i, s:s*, s:{s:s, s:s, s:s, s:i, s:s}}", "ociVersion",
	                         RUNTIME_SPEC_VERSION, "fds", "seccompFd", "pid", (int)pid, "metadata",
	                         metadata, "state", "ociVersion", RUNTIME_SPEC_VERSION, "id", id, "status",
	                         "creating", "pid", (int)pid, "bundle", bundle);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	return text;
}

static int connect_to(const char *path, struct diag *diag)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sock, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return diag_fail(diag, -ENAMETOOLONG, "listenerPath %s is too long for a socket", path);
	strcpy(address.sun_path, path);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock >= 0 && connect(sock, (struct sockaddr *)&address, sizeof(address)) == 0)
		return sock;
	error = errno;
	if (sock >= 0)
		close(sock);
	return diag_fail(diag, -error, "listenerPath %s: %s", path, strerror(error));
}

static void send_listener(int sock, const char *state, int listener)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec text = {(void *)(uintptr_t)state, strlen(state)};
	struct msghdr message = {.msg_iov = &text,
	                         .msg_iovlen = 1,
	                         .msg_control = &control,
	                         .msg_controllen = sizeof(control.room)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &listener, sizeof(int));
	ssize_t sent = sendmsg(sock, &message, MSG_NOSIGNAL);
	while (sent >= 0 && (size_t)sent < text.iov_len) { /* the fd went with the first byte */
		text.iov_base = (char *)text.iov_base + sent;
		text.iov_len -= (size_t)sent;
		sent = send(sock, text.iov_base, text.iov_len, MSG_NOSIGNAL);
	}
}

/* The courier. Shares the open files with the confined process until that executes its command. */
static int carry(void *argument)
{
	const struct courier *courier = argument;
	const struct timespec tick = {0, TICK_NANOSECONDS};
	int listener;

	while ((listener = atomic_load(&courier->shared->listener)) == NOT_YET) {
		if (kill(courier->confined, 0) < 0 && errno == ESRCH)
			_exit(1);
		nanosleep(&tick, NULL);
	}
	if (listener >= 0)
		send_listener(courier->sock, courier->state, listener);
	/* For the confined process, too: its execve may wait for a supervisor that waits for the end of this connection. */
	close(courier->sock);
	_exit(0);
}

/* In between, so that the command does not find a child that it did not start. */
static int start_carrying(void *argument)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));

	_exit(clone(carry, stack + STACK_SIZE, CLONE_FILES, argument) < 0);
}

static int start_courier(struct courier *courier, struct diag *diag)
{
	pid_t child = clone(start_carrying, courier->stack + STACK_SIZE, CLONE_FILES | SIGCHLD, courier);
	int status = 0;

	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (child < 0 || status != 0)
		return diag_fail(diag, -EAGAIN, "no process to hand the listener on with");
	return 0;
}

static int prepare(struct callgate_profile *profile, struct courier *courier)
{
	courier->confined = getpid();
	courier->state = make_state(profile, courier->confined);
	courier->stack = malloc(STACK_SIZE);
	courier->shared =
	    mmap(NULL, sizeof(*courier->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (courier->shared == MAP_FAILED)
		courier->shared = NULL;
	if (!courier->state || !courier->stack || !courier->shared)
		return diag_fail(&profile->diag, -ENOMEM, "out of memory for the listener");
	atomic_init(&courier->shared->listener, NOT_YET);
	courier->sock = connect_to(profile->model.listener_path, &profile->diag);
	return courier->sock < 0 ? courier->sock : start_courier(courier, &profile->diag);
}

static void discard(struct courier *courier)
{
	if (courier->shared) {
		atomic_store(&courier->shared->listener, NEVER);
		munmap(courier->shared, sizeof(*courier->shared));
	}
	if (courier->sock >= 0)
		close(courier->sock);
	free(courier->stack);
	free(courier->state);
}

static int load(struct callgate_profile *profile, scmp_filter_ctx ctx)
{
	int result = seccomp_load(ctx);

	if (result < 0)
		diag_set(&profile->diag, "%s", callgate_diagnosis(ctx));
	return result;
}

/* After a successful load not one call more than needed: the filter may kill for it. Memory stays. */
static int load_with_courier(struct callgate_profile *profile, scmp_filter_ctx ctx)
{
	struct courier courier = {.sock = -1};
	int result = prepare(profile, &courier);

	if (result == 0)
		result = load(profile, ctx);
	if (result < 0)
		discard(&courier);
	else
		atomic_store(&courier.shared->listener, seccomp_notify_fd(ctx));
	return result;
}

static bool uses_notify(const struct model *model)
{
	if (model->fallback.action->value == SCMP_ACT_NOTIFY)
		return true;
	for (size_t i = 0; i < model->entry_count; i++)
		if (!model->entries[i].excluded && model->entries[i].verdict.action->value == SCMP_ACT_NOTIFY)
			return true;
	return false;
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
		                 "SCMP_ACT_NOTIFY without \"listenerPath\": nobody would answer");
	return load_with_courier(profile, ctx);
}
