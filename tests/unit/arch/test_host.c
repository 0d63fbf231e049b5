/*
 * The tables against the <asm/unistd.h> of this machine: the compiler is asked what each __NR_ macro stands for.
 * Arguments: an architecture, and the compiler's option for it.
 */
#include "arch/arch.h"
#include "support/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#define SKIP           77
#define NAMES_AT_LEAST 250 /* every architecture has had more calls than this for ten years */

static const struct callgate_arch *arch;
static char source_path[] = "/tmp/callgate-host-XXXXXX";
static char command[512];

/* A file with "@NAME __NR_NAME" for each name: preprocessed, the number or the macro's name stands on the right. */
static bool write_source(void)
{
	int fd = mkstemp(source_path);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (!file)
		return false;
	fprintf(file, "#include <asm/unistd.h>\n");
	for (size_t i = 0; arch_syscall_name_at(i); i++)
		fprintf(file, "@%s __NR_%s\n", arch_syscall_name_at(i), arch_syscall_name_at(i));
	return fclose(file) == 0;
}

/* The value of a sum of constants, such as (0x40000000 + 1); false if there is something else in it. */
static bool sum_of(const char *text, long *ret_sum)
{
	long sum = 0;

	while (*text != '\0' && *text != '\n') {
		char *end = (char *)text + 1;

		if (strchr("0123456789", *text))
			sum += strtol(text, &end, 0);
		else if (!strchr("()+ ", *text))
			return false;
		text = end;
	}
	*ret_sum = sum;
	return true;
}

START_TEST(numbers_agree_with_the_header)
{
	FILE *output = popen(command, "re");
	char line[512];
	size_t found = 0;

	ck_assert_ptr_nonnull(output);
	while (fgets(line, sizeof(line), output)) {
		char *rest = line + 1;
		long want = 0;

		if (line[0] != '@')
			continue;
		const char *name = strsep(&rest, " ");
		if (!sum_of(rest, &want))
			continue;
		found++;
		ck_assert_msg(arch_syscall_direct_number(arch, name) == want, "%s: %s is %d, not %ld", arch->name, name,
		              arch_syscall_direct_number(arch, name), want);
	}
	ck_assert_int_eq(pclose(output), 0);
	ck_assert_uint_ge(found, NAMES_AT_LEAST);
}
END_TEST

static int run(void)
{
	TCase *tests = tcase_create("arch/host");

	tcase_add_test(tests, numbers_agree_with_the_header);

	return test_run(tests);
}

int main(int argc, char **argv)
{
	char trial[600];
	int result = SKIP;

	arch = argc > 1 ? callgate_arch_find_name(argv[1]) : arch_native();
	if (!arch || !write_source())
		return EXIT_FAILURE;
	snprintf(command, sizeof(command), "%s %s -E -P -x c %s", COMPILER, argc > 2 ? argv[2] : "", source_path);
	snprintf(trial, sizeof(trial), "%s >/dev/null 2>&1", command);
	if (argc < 3 || system(trial) == 0) /* the native one must work */
		result = run();
	else
		printf("skipped: the compiler finds no <asm/unistd.h> with %s\n", argv[2]);
	unlink(source_path);
	return result;
}
