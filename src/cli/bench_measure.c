/*
 * What is measured of programs: counts, and how long it takes to build them, to load them, and to make calls under
 * them.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/bench.h"

/* ---- counts, which are the same in every run ---- */

enum { NUMBERS = 1024 };

static const struct {
	const char *name;
	double share;
} ordinary_work[] = {
#define PRIOR(name, share) {name, share},
#include "ordinary_work.inc" /* of arch/data */
#undef PRIOR
};

struct mean {
	double sum, weight;
};

static void add(struct mean *mean, double value, double weight)
{
	mean->sum += value * weight;
	mean->weight += weight;
}

static double value_of(const struct mean *mean)
{
	return mean->weight > 0 ? mean->sum / mean->weight : (double)NAN;
}

struct count {
	const struct bench_policy *policy;
	const struct callgate_program *program;
	struct mean uniform, mixed, no_rules, uncached;
	double worst;
	bool failed;
};

static bool holds(const struct scmp_arg_cmp *c, uint64_t arg)
{
	switch (c->op) {
	case SCMP_CMP_NE:
		return arg != c->datum_a;
	case SCMP_CMP_LT:
		return arg < c->datum_a;
	case SCMP_CMP_LE:
		return arg <= c->datum_a;
	case SCMP_CMP_EQ:
		return arg == c->datum_a;
	case SCMP_CMP_GE:
		return arg >= c->datum_a;
	case SCMP_CMP_GT:
		return arg > c->datum_a;
	case SCMP_CMP_MASKED_EQ:
		return (arg & c->datum_a) == (c->datum_b & c->datum_a);
	default:
		return false;
	}
}

/* A satisfying argument vector of a rule; false if there is none. */
static bool satisfy(const struct callgate_rule *rule, uint64_t ret_args[6])
{
	memset(ret_args, 0, 6 * sizeof(*ret_args));
	for (size_t i = 0; i < rule->condition_count; i++) {
		const struct scmp_arg_cmp *c = &rule->conditions[i];
		const uint64_t candidates[] = {c->datum_a, c->datum_a + 1, c->datum_a - 1, c->datum_b & c->datum_a};
		unsigned at = 0;
		while (at < 4 && !holds(c, candidates[at]))
			at++;
		if (at == 4)
			return false;
		ret_args[c->arg] = candidates[at];
	}
	return true;
}

static struct callgate_verdict simulate(struct count *count, int nr, const uint64_t args[6])
{
	struct callgate_call call = {.arch = SCMP_ARCH_NATIVE, .nr = nr};
	struct callgate_verdict verdict = {0};

	memcpy(call.args, args, sizeof(call.args));
	if (callgate_simulate_program(count->program, &call, &verdict) < 0)
		count->failed = true;
	if ((double)verdict.executed > count->worst)
		count->worst = (double)verdict.executed;
	return verdict;
}

static double share_of(const char *name)
{
	for (size_t i = 0; i < sizeof(ordinary_work) / sizeof(ordinary_work[0]); i++)
		if (strcmp(ordinary_work[i].name, name) == 0)
			return ordinary_work[i].share;
	return 0;
}

/* One call: with arguments that satisfy each of its rules, and with ones that hardly satisfy any. */
static void count_call(struct count *count, int nr, const char *name)
{
	static const uint64_t extremes[2][6] = {{0}, {~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL}};
	struct mean all = {0}, hits = {0};
	uint64_t args[6];
	bool has_rules = false, cached = false;

	for (size_t i = 0; i < count->policy->rules.count; i++) {
		const struct bench_rule *rule = &count->policy->rules.items[i];
		if (strcmp(rule->name, name) != 0)
			continue;
		has_rules = true;
		if (satisfy(&rule->rule, args))
			add(&hits, (double)simulate(count, nr, args).executed, 1);
	}
	all = hits;
	for (int i = 0; i < 2; i++) {
		struct callgate_verdict verdict = simulate(count, nr, extremes[i]);
		cached = verdict.from_bitmap;
		add(&all, (double)verdict.executed, 1);
	}
	add(&count->uniform, value_of(&all), 1);
	if (!has_rules)
		add(&count->no_rules, value_of(&all), 1);
	if (has_rules && hits.weight > 0) {
		add(&count->mixed, value_of(&hits), share_of(name));
		add(&count->uncached, value_of(&hits), cached ? 0 : share_of(name));
	}
}

/* False: the program can't be simulated. */
static bool count_instructions(const struct bench_policy *policy, struct bench_column *column)
{
	static const int odd_numbers[] = {NUMBERS, 0x3fffffff, 0x40000000, 0x7fffffff, -1};
	struct count count = {.policy = policy, .program = column->program};
	const uint64_t zeros[6] = {0};

	for (int nr = 0; nr < NUMBERS; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
		if (name)
			count_call(&count, nr, name);
		free(name);
	}
	for (size_t i = 0; i < sizeof(odd_numbers) / sizeof(odd_numbers[0]); i++)
		simulate(&count, odd_numbers[i], zeros);
	column->values[BENCH_LENGTH] = (double)callgate_program_length(column->program);
	column->values[BENCH_UNIFORM] = value_of(&count.uniform);
	column->values[BENCH_MIXED] = value_of(&count.mixed);
	column->values[BENCH_WORST] = count.worst;
	column->values[BENCH_NO_RULES] = value_of(&count.no_rules);
	column->values[BENCH_UNCACHED] = value_of(&count.uncached);
	return !count.failed;
}

