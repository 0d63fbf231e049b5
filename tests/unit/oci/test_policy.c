/* Policies: what their lines mean, and what is wrong with them, each with its place. */
#include <sys/stat.h>
#include <unistd.h>

#include <callgate/diagnosis.h>

#include <callgate/prove.h>

#include "reading.h"
#include "support/simulated.h"

#define KILL SCMP_ACT_KILL_PROCESS

START_TEST(the_first_match_decides)
{
	struct callgate_profile *profile = new_profile();
	unsigned int line = 0, column = 0;
	scmp_filter_ctx ctx = read_profile(profile, "# a policy\n\ndefault EPERM\n"
	                                            "arch x86_64, aarch64\n"
	                                            "socket(AF_ALG) -> KILL_PROCESS # a comment\n"
	                                            "socket(AF_UNIX) -> ALLOW\n"
	                                            "socket(3..5, != 2) -> LOG\n"
	                                            "read, write -> ALLOW\n"
	                                            "openat(AT_FDCWD) -> ALLOW\n"
	                                            "on aarch64: close -> KILL_PROCESS\n"
	                                            "use @file-close@1\n"
	                                            "mkdirat -> ERRNO(EACCES)\n");

	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", 38, 0), KILL);
	/* The kernel reads 32 bits. */
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", 0x500000026, 0), KILL);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, "socket", 1, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, "socket", 4, 1), SCMP_ACT_LOG);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, "socket", 4, 2), ERRNO(1));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, "socket", 6, 1), ERRNO(1));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 0, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "openat", 0xffffff9c, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "openat", (uint64_t)-100, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "openat", 3, 0), ERRNO(1));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "close", 0, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, "close", 0, 0), KILL);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, "mkdirat", 0, 0), ERRNO(13));
	ck_assert_int_eq(callgate_profile_rule_origin(profile, 1, &line, &column), 0);
	ck_assert_uint_eq(line, 5);
	ck_assert_uint_eq(callgate_profile_message_count(profile), 0);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

START_TEST(a_baseline)
{
	struct callgate_profile *profile = new_profile();
	scmp_filter_ctx ctx =
	    read_profile(profile, "default EPERM\nkernel >= 5.8\narch x86_64\nread, cachestat -> ALLOW\n");

	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "openat2", 0, 0), ERRNO(1));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "close_range", 0, 0), ERRNO(38));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "cachestat", 0, 0), ALLOW);
	ck_assert_uint_eq(ask_number(ctx, SCMP_ARCH_X86_64, 1000, 0, 0), ERRNO(38));
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

/* socketcall(2) hides arguments: what is as strict as the default denies all there, and what is not allows none. */
START_TEST(multiplexed_calls)
{
	struct callgate_profile *profile = new_profile();
	scmp_filter_ctx ctx =
	    read_profile(profile, "default ALLOW\narch x86_64, x86\nsocket(AF_ALG) -> EPERM\nbind -> EACCES\n");

	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socket", 1, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 1, 0), ERRNO(1));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 2, 0), ERRNO(13));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 3, 0), ALLOW);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

/* Both ways of writing them, and what joins bits as ever. */
START_TEST(alternatives)
{
	struct callgate_profile *profile = new_profile();
	scmp_filter_ctx ctx =
	    read_profile(profile, "default EPERM\narch x86_64\n"
	                          "socket(AF_UNIX|AF_INET, * & 0xf == SOCK_STREAM|SOCK_DGRAM) -> ALLOW\n"
	                          "socket({AF_ALG, AF_VSOCK}) -> KILL_PROCESS\n"
	                          "bind(!= {3, -1, 1}) -> ALLOW\n"
	                          "listen((u64) {3, -1, 0x500000001}) -> ALLOW\n"
	                          "dup3(*, O_WRONLY|O_CLOEXEC) -> ALLOW\n"
	                          "dup((u64) != {3, 5}) -> ALLOW\n"
	                          "mmap(*, *, *, MAP_SHARED|MAP_PRIVATE) -> LOG\n"
	                          "mmap(*, *, *, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK) -> ALLOW\n"
	                          "socketpair(*, SOCK_STREAM|O_NONBLOCK) -> ALLOW\n"
	                          "clone(CLONE_VM|SIGCHLD) -> ALLOW\n");

	for (uint64_t family = 0; family < 50; family++)
		for (uint64_t type = 0; type < 4; type++)
			ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", family, type | 0x80000),
			                  (family == 1 || family == 2) && (type == 1 || type == 2) ? ALLOW
			                  : family == 38 || family == 40                           ? KILL
			                                                                           : ERRNO(1));
	static const struct {
		uint64_t value;
		bool is_bound, listens;
	} ints[] = {{0, true, false},          {1, false, false},           {3, false, true},
	            {5, true, false},          {0x100000003, false, false}, {0xffffffff, false, true},
	            {UINT64_MAX, false, true}, {0x500000001, false, true},  {0x5ffffffff, false, false}};
	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "bind", ints[i].value, 0),
		                  ints[i].is_bound ? ALLOW : ERRNO(1));
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "listen", ints[i].value, 0),
		                  ints[i].listens ? ALLOW : ERRNO(1));
	}
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "dup3", 0, 02000001), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "dup3", 0, 1), ERRNO(1));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "dup", 3, 0), ERRNO(1));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "dup", 0x100000003, 0), ALLOW);
	ck_assert_uint_eq(callgate_profile_message_count(profile), 0);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

