/* What the environment and the options of a reader change, and what is warned of. */
#include "reading.h"
#include "support/run.h"

#define SOCKET                                                                                            \
	"{\"names\":[\n\"socket\"],\"action\":\"SCMP_ACT_%s\",\"args\":[{\"index\":0,\"value\":1,\"op\":" \
	"\"SCMP_CMP_EQ\"}]}"

/* A profile for x86_64 and x86; `more` is another entry, the default and the action of socket(1) are given. */
static scmp_filter_ctx socket_profile(struct callgate_profile *profile, const char *fallback, const char *action,
                                      const char *more)
{
	char entry[256], text[1024];

	snprintf(entry, sizeof(entry), SOCKET, action);
	snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_%s\",\"syscalls\":[%s%s]}", fallback, entry, more);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86), 0);
	return read_profile(profile, text);
}

/* socket by itself, with the argument and without, and through socketcall. */
static void check_sockets(scmp_filter_ctx ctx, uint32_t match, uint32_t other, uint32_t multiplexed)
{
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", 1, 0), match);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", 2, 0), other);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socket", 1, 0), match);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socket", 2, 0), other);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 1, 0), multiplexed);
}

START_TEST(the_door_is_shut)
{
	static const struct {
		const char *fallback, *action, *more;
		bool open;
		uint32_t match, other, multiplexed, other_multiplexed;
		const char *words;
	} cases[] = {
	    {"ERRNO", "ALLOW", "", false, ALLOW, ERRNO(1), ERRNO(1), ERRNO(1), "there it is denied"},
	    {"ALLOW", "ERRNO", "", false, ERRNO(1), ALLOW, ERRNO(1), ALLOW, "there it is denied"},
	    {"ERRNO", "ALLOW", "", true, ALLOW, ERRNO(1), ALLOW, ERRNO(1), "any arguments pass"},
	    {"ERRNO", "ALLOW", ",{\"names\":[\"socketcall\"],\"action\":\"SCMP_ACT_ALLOW\"}", false, ALLOW, ERRNO(1),
	     ALLOW, ALLOW, "line 2 decides as a whole"},
	    /* nothing passes: there is nothing to warn of */
	    {"ERRNO", "ALLOW", ",{\"names\":[\"socketcall\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}", false,
	     ALLOW, ERRNO(1), ERRNO(38), ERRNO(38), NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct callgate_profile *profile = new_profile();
		ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_OPEN_SOCKETCALL, cases[i].open),
		                 0);
		scmp_filter_ctx ctx = socket_profile(profile, cases[i].fallback, cases[i].action, cases[i].more);
		check_sockets(ctx, cases[i].match, cases[i].other, cases[i].multiplexed);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 2, 0), cases[i].other_multiplexed);
		ck_assert_msg(cases[i].words ? is_warned(profile, 2, 1, cases[i].words)
		                             : callgate_profile_message_count(profile) == 0,
		              "case %zu", i);
		seccomp_release(ctx);
		callgate_profile_free(profile);
	}
}
END_TEST

START_TEST(without_conditions_both_doors_count)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":["
	                           "\"socket\",\"shmat\"],\"action\":\"SCMP_ACT_ALLOW\"}]}";
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86), 0);
	scmp_filter_ctx ctx = read_profile(profile, text);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 1, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 2, 0), ERRNO(1));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socket", 9, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "ipc", 21, 0), ALLOW);
	ck_assert_uint_eq(callgate_profile_message_count(profile), 0);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

