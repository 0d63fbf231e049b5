/*
 * The filters of plugins: what they allow, and that the upper half of an argument that the kernel reads as an int
 * changes nothing.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <callgate/diagnosis.h>
#include <callgate/program.h>
#include <callgate/simulate.h>

#include "sandbox/confinement.h"
#include "support/run.h"

static const struct callgate_plugin_options with_stderr = {.allow_stderr = true, .allow = CALLGATE_ALLOW_MEMORY};
static struct callgate_program *loading, *serving, *supervising;

static void make_filters(void)
{
	struct plugin_filters filters;

	ck_assert_int_eq(plugin_filters_make(&with_stderr, &filters), 0);
	ck_assert_int_eq(callgate_program_new(filters.loading.bytes, filters.loading.size, 0, &loading), 0);
	ck_assert_int_eq(callgate_program_new(filters.serving.bytes, filters.serving.size, 0, &serving), 0);
	ck_assert_int_eq(callgate_program_new(filters.supervising.bytes, filters.supervising.size, 0, &supervising), 0);
	plugin_filters_finish(&filters);
}

static void free_filters(void)
{
	callgate_program_free(loading);
	callgate_program_free(serving);
	callgate_program_free(supervising);
}

static uint32_t ask(const struct callgate_program *program, struct callgate_call call)
{
	struct callgate_verdict verdict;

	ck_assert_int_eq(callgate_simulate_program(program, &call, &verdict), 0);
	return verdict.action;
}

/* The arguments that the kernel reads as 32 bits, and for the others what makes the call one that may be allowed. */
static const struct {
	const char *name;
	int argument;
	uint64_t args[6];
} ints[] = {
    {"read", 0, {0}},     {"write", 0, {0}},    {"pread64", 0, {0}}, {"lseek", 0, {0}},
    {"close", 0, {0}},    {"openat", 2, {0}},   {"openat", 0, {0}},  {"mmap", 4, {0, 4096, PROT_READ, MAP_PRIVATE}},
    {"prctl", 0, {0, 2}}, {"prctl", 0, {0, 0}},
};
enum { INTS = sizeof(ints) / sizeof(ints[0]) };

START_TEST(test_width)
{
	static const uint64_t upper[] = {UINT64_C(1) << 32, UINT64_C(0xffffffff) << 32, UINT64_C(0xdeadbeef) << 32};
	const struct callgate_program *programs[] = {loading, serving, supervising};
	struct callgate_call call = {.nr = seccomp_syscall_resolve_name(ints[_i].name)};
	int allowed = 0;

	for (int i = 0; i < 6; i++)
		call.args[i] = ints[_i].args[i];
	for (int p = 0; p < 3; p++)
		for (uint32_t value = 0; value < 200; value++) {
			/* Small numbers, and those of which the uppermost bit or all bits but a few are set. */
			uint32_t low = value < 100   ? value
			               : value < 132 ? UINT32_C(1) << (value - 100)
			                             : UINT32_MAX - (value - 132);
			call.args[ints[_i].argument] = low;
			uint32_t action = ask(programs[p], call);
			allowed += action == SCMP_ACT_ALLOW;
			for (size_t u = 0; u < 3; u++) {
				call.args[ints[_i].argument] = upper[u] | low;
				ck_assert_msg(ask(programs[p], call) == action, "%s(%llx)", ints[_i].name,
				              (unsigned long long)(upper[u] | low));
			}
		}
	ck_assert_int_gt(allowed, 0);
}
END_TEST

static uint32_t ask_named(const struct callgate_program *program, const char *name, int argument, uint64_t value,
                          struct callgate_call call)
{
	call.nr = seccomp_syscall_resolve_name(name);
	call.args[argument] = value;
	return ask(program, call);
}

/* Where there is mmap2(), mmap() takes a pointer to its arguments, which no filter can see. */
static const char *map_name(void)
{
	return seccomp_syscall_resolve_name("mmap2") >= 0 ? "mmap2" : "mmap";
}

/* Only what the plugin opened itself can be read, moved in, mapped or closed while loading. */
START_TEST(test_own_descriptors)
{
	static const char *const calls[] = {"read", "pread64", "lseek", "close"};
	const struct callgate_call mapping = {.args = {0, 4096, PROT_READ, MAP_PRIVATE}};

	for (uint64_t fd = 0; fd < 300; fd++) {
		uint32_t expected = fd >= 5 && fd < 64 ? SCMP_ACT_ALLOW : SCMP_ACT_TRAP;
		for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
			ck_assert_uint_eq(ask_named(loading, calls[i], 0, fd, (struct callgate_call){0}),
			                  i == 0 && fd == 3 ? SCMP_ACT_ALLOW : expected);
		ck_assert_uint_eq(ask_named(loading, map_name(), 4, fd, mapping), expected);
	}
	ck_assert_uint_eq(ask_named(loading, map_name(), 4, UINT64_MAX, mapping), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask_named(loading, map_name(), 4, UINT32_MAX, mapping), SCMP_ACT_ALLOW);
}
END_TEST

