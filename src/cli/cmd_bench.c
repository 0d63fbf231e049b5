/* callgate bench: what programs cost, beside those of the distribution's library, in one run. */
#include <assert.h>
#include <dlfcn.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>

#include "cli/bench.h"
#include "cli/print.h"

struct settings {
	unsigned int repeats;
	bool counts;
};

static const struct settings defaults = {.repeats = 51};

static const struct option_row options[] = {
    {"repeats", 0, "N", take_number, offsetof(struct settings, repeats), "how often each program is built; default: 51",
     .least = 1, .most = BENCH_REPEATS_MAX},
    {"counts", 0, NULL, take_flag, offsetof(struct settings, counts),
     "only counts and no times: the same in every run"},
    {0},
};

/* The profiles that are measured when none is named, of the kinds that are met. */
static const char *const profiles[] = {"container.json", "service.json", "worker.json", "deny-list.json"};

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

static int by_id(const void *a, const void *b)
{
	const struct bench_rule *x = a, *y = b;

	return (x->rule.id > y->rule.id) - (x->rule.id < y->rule.id);
}

/* A rule is there for each architecture; the others get it from the same call. */
static void drop_repeated(struct bench_policy *policy)
{
	size_t kept = 0;

	if (policy->rules.count > 0)
		qsort(policy->rules.items, policy->rules.count, sizeof(policy->rules.items[0]), by_id);
	for (size_t i = 0; i < policy->rules.count; i++)
		if (kept == 0 || policy->rules.items[i].rule.id != policy->rules.items[kept - 1].rule.id)
			policy->rules.items[kept++] = policy->rules.items[i];
		else
			free(policy->rules.items[i].name);
	policy->rules.count = kept;
}

/* Rules about what no <seccomp.h> has a name or room for are left out, for all libraries alike. */
static bool take_rules(struct bench_policy *policy)
{
	struct bench_rule rule;

	for (size_t i = 0; callgate_simulator_rule(policy->simulator, i, &rule.rule) == 0; i++) {
		if (rule.rule.id == 0)
			continue;
		rule.name = seccomp_syscall_resolve_num_arch(rule.rule.arch, rule.rule.nr);
		bool is_usable = rule.name && rule.rule.condition_count <= 6;
		policy->left_out += !is_usable;
		if (is_usable && vec_push(&policy->rules, rule))
			continue;
		free(rule.name);
		if (is_usable) {
			cli_error("out of memory");
			return false;
		}
	}
	drop_repeated(policy);
	return true;
}

/* The policy of an open profile. False after a message was printed. */
static bool take_policy(struct bench_policy *policy, const struct filter *filter)
{
	const char *slash = strrchr(filter->path, '/'), *name = slash ? slash + 1 : filter->path;
	size_t length = strlen(name);

	if (length > 5 && strcmp(name + length - 5, ".json") == 0)
		length -= 5;
	snprintf(policy->name, sizeof(policy->name), "%.*s", (int)length, name);
	take_archs(policy, filter->ctx);
	if (seccomp_attr_get(filter->ctx, SCMP_FLTATR_ACT_DEFAULT, &policy->default_action) == 0 &&
	    callgate_simulator_new(filter->ctx, &policy->simulator) == 0)
		return take_rules(policy);
	cli_error("%s: %s", policy->name, callgate_diagnosis(filter->ctx));
	return false;
}

static void finish_policy(struct bench_policy *policy)
{
	for (size_t i = 0; i < policy->rules.count; i++)
		free(policy->rules.items[i].name);
	vec_finish(&policy->rules);
	callgate_simulator_free(policy->simulator);
}

/* ---- libraries ---- */

/* Not every C library keeps the symbols of libraries apart. */
#ifndef RTLD_DEEPBIND
#define RTLD_DEEPBIND 0
#endif

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

/* This library, and the distribution's at both levels if it is installed: how many there are, 1 to 3. */
static size_t open_libraries(struct bench_column columns[BENCH_LIBRARIES])
{
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
	struct bench_library peer = {.name = "libseccomp/1", .optimize = 1};
	void *handle = open_distribution();

	columns[0].library = ours;
	if (!handle || !find(handle, "seccomp_init", &peer.init) || !find(handle, "seccomp_release", &peer.release) ||
	    !find(handle, "seccomp_attr_set", &peer.attr_set) || !find(handle, "seccomp_arch_add", &peer.arch_add) ||
	    !find(handle, "seccomp_syscall_resolve_name", &peer.resolve) ||
	    !find(handle, "seccomp_rule_add_array", &peer.rule_add) ||
	    !find(handle, "seccomp_export_bpf", &peer.export_bpf))
		return 1;
	columns[1].library = columns[2].library = peer;
	columns[2].library.name = "libseccomp/2";
	columns[2].library.optimize = 2;
	return 3;
}

