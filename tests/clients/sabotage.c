/*
 * Two ways to break the library, for a proof that the client tests would notice. Linked in front of the real
 * library, whose functions of the same names are then called real_*: with DROPS_A_RULE one rule of each
 * filter is accepted and forgotten, with INSTALLS_NOTHING filters are accepted and never loaded, and exported
 * ones allow everything.
 */
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { arguments_max = 6 };

#ifdef DROPS_A_RULE

int real_seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned count,
                                const struct scmp_arg_cmp *args);
int real_seccomp_rule_add_exact_array(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned count,
                                      const struct scmp_arg_cmp *args);

/* The tests ask each client about one of these, whether it is to be allowed or to be denied. */
static bool dropped(int nr)
{
	return nr == SCMP_SYS(chmod) || nr == SCMP_SYS(execve) || nr == SCMP_SYS(getpid) || nr == SCMP_SYS(getuid) ||
	       nr == SCMP_SYS(statx);
}

int seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned count,
                           const struct scmp_arg_cmp *args)
{
	return dropped(nr) ? 0 : real_seccomp_rule_add_array(ctx, action, nr, count, args);
}

int seccomp_rule_add_exact_array(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned count,
                                 const struct scmp_arg_cmp *args)
{
	return dropped(nr) ? 0 : real_seccomp_rule_add_exact_array(ctx, action, nr, count, args);
}

static void collect(struct scmp_arg_cmp *args, unsigned count, va_list list)
{
	for (unsigned i = 0; i < count && i < arguments_max; i++)
		args[i] = va_arg(list, struct scmp_arg_cmp);
}

int seccomp_rule_add(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned count, ...)
{
	struct scmp_arg_cmp args[arguments_max];
	va_list list;
	va_start(list, count);
	collect(args, count, list);
	va_end(list);
	return seccomp_rule_add_array(ctx, action, nr, count, args);
}

int seccomp_rule_add_exact(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned count, ...)
{
	struct scmp_arg_cmp args[arguments_max];
	va_list list;
	va_start(list, count);
	collect(args, count, list);
	va_end(list);
	return seccomp_rule_add_exact_array(ctx, action, nr, count, args);
}

#endif

#ifdef INSTALLS_NOTHING

static const struct sock_filter allow_everything = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

int seccomp_load(const scmp_filter_ctx ctx)
{
	return ctx ? 0 : -EINVAL;
}

int seccomp_export_bpf(const scmp_filter_ctx ctx, int fd)
{
	if (!ctx)
		return -EINVAL;
	return write(fd, &allow_everything, sizeof(allow_everything)) < 0 ? -ECANCELED : 0;
}

int seccomp_export_bpf_mem(const scmp_filter_ctx ctx, void *buf, size_t *len)
{
	if (!ctx || !len)
		return -EINVAL;
	if (buf && *len < sizeof(allow_everything))
		return -ERANGE;
	*len = sizeof(allow_everything);
	if (buf)
		memcpy(buf, &allow_everything, sizeof(allow_everything));
	return 0;
}

#endif
