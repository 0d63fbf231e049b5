/* What profiles mean: callgate-profile(5), asked of the filter. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/oci.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#define ERRNO(n) SCMP_ACT_ERRNO(n)
#define ALLOW    SCMP_ACT_ALLOW

/* A profile with its environment: x86_64 alone, no capabilities, Linux 6.1, unless changed before read(). */
static struct callgate_profile *new_profile(void)
{
	struct callgate_profile *profile;

	ck_assert_int_eq(callgate_profile_new(&profile), 0);
	ck_assert_int_eq(callgate_profile_add_capability(profile, NULL), 0);
	ck_assert_int_eq(callgate_profile_set_kernel(profile, "6.1"), 0);
	return profile;
}

static scmp_filter_ctx read_profile(struct callgate_profile *profile, const char *text)
{
	scmp_filter_ctx ctx;
	int result = callgate_profile_read_memory(profile, text, strlen(text), "p.json");

	ck_assert_msg(result == 0, "%s", callgate_profile_diagnosis(profile));
	ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
	return ctx;
}

static uint32_t ask_number(scmp_filter_ctx ctx, uint32_t arch, int nr, uint64_t a0, uint64_t a1)
{
	struct callgate_call call = {.arch = arch, .nr = nr, .args = {a0, a1}};
	struct callgate_verdict verdict;

	ck_assert_msg(callgate_simulate(ctx, &call, &verdict) == 0, "%s", "simulate");
	return verdict.action;
}

static uint32_t ask(scmp_filter_ctx ctx, uint32_t arch, const char *name, uint64_t a0, uint64_t a1)
{
	int nr = callgate_syscall_number(arch, name);

	ck_assert_msg(nr >= 0, "%s", name);
	return ask_number(ctx, arch, nr, a0, a1);
}

static bool is_warned(const struct callgate_profile *profile, unsigned int line, unsigned int column,
                      const char *words)
{
	const struct callgate_profile_message *message;

	for (size_t i = 0; (message = callgate_profile_message(profile, i)); i++)
		if (message->line == line && message->column == column && strstr(message->text, words))
			return message->severity == CALLGATE_SEVERITY_WARNING;
	return false;
}

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
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":65535}", "read", 0, 0,
     SCMP_ACT_TRACE(65535)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}", "read", 0, 0, ERRNO(38)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":0}", "read", 0, 0, ERRNO(0)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4095}", "read", 0, 0, ERRNO(4095)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"ENOSYS\"}", "read", 0, 0, ERRNO(38)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EINVAL\",\"errnoRet\":22}", "read", 0,
     0, ERRNO(22)},
    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"\",\"errnoRet\":22}", "read", 0, 0,
     ERRNO(22)},
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
#define ONE(op, value)                                                                                \
	"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":" value \
	",\"op\":\"SCMP_CMP_" op "\"}]}"
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
#define IF(selectors) "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"," selectors "}"
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

	snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[\n%s]}",
	         m->entries);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
	scmp_filter_ctx ctx = read_profile(profile, text);
	uint32_t action = ask(ctx, SCMP_ARCH_X86_64, m->name, m->a0, m->a1);
	ck_assert_msg(action == m->expected, "%s\n%s: 0x%08x instead of 0x%08x", text, m->name, action,
	              m->expected);
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
	scmp_filter_ctx ctx = read_profile(profile, text);
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

	ck_assert_uint_eq(ask(ctx, seccomp_arch_native(), "read", 0, 0), ALLOW);
	if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "read", 0, 0), ALLOW);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X32, "read", 0, 0), ALLOW);
	}
	ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_ARM, 3, 0, 0),
	                  seccomp_arch_native() == SCMP_ARCH_AARCH64 ? ALLOW : SCMP_ACT_KILL);
	seccomp_release(ctx);
	callgate_profile_free(profile);
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

