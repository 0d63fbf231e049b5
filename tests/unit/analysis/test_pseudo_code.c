/* The pseudo code, to the byte, of policies with one rule for a call: what clients keep in files and compare. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/rule.h>

#include "support/simulated.h"
#include "unit/api/asking.h"

#define HEAD               "#\n# pseudo filter code start\n#\n"
#define TAIL               "# invalid architecture action\naction KILL;\n#\n# pseudo filter code end\n#\n"
#define X86_64             "# filter for arch x86_64 (3221225534)\nif ($arch == 3221225534)\n"
#define X86                "# filter for arch x86 (1073741827)\nif ($arch == 1073741827)\n"
#define OTHERWISE          "  # default action\n  action ERRNO(1);\n"
#define READ(priority)     "  # filter for syscall \"read\" (0) [priority: " priority "]\n  if ($syscall == 0)\n"
#define READ_X86(priority) "  # filter for syscall \"read\" (3) [priority: " priority "]\n  if ($syscall == 3)\n"

static void check_text(scmp_filter_ctx ctx, const char *expected)
{
	const char *text = text_of(ctx);

	ck_assert_msg(strcmp(text, expected) == 0, "%s\ninstead of\n%s", text, expected);
	seccomp_release(ctx);
}

static const struct {
	struct scmp_arg_cmp arg;
	const char *wide, *narrow; /* what follows the test of the number */
} conditions[] = {
    {{1, SCMP_CMP_EQ, 0x200000003, 0},
     READ("65533") "    if ($a1.hi32 == 2)\n      if ($a1.lo32 == 3)\n        action ERRNO(5);\n",
     READ_X86("65534") "    if ($a1 == 3)\n      action ERRNO(5);\n"},
    {{1, SCMP_CMP_NE, 0x200000003, 0},
     READ("65533") "    if ($a1.hi32 == 2)\n      if ($a1.lo32 == 3)\n      else\n        action ERRNO(5);\n "
                   "   else\n"
                   "      action ERRNO(5);\n",
     READ_X86("65534") "    if ($a1 == 3)\n    else\n      action ERRNO(5);\n"},
    {{0, SCMP_CMP_MASKED_EQ, 0xf000000f0, 0xfffffffff},
     READ("65533") "    if ($a0.hi32 & 0x0000000f == 15)\n      if ($a0.lo32 & 0x000000f0 == 240)\n        "
                   "action ERRNO(5);\n",
     READ_X86("65534") "    if ($a0 & 0x000000f0 == 240)\n      action ERRNO(5);\n"},
    {{0, SCMP_CMP_MASKED_EQ, 0xf0, 0x10},
     READ("65533") "    if ($a0.hi32 & 0x00000000 == 0)\n      if ($a0.lo32 & 0x000000f0 == 16)\n        "
                   "action ERRNO(5);\n",
     READ_X86("65534") "    if ($a0 & 0x000000f0 == 16)\n      action ERRNO(5);\n"},
    {{5, SCMP_CMP_GT, 0x200000003, 0},
     READ("65532") "    if ($a5.hi32 > 2)\n      action ERRNO(5);\n    else\n      if ($a5.hi32 == 2)\n"
                   "        if ($a5.lo32 > 3)\n          action ERRNO(5);\n",
     READ_X86("65534") "    if ($a5 > 3)\n      action ERRNO(5);\n"},
    {{5, SCMP_CMP_GE, 0x200000003, 0},
     READ("65532") "    if ($a5.hi32 > 2)\n      action ERRNO(5);\n    else\n      if ($a5.hi32 == 2)\n"
                   "        if ($a5.lo32 >= 3)\n          action ERRNO(5);\n",
     READ_X86("65534") "    if ($a5 >= 3)\n      action ERRNO(5);\n"},
    {{5, SCMP_CMP_LE, 0x200000003, 0},
     READ("65532") "    if ($a5.hi32 > 2)\n    else\n      if ($a5.hi32 == 2)\n        if ($a5.lo32 > 3)\n   "
                   "     else\n"
                   "          action ERRNO(5);\n      else\n        action ERRNO(5);\n",
     READ_X86("65534") "    if ($a5 > 3)\n    else\n      action ERRNO(5);\n"},
    {{5, SCMP_CMP_LT, 0x200000003, 0},
     READ("65532") "    if ($a5.hi32 > 2)\n    else\n      if ($a5.hi32 == 2)\n        if ($a5.lo32 >= 3)\n  "
                   "      else\n"
                   "          action ERRNO(5);\n      else\n        action ERRNO(5);\n",
     READ_X86("65534") "    if ($a5 >= 3)\n    else\n      action ERRNO(5);\n"},
};

