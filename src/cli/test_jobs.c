#include "cli/test_jobs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"

/* ---- one test ---- */

static double now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool run_one(const struct test_source *source, struct test_entry *entry)
{
	double start = now();
	const char *error = test_source_error(source, entry->test);
	unsigned int line, column;

	if (error) {
		entry->result.status = CALLGATE_TEST_ERROR;
		entry->result.text = strdup(error);
		return entry->result.text != NULL;
	}
	if (callgate_test_run(source->file, entry->index, source->sides, NULL, &entry->result) < 0)
		return false;
	entry->seconds = now() - start;
	const struct filter *filter = &source->filters[entry->test->filter];
	if (!entry->result.rule || !filter->profile ||
	    callgate_profile_rule_origin(filter->profile, entry->result.rule, &line, &column) < 0)
		return true;
	if (asprintf(&entry->origin, "%s:%u:%u", filter->path, line, column) < 0)
		entry->origin = NULL;
	return entry->origin != NULL;
}

/* ---- results from another process ---- */

enum { TEXTS = 5, TEXT_MAX = 1 << 24, LOOK_MS = 500, END_MS = 2000 };

/* What goes through the pipe, followed by the texts. A length of SIZE_MAX stands for NULL. */
struct record {
	struct callgate_test_result result; /* its pointers mean nothing */
	double seconds;
	size_t lengths[TEXTS];
};

static void list_texts(struct test_entry *entry, char **texts[TEXTS])
{
	texts[0] = &entry->result.text;
	texts[1] = &entry->result.expected;
	texts[2] = &entry->result.actual;
	texts[3] = &entry->result.call;
	texts[4] = &entry->origin;
}

static bool write_entry(FILE *pipe, struct test_entry *entry)
{
	struct record record = {.result = entry->result, .seconds = entry->seconds};
	char **texts[TEXTS];

	list_texts(entry, texts);
	for (int i = 0; i < TEXTS; i++)
		record.lengths[i] = *texts[i] ? strlen(*texts[i]) : SIZE_MAX;
	fwrite(&record, sizeof(record), 1, pipe);
	for (int i = 0; i < TEXTS; i++)
		if (*texts[i])
			fwrite(*texts[i], 1, record.lengths[i], pipe);
	return fflush(pipe) == 0;
}

struct worker {
	pid_t pid; /* 0: it is gone and collected */
	int results;
};

/* Collects a process that has ended. */
static bool is_gone(struct worker *worker)
{
	pid_t pid = worker->pid ? waitpid(worker->pid, NULL, WNOHANG) : 0;

	if (pid == worker->pid || (pid < 0 && errno == ECHILD))
		worker->pid = 0;
	return worker->pid == 0;
}

/* Is there something to read? Others may have the pipe's other end, so the end of the worker counts, too. */
static bool await(struct worker *worker)
{
	struct pollfd fd = {.fd = worker->results, .events = POLLIN};

	for (bool gone = false;; gone = is_gone(worker)) {
		int ready = poll(&fd, 1, gone ? 0 : LOOK_MS);
		if (ready > 0 || (ready < 0 && errno != EINTR))
			return ready > 0;
		if (gone)
			return false;
	}
}

static bool receive_bytes(struct worker *worker, void *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t length = await(worker) ? read(worker->results, (char *)bytes + done, size - done) : 0;
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return false;
		done += (size_t)length;
	}
	return true;
}

/* A test can write to the pipe itself, so nothing that comes from there is believed. */
static bool receive_entry(struct worker *worker, struct test_entry *entry)
{
	struct record record;
	char **texts[TEXTS];

	if (!receive_bytes(worker, &record, sizeof(record)) ||
	    (unsigned int)record.result.status > CALLGATE_TEST_ERROR)
		return false;
	entry->result = record.result;
	entry->seconds = record.seconds;
	list_texts(entry, texts);
	for (int i = 0; i < TEXTS; i++)
		*texts[i] = NULL;
	for (int i = 0; i < TEXTS; i++) {
		if (record.lengths[i] == SIZE_MAX)
			continue;
		if (record.lengths[i] > TEXT_MAX)
			return false;
		*texts[i] = calloc(record.lengths[i] + 1, 1);
		if (!*texts[i] || !receive_bytes(worker, *texts[i], record.lengths[i]))
			return false;
	}
	return true;
}

