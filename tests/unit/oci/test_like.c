/* Whose meaning a profile has, and on which machine. */
#include "reading.h"
#include "support/simulated.h"

/* What runc 1.1.5 and crun 1.8.1 answered to the same calls in a container with the same profile. */
START_TEST(as_the_runtimes_answer)
{
	enum { K = SCMP_ACT_KILL, D = ERRNO(1), N = ERRNO(38) };
	static const struct {
		/* the entry comes after one that allows up to faccessat2, 439 */
		const char *fallback, *entry;
		enum callgate_profile_like like;
		uint32_t known, after, above, minus_one; /* 440, 445, 1000, -1 */
	} cases[] = {
	    {"ERRNO", "", CALLGATE_PROFILE_LIKE_RUNC, N, N, N, D},
	    {"ERRNO", "", CALLGATE_PROFILE_LIKE_DOCKER, N, N, N, D},
	    {"ERRNO", "", CALLGATE_PROFILE_LIKE_AUTO, N, N, N, D},
	    {"ERRNO", "", CALLGATE_PROFILE_LIKE_CRUN, D, D, D, D},
	    {"ERRNO", "", CALLGATE_PROFILE_LIKE_PODMAN, D, D, D, D},
	    {"ERRNO", ",{\"names\":[\"landlock_create_ruleset\"],\"action\":\"SCMP_ACT_TRAP\"}",
	     CALLGATE_PROFILE_LIKE_RUNC, D, N, N, D},
	    {"ERRNO", ",{\"names\":[\"landlock_create_ruleset\"],\"action\":\"SCMP_ACT_ERRNO\"}",
	     CALLGATE_PROFILE_LIKE_RUNC, D, N, N, D},
	    {"ERRNO", ",{\"names\":[\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\"}", CALLGATE_PROFILE_LIKE_RUNC, N, N,
	     N, D},
	    {"KILL", "", CALLGATE_PROFILE_LIKE_RUNC, N, N, N, K},
	    {"TRAP", "", CALLGATE_PROFILE_LIKE_RUNC, N, N, N, SCMP_ACT_TRAP},
	    {"ALLOW", "", CALLGATE_PROFILE_LIKE_RUNC, ALLOW, ALLOW, ALLOW, ALLOW},
	    {"LOG", "", CALLGATE_PROFILE_LIKE_RUNC, SCMP_ACT_LOG, SCMP_ACT_LOG, SCMP_ACT_LOG, SCMP_ACT_LOG},
	    {"TRACE", "", CALLGATE_PROFILE_LIKE_RUNC, SCMP_ACT_TRACE(1), SCMP_ACT_TRACE(1), SCMP_ACT_TRACE(1),
	     SCMP_ACT_TRACE(1)},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int wide = 0; wide < 2; wide++) { /* with x32, -1 is one of its numbers */
			struct callgate_profile *profile;
			char text[512];
			ck_assert_int_eq(callgate_profile_new(&profile), 0);
			ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
			if (wide)
				ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X32), 0);
			ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_LIKE, cases[i].like), 0);
			snprintf(text, sizeof(text),
			         "{\"defaultAction\":\"SCMP_ACT_%s\",\"syscalls\":[{\"names\":[\"faccessat2\","
			         "\"execve\"],\"action\":\"SCMP_ACT_ALLOW\"}%s]}",
			         cases[i].fallback, cases[i].entry);
			scmp_filter_ctx ctx = read_profile(profile, text);
			uint32_t default_action = ask_number(ctx, SCMP_ARCH_X86_64, 100, 0, 0);
			bool is_named = cases[i].above == N;
			ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86_64, 440, 0, 0), cases[i].known);
			ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86_64, 445, 0, 0), cases[i].after);
			ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86_64, 1000, 0, 0), cases[i].above);
			ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86_64, -1, 0, 0),
			                  wide && is_named ? N : cases[i].minus_one);
			if (wide) { /* execve is 520 there */
				ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X32, 0x40000000 + 445, 0, 0),
				                  default_action);
				ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X32, 0x40000000 + 521, 0, 0),
				                  cases[i].above);
			} else {
				ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86_64, 0x40000000, 0, 0), K);
			}
			seccomp_release(ctx);
			callgate_profile_free(profile);
		}
}
END_TEST

/* A 32-bit architecture has -1 too, and an option by itself counts. */
START_TEST(like_gives_defaults)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"faccessat2\"],"
	                           "\"action\":\"SCMP_ACT_ALLOW\"}]}";

	for (int given = 0; given < 2; given++) {
		struct callgate_profile *profile;
		ck_assert_int_eq(callgate_profile_new(&profile), 0);
		ck_assert_int_eq(callgate_profile_like(profile), CALLGATE_PROFILE_LIKE_AUTO);
		ck_assert_int_eq(
		    callgate_profile_set_option(profile, CALLGATE_PROFILE_LIKE, CALLGATE_PROFILE_LIKE_RUNC), 0);
		ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_LIKE, 5), -EINVAL);
		if (given)
			ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_UNKNOWN_CALLS,
			                                             CALLGATE_UNKNOWN_CALLS_DEFAULT),
			                 0);
		ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86), 0);
		scmp_filter_ctx ctx = read_profile(profile, text);
		ck_assert_int_eq(callgate_profile_like(profile), CALLGATE_PROFILE_LIKE_RUNC);
		ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86, 440, 0, 0), given ? ERRNO(1) : ERRNO(38));
		ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86, -1, 0, 0), given ? ERRNO(1) : ERRNO(38));
		seccomp_release(ctx);
		callgate_profile_free(profile);
	}
}
END_TEST

