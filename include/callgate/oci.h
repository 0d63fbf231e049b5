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
 * A profile, the environment in which it is resolved, and the problems that were found in it. The order of use:
 * callgate_profile_new(); the environment, each part of which defaults to the running system; one
 * callgate_profile_read_*(); and then any of the queries. Two threads may not use one profile at the same time; two
 * profiles are independent of each other.
 *
 * Functions return 0 or -errno. After a failure callgate_profile_diagnosis() says why, and ret_ parameters are
 * untouched. Every function that takes a profile returns -EINVAL for NULL. callgate-profile(5) describes the format.
 */
struct callgate_profile;

/* Makes an empty profile. Returns 0, and the caller frees *ret_profile; or -ENOMEM. */
int callgate_profile_new(struct callgate_profile **ret_profile);
/* Frees a profile; NULL is allowed. */
void callgate_profile_free(struct callgate_profile *profile);

/*
 * Returns the SCMP_ARCH_* token for any of the names of an architecture: "SCMP_ARCH_X86_64", "x86_64", "amd64"; 0 if no
 * architecture has the name.
 */
uint32_t callgate_profile_arch(const char *name);

/* Returns the number of an error on this machine from its name or number, "ENOSYS" or "38": 0 to 4095, or -EINVAL. */
int callgate_profile_errno(const char *text);

/* ---- the environment; must be set before reading, or functions return -EBUSY ---- */

enum callgate_profile_option {
	/*
	 * How several conditions on one argument of one entry are combined: enum callgate_same_argument. The default is
	 * OR, as in Docker.
	 */
	CALLGATE_PROFILE_SAME_ARGUMENT = 1,
	/* Nonzero: an unknown name is an error instead of a warning. Default 0. */
	CALLGATE_PROFILE_STRICT,
	/* The answer to unknown calls, which are newer than all known calls: enum callgate_unknown_calls. Default AUTO.
	 */
	CALLGATE_PROFILE_UNKNOWN_CALLS,
	/*
	 * Nonzero: where the architecture has socketcall(2), which hides arguments, a rule that allows a socket call
	 * with certain arguments allows that call through socketcall with any arguments, as in libseccomp. Default 0:
	 * no such rule lets a socketcall pass; only an entry that names `socketcall` does.
	 */
	CALLGATE_PROFILE_OPEN_SOCKETCALL,
	/* The errno (0 to 4095) of an ERRNO or TRACE action for which the profile gives none. Default EPERM. */
	CALLGATE_PROFILE_DEFAULT_ERRNO,
	/*
	 * Which program's reading of profiles to follow: enum callgate_profile_like. It sets the defaults of
	 * SAME_ARGUMENT, UNKNOWN_CALLS and DEFAULT_ERRNO, as the table in callgate-profile(5) says. Default AUTO.
	 */
	CALLGATE_PROFILE_LIKE
};

enum callgate_profile_like {
	CALLGATE_PROFILE_LIKE_AUTO = 0, /* depends on the profile's keys; callgate_profile_like() says which it is */
	CALLGATE_PROFILE_LIKE_DOCKER = 1,
	CALLGATE_PROFILE_LIKE_PODMAN = 2,
	CALLGATE_PROFILE_LIKE_RUNC = 3,
	CALLGATE_PROFILE_LIKE_CRUN = 4 /* a key in another case is an error: crun ignores it */
};

enum callgate_same_argument { CALLGATE_SAME_ARGUMENT_OR = 0, CALLGATE_SAME_ARGUMENT_AND = 1 };

enum callgate_unknown_calls {
	CALLGATE_UNKNOWN_CALLS_AUTO = 0, /* depends on CALLGATE_PROFILE_LIKE: NAMED for Docker and runc, else DEFAULT */
	CALLGATE_UNKNOWN_CALLS_ENOSYS = 1,  /* so that C libraries fall back to older calls */
	CALLGATE_UNKNOWN_CALLS_DEFAULT = 2, /* the profile's default action */
	/*
	 * ENOSYS for every call above the newest call that the profile names, per architecture, even if callgate knows
	 * the call; unless the default action is ALLOW, LOG, TRACE or ERRNO(ENOSYS).
	 */
	CALLGATE_UNKNOWN_CALLS_NAMED = 3
};

/* Sets an option. -EINVAL: no such option, or no such value of the option. */
int callgate_profile_set_option(struct callgate_profile *profile, enum callgate_profile_option option, uint32_t value);

/*
 * Adds a capability ("CAP_SYS_ADMIN"; case and the prefix do not matter) to the set that `includes` and `excludes`
 * test; NULL adds none, so that the set can be empty. If the function is never called, the set is the permitted set of
 * the calling process. -EINVAL: no such name; -ENOMEM.
 */
int callgate_profile_add_capability(struct callgate_profile *profile, const char *name);

