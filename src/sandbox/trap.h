/*
 * The handler that names a forbidden call before the process ends.
 */
#ifndef CALLGATE_WORKER_TRAP_H
#define CALLGATE_WORKER_TRAP_H

/* From now on a call that the filter traps writes a REPORT_FORBIDDEN to `fd` and ends the process. 0 or -errno. */
int trap_install(int fd);

#endif
