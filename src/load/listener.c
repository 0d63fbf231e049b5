#include "load/listener.h"

#include <errno.h>

#include <linux/seccomp.h>
#include <linux/types.h>
#include <sys/ioctl.h>

#include "base/kernel.h"

/* The number with the direction that Linux 5.0 to 5.8 had by mistake; newer kernels take both. */
#ifndef SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR
#define SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR SECCOMP_IOR(2, __u64)
#endif

int listener_sizes(size_t *ret_request, size_t *ret_response)
{
	struct seccomp_notif_sizes sizes = {0}; /* stays so where success is faked */
	int result = kernel_seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes);

	if (result < 0)
		return result;
	*ret_request = sizes.seccomp_notif;
	*ret_response = sizes.seccomp_notif_resp;
	return 0;
}

int listener_receive(int fd, struct seccomp_notif *request)
{
	return kernel_ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, request);
}

int listener_respond(int fd, const struct seccomp_notif_resp *response)
{
	return kernel_ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, response);
}

int listener_check_id(int fd, uint64_t id)
{
	int result = kernel_ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);

	return result == -EINVAL ? kernel_ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR, &id) : result;
}

int listener_add_fd(int fd, const struct seccomp_notif_addfd *addfd)
{
	return kernel_ioctl(fd, SECCOMP_IOCTL_NOTIF_ADDFD, addfd);
}
