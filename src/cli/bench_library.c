/* This library and the distribution's, behind the same interface. */
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

#include "cli/bench.h"

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
static void *open_distribution(void)
{
	static const char *const paths[] = {
	    "/usr/lib/x86_64-linux-gnu/libseccomp.so.2",
	    "/usr/lib/aarch64-linux-gnu/libseccomp.so.2",
	    "/usr/lib64/libseccomp.so.2",
	    "/usr/lib/libseccomp.so.2",
	    "libseccomp.so.2",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		void *handle = dlopen(paths[i], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
		if (handle && !dlsym(handle, "callgate_version"))
			return handle;
		if (handle)
			dlclose(handle);
	}
	return NULL;
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