/* ---- times ---- */

/* In microseconds. */
static double now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The middle one; sorts the values. */
static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return count ? values[count / 2] : (double)NAN;
}

/*
 * Did the function return true in a child? What it finds out is in memory that is shared, since a filter may forbid all
 * else.
 */
static bool in_child(bool (*function)(void *), void *data)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(function(data) ? EXIT_SUCCESS : EXIT_FAILURE);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void *share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/*
 * ---- building ----
 *
 * The libraries take turns, so that what disturbs one disturbs the others; each turn is a process of its own, so that
 * none finds the memory as another left it, and starts with a build that does not count.
 */

enum { TURNS = 9, VARIANTS = BENCH_LIBRARIES + 1 };

/* A library, with or without the proof. What was measured is shared with the processes that do it. */
struct variant {
	const struct bench_library *library;
	const struct bench_policy *policy;
	enum callgate_proof proof;
	double *rules, *all;
	size_t count, builds; /* that were measured, and that the next turn makes */
};

static unsigned int add_rules(const struct bench_library *library, const struct bench_policy *policy,
                              scmp_filter_ctx ctx)
{
	unsigned int rejected = 0;

	library->attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, library->optimize);
	for (size_t i = 0; i < policy->arch_count; i++)
		library->arch_add(ctx, policy->archs[i]);
	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct callgate_rule *rule = &policy->rules.items[i].rule;
		int nr = library->resolve(policy->rules.items[i].name);
		if (nr == __NR_SCMP_ERROR ||
		    library->rule_add(ctx, rule->action, nr, (unsigned int)rule->condition_count, rule->conditions) < 0)
			rejected++;
	}
	return rejected;
}

/* Writes the program to fd: the time of adding the rules and of everything, and how many rules were rejected. */
static bool build_once(const struct bench_library *library, const struct bench_policy *policy,
                       enum callgate_proof proof, int fd, double *ret_rules, double *ret_all,
                       unsigned int *ret_rejected)
{
	double start = now();
	scmp_filter_ctx ctx = library->init(policy->default_action);

	if (!ctx)
		return false;
	if (library->is_ours)
		callgate_proof_set(ctx, proof);
	*ret_rejected = add_rules(library, policy, ctx);
	*ret_rules = now() - start;
	bool done = ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 && library->export_bpf(ctx, fd) == 0;
	*ret_all = now() - start;
	library->release(ctx);
	return done;
}

static bool take_turn(void *data)
{
	const struct variant *variant = data;
	int fd = memfd_create("program", MFD_CLOEXEC);
	unsigned int rejected;
	double rules, all;

	for (size_t i = 0; i <= variant->builds; i++) {
		if (fd < 0 ||
		    !build_once(variant->library, variant->policy, variant->proof, fd, &rules, &all, &rejected))
			return false;
		if (i > 0) {
			variant->rules[variant->count + i - 1] = rules;
			variant->all[variant->count + i - 1] = all;
		}
	}
	return true;
}

static bool take_turns(struct variant *variants, size_t count, unsigned int repeats)
{
	bool done = true;

	for (unsigned int turn = 0; turn < TURNS && done; turn++)
		for (size_t i = 0; i < count && done; i++) {
			variants[i].builds = repeats * (turn + 1) / TURNS - repeats * turn / TURNS;
			done = !variants[i].builds || in_child(take_turn, &variants[i]);
			variants[i].count += variants[i].builds;
		}
	return done;
}

/* The variants: every library without the proof, and the last one is our own with it. */
static bool measure_building(struct bench_column *columns, size_t count, const struct bench_policy *policy,
                             unsigned int repeats)
{
	struct variant variants[VARIANTS];
	size_t size = VARIANTS * 2 * (size_t)repeats * sizeof(double);
	double *times = share(size);

	if (!times)
		return false;
	for (size_t i = 0; i <= count; i++)
		variants[i] = (struct variant){
		    .library = &columns[i < count ? i : 0].library,
		    .policy = policy,
		    .proof = i < count ? CALLGATE_PROOF_OFF_FOR_TIMING : CALLGATE_PROOF_REQUIRED,
		    .rules = times + 2 * i * repeats,
		    .all = times + (2 * i + 1) * repeats,
		};
	bool done = take_turns(variants, count + 1, repeats);
	for (size_t i = 0; i < count && done; i++) {
		double *values = columns[i].values;
		values[BENCH_RULES] = median(variants[i].rules, variants[i].count);
		values[BENCH_BUILD] = values[BENCH_ALL] = median(variants[i].all, variants[i].count);
	}
	if (done) {
		columns[0].values[BENCH_ALL] = median(variants[count].all, variants[count].count);
		columns[0].values[BENCH_PROOF] = columns[0].values[BENCH_ALL] - columns[0].values[BENCH_BUILD];
	}
	munmap(times, size);
	return done;
}

