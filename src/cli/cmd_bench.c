/* callgate bench: what programs cost, beside those of the distribution's library, in one run. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/bench.h"
#include "cli/html.h"

struct settings {
	unsigned int repeats;
	bool counts;
};

static const struct settings defaults = {.repeats = 51};

static const struct option_row options[] = {
    {"repeats", 0, "N", take_number, offsetof(struct settings, repeats),
     "how often each program is built; default: 51", .least = 1, .most = BENCH_REPEATS_MAX},
    {"counts", 0, NULL, take_flag, offsetof(struct settings, counts),
     "only what is counted, not timed: the same in every run"},
    {0},
};

/* The profiles that are measured when none is named, of the kinds that are met. */
static const char *const profiles[] = {"container.json", "service.json", "worker.json", "deny-list.json"};

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

static bool measure(const struct bench_policy *policy, unsigned repeats, bool timed)
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

/* Of a filter that was opened, or not. */
static bool bench(struct filter *filter, bool opened, const struct settings *settings)
{
	struct bench_policy policy = {0};
	bool done = filter_explain(filter, opened) && bench_policy_take(&policy, filter) &&
	            measure(&policy, settings->repeats, !settings->counts);

	bench_policy_finish(&policy);
	filter_close(filter);
	return done;
}

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	size_t own = call->operand_count ? 0 : sizeof(profiles) / sizeof(profiles[0]);
	struct filter filter = {0};
	bool done = true;

	printf("(in brackets: callgate's value / the other's)\n\n");
	for (size_t i = 0; i < own && done; i++) {
		const struct embedded *file = embedded_find(profiles[i]);
		done = bench(&filter, file && filter_open_text(&filter, file->name, file->text, file->size),
		             settings);
	}
	for (size_t i = 0; i < call->operand_count && done; i++)
		done = bench(&filter, filter_open_profile(&filter, call->operands[i], &call->environment),
		             settings);
	return done ? CLI_OK : CLI_FAILED;
}

const struct command cmd_bench = {
    .name = "bench",
    .what = "measure programs, beside the distribution's library",
    .synopsis = "[--repeats N] [--counts] [OPTION]... [PROFILE]...",
    .help = "Measures the programs of a few profiles of its own, or of PROFILEs: their length, the "
            "instructions that "
            "calls execute, the time to build, to load, and per call; beside libseccomp at both levels of "
            "optimisation "
            "when it is installed.\n",
    .options = options,
    .environment = environment_options,
    .defaults = &defaults,
    .settings_size = sizeof(struct settings),
    .operands_most = UINT_MAX,
    .run = run,
};
