/* callgate_compile_dump() and the list of passes. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/compile.h>
#include <callgate/diagnosis.h>

#include "support/simulated.h"

static scmp_filter_ctx example(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name("read"), 1, SCMP_A0(SCMP_CMP_EQ, 5)), 0);
	return ctx;
}

START_TEST(every_pass_can_be_shown)
{
	scmp_filter_ctx ctx = example();
	size_t count = 0;

	for (; callgate_pass_name(count); count++) {
		char *text = NULL;
		ck_assert_ptr_nonnull(callgate_pass_what(count));
		ck_assert_int_eq(callgate_compile_dump(ctx, callgate_pass_name(count), 0, &text), 0);
		ck_assert(strstr(text, "a0.lo") || strstr(text, "arg0.lo"));
		ck_assert_ptr_nonnull(strstr(text, "ALLOW"));
		free(text);
		ck_assert_int_eq(callgate_compile_dump(ctx, callgate_pass_name(count), 1, &text), 0);
		ck_assert(strncmp(text, "digraph", 7) == 0 && strstr(text, "a0.lo"));
		free(text);
	}
	ck_assert_uint_ge(count, 5);
	ck_assert_ptr_null(callgate_pass_what(count));
	seccomp_release(ctx);
}
END_TEST

START_TEST(the_graph_says_what_the_rules_say)
{
	scmp_filter_ctx ctx = example();
	char *text = NULL;

	ck_assert_int_eq(callgate_compile_dump(ctx, "rules", 0, &text), 0);
	ck_assert_ptr_nonnull(strstr(text, "\t0xc000003e -> "));
	ck_assert_ptr_nonnull(strstr(text, "\t0x5 -> "));
	ck_assert_ptr_nonnull(strstr(text, "\t0 -> "));
	free(text);
	seccomp_release(ctx);
}
END_TEST

/* What is not a graph any more is shown as what it is. */
START_TEST(every_pass_shows_what_it_leaves)
{
	static const struct {
		const char *pass, *text;
	} shown[] = {{"rules", "nr\n"},
	             {"parts", "nr\n"},
	             {"trees", "nr\n"},
	             {"layout", "nr\n"},
	             {"emit", "if A == 0xc000003e goto"}};
	scmp_filter_ctx ctx = example();

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		char *text = NULL;
		ck_assert_int_eq(callgate_compile_dump(ctx, shown[i].pass, 0, &text), 0);
		ck_assert_msg(strstr(text, shown[i].text) != NULL, "after %s: %s", shown[i].pass, text);
		free(text);
	}
	seccomp_release(ctx);
}
END_TEST

START_TEST(mistakes_leave_the_text_alone)
{
	scmp_filter_ctx ctx = example();
	char *text = (char *)"untouched";

	ck_assert_int_eq(callgate_compile_dump(ctx, "no such pass", 0, &text), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(ctx), "no such pass"));
	ck_assert_int_eq(callgate_compile_dump(ctx, NULL, 0, &text), -EINVAL);
	ck_assert_int_eq(callgate_compile_dump(ctx, "rules", 0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_compile_dump(NULL, "rules", 0, &text), -EINVAL);
	ck_assert_str_eq(text, "untouched");
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("dump");

	tcase_add_test(tcase, every_pass_can_be_shown);
	tcase_add_test(tcase, the_graph_says_what_the_rules_say);
	tcase_add_test(tcase, every_pass_shows_what_it_leaves);
	tcase_add_test(tcase, mistakes_leave_the_text_alone);
	return simulated_run(tcase);
}
