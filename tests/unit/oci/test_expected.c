/*
 * The profiles of container engines, and what the engines' own code makes of them: every call of every architecture
 * gets exactly the answer that it gets there. Skipped where profiles and answers are not at hand.
 */
#include <dirent.h>
#include <jansson.h>
#include <unistd.h>

#include "reading.h"
#include "support/run.h"

#define SKIP 77

/* One file of answers, and the filter made of its profile in its environment. */
struct subject {
	const char *file;
	json_t *answers;
	uint32_t arch, fallback;
	struct callgate_profile *profile;
	scmp_filter_ctx ctx;
};

static const char *policies(void)
{
	static char path[4096];
	const char *shared = getenv("CALLGATE_SHARED");

	snprintf(path, sizeof(path), "%s/policies", shared ? shared : SOURCE_ROOT "/../shared");
	return path;
}

static const char *word(const struct subject *subject, const char *key)
{
	const char *text = json_string_value(json_object_get(subject->answers, key));

	ck_assert_msg(text != NULL, "%s has no \"%s\"", subject->file, key);
	return text;
}

static void set_environment(struct subject *subject)
{
	size_t index;
	json_t *capability;

	ck_assert_int_eq(callgate_profile_add_capability(subject->profile, NULL), 0);
	json_array_foreach(json_object_get(subject->answers, "capabilities"), index, capability)
	{
		const char *name = json_string_value(capability);
		ck_assert_int_eq(callgate_profile_add_capability(subject->profile, name), 0);
	}
	ck_assert_int_eq(callgate_profile_set_kernel(subject->profile, word(subject, "kernel")), 0);
	subject->arch = callgate_profile_arch(word(subject, "architecture"));
	ck_assert_int_eq(callgate_profile_add_arch(subject->profile, subject->arch), 0);
}

static void start(struct subject *subject, const char *file)
{
	char path[8192];

	*subject = (struct subject){.file = file};
	snprintf(path, sizeof(path), "%s/expected/%s", policies(), file);
	subject->answers = json_load_file(path, 0, NULL);
	ck_assert_msg(subject->answers != NULL, "%s can't be read", path);
	ck_assert_int_eq(callgate_profile_new(&subject->profile), 0);
	ck_assert_int_eq(callgate_profile_set_option(subject->profile, CALLGATE_PROFILE_UNKNOWN_CALLS,
	                                             CALLGATE_UNKNOWN_CALLS_DEFAULT),
	                 0);
	set_environment(subject);
	snprintf(path, sizeof(path), "%s/%s", policies(), word(subject, "profile"));
	ck_assert_msg(callgate_profile_read_file(subject->profile, path) == 0, "%s",
	              callgate_profile_diagnosis(subject->profile));
	ck_assert_int_eq(callgate_profile_context(subject->profile, &subject->ctx), 0);
	ck_assert_str_eq(word(subject, "default"), "SCMP_ACT_ERRNO");
	subject->fallback = ERRNO((uint32_t)json_integer_value(json_object_get(subject->answers, "defaultErrnoRet")));
}

static void finish(struct subject *subject)
{
	seccomp_release(subject->ctx);
	callgate_profile_free(subject->profile);
	json_decref(subject->answers);
}

static uint32_t ask_all(const struct subject *subject, int nr, const uint64_t args[6])
{
	struct callgate_call call = {.arch = subject->arch, .nr = nr};
	struct callgate_verdict verdict;

	memcpy(call.args, args, sizeof(call.args));
	ck_assert_int_eq(callgate_simulate(subject->ctx, &call, &verdict), 0);
	return verdict.action;
}

/* [index, op, value, valueTwo] */
static bool holds(json_t *condition, const uint64_t args[6])
{
	const char *op = json_string_value(json_array_get(condition, 1));
	uint64_t arg = args[json_integer_value(json_array_get(condition, 0))];
	uint64_t value = (uint64_t)json_integer_value(json_array_get(condition, 2));
	uint64_t second = (uint64_t)json_integer_value(json_array_get(condition, 3));

	if (strcmp(op, "SCMP_CMP_EQ") == 0)
		return arg == value;
	if (strcmp(op, "SCMP_CMP_NE") == 0)
		return arg != value;
	if (strcmp(op, "SCMP_CMP_LT") == 0)
		return arg < value;
	if (strcmp(op, "SCMP_CMP_GT") == 0)
		return arg > value;
	ck_assert_str_eq(op, "SCMP_CMP_MASKED_EQ");
	return (arg & value) == second;
}

static bool one_holds(json_t *alternatives, const uint64_t args[6])
{
	size_t i, j;
	json_t *alternative, *condition;

	json_array_foreach(alternatives, i, alternative)
	{
		bool all = true;
		json_array_foreach(alternative, j, condition) all = all && holds(condition, args);
		if (all)
			return true;
	}
	return false;
}

