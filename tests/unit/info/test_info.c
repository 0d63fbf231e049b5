/* The tables of names: complete, consistent, and what the kernel of this machine has. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <callgate/bypass.h>
#include <callgate/info.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "support/run.h"

/* Names with versions; every version has a reason for each call. */
START_TEST(versions_of_sets)
{
	static const char *const none[] = {"@file-read@0",
	                                   "@file-read@2",
	                                   "@file-read@",
	                                   "@file-read@1x",
	                                   "@file-read@01",
	                                   "@file-read@1@1",
	                                   "@@1",
	                                   "@1",
	                                   "",
	                                   "@",
	                                   "@file-read@99999999999999999999"};
	const struct callgate_group *set = callgate_group_find("@file-read@1"), *group;

	ck_assert_ptr_nonnull(set);
	ck_assert_ptr_eq(set, callgate_group_find("file-read@1"));
	ck_assert_uint_eq(callgate_group_version_of(set), 1);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(!callgate_group_find(none[i]), "%s", none[i]);
	ck_assert_str_eq(callgate_group_closest_name("@fil-read@7"), "file-read");
	ck_assert_uint_eq(callgate_group_version_of(NULL), 0);
	ck_assert_ptr_null(callgate_group_reason(NULL, 0));
	for (size_t i = 0; (group = callgate_group_at(i)); i++) {
		size_t j = 0;
		for (; group->syscalls[j]; j++)
			ck_assert_msg(callgate_group_reason(group, j) && callgate_group_reason(group, j)[0], "@%s: %s",
			              group->name, group->syscalls[j]);
		ck_assert_ptr_null(callgate_group_reason(group, j));
		ck_assert_ptr_null(callgate_group_reason(group, SIZE_MAX));
	}
}
END_TEST

static bool has_call(const struct callgate_group *group, const char *name)
{
	for (size_t i = 0; group->syscalls[i]; i++)
		if (strcmp(group->syscalls[i], name) == 0)
			return true;
	return false;
}

/*
 * A call and its other forms are in the same sets: those for 64-bit times and numbers, with more flags, relative to
 * directories.
 */
START_TEST(sets_have_twins)
{
	static const char *const endings[] = {"_time64", "64", "32", "at", "2", "at2", "1", "4", "3"};
	const struct callgate_group *group;
	char twin[64];

	for (size_t i = 0; (group = callgate_group_at(i)); i++) {
		/* What starts a program needs is what was seen, but for times. */
		size_t count = strncmp(group->name, "start", 5) && strcmp(group->name, "threads")
		                   ? sizeof(endings) / sizeof(endings[0])
		                   : 1;
		for (size_t j = 0; group->syscalls[j]; j++)
			for (size_t k = 0; k < count; k++) {
				snprintf(twin, sizeof(twin), "%s%s", group->syscalls[j], endings[k]);
				ck_assert_msg(seccomp_syscall_resolve_name(twin) == __NR_SCMP_ERROR ||
				                  has_call(group, twin),
				              "@%s has %s and lacks %s", group->name, group->syscalls[j], twin);
			}
	}
}
END_TEST

static uint32_t verdict_of(scmp_filter_ctx ctx, uint32_t arch, const char *name, uint64_t argument)
{
	struct callgate_call call = {.arch = arch, .nr = callgate_syscall_number(arch, name), .args = {argument}};
	struct callgate_verdict verdict;

	ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
	return verdict.action;
}

