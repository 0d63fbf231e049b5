/* Broken profiles: each is refused, at the right line and column, with the right words. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/oci.h>

#include "support/run.h"

#define D  "{\"defaultAction\": \"SCMP_ACT_ALLOW\",\n" /* the first line of most */
#define E  D " \"syscalls\": [\n"                      /* and the second: entries begin in line 3 */
#define X  "]}"
#define OK "\"action\": \"SCMP_ACT_ERRNO\""

static const struct broken {
	const char *name, *text;
	unsigned int line, column;
	const char *words; /* a part of the message */
} broken[] = {
    {"empty file", "", 1, 1, "empty"},
    {"blank file", " \n\n", 1, 1, "empty"},
    {"ELF",
     "\x7f"
     "ELF\x02\x01",
     1, 1, "ELF file"},
    {"YAML", "# mine\ndefaultAction: SCMP_ACT_ALLOW\n", 1, 1, "YAML"},
    {"YAML with a mark", "---\nx: 1\n", 1, 1, "YAML"},
    {"a config.json without linux.seccomp", "{\"ociVersion\": \"1.0.2\", \"linux\": {}}", 1, 1, "no \"defaultAction\""},
    {"null", "null", 1, 1, "must be an object, this is null"},
    {"number", "\n 7", 2, 2, "must be an object, this is a number"},
    {"array", "[]", 1, 1, "must be an object, this is an array"},
    {"empty object", "{}", 1, 1, "no \"defaultAction\""},
    {"null default action", "{\"defaultAction\": null}", 1, 1, "no \"defaultAction\""},
    {"trailing bytes", D "\"syscalls\": []}\n x", 3, 2, "end of file expected"},
    {"second value", D "\"syscalls\": []} {}", 2, 17, "end of file expected"},
    {"cut off", D " \"syscalls\": [", 2, 15, "end of file"},
    {"cut off in a word", "{\"defaultAction\": \"SCMP", 1, 19, "a string without an end"},
    {"trailing comma", D " \"syscalls\": [\n],\n}", 4, 1, "a key in double quotes expected, not }"},
    {"no colon", "{\"defaultAction\" \"x\"}", 1, 18, "':' expected, not \"x\""},
    {"single quotes", "{\n'defaultAction': 1}", 2, 1, "expected"},
    {"a comment", "// mine\n{}", 1, 1, "a value expected, not //"},
    {"byte order mark", "\xef\xbb\xbf{}", 1, 1, "byte order mark"},
    {"duplicate key", D " \"defaultAction\": \"SCMP_ACT_KILL\"}", 2, 2, "duplicate key"},
    {"duplicate key within", E "{\"names\": [\"read\"], " OK ",\n  \"names\": []}" X, 4, 3, "duplicate key"},
    {"invalid UTF-8", D " \"syscalls\": \"\xff\"}", 2, 15, "not UTF-8"},
    {"cut UTF-8", D " \"\xc3\": 1}", 2, 3, "not UTF-8"},
    {"surrogate in UTF-8", D " \"\xed\xa0\x80\": 1}", 2, 3, "not UTF-8"},
    {"overlong UTF-8", D " \"\xc0\xaf\": 1}", 2, 3, "not UTF-8"},
    {"columns are characters", D " \"\xc3\xa9\xe2\x82\xac\": 1, \"sycalls\": 2}", 2, 11, "unknown key"},
    {"NUL in a string", D " \"a\\u0000\": 1}", 2, 2, "NUL"},
    {"unknown key", D " \"sycalls\": []}", 2, 2, "unknown key \"sycalls\"; is \"syscalls\" meant?"},
    {"unknown key in an entry", E "{\"names\": [\"read\"], " OK ",\n \"arg\": []}" X, 4, 2, "is \"args\" meant?"},
    {"unknown key in a condition",
     E "{\"names\": [\"read\"], " OK ", \"args\": [\n{\"index\": 0, \"val\": 1, \"op\": \"SCMP_CMP_EQ\"}]}" X, 4, 1,
     "this condition has no \"value\""},
    {"unknown key in includes", E "{\"names\": [\"read\"], " OK ",\n\"includes\": {\"cap\": []}}" X, 4, 14,
     "is \"caps\" meant?"},
    {"a key twice, in two cases", D " \"syscalls\": [], \"Syscalls\": []}", 2, 18, "line 2 has it already"},
    {"prefix twice", "{\"defaultAction\": \"SCMP_ACT_SCMP_ACT_KILL\"}", 1, 19,
     "unknown name \"SCMP_ACT_SCMP_ACT_KILL\""},
    {"unknown action", "{\"defaultAction\": \"SCMP_ACT_DENY\"}", 1, 19, "unknown name \"SCMP_ACT_DENY\""},
    {"action in lower case", "{\"defaultAction\":\n\"scmp_act_allow\"}", 2, 1, "unknown name"},
    {"misspelt action", "{\"defaultAction\": \"SCMP_ACT_ALOW\"}", 1, 19, "is \"SCMP_ACT_ALLOW\" meant?"},
    {"action is a number", "{\"defaultAction\": 5}", 1, 19, "\"defaultAction\" must be a string, this is a number"},
    {"syscalls is an object", D " \"syscalls\": {}}", 2, 14, "\"syscalls\" must be an array, this is an object"},
    {"an entry is a string", E "\"read\"" X, 3, 1, "must be an object, this is a string"},
    {"names is a string", E "{\"names\": \"read\", " OK "}" X, 3, 11, "\"names\" must be an array"},
    {"a name is a number", E "{\"names\": [\"read\", 1], " OK "}" X, 3, 20, "must be a string, this is a number"},
    {"an empty name", E "{\"names\": [\"\"], " OK "}" X, 3, 12, "empty name"},
    {"no names", E "{" OK "}" X, 3, 1, "no \"names\""},
    {"no action", E "  {\"names\": [\"read\"]}" X, 3, 3, "no \"action\""},
    {"name and names", E "{\"names\": [\"read\"],\n\"name\": \"write\", " OK "}" X, 4, 1, "\"name\" beside \"names\""},
    {"unknown architecture", D " \"architectures\": [\"SCMP_ARCH_X86_46\"]}", 2, 20, "is \"SCMP_ARCH_X86_64\" meant?"},
    {"both lists of architectures",
     D " \"architectures\": [\"SCMP_ARCH_X86\"],\n \"archMap\": [{\"architecture\": \"SCMP_ARCH_X86_64\"}]}", 3, 2,
     "one of them"},
    {"no architecture in archMap", D " \"archMap\": [{\"subArchitectures\": []}]}", 2, 14, "no \"architecture\""},
    {"unknown flag", D " \"flags\": [\"SECCOMP_FILTER_FLAG_TSYNCH\"]}", 2, 12,
     "is \"SECCOMP_FILTER_FLAG_TSYNC\" meant?"},
    {"metadata without listener", D " \"listenerMetadata\": \"x\"}", 2, 2, "without \"listenerPath\""},
    {"errno contradicts", E "{\"names\": [\"read\"], " OK ",\n\"errnoRet\": 1, \"errno\": \"ENOSYS\"}" X, 4, 25,
     "contradiction: ENOSYS is 38"},
    {"errno contradicts, other order", E "{\"names\": [\"read\"], " OK ",\n\"errno\": \"EPERM\", \"errnoRet\": 2}" X, 4,
     31, "contradiction: EPERM is 1"},
    {"default errno contradicts",
     "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38,\n\"defaultErrno\": \"EPERM\"}", 2, 17,
     "contradiction"},
    {"errno contradicts, in quotes", E "{\"names\":[\"read\"], " OK ",\n\"errnoRet\": 1, \"errno\": \"38\"}" X, 4, 25,
     "contradiction: 38 is 38"},
    {"errno in quotes is too large", E "{\"names\":[\"read\"], " OK ",\n\"errno\": \"4096\"}" X, 4, 10, "unknown name"},
    {"an empty single name", E "{\"name\": \"\", " OK "}" X, 3, 1, "no \"names\""},
    {"architecture by another name", D " \"architectures\": [\"amd64\"]}", 2, 20, "is \"SCMP_ARCH_X86_64\" meant?"},
    {"control characters",
     "{\"defaultAction\": \"\xc2\x9b"
     "1m\xe2\x80\xae\"}",
     1, 19, "unknown name \"??1m???\""},
    {"unknown errno", E "{\"names\": [\"read\"], " OK ",\n\"errno\": \"EPREM\"}" X, 4, 10, "is \"EPERM\" meant?"},
    {"errno too large", E "{\"names\": [\"read\"], " OK ",\n\"errnoRet\": 4096}" X, 4, 13, "up to 4095"},
    {"errno negative", E "{\"names\": [\"read\"], " OK ",\n\"errnoRet\": -1}" X, 4, 13, "whole number"},
    {"errno is a string", E "{\"names\": [\"read\"], " OK ",\n\"errnoRet\": \"1\"}" X, 4, 13, "must be a number"},
#define ARGS(text) E "{\"names\": [\"read\"], " OK ", \"args\": [\n" text "]}" X
    {"args is an object", E "{\"names\": [\"read\"], " OK ",\n\"args\": {}}" X, 4, 9, "must be an array"},
    {"index 6", ARGS("{\"index\": 6, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}"), 4, 11, "from 0 to 5, this is 6"},
    {"index -1", ARGS("{\"index\": -1, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}"), 4, 11, "this is -1"},
    {"value 2^64", ARGS("{\"index\": 0, \"value\": 18446744073709551616, \"op\": \"SCMP_CMP_EQ\"}"), 4, 23,
     "to 18446744073709551615, this is 18446744073709551616"},
    {"value -1", ARGS("{\"index\": 0, \"value\": -1, \"op\": \"SCMP_CMP_EQ\"}"), 4, 23, "this is -1"},
    {"value 1.5", ARGS("{\"index\": 0, \"value\": 1.5, \"op\": \"SCMP_CMP_EQ\"}"), 4, 23, "this is 1.5"},
    {"value 1e3", ARGS("{\"index\": 0, \"value\": 1e3, \"op\": \"SCMP_CMP_EQ\"}"), 4, 23, "this is 1e3"},
    {"value 1e400", ARGS("{\"index\": 0, \"value\": 1e400, \"op\": \"SCMP_CMP_EQ\"}"), 4, 23, "this is 1e400"},
    {"value is hexadecimal", ARGS("{\"index\": 0, \"value\": 0x10, \"op\": \"SCMP_CMP_EQ\"}"), 4, 23, "expected"},
    {"value is a string", ARGS("{\"index\": 0, \"value\": \"1\", \"op\": \"SCMP_CMP_EQ\"}"), 4, 23, "must be a number"},
    {"valueTwo true", ARGS("{\"index\": 0, \"value\": 1, \"valueTwo\": true, \"op\": \"SCMP_CMP_EQ\"}"), 4, 38,
     "must be a number, this is true or false"},
    {"unknown op", ARGS("{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EG\"}"), 4, 32,
     "unknown name \"SCMP_CMP_EG\""},
    {"no index", ARGS("{\"value\": 1, \"op\": \"SCMP_CMP_EQ\"}"), 4, 1, "no \"index\""},
    {"no value", ARGS("{\"index\": 1, \"op\": \"SCMP_CMP_EQ\"}"), 4, 1, "no \"value\""},
    {"no op", ARGS("{\"index\": 1, \"value\": 1}"), 4, 1, "no \"op\""},
    {"minKernel", E "{\"names\": [\"read\"], " OK ",\n\"includes\": {\"minKernel\": \"4\"}}" X, 4, 27,
     "not a kernel version"},
    {"caps is a string", E "{\"names\": [\"read\"], " OK ",\n\"excludes\": {\"caps\": \"CAP_BPF\"}}" X, 4, 22,
     "must be an array"},
    {"contradiction",
     E "{\"names\": [\"read\"], " OK ", \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]},\n"
       "{\"names\": [\"write\", \"read\"], \"action\": \"SCMP_ACT_KILL\","
       " \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}" X,
     4, 21, "contradicts line 3 about read"},
};

