/*
 * Every table, expanded, against lists of numbers that nobody edits: syscalls.csv, which import.py makes of the
 * kernel's headers, and a list from elsewhere, which is not part of this tree: CALLGATE_SHARED says where its folder
 * facts/ is.
 */
#include "arch/arch.h"
#include "support/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#define ARCHITECTURE_COLUMNS 18
#define COMMON_LAST          511 /* x32 has numbers of its own above */
#define LINE_MAX_BYTES       512

/* What later kernels have made of old calls: our own list is from Linux 6.1. */
static const struct {
	const char *name, *arch; /* NULL: on all */
} since_then[] = {
    {"cacheflush", "parisc"},     {"cacheflush", "parisc64"}, {"fstat", "loongarch64"}, {"newfstatat", "loongarch64"},
    {"memfd_secret", "s390"},     {"memfd_secret", "s390x"},  {"riscv_hwprobe", NULL},  {"sync_file_range2", "sh"},
    {"sync_file_range2", "sheb"}, {"uprobe", NULL},           {"uretprobe", NULL},
};

/* A list, and whether calls may have come to architectures since. NULL: it is not at hand. */
struct facts {
	FILE *file;
	bool is_old;
};

static bool is_since_then(const char *name, const char *arch)
{
	for (size_t i = 0; i < sizeof(since_then) / sizeof(since_then[0]); i++)
		if (strcmp(since_then[i].name, name) == 0 &&
		    (!since_then[i].arch || strcmp(since_then[i].arch, arch) == 0))
			return true;
	return false;
}

static FILE *shared_open(const char *file)
{
	const char *shared = getenv("CALLGATE_SHARED");
	char path[4096];

	snprintf(path, sizeof(path), "%s/facts/%s", shared ? shared : SOURCE_ROOT "/../shared", file);
	FILE *opened = fopen(path, "re");
	if (!opened)
		printf("%s is not there: the facts of this tree have to do\n", path);
	return opened;
}

/* 0: our own, 1: the others'. */
static struct facts facts_open(int which)
{
	if (which == 1)
		return (struct facts){shared_open("syscalls.csv"), false};
	FILE *own = fopen(SOURCE_ROOT "/tests/unit/arch/syscalls.csv", "re");
	ck_assert_ptr_nonnull(own);
	return (struct facts){own, true};
}

/* The next line that is no comment, without its newline. */
static bool next_line(FILE *file, char *line)
{
	while (fgets(line, LINE_MAX_BYTES, file)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] != '#')
			return true;
	}
	return false;
}

/* The architectures that a column speaks for: its own and the one of the other byte order. */
static size_t column_architectures(const char *column, const struct callgate_arch *ret_archs[2])
{
	static const char *const twins[][2] = {
	    {"mips", "mipsel"},   {"mips64", "mipsel64"}, {"mips64n32", "mipsel64n32"},
	    {"ppc64", "ppc64le"}, {"sh", "sheb"},
	};

	ret_archs[0] = callgate_arch_find_name(column);
	ck_assert_ptr_nonnull(ret_archs[0]);
	for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++)
		if (strcmp(twins[i][0], column) == 0) {
			ret_archs[1] = callgate_arch_find_name(twins[i][1]);
			return 2;
		}
	return 1;
}

static struct callgate_linux linux_of(const char *text)
{
	unsigned numbers[3] = {0};

	ck_assert_int_ge(sscanf(text, "%u.%u.%u", &numbers[0], &numbers[1], &numbers[2]), 2);
	return (struct callgate_linux){(uint8_t)numbers[0], (uint8_t)numbers[1], (uint8_t)numbers[2]};
}

static int compare_linux(struct callgate_linux a, struct callgate_linux b)
{
	return memcmp(&a, &b, sizeof(a));
}

