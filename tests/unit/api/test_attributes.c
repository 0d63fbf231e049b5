/*
 * Attributes and actions at every API level: defaults, what can be set, what is read back, and which errors there are.
 */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <seccomp.h>

#include "support/run.h"

enum { LEVELS = 7, UNTOUCHED = 77 };

static scmp_filter_ctx make(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(1));

	ck_assert_ptr_nonnull(ctx);
	return ctx;
}

static uint32_t get(scmp_filter_ctx ctx, enum scmp_filter_attr attr)
{
	uint32_t value = UNTOUCHED;

	ck_assert_int_eq(seccomp_attr_get(ctx, attr, &value), 0);
	return value;
}

/* `since`: the level from which the attribute can be set, where 0 is any. */
static const struct {
	enum scmp_filter_attr attr;
	uint32_t initial;
	unsigned since;
} booleans[] = {
    {SCMP_FLTATR_CTL_NNP, 1, 0},      {SCMP_FLTATR_CTL_TSYNC, 0, 2}, {SCMP_FLTATR_API_TSKIP, 0, 0},
    {SCMP_FLTATR_CTL_LOG, 0, 3},      {SCMP_FLTATR_CTL_SSB, 0, 4},   {SCMP_FLTATR_API_SYSRAWRC, 0, 0},
    {SCMP_FLTATR_CTL_WAITKILL, 0, 0},
};
enum { BOOLEANS = sizeof(booleans) / sizeof(booleans[0]) };

START_TEST(booleans_at_every_level)
{
	static const uint32_t values[] = {1, 0, 2, 0, UINT32_MAX};
	unsigned level = (unsigned)_i % LEVELS + 1;
	enum scmp_filter_attr attr = booleans[_i / LEVELS].attr;
	uint32_t initial = booleans[_i / LEVELS].initial;
	bool possible = level >= booleans[_i / LEVELS].since;

	ck_assert_int_eq(seccomp_api_set(level), 0);
	scmp_filter_ctx ctx = make();
	ck_assert_uint_eq(get(ctx, attr), initial);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		ck_assert_int_eq(seccomp_attr_set(ctx, attr, values[i]), possible ? 0 : -EOPNOTSUPP);
		ck_assert_uint_eq(get(ctx, attr), possible ? values[i] != 0 : initial);
	}
	ck_assert_int_eq(seccomp_reset(ctx, SCMP_ACT_ERRNO(2)), 0);
	ck_assert_uint_eq(get(ctx, attr), initial);
	seccomp_release(ctx);
}
END_TEST

START_TEST(default_action_is_read_only)
{
	static const uint32_t values[] = {SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), 0xdeadbeef};
	scmp_filter_ctx ctx = make();

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_DEFAULT, values[i]), -EACCES);
		ck_assert_uint_eq(get(ctx, SCMP_FLTATR_ACT_DEFAULT), SCMP_ACT_ERRNO(1));
	}
	ck_assert_int_eq(seccomp_reset(ctx, SCMP_ACT_TRAP), 0);
	ck_assert_uint_eq(get(ctx, SCMP_FLTATR_ACT_DEFAULT), SCMP_ACT_TRAP);
	seccomp_release(ctx);
}
END_TEST

START_TEST(optimize_is_one_or_two)
{
	static const struct {
		uint32_t value;
		int result;
		uint32_t then;
	} steps[] = {{0, -EOPNOTSUPP, 1}, {2, 0, 2}, {3, -EOPNOTSUPP, 2}, {UINT32_MAX, -EOPNOTSUPP, 2}, {1, 0, 1}};
	scmp_filter_ctx ctx = make();

	ck_assert_uint_eq(get(ctx, SCMP_FLTATR_CTL_OPTIMIZE), 1);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, steps[i].value), steps[i].result);
		ck_assert_uint_eq(get(ctx, SCMP_FLTATR_CTL_OPTIMIZE), steps[i].then);
	}
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), 0);
	ck_assert_int_eq(seccomp_reset(ctx, SCMP_ACT_TRAP), 0);
	ck_assert_uint_eq(get(ctx, SCMP_FLTATR_CTL_OPTIMIZE), 1);
	seccomp_release(ctx);
}
END_TEST

