/*
 * What `callgate bench` compares: a policy (cmd_bench.c), the libraries that build it, a column each, and what is
 * measured of their programs (bench_measure.c).
 */
#ifndef CALLGATE_CLI_BENCH_H
#define CALLGATE_CLI_BENCH_H

#include <callgate/simulate.h>

#include "base/vec.h"
#include "cli/filter_file.h"

enum { BENCH_ARCHS_MAX = 64, BENCH_LIBRARIES = 3, BENCH_REPEATS_MAX = 1001 };

/* Each set of rules can be given to any library with <seccomp.h>'s interface. */
struct bench_rule {
	struct callgate_rule rule;
	char *name; /* of the call */
};

struct bench_policy {
	char name[40];
	uint32_t default_action;
	size_t arch_count; /* the native one is not among them */
	uint32_t archs[BENCH_ARCHS_MAX];
	struct callgate_simulator *simulator; /* which the rules belong to */
	VEC(struct bench_rule) rules;         /* in the profile's order */
	size_t left_out;                      /* of the simulator's rules */
};

/* A library, or another of its levels. */
struct bench_library {
	const char *name;
	bool is_ours;
	uint32_t optimize;
	scmp_filter_ctx (*init)(uint32_t def_action);
	void (*release)(scmp_filter_ctx ctx);
	int (*attr_set)(scmp_filter_ctx ctx, enum scmp_filter_attr attr, uint32_t value);
	int (*arch_add)(scmp_filter_ctx ctx, uint32_t arch_token);
	int (*resolve)(const char *name);
	int (*rule_add)(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt,
	                const struct scmp_arg_cmp *arg_array);
	int (*export_bpf)(const scmp_filter_ctx ctx, int fd);
};

/* Instructions, executed per call; medians of microseconds; medians of nanoseconds per call. ORDER rows */
enum bench_measure {
	BENCH_LENGTH,
	BENCH_UNIFORM,
	BENCH_MIXED,
	BENCH_WORST,
	BENCH_NO_RULES,
	BENCH_UNCACHED,
	BENCH_RULES, /* adding them */
	BENCH_BUILD, /* with compiling */
	BENCH_PROOF, /* the proof alone: what it adds */
	BENCH_ALL,   /* what a user gets: with the proof where there is one */
	BENCH_LOAD,
	BENCH_CACHED, /* kinds of calls whose real cost differs */
	BENCH_CHECKED,
	BENCH_DENIED,
	BENCH_MEASURES,
};

struct bench_column {
	struct bench_library library;
	struct callgate_program *program;
	unsigned int rejected;         /* rules that the library does not take */
	double values[BENCH_MEASURES]; /* NAN where there is no such call, or a library does not prove */
};

/*
 * Builds the policy `repeats` times with each library in turn; the first column is our own, with and without the proof.
 * Leaves each column's program, and what is counted of it. False after a message was printed.
 */
bool bench_build(struct bench_column *columns, size_t count, const struct bench_policy *policy, unsigned int repeats);

/*
 * Loads the programs into fresh processes, in turn, several times over, and makes calls there. What can't be loaded
 * here, and a kind that the policy has no harmless call of, is NAN.
 */
void bench_use(struct bench_column *columns, size_t count);

#endif