/* Warnings that a policy is read with. */
static const struct {
	const char *text, *warning;
	unsigned int line;
} warnings[] = {
    {"default EPERM\narch x86_64\nread(1) -> ALLOW\nread(1, 2) -> LOG\n",
     "this can never decide: line 3 already covers it, as for read(1, ", 4},
    {"default EPERM\narch x86_64\nread(1) -> ALLOW\nread(!= 1) -> LOG\nread -> EACCES\n", "this can never decide: line",
     5},
    {"default EPERM\narch aarch64\nopen -> ALLOW\n", "no architecture of the filter has the call", 3},
};
enum { WARNINGS = sizeof(warnings) / sizeof(warnings[0]) };

START_TEST(what_never_decides_is_a_warning)
{
	struct callgate_profile *profile = new_profile();

	seccomp_release(read_profile(profile, warnings[_i].text));
	ck_assert_uint_eq(callgate_profile_message_count(profile), 1);
	const struct callgate_profile_message *message = callgate_profile_message(profile, 0);
	ck_assert_int_eq(message->severity, CALLGATE_SEVERITY_WARNING);
	ck_assert_uint_eq(message->line, warnings[_i].line);
	ck_assert_msg(strstr(message->text, warnings[_i].warning), "%s", message->text);
	callgate_profile_free(profile);
}
END_TEST

/* Values that the kernel does not read whole: no rule that means something else. */
static const char *const wide[] = {
    "openat(* & 0xff00000000 == 0x100000000) -> ALLOW\n",
    "socket(0x100000002) -> ALLOW\n",
    "socket({0x100000002, 1}) -> ALLOW\n",
    "socket(<= 0x100000002) -> ALLOW\n",
    "socket(0..0x100000002) -> ALLOW\n",
    "on x86: read(0x100000003) -> LOG\n",
};
enum { WIDE = sizeof(wide) / sizeof(wide[0]) };

START_TEST(values_fit_their_arguments)
{
	struct callgate_profile *profile = new_profile();
	char text[200];

	snprintf(text, sizeof(text), "default EPERM\narch x86_64, x86\n%s", wide[_i]);
	ck_assert_int_eq(callgate_profile_read_memory(profile, text, strlen(text), "p"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_profile_message(profile, 0)->text, "this value has more"));
	ck_assert_uint_eq(callgate_profile_message(profile, 0)->line, 3);
	callgate_profile_free(profile);
}
END_TEST

START_TEST(values_may_be_of_a_register)
{
	struct callgate_profile *profile = new_profile();
	scmp_filter_ctx ctx = read_profile(profile, "default EPERM\narch x86_64\nsocket((u64) 0x100000002) -> ALLOW\n"
	                                            "openat(-100, *, * & ~3 == 0) -> ALLOW\n");

	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", 0x100000002, 0), ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", 2, 0), ERRNO(1));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "openat", 0xffffff9c, 0), ALLOW);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

