/*
 * A libseccomp.so.2 that does nothing: no call is refused and the program is one instruction, which allows everything.
 * A program that starts with it costs what the program itself does about seccomp, such as reading a profile.
 */
#include <stdint.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

/* These do not look at their arguments, and so are declared without. */
#define NOTHING(name)     \
	int name(void);   \
	int name(void)    \
	{                 \
		return 0; \
	}

NOTHING(seccomp_api_get)
NOTHING(seccomp_api_set)
NOTHING(seccomp_arch_add)
NOTHING(seccomp_arch_exist)
NOTHING(seccomp_arch_native)
NOTHING(seccomp_arch_remove)
NOTHING(seccomp_attr_get)
NOTHING(seccomp_attr_set)
NOTHING(seccomp_export_bpf_mem)
NOTHING(seccomp_export_pfc)
NOTHING(seccomp_load)
NOTHING(seccomp_merge)
NOTHING(seccomp_notify_addfd)
NOTHING(seccomp_notify_alloc)
NOTHING(seccomp_notify_fd)
NOTHING(seccomp_notify_free)
NOTHING(seccomp_notify_id_valid)
NOTHING(seccomp_notify_receive)
NOTHING(seccomp_notify_respond)
NOTHING(seccomp_precompute)
NOTHING(seccomp_release)
NOTHING(seccomp_reset)
NOTHING(seccomp_rule_add)
NOTHING(seccomp_rule_add_array)
NOTHING(seccomp_rule_add_exact)
NOTHING(seccomp_rule_add_exact_array)
NOTHING(seccomp_syscall_priority)
NOTHING(seccomp_syscall_resolve_name)
NOTHING(seccomp_syscall_resolve_name_arch)
NOTHING(seccomp_syscall_resolve_name_rewrite)
NOTHING(seccomp_syscall_resolve_num_arch)
NOTHING(seccomp_transaction_commit)
NOTHING(seccomp_transaction_reject)
NOTHING(seccomp_transaction_start)

static uint32_t version[3] = {2, 6, 1};

const void *seccomp_version(void);
const void *seccomp_version(void)
{
	return version;
}

/* A context, of which nothing is ever read. */
void *seccomp_init(uint32_t action);
void *seccomp_init(uint32_t action)
{
	(void)action;
	return version;
}

uint32_t seccomp_arch_resolve_name(const char *name);
uint32_t seccomp_arch_resolve_name(const char *name)
{
	return name ? 0xc000003e : 0; /* x86_64, whatever the name */
}

int seccomp_export_bpf(const void *ctx, int fd);
int seccomp_export_bpf(const void *ctx, int fd)
{
	static const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

	(void)ctx;
	return write(fd, &allow, sizeof(allow)) == (ssize_t)sizeof(allow) ? 0 : -1;
}
