/* The layouts that programs have compiled in: a wrong one does not compile. */
#include <stddef.h>

#include <seccomp.h>

_Static_assert(sizeof(struct scmp_version) == 12, "version");
_Static_assert(sizeof(struct scmp_arg_cmp) == 24, "comparison");
_Static_assert(offsetof(struct scmp_arg_cmp, op) == 4, "operator");
_Static_assert(offsetof(struct scmp_arg_cmp, datum_a) == 8, "first datum");
_Static_assert(offsetof(struct scmp_arg_cmp, datum_b) == 16, "second datum");
_Static_assert(sizeof(enum scmp_compare) == 4 && sizeof(enum scmp_filter_attr) == 4, "enumerations");
_Static_assert(sizeof(struct seccomp_notif) == 80 && sizeof(struct seccomp_notif_resp) == 24, "notification");
_Static_assert(sizeof(struct seccomp_notif_addfd) == 24, "file descriptor");

int main(void)
{
	return 0;
}
