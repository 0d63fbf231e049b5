/*
 * What a plugin may read while it is loaded: itself, shared objects, the dynamic linker's cache, and nothing else, by
 * Landlock or where there is none; and where nothing limits that, it isn't loaded.
 */
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>
#include <callgate/plugin.h>

#include "leaks.h"
#include "plugin_orders.h"
#include "support/run.h"

static char orders[1 << 14];
static int forbidden_count;

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
	size_t length = strlen(orders);
	va_list list;

	va_start(list, format);
	vsnprintf(orders + length, sizeof(orders) - length, format, list);
	va_end(list);
}

static void make_files(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char path[256];

	snprintf(path, sizeof(path), "%s/fifo", orders_home);
	ck_assert_int_eq(mkfifo(path, 0666), 0);
	snprintf(path, sizeof(path), "%s/secret", orders_home);
	FILE *file = fopen(path, "we");
	fputs("4711\n", file);
	fclose(file);
	chmod(path, 0644);
	snprintf(path, sizeof(path), "%s/link.so", orders_home);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", orders_home);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

/* First what is to be refused, then what is not. */
static void order_opening(void)
{
	static const char *const of_a_process[] = {
	    "mem", "environ", "maps", "fd/0", "fd/3", "cwd", "root", "auxv", "stat", "root/etc/passwd", "exe"};
	static const char *const others[] = {
	    "/",
	    "/dev/kmsg",
	    "/dev/null",
	    "/dev/tty",
	    "/etc/passwd",
	    "/etc/hostname",
	    "/proc/cpuinfo",
	    "/usr/lib/../../etc/passwd",
	    "/usr/lib",
	    "/lib/./..//proc/self/environ",
	    "/usr/include/stdio.h",
	};
	static const char *const in_home[] = {"", "/fifo", "/secret", "/link.so", "/socket", "/../../etc/passwd"};
	Dl_info c_library;

	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "4711", 4), 4);
	add("open\n/proc/%d/fd/%d\n", (int)getpid(), fds[0]);
	for (size_t i = 0; i < sizeof(of_a_process) / sizeof(of_a_process[0]); i++)
		add("/proc/%d/%s\n/proc/self/%s\n", (int)getpid(), of_a_process[i], of_a_process[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		add("%s\n", others[i]);
	for (size_t i = 0; i < sizeof(in_home) / sizeof(in_home[0]); i++)
		add("%s%s\n", orders_home, in_home[i]);
	for (const char *at = strchr(orders, '\n') + 1; *at; at = strchr(at, '\n') + 1)
		forbidden_count++;
	ck_assert(dladdr((void *)(uintptr_t)dladdr, &c_library));
	add("%s\n%s/attacker.so\n", c_library.dli_fname, orders_home);
	if (access("/etc/ld.so.cache", R_OK) == 0)
		add("/etc/ld.so.cache\n");
}

static void make_attacker(void)
{
	orders_make_home();
	make_files();
	order_opening();
	orders_make_plugin(orders);
}

static int open_attacker(struct callgate_plugin **plugin, struct callgate_exit_reason *reason)
{
	struct callgate_plugin_options options = {.load_deadline_ms = 20000};

	return callgate_plugin_open(orders_plugin, &options, reason, plugin);
}

/* Every attack, and that what is needed works. */
static void check_attacks(void)
{
	static char results[1 << 16];
	struct callgate_plugin *plugin;
	struct callgate_exit_reason reason;

	ck_assert_msg(open_attacker(&plugin, &reason) == 0, "%s", callgate_diagnosis(NULL));
	for (int restarts = 0; restarts < 2; restarts++) {
		ck_assert_int_eq(callgate_plugin_call(plugin, "", 0, results, sizeof(results) - 1, &reason), 0);
		results[reason.output_size] = '\0';
		char *rest = results, *line;
		for (int i = 0; (line = strtok_r(rest, "\n", &rest)); i++) {
			ck_assert_msg((atoi(line) != 0) == (i < forbidden_count), "%s", line);
		}
		ck_assert_int_eq(callgate_plugin_restart(plugin, &reason), 0);
	}
	callgate_plugin_close(plugin);
	ck_assert(!leaks_any_child());
}

/* Contexts own their listeners, which are to stay open as long as the test runs. */
static scmp_filter_ctx loaded[8];

static void load(scmp_filter_ctx ctx)
{
	size_t count = 0;

	while (loaded[count])
		count++;
	ck_assert_uint_lt(count, sizeof(loaded) / sizeof(loaded[0]));
	loaded[count] = ctx;
	ck_assert_msg(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
}

static void answer(const char *const *names, uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	ck_assert_ptr_nonnull(ctx);
	for (; *names; names++) {
		int number = seccomp_syscall_resolve_name(*names);
		ck_assert_int_ne(number, __NR_SCMP_ERROR);
		ck_assert_int_eq(seccomp_rule_add(ctx, action, number, 0), 0);
	}
	load(ctx);
}

static const char *const landlock[] = {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", NULL};
static const char *const nobody_calls[] = {"acct", NULL};

static bool has_landlock(void)
{
	return syscall(seccomp_syscall_resolve_name("landlock_create_ruleset"), NULL, 0, 1) > 0;
}

static void without_landlock(void)
{
	answer(landlock, SCMP_ACT_ERRNO(ENOSYS));
}

static void with_fake_landlock(void)
{
	answer(landlock, SCMP_ACT_ERRNO(0));
}

static void with_half_fake_landlock(void)
{
	answer(landlock + 2, SCMP_ACT_ERRNO(0));
}

static void under_a_listener(void)
{
	answer(nobody_calls, SCMP_ACT_NOTIFY);
}

static void as_nobody(void)
{
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
}

static void as_nobody_without_landlock(void)
{
	without_landlock();
	as_nobody();
}

/* The kinds of hosts for which a plugin can be loaded. */
static const struct {
	const char *name;
	void (*become)(void);
	bool needs_landlock, needs_root;
} hosts[] = {
    {"a host", NULL, false, false},
    {"a host without Landlock", without_landlock, false, false},
    {"a host for which Landlock is faked", with_fake_landlock, false, false},
    {"a host for which Landlock's last call is faked", with_half_fake_landlock, false, false},
    {"a host that has a listener", under_a_listener, true, false},
    {"a user's host", as_nobody, false, true},
    {"a user's host without Landlock", as_nobody_without_landlock, false, true},
};

START_TEST(test_reads_nothing_else)
{
	bool has_root = geteuid() == 0, has_ruleset = has_landlock();

	if ((hosts[_i].needs_root && !has_root) || (hosts[_i].needs_landlock && !has_ruleset)) {
		printf("%s: skipped, as this needs %s\n", hosts[_i].name, has_root ? "Landlock" : "root");
		return;
	}
	make_attacker();
	/* In a process of its own, as the directory is this one's to remove. */
	int status = -1;
	pid_t host = fork();
	if (host == 0) {
		if (hosts[_i].become)
			hosts[_i].become();
		if (access(getenv("CALLGATE_PLUGIN_HOST"), X_OK) < 0)
			printf("%s: skipped, as it can't run the helper\n", hosts[_i].name);
		else
			check_attacks();
		fflush(stdout);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(host, &status, 0), host);
	orders_remove();
	ck_assert_msg(status == 0, "%s: status %x", hosts[_i].name, status);
}
END_TEST

static void without_either(void)
{
	without_landlock();
	under_a_listener();
}

static void without_landlock_and_with_fake_seccomp(void)
{
	static const char *const names[] = {"landlock_create_ruleset", NULL}, *const seccomp_call[] = {"seccomp", NULL};

	answer(names, SCMP_ACT_ERRNO(ENOSYS));
	answer(seccomp_call, SCMP_ACT_ERRNO(0));
}

static void without_landlock_and_memory_to_read(void)
{
	static const char *const reading[] = {"process_vm_readv", NULL};

	without_landlock();
	answer(reading, SCMP_ACT_ERRNO(EPERM));
}

static void without_landlock_and_addfd(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	without_landlock();
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(ioctl), 1,
	                                  SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, 0x40182103)),
	                 0);
	load(ctx);
}