static const struct callgate_profile_message *first_error(const struct callgate_profile *profile)
{
	const struct callgate_profile_message *message;

	for (size_t i = 0; (message = callgate_profile_message(profile, i)); i++)
		if (message->severity == CALLGATE_SEVERITY_ERROR)
			return message;
	return NULL;
}

static struct callgate_profile *new_profile(void)
{
	struct callgate_profile *profile;

	ck_assert_int_eq(callgate_profile_new(&profile), 0);
	ck_assert_int_eq(callgate_profile_add_capability(profile, NULL), 0);
	ck_assert_int_eq(callgate_profile_set_kernel(profile, "6.1"), 0);
	return profile;
}

static void check_no_answers(struct callgate_profile *profile)
{
	scmp_filter_ctx ctx = NULL;
	struct callgate_program *program = NULL;
	char *text = NULL;

	ck_assert_int_eq(callgate_profile_context(profile, &ctx), -EINVAL);
	ck_assert_int_eq(callgate_profile_program(profile, &program), -EINVAL);
	ck_assert_int_eq(callgate_profile_resolve(profile, &text), -EINVAL);
	ck_assert_int_eq(callgate_profile_describe(profile, &text), -EINVAL);
	ck_assert(!ctx && !program && !text);
}

START_TEST(broken_profile)
{
	const struct broken *b = &broken[_i];
	struct callgate_profile *profile = new_profile();
	int result = callgate_profile_read_memory(profile, b->text, strlen(b->text), "a.json");
	const struct callgate_profile_message *message = first_error(profile);
	char place[64];

	ck_assert_msg(result == -EINVAL && message, "%s: it was taken", b->name);
	ck_assert_msg(message->line == b->line && message->column == b->column && strstr(message->text, b->words),
	              "%s: %u:%u \"%s\" instead of %u:%u \"%s\"", b->name, message->line, message->column,
	              message->text, b->line, b->column, b->words);
	snprintf(place, sizeof(place), "a.json:%u:%u: error: ", b->line, b->column);
	ck_assert_msg(strncmp(callgate_profile_diagnosis(profile), place, strlen(place)) == 0, "%s: %s", b->name,
	              callgate_profile_diagnosis(profile));
	check_no_answers(profile);
	callgate_profile_free(profile);
}
END_TEST