/* A profile that denies calls denies them however the bits are set that the kernel does not read. */
START_TEST(numbers_of_multiplexed_calls)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"socket\","
	                           "\"shmat\"],\"action\":\"SCMP_ACT_ERRNO\"},{\"names\":[\"bind\"],\"action\":"
	                           "\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}";
	static const uint32_t archs[] = {SCMP_ARCH_X86,   SCMP_ARCH_M68K,  SCMP_ARCH_MIPS,    SCMP_ARCH_MIPSEL,
	                                 SCMP_ARCH_PPC,   SCMP_ARCH_PPC64, SCMP_ARCH_PPC64LE, SCMP_ARCH_S390,
	                                 SCMP_ARCH_S390X, SCMP_ARCH_SHEB,  SCMP_ARCH_SH};
	struct callgate_profile *profile = new_profile();
	uint32_t arch = archs[_i];

	ck_assert_int_eq(callgate_profile_add_arch(profile, arch), 0);
	scmp_filter_ctx ctx = read_profile(profile, text);
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t flip = UINT64_C(1) << bit;
		ck_assert_uint_eq(ask(ctx, arch, "socketcall", 1 ^ flip, 0),
		                  bit < 32 && (1 ^ flip) != 2 ? ALLOW : ERRNO(1));
		ck_assert_uint_eq(ask(ctx, arch, "socketcall", 2 ^ flip, 0),
		                  bit < 32 && (2 ^ flip) != 1 ? ALLOW : ERRNO(1));
		ck_assert_uint_eq(ask(ctx, arch, "ipc", 21 ^ flip, 0), bit < 16 ? ALLOW : ERRNO(1));
	}
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

START_TEST(unknown_calls)
{
	static const struct {
		const char *fallback;
		uint32_t option, expected;
	} cases[] = {
	    {"ERRNO", CALLGATE_UNKNOWN_CALLS_ENOSYS, ERRNO(38)},
	    {"ERRNO", CALLGATE_UNKNOWN_CALLS_DEFAULT, ERRNO(1)},
	    {"KILL", CALLGATE_UNKNOWN_CALLS_ENOSYS, ERRNO(38)},
	    {"ERRNO", CALLGATE_UNKNOWN_CALLS_NAMED, ERRNO(1)}, /* above the newest of none */
	    {"ALLOW", CALLGATE_UNKNOWN_CALLS_NAMED, ALLOW},
	    {"LOG", CALLGATE_UNKNOWN_CALLS_DEFAULT, SCMP_ACT_LOG},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct callgate_profile *profile = new_profile();
		char text[256];
		snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_%s\",\"syscalls\":[]}", cases[i].fallback);
		ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_UNKNOWN_CALLS, cases[i].option),
		                 0);
		ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
		ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X32), 0);
		scmp_filter_ctx ctx = read_profile(profile, text);
		ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86_64, 1000, 0, 0), cases[i].expected);
		ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86_64, 0x40000000 + 600, 0, 0), cases[i].expected);
		ck_assert_uint_ne(ask(ctx, SCMP_ARCH_X86_64, "listns", 0, 0), ERRNO(38));
		ck_assert_uint_ne(ask(ctx, SCMP_ARCH_X32, "ptrace", 0, 0), ERRNO(38));
		seccomp_release(ctx);
		callgate_profile_free(profile);
	}
}
END_TEST

START_TEST(unknown_calls_get_the_architectures_own_enosys)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":13,\"syscalls\":[]}";
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_MIPS64), 0);
	ck_assert_int_eq(
	    callgate_profile_set_option(profile, CALLGATE_PROFILE_UNKNOWN_CALLS, CALLGATE_UNKNOWN_CALLS_ENOSYS), 0);
	scmp_filter_ctx ctx = read_profile(profile, text);
	ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_MIPS64, 5000 + 900, 0, 0), ERRNO(89));
	ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_MIPS64, 5000, 0, 0), ERRNO(13));
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

START_TEST(default_errno)
{
	static const struct {
		const char *text;
		uint32_t option, expected, of_entry;
	} cases[] = {
	    {"", 1, ERRNO(1), ERRNO(1)},
	    {"", 13, ERRNO(13), ERRNO(13)},
	    {"\"defaultErrnoRet\":38,", 1, ERRNO(38), ERRNO(1)},
	    {"\"defaultErrno\":\"ENOSYS\",", 1, ERRNO(38), ERRNO(1)},
	    {"\"defaultErrno\":\"ENOSYS\",\"defaultErrnoRet\":38,", 1, ERRNO(38), ERRNO(1)},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct callgate_profile *profile = new_profile();
		char text[256];
		snprintf(text, sizeof(text),
		         "{\"defaultAction\":\"SCMP_ACT_ERRNO\",%s\"syscalls\":[{\"names\":[\"read\"],"
		         "\"action\":\"SCMP_ACT_ERRNO\"}]}",
		         cases[i].text);
		ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_DEFAULT_ERRNO, cases[i].option),
		                 0);
		scmp_filter_ctx ctx = read_profile(profile, text);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_NATIVE, "write", 0, 0), cases[i].expected);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_NATIVE, "read", 0, 0), cases[i].of_entry);
		seccomp_release(ctx);
		callgate_profile_free(profile);
	}
}
END_TEST

