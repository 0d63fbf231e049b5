/* Counts that are the same in every run: the length of a program, and how much of it a call executes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/simulate.h>

#include "cli/bench.h"

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

bool bench_satisfy(const struct bench_rule *rule, uint64_t ret_args[6])
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

static struct callgate_verdict run(struct count *count, int nr, const uint64_t args[6])
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
		if (bench_satisfy(rule, args))
			add(&hits, (double)run(count, nr, args).executed, 1);
	}
	all = hits;
	for (int i = 0; i < 2; i++) {
		struct callgate_verdict verdict = run(count, nr, extremes[i]);
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
		run(&count, odd_numbers[i], zeros);
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
