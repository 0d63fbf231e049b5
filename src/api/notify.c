#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <seccomp.h>

#include "api/context.h"
#include "load/features.h"
#include "load/listener.h"

static int check_support(unsigned feature)
{
	if (load_has(feature))
		return 0;
	return diag_fail(diag_thread(), -EOPNOTSUPP,
	                 "user notification needs Linux 5.0 (API level %u is in force)", load_level());
}

/* Whatever the kernel said becomes one value; what it said is in the text. */
static int refused(int result, int becomes, const char *what)
{
	if (result >= 0)
		return result;
	return diag_fail(diag_thread(), becomes, "%s: the kernel says %s", what, strerrorname_np(-result));
}

/* Newer kernels write more than we know of, and programs built with newer headers read more than an older kernel writes. */
static void *allocate(size_t kernel_size, size_t own_size)
{
	return calloc(1, kernel_size > own_size ? kernel_size : own_size);
}

int seccomp_notify_alloc(struct seccomp_notif **req, struct seccomp_notif_resp **resp)
{
	struct diag *diag = diag_thread();
	size_t req_size = 0, resp_size = 0;
	void *new_req = NULL, *new_resp = NULL;

	if (check_support(LOAD_SECCOMP) < 0)
		return -EOPNOTSUPP;
	int result = load_notification_sizes(&req_size, &resp_size);
	if (result < 0)
		return refused(result, -ECANCELED, "sizes of the notification structures");
	if (!req_size || !resp_size)
		return diag_fail(diag, -EFAULT, "the kernel says that notifications have no size");
	if ((req && !(new_req = allocate(req_size, sizeof(**req)))) ||
	    (resp && !(new_resp = allocate(resp_size, sizeof(**resp))))) {
		free(new_req);
		return diag_fail(diag, -ENOMEM, "out of memory for a notification");
	}
	if (req)
		*req = new_req;
	if (resp)
		*resp = new_resp;
	return 0;
}

void seccomp_notify_free(struct seccomp_notif *req, struct seccomp_notif_resp *resp)
{
	free(req);
	free(resp);
}

int seccomp_notify_receive(int fd, struct seccomp_notif *req)
{
	int result = check_support(LOAD_ACTION_NOTIFY);

	return result < 0 ? result
	                  : refused(listener_receive(fd, req), -ECANCELED, "no notification received");
}

int seccomp_notify_respond(int fd, struct seccomp_notif_resp *resp)
{
	int result = check_support(LOAD_ACTION_NOTIFY);

	return result < 0 ? result : refused(listener_respond(fd, resp), -ECANCELED, "response not taken");
}

int seccomp_notify_id_valid(int fd, uint64_t id)
{
	int result = check_support(LOAD_ACTION_NOTIFY);

	return result < 0 ? result
	                  : refused(listener_check_id(fd, id), -ENOENT, "the notification is not waiting");
}

int seccomp_notify_addfd(int fd, struct seccomp_notif_addfd *addfd)
{
	int result = check_support(LOAD_ACTION_NOTIFY);

	if (result < 0)
		return result;
	if (!addfd)
		return diag_fail(diag_thread(), -EINVAL, "no description of the file descriptor: NULL");
	result = listener_add_fd(fd, addfd);
	return refused(result, result == -EINVAL ? -EOPNOTSUPP : -ECANCELED,
	               "file descriptor not handed over");
}