START_TEST(what_is_no_attribute)
{
	static const int attributes[] = {_SCMP_FLTATR_MIN, _SCMP_FLTATR_MAX, -1, 1000, INT32_MIN};
	scmp_filter_ctx ctx = make();
	uint32_t value = UNTOUCHED;

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		enum scmp_filter_attr attr = (enum scmp_filter_attr)attributes[i];
		ck_assert_int_eq(seccomp_attr_get(ctx, attr, &value), -EINVAL);
		ck_assert_int_eq(seccomp_attr_set(ctx, attr, 1), -EINVAL);
		ck_assert_msg(strstr(callgate_diagnosis(ctx), "is not an attribute"), "%s", callgate_diagnosis(ctx));
	}
	for (int attr = SCMP_FLTATR_ACT_DEFAULT; attr < _SCMP_FLTATR_MAX; attr++) {
		ck_assert_int_eq(seccomp_attr_get(NULL, (enum scmp_filter_attr)attr, &value), -EINVAL);
		ck_assert_int_eq(seccomp_attr_get(ctx, (enum scmp_filter_attr)attr, NULL), -EINVAL);
		ck_assert_int_eq(seccomp_attr_set(NULL, (enum scmp_filter_attr)attr, 1), -EINVAL);
	}
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	for (int attr = SCMP_FLTATR_ACT_DEFAULT; attr < _SCMP_FLTATR_MAX; attr++) {
		ck_assert_int_eq(seccomp_attr_get(ctx, (enum scmp_filter_attr)attr, &value), -EINVAL);
		ck_assert_int_eq(seccomp_attr_set(ctx, (enum scmp_filter_attr)attr, 1), -EINVAL);
	}
	ck_assert_uint_eq(value, UNTOUCHED);
	seccomp_release(ctx);
}
END_TEST

/* `since`: the level from which the action is valid; 0: always, NEVER: never. */
enum { NEVER = 99 };
static const struct {
	uint32_t action;
	unsigned since;
} actions[] = {
    {SCMP_ACT_KILL_THREAD, 0},
    {SCMP_ACT_KILL, 0},
    {SCMP_ACT_TRAP, 0},
    {SCMP_ACT_TRAPX(1), 0},
    {SCMP_ACT_TRAPX(0xffff), 0},
    {SCMP_ACT_ERRNO(0), 0},
    {SCMP_ACT_ERRNO(1), 0},
    {SCMP_ACT_ERRNO(4094), 0},
    {SCMP_ACT_ERRNO(4095), 0},
    {SCMP_ACT_ERRNO(4096), NEVER},
    {SCMP_ACT_ERRNO(0xffff), NEVER},
    {SCMP_ACT_TRACE(0), 0},
    {SCMP_ACT_TRACE(0xffff), 0},
    {SCMP_ACT_ALLOW, 0},
    {SCMP_ACT_LOG, 3},
    {SCMP_ACT_KILL_PROCESS, 3},
    {SCMP_ACT_NOTIFY, 5},
    {SCMP_ACT_KILL_THREAD | 1, NEVER},
    {SCMP_ACT_KILL_PROCESS | 1, NEVER},
    {SCMP_ACT_LOG | 1, NEVER},
    {SCMP_ACT_NOTIFY | 1, NEVER},
    {SCMP_ACT_ALLOW + 1, NEVER},
    {0x00010000, NEVER},
    {0x00020000, NEVER},
    {0x00040000, NEVER},
    {0x80030000, NEVER},
    {0xdeadbeef, NEVER},
    {0xffffffff, NEVER},
};
enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };

