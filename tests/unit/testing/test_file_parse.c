/* What is wrong with a test file, and where; and what a right one says. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/test_file.h>
#include <callgate/testing.h>

#include "support/run.h"

static struct callgate_test_file *parse(const char *text)
{
	struct callgate_test_file *file = NULL;

	ck_assert_int_eq(callgate_test_file_parse(text, strlen(text), &file), 0);
	return file;
}

/* ---- mistakes: the text may have several lines; there is this one mistake ---- */

static const struct {
	const char *text;
	unsigned line, column;
	const char *words;
} mistakes[] = {
    /* calls */
    {"raed -> ALLOW", 1, 1, "no system call \"raed\"; did you mean \"read\"?"},
    {"\n\n  raed(1) -> ALLOW", 3, 3, "did you mean \"read\"?"},
    {"profiel x.json", 1, 1, "did you mean \"profile\"?"},
    {"xyzzyxyzzy -> ALLOW", 1, 1, "there is no system call \"xyzzyxyzzy\""},
    {"read, , write -> ALLOW", 1, 7, "the name of a system call or a set"},
    {"-> ALLOW", 1, 1, "the name of a system call or a set"},
    {"4294967296 -> ALLOW", 1, 1, "below 2^31"},
    {"read(1, 2, 3, 4, 5, 6, 7) -> ALLOW", 1, 24, "at most 6 arguments"},
    {"read(1 -> ALLOW", 1, 8, "should be \")\""},
    {"read(1 2) -> ALLOW", 1, 8, "should be \")\""},
    {"read", 1, 5, "should be \"->\" after the calls"},
    {"read => ALLOW", 1, 6, "should be \"->\""},
    {"read -> ALLOW or else", 1, 15, "should end here"},
    /* sets */
    {"@netwrok -> ALLOW", 1, 1, "no set \"@netwrok\"; did you mean \"@network\"?"},
    {"@x -> ALLOW", 1, 1, "no set \"@x\""},
    {"read, @nothing-like-it -> ALLOW", 1, 7, "no set"},
    {"@network(1) -> ALLOW", 1, 9, "should be \"->\""},
    /* values */
    {"read(O_RDNOLY) -> ALLOW", 1, 6, "no constant \"O_RDNOLY\"; did you mean \"O_RDONLY\"?"},
    {"read(1|XYZZYXYZZY) -> ALLOW", 1, 8, "no constant \"XYZZYXYZZY\""},
    {"read(1|) -> ALLOW", 1, 8, "a number or a constant"},
    {"read() -> ALLOW\nread( -> ALLOW", 2, 7, "a number or a constant"},
    {"read(0x) -> ALLOW", 1, 6, "0x without digits"},
    {"read(0x1g) -> ALLOW", 1, 9, "\"g\" is no digit of a hexadecimal number"},
    {"read(08) -> ALLOW", 1, 7, "\"8\" is no digit of an octal number"},
    {"read(1a) -> ALLOW", 1, 7, "\"a\" is no digit of a decimal number"},
    {"read(18446744073709551616) -> ALLOW", 1, 6, "does not fit 64 bits"},
    {"read((1|2) -> ALLOW", 1, 12, "should be \")\""},
    {"read(\"x\") -> ALLOW", 1, 6, "only a `live:` call can have a string"},
    {"read(* & 3) -> ALLOW", 1, 11, "should be \"==\" after the mask"},
    {"read(* & 1 == 2) -> ALLOW", 1, 6, "bits that the mask does not have"},
    {"read(* & 0 != 0) -> ALLOW", 1, 6, "no argument can be like this"},
    {"read(< 0) -> ALLOW", 1, 6, "no argument can be like this"},
    {"read(> 0xffffffffffffffff) -> ALLOW", 1, 6, "no argument can be like this"},
    {"read(4..3) -> ALLOW", 1, 6, "the range 4..3 is empty"},
    {"read(1, >= -1) -> ALLOW", 1, 9, "unsigned"},
    {"read(AT_FDCWD..3) -> ALLOW", 1, 6, "unsigned"},
    {"read((u32) 0x100000000) -> ALLOW", 1, 6, "does not fit 32 bits"},
    {"read((u32) > 0xffffffff) -> ALLOW", 1, 6, "no argument can be like this"},
    {"read((u32) >= -1) -> ALLOW", 1, 6, "unsigned"},
    {"read((u32) \"x\") -> ALLOW", 1, 12, "a number or a constant"},
    {"read({}) -> ALLOW", 1, 7, "a number or a constant"},
    {"read({1, 2) -> ALLOW", 1, 11, "\"}\" after the values"},
    {"read({1, 2}..3) -> ALLOW", 1, 12, "\")\" after the arguments"},
    {"read(< {1, 2}) -> ALLOW", 1, 8, "a number or a constant"},
    {"read(* & 3 != {1, 2}) -> ALLOW", 1, 15, "a number or a constant"},
    {"read({0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32}) -> "
     "ALLOW",
     1, 93, "more than 32 values"},
    {"read((u32) {1, 0x100000000}) -> ALLOW", 1, 6, "does not fit 32 bits"},
    /* What would mean something else than it says. */
    {"socket(AF_UNIX|AF_INET) -> ALLOW", 1, 8, "either of them is {AF_UNIX, AF_INET}"},
    {"socket(AF_LOCAL|AF_INET) -> ALLOW", 1, 8, "either of them is {AF_LOCAL, AF_INET}"},
    {"socket(*, SOCK_STREAM|SOCK_DGRAM) -> ALLOW", 1, 11, "either of them is {SOCK_STREAM, SOCK_DGRAM}"},
    {"socket({AF_UNIX|AF_INET, 5}) -> ALLOW", 1, 8, "either of them"},
    {"socket({5, AF_UNIX|AF_INET}) -> ALLOW", 1, 8, "either of them"},
    {"socket(AF_UNIX|SOCK_CLOEXEC) -> ALLOW", 1, 8, "not a bit"},
    {"41(AF_UNIX|AF_INET) -> ALLOW", 1, 4, "either of them is {AF_UNIX, AF_INET}"},
    {"0x40000029(AF_UNIX|AF_INET) -> ALLOW", 1, 12, "either of them is {AF_UNIX, AF_INET}"},
    {"socket(*, SOCK_STREAM|SOCK_DGRAM|SOCK_CLOEXEC) -> ALLOW", 1, 11, "not a bit"},
    /* expectations */
    {"read ->", 1, 8, "an action or an error"},
    {"read -> 0", 1, 9, "this number is an action or an error: write KILL"},
    {"read -> 0x50001", 1, 9, "write ERRNO(EPERM)"},
    {"read -> 0x100000000", 1, 9, "at most 4294967295"},
    {"read -> (", 1, 9, "an action or an error"},
    {"read -> ALOW", 1, 9, "no action and no error; did you mean \"ALLOW\"?"},
    {"read -> EPREM", 1, 9, "did you mean \"EPERM\"?"},
    {"read -> O_RDONLY", 1, 9, "no action and no error"},
    {"read -> killed", 1, 9, "no action and no error"},
    {"read -> ERRNO", 1, 14, "should be \"(\" after ERRNO"},
    {"read -> ERRNO(65536)", 1, 15, "at most 65535"},
    {"read -> TRACE(0x10000)", 1, 15, "at most 65535"},
    {"read -> TRACE(1", 1, 16, "should be \")\""},
    {"read -> ALLOW()", 1, 15, "a number or a constant"},
    {"read -> TRAP(65536)", 1, 14, "at most 65535"},
    /* other kinds of lines */
    {"only read -> EPERM", 1, 5, "what may be allowed"},
    {"only read(1) -> ALLOW", 1, 5, "without arguments"},
    {"other things -> ALLOW", 1, 7, "`other calls`"},
    {"unknown -> ALLOW", 1, 9, "`unknown calls`"},
    {"on x86: other architectures -> ALLOW", 1, 1, "than those of the filter"},
    {"no better than x", 1, 1, "`no weaker than FILE`"},
    {"no weaker than", 1, 15, "the name of a file is missing"},
    {"on x86: no weaker than x.json", 1, 1, "about all architectures"},
    {"on x86_46: read -> ALLOW", 1, 4, "did you mean \"x86_64\"?"},
    {"on x86 x86: read -> ALLOW", 1, 8, "here twice"},
    {"on x86", 1, 7, "the name of an architecture"},
    /* live */
    {"live read(1) -> 0", 1, 6, "should be \":\" after live"},
    {"live: read -> 0", 1, 12, "arguments in parentheses"},
    {"live: read(*) -> 0", 1, 12, "made once"},
    {"live: read((u32) 1) -> 0", 1, 12, "made once"},
    {"live: read((u64) 1) -> 0", 1, 12, "made once"},
    {"live: read({1, 2}) -> 0", 1, 12, "made once"},
    {"live: read((u32) \"x\") -> 0", 1, 12, "made once"},
    {"live: read(!= 1) -> 0", 1, 12, "made once"},
    {"live: read(1..2) -> 0", 1, 13, "should be \")\""},
    {"live: @network -> 0", 1, 7, "not a set"},
    {"live: read(1), read(2) -> 0", 1, 14, "should be \"->\""},
    {"live: read(\"x) -> 0", 1, 12, "has no end"},
    {"live: read(\"a\\q\") -> 0", 1, 14, "after \\ there can be"},
    {"live: read(\"\\x1\") -> 0", 1, 13, "after \\ there can be"},
    {"live: read(1) -> ALLOW", 1, 18, "can't see ALLOW"},
    {"live: read(1) -> NOTIFY", 1, 18, "can't see NOTIFY"},
    {"live: read(1) -> TRAP(3)", 1, 22, "should end here"},
    {"live: read(1) -> SIGNOTHING", 1, 18, "no signal"},
    {"live: read(1) -> kiled", 1, 18, "did you mean \"killed\"?"},
    {"on x86_64: live: read(1) -> 0", 1, 1, "this machine's"},
    /* directives */
    {"profile", 1, 8, "the name of a file is missing"},
    {"profile \"\"", 1, 1, "is empty"},
    {"profile a.json b.json", 1, 16, "should end here"},
    {"profile \"a\\0b\"", 1, 11, "no NUL"},
    {"cap CAP_CHOWN\nprogram x", 2, 1, "a program is ready"},
    {"program x\nkernel 6.1", 2, 1, "a program is ready"},
    {"arch", 1, 5, "the name of an architecture"},
    {"arch x86_64 arm64", 1, 13, "no architecture \"arm64\"; did you mean \"aarch64\"?"},
    {"read -> ALLOW\narch x86", 2, 1, "before the tests"},
    {"cap", 1, 4, "the name of a capability"},
    {"cap none\ncap CAP_CHOWN", 2, 1, "a second `cap`"},
    {"kernel", 1, 7, "a version is missing"},
    {"option", 1, 7, "an option is missing"},
    {"option stric", 1, 8, "no option \"stric\"; did you mean \"strict\"?"},
    {"option default-errno", 1, 21, "value is missing"},
    {"option unknown-calls  never", 1, 23,
     "\"never\" is no value of the option unknown-calls: there are auto, enosys, default, named"},
    {"option like dokcer", 1, 13, "there are auto, docker, podman, runc, crun"},
    {"option like aut", 1, 13, "no value"},
    {"option like runc,", 1, 13, "no value"},
    {"option same-argument xor", 1, 22, "there are or, and"},
    {"option strict\noption strict", 2, 8, "a second `option strict`"},
    {"test", 1, 5, "words that tell"},
    {"deadline 0", 1, 10, "from 1 to 3600000"},
    {"deadline 1s", 1, 10, "from 1 to 3600000"},
    {"deadline 99999999999999999999", 1, 10, "from 1 to 3600000"},
    /* characters; columns count them */
    {"read -> \xff", 1, 9, "0xff is not UTF-8"},
    {"# \xc3\xa4\xed\xa0\x80", 1, 4, "0xed is not UTF-8"},
    {"# \xc0\x80", 1, 3, "0xc0 is not UTF-8"},
    {"# \xf4\x90\x80\x80", 1, 3, "0xf4 is not UTF-8"},
    {"# \xe2\x82", 1, 3, "0xe2 is not UTF-8"},
    {"# \033[0m", 1, 3, "control character 0x1b"},
    {"read\r\r\n", 1, 5, "control character 0x0d"},
    {"test a \xc2\x9b b", 1, 8, "control character U+009B"},
    {"\xef\xbb\xbfraed -> LOG", 1, 1, "no system call \"raed\""},
    {"read -> LOG\n\xef\xbb\xbf", 2, 1, "the name of a system call"},
    {"live: read(\"\xc3\xa4\xc3\xa4\", X) -> 0", 1, 18, "no constant \"X\""},
};

