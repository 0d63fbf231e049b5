/*
 * Runs a command and answers its calls by notifications (SECCOMP_RET_USER_NOTIF) where ptrace(2) is not to be had. It
 * is less than a tracer: signals turn some calls into EINTR, what traps and kills is not seen, whether a call was made
 * by the thread that has the number now is uncertain, and the command goes on if this process ends.
 */
#ifndef CALLGATE_TRACE_NOTIFIER_H
#define CALLGATE_TRACE_NOTIFIER_H

#include "trace/tracer.h"

/*
 * As trace_run(), with a filter that traced_filter_new() has made for a listener; `trapped` and `killed` are not
 * called, the engine means nothing, and how many processes there have been is not known.
 *
 * Returns 0 after the last process that has the filter; -EAGAIN, -ENOMEM, -ENOSYS (no process; Linux before 5.5),
 * -ECANCELED: an older filter around this process answers in the kernel's place, and the command is killed. Where the
 * command can't load its filter, it says so, and that is its end.
 */
int notify_run(const struct trace_command *command, const struct trace_watcher *watcher,
               struct trace_result *ret_result);

#endif
