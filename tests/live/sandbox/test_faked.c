/*
 * A filter around the process fakes the success of what confines: nothing that is to run confined may run, in strict
 * mode or under a filter, as a function or as a plugin, and the refusal says why.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>
#include <callgate/plugin.h>
#include <callgate/strict.h>

#include "confined.h"
#include "support/run.h"

static volatile int *ran;

static int64_t mark(struct callgate_strict_job *job)
{
	(void)job;
	*ran = 1;
	return 0;
}

/*
 * The options of prctl(2) whose success is faked, or all of them; and whether openat(2) is faked besides. Or other
 * calls.
 */
static const struct fake {
	int option, second_option;
	bool all, openat, stdin_closed;
	const char *calls[2];
	bool for_functions, for_plugins;
} fakes[] = {
    {.option = PR_SET_SECCOMP},
    {.option = PR_SET_SECCOMP, .openat = true},
    {.option = PR_SET_SECCOMP, .openat = true, .stdin_closed = true},
    {.option = PR_SET_SECCOMP, .stdin_closed = true},
    {.all = true},
    {.option = PR_SET_NO_NEW_PRIVS},
    {.option = PR_SET_DUMPABLE},
    {.option = PR_SET_DUMPABLE, .second_option = PR_GET_DUMPABLE},
};
enum { FAKES = sizeof(fakes) / sizeof(fakes[0]) };
static const struct fake other_fakes[] = {
    {.calls = {"prlimit64"}, .for_functions = true}, /* posix_spawn(3) cannot do without getrlimit(2) */
    {.calls = {"close_range", "close"}, .for_functions = true, .for_plugins = true},
    {.calls = {"pipe2"}, .for_functions = true},
    {.calls = {"socketpair"}, .for_plugins = true},
    {.calls = {"fcntl"}, .for_functions = true, .for_plugins = true},
    {.calls = {"clone"}, .for_functions = true, .for_plugins = true},
    {.calls = {"clone", "clone3"}, .for_functions = true, .for_plugins = true},
    {.calls = {"clone3"}, .for_functions = true, .for_plugins = true},
    {.calls = {"epoll_create1"}, .for_plugins = true},
    {.calls = {"epoll_ctl"}, .for_plugins = true},
};
enum { OTHER_FAKES = sizeof(other_fakes) / sizeof(other_fakes[0]) };
static const struct fake *fake;

static void stop(const char *why)
{
	fprintf(stderr, "%s; the diagnosis is \"%s\"\n", why, callgate_diagnosis(NULL));
	_exit(1);
}

static bool is_privileged(const struct fake *one)
{
	return one->all || one->option == PR_SET_NO_NEW_PRIVS;
}

static void enter_fake(void)
{
	scmp_filter_ctx outer = seccomp_init(SCMP_ACT_ALLOW);
	struct scmp_arg_cmp option = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fake->option),
	                    second = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fake->second_option);
	int result = outer ? 0 : -ENOMEM;

	if (result == 0 && is_privileged(fake))
		result = seccomp_attr_set(outer, SCMP_FLTATR_CTL_NNP, 0);
	for (int i = 0; result == 0 && i < 2 && fake->calls[i]; i++)
		result = seccomp_rule_add(outer, SCMP_ACT_ERRNO(0), seccomp_syscall_resolve_name(fake->calls[i]), 0);
	if (result == 0 && !fake->calls[0])
		result = fake->all ? seccomp_rule_add(outer, SCMP_ACT_ERRNO(0), SCMP_SYS(prctl), 0)
		                   : seccomp_rule_add_array(outer, SCMP_ACT_ERRNO(0), SCMP_SYS(prctl), 1, &option);
	if (result == 0 && fake->second_option)
		result = seccomp_rule_add_array(outer, SCMP_ACT_ERRNO(0), SCMP_SYS(prctl), 1, &second);
	if (result == 0 && fake->openat)
		result = seccomp_rule_add(outer, SCMP_ACT_ERRNO(0), SCMP_SYS(openat), 0);
	if (fake->stdin_closed)
		close(0);
	if (result < 0 || seccomp_load(outer) < 0)
		stop("no filter");
	seccomp_release(outer);
}

static void check_refused(int result, const char *what)
{
	if (*ran)
		stop("the function ran");
	if (result != -ECANCELED || !strstr(callgate_diagnosis(NULL), "claims success in the kernel's place"))
		stop(what);
}