/* Mistakes: the first message, and its place. */
static const struct {
	const char *text, *error;
	unsigned int line, column;
} mistakes[] = {
    {"default EPREM\n", "\"EPREM\" is no action and no error; did you mean \"EPERM\"?", 1, 9},
    {"default \n", "there should be an action or an error here", 1, 8},
    {"default EPERM\ndefault ALLOW\n", "this contradicts `default EPERM` in line 1", 2, 1},
    {"default EPERM\nraed -> ALLOW\n", "there is no system call \"raed\"; did you mean \"read\"?", 2, 1},
    {"default EPERM\nuse @fil-read\n", "there is no set \"@fil-read\"; did you mean \"@file-read\"?", 2, 5},
    {"default EPERM\nuse @file-read@7\n", "there is no version 7 of the set @file-read; the newest is @file-read@1", 2,
     5},
    {"default EPERM\nuse @fil-read@1\n", "there is no set \"@fil-read@1\"; did you mean \"@file-read\"?", 2, 5},
    {"default EPERM\nread ALLOW\n", "there should be \"->\" after the calls", 2, 6},
    {"default EPERM\nread -> \n", "there should be an action or an error here", 2, 8},
    {"default EPERM\narch x86_46\n", "there is no architecture \"x86_46\"; did you mean \"x86_64\"?", 2, 6},
    {"default EPERM\narch x86, x86\n", "x86 is here twice", 2, 11},
    {"default EPERM\narch x86\narch arm\n", "a second `arch`; one line can name several", 3, 1},
    {"default EPERM\nkernel 5.10\n", "there should be \">=\" after `kernel`", 2, 8},
    {"default EPERM\nkernel >= 0.0\n", "\"0.0\" is not a version of Linux such as 5.10", 2, 11},
    {"default EPERM\nkernel >= five\n", "\"five\" is not a version of Linux such as 5.10", 2, 11},
    {"default EPERM\nkernel >= 5.10\nkernel >= 5.4\n", "this contradicts `kernel >= 5.10` in line 2", 3, 11},
    {"default ALLOW\nkernel >= 5.10\n", "`kernel` is for policies whose default denies calls", 2, 1},
    {"default EPERM\nopenat(*, *, O_RDNOLY) -> ALLOW\n", "there is no constant \"O_RDNOLY\"", 2, 14},
    {"default EPERM\nopenat(1, 2, 3, 4, 5, 6, 7) -> ALLOW\n", "a system call has at most 6 arguments", 2, 26},
    {"default EPERM\nopenat(*, \"/etc\") -> ALLOW\n", "a filter does not see what a pointer points to", 2, 11},
    {"default EPERM\nsocket(< AF_UNIX|AF_INET) -> ALLOW\n", "either of them is {AF_UNIX, AF_INET}", 2, 8},
    {"default EPERM\nsocket({1, AF_UNIX|AF_INET}) -> ALLOW\n", "either of them is {AF_UNIX, AF_INET}", 2, 8},
    {"default EPERM\nsocket(AF_UNIX|AF_INET|5) -> ALLOW\n", "not a bit: | can't join it", 2, 8},
    {"default EPERM\nsocket(~(AF_UNIX|AF_INET)) -> ALLOW\n", "not a bit: | can't join it", 2, 8},
    {"default EPERM\nsocket(AF_UNIX|~AF_INET) -> ALLOW\n", "not a bit: | can't join it", 2, 8},
    {"default EPERM\nwrite(5..2) -> ALLOW\n", "the range 5..2 is empty", 2, 7},
    {"use @start\n", "a profile begins with {, a policy with `default ACTION`", 1, 1},
    {"# words\n\nread -> ALLOW\n", "a profile begins with {, a policy with `default ACTION`", 1, 1},
    {"default EPERM\nsocket(AF_UNIX|3) -> ALLOW\n", "not a bit: | can't join it", 2, 8},
    {"default EPERM\nopenat(*, *, O_RDONLY|AF_INET) -> ALLOW\n",
     "AF_INET is no value of this argument, as O_RDONLY is: | can't join them", 2, 14},
    {"default EPERM\nopenat(*, *, {O_RDONLY, O_CREAT|PROT_READ}) -> ALLOW\n", "PROT_READ is no value of this argument",
     2, 14},
    {"default EPERM\nmmap(*, *, *, MAP_SHARED|MAP_PRIVATE|MAP_ANONYMOUS) -> ALLOW\n", "not a bit: | can't join it", 2,
     15},
    {"default EPERM\narch x86_64\n41(AF_UNIX|3) -> ALLOW\n", "call 41 is socket on x86_64: AF_UNIX is a value", 3, 1},
    {"default EPERM\narch x86\n0x167(* & 0xf == AF_INET|SOCK_STREAM) -> ALLOW\n", "call 359 is socket on x86: AF_INET",
     3, 1},
    {"default EPERM\r\n\r\nread -> ALOW\r\n", "ALOW", 3, 9},
    {"\xef\xbb\xbf"
     "default EPERM\r\n# a comment\r\nread(1, \xc3\xa4) -> ALLOW\r\n",
     "there should be a number", 3, 9},
    {"default EPERM\r\nread ->\r\n", "there should be an action or an error here", 2, 8},
    {"default EPERM\r\ninclude nowhere.policy\r\n", "nowhere.policy: No such file or directory", 2, 9},
    {"default EPERM\r\nread \r-> ALLOW\r\n", "the control character 0x0d", 2, 6},
    {"# comments\n  # alone\r\n", "there are only comments; a policy begins with `default ACTION`", 1, 1},
    {"default", "there should be an action or an error here", 1, 8},
    {"# words\ndefault\r\nread -> ALLOW\r\n", "there should be an action or an error here", 2, 8},
    {"default EPERM\nuse @file-read@\n", "there should be a version here, such as @file-read@", 2, 16},
    {"default EPERM\narch x86_64\nmmap({1,3,5,7,9,11,13,15,17}, {1,3,5,7,9,11,13,15,17}, {1,3,5,7,9,11,13,15,17}, "
     "{1,3,5,7,9,11,13,15,17}) -> ALLOW\n",
     "the expression has more than 4096 alternatives", 3, 1},
    {"default EPERM\nread -> ALLOW ALLOW\n", "the line should end here", 2, 15},
    {"default EPERM\ninclude nowhere.policy\n", "nowhere.policy: No such file or directory", 2, 9},
    {"default EPERM\ninclude /\n", "/: not a regular file", 2, 9},
    {"default EPERM\nread \x01-> ALLOW\n", "the control character 0x01", 2, 6},
    {"default EPERM\nread \xff-> ALLOW\n", "the byte 0xff is not UTF-8 here", 2, 6},
};
enum { MISTAKES = sizeof(mistakes) / sizeof(mistakes[0]) };