/* Every call of the set on every architecture, and nothing where something is wrong. */
START_TEST(sets_as_rules)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(1));

	(void)seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86), 0);
	ck_assert_int_eq(callgate_rule_set(ctx, SCMP_ACT_ALLOW, "@file-status@1"), 0);
	ck_assert_str_eq(callgate_rule_set_diagnosis(), "");
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, "statx", 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86, "oldstat", 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86, "fstatat64", 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, "read", 0), SCMP_ACT_ERRNO(1));
	ck_assert_int_eq(callgate_rule_set(ctx, SCMP_ACT_ERRNO(2), "@network@1"), 0);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86, "socketcall", 1), SCMP_ACT_ERRNO(2));

	/* What was decided stays decided. */
	ck_assert_int_eq(callgate_rule_set(ctx, SCMP_ACT_TRAP, "@file@1"), 0);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, "read", 0), SCMP_ACT_TRAP);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, "statx", 0), SCMP_ACT_ALLOW);
	static const struct {
		const char *set;
		uint32_t action;
		int result;
		const char *words;
	} wrong[] = {{"@file-read", SCMP_ACT_ALLOW, -EINVAL,
	              "names no version, and would change with the library: write \"@file-read@1\""},
	             {"@file-read@2", SCMP_ACT_ALLOW, -ENOENT, "\"@file-read@1\""},
	             {"@xyzzy@1", SCMP_ACT_ALLOW, -ENOENT, "there is no set \"@xyzzy@1\""},
	             {"", SCMP_ACT_ALLOW, -ENOENT, "no set"},
	             {NULL, SCMP_ACT_ALLOW, -EINVAL, "NULL"},
	             {"@file-read@1", SCMP_ACT_ERRNO(1), -EACCES, "read"},
	             {"@file-read@1", 5, -EINVAL, "action"}};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_int_eq(callgate_rule_set(ctx, wrong[i].action, wrong[i].set), wrong[i].result);
		ck_assert_msg(strstr(callgate_rule_set_diagnosis(), wrong[i].words), "%s",
		              callgate_rule_set_diagnosis());
	}
	seccomp_release(ctx);
	ck_assert_int_eq(callgate_rule_set(NULL, SCMP_ACT_ALLOW, "@file-read@1"), -EINVAL);
}
END_TEST

/* What constants are to arguments: values that exclude each other, bits, or nothing known. */
START_TEST(argument_constants)
{
	static const struct {
		const char *call;
		unsigned arg;
		const char *constant;
		int result;
		uint64_t mask;
	} rows[] = {{"socket", 0, "AF_INET", 0, UINT32_MAX}, {"socket", 0, "AF_LOCAL", 0, UINT32_MAX},
	            {"socket", 1, "SOCK_DGRAM", 0, 0xf},     {"socket", 1, "SOCK_CLOEXEC", 0, 0},
	            {"openat", 2, "O_RDWR", 0, 3},           {"openat", 2, "O_CLOEXEC", 0, 0},
	            {"openat", 2, "O_LARGEFILE", 0, 0},      {"openat", 2, "AF_INET", -ENOENT, 7},
	            {"read", 0, "AF_INET", -ENOENT, 7},      {"socket", 6, "AF_INET", -ENOENT, 7},
	            {"reed", 0, "AF_INET", -ENOENT, 7},      {NULL, 0, "AF_INET", -EINVAL, 7},
	            {"socket", 0, NULL, -EINVAL, 7}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t mask = 7;
		ck_assert_int_eq(
		    callgate_argument_constant(SCMP_ARCH_X86_64, rows[i].call, rows[i].arg, rows[i].constant, &mask),
		    rows[i].result);
		ck_assert_uint_eq(mask, rows[i].mask);
	}
	uint64_t mask;
	ck_assert_int_eq(callgate_argument_constant(5, "socket", 0, "AF_INET", &mask), -EINVAL);
	ck_assert_int_eq(callgate_argument_constant(0, "socket", 0, "AF_INET", NULL), -EINVAL);

	ck_assert_str_eq(callgate_argument_mask_name(SCMP_ARCH_X86_64, "openat", 2, &mask), "O_ACCMODE");
	ck_assert_uint_eq(mask, 3);
	ck_assert_str_eq(callgate_argument_mask_name(SCMP_ARCH_X86_64, "mmap", 3, &mask), "MAP_TYPE");
	ck_assert_uint_eq(mask, 0xf);
	ck_assert_ptr_null(callgate_argument_mask_name(SCMP_ARCH_X86_64, "socket", 0, &mask));
	ck_assert_ptr_null(callgate_argument_mask_name(SCMP_ARCH_X86_64, NULL, 2, &mask));
	ck_assert_ptr_null(callgate_argument_mask_name(SCMP_ARCH_X86_64, "openat", 2, NULL));
	ck_assert_ptr_null(callgate_argument_mask_name(5, "openat", 2, &mask));
}
END_TEST

