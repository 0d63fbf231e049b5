/* What profiles mean: callgate-profile(5), asked of the filter. */
#include "reading.h"
#include "support/simulated.h"

/* One question to one profile on x86_64. The text goes into `syscalls` from line 2 on, the default is ERRNO(1). */
static const struct meaning {
	const char *entries;
	const char *name;
	uint64_t a0, a1;
	uint32_t expected;
} meanings[] = {
    /* actions */
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}", "read", 0, 0, ALLOW},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}", "write", 0, 0, ERRNO(1)},
    {"{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":[]}", "read", 0, 0, ALLOW},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\"}", "read", 0, 0, SCMP_ACT_KILL_THREAD},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL_THREAD\"}", "read", 0, 0, SCMP_ACT_KILL_THREAD},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}", "read", 0, 0, SCMP_ACT_KILL_PROCESS},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\"}", "read", 0, 0, SCMP_ACT_TRAP},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\"}", "read", 0, 0, SCMP_ACT_LOG},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"}", "read", 0, 0, SCMP_ACT_NOTIFY},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRACE\"}", "read", 0, 0, SCMP_ACT_TRACE(1)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":65535}", "read", 0, 0, SCMP_ACT_TRACE(65535)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}", "read", 0, 0, ERRNO(38)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":0}", "read", 0, 0, ERRNO(0)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4095}", "read", 0, 0, ERRNO(4095)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"ENOSYS\"}", "read", 0, 0, ERRNO(38)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"38\",\"errnoRet\":38}", "read", 0, 0, ERRNO(38)},
    /* what is empty is as if it was not there */
    {"{\"names\":[\"read\"],\"name\":\"\",\"action\":\"SCMP_ACT_ALLOW\"}", "read", 0, 0, ALLOW},
    {"{\"name\":\"read\",\"names\":[],\"action\":\"SCMP_ACT_ALLOW\"}", "read", 0, 0, ALLOW},
    {"{\"names\":[],\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\"}", "read", 0, 0, ALLOW},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EINVAL\",\"errnoRet\":22}", "read", 0, 0,
     ERRNO(22)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"\",\"errnoRet\":22}", "read", 0, 0, ERRNO(22)},
    /* null is as if it was not there */
    {"{\"names\":[\"read\"],\"name\":null,\"action\":\"SCMP_ACT_ALLOW\",\"args\":null,\"includes\":null,"
     "\"excludes\":{},"
     "\"errnoRet\":null,\"comment\":null}",
     "read", 7, 7, ALLOW},
/* conditions on different arguments: all of them */
#define TWO                                                                                              \
	"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":1,\"op\":" \
	"\"SCMP_CMP_EQ\"},"                                                                              \
	"{\"index\":1,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}"
    {TWO, "read", 1, 2, ALLOW},
    {TWO, "read", 1, 9, ERRNO(1)},
    {TWO, "read", 9, 2, ERRNO(1)},
    /* comparisons, exact to 2^64-1 */
    {ONE("EQ", "18446744073709551615"), "read", UINT64_MAX, 0, ALLOW},
    {ONE("EQ", "18446744073709551615"), "read", UINT64_MAX - 1, 0, ERRNO(1)},
    {ONE("EQ", "18446744073709551614"), "read", UINT64_MAX - 1, 0, ALLOW},
    {ONE("EQ", "9223372036854775809"), "read", 0x8000000000000001, 0, ALLOW},
    {ONE("EQ", "9223372036854775809"), "read", 0x8000000000000000, 0, ERRNO(1)},
    {ONE("EQ", "9007199254740993"), "read", 9007199254740993, 0, ALLOW},
    {ONE("EQ", "9007199254740993"), "read", 9007199254740992, 0, ERRNO(1)},
    {ONE("NE", "5"), "read", 6, 0, ALLOW},
    {ONE("NE", "5"), "read", 5, 0, ERRNO(1)},
    {ONE("LT", "4294967296"), "read", 4294967295, 0, ALLOW},
    {ONE("LT", "4294967296"), "read", 4294967296, 0, ERRNO(1)},
    {ONE("LE", "4294967296"), "read", 4294967296, 0, ALLOW},
    {ONE("LE", "4294967296"), "read", 4294967297, 0, ERRNO(1)},
    {ONE("GT", "4294967296"), "read", 4294967297, 0, ALLOW},
    {ONE("GT", "4294967296"), "read", 4294967296, 0, ERRNO(1)},
    {ONE("GE", "4294967296"), "read", 4294967296, 0, ALLOW},
    {ONE("GE", "4294967296"), "read", 4294967295, 0, ERRNO(1)},
