/* Warnings and notes about profiles that work: what a call evades, what does the same, what never holds. */
#include "reading.h"

#include <callgate/arch.h>
#include <callgate/info.h>

#include "support/run.h"

#define DENY(name, conditions)                                                      \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[\n{\"names\":[\"" name \
	"\"],\"action\":\"SCMP_ACT_ERRNO\""                                         \
	",\"args\":[\n" conditions "]}]}"
#define LET(name, conditions)                                                       \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[\n{\"names\":[\"" name \
	"\"],\"action\":\"SCMP_ACT_ALLOW\""                                         \
	",\"args\":[\n" conditions "]}]}"
#define IS(index, value, op) "{\"index\":" index ",\"value\":" value ",\"op\":\"SCMP_CMP_" op "\"}"
#define MASKED(index, value, second) \
	"{\"index\":" index ",\"value\":" value ",\"valueTwo\":" second ",\"op\":\"SCMP_CMP_MASKED_EQ\"}"

/* The first message with the words, of this severity; NULL: there is none. */
static const struct callgate_profile_message *find(const struct callgate_profile *profile,
                                                   enum callgate_severity severity, const char *words)
{
	const struct callgate_profile_message *message;

	for (size_t i = 0; (message = callgate_profile_message(profile, i)); i++)
		if (message->severity == severity && strstr(message->text, words))
			return message;
	return NULL;
}

static struct callgate_profile *reviewed(const char *text, uint32_t arch, bool and)
{
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_add_arch(profile, arch), 0);
	if (and)
		ck_assert_int_eq(
		    callgate_profile_set_option(profile, CALLGATE_PROFILE_SAME_ARGUMENT, CALLGATE_SAME_ARGUMENT_AND),
		    0);
	ck_assert_msg(callgate_profile_read_memory(profile, text, strlen(text), "p.json") == 0, "%s",
	              callgate_profile_diagnosis(profile));
	ck_assert_int_eq(callgate_profile_review(profile), 0);
	return profile;
}

/* Each warning has a call that evades, which is asked here again; NULL: nothing is to be said. */
static const struct {
	const char *text, *call, *words;
	uint32_t arch;
	uint64_t evading[2], meant[2]; /* the first two arguments */
} widths[] = {
    {DENY("socket", IS("0", "38", "EQ")),
     "socket",
     "socket(0x100000026) gets ALLOW, and does what socket(0x26)",
     SCMP_ARCH_X86_64,
     {0x100000026},
     {38}},
    {DENY("socket", IS("0", "38", "EQ")),
     "socket",
     "on s390x socket(0x100000026)",
     SCMP_ARCH_S390X,
     {0x100000026},
     {38}},
    {DENY("socket", IS("0", "38", "EQ")), "socket", NULL, SCMP_ARCH_X86, {38}, {38}},
    {LET("socket", IS("0", "40", "GT")),
     "socket",
     "socket(0x100000028) gets ALLOW",
     SCMP_ARCH_X86_64,
     {0x100000028},
     {40}},
    {LET("socket", IS("0", "38", "LT")), "socket", NULL, SCMP_ARCH_X86_64, {5}, {5}},
    {LET("socket", IS("0", "38", "EQ")), "socket", NULL, SCMP_ARCH_X86_64, {38}, {38}},
    {LET("socket", IS("0", "38", "NE")),
     "socket",
     "socket(0x100000026) gets ALLOW",
     SCMP_ARCH_X86_64,
     {0x100000026},
     {38}},
    {DENY("socket", MASKED("0", "4294967295", "38")), "socket", NULL, SCMP_ARCH_X86_64, {0x100000026}, {38}},
    {DENY("ioctl", IS("1", "21522", "EQ")),
     "ioctl",
     "of argument 1: on x86_64 ioctl(*, 0x100005412)",
     SCMP_ARCH_X86_64,
     {0, 0x100005412},
     {0, 0x5412}},
    {DENY("ioctl", IS("0", "1", "EQ") "," IS("1", "2", "EQ")),
     "ioctl",
     "ioctl(0x100000001, 0x2) gets ALLOW",
     SCMP_ARCH_X86_64,
     {0x100000001, 2},
     {1, 2}},
    {DENY("lseek", IS("1", "5", "EQ")), "lseek", NULL, SCMP_ARCH_X86_64, {0, 5}, {0, 5}},
    {DENY("clone", MASKED("0", "2080505856", "0")), "clone", NULL, SCMP_ARCH_X86_64, {0}, {0}},
};

