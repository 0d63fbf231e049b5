/* Calls in words: names of constants, widths, strings, and buffers that are too small. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/decode.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "support/run.h"

static int read_path(void *data, uint64_t address, char *buffer, size_t size)
{
	if (address != 0x1000)
		return -1;
	snprintf(buffer, size, "%s", (const char *)data);
	return 0;
}

static void check_call(const char *words, const char *path, uint32_t arch, const char *name, const uint64_t args[6])
{
	struct callgate_call call = {.arch = arch, .nr = callgate_syscall_number(arch, name)};
	char text[400];

	memcpy(call.args, args, sizeof(call.args));
	size_t length =
	    callgate_decode_call(&call, path ? read_path : NULL, (void *)(uintptr_t)path, text, sizeof(text));
	ck_assert_str_eq(text, words);
	ck_assert_uint_eq(length, strlen(words));
}
#define WORDS(words, path, name, ...) check_call(words, path, SCMP_ARCH_X86_64, name, (const uint64_t[6]){__VA_ARGS__})

START_TEST(constants)
{
	WORDS("openat(AT_FDCWD, 0x1000, O_RDONLY|O_CLOEXEC, 0)", NULL, "openat", 0xffffff9c, 0x1000, 02000000);
	WORDS("openat(7, NULL, O_WRONLY|O_CREAT|O_TRUNC, 0644)", NULL, "openat", 7, 0, 01 | 0100 | 01000, 0644);
	WORDS("openat(-1, NULL, O_RDWR|O_SYNC|0x40000000, 0)", NULL, "openat", 0xffffffff, 0,
	      02 | 04010000 | 0x40000000);
	WORDS("socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0)", NULL, "socket", 1, 1 | 02000000);
	WORDS("socket(99, 0, 0)", NULL, "socket", 99);
	WORDS("mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, 0xffffffff, 0x0)", NULL, "mmap", 0,
	      8192, 3, 0x22, ~0ULL, 0);
	WORDS("clone(SIGCHLD|CLONE_VFORK|CLONE_VM, NULL, NULL, NULL, 0x0)", NULL, "clone", 0x4100 | 17);
	WORDS("kill(-1, SIGKILL)", NULL, "kill", ~0ULL, 9);
	WORDS("keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0x0, 0x0, 0x0, 0x0)", NULL, "keyctl", 1);
	WORDS("ptrace(PTRACE_TRACEME, 0, NULL, 0x0)", NULL, "ptrace", 0);
	WORDS("ioctl(0, TIOCSTI, 0x7)", NULL, "ioctl", 0, 0x5412, 7);
	WORDS("getpid()", NULL, "getpid", 1, 2, 3);
}
END_TEST

/* The kernel does not see the other bits, so the words don't, either. */
START_TEST(widths)
{
	WORDS("socket(AF_INET, SOCK_DGRAM, 0)", NULL, "socket", 0x500000002, 0x100000002);
	WORDS("chmod(0x100000000, 0600)", NULL, "chmod", 0x100000000, 0xf0180);
}
END_TEST

START_TEST(strings)
{
	char longest[300], words[300];

	WORDS("chmod(\"/etc/passwd\", 0400)", "/etc/passwd", "chmod", 0x1000, 0400);
	WORDS("chmod(\"a\\\"b\\\\\\033[2J\\377\", 0)", "a\"b\\\033[2J\377", "chmod", 0x1000);
	WORDS("chmod(0x2000, 0)", "not read", "chmod", 0x2000);
	WORDS("chmod(NULL, 0)", "not read", "chmod", 0);
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	snprintf(words, sizeof(words), "chmod(\"%.128s\"..., 0)", longest);
	WORDS(words, longest, "chmod", 0x1000);
}
END_TEST

