/*
 * Signals while a command runs in a child: what other processes send this one is for the command, and what writing
 * words can bring is ignored. One command at a time.
 */
#ifndef CALLGATE_TRACE_SIGNAL_PASSING_H
#define CALLGATE_TRACE_SIGNAL_PASSING_H

#include <signal.h>
#include <sys/types.h>

enum { PASSED_SIGNALS = 65 };

/* From now on signals are passed on to the process. The calling thread blocks none. */
void signal_passing_start(pid_t command, struct sigaction old[PASSED_SIGNALS]);

/*
 * Handlers are as they were, but SIGPIPE, SIGXFSZ, SIGTTIN and SIGTTOU stay ignored: there is more to say after the
 * command.
 */
void signal_passing_end(const struct sigaction old[PASSED_SIGNALS]);

#endif
