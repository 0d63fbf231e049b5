/*
 * Functions to run confined, one for each way to end.
 */
#ifndef TESTS_FUNCTIONS_H
#define TESTS_FUNCTIONS_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <callgate/strict.h>

#include "confined.h"

/* In a function under test: results of calls, for which errno must do. */
UNCHECKED static inline long sys(long nr, long a, long b, long c)
{
	return syscall(nr, a, b, c) < 0 ? -errno : 0;
}

UNCHECKED static inline int64_t upper(struct callgate_strict_job *job)
{
	const char *input = job->input;
	char *output = job->output;

	job->output_size = job->input_size;
	if (job->output_size > job->output_capacity)
		return -1;
	for (size_t i = 0; i < job->input_size; i++)
		output[i] = (char)(input[i] >= 'a' && input[i] <= 'z' ? input[i] - 32 : input[i]);
	return (int64_t)job->input_size - 1000;
}

UNCHECKED static inline int64_t opens(struct callgate_strict_job *job)
{
	(void)job;
	return sys(SYS_openat, -100, (long)"/etc/passwd", 0);
}

UNCHECKED static inline int64_t segfaults(struct callgate_strict_job *job)
{
	volatile char *nowhere = (char *)(job->output_size + 8);

	return *nowhere;
}

UNCHECKED static inline int64_t writes_half_an_answer(struct callgate_strict_job *job)
{
	(void)job;
	sys(SYS_write, 1, (long)"nonsense", 8);
	callgate_strict_exit(0);
}

UNCHECKED static inline int64_t exits(struct callgate_strict_job *job)
{
	(void)job;
	callgate_strict_exit(3);
}

#endif