/* Every name of every set is a system call, and every system call is in a set. */
START_TEST(sets_are_complete)
{
	const struct callgate_group *group;
	const char *name;

	ck_assert_uint_ge(callgate_group_version(), 1);
	ck_assert_ptr_nonnull(callgate_group_find("@network"));
	ck_assert_ptr_eq(callgate_group_find("@network"), callgate_group_find("network"));
	ck_assert_ptr_null(callgate_group_find("@networks"));
	ck_assert_ptr_null(callgate_group_find(NULL));
	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		bool found = false;
		for (size_t j = 0; (group = callgate_group_at(j)); j++)
			for (size_t k = 0; group->syscalls[k]; k++)
				found = found || strcmp(group->syscalls[k], name) == 0;
		ck_assert_msg(found, "%s is in no set", name);
	}
	for (size_t j = 0; (group = callgate_group_at(j)); j++)
		for (size_t k = 0; group->syscalls[k]; k++)
			ck_assert_msg(seccomp_syscall_resolve_name(group->syscalls[k]) != __NR_SCMP_ERROR,
			              "@%s: %s is no call", group->name, group->syscalls[k]);
}
END_TEST

static int64_t constant(uint32_t arch, const char *name)
{
	int64_t value = 0;

	ck_assert_int_eq(callgate_constant(arch, name, &value), 0);
	return value;
}

START_TEST(constants)
{
	int64_t value = 5;

	ck_assert_int_eq(constant(0, "EPERM"), EPERM);
	ck_assert_int_eq(constant(0, "O_CREAT"), O_CREAT);
	ck_assert_int_eq(constant(0, "AF_NETLINK"), AF_NETLINK);
	ck_assert_int_eq(constant(0, "AT_FDCWD"), AT_FDCWD);
	ck_assert_int_eq(constant(SCMP_ARCH_MIPSEL64, "ENOSYS"), 89);
	ck_assert_int_eq(constant(SCMP_ARCH_MIPS, "SOCK_STREAM"), 2);
	ck_assert_int_eq(constant(SCMP_ARCH_AARCH64, "O_DIRECTORY"), 040000);
	ck_assert_int_eq(constant(SCMP_ARCH_S390X, "O_DIRECTORY"), 0200000);
	ck_assert_int_eq(callgate_constant(0, "EPREM", &value), -ENOENT);
	ck_assert_int_eq(callgate_constant(SCMP_ARCH_AARCH64, "MAP_32BIT", &value), -EOPNOTSUPP);
	ck_assert_int_eq(callgate_constant(12345, "EPERM", &value), -EINVAL);
	ck_assert_int_eq(callgate_constant(0, NULL, &value), -EINVAL);
	ck_assert_int_eq(value, 5);
	for (size_t i = 1; callgate_constant_at(i); i++)
		ck_assert_int_lt(strcmp(callgate_constant_at(i - 1), callgate_constant_at(i)), 0);
}
END_TEST

