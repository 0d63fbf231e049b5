/*
 * usage: bench-felt callgate|libseccomp stages NAMES | stack | fork-server [COUNT]: what users of <seccomp.h> wait for,
 * once, in this fresh process.
 *
 * The program knows libseccomp's interface only, so that LD_LIBRARY_PATH chooses whose library is measured; felt.sh
 * takes turns.
 *
 * - stages: a filter that allows the calls of the file NAMES (a name a line) on x86_64, x86 and x32, one line for each
 *   stage: its name, its microseconds, its page faults.
 * - stack: the eight filters that a service manager gives a hardened service, each for three architectures in a context
 *   of its own, all loaded, in this order, into this process: "total MICROSECONDS FAULTS".
 * - fork-server: one context, COUNT children that each load it and end: "child MICROSECONDS FAULTS", the mean of a
 * child.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <seccomp.h>

enum { NAMES_MAX = 1000, NAME_SIZE = 64, COUNT_DEFAULT = 1000, COUNT_MAX = 100000 };
static char names[NAMES_MAX][NAME_SIZE];
static size_t name_count;
static const uint32_t architectures[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32};
enum { ARCHITECTURES = sizeof(architectures) / sizeof(architectures[0]) };

static double microseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static long page_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

static void check(const char *what, int rc)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "bench-felt: %s: %s\n", what, strerror(-rc));
	exit(EXIT_FAILURE);
}

/* ---- stages ---- */

static double stage_start;
static long stage_faults;

static void stage_begin(void)
{
	stage_faults = page_faults();
	stage_start = microseconds();
}

static void stage_end(const char *name)
{
	const double time = microseconds() - stage_start;

	printf("%s %.2f %ld\n", name, time, page_faults() - stage_faults);
	fflush(stdout);
	stage_begin();
}

static void read_names(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file)
		check(path, -2);
	while (name_count < NAMES_MAX && fscanf(file, "%63s", names[name_count]) == 1)
		name_count++;
	fclose(file);
}

static void allow_names(scmp_filter_ctx ctx)
{
	for (size_t i = 0; i < name_count; i++) {
		const int nr = seccomp_syscall_resolve_name(names[i]);
		if (nr != __NR_SCMP_ERROR)
			check(names[i], seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0));
	}
}

static void stages(const char *path)
{
	read_names(path);
	puts("stage microseconds faults"); /* what the first output allocates is not a stage's */
	stage_begin();
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(1));
	if (!ctx)
		check("seccomp_init", -12);
	for (int i = 1; i < ARCHITECTURES; i++)
		check("seccomp_arch_add", seccomp_arch_add(ctx, architectures[i]));
	stage_end("init");
	allow_names(ctx);
	stage_end("rules");
	const int file = memfd_create("program", MFD_CLOEXEC);
	check("memfd_create", file);
	stage_begin();
	check("seccomp_export_bpf", seccomp_export_bpf(ctx, file));
	stage_end("export");
	check("seccomp_load", seccomp_load(ctx));
	stage_end("load");
	seccomp_release(ctx);
	stage_end("release");
}

/* ---- a stack of small filters ---- */

struct small_rule {
	const char *call;
	struct scmp_arg_cmp condition;
	unsigned count;
};

struct small_filter {
	uint32_t default_action, action;
	struct small_rule rules[40];
};

/* clang-format off */
static const struct small_filter stack[] = {
	/* no write and execute at once */
	{SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), {
		{"mmap", {2, SCMP_CMP_MASKED_EQ, 6, 6}, 1}, {"mprotect", {2, SCMP_CMP_MASKED_EQ, 4, 4}, 1},
		{"pkey_mprotect", {2, SCMP_CMP_MASKED_EQ, 4, 4}, 1}, {"shmat", {2, SCMP_CMP_MASKED_EQ, 0100000, 0100000}, 1}}},
	/* no realtime scheduling */
	{SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), {
		{"sched_setscheduler", {1, SCMP_CMP_EQ, 1, 0}, 1}, {"sched_setscheduler", {1, SCMP_CMP_EQ, 2, 0}, 1},
		{"sched_setscheduler", {1, SCMP_CMP_EQ, 6, 0}, 1}, {"sched_setscheduler", {1, SCMP_CMP_GT, 6, 0}, 1}}},
	/* four families of sockets */
	{SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(97), {
		{"socket", {0, SCMP_CMP_GT, 16, 0}, 1}, {"socket", {0, SCMP_CMP_EQ, 0, 0}, 1}, {"socket", {0, SCMP_CMP_EQ, 3, 0}, 1},
		{"socket", {0, SCMP_CMP_EQ, 4, 0}, 1}, {"socket", {0, SCMP_CMP_EQ, 5, 0}, 1}, {"socket", {0, SCMP_CMP_EQ, 6, 0}, 1},
		{"socket", {0, SCMP_CMP_EQ, 7, 0}, 1}, {"socket", {0, SCMP_CMP_EQ, 8, 0}, 1}, {"socket", {0, SCMP_CMP_EQ, 9, 0}, 1}}},
	/* no new namespaces */
	{SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), {
		{"unshare", {0, SCMP_CMP_MASKED_EQ, 0x10000000, 0x10000000}, 1}, {"clone", {0, SCMP_CMP_MASKED_EQ, 0x10000000, 0x10000000}, 1},
		{"unshare", {0, SCMP_CMP_MASKED_EQ, 0x20000, 0x20000}, 1}, {"clone", {0, SCMP_CMP_MASKED_EQ, 0x20000, 0x20000}, 1},
		{"setns", {1, SCMP_CMP_EQ, 0, 0}, 1}, {"clone3", {0, SCMP_CMP_EQ, 0, 0}, 0}}},
	/* no set-user-ID files */
	{SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), {
		{"chmod", {1, SCMP_CMP_MASKED_EQ, 04000, 04000}, 1}, {"fchmod", {1, SCMP_CMP_MASKED_EQ, 04000, 04000}, 1},
		{"fchmodat", {2, SCMP_CMP_MASKED_EQ, 04000, 04000}, 1}, {"mkdir", {1, SCMP_CMP_MASKED_EQ, 04000, 04000}, 1},
		{"mkdirat", {2, SCMP_CMP_MASKED_EQ, 04000, 04000}, 1}, {"mknod", {1, SCMP_CMP_MASKED_EQ, 04000, 04000}, 1}}},
	/* one personality */
	{SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), {{"personality", {0, SCMP_CMP_NE, 0, 0}, 1}}},
	/* no kernel modules, no setting of clocks */
	{SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), {
		{"init_module", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"finit_module", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"delete_module", {0, SCMP_CMP_EQ, 0, 0}, 0},
		{"adjtimex", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"clock_settime", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"settimeofday", {0, SCMP_CMP_EQ, 0, 0}, 0}}},
	/* a list of denied calls */
	{SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), {
		{"acct", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"bpf", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"chroot", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"fanotify_init", {0, SCMP_CMP_EQ, 0, 0}, 0},
		{"fsopen", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"kexec_load", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"mount", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"nfsservctl", {0, SCMP_CMP_EQ, 0, 0}, 0},
		{"pivot_root", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"quotactl", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"reboot", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"swapoff", {0, SCMP_CMP_EQ, 0, 0}, 0},
		{"swapon", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"umount2", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"userfaultfd", {0, SCMP_CMP_EQ, 0, 0}, 0}, {"vhangup", {0, SCMP_CMP_EQ, 0, 0}, 0}}},
};
/* clang-format on */