/*
 * Sets the kernel version that minKernel is compared with: "6.1" or "6.1.0-13-amd64". The default is that of uname(2).
 * ">=5.10" sets a baseline: the filter gets it by callgate_baseline(), which denies newer calls with ENOSYS, and
 * minKernel is compared with it unless a version is set, too. -EINVAL: not a version.
 */
int callgate_profile_set_kernel(struct callgate_profile *profile, const char *version);

/*
 * Sets the architecture (SCMP_ARCH_* token) of the machine on which the profile is read, which `includes`, `excludes`
 * and archMap test. The filter is for this architecture, and for those in the profile's list whose programs such a
 * machine runs (callgate_machine_arch_at()). The default is the running machine, and the whole list. -EINVAL: no such
 * token.
 */
int callgate_profile_set_machine(struct callgate_profile *profile, uint32_t arch);

/*
 * Adds an architecture (SCMP_ARCH_* token) to those that the filter is for, which replace the profile's own list. The
 * first one is that of the machine, unless callgate_profile_set_machine() sets one. -EINVAL: no such token; -EEXIST: it
 * was added before; -EDOM: its byte order differs from that of the first; -ENOMEM.
 */
int callgate_profile_add_arch(struct callgate_profile *profile, uint32_t arch);

/* ---- reading; once per profile, or functions return -EBUSY ---- */

/*
 * Reads and checks the whole profile, or a policy (callgate-policy(5)), which begins with its default action; every
 * problem becomes a message. `name` is the name of the text in messages (NULL: "profile"). -EINVAL: the text has
 * errors; -EFBIG: it has more than CALLGATE_PROFILE_SIZE_MAX bytes; -ENOMEM; -errno of open(2) or read(2).
 */
int callgate_profile_read_file(struct callgate_profile *profile, const char *path);
int callgate_profile_read_fd(struct callgate_profile *profile, int fd, const char *name);
int callgate_profile_read_memory(struct callgate_profile *profile, const void *text, size_t size, const char *name);

#define CALLGATE_PROFILE_SIZE_MAX  (4u << 20) /* bytes */
#define CALLGATE_PROFILE_DEPTH_MAX 16u        /* nested arrays and objects */

enum callgate_severity {
	CALLGATE_SEVERITY_NOTE = 0,    /* good to know */
	CALLGATE_SEVERITY_WARNING = 1, /* the profile works, but perhaps not as it was meant */
	CALLGATE_SEVERITY_ERROR = 2    /* the profile can't be used */
};

/*
 * A message. Its texts belong to the profile. Lines and columns count from 1, and columns count characters; both are 0
 * if the message is about no place.
 */
struct callgate_profile_message {
	enum callgate_severity severity;
	const char *file;
	unsigned int line;
	unsigned int column;
	const char *text;
};

/* The number of messages. */
size_t callgate_profile_message_count(const struct callgate_profile *profile);
/*
 * Lists the messages in the order of their places, from index 0; NULL after the last. The result is valid until the
 * next call that changes the profile.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* of the struct's constructor, in C++ */
const struct callgate_profile_message *callgate_profile_message(const struct callgate_profile *profile, size_t index);
#pragma GCC diagnostic pop

/* The name of the finding of callgate lint that a message is, such as "dead", static; NULL: none, or no such message.
 */
const char *callgate_profile_message_finding(const struct callgate_profile *profile, size_t index);

/*
 * Why the last call failed: "file.json:3:7: error: ..."; "" if it succeeded. The text is valid until the next call on
 * the profile.
 */
const char *callgate_profile_diagnosis(const struct callgate_profile *profile);

/* ---- queries; after a successful reading, or functions return -EINVAL ---- */

/*
 * Which program's reading was followed: the one that the option sets, or the one that the profile suggests. AUTO only
 * for NULL and for a profile that can't be used.
 */
enum callgate_profile_like callgate_profile_like(const struct callgate_profile *profile);

/*
 * Makes a new context with the profile's rules, architectures and flags, which the caller releases. -ENOMEM, and what
 * seccomp_rule_add() and seccomp_attr_set() return (-EINVAL: the kernel lacks an action; -EOPNOTSUPP: it lacks a flag).
 */
int callgate_profile_context(struct callgate_profile *profile, scmp_filter_ctx *ret_ctx);

/* Whether `includes` or `excludes` of some entry test capabilities: 1 or 0; -EINVAL (NULL, or nothing was read). */
int callgate_profile_asks_capabilities(const struct callgate_profile *profile);

/*
 * Finds the place in the profile of the name of the system call from which a rule of such a context was made. `rule` is
 * the id in the results of callgate_simulate() and in diagnoses. Returns 0; -EINVAL (NULL, or nothing was read);
 * -ENOENT: no rule of the profile has this id.
 */
int callgate_profile_rule_origin(const struct callgate_profile *profile, uint32_t rule, unsigned int *ret_line,
                                 unsigned int *ret_column);

