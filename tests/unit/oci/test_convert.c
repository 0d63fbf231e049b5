/*
 * Profiles in another form: random ones mean the same, asked call by call and not only by the proof; and what a form
 * can't say.
 */
#include "reading.h"
#include "support/random.h"
#include "support/simulated.h"

enum { TEXT = 1 << 16 };

static const char *const names[] = {"read",   "clone", "socket", "personality", "ioctl", "openat", "prlimit64",
                                    "clone3", "mmap2", "bind",   "socketcall",  "fcntl", "mseal",  "chmod"};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static uint64_t some_value(struct random *random)
{
	static const uint64_t values[] = {0,          1,          2,          3,           5,          8,
	                                  38,         40,         64,         0x80,        0x5401,     0x10000,
	                                  0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, UINT64_MAX, 0xffffff9c};

	return random_below(random, 8) ? values[random_below(random, sizeof(values) / sizeof(values[0]))]
	                               : random_next(random);
}

/* ---- random texts ---- */

static void add_conditions(struct random *random, char *text)
{
	static const char *const operators[] = {"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};
	unsigned int count = random_below(random, 3), index = random_below(random, 3);
	size_t length = strlen(text);

	for (unsigned int i = 0; i < count; i++, length = strlen(text)) {
		uint64_t value = some_value(random);
		snprintf(text + length, TEXT - length,
		         "%s{\"index\":%u,\"value\":%llu,\"valueTwo\":%llu,\"op\":\"SCMP_CMP_%s\"}",
		         i ? "," : ",\"args\":[", index + i, (unsigned long long)value,
		         (unsigned long long)(value & some_value(random)), operators[random_below(random, 7)]);
	}
	strcpy(text + length, count ? "]}" : "}");
}

static void write_profile(struct random *random, char *text)
{
	static const char *const actions[] = {"ALLOW", "TRACE", "ERRNO", "LOG", "TRAP", "KILL"};
	/* JSON may have its machine's byte order alone. */
	static const char *const lists[2][2] = {
	    {"\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"", "\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_ARM\""},
	    {"\"SCMP_ARCH_S390X\",\"SCMP_ARCH_S390\"", "\"SCMP_ARCH_PPC64\",\"SCMP_ARCH_PPC\""},
	};
	const bool big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	unsigned int count = random_below(random, 8);

	sprintf(text, "{\"defaultAction\":\"SCMP_ACT_%s\",\"architectures\":[%s],\"syscalls\":[",
	        random_below(random, 4) ? "ERRNO" : "ALLOW", lists[big_endian][random_below(random, 2)]);
	for (unsigned int i = 0; i < count; i++) {
		sprintf(text + strlen(text), "%s{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_%s\",\"errnoRet\":2",
		        i ? "," : "", names[random_below(random, NAMES)], actions[random_below(random, 6)]);
		add_conditions(random, text);
	}
	strcat(text, "]}");
}

static void write_policy(struct random *random, char *text)
{
	static const char *const actions[] = {"ALLOW", "EACCES", "LOG", "TRAP", "KILL_PROCESS", "EPERM"};
	static const char *const forms[] = {"%#llx",         "!= %llu",        "(u32) %llu", "(u64) %llu",
	                                    "<= %llu",       "* & %#llx == 0", "{3, %llu}",  "(u64) != {3, %llu, 5}",
	                                    "* & %#llx != 0"};
	unsigned int count = random_below(random, 8);

	sprintf(text, "default EPERM\narch %s\n%s", random_below(random, 2) ? "x86_64, x86, x32" : "aarch64",
	        random_below(random, 3) ? "" : "newer calls -> ENOSYS\n");
	for (unsigned int i = 0; i < count; i++) {
		char argument[64] = "*";
		if (random_below(random, 3))
			snprintf(argument, sizeof(argument), forms[random_below(random, 9)],
			         (unsigned long long)some_value(random) & 0xffffffff);
		char number[16];
		snprintf(number, sizeof(number), "%#x", random_below(random, 500));
		sprintf(text + strlen(text), "%s(%s%s) -> %s\n",
		        random_below(random, 6) ? names[random_below(random, NAMES)] : number,
		        random_below(random, 2) ? "*, " : "", argument, actions[random_below(random, 6)]);
	}
}

/* ---- do two profiles answer alike? ---- */

/* Its own list, wherever this runs. */
static struct callgate_profile *start_profile(enum callgate_profile_like like)
{
	struct callgate_profile *profile;

	ck_assert_int_eq(callgate_profile_new(&profile), 0);
	ck_assert_int_eq(callgate_profile_add_capability(profile, NULL), 0);
	ck_assert_int_eq(callgate_profile_set_kernel(profile, "6.1"), 0);
	ck_assert_int_eq(callgate_profile_set_option(profile, CALLGATE_PROFILE_LIKE, like), 0);
	return profile;
}

static void check_same(struct random *random, scmp_filter_ctx a, scmp_filter_ctx b, const char *first,
                       const char *second)
{
	static const uint32_t archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86,   SCMP_ARCH_X32,   SCMP_ARCH_AARCH64,
	                                 SCMP_ARCH_ARM,    SCMP_ARCH_S390X, SCMP_ARCH_PPC64, SCMP_ARCH_PPC};

	for (int i = 0; i < 400; i++) {
		uint32_t arch = archs[random_below(random, 8)];
		const char *name = names[random_below(random, NAMES)];
		int nr =
		    random_below(random, 10) ? callgate_syscall_number(arch, name) : (int)random_below(random, 600);
		if (nr < 0)
			continue;
		struct callgate_call call = {.arch = arch, .nr = nr};
		struct callgate_verdict x, y;
		for (int j = 0; j < 4; j++)
			call.args[j] = !(arch & __AUDIT_ARCH_64BIT) && arch != SCMP_ARCH_X32
			                   ? (uint32_t)some_value(random)
			                   : some_value(random);
		ck_assert_int_eq(callgate_simulate(a, &call, &x), 0);
		int result = callgate_simulate(b, &call, &y);
		if (result == -E2BIG) /* many entries take several programs, of which no call is simulated */
			return;
		ck_assert_int_eq(result, 0);
		ck_assert_msg(x.action == y.action, "%x and %x for %s (%d)(%llx, %llx) of\n%s\n%s", x.action, y.action,
		              name, nr, (unsigned long long)call.args[0], (unsigned long long)call.args[1], first,
		              second);
	}
}