START_TEST(one_condition)
{
	char expected[4096];
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_rule_add_array(ctx, E(5), SCMP_SYS(read), 1, &conditions[_i].arg), 0);
	snprintf(expected, sizeof(expected), HEAD X86_64 "%s" OTHERWISE X86 "%s" OTHERWISE TAIL, conditions[_i].wide,
	         conditions[_i].narrow);
	check_text(ctx, expected);
}
END_TEST

static const struct {
	uint32_t action;
	const char *text;
} actions[] = {
    {SCMP_ACT_KILL_PROCESS, "action KILL_PROCESS;"},
    {SCMP_ACT_KILL, "action KILL;"},
    {SCMP_ACT_TRAP, "action TRAP;"},
    {SCMP_ACT_TRAPX(7), "action TRAP(7);"},
    {SCMP_ACT_ERRNO(38), "action ERRNO(38);"},
    {SCMP_ACT_TRACE(1234), "action TRACE(1234);"},
    {SCMP_ACT_LOG, "action LOG;"},
    {SCMP_ACT_ALLOW, "action ALLOW;"},
    {SCMP_ACT_NOTIFY, "action 0x7fc00000;"},
};

/* A comparison of a low half looks at one word, and counts as one. */
static const struct {
	struct scmp_arg_cmp arg;
	const char *wide;
} low_halves[] = {
    {{1 | CALLGATE_LOW_HALF, SCMP_CMP_NE, 0x200000003, 0},
     READ("65534") "    if ($a1.lo32 == 3)\n    else\n      action ERRNO(5);\n"},
    {{1 | CALLGATE_LOW_HALF, SCMP_CMP_LT, 3, 0},
     READ("65534") "    if ($a1.lo32 >= 3)\n    else\n      action ERRNO(5);\n"},
    {{1 | CALLGATE_LOW_HALF, SCMP_CMP_GT, 3, 0}, READ("65534") "    if ($a1.lo32 > 3)\n      action ERRNO(5);\n"},
    {{1 | CALLGATE_LOW_HALF, SCMP_CMP_EQ, 3, 0},
     READ("65533") "    if ($a1.hi32 & 0x00000000 == 0)\n      if ($a1.lo32 & 0xffffffff == 3)\n        "
                   "action ERRNO(5);\n"},
};

START_TEST(low_half)
{
	char expected[TEXT];
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, 0);

	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, E(5), 0, 1, &low_halves[_i].arg), 0);
	snprintf(expected, sizeof(expected), HEAD X86_64 "%s" OTHERWISE TAIL, low_halves[_i].wide);
	check_text(ctx, expected);
}
END_TEST

START_TEST(one_action)
{
	char expected[4096];
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, 0);

	ck_assert_int_eq(seccomp_rule_add(ctx, actions[_i].action, SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, actions[_i].action), 0);
	snprintf(expected, sizeof(expected),
	         HEAD X86_64 READ("65535") "    %s\n" OTHERWISE "# invalid architecture action\n%s\n#\n"
	                                   "# pseudo filter code end\n#\n",
	         actions[_i].text, actions[_i].text);
	check_text(ctx, expected);
}
END_TEST

/* x32 has its own name and x86_64's architecture number; -1 is stored, and told, as a number without sign. */
START_TEST(x32_and_skipped)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_X32, 0);

	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_API_TSKIP, 1), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), -1, 0), 0);
	check_text(ctx, HEAD "# filter for arch x32 (3221225534)\nif ($arch == 3221225534)\n"
	                     "  # filter for syscall \"UNKNOWN\" (4294967295) [priority: 65535]\n"
	                     "  if ($syscall == 4294967295)\n    action ERRNO(6);\n"
	                     "  # filter for syscall \"read\" (1073741824) [priority: 65535]\n"
	                     "  if ($syscall == 1073741824)\n    action ERRNO(5);\n" OTHERWISE TAIL);
}
END_TEST