START_TEST(one_mistake)
{
	struct callgate_test_file *file = parse(mistakes[_i].text);
	const struct callgate_test_message *message = callgate_test_file_message(file, 0);

	ck_assert_msg(message != NULL, "no mistake in: %s", mistakes[_i].text);
	ck_assert_msg(message->line == mistakes[_i].line && message->column == mistakes[_i].column &&
	                  strstr(message->text, mistakes[_i].words),
	              "%s\n%u:%u: %s\nnot %u:%u: %s", mistakes[_i].text, message->line, message->column, message->text,
	              mistakes[_i].line, mistakes[_i].column, mistakes[_i].words);
	ck_assert_ptr_null(callgate_test_file_message(file, 1));
	ck_assert_ptr_null(callgate_test_file_test(file, 0));
	callgate_test_file_free(file);
}
END_TEST

/* The right neighbours of the mistakes above. */
static const char *const right[] = {
    "",
    "\n\r\n \t \n# read\n\t# read",
    "\xef\xbb\xbfread -> ALLOW",
    "read -> ALLOW # comment",
    "read->ALLOW",
    "  read ( 1 , 0x1F|O_RDWR , * ) -> SCMP_ACT_ALLOW",
    "read(0..3, >= 4, != -1, * & (O_RDWR|O_CREAT) != 0, ~0xff, ~(1|2)) -> ERRNO(0)",
    "read(18446744073709551615, 07, (1|2)) -> ERRNO(4095)",
    "read(0xdeadBEEF) -> TRACE(O_CREAT)",
    "read, write, @network, @file-read, 500 -> KILL_THREAD",
    "@file-read->LOG",
    "only @file-read, read -> ALLOW",
    "on x86 x86_64, arm: other calls -> TRAP",
    "other architectures -> NOTIFY",
    "unknown calls -> ENOSYS",
    "no weaker than \"an other\\x2ejson\"",
    "live: open(\"/\\x00\\\"\\n\\t\\\\#\", 0) -> success",
    "live: read(-1, NULL, 0) -> ERRNO(EBADF)",
    "live: read(-1) -> SIGKILL",
    "live: read(-1) -> -1",
    "live: 39() -> 0|1",
    "live: read(-1) -> KILL",
    "profile x#y.json # is x#y.json",
    "profile x.json\r\narch x86_64\r\ntest it works\r\nread -> EPERM\r\n",
    "test x\ndeadline 3600000",
    "read -> EPERM # \xf0\x9f\x99\x82\xef\xbf\xbf\xe0\xa0\x80",
};

