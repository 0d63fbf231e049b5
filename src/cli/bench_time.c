/* How long it takes to build a program, to load it, and to make calls under it. */
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

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double bench_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return count ? values[count / 2] : (double)NAN;
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

static void build_in_child(const struct variant *variant, const struct bench_policy *policy, size_t builds)
{
	int fd = memfd_create("program", MFD_CLOEXEC);
	struct bench_build build;

	for (size_t i = 0; i <= builds; i++) {
		if (fd < 0 || !bench_build(variant->library, policy, variant->proof, fd, &build))
			_exit(EXIT_FAILURE);
		if (i > 0) {
			variant->rules[variant->count + i - 1] = build.rules;
			variant->all[variant->count + i - 1] = build.rules + build.program;
		}
	}
	*variant->rejected = build.rejected;
	_exit(EXIT_SUCCESS);
}

static bool take_turn(struct variant *variant, const struct bench_policy *policy, size_t builds)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		build_in_child(variant, policy, builds);
	variant->count += builds;
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool take_turns(struct variant *variants, size_t count, const struct bench_policy *policy,
                       unsigned repeats)
{
	bool done = true;

	for (unsigned turn = 0; turn < TURNS && done; turn++) {
		size_t builds = repeats * (turn + 1) / TURNS - repeats * turn / TURNS;
		for (size_t i = 0; i < count && builds && done; i++)
			done = take_turn(&variants[i], policy, builds);
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
		times->rules = bench_median(variant->rules, variant->count);
		times->build = times->all = bench_median(variant->all, variant->count);
		times->proof = NAN;
		times->rejected = *variant->rejected;
		if (variant->library == proved->library) {
			times->all = bench_median(proved->all, proved->count);
			times->proof = times->all - times->build;
		}
	}
}

bool bench_build_times(const struct bench_library *const *libraries, size_t count,
                       const struct bench_policy *policy, unsigned repeats, struct bench_times *ret_times)
{
	struct variant variants[VARIANTS];
	size_t size = VARIANTS * (2 * (size_t)repeats + 1) * sizeof(double);
	double *values = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (values == MAP_FAILED) {
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

/* What a child finds out; shared, for its filter may forbid it to say anything. */
struct finding {
	bool valid;
	double time;
};

struct experiment {
	const struct callgate_program *program;
	const struct callgate_call *call; /* NULL: the time of loading */
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
static void find_out(const struct experiment *experiment, struct finding *finding)
{
	const struct callgate_call *call = experiment->call;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)bench_now();
	double start = bench_now();
	if (!load(experiment->program))
		return;
	finding->time = bench_now() - start;
	if (call) {
		for (int i = 0; i < CALLS / 10; i++)
			syscall(call->nr, call->args[0], call->args[1], call->args[2]);
		start = bench_now();
		for (int i = 0; i < CALLS; i++)
			syscall(call->nr, call->args[0], call->args[1], call->args[2]);
		finding->time = (bench_now() - start) * 1e3 / (double)CALLS;
	}
	finding->valid = true;
}

static double measure(const struct experiment *experiment)
{
	struct finding *finding =
	    mmap(NULL, sizeof(*finding), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double time = NAN;

	if (finding == MAP_FAILED)
		return time;
	pid_t child = fork();
	if (child == 0) {
		find_out(experiment, finding);
		_exit(0);
	}
	if (child > 0 && waitpid(child, NULL, 0) == child && finding->valid)
		time = finding->time;
	munmap(finding, sizeof(*finding));
	return time;
}

void bench_load_times(struct callgate_program *const *programs, size_t count, double *ret_times)
{
	double times[BENCH_LIBRARIES][LOADS];

	for (int load = 0; load < LOADS; load++)
		for (size_t i = 0; i < count; i++) {
			struct experiment experiment = {.program = programs[i]};
			times[i][load] = measure(&experiment);
		}
	for (size_t i = 0; i < count; i++)
		ret_times[i] = bench_median(times[i], LOADS);
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
		for (size_t i = 0; i < count; i++) {
			struct experiment experiment = {programs[i], &call};
			times[i][round] = measure(&experiment);
		}
	for (size_t i = 0; i < count; i++)
		ret_times[i][kind] = found ? bench_median(times[i], ROUNDS) : (double)NAN;
}

void bench_call_times(struct callgate_program *const *programs, size_t count,
                      double (*ret_times)[BENCH_KINDS])
{
	for (int kind = 0; kind < BENCH_KINDS; kind++)
		measure_kind(programs, count, (enum bench_kind)kind, ret_times);
}