START_TEST(test_mappings)
{
	for (uint64_t protection = 0; protection < 8; protection++)
		for (uint64_t flags = 0; flags < 4; flags++) {
			struct callgate_call call = {.args = {0, 4096, protection, flags, UINT64_MAX}};
			bool is_fine =
			    flags == MAP_PRIVATE && (protection & (PROT_WRITE | PROT_EXEC)) != (PROT_WRITE | PROT_EXEC);
			ck_assert_uint_eq(ask_named(loading, map_name(), 5, 0, call),
			                  is_fine ? SCMP_ACT_ALLOW : SCMP_ACT_TRAP);
		}
}
END_TEST

START_TEST(test_opening)
{
	static const int never[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE, O_PATH};
	const struct callgate_call none = {0};

	ck_assert_uint_eq(ask_named(loading, "openat", 2, O_RDONLY | O_CLOEXEC, none), SCMP_ACT_ALLOW);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		ck_assert_uint_eq(ask_named(loading, "openat", 2, (uint64_t)never[i], none), SCMP_ACT_TRAP);
	ck_assert_uint_eq(ask_named(loading, "openat2", 0, 0, none), SCMP_ACT_TRAP);
	ck_assert_uint_eq(ask_named(supervising, "openat", 2, O_RDONLY, none), SCMP_ACT_NOTIFY);
	ck_assert_uint_eq(ask_named(supervising, "read", 0, 3, none), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask_named(serving, "openat", 2, O_RDONLY, none), SCMP_ACT_TRAP);
}
END_TEST

START_TEST(test_prctl)
{
	for (uint64_t option = 0; option < 80; option++)
		for (uint64_t value = 0; value < 4; value++) {
			struct callgate_call call = {.args = {option, value}};
			bool is_fine = (option == PR_SET_SECCOMP && value == 2) || option == PR_GET_DUMPABLE ||
			               (option == PR_SET_DUMPABLE && (value == 0 || value == 2));
			ck_assert_uint_eq(ask_named(loading, "prctl", 5, 0, call),
			                  is_fine ? SCMP_ACT_ALLOW : SCMP_ACT_TRAP);
			ck_assert_uint_eq(ask_named(serving, "prctl", 5, 0, call), SCMP_ACT_TRAP);
		}
}
END_TEST

/* What a plugin made would not end with it, whoever allows that. */
START_TEST(test_makes_no_processes)
{
	static const char *const making[] = {"fork", "vfork", "clone", "clone3"};
	const char *names[] = {"getpid", making[_i], NULL};
	struct callgate_plugin_options options = {.allow_calls = names};
	struct plugin_filters filters;

	ck_assert_int_eq(plugin_filters_make(&options, &filters), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), making[_i]));
}
END_TEST

START_TEST(test_powers)
{
	static const struct {
		const char *name;
		bool supervises, limits_files;
	} cases[] = {{"getpid", true, true},
	             {"openat", false, false},
	             {"execve", false, false},
	             {"io_uring_enter", false, true},
	             {"process_vm_readv", false, true}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *names[] = {cases[i].name, NULL};
		struct callgate_plugin_options options = {.allow_calls = names};
		struct plugin_filters filters;
		ck_assert_int_eq(plugin_filters_make(&options, &filters), 0);
		ck_assert_int_eq(filters.supervising.size != 0, cases[i].supervises);
		ck_assert_int_eq(filters.limits_files, cases[i].limits_files);
		plugin_filters_finish(&filters);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("filters of plugins");

	tcase_add_checked_fixture(tests, make_filters, free_filters);
	tcase_add_loop_test(tests, test_width, 0, INTS);
	tcase_add_test(tests, test_own_descriptors);
	tcase_add_test(tests, test_mappings);
	tcase_add_test(tests, test_opening);
	tcase_add_test(tests, test_prctl);
	tcase_add_loop_test(tests, test_makes_no_processes, 0, 4);
	tcase_add_test(tests, test_powers);
	tcase_set_timeout(tests, 60);
	return test_run(tests);
}