START_TEST(width)
{
	struct callgate_profile *profile = reviewed(widths[_i].text, widths[_i].arch, false);
	const struct callgate_profile_message *message =
	    find(profile, CALLGATE_SEVERITY_WARNING, "the kernel reads only");
	scmp_filter_ctx ctx;

	ck_assert_msg(!message == !widths[_i].words, "%s: %s", widths[_i].text, message ? message->text : "silent");
	if (message) {
		ck_assert_msg(strstr(message->text, widths[_i].words), "%s", message->text);
		ck_assert_uint_eq(message->line, 3);
		ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
		ck_assert_uint_eq(
		    ask(ctx, widths[_i].arch, widths[_i].call, widths[_i].evading[0], widths[_i].evading[1]), ALLOW);
		ck_assert_uint_ne(ask(ctx, widths[_i].arch, widths[_i].call, widths[_i].meant[0], widths[_i].meant[1]),
		                  ALLOW);
		ck_assert_uint_eq(widths[_i].meant[0], (uint32_t)widths[_i].evading[0]);
		seccomp_release(ctx);
	}
	callgate_profile_free(profile);
}
END_TEST

static const struct {
	const char *text, *words; /* NULL: none */
	bool and;
} notes[] = {
    {DENY("openat", IS("0", "18446744073709551516", "EQ")), NULL, false}, /* a warning: 0xffffff9c evades it */
    {LET("openat", IS("0", "18446744073709551516", "EQ")),
     "argument 0 of openat is an int: programs give -100 as 0xffffff9c or as 0xffffffffffffff9c", false},
    {LET("openat", IS("0", "4294967196", "EQ")), "programs give -100", false},
    {LET("openat", IS("0", "5", "EQ")), NULL, false},
    {LET("openat", MASKED("0", "4294967295", "4294967196")), NULL, false},
    {LET("lseek", IS("0", "9", "GE") "," IS("0", "3", "LE")), "no argument 0 fulfils all", true},
    {LET("lseek", IS("0", "3", "GE") "," IS("0", "9", "LE")), NULL, true},
    {LET("lseek", IS("1", "3", "EQ") "," IS("1", "9", "EQ")), "no argument 1 fulfils all", true},
    {LET("lseek", IS("1", "3", "EQ") "," IS("1", "3", "NE")), "no argument 1 fulfils all", true},
    {LET("lseek", MASKED("1", "3", "1") "," IS("1", "2", "EQ")), "no argument 1 fulfils all", true},
    {LET("lseek", IS("1", "3", "GE") "," IS("1", "9", "LE")), "argument 1 always holds", false},
    {LET("lseek", IS("1", "4", "GE") "," IS("1", "3", "LE")), "argument 1 always holds", false},
    {LET("lseek", IS("1", "5", "GE") "," IS("1", "3", "LE")), NULL, false},
    {LET("lseek", IS("1", "5", "NE") "," IS("1", "3", "NE")), "argument 1 always holds", false},
    {LET("lseek", IS("1", "5", "NE") "," IS("1", "5", "EQ")), "argument 1 always holds", false},
    {LET("lseek", IS("1", "5", "NE") "," IS("1", "6", "EQ")), NULL, false},
};