START_TEST(unknown_calls)
{
	struct callgate_call call = {.arch = SCMP_ARCH_X86_64, .nr = 5000, .args = {1, 2, 3, 4, 5, ~0ULL}};
	char text[200];

	callgate_decode_call(&call, NULL, NULL, text, sizeof(text));
	ck_assert_str_eq(text, "5000(0x1, 0x2, 0x3, 0x4, 0x5, 0xffffffffffffffff)");
	call = (struct callgate_call){.arch = 0x12345678, .nr = -1};
	callgate_decode_call(&call, NULL, NULL, text, sizeof(text));
	ck_assert_str_eq(text, "0xffffffff(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)");
}
END_TEST

/* Constants have other values elsewhere: O_DIRECTORY of ARM is O_DIRECT of x86. */
START_TEST(other_architectures)
{
	const uint64_t args[6] = {0xffffff9c, 0, 040000};

	check_call("openat(AT_FDCWD, NULL, O_RDONLY|O_DIRECT, 0)", NULL, SCMP_ARCH_X86_64, "openat", args);
	check_call("openat(AT_FDCWD, NULL, O_RDONLY|O_DIRECTORY, 0)", NULL, SCMP_ARCH_ARM, "openat", args);
}
END_TEST

START_TEST(small_buffers)
{
	const struct callgate_call call = {.arch = SCMP_ARCH_X86_64, .nr = 41, .args = {1, 1, 0}};
	const char *const whole = "socket(AF_UNIX, SOCK_STREAM, 0)";
	char text[64];

	for (size_t size = 0; size < sizeof(text); size++) {
		memset(text, '#', sizeof(text));
		ck_assert_uint_eq(callgate_decode_call(&call, NULL, NULL, size ? text : NULL, size), strlen(whole));
		if (size > 0) {
			ck_assert_uint_eq(strlen(text), size - 1 < strlen(whole) ? size - 1 : strlen(whole));
			ck_assert_int_eq(strncmp(text, whole, strlen(text)), 0);
		}
		for (size_t i = size; i < sizeof(text); i++)
			ck_assert_int_eq(text[i], '#');
	}
}
END_TEST

START_TEST(one_argument)
{
	char text[64];

	callgate_decode_argument(SCMP_ARCH_X86_64, "openat", 2, 01001, text, sizeof(text));
	ck_assert_str_eq(text, "O_WRONLY|O_TRUNC");
	callgate_decode_argument(SCMP_ARCH_X86_64, "openat", 6, 1, text, sizeof(text));
	ck_assert_str_eq(text, "0x1");
	callgate_decode_argument(SCMP_ARCH_X86_64, "no_call", 0, 1, text, sizeof(text));
	ck_assert_str_eq(text, "0x1");
	callgate_decode_argument(12345, NULL, 0, 1, text, sizeof(text));
	ck_assert_str_eq(text, "0x1");
}
END_TEST

/* No call of any architecture, whatever its arguments are, has words that are unfinished or longer than is said. */
START_TEST(all_calls)
{
	const struct callgate_arch *arch;
	char text[1000];

	for (size_t a = 0; (arch = callgate_arch_at(a)); a++)
		for (int32_t nr = -1; nr < 600; nr++)
			for (int bit = 0; bit < 64; bit += 21) {
				struct callgate_call call = {.arch = arch->token, .nr = nr};
				for (int i = 0; i < 6; i++)
					call.args[i] = (uint64_t)1 << bit;
				size_t length = callgate_decode_call(&call, NULL, NULL, text, sizeof(text));
				ck_assert_uint_eq(length, strlen(text));
				ck_assert_int_eq(text[length - 1], ')');
			}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("decode");

	tcase_add_test(tests, constants);
	tcase_add_test(tests, widths);
	tcase_add_test(tests, strings);
	tcase_add_test(tests, unknown_calls);
	tcase_add_test(tests, other_architectures);
	tcase_add_test(tests, small_buffers);
	tcase_add_test(tests, one_argument);
	tcase_add_test(tests, all_calls);
	return test_run(tests);
}