#define SOCKET                                                                                            \
	"{\"names\":[\n\"socket\"],\"action\":\"SCMP_ACT_%s\",\"args\":[{\"index\":0,\"value\":1,\"op\":" \
	"\"SCMP_CMP_EQ\"}]}"

/* A profile for x86_64 and x86; `more` is another entry, the default and the action of socket(1) are given. */
static scmp_filter_ctx socket_profile(struct callgate_profile *profile, const char *fallback,
                                      const char *action, const char *more)
{
	char entry[256], text[1024];

	snprintf(entry, sizeof(entry), SOCKET, action);
	snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_%s\",\"syscalls\":[%s%s]}", fallback,
	         entry, more);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86), 0);
	return read_profile(profile, text);
}

/* socket by itself, with the argument and without, and through the door. */
static void check_sockets(scmp_filter_ctx ctx, uint32_t match, uint32_t other, uint32_t door)
{
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", 1, 0), match);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", 2, 0), other);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socket", 1, 0), match);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socket", 2, 0), other);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 1, 0), door);
}

START_TEST(the_door_is_shut)
{
	static const struct {
		const char *fallback, *action, *more;
		bool open;
		uint32_t match, other, door, other_door;
		const char *words;
	} cases[] = {
	    {"ERRNO", "ALLOW", "", false, ALLOW, ERRNO(1), ERRNO(1), ERRNO(1), "there it is denied"},
	    {"ALLOW", "ERRNO", "", false, ERRNO(1), ALLOW, ERRNO(1), ALLOW, "there it is denied"},
	    {"ERRNO", "ALLOW", "", true, ALLOW, ERRNO(1), ALLOW, ERRNO(1), "any arguments pass"},
	    {"ERRNO", "ALLOW", ",{\"names\":[\"socketcall\"],\"action\":\"SCMP_ACT_ALLOW\"}", false, ALLOW,
	     ERRNO(1), ALLOW, ALLOW, "line 2 decides as a whole"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct callgate_profile *profile = new_profile();
		ck_assert_int_eq(
		    callgate_profile_set_option(profile, CALLGATE_PROFILE_OPEN_SOCKETCALL, cases[i].open), 0);
		scmp_filter_ctx ctx =
		    socket_profile(profile, cases[i].fallback, cases[i].action, cases[i].more);
		check_sockets(ctx, cases[i].match, cases[i].other, cases[i].door);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 2, 0), cases[i].other_door);
		ck_assert_msg(is_warned(profile, 2, 1, cases[i].words), "case %zu", i);
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

START_TEST(newer_calls)
{
	static const struct {
		const char *fallback;
		uint32_t option, expected;
	} cases[] = {
	    {"ERRNO", CALLGATE_NEWER_CALLS_AUTO, ERRNO(38)},
	    {"ERRNO", CALLGATE_NEWER_CALLS_ENOSYS, ERRNO(38)},
	    {"ERRNO", CALLGATE_NEWER_CALLS_DEFAULT, ERRNO(1)},
	    {"KILL", CALLGATE_NEWER_CALLS_AUTO, SCMP_ACT_KILL},
	    {"KILL", CALLGATE_NEWER_CALLS_ENOSYS, ERRNO(38)},
	    {"ALLOW", CALLGATE_NEWER_CALLS_AUTO, ALLOW},
	    {"LOG", CALLGATE_NEWER_CALLS_DEFAULT, SCMP_ACT_LOG},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct callgate_profile *profile = new_profile();
		char text[256];
		snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_%s\",\"syscalls\":[]}",
		         cases[i].fallback);
		ck_assert_int_eq(
		    callgate_profile_set_option(profile, CALLGATE_PROFILE_NEWER_CALLS, cases[i].option), 0);
		ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
		ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X32), 0);
		scmp_filter_ctx ctx = read_profile(profile, text);
		ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86_64, 1000, 0, 0), cases[i].expected);
		ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86_64, 0x40000000 + 600, 0, 0),
		                  cases[i].expected);
		ck_assert_uint_ne(ask(ctx, SCMP_ARCH_X86_64, "listns", 0, 0), ERRNO(38));
		ck_assert_uint_ne(ask(ctx, SCMP_ARCH_X32, "ptrace", 0, 0), ERRNO(38));
		seccomp_release(ctx);
		callgate_profile_free(profile);
	}
}
END_TEST

