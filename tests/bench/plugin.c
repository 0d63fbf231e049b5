/*
 * usage: bench-plugin PLUGIN: what a call into a sandbox costs, beside a call in this process and a fork for each call.
 *
 * The work is the same for all: copy the request, but for its first byte, to the response.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/plugin.h>
#include <callgate/strict.h>

enum { LARGEST = 4 << 20 };
static char request[LARGEST], response[LARGEST];
static struct callgate_plugin *plugin;

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int in_process(size_t size)
{
	memcpy(response, request + 1, size - 1);
	__asm__ volatile("" ::: "memory");
	return 0;
}

/* What a careful program would do by hand without this library, unconfined. */
static int by_fork(size_t size)
{
	int fds[2];

	if (pipe(fds) < 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		_exit(callgate_strict_write(fds[1], request + 1, size - 1) < 0);
	}
	close(fds[1]);
	long count = child < 0 ? -1 : callgate_strict_read(fds[0], response, size - 1);
	close(fds[0]);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return count == (long)size - 1 ? 0 : -1;
}

static int64_t copy(struct callgate_strict_job *job)
{
	job->output_size = job->input_size - 1;
	memcpy(job->output, (const char *)job->input + 1, job->output_size);
	return 0;
}

static int by_strict_call(size_t size)
{
	struct callgate_exit_reason reason;

	return callgate_strict_call(copy, request, size, response, size, NULL, &reason);
}

static int by_plugin(size_t size)
{
	struct callgate_exit_reason reason;

	return callgate_plugin_call(plugin, request, size, response, size, &reason);
}

static int restart(size_t size)
{
	(void)size;
	return callgate_plugin_restart(plugin, NULL);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Median and 99th percentile of the time for a call, and bytes per second through it. */
static void measure(const char *name, int (*call)(size_t), size_t size, int runs)
{
	static int64_t times[100000];

	for (int i = 0; i < runs / 10; i++)
		call(size);
	for (int i = 0; i < runs; i++) {
		int64_t start = now();
		if (call(size) < 0) {
			printf("%s: %s\n", name, callgate_diagnosis(NULL));
			exit(1);
		}
		times[i] = now() - start;
	}
	qsort(times, (size_t)runs, sizeof(times[0]), compare);
	double median = (double)times[runs / 2], worst = (double)times[runs - 1 - runs / 100];
	printf("%-22s %9zu %12.2f %12.2f", name, size, median / 1000, worst / 1000);
	printf(size > 1 ? " %10.1f\n" : "\n", (double)size * 1000 / median);
}

int main(int count, char **arguments)
{
	static const size_t sizes[] = {16, 4096, 65536, LARGEST};

	if (count != 2 || callgate_plugin_open(arguments[1], NULL, NULL, &plugin) < 0) {
		printf("%s\n", count == 2 ? callgate_diagnosis(NULL) : "usage: bench-plugin PLUGIN");
		return 1;
	}
	request[0] = 'e';
	printf("%-22s %9s %12s %12s %10s\n", "", "bytes", "median us", "99 % us", "MB/s");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int runs = sizes[i] > 100000 ? 100 : 2000;
		measure("in this process", in_process, sizes[i], runs);
		measure("plugin", by_plugin, sizes[i], runs);
		measure("fork for each call", by_fork, sizes[i], runs);
		measure("callgate_strict_call", by_strict_call, sizes[i], runs);
	}
	measure("plugin, restart", restart, 1, 200);
	callgate_plugin_close(plugin);
	return 0;
}