START_TEST(note)
{
	static const char *const all[] = {"is an int", "no argument", "always holds"};
	struct callgate_profile *profile = reviewed(notes[_i].text, SCMP_ARCH_X86_64, notes[_i].and);
	const struct callgate_profile_message *message = NULL;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !message; i++)
		message = find(profile, CALLGATE_SEVERITY_NOTE, all[i]);
	ck_assert_msg(!message == !notes[_i].words, "%s: %s", notes[_i].text, message ? message->text : "silent");
	ck_assert(!message || strstr(message->text, notes[_i].words));
	callgate_profile_free(profile);
}
END_TEST

START_TEST(siblings)
{
	static const struct {
		const char *names, *words;
		uint32_t arch;
	} cases[] = {
	    {"\"chmod\"", "chmod is denied, but not fchmodat and fchmodat2", SCMP_ARCH_X86_64},
	    {"\"chmod\",\"fchmodat\"", "chmod is denied, but not fchmodat2", SCMP_ARCH_X86_64},
	    {"\"chmod\",\"fchmodat\",\"fchmodat2\"", NULL, SCMP_ARCH_X86_64},
	    {"\"chmod\"", NULL, SCMP_ARCH_AARCH64}, /* there is no such call */
	    {"\"fchmodat2\"", NULL, SCMP_ARCH_X86_64},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];
		snprintf(text, sizeof(text),
		         "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[%s],\"action\":"
		         "\"SCMP_ACT_ERRNO\"}]}",
		         cases[i].names);
		struct callgate_profile *profile = reviewed(text, cases[i].arch, false);
		const struct callgate_profile_message *message =
		    find(profile, CALLGATE_SEVERITY_NOTE, "they can do the same");
		ck_assert_msg(!message == !cases[i].words, "%s", cases[i].names);
		ck_assert(!message || strstr(message->text, cases[i].words));
		callgate_profile_free(profile);
	}
}
END_TEST

/* Every name in the table is a call of some architecture. */
START_TEST(siblings_are_calls)
{
	const char *call, *sibling;
	size_t count = 0;

	for (size_t i = 0; (call = callgate_syscall_name_at(i)); i++)
		for (size_t j = 0; (sibling = callgate_sibling_at(call, j)); j++, count++) {
			ck_assert_msg(seccomp_syscall_resolve_name(sibling) != __NR_SCMP_ERROR, "%s: %s", call,
			              sibling);
			ck_assert_str_ne(call, sibling);
		}
	ck_assert_uint_ge(count, 60);
	ck_assert_ptr_null(callgate_sibling_at(NULL, 0));
	ck_assert_ptr_null(callgate_sibling_at("no_such_call", 0));
	ck_assert_ptr_null(callgate_sibling_at("chmod", 1000));
}
END_TEST

START_TEST(what_a_library_lacks)
{
	static const char names[] = "\"execve\",\"mmap\",\"mprotect\",\"openat\",\"pread64\",\"close\",\"newfstatat\","
	                            "\"exit_group\",\"arch_prctl\"";

	for (int complete = 0; complete < 2; complete++) {
		char text[512];
		snprintf(text, sizeof(text),
		         "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[%s%s],\"action\":"
		         "\"SCMP_ACT_ALLOW\"}]}",
		         names, complete ? ",\"read\"" : "");
		struct callgate_profile *profile = reviewed(text, SCMP_ARCH_X86_64, false);
		const struct callgate_profile_message *message =
		    find(profile, CALLGATE_SEVERITY_NOTE, "does not start under this profile, which lacks: read");
		ck_assert(complete ? !message : message != NULL);
		ck_assert(!complete || !find(profile, CALLGATE_SEVERITY_NOTE, "does not start"));
		ck_assert(!message || strcmp(strrchr(message->text, ' '), " read") == 0);
		callgate_profile_free(profile);
	}
}
END_TEST