START_TEST(flags_become_attributes)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\","
	                           "\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\","
	                           "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}";
	static const enum scmp_filter_attr attributes[] = {SCMP_FLTATR_CTL_TSYNC, SCMP_FLTATR_CTL_LOG,
	                                                   SCMP_FLTATR_CTL_SSB, SCMP_FLTATR_CTL_WAITKILL};

	if (seccomp_api_get() < 7)
		return;
	for (int with = 0; with < 2; with++) {
		struct callgate_profile *profile = new_profile();
		scmp_filter_ctx ctx = read_profile(profile, with ? text : "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
		for (size_t i = 0; i < 4; i++) {
			uint32_t value = 7;
			ck_assert_int_eq(seccomp_attr_get(ctx, attributes[i], &value), 0);
			ck_assert_uint_eq(value, (uint32_t)with);
		}
		seccomp_release(ctx);
		callgate_profile_free(profile);
	}
}
END_TEST

START_TEST(warnings)
{
	static const struct {
		const char *entries;
		unsigned int line, column;
		const char *words;
	} cases[] = {
	    {"{\"names\":[\"opne\"],\"action\":\"SCMP_ACT_ALLOW\"}", 2, 11, "is \"open\" meant?"},
	    {"{\"names\":[\"no_such_call_at_all\"],\"action\":\"SCMP_ACT_ALLOW\"}", 2, 11, "left out"},
	    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\"}", 2, 28, "the default action"},
	    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},\n{\"names\":[\"read\"],\"action\":\"SCMP_"
	     "ACT_KILL\"}",
	     3, 11, "never reached: line 2"},
	    {"{\"names\":[\"read\",\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}", 2, 18, "repeats what line 2 says"},
	    {ONE("EQ", "5") ",\n{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\"}", 3, 11,
	     "conditions of line 2 have no effect"},
	    {ONE("EQ", "5") ",\n" ONE("EQ", "5"), 3, 11, "repeats what line 2 says"},
	    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":1}", 2, 56, "no effect"},
	    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"}", 2, 28, "without \"listenerPath\""},
	    {"{\"names\":[],\"action\":\"SCMP_ACT_ALLOW\"}", 2, 10, "no names"},
	    {IF("\"includes\":{\"caps\":[\"sys_admin\"]}"), 2, 65, "is \"CAP_SYS_ADMIN\" meant?"},
	    {IF("\"includes\":{\"caps\":[\"CAP_SYS_ADMNI\"]}"), 2, 65, "is \"CAP_SYS_ADMIN\" meant?"},
	    {IF("\"includes\":{\"arches\":[\"amd46\"]}"), 2, 67, "is \"amd64\" meant?"},
	    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":1,"
	     "\"valueTwo\":2,"
	     "\"op\":\"SCMP_CMP_MASKED_EQ\"}]}",
	     2, 53, "takes away"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct callgate_profile *profile = new_profile();
		char text[1024];
		snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[\n%s]}",
		         cases[i].entries);
		seccomp_release(read_profile(profile, text));
		const struct callgate_profile_message *first = callgate_profile_message(profile, 0);
		ck_assert_msg(is_warned(profile, cases[i].line, cases[i].column, cases[i].words), "%s\n%u:%u %s", text,
		              first ? first->line : 0, first ? first->column : 0, first ? first->text : "no message");
		callgate_profile_free(profile);
	}
}
END_TEST