#define MASKED                                                                                              \
	"{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":2114060288," \
	"\"valueTwo\":0,"                                                                                   \
	"\"op\":\"SCMP_CMP_MASKED_EQ\"}]}"
    {MASKED, "clone", 0x01000000, 0, ALLOW},
    {MASKED, "clone", 0x10000000, 0, ERRNO(1)},
    {MASKED, "clone", 0x100000000, 0, ALLOW},
/* several conditions on one argument: any of them, also of the others in the entry */
#define SAME                                                                                                 \
	"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":1,\"op\":"     \
	"\"SCMP_CMP_EQ\"},"                                                                                  \
	"{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"},{\"index\":1,\"value\":3,\"op\":\"SCMP_CMP_EQ\"}]" \
	"}"
    {SAME, "read", 1, 0, ALLOW},
    {SAME, "read", 2, 0, ALLOW},
    {SAME, "read", 0, 3, ALLOW},
    {SAME, "read", 0, 0, ERRNO(1)},
    /* an entry with the default action changes nothing, a later one for the same call neither */
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"read\"],\"action\":\"SCMP_ACT_"
     "ERRNO\"}",
     "read", 0, 0, ALLOW},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"read\"],\"action\":\"SCMP_ACT_"
     "KILL\"}",
     "read", 0, 0, ALLOW},
    {ONE("EQ", "5") ",{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\"}", "read", 5, 0, SCMP_ACT_KILL},
    {ONE("EQ", "5") "," ONE("EQ", "6"), "read", 6, 0, ALLOW},
    /* includes and excludes: no capabilities, x86_64, Linux 6.1 */
    {IF("\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}"), "read", 0, 0, ERRNO(1)},
    {IF("\"includes\":{\"caps\":[]}"), "read", 0, 0, ALLOW},
    {IF("\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}"), "read", 0, 0, ALLOW},
    {IF("\"includes\":{\"arches\":[\"arm64\",\"amd64\"]}"), "read", 0, 0, ALLOW},
    {IF("\"includes\":{\"arches\":[\"arm64\"]}"), "read", 0, 0, ERRNO(1)},
    {IF("\"excludes\":{\"arches\":[\"arm64\",\"amd64\"]}"), "read", 0, 0, ERRNO(1)},
    {IF("\"excludes\":{\"arches\":[\"s390\",\"s390x\"]}"), "read", 0, 0, ALLOW},
    {IF("\"includes\":{\"minKernel\":\"4.8\"}"), "read", 0, 0, ALLOW},
    {IF("\"includes\":{\"minKernel\":\"6.1\"}"), "read", 0, 0, ALLOW},
    {IF("\"includes\":{\"minKernel\":\"6.2\"}"), "read", 0, 0, ERRNO(1)},
    {IF("\"includes\":{\"minKernel\":\"10.0\"}"), "read", 0, 0, ERRNO(1)},
    {IF("\"excludes\":{\"minKernel\":\"6.2\"}"), "read", 0, 0, ALLOW},
    {IF("\"excludes\":{\"minKernel\":\"4.8\"}"), "read", 0, 0, ERRNO(1)},
    {IF("\"includes\":{\"minKernel\":\"4.8\",\"caps\":[\"CAP_BPF\"]}"), "read", 0, 0, ERRNO(1)},
    /* a name that this architecture does not have is no error */
    {"{\"names\":[\"socketcall\",\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}", "read", 0, 0, ALLOW},
    /* nor is one that nobody has */
    {"{\"names\":[\"raed\",\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}", "read", 0, 0, ALLOW},
};

