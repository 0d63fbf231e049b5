/*
 * Random profiles that are nearly all valid, for the target of profile.c: entries for few calls, whose conditions meet
 * often.
 */
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "support/random.h"

enum { RUNS = 3000, TEXT_MAX = 1 << 16 };

struct writer {
	struct random random;
	char text[TEXT_MAX];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *writer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(writer->text + writer->length, sizeof(writer->text) - writer->length, format, args);
	va_end(args);
	FUZZ_EXPECT(length >= 0 && writer->length + (size_t)length < sizeof(writer->text));
	writer->length += (size_t)length;
}

static uint32_t below(struct writer *writer, uint32_t bound)
{
	return random_below(&writer->random, bound);
}

#define PICK(writer, list) ((list)[below(writer, sizeof(list) / sizeof((list)[0]))])

/* Small and near to each other, or at the ends of words. */
static uint64_t value(struct writer *writer)
{
	static const uint64_t edges[] = {0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x1000000000};

	return below(writer, 6) ? below(writer, 5) : PICK(writer, edges);
}

static void put_condition(struct writer *writer)
{
	static const char *const ops[] = {"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};

	put(writer, "{\"index\":%u,\"value\":%llu,", below(writer, 3), (unsigned long long)value(writer));
	put(writer, "\"valueTwo\":%llu,\"op\":\"SCMP_CMP_%s\"}", (unsigned long long)value(writer), PICK(writer, ops));
}

static void put_list(struct writer *writer, const char *key, const char *const *words, uint32_t count)
{
	put(writer, "\"%s\":[", key);
	for (uint32_t i = 0, some = below(writer, 2) + 1; i < some; i++)
		put(writer, "%s\"%s\"", i ? "," : "", words[below(writer, count)]);
	put(writer, "]");
}

static void put_selector(struct writer *writer, const char *key)
{
	static const char *const caps[] = {"CAP_SYS_ADMIN", "CAP_BPF"}, *const arches[] = {"amd64", "s390x", "arm64"},
	                         *const kernels[] = {"4.8", "6.1", "6.2", "10.0"};

	put(writer, ",\"%s\":{", key);
	switch (below(writer, 3)) {
	case 0:
		put_list(writer, "caps", caps, 2);
		break;
	case 1:
		put_list(writer, "arches", arches, 3);
		break;
	default:
		put(writer, "\"minKernel\":\"%s\"", PICK(writer, kernels));
	}
	put(writer, "}");
}

static void put_action(struct writer *writer, const char *key, const char *number, const char *error)
{
	static const char *const actions[] = {"ALLOW", "ALLOW", "ERRNO", "ERRNO", "LOG", "TRAP", "KILL", "TRACE"};
	static const char *const errors[] = {"EPERM", "ENOSYS", "EINVAL"};
	const char *action = PICK(writer, actions);

	put(writer, "\"%s\":\"SCMP_ACT_%s\"", key, action);
	if (action[0] != 'E' || below(writer, 2))
		return;
	if (below(writer, 2))
		put(writer, ",\"%s\":%u", number, below(writer, 3));
	else
		put(writer, ",\"%s\":\"%s\"", error, PICK(writer, errors));
}

static void put_entry(struct writer *writer)
{
	static const char *const names[] = {"read",  "write", "socket",  "connect",
	                                    "shmat", "mmap2", "openat2", "no_call"};

	put(writer, "{");
	put_list(writer, "names", names, below(writer, 3) ? 2 : 8);
	put(writer, ",");
	put_action(writer, "action", "errnoRet", "errno");
	for (uint32_t i = 0, some = below(writer, 4); i < some; i++) {
		put(writer, i ? "," : ",\"args\":[");
		put_condition(writer);
		if (i + 1 == some)
			put(writer, "]");
	}
	if (below(writer, 8) == 0)
		put_selector(writer, "includes");
	if (below(writer, 8) == 0)
		put_selector(writer, "excludes");
	put(writer, "}");
}

static void put_profile(struct writer *writer)
{
	writer->length = 0;
	put(writer, "{");
	put_action(writer, "defaultAction", "defaultErrnoRet", "defaultErrno");
	put(writer, ",\"syscalls\":[");
	for (uint32_t i = 0, some = below(writer, 7) + 1; i < some; i++) {
		put(writer, i ? ",\n" : "\n");
		put_entry(writer);
	}
	put(writer, "]}%.*s", (int)below(writer, 33), "                                ");
}

static struct writer writer;

/* The input that a failure was about. */
static void show(int number)
{
	ssize_t written = write(STDERR_FILENO, writer.text, writer.length);

	(void)number;
	(void)written;
}

int main(int argc, char **argv)
{
	(void)argc;
	signal(SIGABRT, show);
	writer.random = random_start(argv[0]);
	for (unsigned long i = random_runs(RUNS); i > 0; i--) {
		put_profile(&writer);
		LLVMFuzzerTestOneInput((const uint8_t *)writer.text, writer.length);
	}
	return EXIT_SUCCESS;
}
