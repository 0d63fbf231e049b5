/*
 * What the running kernel's seccomp can do: probed once, kept in one atomic word.
 */
#ifndef CALLGATE_LOAD_FEATURES_H
#define CALLGATE_LOAD_FEATURES_H

#include <stdbool.h>

/* API levels of <seccomp.h>: each includes the ones below. */
enum load_level {
	LOAD_LEVEL_PRCTL = 1,
	LOAD_LEVEL_TSYNC,         /* seccomp(2) and FLAG_TSYNC: 3.17 */
	LOAD_LEVEL_LOG,           /* FLAG_LOG, actions LOG and KILL_PROCESS: 4.14 */
	LOAD_LEVEL_SPEC_ALLOW,    /* 4.17 */
	LOAD_LEVEL_NOTIFY,        /* NEW_LISTENER, action NOTIFY: 5.0 */
	LOAD_LEVEL_TSYNC_ESRCH,   /* 5.7 */
	LOAD_LEVEL_WAIT_KILLABLE, /* 5.19 */
};

/* 1..7; probes on the first call of the process. */
unsigned load_features_level(void);

/* Makes the level be believed from now on, without asking the kernel. False for anything but 1..7. */
bool load_features_force(unsigned level);

#endif