START_TEST(mistakes_have_places)
{
	struct callgate_profile *profile = new_profile();

	ck_assert_int_eq(callgate_profile_read_memory(profile, mistakes[_i].text, strlen(mistakes[_i].text), "p"),
	                 -EINVAL);
	ck_assert_uint_ge(callgate_profile_message_count(profile), 1);
	const struct callgate_profile_message *message = callgate_profile_message(profile, 0);
	ck_assert_msg(strstr(message->text, mistakes[_i].error), "%s", message->text);
	ck_assert_msg(message->line == mistakes[_i].line && message->column == mistakes[_i].column, "%u:%u: %s",
	              message->line, message->column, message->text);
	callgate_profile_free(profile);
}
END_TEST

/* ---- calls by number, and lines that end as on other systems ---- */

static scmp_filter_ctx context_of(const char *text)
{
	struct callgate_profile *profile = new_profile();
	scmp_filter_ctx ctx;

	ck_assert_msg(callgate_profile_read_memory(profile, text, strlen(text), "p") == 0, "%s: %s",
	              callgate_profile_diagnosis(profile), text);
	ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
	callgate_profile_free(profile);
	return ctx;
}

static void check_equal(const char *first, const char *second)
{
	scmp_filter_ctx a = context_of(first), b = context_of(second);
	const struct callgate_filter sides[] = {{.ctx = a}, {.ctx = b}};
	struct callgate_comparison *comparison;

	ck_assert_int_eq(callgate_compare(&sides[0], &sides[1], 1, &comparison), 0);
	ck_assert_msg(comparison->relation == CALLGATE_RELATION_EQUAL, "%s%s: %s", first, second,
	              comparison->count ? comparison->differences[0].text : "");
	callgate_comparison_free(comparison);
	seccomp_release(a);
	seccomp_release(b);
}