/* ---- processes ---- */

struct pool {
	unsigned int jobs, started;
	struct worker *workers;
};

/* The tests whose turn it is, in order: number `first` and every `jobs`-th after it. */
__attribute__((noreturn)) static void work(struct test_source *sources, size_t count, unsigned int jobs,
                                           unsigned int first, int fd)
{
	FILE *pipe = fdopen(output_raise(fd), "we");
	size_t number = 0;

	for (size_t i = 0; pipe && i < count; i++)
		for (size_t j = 0; j < sources[i].entry_count; j++)
			if (number++ % jobs == first && (!run_one(&sources[i], &sources[i].entries[j]) ||
			                                 !write_entry(pipe, &sources[i].entries[j])))
				_exit(1);
	_exit(0);
}

static bool start(struct pool *pool, unsigned int index, struct test_source *sources, size_t count)
{
	struct worker *worker = &pool->workers[index];
	int ends[2];

	worker->results = -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	worker->pid = fork();
	if (worker->pid == 0) {
		close(ends[0]);
		work(sources, count, pool->jobs, index, ends[1]);
	}
	close(ends[1]);
	worker->results = output_raise(ends[0]);
	if (worker->pid < 0)
		worker->pid = 0;
	return worker->pid > 0;
}

/* Ends what still runs. One that not even SIGKILL ends, since the kernel waits for something in it, is left behind. */
static void stop(struct pool *pool)
{
	for (unsigned int i = 0; i < pool->started; i++) {
		struct worker *worker = &pool->workers[i];
		if (worker->results >= 0)
			close(worker->results);
		for (int waited = 0; !is_gone(worker) && waited < END_MS; waited += 10) {
			if (waited == END_MS / 2)
				kill(worker->pid, SIGKILL);
			poll(NULL, 0, 10);
		}
	}
	free(pool->workers);
}

/* A worker that is gone has taken the answer with it; from one that writes something else there is nothing more to be had. */
static bool receive(struct pool *pool, size_t number, struct test_entry *entry)
{
	struct worker *worker = &pool->workers[number % pool->jobs];

	assert(pool->started == pool->jobs);

	if (worker->results >= 0 && receive_entry(worker, entry))
		return true;
	if (worker->results >= 0)
		close(worker->results);
	worker->results = -1;
	callgate_test_result_finish(&entry->result);
	free(entry->origin);
	entry->origin = NULL;
	entry->result.status = CALLGATE_TEST_ERROR;
	entry->result.text = strdup("the process that ran it has ended without an answer");
	return entry->result.text != NULL;
}

bool test_run(struct test_source *sources, size_t count, unsigned int jobs, test_receiver *receive_result,
              void *data)
{
	struct pool pool = {.jobs = jobs, .workers = jobs > 1 ? calloc(jobs, sizeof(*pool.workers)) : NULL};
	bool done = jobs == 1 || pool.workers;
	size_t number = 0;

	fflush(NULL); /* or each process has what is to be written */
	for (; pool.workers && done && pool.started < jobs; pool.started++)
		done = start(&pool, pool.started, sources, count);
	for (size_t i = 0; i < count && done; i++)
		for (size_t j = 0; j < sources[i].entry_count && done; j++) {
			struct test_entry *entry = &sources[i].entries[j];
			done = pool.workers ? receive(&pool, number++, entry) : run_one(&sources[i], entry);
			if (done)
				receive_result(data, &sources[i], entry);
		}
	if (pool.workers)
		stop(&pool);
	if (!done)
		cli_error("out of memory or of processes");
	return done;
}