/* A program in either byte order, as callgate compile writes it. */
START_TEST(program_for_profile)
{
	static const char little[] = {0x20, 0, 0, 0, 4, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0};
	static const char big[] = {0, 0x20, 0, 0, 0, 0, 0, 4, 0, 6, 0, 0, 0, 0, 0, 0};
	const char *const programs[] = {little, big};

	for (size_t i = 0; i < 2; i++) {
		struct callgate_profile *profile = new_profile();
		ck_assert_int_eq(callgate_profile_read_memory(profile, programs[i], sizeof(little), NULL), -EINVAL);
		ck_assert_ptr_nonnull(strstr(callgate_profile_diagnosis(profile), "this is a BPF program"));
		callgate_profile_free(profile);
	}
}
END_TEST

START_TEST(deep_nesting)
{
	char text[5000];
	struct callgate_profile *profile = new_profile();

	memset(text, '[', sizeof(text));
	ck_assert_int_eq(callgate_profile_read_memory(profile, text, sizeof(text), NULL), -EINVAL);
	ck_assert_uint_eq(callgate_profile_message(profile, 0)->column, CALLGATE_PROFILE_DEPTH_MAX + 1);
	ck_assert_str_eq(callgate_profile_message(profile, 0)->file, "profile");
	callgate_profile_free(profile);
}
END_TEST