/* Strict mode needs no privileges given up. */
static void enters_strict_mode(void)
{
	enter_fake();
	int before = dup(1);
	close(before);
	if (fake->all || fake->option == PR_SET_SECCOMP)
		check_refused(callgate_strict_enter(), "callgate_strict_enter() was not refused");
	else if (callgate_strict_enter() != -EINVAL)
		stop("strict mode under a filter");
	if (dup(1) != before)
		stop("a descriptor was left");
	_exit(0);
}

static void call(enum callgate_strict_confinement confinement)
{
	struct callgate_strict_options options = {.confinement = confinement};
	struct callgate_exit_reason reason;

	enter_fake();
	int result = callgate_strict_call(mark, NULL, 0, NULL, 0, &options, &reason);
	check_refused(result, "callgate_strict_call() was not refused");
	if (reason.kind != CALLGATE_EXIT_NONE)
		stop(reason.text);
	_exit(0);
}

static void calls_in_strict_mode(void)
{
	call(CALLGATE_STRICT_MODE);
}

static void calls_under_a_filter(void)
{
	call(CALLGATE_STRICT_FILTER);
}

static void open_plugin(enum callgate_plugin_confinement confinement)
{
	struct callgate_plugin_options options = {.confinement = confinement};
	struct callgate_plugin *plugin = NULL;
	struct callgate_exit_reason reason = {.kind = CALLGATE_EXIT_NONE};

	enter_fake();
	int result = callgate_plugin_open(PLUGINS "/obedient.so", &options, &reason, &plugin);
	if (plugin || result != (reason.kind == CALLGATE_EXIT_REFUSED ? -EPIPE : -ECANCELED) ||
	    !strstr(callgate_diagnosis(NULL), "claims success in the kernel's place"))
		stop(reason.text);
	_exit(0);
}

static void opens_a_plugin(void)
{
	open_plugin(CALLGATE_PLUGIN_FILTER);
}

static void opens_a_strict_plugin(void)
{
	open_plugin(CALLGATE_PLUGIN_STRICT);
}

static void check_each(void (*const *bodies)(void), size_t count, const struct fake *each)
{
	if (is_privileged(each) && geteuid() != 0) {
		printf("not tried: only root can load an older filter without no_new_privs\n");
		return;
	}
	fake = each;
	for (size_t i = 0; i < count; i++) {
		int status = confined(bodies[i]);
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "body %zu: wait status 0x%x", i, status);
		ck_assert_int_eq(*ran, 0);
	}
}

START_TEST(test_functions)
{
	static void (*const bodies[])(void) = {enters_strict_mode, calls_in_strict_mode, calls_under_a_filter};

	ran = mmap(NULL, sizeof(*ran), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne((void *)ran, MAP_FAILED);
	check_each(bodies, 3, &fakes[_i]);
}
END_TEST

/* A faked openat(2) keeps the helper from starting at all. */
START_TEST(test_plugins)
{
	static void (*const bodies[])(void) = {opens_a_plugin, opens_a_strict_plugin};

	ran = mmap(NULL, sizeof(*ran), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne((void *)ran, MAP_FAILED);
	if (!fakes[_i].openat)
		check_each(bodies, 2, &fakes[_i]);
}
END_TEST

/* Where there are no descriptors, nothing is known. */
UNCHECKED static void enters_without_descriptors(void)
{
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
	if (callgate_strict_enter() != -EMFILE)
		callgate_strict_exit(1);
	_exit(0);
}

START_TEST(test_no_descriptors)
{
	int status = confined(enters_without_descriptors);

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* Limits that were not set, and descriptors of the host that stayed open, are noticed too. */
START_TEST(test_other_calls)
{
	static void (*const functions[])(void) = {calls_in_strict_mode, calls_under_a_filter};
	static void (*const plugins[])(void) = {opens_a_plugin, opens_a_strict_plugin};

	ran = mmap(NULL, sizeof(*ran), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne((void *)ran, MAP_FAILED);
	if (other_fakes[_i].for_functions)
		check_each(functions, 2, &other_fakes[_i]);
	if (other_fakes[_i].for_plugins)
		check_each(plugins, 2, &other_fakes[_i]);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("faked");

	tcase_add_loop_test(tests, test_functions, 0, FAKES);
	tcase_add_loop_test(tests, test_plugins, 0, FAKES);
	tcase_add_test(tests, test_no_descriptors);
	tcase_add_loop_test(tests, test_other_calls, 0, OTHER_FAKES);
	return test_run(tests);
}