START_TEST(actions_at_every_level)
{
	unsigned level = (unsigned)_i % LEVELS + 1;
	uint32_t action = actions[_i / LEVELS].action;
	bool valid = level >= actions[_i / LEVELS].since;
	uint32_t other = action == SCMP_ACT_ERRNO(7) ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(7);

	ck_assert_int_eq(seccomp_api_set(level), 0);
	scmp_filter_ctx ctx = seccomp_init(action);
	ck_assert_msg((ctx != NULL) == valid, "init(0x%08x) at level %u", action, level);
	seccomp_release(ctx);

	ctx = seccomp_init(other);
	ck_assert_int_eq(seccomp_rule_add(ctx, action, SCMP_SYS(read), 0), valid ? 0 : -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact(ctx, action, SCMP_SYS(write), 0), valid ? 0 : -EINVAL);
	ck_assert_uint_eq(get(ctx, SCMP_FLTATR_ACT_BADARCH), SCMP_ACT_KILL);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, action), valid ? 0 : -EINVAL);
	ck_assert_uint_eq(get(ctx, SCMP_FLTATR_ACT_BADARCH), valid ? action : SCMP_ACT_KILL);
	ck_assert_int_eq(seccomp_reset(ctx, action), valid ? 0 : -EINVAL);
	ck_assert_uint_eq(get(ctx, SCMP_FLTATR_ACT_DEFAULT), valid ? action : other);
	seccomp_release(ctx);
}
END_TEST

/* The default action is no action for a rule, and is found out after the number and before the comparisons. */
START_TEST(default_action_is_refused)
{
	scmp_filter_ctx ctx = make();

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), SCMP_SYS(read), 0), -EACCES);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(2), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(1)), 0);
	seccomp_release(ctx);
}
END_TEST

/* NOTIFY and TSYNC exclude each other below level 6, whichever comes first. */
START_TEST(notify_beside_tsync)
{
	unsigned level = (unsigned)_i;
	int refused = level < 6 ? -EINVAL : 0;

	ck_assert_int_eq(seccomp_api_set(level), 0);
	scmp_filter_ctx ctx = make();
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), refused);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 0), 0);
	ck_assert_int_eq(seccomp_reset(ctx, SCMP_ACT_ERRNO(1)), 0);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(read), 0), refused);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_NOTIFY), refused);
	ck_assert_int_eq(seccomp_reset(ctx, SCMP_ACT_NOTIFY), 0);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), refused);
	seccomp_release(ctx);
}
END_TEST

/*
 * What a rejected transaction takes back does not take back that NOTIFY was used; nor does a rule that was never added
 * use it.
 */
START_TEST(notify_used_is_sticky)
{
	ck_assert_int_eq(seccomp_api_set(5), 0);
	scmp_filter_ctx ctx = make();
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, -2, 0), -EINVAL);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), 0);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 0), 0);
	ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(read), 0), 0);
	seccomp_transaction_reject(ctx);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), -EINVAL);
	seccomp_release(ctx);
}
END_TEST

START_TEST(levels)
{
	static const unsigned wrong[] = {0, 8, 1024, UINT32_MAX};
	unsigned kernel = seccomp_api_get();

	for (unsigned level = 1; level <= LEVELS; level++) {
		ck_assert_int_eq(seccomp_api_set(level), 0);
		ck_assert_uint_eq(seccomp_api_get(), level);
		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
			ck_assert_int_eq(seccomp_api_set(wrong[i]), -EINVAL);
		ck_assert_uint_eq(seccomp_api_get(), level);
		ck_assert_int_eq(seccomp_reset(NULL, 0xdeadbeef), 0);
		ck_assert_uint_eq(seccomp_api_get(), kernel);
	}
}
END_TEST

START_TEST(version)
{
	const struct scmp_version *found = seccomp_version();

	ck_assert_uint_eq(found->major, 2);
	ck_assert_uint_eq(found->minor, 6);
	ck_assert_uint_eq(found->micro, 1);
	ck_assert_ptr_eq(found, seccomp_version());
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("attributes");

	tcase_add_loop_test(tests, booleans_at_every_level, 0, BOOLEANS * LEVELS);
	tcase_add_test(tests, default_action_is_read_only);
	tcase_add_test(tests, optimize_is_one_or_two);
	tcase_add_test(tests, what_is_no_attribute);
	tcase_add_loop_test(tests, actions_at_every_level, 0, ACTIONS * LEVELS);
	tcase_add_test(tests, default_action_is_refused);
	tcase_add_loop_test(tests, notify_beside_tsync, 5, LEVELS + 1);
	tcase_add_test(tests, notify_used_is_sticky);
	tcase_add_test(tests, levels);
	tcase_add_test(tests, version);
	return test_run(tests);
}
