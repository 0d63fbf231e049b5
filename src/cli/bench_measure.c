/* What is measured of programs: counts, and how long it takes to build them, to load them, and to make calls under them. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/simulate.h>

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
	struct mean uniform, mixed, denied, uncached;
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
static bool satisfy(const struct bench_rule *rule, uint64_t ret_args[6])
{
	memset(ret_args, 0, 6 * sizeof(*ret_args));
	for (unsigned i = 0; i < rule->count; i++) {
		const struct scmp_arg_cmp *c = &rule->conditions[i];
		const uint64_t candidates[] = {c->datum_a, c->datum_a + 1, c->datum_a - 1,
		                               c->datum_b & c->datum_a};
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
		if (satisfy(rule, args))
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
		add(&count->denied, value_of(&all), 1);
	if (has_rules && hits.weight > 0) {
		add(&count->mixed, value_of(&hits), share_of(name));
		add(&count->uncached, value_of(&hits), cached ? 0 : share_of(name));
	}
}

bool bench_count(const struct bench_policy *policy, const struct callgate_program *program,
                 struct bench_counts *ret_counts)
{
	static const int odd_numbers[] = {NUMBERS, 0x3fffffff, 0x40000000, 0x7fffffff, -1};
	struct count count = {.policy = policy, .program = program};
	const uint64_t zeros[6] = {0};

	for (int nr = 0; nr < NUMBERS; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
		if (name)
			count_call(&count, nr, name);
		free(name);
	}
	for (size_t i = 0; i < sizeof(odd_numbers) / sizeof(odd_numbers[0]); i++)
		simulate(&count, odd_numbers[i], zeros);
	*ret_counts = (struct bench_counts){
	    .length = (double)callgate_program_length(program),
	    .uniform = value_of(&count.uniform),
	    .mixed = value_of(&count.mixed),
	    .worst = count.worst,
	    .denied = value_of(&count.denied),
	    .uncached = value_of(&count.uncached),
	};
	return !count.failed;
}

/* ---- times ---- */

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

/* Did the function return true in a child? What it finds out is in memory that is shared, since a filter may forbid all else. */
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
 * The libraries take turns, so that what disturbs one disturbs the others; each turn is a process of its own, so that none finds the
 * memory as another left it, and starts with a build that does not count.
 */

enum { TURNS = 9, VARIANTS = BENCH_LIBRARIES + 1 };

/* A library, with or without the proof. */
struct variant {
	const struct bench_library *library;
	enum callgate_proof proof;
	double *rules, *all; /* what was measured, shared with the processes that do it */
	unsigned *rejected;
	size_t count;
};

/* One turn: so many builds by one variant. */
struct turn {
	struct variant *variant;
	const struct bench_policy *policy;
	size_t builds;
};

static bool take_turn(void *data)
{
	const struct turn *turn = data;
	struct variant *variant = turn->variant;
	int fd = memfd_create("program", MFD_CLOEXEC);
	struct bench_build build;

	for (size_t i = 0; i <= turn->builds; i++) {
		if (fd < 0 || !bench_build(variant->library, turn->policy, variant->proof, fd, &build))
			return false;
		if (i > 0) {
			variant->rules[variant->count + i - 1] = build.rules;
			variant->all[variant->count + i - 1] = build.rules + build.program;
		}
	}
	*variant->rejected = build.rejected;
	return true;
}

static bool take_turns(struct variant *variants, size_t count, const struct bench_policy *policy,
                       unsigned repeats)
{
	bool done = true;

	for (unsigned turn = 0; turn < TURNS && done; turn++) {
		size_t builds = repeats * (turn + 1) / TURNS - repeats * turn / TURNS;
		for (size_t i = 0; i < count && builds && done; i++) {
			struct turn one = {&variants[i], policy, builds};
			done = in_child(take_turn, &one);
			variants[i].count += builds;
		}
	}
	return done;
}

/* The variants: every library without the proof, and the last one is our own with it. */
static void evaluate(struct variant *variants, size_t count, struct bench_times *ret_times)
{
	struct variant *proved = &variants[count];

	for (size_t i = 0; i < count; i++) {
		struct variant *variant = &variants[i];
		struct bench_times *times = &ret_times[i];
		times->rules = median(variant->rules, variant->count);
		times->build = times->all = median(variant->all, variant->count);
		times->proof = NAN;
		times->rejected = *variant->rejected;
		if (variant->library == proved->library) {
			times->all = median(proved->all, proved->count);
			times->proof = times->all - times->build;
		}
	}
}