static scmp_filter_ctx small_context(const struct small_filter *filter, uint32_t arch)
{
	scmp_filter_ctx ctx = seccomp_init(filter->default_action);

	if (!ctx)
		check("seccomp_init", -12);
	if (arch != seccomp_arch_native()) {
		check("seccomp_arch_remove", seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE));
		check("seccomp_arch_add", seccomp_arch_add(ctx, arch));
	}
	check("seccomp_attr_set", seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW));
	for (const struct small_rule *rule = filter->rules; rule->call; rule++) {
		const int nr = seccomp_syscall_resolve_name(rule->call); /* translated for the architecture */
		if (nr != __NR_SCMP_ERROR)
			check(rule->call,
			      seccomp_rule_add_array(ctx, filter->action, nr, rule->count, &rule->condition));
	}
	return ctx;
}

static void load_stack(void)
{
	const long faults = page_faults();
	const double start = microseconds();

	for (size_t i = 0; i < sizeof(stack) / sizeof(stack[0]); i++)
		for (int a = 0; a < ARCHITECTURES; a++) {
			scmp_filter_ctx ctx = small_context(&stack[i], architectures[a]);
			check("seccomp_load", seccomp_load(ctx));
			seccomp_release(ctx);
		}
	printf("total %.2f %ld\n", microseconds() - start, page_faults() - faults);
}

/* ---- a server whose children load one filter each ---- */

static void fork_server(long count)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(1));
	int (*precompute)(scmp_filter_ctx) = NULL;
	struct rusage usage;
	int status;

	for (const char *const *name =
	         (const char *const[]){"read", "write", "exit", "exit_group", "close", "mmap", "munmap", "brk", "futex",
	                               "rt_sigreturn", "clock_gettime", "openat", NULL};
	     *name; name++)
		check(*name, seccomp_rule_add(ctx, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(*name), 0));
	/* libseccomp has it from 2.6.0 on */
	*(void **)&precompute = dlsym(RTLD_DEFAULT, "seccomp_precompute");
	if (precompute)
		check("seccomp_precompute", precompute(ctx));
	const double start = microseconds();
	for (long i = 0; i < count; i++) {
		const pid_t child = fork();
		if (child == 0)
			_exit(seccomp_load(ctx) < 0);
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
			check("a child that loads the filter", -1);
	}
	const double time = (microseconds() - start) / (double)count;
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("child %.2f %ld\n", time, usage.ru_minflt / count);
	seccomp_release(ctx);
}

/* A comparison of a library with itself says nothing: the library that was loaded has to be the one that was named. */
static bool is_library(const char *name)
{
	const bool is_callgate = dlsym(RTLD_DEFAULT, "callgate_version") != NULL;
	Dl_info library = {0};

	if (strcmp(name, is_callgate ? "callgate" : "libseccomp") == 0)
		return true;
	(void)dladdr(dlsym(RTLD_DEFAULT, "seccomp_init"), &library);
	fprintf(stderr, "bench-felt: %s is %s, and %s was to be measured\n",
	        library.dli_fname ? library.dli_fname : "the library", is_callgate ? "callgate" : "libseccomp", name);
	return false;
}

int main(int argc, char *argv[])
{
	const long count = argc > 3 ? strtol(argv[3], NULL, 10) : COUNT_DEFAULT;
	const char *what = argc > 2 ? argv[2] : "";

	if (argc > 2 && !is_library(argv[1]))
		return EXIT_FAILURE;
	if (argc == 4 && strcmp(what, "stages") == 0)
		stages(argv[3]);
	else if (argc == 3 && strcmp(what, "stack") == 0)
		load_stack();
	else if (strcmp(what, "fork-server") == 0 && count > 0 && count <= COUNT_MAX)
		fork_server(count);
	else {
		fprintf(stderr, "usage: bench-felt callgate|libseccomp stages NAMES | stack | fork-server [COUNT]\n");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