/* ---- the table ---- */

static const char *const rows[BENCH_MEASURES] = {
    [BENCH_LENGTH] = "instructions",
    [BENCH_UNIFORM] = "executed, all calls alike",
    [BENCH_MIXED] = "executed, ordinary work",
    [BENCH_WORST] = "executed, at worst",
    [BENCH_NO_RULES] = "executed, calls without rules",
    [BENCH_UNCACHED] = "executed, calls not cached",
    [BENCH_RULES] = "adding rules, us",
    [BENCH_BUILD] = "adding rules and compiling, us",
    [BENCH_PROOF] = "proving, us",
    [BENCH_ALL] = "all of that, us",
    [BENCH_LOAD] = "loading, us",
    [BENCH_CACHED] = "call that is cached, ns",
    [BENCH_CHECKED] = "call with checked arguments, ns",
    [BENCH_DENIED] = "call that is denied, ns",
};

static void print_row(enum bench_measure row, const struct bench_column *columns, size_t count)
{
	double first = columns[0].values[row];

	printf("  %-34s", rows[row]);
	for (size_t i = 0; i < count; i++) {
		double value = columns[i].values[row];
		if (isnan(value))
			printf(" %21s", "-");
		else if (i == 0 || isnan(first))
			printf(" %12.1f%9s", value, "");
		else
			printf(" %12.1f (%5.2f)", value, first / value);
	}
	printf("\n");
}

static void print(const struct bench_policy *policy, const struct bench_column *columns, size_t count, bool timed)
{
	printf("%s: %zu rules%*s", policy->name, policy->rules.count, (int)(18 - strlen(policy->name)), "");
	for (size_t i = 0; i < count; i++)
		printf(" %21s", columns[i].library.name);
	printf("\n");
	for (enum bench_measure row = 0; row < (timed ? BENCH_MEASURES : BENCH_RULES); row++)
		print_row(row, columns, count);
	if (policy->left_out)
		printf("  %zu rules are left out: other libraries have no words for them\n", policy->left_out);
	for (size_t i = 0; i < count; i++)
		if (columns[i].rejected)
			printf("  %s does not know %u of the rules' calls\n", columns[i].library.name,
			       columns[i].rejected);
	printf("\n");
}

/* A filter that was opened, or not. */
static bool bench(struct filter *filter, bool opened, const struct settings *settings)
{
	struct bench_policy policy = {0};
	struct bench_column columns[BENCH_LIBRARIES] = {0};
	size_t count = open_libraries(columns);

	for (size_t i = 0; i < count; i++)
		for (int j = 0; j < BENCH_MEASURES; j++)
			columns[i].values[j] = NAN;
	bool done = filter_explain(filter, opened) && take_policy(&policy, filter) &&
	            bench_build(columns, count, &policy, settings->repeats);
	if (done && !settings->counts)
		bench_use(columns, count);
	if (done)
		print(&policy, columns, count, !settings->counts);
	for (size_t i = 0; i < count; i++)
		callgate_program_free(columns[i].program);
	finish_policy(&policy);
	filter_close(filter);
	return done;
}

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	size_t own = call->operand_count ? 0 : sizeof(profiles) / sizeof(profiles[0]);
	struct filter filter = {0};
	bool done = true;

	for (size_t i = 0; i < own && done; i++) {
		const struct embedded *file = embedded_find(profiles[i]);
		done = bench(&filter, file && filter_open_text(&filter, file->name, file->text, file->size, NULL),
		             settings);
	}
	for (size_t i = 0; i < call->operand_count && done; i++)
		done = bench(&filter, filter_open_profile(&filter, call->operands[i], &call->environment), settings);
	if (done)
		printf("(in brackets: callgate's value / the other's)\n");
	return done ? CLI_OK : CLI_FAILED;
}

const struct command cmd_bench = {
    .name = "bench",
    .for_this_kernel = true,
    .what = "measure programs, next to the distribution's library",
    .synopsis = "[--repeats N] [--counts] [OPTION]... [PROFILE]...",
    .help = "Measures the programs of a few built-in profiles, or of PROFILEs: their length, the instructions that "
            "calls execute, and the time to build, to load, and per call; next to libseccomp at both levels of "
            "optimisation if it is installed.\n",
    .options = options,
    .environment = environment_options,
    .defaults = &defaults,
    .settings_size = sizeof(struct settings),
    .operands_most = UINT_MAX,
    .run = run,
};