/* What is in the headers of Linux 6.1 came by then, and what is not came later. */
static void check_header(const struct callgate_arch *arch, const char *name, bool has)
{
	int32_t nr = arch_syscall_direct_number(arch, name);
	const struct callgate_since *since = nr < 0 ? NULL : arch_syscall_since(arch, nr);
	const struct callgate_linux header = {6, 1, 0};

	ck_assert((nr >= 0) == (since != NULL));
	if (!since || since->by.major == 0)
		return;
	ck_assert_msg(has ? compare_linux(since->by, header) <= 0 : compare_linux(since->first, header) > 0,
	              "%s: %s is %s in Linux 6.1", arch->name, name, has ? "there" : "not there");
}

static void check_cell(const struct facts *facts, const char *column, const char *name, const char *cell)
{
	const struct callgate_arch *archs[2];
	size_t count = column_architectures(column, archs);

	for (size_t i = 0; i < count; i++) {
		int32_t want = -1;

		if (facts->is_old)
			check_header(archs[i], name, cell[0] != '\0');
		if (cell[0] == '\0' && facts->is_old && is_since_then(name, archs[i]->name))
			continue;
		if (cell[0] != '\0')
			want = (int32_t)strtol(cell, NULL, 10) + (int32_t)archs[i]->nr_base;
		ck_assert_msg(arch_syscall_direct_number(archs[i], name) == want, "%s: %s is %d, not %d",
		              archs[i]->name, name, arch_syscall_direct_number(archs[i], name), want);
	}
}

/* Every architecture's column of one row. */
static void check_row(const struct facts *facts, const char *header, const char *name, char *cells)
{
	char *columns = strdup(header);
	char *column_rest = columns;
	size_t covered = 0;

	ck_assert_str_eq(strsep(&column_rest, ","), "name");
	for (; cells && column_rest; covered++)
		check_cell(facts, strsep(&column_rest, ","), name, strsep(&cells, ","));
	ck_assert_uint_eq(covered, ARCHITECTURE_COLUMNS);
	free(columns);
}

/* The highest of the numbers that calls have everywhere: what is newer than the facts is above it. */
static int32_t newest_number(FILE *file)
{
	char line[LINE_MAX_BYTES];
	int32_t newest = 0;

	while (next_line(file, line))
		for (char *rest = line; rest;) {
			int32_t nr = (int32_t)strtol(strsep(&rest, ","), NULL, 10);

			if (nr > newest && nr <= COMMON_LAST)
				newest = nr;
		}
	rewind(file);
	return newest;
}

static void check_newer(const struct facts *facts, const char *name, int32_t newest)
{
	for (size_t a = 0; a < arch_count(); a++) {
		int32_t nr = arch_syscall_direct_number(callgate_arch_at(a), name);

		if (facts->is_old)
			check_header(callgate_arch_at(a), name, false);
		if (facts->is_old && is_since_then(name, callgate_arch_at(a)->name))
			continue;
		ck_assert_msg(nr == -1 || nr > newest + (int32_t)callgate_arch_at(a)->nr_base,
		              "%s: %s is %d, and the facts have no such name", callgate_arch_at(a)->name, name, nr);
	}
}

START_TEST(numbers_agree_with_the_facts)
{
	struct facts facts = facts_open(_i);
	FILE *file = facts.file;
	int32_t newest = file ? newest_number(file) : 0;
	char header[LINE_MAX_BYTES];
	char line[LINE_MAX_BYTES];
	size_t at = 0;
	size_t rows = 0;

	if (!file)
		return;
	ck_assert(next_line(file, header));
	for (; next_line(file, line); at++, rows++) {
		char *cells = line;
		const char *name = strsep(&cells, ",");

		for (; arch_syscall_name_at(at) && strcmp(arch_syscall_name_at(at), name) < 0; at++)
			check_newer(&facts, arch_syscall_name_at(at), newest);
		ck_assert_ptr_nonnull(arch_syscall_name_at(at));
		ck_assert_str_eq(arch_syscall_name_at(at), name);
		check_row(&facts, header, name, cells);
	}
	for (; arch_syscall_name_at(at); at++)
		check_newer(&facts, arch_syscall_name_at(at), newest);
	ck_assert_uint_gt(rows, 0);
	fclose(file);
}
END_TEST