/* The following two are about numbers that are this architecture's own. */
#ifdef __x86_64__

/* By priority, then the higher number first; with two conditions the second is inside of the first. */
START_TEST(order)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, 0);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), SCMP_SYS(write), 0), 0);
	ck_assert_int_eq(
	    seccomp_rule_add(ctx, E(7), SCMP_SYS(close), 2, SCMP_A0(SCMP_CMP_EQ, 1), SCMP_A1(SCMP_CMP_EQ, 2)), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(8), 1000, 0), 0);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, SCMP_SYS(read), 1), 0);
	check_text(ctx,
	           HEAD X86_64 READ("131071") "    action ERRNO(5);\n"
	                                      "  # filter for syscall \"UNKNOWN\" (1000) [priority: 65535]\n"
	                                      "  if ($syscall == 1000)\n    action ERRNO(8);\n"
	                                      "  # filter for syscall \"write\" (1) [priority: 65535]\n"
	                                      "  if ($syscall == 1)\n    action ERRNO(6);\n"
	                                      "  # filter for syscall \"close\" (3) [priority: 65531]\n"
	                                      "  if ($syscall == 3)\n    if ($a0.hi32 == 0)\n      if ($a0.lo32 == 1)\n"
	                                      "        if ($a1.hi32 == 0)\n          if ($a1.lo32 == 2)\n            "
	                                      "action ERRNO(7);\n" OTHERWISE TAIL);
}
END_TEST

#define CALL(indent, number) indent "if ($syscall == " #number ")\n" indent "  action ERRNO(5);\n"

/* Without the lines of comment, which the other tests have. */
static void check_tree(int calls, const char *expected)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, 0);
	char found[4096] = "";

	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), 0);
	for (int nr = 0; nr < calls; nr++)
		ck_assert_int_eq(seccomp_rule_add(ctx, E(5), nr, 0), 0);
	for (const char *at = text_of(ctx), *end; *at; at = end) {
		end = strchr(at, '\n') + 1;
		if (at[strspn(at, " ")] != '#')
			strncat(found, at, (size_t)(end - at));
	}
	ck_assert_str_eq(found, expected);
	seccomp_release(ctx);
}

START_TEST(tree)
{
	check_tree(0, "if ($arch == 3221225534)\n  action ERRNO(1);\naction KILL;\n");
	check_tree(4, "if ($arch == 3221225534)\n" CALL("  ", 3) CALL("  ", 2) CALL("  ", 1)
	                  CALL("  ", 0) "  action ERRNO(1);\naction KILL;\n");
	check_tree(9, "if ($arch == 3221225534)\n  if ($syscall > 0)\n    if ($syscall > 4)\n" CALL("      ", 8)
	                  CALL("      ", 7) CALL("      ", 6)
	                      CALL("      ", 5) "    else # ($syscall <= 4)\n" CALL("      ", 4) CALL("      ", 3)
	                          CALL("      ", 2) CALL("      ", 1) "  else # ($syscall <= 0)\n" CALL(
	                              "    ", 0) "  action ERRNO(1);\naction KILL;\n");
}
END_TEST

#endif

int main(void)
{
	TCase *tests = tcase_create("pseudo code");

	tcase_add_loop_test(tests, one_condition, 0, sizeof(conditions) / sizeof(conditions[0]));
	tcase_add_loop_test(tests, low_half, 0, sizeof(low_halves) / sizeof(low_halves[0]));
	tcase_add_loop_test(tests, one_action, 0, sizeof(actions) / sizeof(actions[0]));
	tcase_add_test(tests, x32_and_skipped);
#ifdef __x86_64__
	tcase_add_test(tests, order);
	tcase_add_test(tests, tree);
#endif
	return simulated_run(tests);
}