/* On each architecture a number means what the name does that it has there: alternatives, widths, multiplexed calls. */
START_TEST(numbers_are_names)
{
	static const struct {
		const char *name, *arguments;
	} calls[] = {
	    {"socket", "AF_UNIX|AF_INET"},
	    {"socket", "!= AF_UNIX|AF_INET"},
	    {"socket", "*, * & 0xf == SOCK_STREAM|SOCK_DGRAM"},
	    {"socket", "*, *, -1"},
	    {"socketpair", "{AF_UNIX, 5}"},
	    {"openat", "AT_FDCWD, *, O_RDONLY|O_CLOEXEC"},
	    {"clone", "* & CLONE_NEWUSER == 0"},
	    {"personality", "0xffffffff"},
	    {"semop", "3"},
	    {"fcntl", "*, F_GETFD|F_SETFD"},
	    {"unshare", "CLONE_NEWUSER|CLONE_NEWNS"},
	    {"ioctl", "*, TIOCSTI"},
	    {"dup", "AF_UNIX|AF_INET"},
	    {"write", "1..2"},
	};
	static const char *const actions[] = {"ALLOW", "KILL_PROCESS"};
	const struct callgate_arch *arch;
	char first[200], second[200];

	for (size_t i = 0; (arch = callgate_arch_at(i)); i++)
		for (size_t j = 0; j < sizeof(calls) / sizeof(calls[0]); j++) {
			const int nr = callgate_syscall_number(arch->token, calls[j].name);
			for (size_t k = 0; k < 4 && nr >= 0; k++) {
				snprintf(first, sizeof(first), "default EPERM\narch %s\n%s(%s) -> %s\n", arch->name,
				         calls[j].name, calls[j].arguments, actions[k % 2]);
				snprintf(second, sizeof(second),
				         k < 2 ? "default EPERM\narch %s\n%d(%s) -> %s\n"
				               : "default EPERM\narch %s\n%#x(%s) -> %s\n",
				         arch->name, (unsigned int)nr, calls[j].arguments, actions[k % 2]);
				check_equal(first, second);
			}
		}
	/* With several architectures it is another call on each. */
	check_equal("default EPERM\narch x86_64, x86\n41(AF_UNIX|AF_INET) -> ALLOW\n",
	            "default EPERM\narch x86, x86_64\non x86_64: socket({AF_UNIX, AF_INET}) -> ALLOW\non x86: dup(3) "
	            "-> ALLOW\n");
}
END_TEST

/* A policy can't name a listener. Nothing is loaded in which calls would wait for ever. */
START_TEST(nobody_answers)
{
	static const char *const texts[] = {"default ALLOW\nmseal -> NOTIFY\n", "default NOTIFY\n"};
	struct callgate_profile *profile = new_profile();
	scmp_filter_ctx ctx;

	ck_assert_int_eq(callgate_profile_read_memory(profile, texts[_i], strlen(texts[_i]), "p"), 0);
	ck_assert_uint_eq(callgate_profile_message_count(profile), 1);
	const struct callgate_profile_message *message = callgate_profile_message(profile, 0);
	ck_assert_int_eq(message->severity, CALLGATE_SEVERITY_WARNING);
	ck_assert_uint_eq(message->line, _i == 0 ? 2 : 1);
	ck_assert_uint_eq(message->column, _i == 0 ? 10 : 9);
	ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
	ck_assert_int_eq(callgate_profile_load(profile, ctx), -EINVAL);
	ck_assert(strstr(callgate_profile_diagnosis(profile), "nobody would answer"));
	seccomp_release(ctx);
	callgate_profile_free(profile);
}
END_TEST

