/*
 * How long it takes to build and prove the policies of small services, beside the distribution's libseccomp: made-up
 * ones of 30 to 130 rules with 10 to 50 conditions, and some of fewer than 30 rules. Times are medians of builds in
 * turns; what counts is their ratio.
 */
#include <dlfcn.h>
#include <math.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "support/random.h"

enum { SERVICES = 16, SMALL = 4, RULES_MOST = 160, CALLS_MOST = 400, BUILDS = 201 };

struct library {
	void *handle;
	scmp_filter_ctx (*init)(uint32_t action);
	void (*release)(scmp_filter_ctx ctx);
	int (*resolve)(const char *name);
	int (*rule_add)(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned count,
	                const struct scmp_arg_cmp *conditions);
	int (*export_bpf)(scmp_filter_ctx ctx, int fd);
};

static const struct library ours = {
    NULL, seccomp_init, seccomp_release, seccomp_syscall_resolve_name, seccomp_rule_add_array, seccomp_export_bpf};

static bool find(const struct library *library, const char *name, void *ret_function)
{
	return (*(void **)ret_function = dlsym(library->handle, name)) != NULL;
}

/* The distribution's library, which is where its libc is; not our own in its place. */
static bool open_peer(struct library *peer)
{
	Dl_info libc;
	char path[4096];

	if (!dladdr((void *)(uintptr_t)&getpid, &libc) || !strrchr(libc.dli_fname, '/'))
		return false;
	int folder = (int)(strrchr(libc.dli_fname, '/') - libc.dli_fname);
	snprintf(path, sizeof(path), "%.*s/libseccomp.so.2", folder, libc.dli_fname);
	peer->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
	return peer->handle && !dlsym(peer->handle, "callgate_version") && find(peer, "seccomp_init", &peer->init) &&
	       find(peer, "seccomp_release", &peer->release) &&
	       find(peer, "seccomp_syscall_resolve_name", &peer->resolve) &&
	       find(peer, "seccomp_rule_add_array", &peer->rule_add) &&
	       find(peer, "seccomp_export_bpf", &peer->export_bpf);
}

struct rule {
	const char *name;
	uint32_t action;
	unsigned count;
	struct scmp_arg_cmp conditions[3];
};

struct policy {
	uint32_t default_action;
	unsigned rules, conditions;
	struct rule list[RULES_MOST];
};

/* ---- made-up policies ---- */

/* Calls whose arguments services look at: which argument, what comparison, and how far apart the values are. */
static const struct {
	const char *name;
	unsigned arg, second;
	enum scmp_compare op, second_op;
	uint64_t values;
} checked[] = {
    {"socket", 0, 1, SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ, 45},
    {"ioctl", 1, 6, SCMP_CMP_EQ, 0, 0x5480},
    {"fcntl", 1, 6, SCMP_CMP_EQ, 0, 16},
    {"prctl", 0, 6, SCMP_CMP_EQ, 0, 70},
    {"mmap", 2, 3, SCMP_CMP_MASKED_EQ, SCMP_CMP_MASKED_EQ, 8},
    {"mprotect", 2, 6, SCMP_CMP_MASKED_EQ, 0, 8},
    {"clone", 0, 6, SCMP_CMP_MASKED_EQ, 0, 0x7e020000},
    {"futex", 1, 6, SCMP_CMP_EQ, 0, 14},
    {"madvise", 2, 6, SCMP_CMP_EQ, 0, 26},
    {"setsockopt", 1, 2, SCMP_CMP_EQ, SCMP_CMP_EQ, 42},
    {"personality", 0, 6, SCMP_CMP_EQ, 0, 0x20008},
    {"kill", 0, 1, SCMP_CMP_EQ, SCMP_CMP_LT, 30000},
    {"lseek", 2, 6, SCMP_CMP_LE, 0, 3},
    {"epoll_ctl", 1, 6, SCMP_CMP_LE, 0, 4},
    {"setpriority", 0, 2, SCMP_CMP_EQ, SCMP_CMP_GE, 20},
    {"fallocate", 1, 6, SCMP_CMP_NE, 0, 64},
    {"openat", 2, 6, SCMP_CMP_MASKED_EQ, 0, 0x800},
    {"write", 0, 2, SCMP_CMP_LE, SCMP_CMP_LT, 4096},
};

enum { CHECKED = sizeof(checked) / sizeof(checked[0]) };

static bool is_checked(const char *name)
{
	for (size_t i = 0; i < CHECKED; i++)
		if (!strcmp(name, checked[i].name))
			return true;
	return false;
}

/* Names of this machine's calls that both libraries know and that are in no row above. */
static size_t known_names(const struct library *peer, char *names[CALLS_MOST])
{
	size_t count = 0;

	for (int nr = 0; nr < 460 && count < CALLS_MOST; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
		if (name && !is_checked(name) && peer->resolve(name) == nr)
			names[count++] = name;
		else
			free(name);
	}
	return count;
}