static const struct {
	void (*become)(void);
	const char *why;
} unlimited_hosts[] = {
    {without_either, "Landlock: Function not implemented; opening them for it: Device or resource busy"},
    {without_landlock_and_with_fake_seccomp, "claims success in the kernel's place"},
    {without_landlock_and_memory_to_read, "Operation not permitted"},
    {without_landlock_and_addfd, "Operation not supported"},
};

START_TEST(test_nothing_limits)
{
	struct callgate_plugin *plugin = NULL;
	struct callgate_exit_reason reason;

	make_attacker();
	unlimited_hosts[_i].become();
	int result = open_attacker(&plugin, &reason);
	ck_assert_msg(result == -EOPNOTSUPP, "%d: %s", result, callgate_diagnosis(NULL));
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_REFUSED);
	ck_assert_msg(strstr(callgate_diagnosis(NULL), unlimited_hosts[_i].why) != NULL, "%s",
	              callgate_diagnosis(NULL));
	ck_assert_ptr_null(plugin);
	ck_assert(!leaks_any_child());
	orders_remove();
}
END_TEST

/* A shared object that a plugin needs, in a directory that only the options name. */
START_TEST(test_library_dirs)
{
	const char *dirs[] = {orders_home, NULL};
	struct callgate_plugin_options options = {.library_dirs = dirs};
	struct callgate_plugin *plugin = NULL;
	struct callgate_exit_reason reason;
	char command[1024];

	orders_make_home();
	snprintf(command, sizeof(command), "cp " PLUGINS "/dependent.so " PLUGINS "/needed.so %s", orders_home);
	ck_assert_int_eq(system(command), 0);
	snprintf(orders_plugin, sizeof(orders_plugin), "%s/dependent.so", orders_home);
	if (_i)
		without_landlock();
	ck_assert_int_eq(callgate_plugin_open(orders_plugin, NULL, &reason, &plugin), -EPIPE);
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_REFUSED);
	ck_assert_msg(callgate_plugin_open(orders_plugin, &options, &reason, &plugin) == 0, "%s",
	              callgate_diagnosis(NULL));
	ck_assert_int_eq(callgate_plugin_call(plugin, "", 0, NULL, 0, &reason), 0);
	ck_assert_int_eq(reason.value, 4711);
	callgate_plugin_close(plugin);
	orders_remove();
}
END_TEST