/*
 * Does the same, and also finds the file: if a policy includes others, the place is in the included file, and not that
 * of the include. *ret_file belongs to the profile.
 */
int callgate_profile_rule_place(const struct callgate_profile *profile, uint32_t rule, const char **ret_file,
                                unsigned int *ret_line, unsigned int *ret_column);

/*
 * Lists the files that a policy includes, directly or indirectly, from index 0, each as often as a line names it; NULL
 * after the last. Under these names the files were opened, with or without success. The names belong to the profile.
 */
const char *callgate_profile_included(const struct callgate_profile *profile, size_t index);

/* Finds the place of the default action. Returns 0; -EINVAL (NULL, or nothing was read). */
int callgate_profile_default_origin(const struct callgate_profile *profile, unsigned int *ret_line,
                                    unsigned int *ret_column);

/*
 * Examines the finished filter, and adds warnings and notes to the messages: about comparisons of more bits than the
 * kernel reads of an argument, with a call that evades them; about calls that are denied while another call does the
 * same; about denied calls without which no C library starts a program. It takes as long as compiling and proving; a
 * second call does nothing. -E2BIG: the rules fit no filter, and nothing is added; -EDQUOT: not decided within the
 * budget; what
 * callgate_profile_context() and callgate_simulate() return.
 */
int callgate_profile_review(struct callgate_profile *profile);

/*
 * Compiles and proves the context that callgate_profile_context() makes. The caller frees *ret_program. Errors are
 * those of callgate_profile_context() and of callgate_program_compile().
 */
int callgate_profile_program(struct callgate_profile *profile, struct callgate_program **ret_program);

/*
 * Writes the plain OCI `seccomp` object that a runtime accepts: the entries that apply in the environment, without
 * includes, excludes and archMap. The caller frees the JSON text with free(). -ENOMEM.
 */
int callgate_profile_resolve(struct callgate_profile *profile, char **ret_json);

/* The forms that a profile can have. */
enum callgate_profile_form {
	CALLGATE_PROFILE_FORM_NONE = 0, /* nothing was read */
	CALLGATE_PROFILE_FORM_JSON = 1,
	CALLGATE_PROFILE_FORM_POLICY = 2 /* callgate-policy(5) */
};

/* The form in which the profile was read. */
enum callgate_profile_form callgate_profile_form(const struct callgate_profile *profile);

/*
 * Writes the same filter in another form: plain JSON for a runtime, or a policy with names and sets of calls, grouped
 * by action. The text is proved to mean the same filter on every architecture of the profile. The caller frees it with
 * free().
 *
 * The meaning of JSON depends on the program that reads it. *ret_like says which reading the proof is about:
 * CALLGATE_PROFILE_LIKE_CRUN (as the format is specified), CALLGATE_PROFILE_LIKE_RUNC (the default; newer calls get
 * ENOSYS), or CALLGATE_PROFILE_LIKE_AUTO if the text means the same filter in both readings. For a policy it is always
 * AUTO. If only one reading is right, a new message of the profile shows a call for which the other one is wrong.
 * ret_like may be NULL.
 *
 * -EOPNOTSUPP: the form can't express the filter, and callgate_profile_diagnosis() shows a call for which it can't;
 * -EDQUOT: the conditions on a call's arguments are too many to be written, or the proof did not finish; -EINVAL (no
 * such form); -ENOMEM.
 */
int callgate_profile_convert(struct callgate_profile *profile, enum callgate_profile_form form,
                             enum callgate_profile_like *ret_like, char **ret_text);

/*
 * Writes a table for people: which calls are allowed, denied, or decided by their arguments, per architecture. The
 * caller frees the text with free(). -ENOMEM.
 */
int callgate_profile_describe(struct callgate_profile *profile, char **ret_text);

/*
 * Loads `ctx`, which callgate_profile_context() made and the caller may have changed, into the calling process by
 * seccomp_load(). If the profile has rules with SCMP_ACT_NOTIFY, a helper process that is not under the filter sends
 * the listener to listenerPath, as the runtime specification says: it connects to that stream socket, sends the
 * container process state in JSON together with the notification descriptor (SCM_RIGHTS), and ends. In the state, the
 * pid is the caller's, the bundle its working directory, and the id "callgate-PID".
 *
 * After a success the function frees no memory and makes no other system call, since the filter may forbid it. Errors
 * are those of seccomp_load() and: -EINVAL (NOTIFY without listenerPath), -errno of connecting, -EAGAIN (no process can
 * be started), -ETIMEDOUT (no connection, or no process, within 5 seconds), -ENOMEM.
 */
int callgate_profile_load(struct callgate_profile *profile, scmp_filter_ctx ctx);

/* The values of listenerPath and listenerMetadata, which belong to the profile; NULL if it has none. */
const char *callgate_profile_listener_path(const struct callgate_profile *profile);
const char *callgate_profile_listener_metadata(const struct callgate_profile *profile);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