START_TEST(carriage_returns)
{
	check_equal("\xef\xbb\xbf"
	            "default EPERM\r\narch x86_64, x86\r\n\r\n# words\r\nkernel >= 5.10 # more\r\nflags "
	            "SECCOMP_FILTER_FLAG_LOG\r\n"
	            "on x86_64: socket(AF_UNIX|AF_INET) -> ALLOW\r\nuse @file-read@1\r\nread -> EACCES\r\n\r",
	            "default EPERM\narch x86_64, x86\nkernel >= 5.10\nflags SECCOMP_FILTER_FLAG_LOG\n"
	            "on x86_64: socket(AF_UNIX|AF_INET) -> ALLOW\nuse @file-read@1\nread -> EACCES\n");
}
END_TEST

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(files_include_others)
{
	char folder[] = "/tmp/policy-XXXXXX";
	struct callgate_profile *profile = new_profile();
	unsigned int line, column;
	scmp_filter_ctx ctx;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(mkdir("parts", 0700), 0);
	write_file("main", "default EPERM\narch x86_64\nread -> EACCES\ninclude parts/first\nwrite -> KILL_PROCESS\n");
	write_file("parts/first", "default EPERM\ninclude second\nread -> ALLOW\n");
	write_file("parts/second", "write -> ALLOW\n");
	int result = callgate_profile_read_file(profile, "main");
	ck_assert_msg(result == 0, "%s", callgate_profile_diagnosis(profile));
	ck_assert_int_eq(callgate_profile_context(profile, &ctx), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 0, 0), ERRNO(13));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "write", 0, 0), ALLOW);
	ck_assert_int_eq(callgate_profile_rule_origin(profile, 2, &line, &column), 0);
	ck_assert_uint_eq(line, 4);
	/* The line that has it, and not the include; and what is said of it. */
	const char *file = NULL;
	ck_assert_int_eq(callgate_profile_rule_place(profile, 2, &file, &line, &column), 0);
	ck_assert_str_eq(file, "parts/second");
	ck_assert_uint_eq(line, 1);
	ck_assert_int_eq(callgate_profile_rule_place(profile, 1, &file, &line, &column), 0);
	ck_assert_str_eq(file, "main");
	ck_assert_uint_eq(line, 3);
	ck_assert_int_eq(callgate_profile_rule_place(profile, 99, &file, &line, &column), -ENOENT);
	ck_assert_int_eq(callgate_profile_rule_place(profile, 1, NULL, &line, &column), -EINVAL);
	bool has_first = false, has_main = false;
	for (size_t i = 0; i < callgate_profile_message_count(profile); i++) {
		const struct callgate_profile_message *message = callgate_profile_message(profile, i);
		has_first = has_first || (strcmp(message->file, "parts/first") == 0 && message->line == 3 &&
		                          strstr(message->text, "main:3 already covers it"));
		has_main = has_main || (strcmp(message->file, "main") == 0 && message->line == 5 &&
		                        strstr(message->text, "parts/second:1 already covers it"));
	}
	ck_assert(has_first && has_main);
	seccomp_release(ctx);
	callgate_profile_free(profile);

	profile = new_profile();
	write_file("parts/second", "write -> ALLOW\n\ninclude ../main\n");
	ck_assert_int_eq(callgate_profile_read_file(profile, "main"), -EINVAL);
	ck_assert_str_eq(callgate_profile_diagnosis(profile), "parts/second:3:9: error: parts/../main includes itself");
	callgate_profile_free(profile);

	profile = new_profile();
	write_file("parts/second", "wriite -> ALLOW\n");
	ck_assert_int_eq(callgate_profile_read_file(profile, "main"), -EINVAL);
	ck_assert_str_eq(callgate_profile_message(profile, 0)->file, "parts/second");
	callgate_profile_free(profile);
	/* Two files that include a third one often: no work without bound. */
	profile = new_profile();
	FILE *file_of_many = fopen("parts/first", "we");
	ck_assert_ptr_nonnull(file_of_many);
	for (int i = 0; i < 50; i++)
		fputs("include second\n", file_of_many);
	ck_assert_int_eq(fclose(file_of_many), 0);
	ck_assert_int_eq(rename("parts/first", "parts/third"), 0);
	write_file("parts/second", "");
	file_of_many = fopen("main", "we");
	ck_assert_ptr_nonnull(file_of_many);
	fputs("default EPERM\n", file_of_many);
	for (int i = 0; i < 50; i++)
		fputs("include parts/third\n", file_of_many);
	ck_assert_int_eq(fclose(file_of_many), 0);
	ck_assert_int_eq(callgate_profile_read_file(profile, "main"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_profile_message(profile, 0)->text, "more than 1000 files are included"));
	callgate_profile_free(profile);
	(void)!system("rm -r parts main");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* What begins otherwise is no policy, and is read as JSON. */
START_TEST(other_texts_are_profiles)
{
	static const char *const texts[] = {"defaultAction: x\n", "read -> ALLOW\n", "defaults", "{\"default\": 1}"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct callgate_profile *profile = new_profile();
		ck_assert_int_eq(callgate_profile_read_memory(profile, texts[i], strlen(texts[i]), "p"), -EINVAL);
		ck_assert_ptr_null(strstr(callgate_profile_diagnosis(profile), "action or an error"));
		callgate_profile_free(profile);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("policies");

	tcase_add_test(tcase, the_first_match_decides);
	tcase_add_test(tcase, a_baseline);
	tcase_add_test(tcase, multiplexed_calls);
	tcase_add_test(tcase, alternatives);
	tcase_add_loop_test(tcase, what_never_decides_is_a_warning, 0, WARNINGS);
	tcase_add_test(tcase, numbers_are_names);
	tcase_add_loop_test(tcase, nobody_answers, 0, 2);
	tcase_add_test(tcase, carriage_returns);
	tcase_add_loop_test(tcase, mistakes_have_places, 0, MISTAKES);
	tcase_add_loop_test(tcase, values_fit_their_arguments, 0, WIDE);
	tcase_add_test(tcase, values_may_be_of_a_register);
	tcase_add_test(tcase, files_include_others);
	tcase_add_test(tcase, other_texts_are_profiles);
	return simulated_run(tcase);
}