bool bench_build(struct bench_column *columns, size_t count, const struct bench_policy *policy, unsigned int repeats)
{
	int fd = memfd_create("program", MFD_CLOEXEC);
	bool done = fd >= 0 && measure_building(columns, count, policy, repeats);
	double rules, all;

	for (size_t i = 0; i < count && done; i++) {
		struct bench_column *column = &columns[i];
		done = build_once(&column->library, policy, CALLGATE_PROOF_OFF_FOR_TIMING, fd, &rules, &all,
		                  &column->rejected) &&
		       lseek(fd, 0, SEEK_SET) == 0 &&
		       callgate_program_read(fd, SCMP_ARCH_NATIVE, &column->program) == 0 &&
		       count_instructions(policy, column);
	}
	if (fd >= 0)
		close(fd);
	if (!done)
		cli_error("%s: a library builds no program", policy->name);
	return done;
}

/* ---- loading, and calls: each in a child of its own, for a filter never goes away ---- */

enum { LOADS = 31, ROUNDS = 9, CALLS = 20000 };

struct experiment {
	const struct callgate_program *program;
	const struct callgate_call *call; /* NULL: the time of loading */
	double time;                      /* NAN: nothing was found out, or the child could not even exit */
};

static bool load(const struct callgate_program *program)
{
	struct sock_fprog fprog = {
	    .len = (unsigned short)callgate_program_length(program),
	    .filter = (struct sock_filter *)(uintptr_t)callgate_program_bytes(program),
	};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &fprog) == 0;
}

static void make_calls(const struct callgate_call *call, int count)
{
	for (int i = 0; i < count; i++)
		syscall(call->nr, call->args[0], call->args[1], call->args[2]);
}

/* Nothing but the measured calls and reads of the clock happens once the filter is there. */
static bool find_out(void *data)
{
	struct experiment *experiment = data;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)now();
	double start = now();
	if (!load(experiment->program))
		return false;
	double time = now() - start;
	if (experiment->call) {
		make_calls(experiment->call, CALLS / 10);
		start = now();
		make_calls(experiment->call, CALLS);
		time = (now() - start) * 1e3 / (double)CALLS;
	}
	experiment->time = time;
	return true;
}

static double measure(const struct callgate_program *program, const struct callgate_call *call)
{
	struct experiment *experiment = share(sizeof(*experiment));
	double time = NAN;

	if (experiment) {
		*experiment = (struct experiment){program, call, (double)NAN};
		(void)in_child(find_out, experiment);
		time = experiment->time;
		munmap(experiment, sizeof(*experiment));
	}
	return time;
}

/* Each program in turn; call: NULL for the time of loading. */
static void measure_in_turn(struct bench_column *columns, size_t count, enum bench_measure what,
                            const struct callgate_call *call)
{
	double times[BENCH_LIBRARIES][LOADS];
	int rounds = call ? ROUNDS : LOADS;

	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < count; i++)
			times[i][round] = measure(columns[i].program, call);
	for (size_t i = 0; i < count; i++)
		columns[i].values[what] = median(times[i], (size_t)rounds);
}

/* Calls that do no harm, or, if they are denied, would have done some. */
static const struct {
	const char *name;
	uint64_t args[3];
	bool only_denied;
} calls[] = {
    {"getppid", {0}, false},
    {"getuid", {0}, false},
    {"geteuid", {0}, false},
    {"personality", {0xffffffff}, false},
    {"fcntl", {0, 1}, false},
    {"fcntl", {0, 3}, false},
    {"lseek", {1000, 0, 1}, false},
    {"socket", {~0ULL, 0, 0}, false},
    {"socket", {2, 0xffff, 0xffff}, false},
    {"swapoff", {0}, true},
    {"acct", {0}, true},
    {"kexec_load", {0}, true},
    {"uselib", {0}, true},
    {"ptrace", {0xffff}, true},
    {"mount", {0}, true},
};

static bool is_of_kind(const struct callgate_program *program, const struct callgate_call *call,
                       enum bench_measure kind, bool only_denied)
{
	struct callgate_verdict verdict;

	if (callgate_simulate_program(program, call, &verdict) < 0)
		return false;
	if (kind == BENCH_DENIED)
		return (verdict.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
	return verdict.action == SCMP_ACT_ALLOW && !only_denied && verdict.from_bitmap == (kind == BENCH_CACHED);
}

void bench_use(struct bench_column *columns, size_t count)
{
	measure_in_turn(columns, count, BENCH_LOAD, NULL);
	for (enum bench_measure kind = BENCH_CACHED; kind < BENCH_MEASURES; kind++)
		for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
			struct callgate_call call = {.nr = seccomp_syscall_resolve_name(calls[i].name)};
			memcpy(call.args, calls[i].args, sizeof(calls[i].args));
			if (call.nr < 0 || !is_of_kind(columns[0].program, &call, kind, calls[i].only_denied))
				continue;
			measure_in_turn(columns, count, kind, &call);
			break;
		}
}
