/*
 * attempt CALL...: makes system calls and says what each returns, one line per call: 0, or the number of the error. A
 * call is a number and arguments, "250/-1/0"; arguments that are not given are -1: bad descriptors, addresses and
 * flags, with which no call does any harm should a filter let it through. "x86:250" is a call of the 32-bit
 * architecture, which x86_64 has too.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS = 6 };

#ifdef __x86_64__
/* Five arguments: the sixth is in a register that a compiler does not give away. */
static int attempt_x86(long nr, const long args[ARGUMENTS])
{
	int result;

	__asm__ volatile("int $0x80"
	                 : "=a"(result)
	                 : "a"((int)nr), "b"((int)args[0]), "c"((int)args[1]), "d"((int)args[2]), "S"((int)args[3]),
	                   "D"((int)args[4])
	                 : "memory", "cc", "r8", "r9", "r10", "r11");
	return result < 0 && result > -4096 ? -result : 0;
}
#else
static int attempt_x86(long nr, const long args[ARGUMENTS])
{
	(void)nr;
	(void)args;
	return ENOTSUP;
}
#endif

static int attempt(const char *text)
{
	bool is_x86 = strncmp(text, "x86:", 4) == 0;
	char *end;
	long nr = strtol(text + (is_x86 ? 4 : 0), &end, 0), args[ARGUMENTS];

	for (int i = 0; i < ARGUMENTS; i++)
		args[i] = *end == '/' ? (long)strtoul(end + 1, &end, 0) : -1;
	if (is_x86)
		return attempt_x86(nr, args);
	return syscall(nr, args[0], args[1], args[2], args[3], args[4], args[5]) < 0 ? errno : 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char line[32];
		int len = snprintf(line, sizeof(line), "%d\n", attempt(argv[i]));
		if (write(STDOUT_FILENO, line, (size_t)len) != len)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
