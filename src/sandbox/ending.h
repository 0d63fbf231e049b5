/*
 * Filling in how something ended, with the text for a human.
 */
#ifndef CALLGATE_WORKER_ENDING_H
#define CALLGATE_WORKER_ENDING_H

#include <callgate/ending.h>

/* What the words depend on beside the ending itself. */
struct ending_limits {
	int mode1; /* strict mode, which kills without a reason */
	unsigned deadline_ms;
	unsigned cpu_seconds;
	size_t output_capacity;
	size_t memory; /* bytes that could be added; 0: not known */
	size_t peak;   /* bytes that were in use at most; 0: not known */
};

/* Each clears *ending first. */
void ending_value(struct callgate_ending *ending, int64_t value, size_t output_size);
void ending_forbidden(struct callgate_ending *ending, int nr, uint32_t arch);
void ending_deadline(struct callgate_ending *ending, const struct ending_limits *limits);
void ending_too_large(struct callgate_ending *ending, uint64_t size, const struct ending_limits *limits);
__attribute__((format(printf, 3, 4))) void ending_set(struct callgate_ending *ending, enum callgate_end end,
                                                      const char *format, ...);

/* From what process_collect() returned. */
void ending_status(struct callgate_ending *ending, int status, const struct ending_limits *limits);

#endif