START_TEST(no_mistake)
{
	struct callgate_test_file *file = parse(right[_i]);
	const struct callgate_test_message *message = callgate_test_file_message(file, 0);

	ck_assert_msg(!message, "%s\n%u:%u: %s", right[_i], message->line, message->column, message->text);
	callgate_test_file_free(file);
}
END_TEST

/* ---- all mistakes at once, up to a point ---- */

START_TEST(many_mistakes)
{
	char text[2001 * 5 + 1] = "";
	unsigned count = 0;

	for (int i = 0; i < 2000; i++)
		memcpy(text + (size_t)i * 5, "xyzz\n", 6);
	struct callgate_test_file *file = parse(text);
	const struct callgate_test_message *message;
	for (; (message = callgate_test_file_message(file, count)); count++)
		ck_assert_uint_eq(message->line, count + 1);
	ck_assert_uint_eq(count, CALLGATE_TEST_FILE_MESSAGES_MAX);
	message = callgate_test_file_message(file, count - 1);
	ck_assert_str_eq(message->text, "and there are more mistakes");
	callgate_test_file_free(file);
}
END_TEST

START_TEST(bytes_and_sizes)
{
	static char text[CALLGATE_TEST_FILE_SIZE_MAX + 1];
	struct callgate_test_file *file = NULL;

	ck_assert_int_eq(callgate_test_file_parse("read\0 -> ALLOW", 14, &file), 0);
	ck_assert_uint_eq(callgate_test_file_message(file, 0)->column, 5);
	ck_assert_ptr_nonnull(strstr(callgate_test_file_message(file, 0)->text, "NUL"));
	callgate_test_file_free(file);
	memset(text, ' ', sizeof(text)); /* one line */
	ck_assert_int_eq(callgate_test_file_parse(text, sizeof(text), &file), -EFBIG);
	memcpy(text + sizeof(text) - 8, " raed ->", 8);
	ck_assert_int_eq(callgate_test_file_parse(text, sizeof(text) - 1, &file), 0);
	ck_assert_uint_eq(callgate_test_file_message(file, 0)->column, sizeof(text) - 6);
	callgate_test_file_free(file);
	ck_assert_int_eq(callgate_test_file_parse(NULL, 1, &file), -EINVAL);
	ck_assert_int_eq(callgate_test_file_parse("", 0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_test_file_parse(NULL, 0, &file), 0);
	ck_assert_ptr_null(callgate_test_file_filter(file, 0));
	callgate_test_file_free(file);
	callgate_test_file_free(NULL);
	ck_assert_ptr_null(callgate_test_file_test(NULL, 0));
	ck_assert_ptr_null(callgate_test_file_filter(NULL, 0));
	ck_assert_ptr_null(callgate_test_file_message(NULL, 0));
}
END_TEST

/* One line as long as a file can be, of things that are kept. */
START_TEST(long_lines)
{
	static const char *const repeated[] = {"read,", "read(1|1|1|1),", "@network,"};
	static char text[1 << 20];

	for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++) {
		size_t len = strlen(repeated[i]), at = 0;
		for (; at + len + 20 < sizeof(text); at += len)
			memcpy(text + at, repeated[i], len);
		strcpy(text + at, "write -> EPERM");
		struct callgate_test_file *file = parse(text);
		ck_assert_ptr_null(callgate_test_file_message(file, 0));
		ck_assert_ptr_nonnull(callgate_test_file_test(file, 0));
		ck_assert_ptr_null(callgate_test_file_test(file, 1));
		callgate_test_file_free(file);
	}
}
END_TEST

