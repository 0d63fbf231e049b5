/*
 * How something ended, and why something could not be done, with the text for a human.
 */
#ifndef CALLGATE_SANDBOX_EXIT_REASON_H
#define CALLGATE_SANDBOX_EXIT_REASON_H

#include <callgate/exit_reason.h>

/* What the words depend on beside the kind of exit. */
struct exit_limits {
	int mode1; /* strict mode, which kills without a reason */
	unsigned deadline_ms;
	unsigned cpu_seconds;
	size_t output_capacity;
	size_t memory; /* bytes that could be added; 0: not known */
	size_t peak;   /* bytes that were in use at most; 0: not known */
};

/* Each clears *reason first. */
void exit_reason_forbidden(struct callgate_exit_reason *reason, int nr, uint32_t arch);
void exit_reason_deadline(struct callgate_exit_reason *reason, const struct exit_limits *limits);
void exit_reason_too_large(struct callgate_exit_reason *reason, uint64_t size, const struct exit_limits *limits);
__attribute__((format(printf, 3, 4))) void exit_reason_set(struct callgate_exit_reason *reason,
                                                           enum callgate_exit_kind kind, const char *format, ...);

/* Adds to the text that it was killed in vain. */
void exit_reason_not_ended(struct callgate_exit_reason *reason);

/* From what process_collect() returned. */
void exit_reason_status(struct callgate_exit_reason *reason, int status, const struct exit_limits *limits);

/* Sets the thread's text that callgate_diagnosis(NULL) shows, and returns `result`. */
__attribute__((format(printf, 2, 3))) int refuse(int result, const char *format, ...);

#endif
