#include "cli/test_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

/* ---- one test ---- */

static bool run_one(const struct test_source *source, struct test_entry *entry)
{
	const char *trouble = test_source_trouble(source, entry->test);
	unsigned int line, column;

	if (trouble) {
		entry->result.status = CALLGATE_TEST_TROUBLE;
		entry->result.text = strdup(trouble);
		return entry->result.text != NULL;
	}
	if (callgate_test_run(source->file, entry->index, source->sides, NULL, &entry->result) < 0)
		return false;
	const struct test_filter *filter = &source->filters[entry->test->filter];
	if (!entry->result.rule || !filter->profile ||
	    callgate_profile_rule_origin(filter->profile, entry->result.rule, &line, &column) < 0)
		return true;
	if (asprintf(&entry->origin, "%s:%u:%u", filter->path, line, column) < 0)
		entry->origin = NULL;
	return entry->origin != NULL;
}

/* ---- results from another process ---- */

enum { TEXTS = 5 };

/* What goes through the pipe, with the texts behind it. A length of SIZE_MAX stands for NULL. */
struct record {
	struct callgate_test_result result; /* its pointers mean nothing */
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
	struct record record = {.result = entry->result};
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

static bool read_entry(FILE *pipe, struct test_entry *entry)
{
	struct record record;
	char **texts[TEXTS];

	if (fread(&record, sizeof(record), 1, pipe) != 1)
		return false;
	entry->result = record.result;
	list_texts(entry, texts);
	for (int i = 0; i < TEXTS; i++)
		*texts[i] = NULL;
	for (int i = 0; i < TEXTS; i++) {
		if (record.lengths[i] == SIZE_MAX)
			continue;
		*texts[i] = calloc(record.lengths[i] + 1, 1);
		if (!*texts[i] || fread(*texts[i], 1, record.lengths[i], pipe) != record.lengths[i])
			return false;
	}
	return true;
}

/* ---- processes ---- */

struct worker {
	pid_t pid;
	FILE *results;
};

struct pool {
	unsigned int jobs;
	struct worker *workers;
};

/* The tests whose turn it is, in order: number `first` and every `jobs`-th after it. */
__attribute__((noreturn)) static void work(struct test_source *sources, size_t count, unsigned int jobs,
                                           unsigned int first, int fd)
{
	FILE *pipe = fdopen(fd, "we");
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

	if (pipe(ends) < 0)
		return false;
	worker->pid = fork();
	if (worker->pid == 0) {
		close(ends[0]);
		work(sources, count, pool->jobs, index, ends[1]);
	}
	close(ends[1]);
	worker->results = worker->pid > 0 ? fdopen(ends[0], "re") : NULL;
	if (!worker->results)
		close(ends[0]);
	return worker->results != NULL;
}

static void stop(struct pool *pool)
{
	for (unsigned int i = 0; i < pool->jobs; i++) {
		if (pool->workers[i].results)
			fclose(pool->workers[i].results);
		while (pool->workers[i].pid > 0 && waitpid(pool->workers[i].pid, NULL, 0) < 0 &&
		       errno == EINTR)
			;
	}
	free(pool->workers);
}

/* A worker that is gone has taken the answer with it. */
static bool receive(struct pool *pool, size_t number, struct test_entry *entry)
{
	if (read_entry(pool->workers[number % pool->jobs].results, entry))
		return true;
	callgate_test_result_finish(&entry->result);
	entry->result.status = CALLGATE_TEST_TROUBLE;
	entry->result.text = strdup("the process that ran it has ended without an answer");
	return entry->result.text != NULL;
}

bool test_run(struct test_source *sources, size_t count, unsigned int jobs, test_told *told, void *data)
{
	struct pool pool = {jobs, jobs > 1 ? calloc(jobs, sizeof(*pool.workers)) : NULL};
	bool done = jobs == 1 || pool.workers;
	size_t number = 0;

	fflush(NULL); /* or each process has what is to be written */
	for (unsigned int i = 0; pool.workers && done && i < jobs; i++)
		done = start(&pool, i, sources, count);
	for (size_t i = 0; i < count && done; i++)
		for (size_t j = 0; j < sources[i].entry_count && done; j++) {
			struct test_entry *entry = &sources[i].entries[j];
			done = pool.workers ? receive(&pool, number++, entry) : run_one(&sources[i], entry);
			if (done)
				told(data, &sources[i], entry);
		}
	if (pool.workers)
		stop(&pool);
	if (!done)
		cli_error("out of memory or of processes");
	return done;
}