/* A few bytes of text must not become a great many tests. */
START_TEST(too_many_tests)
{
	static char text[1 << 20];
	size_t at = 0;
	unsigned lists = 0;

	for (; lists < 33; lists++)
		at += (size_t)sprintf(text + at, "arch x86\n");
	struct callgate_test_file *file = parse(text);
	ck_assert_uint_eq(callgate_test_file_message(file, 0)->line, 33);
	callgate_test_file_free(file);
	for (at -= 9; at + 20 < sizeof(text);)
		at += (size_t)sprintf(text + at, "read -> EPERM\n");
	file = parse(text);
	ck_assert_ptr_nonnull(strstr(callgate_test_file_message(file, 0)->text, "more than 20000 tests"));
	ck_assert_uint_eq(callgate_test_file_message(file, 0)->line, 32 + 20000 / 32 + 1);
	callgate_test_file_free(file);
}
END_TEST

/* ---- what is read ---- */

START_TEST(filters_and_tests)
{
	struct callgate_test_file *file = parse("# before\n"
	                                        "profile \"a b.json\"\n"
	                                        "arch x86_64 x86\n"
	                                        "arch aarch64\n"
	                                        "cap CAP_CHOWN, CAP_KILL\n"
	                                        "kernel 6.1\n"
	                                        "option strict\n"
	                                        "option unknown-calls enosys\n"
	                                        "test the first\n"
	                                        "\tread -> ALLOW   # why\n"
	                                        "no weaker than other.bpf\n"
	                                        "program p.bpf\n"
	                                        "write -> EPERM\n");
	const struct callgate_test_filter *filter = callgate_test_file_filter(file, 0);

	ck_assert_ptr_null(callgate_test_file_message(file, 0));
	ck_assert_str_eq(filter->path, "a b.json");
	ck_assert(!filter->is_program);
	ck_assert_uint_eq(filter->line, 2);
	ck_assert_uint_eq(filter->arch_count, 2);
	ck_assert_uint_eq(filter->archs[1], SCMP_ARCH_X86);
	ck_assert(filter->has_capabilities);
	ck_assert_uint_eq(filter->capability_count, 2);
	ck_assert_str_eq(filter->capabilities[1], "CAP_KILL");
	ck_assert_str_eq(filter->kernel, "6.1");
	ck_assert_uint_eq(filter->option_count, 2);
	ck_assert_ptr_null(filter->options[0].value);
	ck_assert_str_eq(filter->options[1].name, "unknown-calls");
	ck_assert_str_eq(filter->options[1].value, "enosys");
	/* the other one of `no weaker than`, in the same environment; then the second list, and its other one */
	filter = callgate_test_file_filter(file, 1);
	ck_assert_str_eq(filter->path, "other.bpf");
	ck_assert(filter->is_program);
	ck_assert_uint_eq(filter->arch_count, 2);
	ck_assert_uint_eq(callgate_test_file_filter(file, 2)->archs[0], SCMP_ARCH_AARCH64);
	filter = callgate_test_file_filter(file, 4);
	ck_assert_str_eq(filter->path, "p.bpf");
	ck_assert(filter->is_program && !filter->has_capabilities && !filter->kernel);
	ck_assert_ptr_null(callgate_test_file_filter(file, 5));

	const struct callgate_test *test = callgate_test_file_test(file, 0);
	ck_assert_str_eq(test->name, "the first: read -> ALLOW [x86_64 x86]");
	ck_assert_str_eq(test->heading, "the first");
	ck_assert_str_eq(test->text, "read -> ALLOW");
	ck_assert(test->line == 10 && test->column == 2 && test->filter == 0 && test->other == SIZE_MAX);
	ck_assert_int_eq(test->kind, CALLGATE_TEST_CALLS);
	test = callgate_test_file_test(file, 3);
	ck_assert_str_eq(test->name, "the first: no weaker than other.bpf [aarch64]");
	ck_assert(test->kind == CALLGATE_TEST_NO_WEAKER && test->filter == 2 && test->other == 3);
	test = callgate_test_file_test(file, 4);
	ck_assert_str_eq(test->name, "write -> EPERM"); /* another filter, no heading any more */
	ck_assert_uint_eq(test->filter, 4);
	ck_assert_ptr_null(callgate_test_file_test(file, 5));
	callgate_test_file_free(file);
}
END_TEST

