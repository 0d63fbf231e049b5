#include "base/confine.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/raw.h"

enum { LOAD_BY_PRCTL = -1 };

UNCHECKED static int load(long flags, struct sock_fprog *program)
{
	if (flags == LOAD_BY_PRCTL)
		return raw_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (unsigned long)program);
	return raw_seccomp(SECCOMP_SET_MODE_FILTER, (unsigned)flags, program);
}

/* Both calls go through one system call instruction of the C library. */
UNCHECKED static int load_unless_faked(long flags, struct sock_fprog *program)
{
	unsigned short length = program->len;

	program->len = 0;
	int result = load(flags, program);
	program->len = length;
	if (result >= 0)
		return CONFINE_FAKED;
	return result == -EINVAL ? load(flags, program) : result;
}

UNCHECKED int confine_by_seccomp(unsigned flags, struct sock_fprog *program)
{
	return load_unless_faked((long)flags, program);
}

UNCHECKED int confine_by_prctl(struct sock_fprog *program)
{
	return load_unless_faked(LOAD_BY_PRCTL, program);
}

UNCHECKED int confine_no_new_privileges(void)
{
	int result = raw_prctl(PR_SET_NO_NEW_PRIVS, 1, 0);

	if (result == 0)
		result = raw_prctl(PR_GET_NO_NEW_PRIVS, 0, 0);
	if (result < 0)
		return result;
	return result == 1 ? 0 : CONFINE_FAKED;
}

/* Without a status to read: no filter that could fake may be there, as no thread that has one can enter strict mode. */
UNCHECKED static int require_no_filter(void)
{
	struct sock_fprog nothing = {0};
	int result = raw_prctl(PR_GET_SECCOMP, 0, 0);

	if (result != 0)
		return result < 0 ? result : -EINVAL;
	result = load(LOAD_BY_PRCTL, &nothing);
	return result == -EINVAL || result == -EFAULT ? 0 : result < 0 ? result : CONFINE_FAKED;
}

UNCHECKED int confine_strictly(void)
{
	int fd = raw_open("/proc/thread-self/status", O_RDONLY);
	bool has_status = fd != -ENOENT && fd != -ENOTDIR && fd != -EACCES;
	int result = has_status ? fd : require_no_filter();

	if (result < 0)
		return result;
	result = raw_prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0);
	if (fd < 0 || (result == 0 && raw_read_number(fd, "\nSeccomp:") == SECCOMP_MODE_STRICT))
		return result;
	raw_close(fd);
	return result < 0 ? result : CONFINE_FAKED;
}