START_TEST(strict_makes_errors_of_unknown_names)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[\n{\"names\":[\"opne\"],"
	                           "\"action\":\"SCMP_ACT_ALLOW\"}]}";
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_STRICT, 1), 0);
	ck_assert_int_eq(callgate_profile_read_memory(profile, text, strlen(text), "p.json"), -EINVAL);
	ck_assert_str_eq(callgate_profile_diagnosis(profile),
	                 "p.json:2:11: error: unknown system call \"opne\" is left out; is \"open\" meant?");
	callgate_profile_free(profile);
}
END_TEST

/*
 * What container runtimes ignore is ignored: remarks silently, other keys and case with a warning. With --strict all
 * are errors.
 */
START_TEST(keys_that_nobody_reads)
{
	static const struct {
		const char *profile;
		unsigned int line, column;
		const char *words; /* NULL: silent */
	} cases[] = {
	    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\n\"comment\":[1]}", 2, 1, NULL},
	    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\n\"_x\":[1],\"$schema\":\"http://x\"}", 2, 1, NULL},
	    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[\n" IF("\n\"_comment\":1") "]}", 3, 1, NULL},
	    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" IF(
	         "\"args\":[{\"index\":0,\n\"comment\":\"\",\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]") "]}",
	     2, 1, NULL},
	    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\n\"description\":\"x\"}", 2, 1,
	     "unknown key \"description\" has no effect"},
	    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\n\"Syscalls\":[]}", 2, 1, "taken for \"syscalls\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint32_t strict = 0; strict < 2; strict++) {
			struct callgate_profile *profile = new_profile();
			const char *text = cases[i].profile;
			ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_STRICT, strict), 0);
			int result = callgate_profile_read_memory(profile, text, strlen(text), "p.json");
			const struct callgate_profile_message *first = callgate_profile_message(profile, 0);
			ck_assert_int_eq(result, strict ? -EINVAL : 0);
			if (strict)
				ck_assert(first->line == cases[i].line && first->column == cases[i].column);
			else if (cases[i].words)
				ck_assert(is_warned(profile, cases[i].line, cases[i].column, cases[i].words));
			callgate_profile_free(profile);
		}
}
END_TEST