START_TEST(capabilities)
{
	struct callgate_test_file *file = parse("cap none\nread -> ALLOW");
	const struct callgate_test_filter *filter = callgate_test_file_filter(file, 0);

	ck_assert(filter->has_capabilities && filter->capability_count == 0 && !filter->path);
	callgate_test_file_free(file);
}
END_TEST

/* ---- calls by themselves ---- */

static const struct {
	uint32_t arch;
	const char *text, *words;
} no_calls[] = {
    {SCMP_ARCH_X86_64, "", "column 1: "},
    {SCMP_ARCH_X86_64, "raed(1)", "column 1: there is no system call \"raed\"; did you mean \"read\"?"},
    {SCMP_ARCH_X86_64, "  read(1, O_RDNOLY)", "column 11: there is no constant"},
    {SCMP_ARCH_X86_64, "read -> ALLOW", "column 6: "},
    {SCMP_ARCH_X86_64, "read\nwrite", "column 5: "},
    {SCMP_ARCH_X86_64, "read, write", "column 5: "},
    {SCMP_ARCH_AARCH64, "open(1)", "aarch64 does not have the call open"},
    {SCMP_ARCH_X86_64, "read(!= 1, != 2, != 3, != 4, != 5 , 6) x", "column 40: "},
    {12345, "read", "unknown architecture"},
};