START_TEST(newer_calls_get_the_architectures_own_enosys)
{
	static const char text[] =
	    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":13,\"syscalls\":[]}";
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_MIPS64), 0);
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
		ck_assert_int_eq(
		    callgate_profile_set_option(profile, CALLGATE_PROFILE_DEFAULT_ERRNO, cases[i].option), 0);
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
	static const char text[] =
	    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\","
	    "\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\","
	    "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}";
	static const enum scmp_filter_attr attributes[] = {SCMP_FLTATR_CTL_TSYNC, SCMP_FLTATR_CTL_LOG,
	                                                   SCMP_FLTATR_CTL_SSB, SCMP_FLTATR_CTL_WAITKILL};

	if (seccomp_api_get() < 7)
		return;
	for (int with = 0; with < 2; with++) {
		struct callgate_profile *profile = new_profile();
		scmp_filter_ctx ctx =
		    read_profile(profile, with ? text : "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
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
	    {"{\"names\":[\"read\",\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}", 2, 18,
	     "repeats what line 2 says"},
	    {ONE("EQ", "5") ",\n{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\"}", 3, 11,
	     "conditions of line 2 have no effect"},
	    {ONE("EQ", "5") ",\n" ONE("EQ", "5"), 3, 11, "repeats what line 2 says"},
	    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":1}", 2, 56, "no effect"},
	    {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"}", 2, 28, "without \"listenerPath\""},
	    {"{\"names\":[],\"action\":\"SCMP_ACT_ALLOW\"}", 2, 10, "no names"},
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
		ck_assert_msg(is_warned(profile, cases[i].line, cases[i].column, cases[i].words),
		              "%s\n%u:%u %s", text, first ? first->line : 0, first ? first->column : 0,
		              first ? first->text : "no message");
		callgate_profile_free(profile);
	}
}
END_TEST

START_TEST(strict_makes_errors_of_unknown_names)
{
	static const char text[] =
	    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[\n{\"names\":[\"opne\"],"
	    "\"action\":\"SCMP_ACT_ALLOW\"}]}";
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_STRICT, 1), 0);
	ck_assert_int_eq(callgate_profile_read_memory(profile, text, strlen(text), "p.json"), -EINVAL);
	ck_assert_str_eq(callgate_profile_diagnosis(profile),
	                 "p.json:2:11: error: unknown system call \"opne\" is left out; is \"open\" meant?");
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
	Suite *suite = suite_create("the meaning of profiles");
	TCase *tcase = tcase_create("all");
	SRunner *runner;

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, meaning, 0, sizeof(meanings) / sizeof(meanings[0]));
	tcase_add_test(tcase, same_argument);
	tcase_add_test(tcase, capabilities);
	tcase_add_test(tcase, architectures_from_the_map);
	tcase_add_test(tcase, given_architectures_take_the_place_of_the_list);
	tcase_add_test(tcase, the_door_is_shut);
	tcase_add_test(tcase, without_conditions_both_doors_count);
	tcase_add_test(tcase, newer_calls);
	tcase_add_test(tcase, newer_calls_get_the_architectures_own_enosys);
	tcase_add_test(tcase, default_errno);
	tcase_add_test(tcase, flags_become_attributes);
	tcase_add_test(tcase, warnings);
	tcase_add_test(tcase, strict_makes_errors_of_unknown_names);
	tcase_add_test(tcase, rules_know_their_origin);
	tcase_add_test(tcase, resolved_again);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