/* Arguments on and around every value that is compared. */
static void check_conditional(const struct subject *subject, const char *name, json_t *alternatives, int nr)
{
	static const uint64_t more[] = {0,       1,       8,          9,          10,         15,         16,
	                                17,      37,      38,         39,         40,         41,         0x20000,
	                                0x20008, 0x40000, 0x10000000, 0x7e020000, 0x01000000, 0xffffffff, UINT64_MAX};
	enum { COUNT = sizeof(more) / sizeof(more[0]) };

	for (size_t i = 0; i < (size_t)COUNT * COUNT * COUNT; i++) {
		uint64_t args[6] = {more[i % COUNT], more[i / COUNT % COUNT], more[i / COUNT / COUNT]};
		uint32_t action = ask_all(subject, nr, args);
		ck_assert_msg((action == ALLOW) == one_holds(alternatives, args), "%s: %s(%#llx, %#llx, %#llx): 0x%08x",
		              subject->file, name, (unsigned long long)args[0], (unsigned long long)args[1],
		              (unsigned long long)args[2], action);
	}
}

static bool is_allowed(const struct subject *subject, const char *name)
{
	size_t index;
	json_t *allowed;

	json_array_foreach(json_object_get(subject->answers, "allowed"), index, allowed)
	{
		if (strcmp(json_string_value(allowed), name) == 0)
			return true;
	}
	return false;
}

/* What the answers say about a call without conditions; [[action, number, name]]. */
static uint32_t expected(const struct subject *subject, const char *name)
{
	json_t *explicit = json_object_get(json_object_get(subject->answers, "explicit"), name);

	if (is_allowed(subject, name))
		return ALLOW;
	if (!explicit)
		return subject->fallback;
	ck_assert_str_eq(json_string_value(json_array_get(json_array_get(explicit, 0), 0)), "SCMP_ACT_ERRNO");
	return ERRNO((uint32_t)json_integer_value(json_array_get(json_array_get(explicit, 0), 1)));
}

/* Every name that we know and this architecture has. */
static void check_known(const struct subject *subject)
{
	const char *name;

	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		int nr = callgate_syscall_number(subject->arch, name);
		json_t *conditions = json_object_get(json_object_get(subject->answers, "conditional"), name);
		if (nr < 0)
			continue;
		if (conditions) {
			check_conditional(subject, name, conditions, nr);
			continue;
		}
		for (uint64_t arg = 0; arg < 3; arg++) {
			uint32_t action = ask(subject->ctx, subject->arch, name, arg, ~arg);
			ck_assert_msg(action == expected(subject, name), "%s: %s gets 0x%08x, not 0x%08x",
			              subject->file, name, action, expected(subject, name));
		}
	}
}

static void check_name(const struct subject *subject, const char *name, bool is_here)
{
	ck_assert_msg((callgate_syscall_number(subject->arch, name) >= 0) == is_here, "%s: %s", subject->file, name);
}

/* Nothing in the answers escapes check_known(), and what is absent there is absent here. */
static void check_names(const struct subject *subject)
{
	const char *name;
	size_t index;
	json_t *value;

	json_array_foreach(json_object_get(subject->answers, "allowed"), index, value)
	{
		check_name(subject, json_string_value(value), true);
	}
	json_array_foreach(json_object_get(subject->answers, "absent_here"), index, value)
	{
		check_name(subject, json_string_value(value), false);
	}
	json_object_foreach(json_object_get(subject->answers, "explicit"), name, value)
	{
		check_name(subject, name, true);
	}
	json_object_foreach(json_object_get(subject->answers, "conditional"), name, value)
	{
		check_name(subject, name, true);
	}
}

START_TEST(as_the_engines)
{
	DIR *directory;
	char path[8192];
	size_t count = 0;

	snprintf(path, sizeof(path), "%s/expected", policies());
	directory = opendir(path);
	ck_assert_ptr_nonnull(directory);
	for (const struct dirent *file; (file = readdir(directory));) {
		struct subject subject;
		if (!strstr(file->d_name, ".json"))
			continue;
		start(&subject, file->d_name);
		check_names(&subject);
		check_known(&subject);
		finish(&subject);
		count++;
	}
	closedir(directory);
	ck_assert_uint_gt(count, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("profiles of container engines");
	char path[8192];

	snprintf(path, sizeof(path), "%s/expected", policies());
	if (access(path, R_OK) < 0) {
		printf("SKIP: there is no %s\n", path);
		return SKIP;
	}
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, as_the_engines);
	return test_run(tcase);
}
