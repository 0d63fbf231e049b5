/* callgate_lint(): what it finds in contexts and programs, what it refuses, and whichever allocation fails. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/lint.h>
#include <callgate/rule.h>

#include "support/context.h"
#include "support/simulated.h"
#ifndef OTHER_ALLOCATOR
#include "support/allocations.h"
#endif

enum { TIOCSTI_NUMBER = 0x5412 };

static scmp_filter_ctx new_context(uint32_t action)
{
	return CONTEXT(action, SCMP_ARCH_X86_64);
}

/* For seccomp_rule_add(), which takes the numbers of the machine that the library is built for. */
static int native(const char *call)
{
	return seccomp_syscall_resolve_name(call);
}

static int nr(const char *call)
{
	return seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, call);
}

static const struct callgate_finding *find(const struct callgate_findings *findings, const char *name)
{
	for (size_t i = 0; i < findings->count; i++)
		if (strcmp(findings->findings[i].name, name) == 0)
			return &findings->findings[i];
	return NULL;
}

static struct callgate_findings *lint(scmp_filter_ctx ctx)
{
	const struct callgate_filter filter = {.ctx = ctx};
	struct callgate_findings *findings = NULL;

	ck_assert_msg(callgate_lint(&filter, 0, NULL, &findings) == 0, "%s", callgate_diagnosis(ctx));
	return findings;
}

/* A rule and a call that evades it, with the rule's id and the argument. */
START_TEST(rules)
{
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ALLOW);
	struct callgate_verdict verdict;

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), native("kcmp"), 0), 0);
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(1), nr("ioctl"), 1,
	                                   (const struct scmp_arg_cmp[]){{1, SCMP_CMP_EQ, TIOCSTI_NUMBER, 0}}),
	                 0);
	struct callgate_findings *findings = lint(ctx);
	const struct callgate_finding *width = find(findings, "width");
	ck_assert_ptr_nonnull(width);
	ck_assert_int_eq(width->level, CALLGATE_FINDING_ERROR);
	ck_assert_int_eq(width->argument, 1);
	ck_assert(width->has_witness && (uint32_t)width->witness.args[1] == TIOCSTI_NUMBER);
	ck_assert_int_eq(callgate_simulate(ctx, &width->witness, &verdict), 0);
	ck_assert_uint_eq(verdict.action, SCMP_ACT_ALLOW);
	ck_assert_uint_eq(width->action, verdict.action);
	ck_assert_ptr_null(find(findings, "dead"));
	callgate_findings_free(findings);
	seccomp_release(ctx);
}
END_TEST

/* Where rules have an order, one of them may never decide. */
START_TEST(dead_rules)
{
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(1));
	const struct scmp_arg_cmp first = {0, SCMP_CMP_EQ, 1, 0};

	ck_assert_int_eq(callgate_order_set(ctx, CALLGATE_ORDER_FIRST_MATCH), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, native("kcmp"), 0), 0);
	ck_assert_int_eq(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(2), native("kcmp"), 1, &first), 0);
	struct callgate_findings *findings = lint(ctx);
	const struct callgate_finding *dead = find(findings, "dead");
	ck_assert(dead && dead->rule == 2);
	ck_assert_ptr_nonnull(find(findings, "broad"));
	callgate_findings_free(findings);
	seccomp_release(ctx);
}
END_TEST

/* A rule of which one alternative decides is not dead; one of which none does is, once. */
START_TEST(alternatives)
{
	static const uint64_t both[] = {1, 2}, first[] = {1};
	struct callgate_expression expression = {
	    .kind = CALLGATE_EXPRESSION_VALUES, .width = CALLGATE_BITS_32, .count = 1, .values = first};
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(1));
	size_t dead = 0;

	ck_assert_int_eq(callgate_order_set(ctx, CALLGATE_ORDER_FIRST_MATCH), 0);
	ck_assert_int_eq(callgate_rule_match(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, nr("kcmp"), &expression), 0);
	expression.count = 2;
	expression.values = both;
	ck_assert_int_eq(callgate_rule_match(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(2), nr("kcmp"), &expression), 0);
	struct callgate_findings *findings = lint(ctx);
	ck_assert_ptr_null(find(findings, "dead"));
	callgate_findings_free(findings);
	ck_assert_int_eq(callgate_rule_match(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(3), nr("kcmp"), &expression), 0);
	findings = lint(ctx);
	for (size_t i = 0; i < findings->count; i++)
		if (strcmp(findings->findings[i].name, "dead") == 0) {
			ck_assert_uint_eq(findings->findings[i].rule, 3);
			dead++;
		}
	ck_assert_uint_eq(dead, 1);
	callgate_findings_free(findings);
	seccomp_release(ctx);
}
END_TEST

/* The same of the program that a context becomes. */
START_TEST(stacked)
{
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ALLOW);
	struct callgate_findings *findings = NULL;
	struct callgate_program *program = NULL;

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), native("chmod"), 0), 0);
	ck_assert_int_eq(callgate_program_compile(ctx, &program), 0);
	const struct callgate_program *const programs[] = {program, program};
	for (size_t count = 1; count <= 2; count++) {
		const struct callgate_filter filter = {NULL, programs, count};
		ck_assert_int_eq(callgate_lint(&filter, SCMP_ARCH_X86_64, NULL, &findings), 0);
		const struct callgate_finding *twin = find(findings, "twin");
		ck_assert(twin && twin->rule == 0 && strstr(twin->text, "fchmodat"));
		callgate_findings_free(findings);
	}
	callgate_program_free(program);
	seccomp_release(ctx);
}
END_TEST

