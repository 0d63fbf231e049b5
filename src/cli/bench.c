/* callgate bench: what programs cost, beside those of the distribution's library, in one run. */
#include "cli/bench.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/cli.h"

static const char usage[] = "bench [--repeats N] [--counts] [POLICY]...\n"
                            "\n"
                            "Measures the programs of a few policies, or of POLICY files: their length, the "
                            "instructions that calls execute, the\n"
                            "time to build, to load, and per call; beside libseccomp at both levels of "
                            "optimisation when it is installed.\n"
                            "  --repeats N  how often each program is built; default 51\n"
                            "  --counts     only what is counted, not timed: the same in every run\n"
                            "A POLICY has lines \"default ACTION\", \"arch NAME...\" (native first) and "
                            "\"rule ACTION NR NAME COUNT (ARG OP A B)...\",\n"
                            "with actions as numbers and OP as in enum scmp_compare.\n";

struct column {
	const struct bench_library *library;
	struct callgate_program *program;
	struct bench_times times;
	struct bench_counts counts;
	double load;
	double calls[BENCH_KINDS];
};

/* Every library's program, timed in turn. */
static bool build(struct column *columns, size_t count, const struct bench_policy *policy, unsigned repeats,
                  int fd)
{
	const struct bench_library *libraries[BENCH_LIBRARIES];
	struct bench_times times[BENCH_LIBRARIES];

	for (size_t i = 0; i < count; i++)
		libraries[i] = columns[i].library;
	if (!bench_build_times(libraries, count, policy, repeats, times))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct bench_build ignored;
		struct column *column = &columns[i];
		column->times = times[i];
		if (!bench_build(column->library, policy, CALLGATE_PROOF_OFF_FOR_TIMING, fd, &ignored) ||
		    lseek(fd, 0, SEEK_SET) < 0 ||
		    callgate_program_read(fd, SCMP_ARCH_NATIVE, &column->program) < 0) {
			cli_error("%s: %s builds no program", policy->name, column->library->name);
			return false;
		}
		if (!bench_count(policy, column->program, &column->counts))
			return false;
	}
	return true;
}

static void measure_calls(struct column *columns, size_t count)
{
	struct callgate_program *programs[BENCH_LIBRARIES];
	double times[BENCH_LIBRARIES][BENCH_KINDS], loads[BENCH_LIBRARIES];

	for (size_t i = 0; i < count; i++)
		programs[i] = columns[i].program;
	bench_load_times(programs, count, loads);
	bench_call_times(programs, count, times);
	for (size_t i = 0; i < count; i++) {
		columns[i].load = loads[i];
		memcpy(columns[i].calls, times[i], sizeof(times[i]));
	}
}

static void print_row(const char *what, const struct column *columns, size_t count, size_t offset)
{
	double first = *(const double *)((const char *)&columns[0] + offset);

	printf("  %-34s", what);
	for (size_t i = 0; i < count; i++) {
		double value = *(const double *)((const char *)&columns[i] + offset);
		if (isnan(value))
			printf(" %21s", "-");
		else if (i == 0 || isnan(first))
			printf(" %12.1f%9s", value, "");
		else
			printf(" %12.1f (%5.2f)", value, first / value);
	}
	printf("\n");
}

static const struct row {
	const char *what;
	size_t offset;
	bool is_timed;
} rows[] = {
    {"instructions", offsetof(struct column, counts.length), false},
    {"executed, all calls alike", offsetof(struct column, counts.uniform), false},
    {"executed, ordinary work", offsetof(struct column, counts.mixed), false},
    {"executed, at worst", offsetof(struct column, counts.worst), false},
    {"executed, calls without rules", offsetof(struct column, counts.denied), false},
    {"executed, calls not cached", offsetof(struct column, counts.uncached), false},
    {"adding rules, us", offsetof(struct column, times.rules), true},
    {"adding rules and compiling, us", offsetof(struct column, times.build), true},
    {"proving, us", offsetof(struct column, times.proof), true},
    {"all of that, us", offsetof(struct column, times.all), true},
    {"loading, us", offsetof(struct column, load), true},
    {"call that is cached, ns", offsetof(struct column, calls[BENCH_CACHED]), true},
    {"call with checked arguments, ns", offsetof(struct column, calls[BENCH_CHECKED]), true},
    {"call that is denied, ns", offsetof(struct column, calls[BENCH_DENIED]), true},
};

static void print(const struct bench_policy *policy, const struct column *columns, size_t count, bool timed)
{
	printf("%s: %zu rules%*s", policy->name, policy->rules.count, (int)(18 - strlen(policy->name)), "");
	for (size_t i = 0; i < count; i++)
		printf(" %21s", columns[i].library->name);
	printf("\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (timed || !rows[i].is_timed)
			print_row(rows[i].what, columns, count, rows[i].offset);
	for (size_t i = 0; i < count; i++)
		if (columns[i].times.rejected)
			printf("  %s does not know %u of the rules' calls\n", columns[i].library->name,
			       columns[i].times.rejected);
	printf("\n");
}

static bool bench(const struct bench_policy *policy, unsigned repeats, bool timed)
{
	struct bench_library libraries[BENCH_LIBRARIES];
	struct column columns[BENCH_LIBRARIES] = {0};
	size_t count = bench_libraries(libraries);
	int fd = memfd_create("program", MFD_CLOEXEC);
	bool done = fd >= 0;

	for (size_t i = 0; i < count; i++)
		columns[i].library = &libraries[i];
	done = done && build(columns, count, policy, repeats, fd);
	if (done && timed)
		measure_calls(columns, count);
	if (done)
		print(policy, columns, count, timed);
	for (size_t i = 0; i < count; i++)
		callgate_program_free(columns[i].program);
	if (fd >= 0)
		close(fd);
	return done;
}

static bool bench_builtins(unsigned repeats, bool timed)
{
	bool done = true;

	for (size_t i = 0; bench_builtin[i][0] && done; i++) {
		struct bench_policy policy;
		done = bench_policy_parse(&policy, bench_builtin[i][0], bench_builtin[i][1]) &&
		       bench(&policy, repeats, timed);
		bench_policy_finish(&policy);
	}
	return done;
}

static bool bench_files(int count, char **paths, unsigned repeats, bool timed)
{
	bool done = true;

	for (int i = 0; i < count && done; i++) {
		struct bench_policy policy = {0};
		done = bench_policy_read(&policy, paths[i]) && bench(&policy, repeats, timed);
		bench_policy_finish(&policy);
	}
	return done;
}

int cli_bench(int argc, char **argv)
{
	static const struct option options[] = {
	    {"repeats", required_argument, NULL, 'r'},
	    {"counts", no_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	unsigned long repeats = 51;
	bool timed = true;

	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (option == 'r')
			repeats = strtoul(optarg, NULL, 10);
		if (option == 'c')
			timed = false;
		if (option == 'h' || option == '?')
			return cli_help(usage, option == 'h');
	}
	if (repeats < 1 || repeats > BENCH_REPEATS_MAX) {
		cli_error("--repeats takes 1 to %d", BENCH_REPEATS_MAX);
		return CLI_FAILED;
	}
	printf("(in brackets: callgate's value / the other's)\n\n");
	bool done = optind < argc ? bench_files(argc - optind, argv + optind, (unsigned)repeats, timed)
	                          : bench_builtins((unsigned)repeats, timed);
	return done ? CLI_OK : CLI_FAILED;
}
