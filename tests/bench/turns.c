/*
 * usage: bench-turns TURNS RUNS NAME COMMAND [NAME COMMAND]...: how long each command takes to run, in turns.
 *
 * Each of TURNS turns runs every command (given to sh -c, once before the clock is looked at) RUNS times, one after the
 * other, so that what disturbs the machine disturbs all of them. Prints the median of each turn's runs and the median
 * of these medians: of the time that passed, and of the processor time that the command and its children took, which
 * other work on the machine disturbs less. With three commands, none, peer and ours, a last line has (ours - none) /
 * (peer - none) of both; with a fourth, nothing, which costs what neither of them can spare, there are two more:
 * (nothing - none) / (peer - none) and (ours - nothing) / (peer - nothing).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 1000, TURNS_MAX = 100, COMMANDS_MAX = 8 };
enum { NONE, PEER, OURS, NOTHING }; /* what three or four commands are */
enum { PASSED, PROCESSOR, KINDS };
static const char *const kinds[KINDS] = {"passed", "processor"};

struct contestant {
	const char *name, *command;
	double runs[KINDS][RUNS_MAX], turns[KINDS][TURNS_MAX];
};

static struct contestant contestants[COMMANDS_MAX];

static void clocks(double ret_milliseconds[KINDS])
{
	struct timespec time;
	struct rusage usage;

	clock_gettime(CLOCK_MONOTONIC, &time);
	getrusage(RUSAGE_CHILDREN, &usage);
	ret_milliseconds[PASSED] = (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
	ret_milliseconds[PROCESSOR] = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	                              (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), by_value);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* A command that fails is not worth timing. */
static void run(struct contestant *contestant, int at)
{
	double start[KINDS], end[KINDS];
	int status = -1;

	clocks(start);
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", contestant->command, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
		fprintf(stderr, "%s: `%s` ended with wait status %d\n", contestant->name, contestant->command, status);
		exit(EXIT_FAILURE);
	}
	clocks(end);
	for (int kind = 0; kind < KINDS; kind++)
		contestant->runs[kind][at] = end[kind] - start[kind];
}

static void take_turn(int turn, int runs, int commands)
{
	for (int at = 0; at < runs; at++)
		for (int i = 0; i < commands; i++)
			run(&contestants[i], at);
	for (int i = 0; i < commands; i++)
		for (int kind = 0; kind < KINDS; kind++)
			contestants[i].turns[kind][turn] = median(contestants[i].runs[kind], runs);
}

/* Returns the median of the turns. */
static double print_turns(struct contestant *contestant, int kind, int turns)
{
	printf("%-12s %-9s", contestant->name, kinds[kind]);
	for (int turn = 0; turn < turns; turn++)
		printf(" %8.3f", contestant->turns[kind][turn]);
	const double all = median(contestant->turns[kind], turns);
	printf("   median %8.3f ms\n", all);
	return all;
}

static int number(const char *text, int max)
{
	long value = strtol(text, NULL, 10);

	if (value < 1 || value > max) {
		fprintf(stderr, "'%s' is not between 1 and %d\n", text, max);
		exit(EXIT_FAILURE);
	}
	return (int)value;
}

/* How much more than the base it takes, as a part of how much more the peer takes. */
static void print_ratio(const double *all, int kind, int which, int base)
{
	printf("(%s - %s) / (%s - %s), %s: %.3f\n", contestants[which].name, contestants[base].name,
	       contestants[PEER].name, contestants[base].name, kinds[kind],
	       (all[which] - all[base]) / (all[PEER] - all[base]));
}

int main(int argc, char *argv[])
{
	const int commands = (argc - 3) / 2;
	double all[COMMANDS_MAX];

	if (commands < 1 || commands > COMMANDS_MAX || argc % 2 == 0) {
		fprintf(stderr, "usage: bench-turns TURNS RUNS NAME COMMAND [NAME COMMAND]...\n");
		return EXIT_FAILURE;
	}
	const int turns = number(argv[1], TURNS_MAX), runs = number(argv[2], RUNS_MAX);
	for (int i = 0; i < commands; i++) {
		contestants[i].name = argv[3 + 2 * i];
		contestants[i].command = argv[4 + 2 * i];
		run(&contestants[i], 0);
	}
	for (int turn = 0; turn < turns; turn++)
		take_turn(turn, runs, commands);
	for (int kind = 0; kind < KINDS; kind++) {
		for (int i = 0; i < commands; i++)
			all[i] = print_turns(&contestants[i], kind, turns);
		if (commands == OURS + 1 || commands == NOTHING + 1)
			print_ratio(all, kind, OURS, NONE);
		if (commands == NOTHING + 1) {
			print_ratio(all, kind, NOTHING, NONE);
			print_ratio(all, kind, OURS, NOTHING);
		}
	}
	return EXIT_SUCCESS;
}