START_TEST(no_call)
{
	struct callgate_call_kinds *kinds;

	ck_assert_int_eq(callgate_call_kinds_parse(no_calls[_i].text, no_calls[_i].arch, &kinds), -EINVAL);
	ck_assert_msg(strstr(callgate_failure(), no_calls[_i].words), "%s: %s", no_calls[_i].text, callgate_failure());
}
END_TEST

START_TEST(calls_by_themselves)
{
	struct callgate_call_kinds *kinds;

	ck_assert_int_eq(callgate_call_kinds_parse(" openat(AT_FDCWD, *, O_WRONLY) ", SCMP_ARCH_X86_64, &kinds), 0);
	ck_assert_uint_eq(kinds->count, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(kinds->kinds[i].nr, 257);
		ck_assert_uint_eq(kinds->kinds[i].comparison_count, 2);
		ck_assert_uint_eq(kinds->kinds[i].comparisons[0].arg, 0);
		ck_assert_uint_eq((uint32_t)kinds->kinds[i].comparisons[0].datum_a, 0xffffff9c);
		ck_assert_uint_eq(kinds->kinds[i].comparisons[1].arg, 2);
		ck_assert_uint_eq(kinds->kinds[i].comparisons[1].datum_a, 1);
	}
	ck_assert_uint_ne(kinds->kinds[0].comparisons[0].datum_a, kinds->kinds[1].comparisons[0].datum_a);
	callgate_call_kinds_free(kinds);
	ck_assert_int_eq(callgate_call_kinds_parse("@network", SCMP_ARCH_X86_64, &kinds), 0);
	ck_assert_uint_gt(kinds->count, 10);
	callgate_call_kinds_free(kinds);
	ck_assert_int_eq(callgate_call_kinds_parse("100000", SCMP_ARCH_X86, &kinds), 0);
	ck_assert(kinds->count == 1 && kinds->kinds[0].nr == 100000 && kinds->arch == SCMP_ARCH_X86);
	ck_assert_uint_eq(kinds->kinds[0].comparison_count, 6); /* upper halves are zero */
	callgate_call_kinds_free(kinds);
	ck_assert_int_eq(callgate_call_kinds_parse(NULL, 0, &kinds), -EINVAL);
	ck_assert_int_eq(callgate_call_kinds_parse("read", 0, NULL), -EINVAL);
	callgate_call_kinds_free(NULL);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("test file");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, one_mistake, 0, sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_loop_test(tests, no_mistake, 0, sizeof(right) / sizeof(right[0]));
	tcase_add_test(tests, many_mistakes);
	tcase_add_test(tests, bytes_and_sizes);
	tcase_add_test(tests, long_lines);
	tcase_add_test(tests, too_many_tests);
	tcase_add_test(tests, filters_and_tests);
	tcase_add_test(tests, capabilities);
	tcase_add_loop_test(tests, no_call, 0, sizeof(no_calls) / sizeof(no_calls[0]));
	tcase_add_test(tests, calls_by_themselves);
	return test_run(tests);
}