/* JSON is read on the running machine, whose calls it is about too, unless its architectures are given. */
static void add_archs(struct callgate_profile *profile, scmp_filter_ctx ctx)
{
	const struct callgate_arch *arch;

	for (size_t i = 0; (arch = callgate_arch_at(i)); i++)
		if (seccomp_arch_exist(ctx, arch->token) == 0)
			ck_assert_int_eq(callgate_profile_add_arch(profile, arch->token), 0);
}

/* Converts it; whatever is handed out means the same. Returns what the conversion does. */
static int check_converted(struct random *random, const char *text, enum callgate_profile_form form)
{
	struct callgate_profile *profile = start_profile(CALLGATE_PROFILE_LIKE_CRUN);
	enum callgate_profile_like like = CALLGATE_PROFILE_LIKE_AUTO;
	scmp_filter_ctx ctx, other_ctx;
	char *converted = NULL;

	if (callgate_profile_read_memory(profile, text, strlen(text), "p") < 0) {
		callgate_profile_free(profile); /* it contradicts itself */
		return -EINVAL;
	}
	int result = callgate_profile_convert(profile, form, &like, &converted);
	ck_assert((result == 0) == (converted != NULL));
	ck_assert((result == 0) == (*callgate_profile_diagnosis(profile) == '\0'));
	if (result == 0) {
		struct callgate_profile *other = start_profile(like);
		ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
		if (form == CALLGATE_PROFILE_FORM_JSON)
			add_archs(other, ctx);
		ck_assert_msg(callgate_profile_read_memory(other, converted, strlen(converted), "converted") == 0,
		              "%s\n%s", callgate_profile_diagnosis(other), converted);
		ck_assert_int_eq(callgate_profile_form(other), form);
		ck_assert_int_eq(callgate_profile_context(other, &other_ctx), 0);
		check_same(random, ctx, other_ctx, text, converted);
		seccomp_release(ctx);
		seccomp_release(other_ctx);
		callgate_profile_free(other);
	}
	free(converted);
	callgate_profile_free(profile);
	return result;
}

