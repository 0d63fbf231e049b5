/*
 * Where callgate-plugin-host is.
 */
#ifndef CALLGATE_WORKER_HELPER_H
#define CALLGATE_WORKER_HELPER_H

/*
 * The path, which the caller frees, into *ret_path. In this order: `wanted`, the program's own choice, or NULL; CALLGATE_PLUGIN_HOST in
 * the environment; beside this library, where it is a shared one and known by an absolute name; the place of installation. In a program
 * with raised privileges (set-user-ID, file capabilities) only the first and the last count. Neither the working directory
 * nor the name that the program was called by matters. 0; -EINVAL (a name that isn't absolute); -ENOENT, -EACCES, -ENOMEM, with the
 * thread's diagnosis.
 */
int helper_find(const char *wanted, char **ret_path);

#endif
