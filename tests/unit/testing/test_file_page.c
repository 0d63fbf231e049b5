/* The program of callgate_test_file(3) does what it says: it is taken from the page. */
#include <errno.h>
#include <fcntl.h>

#include "support/run.h"

#include <seccomp.h>

int check(scmp_filter_ctx ctx);
#include "test_file_page_example.h"

static scmp_filter_ctx make(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
	                                  SCMP_A2_64(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY)),
	                 0);
	return ctx;
}

START_TEST(right_and_wrong)
{
	scmp_filter_ctx ctx = make();

	ck_assert_int_eq(check(ctx), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 0), 0);
	ck_assert_int_eq(check(ctx), 1);
	ck_assert_int_eq(
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2_64(SCMP_CMP_EQ, O_RDWR)), 0);
	ck_assert_int_eq(check(ctx), 2);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("page");

	tcase_add_test(tcase, right_and_wrong);
	return test_run(tcase);
}