/* A file system that is served by a program, which never answers; false: this machine or user has none. */
static bool mount_hanging(const char *directory)
{
	char options[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	return fd >= 0 && unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("hang", directory, "fuse", 0, options) == 0;
}

/*
 * Whoever can write a directory of libraries can mount there, in it, or at the directory itself when a plugin is there
 * already; the host keeps its deadline.
 */
static void use_what_hangs(const char *libraries, const char *hang, bool has_limit)
{
	struct callgate_plugin_options options = {.load_deadline_ms = 700,
	                                          .library_dirs = (const char *const[]){libraries, NULL}};
	struct callgate_plugin *plugin = NULL;
	struct callgate_exit_reason reason;
	struct timespec start, end;

	if (!has_limit)
		without_landlock();
	else
		ck_assert_msg(callgate_plugin_open(orders_plugin, &options, &reason, &plugin) == 0, "%s",
		              callgate_diagnosis(NULL));
	if (!mount_hanging(has_limit ? libraries : hang)) {
		printf("skipped: a FUSE file system can't be mounted: %s\n", strerror(errno));
		fflush(stdout);
		_exit(0);
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	int result = has_limit ? callgate_plugin_restart(plugin, &reason)
	                       : callgate_plugin_open(orders_plugin, &options, &reason, &plugin);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ck_assert_msg(result == -EPIPE && reason.kind == CALLGATE_EXIT_DEADLINE, "%s", reason.text);
	ck_assert_int_lt(end.tv_sec - start.tv_sec, 4);
	ck_assert(!leaks_any_child());
	_exit(0);
}

START_TEST(test_a_file_system_that_hangs)
{
	char libraries[96], hang[128];
	int status = -1;

	if (_i && !has_landlock()) {
		printf("skipped: there is no Landlock\n");
		return;
	}
	orders_make_home();
	snprintf(libraries, sizeof(libraries), "%s/libraries", orders_home);
	snprintf(hang, sizeof(hang), "%s/hang", libraries);
	ck_assert(mkdir(libraries, 0755) == 0 && mkdir(hang, 0755) == 0);
	snprintf(orders, sizeof(orders), "open\n%s/a.so", _i ? "/nowhere" : hang);
	orders_make_plugin(orders);
	pid_t host = fork();
	if (host == 0)
		use_what_hangs(libraries, hang, _i != 0);
	ck_assert_int_eq(waitpid(host, &status, 0), host);
	orders_remove();
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(test_refused_dirs)
{
	static const char *const bad[] = {"lib", "", "/", "/no/such/directory", "/etc/passwd"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *dirs[] = {"/usr/lib", bad[i], NULL};
		struct callgate_plugin_options options = {.library_dirs = dirs};
		struct callgate_plugin *plugin = NULL;
		int result = callgate_plugin_open(PLUGINS "/obedient.so", &options, NULL, &plugin);
		ck_assert_int_eq(result, i < 3 ? -EINVAL : i == 3 ? -ENOENT : -ENOTDIR);
		ck_assert_msg(strstr(callgate_diagnosis(NULL), "library_dirs") != NULL, "%s", callgate_diagnosis(NULL));
	}
}
END_TEST

/* Who allows a call that opens files by its name, allows it with any arguments. */
START_TEST(test_allowed_by_name)
{
	static const char *const calls[] = {"openat", NULL};
	struct callgate_plugin_options options = {.allow_calls = calls};
	struct callgate_plugin *plugin = NULL;
	struct callgate_exit_reason reason;
	char results[256] = "";

	orders_make_home();
	orders_make_plugin("open\n/etc/passwd");
	ck_assert_int_eq(callgate_plugin_open(orders_plugin, &options, &reason, &plugin), 0);
	ck_assert_int_eq(callgate_plugin_call(plugin, "", 0, results, sizeof(results) - 1, &reason), 0);
	ck_assert_str_eq(results, "0 /etc/passwd\n");
	callgate_plugin_close(plugin);
	orders_remove();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("files of plugins");

	tcase_add_loop_test(tests, test_reads_nothing_else, 0, sizeof(hosts) / sizeof(hosts[0]));
	tcase_add_loop_test(tests, test_nothing_limits, 0, sizeof(unlimited_hosts) / sizeof(unlimited_hosts[0]));
	tcase_add_loop_test(tests, test_library_dirs, 0, 2);
	tcase_add_loop_test(tests, test_a_file_system_that_hangs, 0, 2);
	tcase_add_test(tests, test_refused_dirs);
	tcase_add_test(tests, test_allowed_by_name);
	tcase_set_timeout(tests, 60);
	return test_run(tests);
}