START_TEST(too_many_bytes)
{
	size_t size = CALLGATE_PROFILE_SIZE_MAX + 1;
	char *text = malloc(size);
	struct callgate_profile *profile = new_profile();

	ck_assert_ptr_nonnull(text);
	memset(text, ' ', size);
	ck_assert_int_eq(callgate_profile_read_memory(profile, text, size, NULL), -EFBIG);
	check_no_answers(profile);
	callgate_profile_free(profile);
	free(text);
}
END_TEST

/* Zero bytes end no text: the rest would be unread. */
#define BYTES(text) text, sizeof(text) - 1

START_TEST(zero_bytes)
{
	static const struct {
		const char *text;
		size_t size;
		unsigned int line, column;
	} cases[] = {
	    {BYTES("\0"), 1, 1},
	    {BYTES("\n{\0}"), 2, 2},
	    {BYTES("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}\0"), 1, 35},
	    {BYTES("{\"a\0b\":1}"), 1, 4},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct callgate_profile *profile = new_profile();
		ck_assert_int_eq(callgate_profile_read_memory(profile, cases[i].text, cases[i].size, NULL), -EINVAL);
		ck_assert_uint_eq(callgate_profile_message(profile, 0)->line, cases[i].line);
		ck_assert_uint_eq(callgate_profile_message(profile, 0)->column, cases[i].column);
		ck_assert_str_eq(callgate_profile_message(profile, 0)->text, "a zero byte is not JSON");
		callgate_profile_free(profile);
	}
}
END_TEST

/* Thousands of warnings do not hide an error behind them, and long words do not make long messages. */
START_TEST(errors_outlive_warnings)
{
	char *text = calloc(1, 200000);
	struct callgate_profile *profile = new_profile();

	ck_assert_ptr_nonnull(text);
	char *end = stpcpy(text, D "\"syscalls\": [{" OK ", \"names\": [\"no\"");
	for (int i = 0; i < 10000; i++)
		end = stpcpy(end, ",\"nox\"");
	end = stpcpy(end, "]},\n{" OK ", \"names\": [\"");
	memset(end, 'x', 20000);
	stpcpy(end + 20000, "\"],\n\"errnoRet\": -1}]}");
	ck_assert_int_eq(callgate_profile_read_memory(profile, text, strlen(text), "a.json"), -EINVAL);
	ck_assert_uint_eq(first_error(profile)->line, 4);
	for (size_t i = 0; i < callgate_profile_message_count(profile); i++)
		ck_assert_uint_lt(strlen(callgate_profile_message(profile, i)->text), 1100);
	callgate_profile_free(profile);
	free(text);
}
END_TEST

