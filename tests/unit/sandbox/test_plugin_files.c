/* Which files the watcher opens in place of a plugin. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/plugin_host.h"
#include "sandbox/plugin_process.h"
#include "support/run.h"

static char home[] = "/tmp/callgate-files-XXXXXX";
static char plugin[64], place[64];
static struct plugin_plan plan;
static struct file_limit limit;

static const char *in_home(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", home, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(in_home(name), "we");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void make_home(void)
{
	static const char elf[] = "\177ELF and more";
	char target[256];

	ck_assert_ptr_nonnull(mkdtemp(home));
	snprintf(plugin, sizeof(plugin), "%s/plugin.so", home);
	snprintf(place, sizeof(place), "%s/link", home);
	ck_assert_int_eq(mkdir(in_home("libraries"), 0700), 0);
	ck_assert_int_eq(mkdir(in_home("libraries/beneath"), 0700), 0);
	ck_assert_int_eq(mkdir(in_home("libraries-too"), 0700), 0);
	write_file("plugin.so", "no ELF");
	write_file("outside.so", elf);
	write_file("libraries-too/a.so", elf);
	write_file("libraries/a.so", elf);
	write_file("libraries/beneath/b.so", elf);
	write_file("libraries/text", "secret");
	write_file("libraries/short", "\177EL");
	ck_assert_int_eq(mkfifo(in_home("libraries/fifo"), 0600), 0);
	ck_assert_int_eq(symlink("libraries", in_home("link")), 0);
	ck_assert_int_eq(symlink("../outside.so", in_home("libraries/out.so")), 0);
	ck_assert_int_eq(symlink("beneath/b.so", in_home("libraries/in.so")), 0);
	snprintf(target, sizeof(target), "%s/libraries/a.so", home);
	ck_assert_int_eq(symlink(target, in_home("libraries/absolute.so")), 0);
	ck_assert_int_eq(symlink("libraries/a.so", in_home("from-outside.so")), 0);
	const char *dirs[] = {place, NULL};
	plan.options = (struct callgate_plugin_options){.helper = "/bin/true", .library_dirs = dirs};
	ck_assert_int_eq(plugin_plan_make(&plan, plugin), 0);
	limit = (struct file_limit){.names = plan.files.names, .names_size = plan.files.size};
}

static void remove_home(void)
{
	char command[128];

	plugin_plan_finish(&plan);
	snprintf(command, sizeof(command), "rm -rf %s", home);
	ck_assert_int_eq(system(command), 0);
}

static const struct {
	const char *name;
	int result; /* 0: a descriptor */
} cases[] = {
    {"plugin.so", 0},
    {"libraries/a.so", 0},
    {"link/a.so", 0},
    {"libraries/beneath/b.so", 0},
    {"libraries//beneath/./../a.so", 0},
    {"libraries/in.so", 0},
    {"libraries/absolute.so", 0},
    {"libraries/../plugin.so", 0},
    {"libraries/none.so", -ENOENT},
    {"libraries/a.so/none", -ENOTDIR},
    {"libraries/text", -EACCES},
    {"libraries/short", -EACCES},
    {"libraries/fifo", -EACCES},
    {"libraries/beneath", -EACCES},
    {"libraries", -EACCES},
    {"libraries/", -EACCES},
    {"libraries/out.so", -EACCES},
    {"libraries/../outside.so", -EACCES},
    {"libraries/beneath/../../outside.so", -EACCES},
    {"libraries-too/a.so", -EACCES},
    {"from-outside.so", -EACCES},
    {"outside.so", -EACCES},
    {"plugin.so.other", -EACCES},
    {"none", -EACCES},
    {"", -EACCES},
    {"../../../../../etc/passwd", -EACCES},
};

START_TEST(test_in_home)
{
	int fd = file_limit_open(&limit, in_home(cases[_i].name));

	ck_assert_msg(cases[_i].result ? fd == cases[_i].result : fd >= 0, "%s: %d", cases[_i].name, fd);
	if (fd >= 0) {
		ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
	}
}
END_TEST

START_TEST(test_elsewhere)
{
	static const char *const refused[] = {
	    "/",  "",   ".",    "plugin.so", "/..",       "/etc/passwd", "/proc/self/exe",
	    "//", "/.", "/etc", "/usr/lib",  "/usr/lib/", "/dev/null"};
	char longest[10000];

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ck_assert_msg(file_limit_open(&limit, refused[i]) == -EACCES, "%s", refused[i]);
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(file_limit_open(&limit, longest), -EACCES);
	if (access("/etc/ld.so.cache", R_OK) == 0) {
		int fd = file_limit_open(&limit, "/etc/ld.so.cache");
		ck_assert_int_ge(fd, 0);
		close(fd);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("files of plugins");

	tcase_add_checked_fixture(tests, make_home, remove_home);
	tcase_add_loop_test(tests, test_in_home, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tests, test_elsewhere);
	return test_run(tests);
}