START_TEST(meaning)
{
	const struct meaning *m = &meanings[_i];
	struct callgate_profile *profile = new_profile();
	char text[4096];

	snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[\n%s]}", m->entries);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
	scmp_filter_ctx ctx = read_profile(profile, text);
	uint32_t action = ask(ctx, SCMP_ARCH_X86_64, m->name, m->a0, m->a1);
	ck_assert_msg(action == m->expected, "%s\n%s: 0x%08x instead of 0x%08x", text, m->name, action, m->expected);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

static void check_same_argument(uint32_t option, uint32_t outside)
{
	static const char text[] =
	    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],"
	    "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":10,\"op\":\"SCMP_CMP_GE\"},\n"
	    "{\"index\":0,\"value\":20,\"op\":\"SCMP_CMP_LE\"}]}]}";
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_SAME_ARGUMENT, option), 0);
	scmp_filter_ctx ctx = read_profile(profile, text);
	ck_assert(is_warned(profile, 2, 1, "compared twice"));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 9, 0), outside);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 10, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 20, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 21, 0), outside);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}

START_TEST(same_argument)
{
	check_same_argument(CALLGATE_SAME_ARGUMENT_OR, ALLOW);
	check_same_argument(CALLGATE_SAME_ARGUMENT_AND, ERRNO(1));
}
END_TEST

START_TEST(capabilities)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
	                           "{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{"
	                           "\"caps\":[\"CAP_SYS_ADMIN\"]}},"
	                           "{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{"
	                           "\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_BPF\"]}},"
	                           "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{"
	                           "\"caps\":[\"CAP_BPF\",\"CAP_SYS_ADMIN\"]}}]}";
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(callgate_profile_add_capability(profile, "sys_admin"), 0);
	ck_assert_int_eq(callgate_profile_asks_capabilities(profile), -EINVAL);
	ck_assert_int_eq(callgate_profile_asks_capabilities(NULL), -EINVAL);
	scmp_filter_ctx ctx = read_profile(profile, text);
	ck_assert_int_eq(callgate_profile_asks_capabilities(profile), 1);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "mount", 0, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "bpf", 0, 0), ERRNO(1));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "clone", 0, 0), ERRNO(1));
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

START_TEST(architectures_from_the_map)
{
	static const char text[] =
	    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"archMap\":["
	    "{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_"
	    "X32\"]},"
	    "{\"architecture\":\"SCMP_ARCH_S390X\",\"subArchitectures\":[\"SCMP_ARCH_S390\"]},"
	    "{\"architecture\":\"SCMP_ARCH_AARCH64\",\"subArchitectures\":[\"SCMP_ARCH_ARM\"]},"
	    "{\"architecture\":\"SCMP_ARCH_RISCV64\",\"subArchitectures\":null}],"
	    "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}";
	struct callgate_profile *profile = new_profile();
	scmp_filter_ctx ctx = read_profile(profile, text);

	ck_assert_int_eq(callgate_profile_asks_capabilities(profile), 0);
	ck_assert_uint_eq(ask(ctx, seccomp_arch_native(), "read", 0, 0), ALLOW);
	if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "read", 0, 0), ALLOW);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X32, "read", 0, 0), ALLOW);
	}
	ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_ARM, 3, 0, 0),
	                  seccomp_arch_native() == SCMP_ARCH_AARCH64 || seccomp_arch_native() == SCMP_ARCH_ARM
	                      ? ALLOW
	                      : SCMP_ACT_KILL);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

