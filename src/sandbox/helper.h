/*
 * Where callgate-plugin-host is.
 */
#ifndef CALLGATE_WORKER_HELPER_H
#define CALLGATE_WORKER_HELPER_H

/*
 * The path, which the caller frees, into *ret_path. `wanted` is the program's own choice, or NULL. In a program with raised
 * privileges (set-user-ID, file capabilities) only that and the place of installation count. 0; -ENOENT, -ENOMEM, with the
 * thread's diagnosis.
 */
int helper_find(const char *wanted, char **ret_path);

#endif
