/* <callgate/action.h>: actions as text and back, and which of two the kernel takes. */
#include <callgate/action.h>

#include <errno.h>
#include <stdio.h>

#include <check.h>
#include <callgate/diagnosis.h>
#include <seccomp.h>

#include "support/run.h"

static const struct {
	uint32_t action;
	const char *text;
} texts[] = {
    {SCMP_ACT_KILL_PROCESS, "KILL_PROCESS"},
    {SCMP_ACT_KILL_THREAD, "KILL"},
    {SCMP_ACT_TRAP, "TRAP"},
    {SCMP_ACT_TRAPX(7), "TRAP(7)"},
    {SCMP_ACT_ERRNO(0), "ERRNO(0)"},
    {SCMP_ACT_ERRNO(EPERM), "ERRNO(EPERM)"},
    {SCMP_ACT_ERRNO(EAGAIN), "ERRNO(EAGAIN)"},
    {SCMP_ACT_ERRNO(ENOTRECOVERABLE), "ERRNO(ENOTRECOVERABLE)"},
    {SCMP_ACT_ERRNO(4095), "ERRNO(4095)"},
    {SCMP_ACT_NOTIFY, "NOTIFY"},
    {SCMP_ACT_TRACE(0), "TRACE(0)"},
    {SCMP_ACT_TRACE(0xffff), "TRACE(65535)"},
    {SCMP_ACT_LOG, "LOG"},
    {SCMP_ACT_ALLOW, "ALLOW"},
    {0x12345678, "0x12345678"},
};

START_TEST(text_and_back)
{
	char text[CALLGATE_ACTION_TEXT], prefixed[64];
	uint32_t action = 1;

	callgate_action_text(texts[_i].action, text);
	ck_assert_str_eq(text, texts[_i].text);
	ck_assert_int_eq(callgate_action_parse(text, &action), 0);
	ck_assert_uint_eq(action, texts[_i].action);
	if (!callgate_action_kind(action))
		return;
	snprintf(prefixed, sizeof(prefixed), "SCMP_ACT_%s", text);
	ck_assert_int_eq(callgate_action_parse(prefixed, &action), 0);
	ck_assert_uint_eq(action, texts[_i].action);
}
END_TEST

START_TEST(other_spellings)
{
	uint32_t action;

	ck_assert_int_eq(callgate_action_parse("KILL_THREAD", &action), 0);
	ck_assert_uint_eq(action, SCMP_ACT_KILL_THREAD);
	ck_assert_int_eq(callgate_action_parse("ERRNO", &action), 0);
	ck_assert_uint_eq(action, SCMP_ACT_ERRNO(0));
	ck_assert_int_eq(callgate_action_parse("ERRNO(0x1)", &action), 0);
	ck_assert_uint_eq(action, SCMP_ACT_ERRNO(1));
	ck_assert_int_eq(callgate_action_parse("ERRNO(EWOULDBLOCK)", &action), 0);
	ck_assert_uint_eq(action, SCMP_ACT_ERRNO(EAGAIN));
	ck_assert_int_eq(callgate_action_parse("0", &action), 0);
	ck_assert_uint_eq(action, SCMP_ACT_KILL_THREAD);
}
END_TEST

static const char *const wrong[] = {
    NULL,
    "",
    "allow",
    "ALLOW ",
    " ALLOW",
    "ALLOW(1)",
    "ALLOW()",
    "ALLOW(0)",
    "ERRNO(",
    "ERRNO()",
    "ERRNO(EPERM",
    "ERRNO(EPERM))",
    "ERRNO(EPERM)x",
    "ERRNO(4096)",
    "ERRNO(-1)",
    "ERRNO( 1)",
    "ERRNO(1 )",
    "ERRNO(ENOPE)",
    "ERRNO(eperm)",
    "TRAP(EPERM)",
    "TRACE(65536)",
    "TRACE(99999999999999999999)",
    "SCMP_ACT_",
    "SCMP_ACT_SCMP_ACT_LOG",
    "SCMP_ACT_0",
    "KILL_",
    "0x",
    "-1",
    "4294967296",
    "1x",
    "ERRNO(EAVERYLONGNAMETHATNOERRORHASANDTHATFITSNOBUFFER)",
};

START_TEST(what_is_no_action_is_refused)
{
	uint32_t action = 42;

	ck_assert_int_eq(callgate_action_parse(wrong[_i], &action), -EINVAL);
	ck_assert_uint_eq(action, 42);
	ck_assert(callgate_diagnosis(NULL)[0]);
}
END_TEST

START_TEST(null_is_no_place_for_an_action)
{
	ck_assert_int_eq(callgate_action_parse("LOG", NULL), -EINVAL);
	callgate_action_text(SCMP_ACT_LOG, NULL);
}
END_TEST

START_TEST(kinds_are_listed_from_the_strictest_on)
{
	const struct callgate_action_kind *kind, *before = NULL;

	for (size_t i = 0; (kind = callgate_action_kind_at(i)); before = kind, i++) {
		ck_assert_ptr_eq(callgate_action_kind_find(kind->name), kind);
		ck_assert_uint_eq(callgate_action_kind(kind->action | 5)->action, kind->action);
		if (before)
			ck_assert_uint_eq(callgate_action_strictest(kind->action, before->action), before->action);
	}
	ck_assert_str_eq(callgate_action_kind(SCMP_ACT_KILL_THREAD)->name, "KILL");
	ck_assert_uint_eq(callgate_action_kind_find("SCMP_ACT_NOTIFY")->action, SCMP_ACT_NOTIFY);
	ck_assert_uint_eq(callgate_action_kind_find("ERRNO")->data_max, 4095);
	ck_assert_uint_eq(callgate_action_kind_find("NOTIFY")->data_max, 0);
	ck_assert_ptr_null(callgate_action_kind_find("ERRNO(1)"));
	ck_assert_ptr_null(callgate_action_kind_find(NULL));
	ck_assert_ptr_null(callgate_action_kind(0x12345678));
	ck_assert_ptr_null(callgate_action_kind_at(SIZE_MAX));
}
END_TEST

START_TEST(the_strictest_of_two)
{
	ck_assert_uint_eq(callgate_action_strictest(SCMP_ACT_ALLOW, SCMP_ACT_LOG), SCMP_ACT_LOG);
	ck_assert_uint_eq(callgate_action_strictest(SCMP_ACT_LOG, SCMP_ACT_ALLOW), SCMP_ACT_LOG);
	ck_assert_uint_eq(callgate_action_strictest(SCMP_ACT_ERRNO(1), SCMP_ACT_ERRNO(2)), SCMP_ACT_ERRNO(1));
	ck_assert_uint_eq(callgate_action_strictest(SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_PROCESS),
	                  SCMP_ACT_KILL_PROCESS);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("api/action");

	tcase_add_loop_test(tests, text_and_back, 0, (int)(sizeof(texts) / sizeof(texts[0])));
	tcase_add_test(tests, other_spellings);
	tcase_add_loop_test(tests, what_is_no_action_is_refused, 0, (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(tests, null_is_no_place_for_an_action);
	tcase_add_test(tests, kinds_are_listed_from_the_strictest_on);
	tcase_add_test(tests, the_strictest_of_two);
	return test_run(tests);
}
