/*
 * A point in time on the monotonic clock.
 */
#ifndef CALLGATE_WORKER_DEADLINE_H
#define CALLGATE_WORKER_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct deadline {
	int64_t at_ns;
};

static inline int64_t deadline_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline struct deadline deadline_in(unsigned milliseconds)
{
	return (struct deadline){deadline_now() + (int64_t)milliseconds * 1000000};
}

static inline bool deadline_is_over(const struct deadline *deadline)
{
	return deadline_now() >= deadline->at_ns;
}

/* The time that is left; zero when it has passed. */
static inline struct timespec deadline_left(const struct deadline *deadline)
{
	int64_t left = deadline->at_ns - deadline_now();

	if (left < 0)
		left = 0;
	return (struct timespec){.tv_sec = (time_t)(left / 1000000000), .tv_nsec = (long)(left % 1000000000)};
}

#endif