/* Whatever JSON says a policy can say, but what would take hundreds of statements about one call. */
START_TEST(random_profiles_as_policies)
{
	struct random random = random_start("random_profiles_as_policies");
	char *text = malloc(TEXT);
	unsigned long converted = 0, runs = random_runs(20);

	for (unsigned long i = 0; i < runs; i++) {
		write_profile(&random, text);
		int result = check_converted(&random, text, CALLGATE_PROFILE_FORM_POLICY);
		ck_assert_msg(result == 0 || result == -EINVAL || result == -EDQUOT, "%d: %s", result, text);
		converted += result == 0;
	}
	ck_assert_uint_gt(converted * 3, runs);
	free(text);
}
END_TEST

START_TEST(random_policies_as_profiles)
{
	struct random random = random_start("random_policies_as_profiles");
	char *text = malloc(TEXT);

	for (unsigned long i = random_runs(20); i > 0; i--) {
		write_policy(&random, text);
		int result = check_converted(&random, text, CALLGATE_PROFILE_FORM_JSON);
		ck_assert_msg(result == 0 || result == -EOPNOTSUPP || result == -EDQUOT || result == -EINVAL, "%d: %s",
		              result, text);
		int again = check_converted(&random, text, CALLGATE_PROFILE_FORM_POLICY);
		ck_assert_msg(again == 0 || again == -EDQUOT || (again == -EINVAL && result == -EINVAL), "%d: %s",
		              again, text);
	}
	free(text);
}
END_TEST

/* ---- words ---- */

static const struct {
	const char *text;
	const char *line; /* of the policy */
} words[] = {
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38}", "default ENOSYS\n"},
    {"{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"syscalls\":[" ONE("EQ", "3") "]}", "\nread((u64) 3) -> ALLOW\n"},
    {"{\"defaultAction\":\"SCMP_ACT_LOG\",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}",
     "\nflags SECCOMP_FILTER_FLAG_LOG\n"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_"
     "ALLOW\",\"args\":["
     "{\"index\":0,\"value\":4294967295,\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},{\"names\":["
     "\"socket\"],"
     "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":4294967295,\"valueTwo\":1,\"op\":\"SCMP_"
     "CMP_MASKED_EQ\"}]}]}",
     "\nsocket({AF_UNIX, AF_INET}) -> ALLOW\n"},
    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"openat\"],\"action\":\"SCMP_ACT_"
     "ERRNO\",\"errnoRet\":13,"
     "\"args\":[{\"index\":2,\"value\":3,\"valueTwo\":1,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}",
     "\nopenat(*, *, * & O_ACCMODE == O_WRONLY) -> EACCES\n"},
    {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"lock\",\"read\",\"close\",\"close_"
     "range\",\"exit\"],"
     "\"action\":\"SCMP_ACT_ALLOW\"}]}",
     "\nclose, close_range, exit, read -> ALLOW\n"},
    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"openat\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"errnoRet\":13,\"args\":[{\"index\":2,\"value\":67,\"valueTwo\":65,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}",
     "\nopenat(*, *, * & (O_ACCMODE|O_CREAT) == O_WRONLY|O_CREAT) -> EACCES\n"},
    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"open\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"errnoRet\":13,\"args\":[{\"index\":1,\"value\":64,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}",
     "\nopen(*, * & O_CREAT == 0) -> EACCES\n"},
    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"open\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"errnoRet\":13,\"args\":[{\"index\":1,\"value\":67,\"valueTwo\":64,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}",
     "\nopen(*, * & (O_ACCMODE|O_CREAT) == O_RDONLY|O_CREAT) -> EACCES\n"},
    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"open\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"errnoRet\":13,\"args\":[{\"index\":1,\"value\":65,\"valueTwo\":64,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}",
     "\nopen(*, * & 0x41 == O_CREAT) -> EACCES\n"},
    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mmap\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"errnoRet\":13,\"args\":[{\"index\":3,\"value\":47,\"valueTwo\":34,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}",
     "\nmmap(*, *, *, * & (MAP_TYPE|MAP_ANONYMOUS) == MAP_PRIVATE|MAP_ANONYMOUS) -> EACCES\n"},
    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mmap\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"errnoRet\":13,\"args\":[{\"index\":0,\"value\":0,\"valueTwo\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}",
     "\nmmap(0) -> EACCES\n"},
    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"munmap\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"errnoRet\":13,\"args\":[{\"index\":0,\"value\":0,\"valueTwo\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}",
     "\nmunmap(0) -> EACCES\n"},
    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"openat\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"errnoRet\":13,\"args\":[{\"index\":1,\"value\":0,\"valueTwo\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}",
     "\nopenat(*, 0) -> EACCES\n"},
};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