/* Only a profile that can be used is reviewed. */
START_TEST(nothing_to_review)
{
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_review(NULL), -EINVAL);
	ck_assert_int_eq(callgate_profile_review(profile), -EINVAL);
	ck_assert_int_lt(callgate_profile_read_memory(profile, "{", 1, "p.json"), 0);
	ck_assert_int_eq(callgate_profile_review(profile), -EINVAL);
	callgate_profile_free(profile);
}
END_TEST

START_TEST(sets_are_no_names)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"@file-read\"],"
	                           "\"action\":\"SCMP_ACT_ERRNO\"}]}";
	struct callgate_profile *profile = new_profile();

	seccomp_release(read_profile(profile, text));
	ck_assert(find(profile, CALLGATE_SEVERITY_WARNING, "it is a set of calls"));
	callgate_profile_free(profile);
}
END_TEST

/* One mistake is one error: nothing is said about a condition that has no value. */
START_TEST(a_number_in_quotes)
{
	static const char text[] = DENY("socket", "{\"index\":0,\"value\":\"0x10000000\",\"valueTwo\":"
	                                          "\"0x10000000\",\"op\":\"SCMP_CMP_MASKED_EQ\"}");
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_read_memory(profile, text, strlen(text), "p.json"), -EINVAL);
	ck_assert_uint_eq(callgate_profile_message_count(profile), 1);
	ck_assert(find(profile, CALLGATE_SEVERITY_ERROR, "\"value\" must be a number, this is a string"));
	callgate_profile_free(profile);
}
END_TEST

/* The kernel reads an int: a call through a multiplexer is found whatever the upper half of its number is. */
START_TEST(multiplexed_numbers)
{
	static const struct {
		const char *call;
		int number;
	} calls[] = {{"socket", 1}, {"bind", 2}, {"connect", 3}, {"sendmmsg", 20}, {"semop", 1}, {"shmat", 21}};
	const struct callgate_arch *arch;

	for (size_t i = 0; (arch = callgate_arch_at(i)); i++)
		for (size_t j = 0; arch->multiplexed && j < sizeof(calls) / sizeof(calls[0]); j++) {
			char text[256];
			snprintf(text, sizeof(text),
			         "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"%s\"],"
			         "\"action\":"
			         "\"SCMP_ACT_ERRNO\"}]}",
			         calls[j].call);
			struct callgate_profile *profile = reviewed(text, arch->token, false);
			int through = j < 4 ? arch->socketcall_nr : arch->ipc_nr;
			uint64_t number = (uint64_t)calls[j].number, upper = arch->register_bits == 64 ? 1 : 0;
			scmp_filter_ctx ctx;
			ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
			ck_assert_uint_eq(ask_number(ctx, arch->token, through, number, 0), ERRNO(1));
			ck_assert_uint_eq(ask_number(ctx, arch->token, through, upper << 32 | number, 0), ERRNO(1));
			ck_assert_uint_eq(ask_number(ctx, arch->token, through,
			                             upper * (UINT32_MAX * (UINT64_C(1) << 32)) | number, 0),
			                  ERRNO(1));
			ck_assert_uint_eq(ask_number(ctx, arch->token, through, number + 1, 0), ALLOW);
			seccomp_release(ctx);
			callgate_profile_free(profile);
		}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("reviews of profiles");

	tcase_add_loop_test(tcase, width, 0, (int)(sizeof(widths) / sizeof(widths[0])));
	tcase_add_loop_test(tcase, note, 0, (int)(sizeof(notes) / sizeof(notes[0])));
	tcase_add_test(tcase, siblings);
	tcase_add_test(tcase, siblings_are_calls);
	tcase_add_test(tcase, what_a_library_lacks);
	tcase_add_test(tcase, nothing_to_review);
	tcase_add_test(tcase, sets_are_no_names);
	tcase_add_test(tcase, a_number_in_quotes);
	tcase_add_test(tcase, multiplexed_numbers);
	return test_run(tcase);
}
