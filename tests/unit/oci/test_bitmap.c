/*
 * Every call that a profile allows whatever its arguments is one that the kernel answers from its bitmap, on the native
 * and on the compat architecture: for the profiles that are shipped, and for those of container engines where they are
 * at hand.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/oci.h>
#include <callgate/simulate.h>

#include "support/run.h"

/*
 * The native and the compat architecture of two machines; x32 has no bitmap of its own, and must not disturb the
 * others'.
 */
static const char *const machines[][3] = {{"x86_64", "x86", "x32"}, {"aarch64", "arm", NULL}};

static struct callgate_simulator *simulator_of(const char *path, const char *const *archs)
{
	struct callgate_simulator *simulator;
	struct callgate_profile *profile;
	scmp_filter_ctx ctx;

	ck_assert_int_eq(callgate_profile_new(&profile), 0);
	for (int i = 0; i < 3 && archs[i]; i++)
		ck_assert_int_eq(callgate_profile_add_arch(profile, seccomp_arch_resolve_name(archs[i])), 0);
	ck_assert_int_eq(callgate_profile_set_kernel(profile, "6.1"), 0);
	ck_assert_msg(callgate_profile_read_file(profile, path) == 0, "%s: %s", path,
	              callgate_profile_diagnosis(profile));
	ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	seccomp_release(ctx);
	callgate_profile_free(profile);
	return simulator;
}

/* How many calls are allowed whatever their arguments: the first rule of their number says so. */
static unsigned check_profile(const char *path, const char *const *archs)
{
	struct callgate_simulator *simulator = simulator_of(path, archs);
	struct callgate_rule rule, before = {.nr = -1};
	unsigned allowed = 0;

	for (size_t i = 0; callgate_simulator_rule(simulator, i, &rule) == 0; before = rule, i++) {
		struct callgate_call call = {.arch = rule.arch, .nr = rule.nr};
		struct callgate_verdict verdict;
		bool is_first = rule.arch != before.arch || rule.nr != before.nr;
		if (!is_first || rule.condition_count > 0 || rule.action != SCMP_ACT_ALLOW ||
		    rule.arch == SCMP_ARCH_X32)
			continue;
		ck_assert_int_eq(callgate_simulator_run(simulator, &call, &verdict), 0);
		ck_assert_uint_eq(verdict.action, SCMP_ACT_ALLOW);
		ck_assert_msg(verdict.from_bitmap, "%s: call %d of architecture %#x is not cached", path, rule.nr,
		              rule.arch);
		allowed++;
	}
	callgate_simulator_free(simulator);
	return allowed;
}

static unsigned check_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	unsigned profiles = 0;

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		size_t length = strlen(entry->d_name);
		char path[8192];
		if (length < 5 || strcmp(entry->d_name + length - 5, ".json") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
			unsigned allowed = check_profile(path, machines[i]);
			printf("%s, %s: %u calls from the bitmap\n", entry->d_name, machines[i][0], allowed);
			ck_assert_uint_gt(allowed, 300);
		}
		profiles++;
	}
	if (dir)
		closedir(dir);
	return profiles;
}

START_TEST(shipped_profiles)
{
	ck_assert_uint_gt(check_folder(SOURCE_ROOT "/examples/profiles"), 0);
}
END_TEST

START_TEST(profiles_of_engines)
{
	const char *shared = getenv("CALLGATE_SHARED");
	char path[4096];

	snprintf(path, sizeof(path), "%s/policies", shared ? shared : SOURCE_ROOT "/../shared");
	if (check_folder(path) == 0)
		printf("no profiles of engines are at hand\n");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("bitmap");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, shipped_profiles);
	tcase_add_test(tcase, profiles_of_engines);
	return test_run(tcase);
}
