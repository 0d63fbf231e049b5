/* What the library asks of the kernel: filters, strict mode, and the notifications of a listener. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <seccomp.h>
#include <callgate/strict.h>

#include "api/context.h"
#include "base/confine.h"
#include "base/raw.h"
#include "load/features.h"
#include "load/load.h"

/* The number with the direction that Linux 5.0 to 5.8 had by mistake; newer kernels take both. */
#ifndef SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR
#define SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR SECCOMP_IOR(2, __u64)
#endif

/* What failed at the system's end: its errno for those who asked for it, else one value. */
static int system_error(const struct context *context, int result)
{
	return context_error(context->attributes[SCMP_FLTATR_API_SYSRAWRC] ? result : -ECANCELED);
}

int seccomp_load(const scmp_filter_ctx ctx)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	int result = context_compile(context, false);
	if (result == -E2BIG)
		return system_error(context, result);
	if (result < 0)
		return context_error(result);
	struct load_request request = {
	    .programs = context->output.programs,
	    .count = context->output.count,
	    .no_new_privileges = context->attributes[SCMP_FLTATR_CTL_NNP],
	    .synchronise_threads = context->attributes[SCMP_FLTATR_CTL_TSYNC],
	    .log = context->attributes[SCMP_FLTATR_CTL_LOG],
	    .allow_speculation = context->attributes[SCMP_FLTATR_CTL_SSB],
	    .has_listener = context->listener >= 0,
	    .wants_listener = context->notify_used && context->listener < 0 && load_has(LOAD_ACTION_NOTIFY),
	    .wait_killable = context->attributes[SCMP_FLTATR_CTL_WAITKILL],
	};
	assert(!(request.wants_listener && request.has_listener));
	result = load_programs(&request, &context->diag, &context->listener);
	assert(result < 0 || !request.wants_listener || context->listener >= 0);
	if (result == 0 && context->notify_used && !request.wants_listener)
		diag_add(&context->diag, request.has_listener
		                             ? "note: the context has a listener already, which hears nothing of "
		                               "this copy of the filter: calls with NOTIFY fail with ENOSYS"
		                             : "note: no listener was asked for, as the API level in force has "
		                               "none: calls with NOTIFY fail with ENOSYS");
	return result < 0 && result != -ESRCH ? system_error(context, result) : result;
}

int seccomp_precompute(const scmp_filter_ctx ctx)
{
	struct context *context = context_check(ctx);

	return context ? context_error(context_compile(context, false)) : -EINVAL;
}

int seccomp_notify_fd(const scmp_filter_ctx ctx)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	if (context->listener < 0)
		return diag_fail(&context->diag, -EFAULT,
		                 "the context has no listener: none before seccomp_load(), nor without a NOTIFY rule");
	return context->listener;
}

int callgate_strict_enter(void)
{
	int result = confine_strictly();

	if (result == 0)
		return 0;
	if (result == CONFINE_FAKED)
		return diag_fail(diag_thread(), result,
		                 "strict mode: the thread is not in strict mode, and " CONFINE_FAKED_TEXT);
	if (result == -EINVAL)
		return diag_fail(diag_thread(), -EINVAL,
		                 "strict mode: this kernel has no seccomp, or the thread already has a filter");
	return diag_fail(diag_thread(), result, "strict mode: %s", strerror(-result));
}

UNCHECKED void callgate_strict_exit(int status)
{
	raw_exit(status);
}

UNCHECKED long callgate_strict_read(int fd, void *buffer, size_t size)
{
	return raw_read(fd, buffer, size);
}

UNCHECKED long callgate_strict_write(int fd, const void *buffer, size_t size)
{
	return raw_write(fd, buffer, size);
}

static int check_notification(const void *argument, const char *name)
{
	if (!argument)
		return diag_fail(diag_thread(), -EINVAL, "the %s is NULL", name);
	return feature_check(LOAD_ACTION_NOTIFY, "user notification", -EOPNOTSUPP, diag_thread());
}

/*
 * Returns one value for every error of the kernel. The kernel's own is in the text, and in errno: callers that repeat
 * after EINTR look there.
 */
static int refused(int result, int becomes, const char *what)
{
	if (result >= 0)
		return result;
	diag_set(diag_thread(), "%s: %s", what, error_text((unsigned)-result));
	errno = -result;
	return becomes;
}

/* Newer kernels write more than we know of; programs built with newer headers read more than older kernels write. */
static void *allocate(size_t kernel_size, size_t own_size)
{
	return calloc(1, kernel_size > own_size ? kernel_size : own_size);
}

int seccomp_notify_alloc(struct seccomp_notif **req, struct seccomp_notif_resp **resp)
{
	struct seccomp_notif_sizes sizes = {0}; /* stays so where an older filter fakes success */
	void *new_req = NULL, *new_resp = NULL;
	int result = load_has(LOAD_SECCOMP) ? 0 : check_notification(&sizes, "sizes");

	if (result < 0)
		return result;
	result = raw_seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
	if (result < 0)
		return refused(result, -ECANCELED, "the kernel does not tell the sizes of notifications");
	if (!sizes.seccomp_notif || !sizes.seccomp_notif_resp)
		return diag_fail(diag_thread(), -EFAULT, "the kernel says that notifications have no size");
	if ((req && !(new_req = allocate(sizes.seccomp_notif, sizeof(**req)))) ||
	    (resp && !(new_resp = allocate(sizes.seccomp_notif_resp, sizeof(**resp))))) {
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
	int result = check_notification(req, "notification to receive");

	if (result < 0)
		return result;
	result = raw_ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, req);
	return refused(result, -ECANCELED,
	               result == -EINVAL ? "no notification was received; was its memory zeroed before?"
	                                 : "no notification was received");
}

int seccomp_notify_respond(int fd, struct seccomp_notif_resp *resp)
{
	int result = check_notification(resp, "response");

	return result < 0
	           ? result
	           : refused(raw_ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, resp), -ECANCELED, "the response was not taken");
}

int seccomp_notify_id_valid(int fd, uint64_t id)
{
	int result = check_notification(&id, "id");

	if (result < 0)
		return result;
	result = raw_ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
	if (result == -EINVAL)
		result = raw_ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR, &id);
	return refused(result, -ENOENT, "there is no notification of this id that waits for a response");
}

int seccomp_notify_addfd(int fd, struct seccomp_notif_addfd *addfd)
{
	int result = check_notification(addfd, "description of the file descriptor");

	if (result < 0)
		return result;
	result = raw_ioctl(fd, SECCOMP_IOCTL_NOTIF_ADDFD, addfd);
	if (result == -EINVAL)
		return refused(result, -EOPNOTSUPP,
		               "the kernel does not know this way to hand over a file descriptor "
		               "(Linux 5.9; with SEND, 5.14), or its flags or the fd contradict each other");
	return refused(result, -ECANCELED, "the file descriptor was not handed over");
}
