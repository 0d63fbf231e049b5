/* callgate/oci.h - Docker and OCI seccomp profiles as filters. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_OCI_H
#define CALLGATE_OCI_H

#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/program.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * A profile, the environment it is to be resolved in, and what was found wrong in it. The order of use:
 * callgate_profile_new(), the environment (each part defaults to the running system), one callgate_profile_read_*(),
 * and then any of the questions. Not for two threads at once; two profiles are independent of each other.
 *
 * Functions return 0 or -errno. After a failure callgate_profile_diagnosis() says why, and ret_ parameters are
 * untouched. Every function that takes a profile returns -EINVAL for NULL. What the format means: callgate-profile(5).
 */
struct callgate_profile;

/* 0, -ENOMEM. The caller frees *ret_profile. */
int callgate_profile_new(struct callgate_profile **ret_profile);
/* NULL is fine. */
void callgate_profile_free(struct callgate_profile *profile);

/*
 * The SCMP_ARCH_* token for any of the names that an architecture has: "SCMP_ARCH_X86_64", "x86_64", "amd64"; 0 if it
 * is none.
 */
uint32_t callgate_profile_arch(const char *name);

/* The number of "ENOSYS" or "38" on this machine, 0 to 4095; -EINVAL if it is neither. */
int callgate_profile_errno(const char *text);

/* ---- the environment; before reading, else -EBUSY ---- */

enum callgate_profile_option {
	/*
	 * What several conditions on one argument of one entry mean: enum callgate_same_argument. Default OR, as in
	 * Docker.
	 */
	CALLGATE_PROFILE_SAME_ARGUMENT = 1,
	/* Nonzero: an unknown name is an error instead of a warning. Default 0. */
	CALLGATE_PROFILE_STRICT,
	/* The answer to unknown calls, newer than every known one: enum callgate_unknown_calls. Default AUTO. */
	CALLGATE_PROFILE_UNKNOWN_CALLS,
	/*
	 * Nonzero: where rules on socket calls look at arguments and the architecture has socketcall(2), which hides
	 * them, let socketcall pass as libseccomp does. Default 0: no such rule allows it, only the profile naming
	 * `socketcall` does.
	 */
	CALLGATE_PROFILE_OPEN_SOCKETCALL,
	/* The errno (0..4095) of an ERRNO or TRACE action for which the profile gives none. Default EPERM. */
	CALLGATE_PROFILE_DEFAULT_ERRNO,
	/*
	 * Whose reading of profiles to follow: enum callgate_profile_like. It sets the defaults of SAME_ARGUMENT,
	 * UNKNOWN_CALLS and DEFAULT_ERRNO, as the table in callgate-profile(5) says. Default AUTO.
	 */
	CALLGATE_PROFILE_LIKE
};

enum callgate_profile_like {
	CALLGATE_PROFILE_LIKE_AUTO = 0, /* by what the profile has; callgate_profile_like() says which */
	CALLGATE_PROFILE_LIKE_DOCKER = 1,
	CALLGATE_PROFILE_LIKE_PODMAN = 2,
	CALLGATE_PROFILE_LIKE_RUNC = 3,
	CALLGATE_PROFILE_LIKE_CRUN = 4 /* a key in another case is an error: crun ignores it */
};

enum callgate_same_argument { CALLGATE_SAME_ARGUMENT_OR = 0, CALLGATE_SAME_ARGUMENT_AND = 1 };

enum callgate_unknown_calls {
	CALLGATE_UNKNOWN_CALLS_AUTO = 0, /* as CALLGATE_PROFILE_LIKE has it: NAMED for Docker and runc, else DEFAULT */
	CALLGATE_UNKNOWN_CALLS_ENOSYS = 1,  /* so that C libraries fall back to older calls */
	CALLGATE_UNKNOWN_CALLS_DEFAULT = 2, /* the profile's default action */
	/*
	 * ENOSYS for every call above the newest one that the profile names, per architecture, also for calls that
	 * callgate knows; unless the default action is ALLOW, LOG, TRACE or ERRNO(ENOSYS).
	 */
	CALLGATE_UNKNOWN_CALLS_NAMED = 3
};

/* -EINVAL: no such option, or a value that it does not have. */
int callgate_profile_set_option(struct callgate_profile *profile, enum callgate_profile_option option, uint32_t value);

/*
 * Adds a capability ("CAP_SYS_ADMIN"; case and the prefix do not matter) to those that `includes` and `excludes` see;
 * NULL means the empty set. Without any call: the permitted set of the calling process. -EINVAL: no such name. -ENOMEM.
 */
int callgate_profile_add_capability(struct callgate_profile *profile, const char *name);