START_TEST(whose_a_profile_is)
{
	static const struct {
		const char *keys, *entry;
		enum callgate_profile_like like;
	} cases[] = {
	    {"", "", CALLGATE_PROFILE_LIKE_RUNC},
	    {"\"architectures\":[],", ",\"comment\":\"\",\"errno\":\"\"", CALLGATE_PROFILE_LIKE_RUNC},
	    {"\"archMap\":null,", ",\"errnoRet\":1", CALLGATE_PROFILE_LIKE_RUNC},
	    {"\"archMap\":[],", "", CALLGATE_PROFILE_LIKE_DOCKER},
	    {"", ",\"includes\":{}", CALLGATE_PROFILE_LIKE_DOCKER},
	    {"", ",\"excludes\":{}", CALLGATE_PROFILE_LIKE_DOCKER},
	    {"\"defaultErrno\":\"EPERM\",\"archMap\":[],", "", CALLGATE_PROFILE_LIKE_PODMAN},
	    {"", ",\"errno\":\"EACCES\",\"includes\":{}", CALLGATE_PROFILE_LIKE_PODMAN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct callgate_profile *profile = new_profile();
		char text[256];
		snprintf(text, sizeof(text),
		         "{%s\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		         "\"action\":\"SCMP_ACT_ERRNO\"%s}]}",
		         cases[i].keys, cases[i].entry);
		seccomp_release(read_profile(profile, text));
		ck_assert_int_eq(callgate_profile_like(profile), cases[i].like);
		callgate_profile_free(profile);
	}
}
END_TEST

/* crun takes the profile without the key, and so without the denial. */
START_TEST(crun_minds_case)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\n\"Syscalls\":[]}";

	for (int like = CALLGATE_PROFILE_LIKE_AUTO; like <= CALLGATE_PROFILE_LIKE_CRUN; like++) {
		struct callgate_profile *profile = new_profile();
		bool is_crun = like == CALLGATE_PROFILE_LIKE_CRUN;
		ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_LIKE, (uint32_t)like), 0);
		ck_assert_int_eq(callgate_profile_read_memory(profile, text, strlen(text), "p.json"),
		                 is_crun ? -EINVAL : 0);
		ck_assert(is_crun
		              ? strstr(callgate_profile_diagnosis(profile), "p.json:2:1: error: \"Syscalls\" is not "
		                                                            "\"syscalls\": crun ignores") != NULL
		              : is_warned(profile, 2, 1, "is taken for \"syscalls\""));
		callgate_profile_free(profile);
	}
}
END_TEST

/* The list of a profile counts as far as the machine runs the programs; a list that is given counts as it is. */
START_TEST(another_machine)
{
	static const struct {
		const char *lists;
		uint32_t machine, arch, expected[3];
	} cases[] = {
	    {"\"architectures\":[\"SCMP_ARCH_ARM\",\"SCMP_ARCH_X86\"],",
	     SCMP_ARCH_AARCH64,
	     0,
	     {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM}},
	    {"\"architectures\":[\"SCMP_ARCH_ARM\",\"SCMP_ARCH_X86\"],",
	     SCMP_ARCH_X86_64,
	     0,
	     {SCMP_ARCH_X86_64, SCMP_ARCH_X86}},
	    {"\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\","
	     "\"SCMP_ARCH_X32\"]},{\"architecture\":\"SCMP_ARCH_AARCH64\",\"subArchitectures\":[\"SCMP_ARCH_"
	     "ARM\"]}],",
	     SCMP_ARCH_AARCH64,
	     0,
	     {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM}},
	    {"", SCMP_ARCH_AARCH64, 0, {SCMP_ARCH_AARCH64}},
	    {"\"architectures\":[\"SCMP_ARCH_ARM\"],", SCMP_ARCH_AARCH64, SCMP_ARCH_X86, {SCMP_ARCH_X86}},
	};
	static const uint32_t all[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_AARCH64,
	                               SCMP_ARCH_ARM};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct callgate_profile *profile = new_profile();
		char text[512];
		ck_assert_int_eq(callgate_profile_set_machine(profile, 12345), -EINVAL);
		ck_assert_int_eq(callgate_profile_set_machine(profile, cases[i].machine), 0);
		if (cases[i].arch)
			ck_assert_int_eq(callgate_profile_add_arch(profile, cases[i].arch), 0);
		snprintf(text, sizeof(text),
		         "{%s\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
		         "\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"arm64\"]}}]}",
		         cases[i].lists);
		scmp_filter_ctx ctx = read_profile(profile, text);
		ck_assert_int_eq(callgate_profile_set_machine(profile, cases[i].machine), -EBUSY);
		for (size_t j = 0; j < sizeof(all) / sizeof(all[0]); j++) {
			bool has = false;
			for (size_t k = 0; k < 3; k++)
				has = has || cases[i].expected[k] == all[j];
			ck_assert_int_eq(seccomp_arch_exist(ctx, all[j]), has ? 0 : -EEXIST);
			if (has)
				ck_assert_uint_eq(ask(ctx, all[j], "read", 0, 0),
				                  cases[i].machine == SCMP_ARCH_AARCH64 ? ALLOW : ERRNO(1));
		}
		seccomp_release(ctx);
		callgate_profile_free(profile);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("whose meaning profiles have");

	tcase_add_test(tcase, as_the_runtimes_answer);
	tcase_add_test(tcase, like_gives_defaults);
	tcase_add_test(tcase, whose_a_profile_is);
	tcase_add_test(tcase, crun_minds_case);
	tcase_add_test(tcase, another_machine);
	return simulated_run(tcase);
}