/* What the C library of this machine says is the other source. */
START_TEST(errors)
{
	const char *name;
	size_t shown = 0;

	for (int number = 1; number < 200; number++) {
		const char *expected = strerrorname_np(number);
		name = callgate_errno_name(0, (uint32_t)number);
		/* Where it is no other name of EDEADLK, the C library has none for it. */
		if (name && !expected && strcmp(name, "EDEADLOCK") == 0)
			continue;
		ck_assert_msg((name != NULL) == (expected != NULL), "%d: %s", number, name ? name : expected);
		if (!name)
			continue;
		shown++;
		ck_assert_int_eq(callgate_errno_number(0, name), number);
		ck_assert_int_eq(callgate_errno_number(0, expected), number);
	}
	ck_assert_uint_ge(shown, 130);
	ck_assert_str_eq(callgate_errno_name(0, EAGAIN), "EAGAIN");
	ck_assert_str_eq(callgate_errno_name(0, EDEADLK), "EDEADLK");
	ck_assert_str_eq(callgate_errno_name(0, EOPNOTSUPP), "EOPNOTSUPP");
	ck_assert_int_eq(callgate_errno_number(0, "EWOULDBLOCK"), EAGAIN);
	ck_assert_int_eq(callgate_errno_number(0, "ENOTSUP"), EOPNOTSUPP);
	for (size_t i = 0; (name = callgate_errno_at(i)); i++)
		ck_assert_msg(!strchr(name, '_') && strncmp(name, "EPOLL", 5) != 0, "%s is no error", name);
	ck_assert_int_eq(callgate_errno_number(0, "EPOLLIN"), -ENOENT);
	ck_assert_int_eq(callgate_errno_number(0, "SIGHUP"), -ENOENT);
	ck_assert_int_eq(callgate_errno_number(0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_errno_number(12345, "EPERM"), -EINVAL);
	ck_assert_ptr_null(callgate_errno_name(12345, 1));
	ck_assert_ptr_null(callgate_errno_name(0, 0));
	ck_assert_ptr_null(callgate_errno_name(0, UINT32_MAX));
}
END_TEST

/* A number means what it means there, and an architecture without a column of its own has the values of a relative. */
START_TEST(errors_elsewhere)
{
	ck_assert_str_eq(callgate_errno_name(SCMP_ARCH_MIPS, 89), "ENOSYS");
	ck_assert_str_eq(callgate_errno_name(SCMP_ARCH_MIPSEL64N32, 89), "ENOSYS");
	ck_assert_str_eq(callgate_errno_name(SCMP_ARCH_PARISC, 251), "ENOSYS");
	ck_assert_str_eq(callgate_errno_name(SCMP_ARCH_X32, 38), "ENOSYS");
	ck_assert_str_eq(callgate_errno_name(SCMP_ARCH_LOONGARCH64, 38), "ENOSYS");
	ck_assert_int_eq(callgate_errno_number(SCMP_ARCH_PARISC, "EWOULDBLOCK"), 11);
	ck_assert_int_eq(callgate_errno_number(SCMP_ARCH_AARCH64, "EREFUSED"), -EOPNOTSUPP);
	ck_assert_int_eq(callgate_errno_number(SCMP_ARCH_PARISC, "EREFUSED"), 239);
}
END_TEST

/*
 * Just where an argument has bits and the call is in the table; one architecture's own order of arguments is its own.
 */
START_TEST(argument_names)
{
	const char *name;

	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		const bool is_known = callgate_argument_bits(SCMP_ARCH_X86_64, name, 5) != 64 ||
		                      callgate_argument_name(SCMP_ARCH_X86_64, name, 5);
		for (unsigned arg = 0; arg < 8 && is_known; arg++)
			ck_assert_msg(!callgate_argument_name(SCMP_ARCH_X86_64, name, arg) ==
			                  !callgate_argument_bits(SCMP_ARCH_X86_64, name, arg),
			              "argument %u of %s", arg, name);
	}
	ck_assert_str_eq(callgate_argument_name(SCMP_ARCH_X86_64, "openat", 2), "flags");
	ck_assert_str_eq(callgate_argument_name(SCMP_ARCH_X86_64, "clone", 0), "clone_flags");
	ck_assert_str_eq(callgate_argument_name(SCMP_ARCH_S390X, "clone", 0), "newsp");
	ck_assert_ptr_null(callgate_argument_name(SCMP_ARCH_X86_64, "getpid", 0));
	ck_assert_ptr_null(callgate_argument_name(SCMP_ARCH_X86_64, "no_call", 0));
	ck_assert_ptr_null(callgate_argument_name(SCMP_ARCH_X86_64, NULL, 0));
	ck_assert_ptr_null(callgate_argument_name(12345, "openat", 2));
	ck_assert_ptr_null(callgate_argument_name(0, "openat", 6));
}
END_TEST

START_TEST(closest_names)
{
	ck_assert_str_eq(callgate_errno_closest_name("EPREM"), "EPERM");
	ck_assert_str_eq(callgate_constant_closest_name("O_RDWRR"), "O_RDWR");
	ck_assert_str_eq(callgate_group_closest_name("@netwrok"), "network");
	ck_assert_str_eq(callgate_group_closest_name("netwrok"), "network");
	ck_assert_ptr_null(callgate_errno_closest_name("EPERMISSIONDENIED"));
	ck_assert_ptr_null(callgate_errno_closest_name(NULL));
	ck_assert_ptr_null(callgate_constant_closest_name(NULL));
	ck_assert_ptr_null(callgate_group_closest_name(NULL));
}
END_TEST