/* As in Docker, which stops at the first. */
START_TEST(only_one_row_of_the_map_counts)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":["
	                           "{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]},\n"
	                           "{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X32\"]}]}";
	struct callgate_profile *profile = new_profile();

	if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
		scmp_filter_ctx ctx = read_profile(profile, text);
		ck_assert(is_warned(profile, 2, 1, "line 1 has a row for SCMP_ARCH_X86_64 already"));
		ck_assert_int_eq(seccomp_arch_exist(ctx, SCMP_ARCH_X86), 0);
		ck_assert_int_eq(seccomp_arch_exist(ctx, SCMP_ARCH_X32), -EEXIST);
		seccomp_release(ctx);
	}
	callgate_profile_free(profile);
}
END_TEST

/* As with libseccomp: on 32-bit architectures the lower half of a value counts. */
START_TEST(narrow_architectures)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[\n"
	                           "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
	                           "{\"index\":0,\"value\":4294967301,\"op\":\"SCMP_CMP_EQ\"}]}]}";
	static const uint32_t archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_MIPS64N32};

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
		struct callgate_profile *profile = new_profile();
		ck_assert_int_eq(callgate_profile_add_arch(profile, archs[i]), 0);
		scmp_filter_ctx ctx = read_profile(profile, text);
		ck_assert_uint_eq(ask(ctx, archs[i], "read", 5, 0), i == 0 ? ERRNO(1) : ALLOW);
		ck_assert_int_eq(is_warned(profile, 2, 53, "32 bits"), i > 0);
		seccomp_release(ctx);
		callgate_profile_free(profile);
	}
}
END_TEST

START_TEST(given_architectures_take_the_place_of_the_list)
{
	static const char text[] =
	    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],"
	    "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":"
	    "[\"s390x\"]}}]}";
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_S390X), 0);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_S390), 0);
	scmp_filter_ctx ctx = read_profile(profile, text);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_S390X, "read", 0, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_S390, "read", 0, 0), ALLOW);
	ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86, 3, 0, 0), SCMP_ACT_KILL);
	ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86_64, 0, 0, 0), SCMP_ACT_KILL);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

/* The runtime specification's names, each as the machine and in the list. */
START_TEST(every_architecture)
{
	static const char *const names[] = {
	    "X86",    "X86_64",   "X32",         "ARM", "AARCH64", "MIPS",    "MIPS64",      "MIPS64N32",
	    "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC", "PPC64",   "PPC64LE", "S390",        "S390X",
	    "PARISC", "PARISC64", "RISCV64",     "SH",  "SHEB",    "M68K",    "LOONGARCH64",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct callgate_profile *profile = new_profile();
		char name[64], text[256], *json;
		snprintf(name, sizeof(name), "SCMP_ARCH_%s", names[i]);
		snprintf(text, sizeof(text),
		         "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"%s\"],\"syscalls\":["
		         "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		         name);
		uint32_t arch = callgate_profile_arch(name);
		ck_assert_msg(arch != 0, "%s", name);
		ck_assert_int_eq(callgate_profile_add_arch(profile, arch), 0);
		scmp_filter_ctx ctx = read_profile(profile, text);
		ck_assert_uint_eq(ask(ctx, arch, "read", 0, 0), ALLOW);
		ck_assert_uint_eq(ask(ctx, arch, "write", 0, 0), ERRNO(1));
		ck_assert_int_eq(callgate_profile_resolve(profile, &json), 0);
		ck_assert_msg(strstr(json, name) != NULL, "%s", json);
		free(json);
		seccomp_release(ctx);
		callgate_profile_free(profile);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("the meaning of profiles");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, meaning, 0, sizeof(meanings) / sizeof(meanings[0]));
	tcase_add_test(tcase, same_argument);
	tcase_add_test(tcase, capabilities);
	tcase_add_test(tcase, every_architecture);
	tcase_add_test(tcase, architectures_from_the_map);
	tcase_add_test(tcase, only_one_row_of_the_map_counts);
	tcase_add_test(tcase, narrow_architectures);
	tcase_add_test(tcase, given_architectures_take_the_place_of_the_list);
	return simulated_run(tcase);
}
