/*
 * How long it takes to build. The libraries take turns, so that what disturbs one disturbs the others; each turn is a process of
 * its own, so that none finds the memory as another left it, and starts with a build that does not count.
 */
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/bench.h"
#include "cli/cli.h"

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