static void check_calls(const struct callgate_bypass_calls *calls)
{
	const bool has_constants =
	    calls->match == CALLGATE_BYPASS_MATCH_BITS || calls->match == CALLGATE_BYPASS_MATCH_VALUES;
	int64_t value;

	ck_assert_msg(seccomp_syscall_resolve_name(calls->call) != __NR_SCMP_ERROR, "%s is no call", calls->call);
	ck_assert_msg((calls->constants != NULL) == has_constants, "%s", calls->call);
	ck_assert_msg((calls->argument != NULL) == (has_constants || calls->match == CALLGATE_BYPASS_MATCH_SAME_BITS),
	              "%s", calls->call);
	for (size_t i = 0; has_constants && calls->constants[i]; i++)
		ck_assert_msg(callgate_constant(0, calls->constants[i], &value) != -ENOENT ||
		                  calls->constants[i][0] <= '9',
		              "%s", calls->constants[i]);
}

/* Rows are about calls and constants that there are, in their order, and each says why it is so. */
START_TEST(bypasses)
{
	const struct callgate_bypass *row, *found;
	const char *last = "";
	size_t count = 0;

	for (size_t i = 0; (row = callgate_bypass_at(i)); i++) {
		check_calls(&row->denied);
		check_calls(&row->way);
		ck_assert(row->way.match || strcmp(row->denied.call, row->way.call) != 0);
		ck_assert_ptr_nonnull(row->reason);
		ck_assert_int_le(strcmp(last, row->denied.call), 0);
		count = strcmp(last, row->denied.call) == 0 ? count + 1 : 0;
		found = callgate_bypass_of(row->denied.call, count);
		ck_assert_msg(found == row, "%s", row->denied.call);
		ck_assert(callgate_bypass_of(row->denied.call, count + 1) != row);
		last = row->denied.call;
	}
	ck_assert_ptr_nonnull(callgate_bypass_at(400));
	ck_assert_ptr_null(callgate_bypass_of(NULL, 0));
	ck_assert_ptr_null(callgate_bypass_of("no_such_call", 0));
	ck_assert_ptr_null(callgate_bypass_of("zzz", 0));
	ck_assert_ptr_null(callgate_bypass_of("chmod", 1000));
}
END_TEST

static bool has_way(const char *denied, const char *way, enum callgate_bypass_match match)
{
	const struct callgate_bypass *row;

	for (size_t i = 0; (row = callgate_bypass_of(denied, i)); i++)
		if (strcmp(row->way.call, way) == 0 && row->denied.match == match)
			return true;
	return false;
}

/* A restriction of flags is not escaped by calls that have none. */
START_TEST(what_a_restriction_means)
{
	ck_assert(has_way("clone", "unshare", CALLGATE_BYPASS_MATCH_BITS));
	ck_assert(has_way("clone", "clone3", CALLGATE_BYPASS_MATCH_ANY));
	ck_assert(has_way("clone", "fork", CALLGATE_BYPASS_MATCH_ALL));
	ck_assert(!has_way("clone", "fork", CALLGATE_BYPASS_MATCH_ANY));
	ck_assert(has_way("socket", "socketcall", CALLGATE_BYPASS_MATCH_ANY));
	ck_assert(has_way("ioctl", "ioctl", CALLGATE_BYPASS_MATCH_VALUES));
	ck_assert_str_eq(callgate_sibling_at("chmod", 0), "fchmodat");
	ck_assert_str_eq(callgate_sibling_at("chmod", 1), "fchmodat2");
	ck_assert_ptr_null(callgate_sibling_at("chmod", 2));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("info");

	tcase_add_test(tcase, sets_are_complete);
	tcase_add_test(tcase, constants);
	tcase_add_test(tcase, errors);
	tcase_add_test(tcase, errors_elsewhere);
	tcase_add_test(tcase, argument_names);
	tcase_add_test(tcase, argument_constants);
	tcase_add_test(tcase, versions_of_sets);
	tcase_add_test(tcase, sets_have_twins);
	tcase_add_test(tcase, sets_as_rules);
	tcase_add_test(tcase, closest_names);
	tcase_add_test(tcase, bypasses);
	tcase_add_test(tcase, what_a_restriction_means);
	return test_run(tcase);
}