START_TEST(words_of_policies)
{
	struct callgate_profile *profile = start_profile(CALLGATE_PROFILE_LIKE_CRUN);
	char *text = NULL;

	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(callgate_profile_form(profile), CALLGATE_PROFILE_FORM_NONE);
	ck_assert_int_eq(callgate_profile_read_memory(profile, words[_i].text, strlen(words[_i].text), "p"), 0);
	ck_assert_int_eq(callgate_profile_form(profile), CALLGATE_PROFILE_FORM_JSON);
	ck_assert_int_eq(callgate_profile_convert(profile, CALLGATE_PROFILE_FORM_POLICY, NULL, &text), 0);
	ck_assert_msg(strstr(text, words[_i].line), "%s", text);
	free(text);
	callgate_profile_free(profile);
}
END_TEST

/* What a form can't say is said with a call. */
static const struct {
	const char *text, *witness;
	enum callgate_profile_form form;
} unsaid[] = {
    {"default EPERM\narch x86_64, x86\non x86: read -> ALLOW\n",
     "plain JSON can't say the same: read(*, *, *) on x86: A allows, B gives ERRNO(EPERM)", CALLGATE_PROFILE_FORM_JSON},
    {"default EPERM\narch x86_64\nunknown calls -> ENOSYS\n",
     "plain JSON can't say the same: ", CALLGATE_PROFILE_FORM_JSON},
    {"default EPERM\narch x86\nread -> ALLOW\n", "JSON can't leave out x86_64, which", CALLGATE_PROFILE_FORM_JSON},
    {"default EPERM\narch riscv64, arm\nread -> ALLOW\n", "JSON can't leave out aarch64, which",
     CALLGATE_PROFILE_FORM_JSON},
    {"default EPERM\narch x86_64\n500 -> ALLOW\n", "plain JSON can't say the same: call number 500(",
     CALLGATE_PROFILE_FORM_JSON},
    {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/l\"}", "a policy can't say the profile's listenerPath",
     CALLGATE_PROFILE_FORM_POLICY},
};
enum { UNSAID = sizeof(unsaid) / sizeof(unsaid[0]) };

START_TEST(what_cannot_be_said)
{
	struct callgate_profile *profile = start_profile(CALLGATE_PROFILE_LIKE_CRUN);
	char none, *text = &none;

	ck_assert_int_eq(callgate_profile_read_memory(profile, unsaid[_i].text, strlen(unsaid[_i].text), "p"), 0);
	ck_assert_int_eq(callgate_profile_convert(profile, unsaid[_i].form, NULL, &text), -EOPNOTSUPP);
	ck_assert_msg(strstr(callgate_profile_diagnosis(profile), unsaid[_i].witness), "%s",
	              callgate_profile_diagnosis(profile));
	ck_assert_ptr_eq(text, &none);
	ck_assert_int_eq(callgate_profile_convert(profile, CALLGATE_PROFILE_FORM_NONE, NULL, &text), -EINVAL);
	ck_assert_int_eq(callgate_profile_convert(profile, unsaid[_i].form, NULL, NULL), -EINVAL);
	callgate_profile_free(profile);
	ck_assert_int_eq(callgate_profile_convert(NULL, unsaid[_i].form, NULL, &text), -EINVAL);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("conversions");

	tcase_add_test(tcase, random_profiles_as_policies);
	tcase_add_test(tcase, random_policies_as_profiles);
	tcase_add_loop_test(tcase, words_of_policies, 0, WORDS);
	tcase_add_loop_test(tcase, what_cannot_be_said, 0, UNSAID);
	return simulated_run(tcase);
}
