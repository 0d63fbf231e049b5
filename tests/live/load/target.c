#include "target.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/diagnosis.h>

#include "child.h"

union fd_message {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static void send_fd(int socket, int fd)
{
	char byte = 0;
	struct iovec data = {&byte, 1};
	union fd_message control = {0};
	struct msghdr message = {
	    .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

	control.header =
	    (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	CHILD_EQUAL(sendmsg(socket, &message, 0), 1);
}

static int receive_fd(int socket)
{
	char byte;
	int fd;
	struct iovec data = {&byte, 1};
	union fd_message control = {0};
	struct msghdr message = {
	    .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

	CHILD_EQUAL(recvmsg(socket, &message, 0), 1);
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static int load(bool wait_killable)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	CHILD_CHECK(ctx != NULL);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(getppid), 0), 0);
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_WAITKILL, wait_killable), 0);
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	int fd = seccomp_notify_fd(ctx);
	/* The listener lives on. */
	CHILD_EQUAL(seccomp_reset(ctx, SCMP_ACT_ALLOW), 0);
	seccomp_release(ctx);
	return fd;
}

void target_start(struct target *target, bool wait_killable, int (*body)(void))
{
	int sockets[2];

	CHILD_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	target->pid = fork();
	CHILD_CHECK(target->pid >= 0);
	if (target->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = load(wait_killable);
		send_fd(sockets[1], fd);
		close(fd);
		close(sockets[0]);
		close(sockets[1]);
		_exit(body());
	}
	close(sockets[1]);
	target->fd = receive_fd(sockets[0]);
	close(sockets[0]);
}

int target_wait(const struct target *target)
{
	int status = -1;

	CHILD_EQUAL(waitpid(target->pid, &status, 0), target->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void target_kill(const struct target *target)
{
	CHILD_EQUAL(kill(target->pid, SIGKILL), 0);
	CHILD_EQUAL(target_wait(target), 128 + SIGKILL);
}

struct seccomp_notif target_receive(const struct target *target)
{
	struct seccomp_notif *req = NULL;

	CHILD_EQUAL(seccomp_notify_alloc(&req, NULL), 0);
	CHILD_CHECK(seccomp_notify_receive(target->fd, req) == 0, "%s", callgate_diagnosis(NULL));
	struct seccomp_notif copy = *req;
	seccomp_notify_free(req, NULL);
	CHILD_EQUAL(copy.pid, target->pid);
	CHILD_EQUAL(copy.data.nr, SYS_getppid);
	CHILD_EQUAL(copy.data.arch, seccomp_arch_native());
	return copy;
}

int target_respond(const struct target *target, uint64_t id, int64_t value, int error, uint32_t flags)
{
	struct seccomp_notif_resp *resp = NULL;

	CHILD_EQUAL(seccomp_notify_alloc(NULL, &resp), 0);
	*resp = (struct seccomp_notif_resp){.id = id, .val = value, .error = error, .flags = flags};
	int result = seccomp_notify_respond(target->fd, resp);
	seccomp_notify_free(NULL, resp);
	return result;
}