/* A row of the list from elsewhere; "<=" before the version, and "present by" after it, are bounds. */
static void check_since_row(char *row)
{
	const char *name = strsep(&row, ","), *column = strsep(&row, ","), *since = strsep(&row, ",");
	const char *by = strstr(row, "present by "), *exact = strncmp(row, "exact", 5) == 0 ? since : NULL;
	const struct callgate_arch *archs[2];

	for (size_t i = column_architectures(column, archs); i-- > 0;) {
		const struct callgate_since *ours =
		    arch_syscall_since(archs[i], arch_syscall_direct_number(archs[i], name));
		bool is_bound = strncmp(since, "<=", 2) == 0;
		ck_assert_msg(ours, "%s: there is no %s", column, name);
		if (!*since || ours->by.major == 0 || is_since_then(name, column))
			continue;
		struct callgate_linux first = is_bound ? (struct callgate_linux){0} : linux_of(since);
		struct callgate_linux last = exact ? first : linux_of(by + strlen("present by "));
		last = compare_linux(last, first) < 0 ? first : last;
		ck_assert_msg(compare_linux(ours->first, first) >= 0 && compare_linux(ours->by, last) <= 0,
		              "%s: %s came between %u.%u and %u.%u, and not %s%s", column, name, first.major,
		              first.minor, last.major, last.minor, is_bound ? "" : "from ", since);
	}
}

START_TEST(versions_agree_with_the_facts)
{
	FILE *file = shared_open("since-arch.csv");
	char line[LINE_MAX_BYTES];
	size_t rows = 0;

	if (!file)
		return;
	ck_assert(next_line(file, line));
	ck_assert_str_eq(line, "syscall,arch,since,kind,source");
	for (; next_line(file, line); rows++)
		check_since_row(line);
	ck_assert_uint_gt(rows, 7000);
	fclose(file);
}
END_TEST

START_TEST(versions_are_ordered_and_never_before_the_architecture)
{
	for (size_t a = 0; a < arch_count(); a++)
		for (size_t i = 0; i < arch_syscall_number_count(callgate_arch_at(a)); i++) {
			const struct callgate_since *since = arch_syscall_since_at(callgate_arch_at(a), i);
			ck_assert_int_le(compare_linux(since->first, since->by), 0);
			ck_assert((since->first.major == 0) == (since->by.major == 0));
		}
}
END_TEST

START_TEST(pseudo_numbers_agree_with_the_facts)
{
	FILE *file = shared_open("pseudo-syscalls.csv");
	char line[LINE_MAX_BYTES];
	size_t rows = 0;

	if (!file)
		return;
	ck_assert(next_line(file, line));
	ck_assert_str_eq(line, "name,number");
	while (next_line(file, line)) {
		char *rest = line;
		const char *name = strsep(&rest, ",");
		int32_t want = (int32_t)strtol(rest, NULL, 10);

		for (size_t a = 0; a < arch_count(); a++) {
			int32_t nr = arch_syscall_number(callgate_arch_at(a), name);
			bool family = want > -300 && callgate_arch_at(a)->multiplexed;

			if (family || (nr < 0 && nr != ARCH_NR_ERROR))
				ck_assert_msg(nr == want, "%s: %s is %d, not %d", callgate_arch_at(a)->name, name, nr,
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
	TCase *tests = tcase_create("arch/facts");

	tcase_add_loop_test(tests, numbers_agree_with_the_facts, 0, 2);
	tcase_add_test(tests, versions_agree_with_the_facts);
	tcase_add_test(tests, versions_are_ordered_and_never_before_the_architecture);
	tcase_add_test(tests, pseudo_numbers_agree_with_the_facts);

	return test_run(tests);
}