/* Masks have one bit or two, and in two of three cases none of them may be set. */
static struct scmp_arg_cmp condition(struct random *random, unsigned arg, enum scmp_compare op, uint64_t values)
{
	uint32_t bits = 64 - (uint32_t)__builtin_clzll(values - 1);

	if (op == SCMP_CMP_MASKED_EQ) {
		uint64_t mask = UINT64_C(1) << random_below(random, bits) | UINT64_C(1) << random_below(random, bits);
		return SCMP_CMP64(arg, op, mask, random_below(random, 3) ? 0 : mask);
	}
	return SCMP_CMP64(arg, op, random_next(random) % values);
}

/* One call that is checked, with as many alternatives as there are to be. */
static void add_checked(struct random *random, struct policy *policy, size_t row, unsigned alternatives)
{
	for (unsigned i = 0; i < alternatives && policy->rules < RULES_MOST; i++) {
		struct rule *rule = &policy->list[policy->rules++];
		*rule = (struct rule){checked[row].name, SCMP_ACT_ALLOW, 1, {{0}}};
		rule->conditions[0] = condition(random, checked[row].arg, checked[row].op, checked[row].values);
		if (checked[row].second < 6 && random_below(random, 2))
			rule->conditions[rule->count++] =
			    condition(random, checked[row].second, checked[row].second_op, checked[row].values);
		policy->conditions += rule->count;
	}
}

static void make_policy(struct random *random, struct policy *policy, char *const *names, size_t count, unsigned rules,
                        unsigned conditions)
{
	bool taken[CALLS_MOST] = {false}, used[CHECKED] = {false};

	*policy =
	    (struct policy){.default_action = random_below(random, 2) ? SCMP_ACT_ERRNO(1) : SCMP_ACT_KILL_PROCESS};
	for (unsigned calls = 0; policy->conditions < conditions && calls < CHECKED; calls++) {
		size_t row = random_below(random, CHECKED);
		unsigned left = conditions - policy->conditions, most = left < 12 ? left : 12;
		if (!used[row])
			add_checked(random, policy, row, 1 + random_below(random, most));
		used[row] = true;
	}
	while (policy->rules < rules && policy->rules < RULES_MOST) {
		size_t i = random_below(random, (uint32_t)count);
		if (taken[i])
			continue;
		taken[i] = true;
		policy->list[policy->rules++] =
		    (struct rule){names[i], random_below(random, 20) ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(38), 0, {{0}}};
	}
}

/* ---- times ---- */

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Microseconds, or less than 0 where the library makes no program. */
static double build(const struct library *library, const struct policy *policy, int fd)
{
	double start = now_us();
	scmp_filter_ctx ctx = library->init(policy->default_action);

	for (unsigned i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->list[i];
		(void)library->rule_add(ctx, rule->action, library->resolve(rule->name), rule->count, rule->conditions);
	}
	bool done = ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 && library->export_bpf(ctx, fd) == 0;
	library->release(ctx);
	return done ? now_us() - start : -1;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *times)
{
	qsort(times, BUILDS, sizeof(*times), by_value);
	return times[BUILDS / 2];
}

/* How many times as fast as the peer; prints a row. */
static double measure(const struct library *peer, const struct policy *policy, int fd)
{
	static double times[2][BUILDS];

	for (int i = 0; i < BUILDS; i++) {
		times[0][i] = build(&ours, policy, fd);
		times[1][i] = build(peer, policy, fd);
	}
	double here = median(times[0]), there = median(times[1]);
	printf("%4u rules, %2u conditions: %7.1f us, libseccomp %7.1f us: %5.2f times as fast\n", policy->rules,
	       policy->conditions, here, there, there / here);
	return there / here;
}

static void measure_kind(const struct library *peer, struct random *random, char *const *names, size_t count,
                         bool small)
{
	static struct policy policy;
	double least = INFINITY, logarithms = 0;
	int fd = memfd_create("program", 0), policies = small ? SMALL : SERVICES;

	for (int i = 0; i < policies; i++) {
		unsigned rules = small ? 8 + random_below(random, 21) : 30 + random_below(random, 101);
		unsigned conditions = small ? random_below(random, 9) : 10 + random_below(random, 41);
		make_policy(random, &policy, names, count, rules, conditions < rules ? conditions : rules);
		double ratio = measure(peer, &policy, fd);
		logarithms += log(ratio);
		least = ratio < least ? ratio : least;
	}
	printf("%s: geometric mean %.2f, least %.2f\n", small ? "under 30 rules" : "30 to 130 rules",
	       exp(logarithms / policies), least);
	close(fd);
}

int main(void)
{
	struct random random = random_start("services");
	struct library peer = {0};
	char *names[CALLS_MOST];

	if (!open_peer(&peer)) {
		printf("there is no libseccomp to compare with\n");
		return 77;
	}
	size_t count = known_names(&peer, names);
	measure_kind(&peer, &random, names, count, false);
	measure_kind(&peer, &random, names, count, true);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	return 0;
}