/*
 * The version that minKernel is compared with: "6.1" or "6.1.0-13-amd64". Default: uname(2). ">=5.10" is a baseline:
 * the filter gets it by callgate_baseline(), which denies what is newer with ENOSYS, and minKernel is compared with it
 * where no other version is given. -EINVAL: not a version.
 */
int callgate_profile_set_kernel(struct callgate_profile *profile, const char *version);

/*
 * Reads the profile as on a machine of this architecture (SCMP_ARCH_* token), which `includes`, `excludes` and archMap
 * see: the filter is for it, and for those of the profile's list whose programs such a machine runs
 * (callgate_machine_arch_at()). Default: the running machine, and the whole list. -EINVAL: no such token.
 */
int callgate_profile_set_machine(struct callgate_profile *profile, uint32_t arch);

/*
 * Adds an architecture (SCMP_ARCH_* token) to those that the filter is for. They take the place of the profile's own
 * list; the first one is the machine unless callgate_profile_set_machine() gives one. -EINVAL: no such token, -EEXIST:
 * it is there already, -EDOM: of another byte order than the first, -ENOMEM.
 */
int callgate_profile_add_arch(struct callgate_profile *profile, uint32_t arch);

/* ---- reading; once per profile, else -EBUSY ---- */

/*
 * Reads and checks the whole profile, or a policy (callgate-policy(5)), which begins with its default action; every
 * problem becomes a message. `name` is what messages call the text (NULL: "profile"). -EINVAL: it has errors; -EFBIG:
 * more than CALLGATE_PROFILE_SIZE_MAX bytes; -ENOMEM; -errno of open(2) or read(2).
 */
int callgate_profile_read_file(struct callgate_profile *profile, const char *path);
int callgate_profile_read_fd(struct callgate_profile *profile, int fd, const char *name);
int callgate_profile_read_memory(struct callgate_profile *profile, const void *text, size_t size, const char *name);

#define CALLGATE_PROFILE_SIZE_MAX  (4u << 20) /* bytes */
#define CALLGATE_PROFILE_DEPTH_MAX 16u        /* arrays and objects within each other */

enum callgate_severity {
	CALLGATE_SEVERITY_NOTE = 0,    /* good to know */
	CALLGATE_SEVERITY_WARNING = 1, /* the profile works, but perhaps not as it was meant */
	CALLGATE_SEVERITY_ERROR = 2    /* the profile can't be used */
};

/*
 * Texts belong to the profile. line and column count from 1, columns in characters; both are 0 where no place is meant.
 */
struct callgate_profile_message {
	enum callgate_severity severity;
	const char *file;
	unsigned int line;
	unsigned int column;
	const char *text;
};

/* Messages in the order of their places. */
size_t callgate_profile_message_count(const struct callgate_profile *profile);
/* NULL after the last. Valid until the next call that changes the profile. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* of the struct's constructor, in C++ */
const struct callgate_profile_message *callgate_profile_message(const struct callgate_profile *profile, size_t index);
#pragma GCC diagnostic pop

/* The name that callgate lint has for this message, such as "dead"; NULL: none, or there is no such message. Static. */
const char *callgate_profile_message_finding(const struct callgate_profile *profile, size_t index);

/*
 * Why the last call failed: "file.json:3:7: error: ..." ; "" if it did not. Valid until the next call on the profile.
 */
const char *callgate_profile_diagnosis(const struct callgate_profile *profile);

/* ---- what it means; after a successful reading, else -EINVAL ---- */

/*
 * Whose reading was followed, never AUTO: the option's, or what the profile suggests. AUTO for NULL and what can't be
 * used.
 */
enum callgate_profile_like callgate_profile_like(const struct callgate_profile *profile);

/*
 * A new context with the profile's rules, architectures and flags. The caller releases it. -ENOMEM, and what
 * seccomp_rule_add() and seccomp_attr_set() return (-EINVAL: the kernel lacks an action; -EOPNOTSUPP: it lacks a flag).
 */
int callgate_profile_context(struct callgate_profile *profile, scmp_filter_ctx *ret_ctx);

/* 1: `includes` or `excludes` of some entry look at capabilities, 0: none does, -EINVAL (NULL, or nothing was read). */
int callgate_profile_asks_capabilities(const struct callgate_profile *profile);

/*
 * Where the system call stands in the profile that made a rule of such a context: `rule` is the id that
 * callgate_simulate() and diagnoses give. 0; -EINVAL (NULL, or nothing was read), -ENOENT: no rule of the profile has
 * this id.
 */
int callgate_profile_rule_origin(const struct callgate_profile *profile, uint32_t rule, unsigned int *ret_line,
                                 unsigned int *ret_column);

