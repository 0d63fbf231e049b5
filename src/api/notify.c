#include <errno.h>
#include <stdlib.h>

#include <seccomp.h>

#include "api/context.h"
#include "api/feature.h"
#include "load/listener.h"
#include "load/refusal.h"

static int check_support(enum load_feature feature)
{
	return load_has(feature)
	           ? 0
	           : feature_missing(LOAD_ACTION_NOTIFY, "user notification", -EOPNOTSUPP, diag_thread());
}

static int check(enum load_feature feature, const void *argument, const char *name)
{
	if (!argument)
		return diag_fail(diag_thread(), -EINVAL, "the %s is NULL", name);
	return check_support(feature);
}

/*
 * Whatever the kernel said becomes one value. Its own is in the text, and in errno: callers that repeat after EINTR look there.
 */
static int refused(int result, int becomes, const char *what)
{
	if (result >= 0)
		return result;
	diag_set(diag_thread(), "%s: %s", what, refusal_name(-result));
	errno = -result;
	return becomes;
}

/* Newer kernels write more than we know of, and programs built with newer headers read more than an older kernel writes. */
static void *allocate(size_t kernel_size, size_t own_size)
{
	return calloc(1, kernel_size > own_size ? kernel_size : own_size);
}

int seccomp_notify_alloc(struct seccomp_notif **req, struct seccomp_notif_resp **resp)
{
	size_t req_size = 0, resp_size = 0;
	void *new_req = NULL, *new_resp = NULL;
	int result = check_support(LOAD_SECCOMP);

	if (result < 0)
		return result;
	result = listener_sizes(&req_size, &resp_size);
	if (result < 0)
		return refused(result, -ECANCELED, "the kernel does not tell the sizes of notifications");
	if (!req_size || !resp_size)
		return diag_fail(diag_thread(), -EFAULT, "the kernel says that notifications have no size");
	if ((req && !(new_req = allocate(req_size, sizeof(**req)))) ||
	    (resp && !(new_resp = allocate(resp_size, sizeof(**resp))))) {
		free(new_req);
		return diag_fail(diag_thread(), -ENOMEM, "out of memory for a notification");
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
	int result = check(LOAD_ACTION_NOTIFY, req, "notification to receive");

	if (result < 0)
		return result;
	result = listener_receive(fd, req);
	return refused(result, -ECANCELED,
	               result == -EINVAL ? "no notification was received; was its memory zeroed before?"
	                                 : "no notification was received");
}

int seccomp_notify_respond(int fd, struct seccomp_notif_resp *resp)
{
	int result = check(LOAD_ACTION_NOTIFY, resp, "response");

	return result < 0 ? result
	                  : refused(listener_respond(fd, resp), -ECANCELED, "the response was not taken");
}

int seccomp_notify_id_valid(int fd, uint64_t id)
{
	int result = check_support(LOAD_ACTION_NOTIFY);

	return result < 0 ? result
	                  : refused(listener_check_id(fd, id), -ENOENT,
	                            "there is no notification of this id that waits for a response");
}

int seccomp_notify_addfd(int fd, struct seccomp_notif_addfd *addfd)
{
	int result = check(LOAD_ACTION_NOTIFY, addfd, "description of the file descriptor");

	if (result < 0)
		return result;
	result = listener_add_fd(fd, addfd);
	if (result == -EINVAL)
		return refused(result, -EOPNOTSUPP,
		               "the kernel does not know this way to hand over a file descriptor "
		               "(Linux 5.9; with SEND, 5.14), or its flags or the fd contradict each other");
	return refused(result, -ECANCELED, "the file descriptor was not handed over");
}
