/*
 * What the running kernel's seccomp can do: probed once, kept in one atomic word that all threads share.
 */
#ifndef CALLGATE_LOAD_FEATURES_H
#define CALLGATE_LOAD_FEATURES_H

#include <stdbool.h>

/* One bit each (versions: seccomp(2)). All of them need seccomp(2): without it there is prctl(2), and nothing here. */
enum load_feature {
	LOAD_SECCOMP = 1 << 0,             /* seccomp(2) loads filters: 3.17 */
	LOAD_TSYNC = 1 << 1,               /* 3.17 */
	LOAD_LOG = 1 << 2,                 /* the flag: 4.14 */
	LOAD_ACTION_LOG = 1 << 3,          /* 4.14 */
	LOAD_ACTION_KILL_PROCESS = 1 << 4, /* 4.14 */
	LOAD_SPEC_ALLOW = 1 << 5,          /* 4.17 */
	LOAD_NEW_LISTENER = 1 << 6,        /* 5.0 */
	LOAD_ACTION_NOTIFY = 1 << 7,       /* 5.0 */
	LOAD_TSYNC_ESRCH = 1 << 8,         /* 5.7 */
	LOAD_WAIT_KILLABLE = 1 << 9,       /* 5.19 */
};

/* What is known of a feature, for texts and for asking the kernel. */
struct load_feature_facts {
	enum load_feature feature;
	unsigned level;    /* the API level that needs it */
	unsigned flag;     /* of seccomp(2), 0 for none */
	unsigned together; /* the flag with those without which the kernel never takes it */
	const char *name;  /* what a program asks for to get it: "CTL_LOG", "action LOG" */
	const char *since; /* the version of Linux: "4.14" */
};

/* The facts of one feature. */
const struct load_feature_facts *load_feature_facts(enum load_feature feature);

/*
 * The facts of the first of these flags of seccomp(2) that the kernel refuses even without a program, or NULL.
 * Async-signal-safe.
 */
const struct load_feature_facts *load_refused_flag(unsigned flags);

/* True if all the given features are there; probes on the first call of the process. Async-signal-safe. */
bool load_has(unsigned features);

/*
 * True if seccomp(2) claimed success where the kernel must refuse: an older filter answers for it. Probes as above.
 * Async-signal-safe.
 */
bool load_is_faked(void);

/* The API level of <seccomp.h> that the features make up, 1..7. */
unsigned load_level(void);

/* Makes a level be believed from now on, without asking the kernel. False, and no change, for anything but 1..7. */
bool load_level_force(unsigned level);

/*
 * The kernel is asked again, and no forced level is believed any more; what was found before counts, even where a
 * filter forbids asking by now.
 */
void load_level_forget(void);

#endif