bool bench_build_times(const struct bench_library *const *libraries, size_t count,
                       const struct bench_policy *policy, unsigned repeats, struct bench_times *ret_times)
{
	struct variant variants[VARIANTS];
	size_t size = VARIANTS * (2 * (size_t)repeats + 1) * sizeof(double);
	double *values = share(size);

	if (!values) {
		cli_error("%s: out of memory", policy->name);
		return false;
	}
	for (size_t i = 0; i <= count; i++) {
		double *own = values + i * (2 * (size_t)repeats + 1);
		variants[i] = (struct variant){
		    .library = libraries[i < count ? i : 0],
		    .proof = i < count ? CALLGATE_PROOF_OFF_FOR_TIMING : CALLGATE_PROOF_REQUIRED,
		    .rules = own + 1,
		    .all = own + 1 + repeats,
		    .rejected = (unsigned *)own,
		};
	}
	bool done = take_turns(variants, count + 1, policy, repeats);
	if (done)
		evaluate(variants, count, ret_times);
	else
		cli_error("%s: a library builds no program", policy->name);
	munmap(values, size);
	return done;
}

/* ---- loading, and calls: each in a child of its own, for a filter never goes away ---- */

enum { LOADS = 31, ROUNDS = 9, CALLS = 20000 };

struct experiment {
	const struct callgate_program *program;
	const struct callgate_call *call; /* NULL: the time of loading */
	bool valid;                       /* so that a child that can't even exit has said enough */
	double time;
};

static bool load(const struct callgate_program *program)
{
	struct sock_fprog fprog = {
	    .len = (unsigned short)callgate_program_length(program),
	    .filter = (struct sock_filter *)(uintptr_t)callgate_program_bytes(program),
	};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &fprog) == 0;
}

/* Nothing but the measured calls and reads of the clock happens once the filter is there. */
static bool find_out(void *data)
{
	struct experiment *experiment = data;
	const struct callgate_call *call = experiment->call;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)bench_now();
	double start = bench_now();
	if (!load(experiment->program))
		return false;
	experiment->time = bench_now() - start;
	if (call) {
		for (int i = 0; i < CALLS / 10; i++)
			syscall(call->nr, call->args[0], call->args[1], call->args[2]);
		start = bench_now();
		for (int i = 0; i < CALLS; i++)
			syscall(call->nr, call->args[0], call->args[1], call->args[2]);
		experiment->time = (bench_now() - start) * 1e3 / (double)CALLS;
	}
	return experiment->valid = true;
}

static double measure(const struct callgate_program *program, const struct callgate_call *call)
{
	struct experiment *experiment = share(sizeof(*experiment));

	if (!experiment)
		return (double)NAN;
	*experiment = (struct experiment){.program = program, .call = call};
	(void)in_child(find_out, experiment);
	double time = experiment->valid ? experiment->time : (double)NAN;
	munmap(experiment, sizeof(*experiment));
	return time;
}

void bench_load_times(struct callgate_program *const *programs, size_t count, double *ret_times)
{
	double times[BENCH_LIBRARIES][LOADS];

	for (int load = 0; load < LOADS; load++)
		for (size_t i = 0; i < count; i++)
			times[i][load] = measure(programs[i], NULL);
	for (size_t i = 0; i < count; i++)
		ret_times[i] = median(times[i], LOADS);
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
                       enum bench_kind kind, bool only_denied)
{
	struct callgate_verdict verdict;

	if (callgate_simulate_program(program, call, &verdict) < 0)
		return false;
	if (kind == BENCH_DENIED)
		return (verdict.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
	return verdict.action == SCMP_ACT_ALLOW && !only_denied &&
	       verdict.from_bitmap == (kind == BENCH_CACHED);
}

static bool find_call(const struct callgate_program *program, enum bench_kind kind,
                      struct callgate_call *ret_call)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct callgate_call call = {.nr = seccomp_syscall_resolve_name(calls[i].name)};
		memcpy(call.args, calls[i].args, sizeof(calls[i].args));
		if (call.nr >= 0 && is_of_kind(program, &call, kind, calls[i].only_denied)) {
			*ret_call = call;
			return true;
		}
	}
	return false;
}

static void measure_kind(struct callgate_program *const *programs, size_t count, enum bench_kind kind,
                         double (*ret_times)[BENCH_KINDS])
{
	double times[BENCH_LIBRARIES][ROUNDS];
	struct callgate_call call;
	bool found = find_call(programs[0], kind, &call);

	for (int round = 0; round < ROUNDS && found; round++)
		for (size_t i = 0; i < count; i++)
			times[i][round] = measure(programs[i], &call);
	for (size_t i = 0; i < count; i++)
		ret_times[i][kind] = found ? median(times[i], ROUNDS) : (double)NAN;
}

void bench_call_times(struct callgate_program *const *programs, size_t count,
                      double (*ret_times)[BENCH_KINDS])
{
	for (int kind = 0; kind < BENCH_KINDS; kind++)
		measure_kind(programs, count, (enum bench_kind)kind, ret_times);
}