/* Every beginning of a good profile is a broken one. */
START_TEST(every_prefix)
{
	static const char good[] =
	    E "{\"names\": [\"read\", \"\\u00e9\"], " OK ", \"errnoRet\": 2, \"args\": [{\"index\": 1, \"value\": "
	      "18446744073709551615, \"op\": \"SCMP_CMP_NE\"}], \"includes\": "
	      "{\"caps\": [], \"minKernel\": \"4.8\"}}" X;

	for (size_t size = 0; size < strlen(good); size++) {
		struct callgate_profile *profile = new_profile();
		ck_assert_int_eq(callgate_profile_read_memory(profile, good, size, NULL), -EINVAL);
		ck_assert_ptr_nonnull(first_error(profile));
		callgate_profile_free(profile);
	}
	struct callgate_profile *profile = new_profile();
	ck_assert_int_eq(callgate_profile_read_memory(profile, good, strlen(good), NULL), 0);
	callgate_profile_free(profile);
}
END_TEST

START_TEST(many_messages_are_cut)
{
	char *text = calloc(1, 200000);
	struct callgate_profile *profile = new_profile();

	ck_assert_ptr_nonnull(text);
	char *end = stpcpy(text, "{\"syscalls\": [0");
	for (int i = 0; i < 20000; i++)
		end = stpcpy(end, ",0");
	stpcpy(end, "]}");
	ck_assert_int_eq(callgate_profile_read_memory(profile, text, strlen(text), NULL), -EINVAL);
	ck_assert_uint_ge(callgate_profile_message_count(profile), 100);
	ck_assert_uint_le(callgate_profile_message_count(profile), 1000);
	callgate_profile_free(profile);
	free(text);
}
END_TEST

START_TEST(bad_calls)
{
	struct callgate_profile *profile = new_profile();
	scmp_filter_ctx ctx;

	ck_assert_int_eq(callgate_profile_new(NULL), -EINVAL);
	ck_assert_int_eq(callgate_profile_read_file(NULL, "x"), -EINVAL);
	ck_assert_int_eq(callgate_profile_context(NULL, &ctx), -EINVAL);
	ck_assert_int_eq(callgate_profile_context(profile, &ctx), -EINVAL);
	ck_assert_int_eq(callgate_profile_set_option(profile, 99, 0), -EINVAL);
	ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_SAME_ARGUMENT, 2), -EINVAL);
	ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_DEFAULT_ERRNO, 4096), -EINVAL);
	ck_assert_int_eq(callgate_profile_add_capability(profile, "CAP_NONSENSE"), -EINVAL);
	ck_assert_int_eq(callgate_profile_set_kernel(profile, "new"), -EINVAL);
	ck_assert_int_eq(callgate_profile_set_kernel(profile, "99999999.1"), -EINVAL);
	ck_assert_int_eq(callgate_profile_add_arch(profile, 7), -EINVAL);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), -EEXIST);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_S390X), -EDOM);
	ck_assert_int_eq(callgate_profile_read_file(profile, "/nonexistent/profile.json"), -ENOENT);
	ck_assert_ptr_nonnull(strstr(callgate_profile_diagnosis(profile), "/nonexistent/profile.json"));
	ck_assert_int_eq(callgate_profile_read_memory(profile, "{}", 2, NULL), -EBUSY);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86), -EBUSY);
	callgate_profile_free(profile);
	callgate_profile_free(NULL);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("broken profiles");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, broken_profile, 0, sizeof(broken) / sizeof(broken[0]));
	tcase_add_test(tcase, program_for_profile);
	tcase_add_test(tcase, deep_nesting);
	tcase_add_test(tcase, too_many_bytes);
	tcase_add_test(tcase, zero_bytes);
	tcase_add_test(tcase, errors_outlive_warnings);
	tcase_add_test(tcase, every_prefix);
	tcase_add_test(tcase, many_messages_are_cut);
	tcase_add_test(tcase, bad_calls);
	return test_run(tcase);
}
