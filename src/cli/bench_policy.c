/* Policies that any library with <seccomp.h>'s interface can build, and those libraries. */
#include "cli/bench.h"

#include <assert.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>

/* ---- policies ---- */

static void take_archs(struct bench_policy *policy, scmp_filter_ctx ctx)
{
	const struct callgate_arch *arch;

	for (size_t i = 0; (arch = callgate_arch_at(i)); i++)
		if (arch->token != seccomp_arch_native() && seccomp_arch_exist(ctx, arch->token) == 0) {
			assert(policy->arch_count < BENCH_ARCHS_MAX);
			policy->archs[policy->arch_count++] = arch->token;
		}
}

static bool take_rule(struct bench_policy *policy, const struct callgate_rule *from)
{
	struct bench_rule rule = {
	    .id = from->id, .action = from->action, .count = (unsigned)from->condition_count};
	char *name = seccomp_syscall_resolve_num_arch(from->arch, from->nr);
	bool usable =
	    name && strlen(name) < sizeof(rule.name) && from->condition_count <= BENCH_CONDITIONS_MAX;

	if (usable) {
		strcpy(rule.name, name);
		memcpy(rule.conditions, from->conditions, from->condition_count * sizeof(rule.conditions[0]));
	} else {
		cli_error("%s: rule %u can't be given to other libraries", policy->name, from->id);
	}
	free(name);
	return usable && vec_push(&policy->rules, rule);
}

static int by_id(const void *a, const void *b)
{
	const struct bench_rule *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* A rule is there for each architecture; the others get it from the same call. */
static void drop_repeated(struct bench_policy *policy)
{
	size_t kept = 0;

	if (policy->rules.count > 0)
		qsort(policy->rules.items, policy->rules.count, sizeof(policy->rules.items[0]), by_id);
	for (size_t i = 0; i < policy->rules.count; i++)
		if (i == 0 || policy->rules.items[i].id != policy->rules.items[i - 1].id)
			policy->rules.items[kept++] = policy->rules.items[i];
	policy->rules.count = kept;
}

static void take_name(struct bench_policy *policy, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t length = strlen(name);

	if (length > 5 && strcmp(name + length - 5, ".json") == 0)
		length -= 5;
	snprintf(policy->name, sizeof(policy->name), "%.*s", (int)length, name);
}

bool bench_policy_take(struct bench_policy *policy, const struct filter *filter)
{
	struct callgate_simulator *simulator;
	struct callgate_rule rule;
	bool done = true;

	*policy = (struct bench_policy){.default_action = SCMP_ACT_KILL_PROCESS};
	take_name(policy, filter->path);
	take_archs(policy, filter->ctx);
	if (seccomp_attr_get(filter->ctx, SCMP_FLTATR_ACT_DEFAULT, &policy->default_action) < 0 ||
	    callgate_simulator_new(filter->ctx, &simulator) < 0) {
		cli_error("%s: %s", policy->name, callgate_diagnosis(filter->ctx));
		return false;
	}
	for (size_t i = 0; done && callgate_simulator_rule(simulator, i, &rule) == 0; i++)
		done = rule.id == 0 || take_rule(policy, &rule);
	callgate_simulator_free(simulator);
	drop_repeated(policy);
	return done;
}

void bench_policy_finish(struct bench_policy *policy)
{
	vec_finish(&policy->rules);
}

/* ---- libraries ---- */

static const struct bench_library ours = {
    .name = "callgate",
    .is_ours = true,
    .optimize = 1,
    .init = seccomp_init,
    .release = seccomp_release,
    .attr_set = seccomp_attr_set,
    .arch_add = seccomp_arch_add,
    .resolve = seccomp_syscall_resolve_name,
    .rule_add = seccomp_rule_add_array,
    .export_bpf = seccomp_export_bpf,
};

/* Our own library may stand in for the distribution's; it is not what to compare with. */
static void *open_other(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

	if (!handle || !dlsym(handle, "callgate_version"))
		return handle;
	dlclose(handle);
	return NULL;
}

/* The distribution's libraries are where its libc is. */
static void *open_distribution(void)
{
	static const char *const paths[] = {"/usr/lib64/libseccomp.so.2", "/usr/lib/libseccomp.so.2",
	                                    "libseccomp.so.2"};
	void *handle = NULL;
	char path[PATH_MAX];
	Dl_info libc;

	if (dladdr((void *)(uintptr_t)&getpid, &libc) && libc.dli_fname && strchr(libc.dli_fname, '/')) {
		int folder = (int)(strrchr(libc.dli_fname, '/') - libc.dli_fname);
		snprintf(path, sizeof(path), "%.*s/libseccomp.so.2", folder, libc.dli_fname);
		handle = open_other(path);
	}
	for (size_t i = 0; !handle && i < sizeof(paths) / sizeof(paths[0]); i++)
		handle = open_other(paths[i]);
	return handle;
}

static bool find(void *handle, const char *name, void *ret_function)
{
	void *found = dlsym(handle, name);

	*(void **)ret_function = found;
	return found != NULL;
}

static bool find_all(void *handle, struct bench_library *library)
{
	return find(handle, "seccomp_init", &library->init) &&
	       find(handle, "seccomp_release", &library->release) &&
	       find(handle, "seccomp_attr_set", &library->attr_set) &&
	       find(handle, "seccomp_arch_add", &library->arch_add) &&
	       find(handle, "seccomp_syscall_resolve_name", &library->resolve) &&
	       find(handle, "seccomp_rule_add_array", &library->rule_add) &&
	       find(handle, "seccomp_export_bpf", &library->export_bpf);
}

size_t bench_libraries(struct bench_library ret_libraries[BENCH_LIBRARIES])
{
	struct bench_library peer = {.name = "libseccomp/1", .optimize = 1};
	void *handle = open_distribution();

	ret_libraries[0] = ours;
	if (!handle || !find_all(handle, &peer))
		return 1;
	ret_libraries[1] = ret_libraries[2] = peer;
	ret_libraries[2].name = "libseccomp/2";
	ret_libraries[2].optimize = 2;
	return 3;
}

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static unsigned add_rules(const struct bench_library *library, const struct bench_policy *policy,
                          scmp_filter_ctx ctx)
{
	unsigned rejected = 0;

	library->attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, library->optimize);
	for (size_t i = 0; i < policy->arch_count; i++)
		library->arch_add(ctx, policy->archs[i]);
	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct bench_rule *rule = &policy->rules.items[i];
		int nr = library->resolve(rule->name);
		if (nr == __NR_SCMP_ERROR ||
		    library->rule_add(ctx, rule->action, nr, rule->count, rule->conditions) < 0)
			rejected++;
	}
	return rejected;
}

bool bench_build(const struct bench_library *library, const struct bench_policy *policy,
                 enum callgate_proof proof, int fd, struct bench_build *ret_build)
{
	double start = bench_now();
	scmp_filter_ctx ctx = library->init(policy->default_action);

	if (!ctx)
		return false;
	if (library->is_ours)
		callgate_proof_set(ctx, proof);
	ret_build->rejected = add_rules(library, policy, ctx);
	double middle = bench_now();
	bool done = ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 && library->export_bpf(ctx, fd) == 0;
	ret_build->rules = middle - start;
	ret_build->program = bench_now() - middle;
	library->release(ctx);
	return done;
}