/*
 * The same with the file: where a policy includes others, the line of the file that has it, and not the include.
 * *ret_file belongs to the profile.
 */
int callgate_profile_rule_place(const struct callgate_profile *profile, uint32_t rule, const char **ret_file,
                                unsigned int *ret_line, unsigned int *ret_column);

/*
 * The files that a policy includes, and those that they include, from index 0, each as often as a line names it; NULL
 * after the last. They have been read, or tried, as the names say. Belongs to the profile.
 */
const char *callgate_profile_included(const struct callgate_profile *profile, size_t index);

/* Where the default action stands. 0; -EINVAL (NULL, or nothing was read). */
int callgate_profile_default_origin(const struct callgate_profile *profile, unsigned int *ret_line,
                                    unsigned int *ret_column);

/*
 * Examines the finished filter, and adds warnings and notes to the messages: a comparison of more bits than the kernel
 * reads of an argument, with a call that evades it; a call that is denied while another one does the same; the calls
 * without which no C library starts a program. It takes as long as compiling and proving; a second time does nothing.
 * -E2BIG: the rules fit no filter, and nothing is added; -EDQUOT: not decided within the budget; what
 * callgate_profile_context() and callgate_simulate() return.
 */
int callgate_profile_review(struct callgate_profile *profile);

/*
 * What callgate_profile_context() makes, compiled and proved; errors of callgate_program_compile() in addition. The
 * caller frees *ret_program.
 */
int callgate_profile_program(struct callgate_profile *profile, struct callgate_program **ret_program);

/*
 * The plain OCI `seccomp` object that a runtime takes: the entries that apply in the environment, no includes, excludes
 * or archMap. malloc'ed JSON text that the caller frees. -ENOMEM.
 */
int callgate_profile_resolve(struct callgate_profile *profile, char **ret_json);

/* The forms that a profile can have. */
enum callgate_profile_form {
	CALLGATE_PROFILE_FORM_NONE = 0, /* none: nothing was read */
	CALLGATE_PROFILE_FORM_JSON = 1,
	CALLGATE_PROFILE_FORM_POLICY = 2 /* callgate-policy(5) */
};

/* The form that it was read in. */
enum callgate_profile_form callgate_profile_form(const struct callgate_profile *profile);

/*
 * The same filter in a form: plain JSON for a runtime, or a policy with names, sets of calls, and calls of one action
 * together. What the text means is proved to be the same on every architecture of the profile; *ret_like, which may be
 * NULL, says how JSON has to be read for that (CRUN: as the format says; RUNC, as by default: newer calls get ENOSYS),
 * and is AUTO where either will do, and for a policy. Where only one will do, a new message of the profile has a call
 * for which the other one will not. malloc'ed text that the caller frees.
 *
 * -EOPNOTSUPP: the form can't say it, and callgate_profile_diagnosis() shows a call for which it can't; -EDQUOT: what
 * depends on a call's arguments is too much to be written, or not proved; -EINVAL (no such form); -ENOMEM.
 */
int callgate_profile_convert(struct callgate_profile *profile, enum callgate_profile_form form,
                             enum callgate_profile_like *ret_like, char **ret_text);

/*
 * A table for a human: which calls are allowed, denied, or decided by their arguments, per architecture. malloc'ed text
 * that the caller frees. -ENOMEM.
 */
int callgate_profile_describe(struct callgate_profile *profile, char **ret_text);

/*
 * Loads `ctx`, made by callgate_profile_context() and perhaps changed since, into the calling process: seccomp_load(),
 * and where the profile has rules with SCMP_ACT_NOTIFY, the listener goes to listenerPath as the runtime specification
 * says: a stream socket is connected to, and gets the container process state in JSON with the notification fd beside
 * it (SCM_RIGHTS). A process that is not under the filter does that; it ends when it is done. The pid in the state is
 * the caller's, the bundle its working directory, the id "callgate-PID".
 *
 * After a success neither memory is freed nor anything else asked from the kernel, since the filter may forbid it.
 * Errors of seccomp_load() in addition to: -EINVAL (NOTIFY without listenerPath), -errno of connecting, -EAGAIN (no
 * process can be started), -ETIMEDOUT (no connection, or no process, within 5 seconds), -ENOMEM.
 */
int callgate_profile_load(struct callgate_profile *profile, scmp_filter_ctx ctx);

/* listenerPath and listenerMetadata, NULL where the profile has none. They belong to the profile. */
const char *callgate_profile_listener_path(const struct callgate_profile *profile);
const char *callgate_profile_listener_metadata(const struct callgate_profile *profile);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
