/* Every table, expanded, against an independent list of numbers. Skipped where that list is not at hand. */
#include "arch/arch.h"
#include "support/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#define SKIP                 77
#define ARCHITECTURE_COLUMNS 18
#define COMMON_LAST          511 /* x32 has numbers of its own above */
#define LINE_MAX_BYTES       512

static FILE *facts_open(const char *file)
{
	const char *shared = getenv("CALLGATE_SHARED");
	char path[4096];

	snprintf(path, sizeof(path), "%s/facts/%s", shared ? shared : SOURCE_ROOT "/../shared", file);
	return fopen(path, "re");
}

/* The next line that is no comment, without its newline. */
static bool next_line(FILE *file, char *line)
{
	while (fgets(line, LINE_MAX_BYTES, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '#')
			return true;
	}
	return false;
}

/* The architectures that a column speaks for: its own and the one of the other byte order. */
static size_t column_architectures(const char *column, const struct arch *ret_archs[2])
{
	static const char *const twins[][2] = {
	    {"mips", "mipsel"},   {"mips64", "mipsel64"}, {"mips64n32", "mipsel64n32"},
	    {"ppc64", "ppc64le"}, {"sh", "sheb"},
	};

	ret_archs[0] = arch_by_name(column);
	ck_assert_ptr_nonnull(ret_archs[0]);
	for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++)
		if (strcmp(twins[i][0], column) == 0) {
			ret_archs[1] = arch_by_name(twins[i][1]);
			return 2;
		}
	return 1;
}

static void check_cell(const char *column, const char *name, const char *cell)
{
	const struct arch *archs[2];
	size_t count = column_architectures(column, archs);

	for (size_t i = 0; i < count; i++) {
		int32_t want = -1;

		if (cell[0] != '\0')
			want = (int32_t)strtol(cell, NULL, 10) + (int32_t)archs[i]->nr_base;
		ck_assert_msg(arch_syscall_direct_number(archs[i], name) == want, "%s: %s is %d, not %d",
		              archs[i]->name, name, arch_syscall_direct_number(archs[i], name), want);
	}
}

/* Every architecture's column of one row. */
static void check_row(const char *header, const char *name, char *cells)
{
	char *columns = strdup(header);
	char *column_rest = columns;
	size_t covered = 0;

	ck_assert_str_eq(strsep(&column_rest, ","), "name");
	for (; cells && column_rest; covered++)
		check_cell(strsep(&column_rest, ","), name, strsep(&cells, ","));
	ck_assert_uint_eq(covered, ARCHITECTURE_COLUMNS);
	free(columns);
}

/* The highest of the numbers that calls have everywhere: what is newer than the facts is above it. */
static int32_t newest_number(void)
{
	FILE *file = facts_open("syscalls.csv");
	char line[LINE_MAX_BYTES];
	int32_t newest = 0;

	while (next_line(file, line))
		for (char *rest = line; rest;) {
			int32_t nr = (int32_t)strtol(strsep(&rest, ","), NULL, 10);

			if (nr > newest && nr <= COMMON_LAST)
				newest = nr;
		}
	fclose(file);
	return newest;
}

static void check_newer(const char *name, int32_t newest)
{
	for (size_t a = 0; a < arch_count(); a++) {
		int32_t nr = arch_syscall_direct_number(arch_at(a), name);

		ck_assert_msg(nr == -1 || nr > newest + (int32_t)arch_at(a)->nr_base,
		              "%s: %s is %d, and the facts have no such name", arch_at(a)->name, name, nr);
	}
}

START_TEST(numbers_agree_with_the_facts)
{
	int32_t newest = newest_number();
	FILE *file = facts_open("syscalls.csv");
	char header[LINE_MAX_BYTES];
	char line[LINE_MAX_BYTES];
	size_t at = 0;
	size_t rows = 0;

	ck_assert(next_line(file, header));
	for (; next_line(file, line); at++, rows++) {
		char *cells = line;
		const char *name = strsep(&cells, ",");

		for (; at < arch_syscall_name_count() && strcmp(arch_syscall_name_at(at), name) < 0; at++)
			check_newer(arch_syscall_name_at(at), newest);
		ck_assert_uint_lt(at, arch_syscall_name_count());
		ck_assert_str_eq(arch_syscall_name_at(at), name);
		check_row(header, name, cells);
	}
	for (; at < arch_syscall_name_count(); at++)
		check_newer(arch_syscall_name_at(at), newest);
	ck_assert_uint_gt(rows, 0);
	fclose(file);
}
END_TEST

START_TEST(pseudo_numbers_agree_with_the_facts)
{
	FILE *file = facts_open("pseudo-syscalls.csv");
	char line[LINE_MAX_BYTES];
	size_t rows = 0;

	ck_assert(next_line(file, line));
	ck_assert_str_eq(line, "name,number");
	while (next_line(file, line)) {
		char *rest = line;
		const char *name = strsep(&rest, ",");
		int32_t want = (int32_t)strtol(rest, NULL, 10);

		for (size_t a = 0; a < arch_count(); a++) {
			int32_t nr = arch_syscall_number(arch_at(a), name);
			bool family = want > -300 && arch_at(a)->multiplexed;

			if (family || (nr < 0 && nr != ARCH_NR_ERROR))
				ck_assert_msg(nr == want, "%s: %s is %d, not %d", arch_at(a)->name, name, nr,
				              want);
		}
		rows++;
	}
	ck_assert_uint_gt(rows, 0);
	fclose(file);
}
END_TEST

int main(void)
{
	FILE *file = facts_open("syscalls.csv");

	if (!file) {
		printf(
		    "skipped: no facts/syscalls.csv; CALLGATE_SHARED says where the folder with facts/ is\n");
		return SKIP;
	}
	fclose(file);

	TCase *tests = tcase_create("arch/facts");

	tcase_add_test(tests, numbers_agree_with_the_facts);
	tcase_add_test(tests, pseudo_numbers_agree_with_the_facts);

	return test_run(tests);
}
