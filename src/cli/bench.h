/*
 * What the files of `callgate bench` share: policies, libraries to build them with, and what is measured of the programs.
 */
#ifndef CALLGATE_CLI_BENCH_H
#define CALLGATE_CLI_BENCH_H

#include "base/vec.h"
#include "cli/filter_file.h"

enum { BENCH_ARCHS_MAX = 64, BENCH_CONDITIONS_MAX = 6 };

struct bench_rule {
	uint32_t id; /* in the order of the profile */
	uint32_t action;
	char name[48];
	unsigned count;
	struct scmp_arg_cmp conditions[BENCH_CONDITIONS_MAX];
};

/* The same rules can be given to any library with <seccomp.h>'s interface. */
struct bench_policy {
	char name[40];
	uint32_t default_action;
	size_t arch_count; /* the native one is not among them */
	uint32_t archs[BENCH_ARCHS_MAX];
	VEC(struct bench_rule) rules;
};

/* The policy of an open profile, its rules in the profile's order. False after a message was printed. bench_policy_finish() in any case. */
bool bench_policy_take(struct bench_policy *policy, const struct filter *filter);
void bench_policy_finish(struct bench_policy *policy);

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

/* This library, and the distribution's at both levels if it is installed: how many there are, 1 to 3. */
enum { BENCH_LIBRARIES = 3 };
size_t bench_libraries(struct bench_library ret_libraries[BENCH_LIBRARIES]);

/* One build: the time of adding the rules and of making the program, in microseconds. Writes the program to fd. */
struct bench_build {
	double rules, program;
	unsigned rejected; /* rules that the library does not take */
};
bool bench_build(const struct bench_library *library, const struct bench_policy *policy,
                 enum callgate_proof proof, int fd, struct bench_build *ret_build);

/* Medians, in microseconds; NAN where a library does not prove. */
struct bench_times {
	double rules; /* adding them */
	double build; /* with compiling */
	double proof; /* the proof alone: what it adds */
	double all;   /* what a user gets: with the proof where there is one */
	unsigned rejected;
};

/* Builds `repeats` times with each library in turn; the first one is our own, with and without the proof. False after a message. */
enum { BENCH_REPEATS_MAX = 1001 };
bool bench_build_times(const struct bench_library *const *libraries, size_t count,
                       const struct bench_policy *policy, unsigned repeats, struct bench_times *ret_times);

/* Instructions, executed per call; NAN where there is no such call. */
struct bench_counts {
	double length;
	double uniform, mixed, worst, denied, uncached;
};
bool bench_count(const struct bench_policy *policy, const struct callgate_program *program,
                 struct bench_counts *ret_counts);

/* Median times to load each program into a fresh process, in turn, in microseconds; NAN if it can't be loaded here. */
void bench_load_times(struct callgate_program *const *programs, size_t count, double *ret_times);

/* Kinds of calls whose real cost differs. */
enum bench_kind { BENCH_CACHED, BENCH_CHECKED, BENCH_DENIED, BENCH_KINDS };

/*
 * Nanoseconds per call with each of `count` programs loaded, in turn, several times over; the medians. NAN for a kind that the
 * policy has no harmless call of.
 */
void bench_call_times(struct callgate_program *const *programs, size_t count,
                      double (*ret_times)[BENCH_KINDS]);

double bench_now(void); /* microseconds */

#endif
