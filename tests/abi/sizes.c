/* The layouts and values that programs have compiled in: a wrong one does not compile. */
#include <stddef.h>

#include <seccomp.h>

_Static_assert(sizeof(struct scmp_version) == 12, "version");
_Static_assert(sizeof(struct scmp_arg_cmp) == 24, "comparison");
_Static_assert(offsetof(struct scmp_arg_cmp, op) == 4, "operator");
_Static_assert(offsetof(struct scmp_arg_cmp, datum_a) == 8, "first datum");
_Static_assert(offsetof(struct scmp_arg_cmp, datum_b) == 16, "second datum");
_Static_assert(sizeof(enum scmp_compare) == 4 && sizeof(enum scmp_filter_attr) == 4, "enumerations");
_Static_assert(sizeof(struct seccomp_notif) == 80 && sizeof(struct seccomp_notif_resp) == 24, "notification");
_Static_assert(offsetof(struct seccomp_notif, pid) == 8 && offsetof(struct seccomp_notif, flags) == 12 &&
                   offsetof(struct seccomp_notif, data) == 16,
               "notification");
_Static_assert(offsetof(struct seccomp_notif_resp, val) == 8 && offsetof(struct seccomp_notif_resp, error) == 16 &&
                   offsetof(struct seccomp_notif_resp, flags) == 20,
               "response");
_Static_assert(SECCOMP_RET_USER_NOTIF == 0x7fc00000U, "notification");
_Static_assert(sizeof(struct seccomp_notif_addfd) == 24, "file descriptor");
_Static_assert(offsetof(struct seccomp_notif_addfd, flags) == 8 && offsetof(struct seccomp_notif_addfd, srcfd) == 12 &&
                   offsetof(struct seccomp_notif_addfd, newfd) == 16 &&
                   offsetof(struct seccomp_notif_addfd, newfd_flags) == 20,
               "file descriptor");
_Static_assert(SECCOMP_ADDFD_FLAG_SETFD == 1 && SECCOMP_ADDFD_FLAG_SEND == 2, "file descriptor");

_Static_assert(EM_MIPS == 8 && EM_AARCH64 == 183 && EM_RISCV == 243 && EM_LOONGARCH == 258, "machines");
_Static_assert(__AUDIT_ARCH_CONVENTION_MIPS64_N32 == 0x20000000, "n32");
_Static_assert(AUDIT_ARCH_AARCH64 == SCMP_ARCH_AARCH64 && AUDIT_ARCH_LOONGARCH64 == SCMP_ARCH_LOONGARCH64 &&
                   AUDIT_ARCH_PPC64LE == SCMP_ARCH_PPC64LE && AUDIT_ARCH_RISCV64 == SCMP_ARCH_RISCV64,
               "audit values");
_Static_assert(AUDIT_ARCH_MIPS == SCMP_ARCH_MIPS && AUDIT_ARCH_MIPS64 == SCMP_ARCH_MIPS64 &&
                   AUDIT_ARCH_MIPS64N32 == SCMP_ARCH_MIPS64N32 && AUDIT_ARCH_MIPSEL64N32 == SCMP_ARCH_MIPSEL64N32,
               "audit values of MIPS");

_Static_assert(SCMP_ACT_TRAP == 0x00030000U && SCMP_ACT_TRAPX(7) == 0x00030007U, "trap");
_Static_assert(SCMP_ACT_TRAPX(0x12345) == 0x00032345U && SCMP_ACT_ERRNO(0x12345) == 0x00052345U &&
                   SCMP_ACT_TRACE(0x12345) == 0x7ff02345U,
               "data of actions");

_Static_assert(SCMP_KV_UNDEF == 1 && SCMP_KV_UNDEF < SCMP_KV_3_0 && SCMP_KV_3_19 < SCMP_KV_4_0 &&
                   SCMP_KV_4_20 < SCMP_KV_5_0 && SCMP_KV_5_19 < SCMP_KV_6_0 && SCMP_KV_6_18 < __SCMP_KV_MAX,
               "kernel versions are in order");

int main(void)
{
	return 0;
}
