/* A child may make directories only through its parent, who looks at each name and makes those without a slash. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

/* Sends (fd >= 0) or receives (-1) a file descriptor. */
static int pass_fd(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
	struct iovec byte = {&(char){0}, 1};
	struct msghdr message = {
	    .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

	*(int *)CMSG_DATA(&control.header) = fd;
	if ((fd >= 0 ? sendmsg(socket, &message, 0) : recvmsg(socket, &message, 0)) != 1)
		return -1;
	return *(int *)CMSG_DATA(&control.header);
}

static int child(int socket)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (!ctx || seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(mkdirat), 0) < 0 || seccomp_load(ctx) < 0) {
		fprintf(stderr, "%s\n", callgate_diagnosis(ctx));
		return 1;
	}
	pass_fd(socket, seccomp_notify_fd(ctx));
	close(seccomp_notify_fd(ctx));
	seccomp_release(ctx);
	static const char *const names[] = {"made-by-the-parent", "/etc/not-made"};
	for (int i = 0; i < 2; i++)
		printf("%s: %s\n", names[i],
		       syscall(SYS_mkdirat, AT_FDCWD, names[i], 0700) < 0 ? strerror(errno) : "made");
	return 0;
}

/* What the child passed, copied before it is looked at, as the child could change it. */
static int read_name(const struct seccomp_notif *req, char *name, size_t size)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u/mem", req->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = pread(fd, name, size - 1, (off_t)req->data.args[1]);
	close(fd);
	name[length > 0 ? length : 0] = '\0';
	return length > 0 ? 0 : -1;
}

static void answer(int listener, const struct seccomp_notif *req, struct seccomp_notif_resp *resp)
{
	char name[64];
	int result = read_name(req, name, sizeof(name));

	/* If the child still waits, the memory was the child's, and not that of another process with its number. */
	if (seccomp_notify_id_valid(listener, req->id) < 0)
		return;
	int error = result < 0 ? -EFAULT : strchr(name, '/') ? -EPERM : mkdir(name, 0700) < 0 ? -errno : 0;
	*resp = (struct seccomp_notif_resp){.id = req->id, .error = error};
	if (seccomp_notify_respond(listener, resp) < 0)
		fputs("the child has ended meanwhile\n", stderr);
}

int main(void)
{
	int sockets[2], status = 0;
	struct seccomp_notif *req;
	struct seccomp_notif_resp *resp;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return 1;
	pid_t pid = fork();
	if (pid == 0)
		return child(sockets[1]);
	close(sockets[1]);
	int listener = pass_fd(sockets[0], -1);
	if (listener < 0 || seccomp_notify_alloc(&req, &resp) < 0)
		return 1;
	for (int i = 0; i < 2; i++) {
		memset(req, 0, sizeof(*req));
		if (seccomp_notify_receive(listener, req) == 0)
			answer(listener, req, resp);
	}
	seccomp_notify_free(req, resp);
	rmdir("made-by-the-parent");
	return waitpid(pid, &status, 0) == pid ? status : 1;
}
