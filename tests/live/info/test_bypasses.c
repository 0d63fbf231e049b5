/*
 * Ways around a filter that the table calls tried: under a filter that denies the call, made from the row itself, the
 * other call has the effect. What this system does not let a process do without any filter is skipped.
 */
#include <check.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/bypass.h>
#include <callgate/info.h>
#include <callgate/rule.h>

#include "bypass_effects.h"
#include "support/run.h"

enum { DENIED = EREMOTEIO, WORKS = 0, FAILS = 1, NOT_DENIED = 2, NO_FILTER = 3, NO_SETUP = 4, NO_CHILD = 5 };

/* The number of the argument that the row is about, and each value or bit of it. -1: the row is about the call. */
static int argument_of(const struct callgate_bypass_calls *calls)
{
	const char *name = NULL;

	for (unsigned int i = 0; calls->argument && i < 6; i++)
		if ((name = callgate_argument_name(0, calls->call, i)) && strcmp(name, calls->argument) == 0)
			return (int)i;
	return -1;
}

/* A filter that denies what the row says, which is tried; the direct call alone, where there is socketcall(2) too. */
static int deny(const struct callgate_bypass_calls *denied)
{
	const int nr = callgate_syscall_number(0, denied->call), arg = argument_of(denied);
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	long args[6] = {0};
	int64_t value = 0;
	int result = ctx ? 0 : -ENOMEM;

	if (arg < 0)
		result = callgate_rule_add(ctx, 0, SCMP_ACT_ERRNO(DENIED), nr, 0, NULL);
	for (size_t i = 0; arg >= 0 && denied->constants[i]; i++)
		if (callgate_constant(0, denied->constants[i], &value) == 0) {
			const bool is_bit = denied->match == CALLGATE_BYPASS_MATCH_BITS;
			const scmp_datum_t mask = is_bit ? (scmp_datum_t)value : UINT32_MAX;
			const struct scmp_arg_cmp compare = {(unsigned int)arg, SCMP_CMP_MASKED_EQ, mask,
			                                     (scmp_datum_t)value};
			result = callgate_rule_add(ctx, 0, SCMP_ACT_ERRNO(DENIED), nr, 1, &compare);
			args[arg] = (long)value;
		}
	if (result < 0 || seccomp_load(ctx) < 0)
		return NO_FILTER;
	seccomp_release(ctx);
	return call(denied->call, args[0], args[1], args[2], args[3], args[4]) == -DENIED ? WORKS : NOT_DENIED;
}

static int child(const struct callgate_bypass *row, const char *folder, bool is_filtered)
{
	const struct effect *effect = effect_find(row->denied.call);

	if (!effect_set_up(row->denied.call, folder))
		return NO_SETUP;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	const int status = is_filtered ? deny(&row->denied) : WORKS;
	return status != WORKS ? status : effect->has_effect(row->way.call) ? WORKS : FAILS;
}

static void remove_folder(const char *folder)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static int try(const struct callgate_bypass *row, bool is_filtered)
{
	char folder[] = "/tmp/bypasses.XXXXXX";
	int status = 0;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	const pid_t pid = fork();
	if (pid == 0)
		_exit(child(row, folder, is_filtered));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	remove_folder(folder);
	return WIFEXITED(status) ? WEXITSTATUS(status) : NO_CHILD;
}

START_TEST(what_is_tried)
{
	const struct callgate_bypass *row;
	unsigned int count = 0;

	for (size_t i = 0; (row = callgate_bypass_at(i)); i++) {
		if (!row->tried || callgate_syscall_number(0, row->denied.call) < 0 ||
		    callgate_syscall_number(0, row->way.call) < 0)
			continue;
		ck_assert_msg(effect_find(row->denied.call) != NULL, "%s is tried nowhere", row->denied.call);
		const int native = try(row, false);
		if (native != WORKS) {
			printf("skipped: %s does not do what %s does here, without a filter (%d)\n", row->way.call,
			       row->denied.call, native);
			continue;
		}
		const int filtered = try(row, true);
		ck_assert_msg(filtered == WORKS, "%s under a filter without %s: %d", row->way.call, row->denied.call,
		              filtered);
		count++;
	}
	printf("%u ways around filters were made\n", count);
	ck_assert_uint_gt(count, 10);
}
END_TEST

/* Every trial is of a row. */
START_TEST(no_trial_is_forgotten)
{
	const struct effect *effect;

	for (size_t i = 0; (effect = effect_at(i)); i++) {
		const struct callgate_bypass *row;
		bool found = false;
		for (size_t j = 0; (row = callgate_bypass_of(effect->denied, j)); j++)
			found = found || row->tried;
		ck_assert_msg(found, "%s has no row that is tried", effect->denied);
	}
}
END_TEST

/* The kernel has the operations of io_uring that the table names, as far as it is new enough. */
START_TEST(operations_of_the_kernel)
{
	struct io_uring_params params = {.flags = 0};
	static union {
		struct io_uring_probe probe;
		char bytes[sizeof(struct io_uring_probe) + 256 * sizeof(struct io_uring_probe_op)];
	} answer;
	const long ring = call("io_uring_setup", 1, at(&params), 0, 0, 0);
	const bool is_probed =
	    ring >= 0 && call("io_uring_register", ring, IORING_REGISTER_PROBE, at(&answer), 256, 0) == 0;
	const struct callgate_bypass *row;

	for (size_t i = 0; (row = callgate_bypass_at(i)); i++) {
		const int number = row->operation ? operation_number(row->operation) : 0;
		ck_assert_msg(number >= 0, "%s is no operation", row->operation);
		ck_assert_int_eq(row->operation != NULL, row->sort == CALLGATE_BYPASS_IO_URING);
		if (row->operation && is_probed && number <= answer.probe.last_op)
			ck_assert_msg(answer.probe.ops[number].flags & IO_URING_OP_SUPPORTED, "%s", row->operation);
	}
	if (!is_probed)
		printf("skipped: this kernel, or what confines this process, has no io_uring\n");
	else
		close((int)ring);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("bypasses");

	umask(022);
	tcase_set_timeout(tcase, 240);
	tcase_add_test(tcase, what_is_tried);
	tcase_add_test(tcase, no_trial_is_forgotten);
	tcase_add_test(tcase, operations_of_the_kernel);
	return test_run(tcase);
}