/* A runtime's config.json has the profile in it. */
START_TEST(profile_in_a_config)
{
	struct callgate_profile *profile = new_profile();
	scmp_filter_ctx ctx = read_profile(
	    profile, "{\"ociVersion\":\"1.0.2\",\"linux\":{\"namespaces\":[],\n\"seccomp\":{\"defaultAction\":"
	             "\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\"}]}}}");

	ck_assert_uint_eq(ask(ctx, 0, "read", 0, 0), ERRNO(1));
	ck_assert_uint_eq(callgate_profile_message_count(profile), 1);
	const struct callgate_profile_message *message = callgate_profile_message(profile, 0);
	ck_assert_int_eq(message->severity, CALLGATE_SEVERITY_NOTE);
	ck_assert(message->line == 2 && strstr(message->text, "config.json"));
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

/* A key in another case counts: what it denies is denied. */
START_TEST(keys_in_another_case)
{
	struct callgate_profile *profile = new_profile();
	scmp_filter_ctx ctx =
	    read_profile(profile, "{\"DefaultAction\":\"SCMP_ACT_ALLOW\",\"SYSCALLS\":[{\"Names\":[\"read\"],"
	                          "\"action\":\"SCMP_ACT_ERRNO\",\"ErrnoRet\":5}]}");

	ck_assert_uint_eq(ask(ctx, 0, "read", 0, 0), ERRNO(5));
	ck_assert_uint_eq(callgate_profile_message_count(profile), 4);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

/* One mistake, one message. */
START_TEST(value_of_the_wrong_kind)
{
	static const char text[] =
	    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	    "\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":\"0\",\"op\":\"SCMP_CMP_GE\"}]}]}";
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_read_memory(profile, text, strlen(text), "p.json"), -EINVAL);
	ck_assert_uint_eq(callgate_profile_message_count(profile), 1);
	ck_assert_pstr_eq(callgate_profile_message(profile, 0)->text, "\"value\" must be a number, this is a string");
	callgate_profile_free(profile);
}
END_TEST

START_TEST(rules_know_their_origin)
{
	static const char text[] =
	    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[\n{\"names\":[\"read\",\n \"write\"],"
	    "\"action\":\"SCMP_ACT_ALLOW\"}]}";
	struct callgate_profile *profile = new_profile();
	struct callgate_call call = {.nr = callgate_syscall_number(SCMP_ARCH_NATIVE, "write")};
	struct callgate_verdict verdict;
	unsigned int line = 0, column = 0;
	scmp_filter_ctx ctx = read_profile(profile, text);

	ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
	ck_assert_int_eq(callgate_profile_rule_origin(profile, verdict.rule, &line, &column), 0);
	ck_assert(line == 3 && column == 2);
	ck_assert_int_eq(callgate_profile_rule_origin(profile, 0, &line, &column), -ENOENT);
	ck_assert_int_eq(callgate_profile_rule_origin(profile, 1000, &line, &column), -ENOENT);
	ck_assert_int_eq(callgate_profile_default_origin(profile, &line, &column), 0);
	ck_assert_uint_eq(line, 1);
	ck_assert_uint_eq(column, 18);
	ck_assert_int_eq(callgate_profile_default_origin(NULL, &line, &column), -EINVAL);
	ck_assert_int_eq(callgate_profile_default_origin(profile, NULL, &column), -EINVAL);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

/* A resolved profile is a profile, and means the same. */
START_TEST(resolved_again)
{
	static const char text[] =
	    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSYS\",\"flags\":[\"SECCOMP_FILTER_"
	    "FLAG_LOG\"],"
	    "\"listenerPath\":\"/a \\\"b\\\"\",\"listenerMetadata\":\"\\u0001\\u00e9\",\"syscalls\":["
	    "{\"names\":[\"read\",\"\\u00e9\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
	    "\"value\":18446744073709551615,"
	    "\"valueTwo\":9223372036854775808,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
	    "{\"name\":\"bpf\",\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_BPF\"]}}]}";
	struct callgate_profile *profile = new_profile(), *again = new_profile();
	char *json = NULL, *json_again = NULL;

	seccomp_release(read_profile(profile, text));
	ck_assert_int_eq(callgate_profile_resolve(profile, &json), 0);
	ck_assert_ptr_null(strstr(json, "bpf"));
	ck_assert_ptr_nonnull(strstr(json, "18446744073709551615"));
	scmp_filter_ctx ctx = read_profile(again, json);
	ck_assert_int_eq(callgate_profile_resolve(again, &json_again), 0);
	ck_assert_str_eq(json, json_again);
	ck_assert_str_eq(callgate_profile_listener_path(again), "/a \"b\"");
	ck_assert_str_eq(callgate_profile_listener_metadata(again), "\x01\xc3\xa9");
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_NATIVE, "read", UINT64_C(1) << 63, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_NATIVE, "read", 0, 0), ERRNO(38));
	seccomp_release(ctx);
	free(json);
	free(json_again);
	callgate_profile_free(profile);
	callgate_profile_free(again);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("reading profiles");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_door_is_shut);
	tcase_add_test(tcase, without_conditions_both_doors_count);
	tcase_add_loop_test(tcase, numbers_of_multiplexed_calls, 0, 11);
	tcase_add_test(tcase, unknown_calls);
	tcase_add_test(tcase, unknown_calls_get_the_architectures_own_enosys);
	tcase_add_test(tcase, default_errno);
	tcase_add_test(tcase, flags_become_attributes);
	tcase_add_test(tcase, warnings);
	tcase_add_test(tcase, strict_makes_errors_of_unknown_names);
	tcase_add_test(tcase, keys_that_nobody_reads);
	tcase_add_test(tcase, profile_in_a_config);
	tcase_add_test(tcase, keys_in_another_case);
	tcase_add_test(tcase, value_of_the_wrong_kind);
	tcase_add_test(tcase, rules_know_their_origin);
	tcase_add_test(tcase, resolved_again);
	return test_run(tcase);
}