START_TEST(with_capability)
{
	static const char *const boot[] = {"sys_boot", NULL};
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(1));
	const struct callgate_filter filter = {.ctx = ctx};
	struct callgate_findings *findings = NULL;

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, native("reboot"), 0), 0);
	ck_assert_int_eq(callgate_lint(&filter, 0, NULL, &findings), 0);
	ck_assert_ptr_nonnull(find(findings, "capability"));
	callgate_findings_free(findings);
	ck_assert_int_eq(callgate_lint(&filter, 0, boot, &findings), 0);
	ck_assert_ptr_null(find(findings, "capability"));
	callgate_findings_free(findings);
	seccomp_release(ctx);
}
END_TEST

/* Each kind of program by its name: what has to be killed for one starts another. */
START_TEST(libcs)
{
	static const char *const names[] = {
	    "glibc", "glibc-static", "glibc-threads", "musl", "musl-static", "musl-threads", "go"};
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ALLOW);
	const struct callgate_filter filter = {.ctx = ctx};

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, native("sigaltstack"), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), native("exit"), 0), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct callgate_findings *findings = NULL;
		ck_assert_int_eq(callgate_lint_libc(&filter, 0, NULL, names[i], &findings), 0);
		const struct callgate_finding *startup = find(findings, "startup");
		const bool is_meant = strcmp(names[i], "go") == 0 || strstr(names[i], "threads");
		ck_assert_msg(is_meant == (startup != NULL), "%s", names[i]);
		ck_assert(!startup || strstr(startup->subject, names[i]));
		callgate_findings_free(findings);
	}
	seccomp_release(ctx);
}
END_TEST

START_TEST(refused)
{
	static const struct callgate_filter none = {.ctx = NULL};
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ALLOW);
	const struct callgate_filter filter = {.ctx = ctx};
	struct callgate_findings *findings = NULL;
	struct callgate_program *program = NULL;

	ck_assert_int_eq(callgate_lint(NULL, 0, NULL, &findings), -EINVAL);
	ck_assert_int_eq(callgate_lint(&none, 0, NULL, &findings), -EINVAL);
	ck_assert_int_eq(callgate_lint(&filter, 0, NULL, NULL), -EINVAL);
	ck_assert_int_eq(callgate_lint_libc(&filter, 0, NULL, "uclibc", &findings), -EINVAL);
	ck_assert_str_eq(callgate_diagnosis(NULL), "there is no such C library or runtime");
	ck_assert_str_ne(callgate_diagnosis(NULL), "");
	ck_assert_int_eq(callgate_program_compile(ctx, &program), 0);
	const struct callgate_program *const programs[] = {program};
	const struct callgate_filter of_program = {NULL, programs, 1};
	ck_assert_int_eq(callgate_lint(&of_program, 12345, NULL, &findings), -EINVAL);
	ck_assert_str_ne(callgate_diagnosis(NULL), "");
	ck_assert_ptr_null(findings);
	callgate_findings_free(NULL);
	callgate_program_free(program);
	seccomp_release(ctx);
}
END_TEST

/* The kinds are in order, and what is found has one of them. */
START_TEST(all_kinds)
{
	const struct callgate_finding_kind *kind, *last = NULL;
	size_t count = 0;

	for (; (kind = callgate_finding_kind_at(count)); last = kind, count++) {
		ck_assert(!last || strcmp(last->name, kind->name) < 0);
		ck_assert(*kind->summary && *kind->explanation);
	}
	ck_assert_uint_eq(count, 14);
}
END_TEST

#ifndef OTHER_ALLOCATOR
/* Whichever allocation fails: -ENOMEM or an answer, and nothing leaks. */
START_TEST(no_memory)
{
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(1));
	const struct callgate_filter filter = {.ctx = ctx};
	const struct scmp_arg_cmp unix_family = {0, SCMP_CMP_EQ, 1, 0};
	struct callgate_findings *findings = NULL;
	long allocation = 0, before;
	int result;

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, native("ptrace"), 0), 0);
	ck_assert_int_eq(seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, native("socket"), 1, &unix_family), 0);
	callgate_findings_free(lint(ctx)); /* what is made once is made */
	do {
		before = live;
		start_failing(allocation++);
		result = callgate_lint(&filter, 0, NULL, &findings);
		fail_at = -1;
		ck_assert_msg(result == 0 || (failed && (result == -ENOMEM || result == -EDQUOT)), "allocation %ld: %d",
		              allocation - 1, result);
		if (result == 0)
			callgate_findings_free(findings);
		ck_assert_msg(live <= before, "allocation %ld leaks", allocation - 1);
	} while (failed);
	ck_assert_int_gt(allocation, 20);
	seccomp_release(ctx);
}
END_TEST
#endif

int main(void)
{
	TCase *tcase = tcase_create("lint");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, rules);
	tcase_add_test(tcase, dead_rules);
	tcase_add_test(tcase, alternatives);
	tcase_add_test(tcase, stacked);
	tcase_add_test(tcase, with_capability);
	tcase_add_test(tcase, libcs);
	tcase_add_test(tcase, refused);
	tcase_add_test(tcase, all_kinds);
#ifndef OTHER_ALLOCATOR
	tcase_add_test(tcase, no_memory);
#endif
	return simulated_run(tcase);
}
