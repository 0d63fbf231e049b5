/* callgate run: a command under a profile, with env(1)'s exit statuses. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "cli/execute.h"
#include "cli/filter_file.h"
#include "cli/why.h"

struct settings {
	const char *profile;
	int keeps_privileges;
	bool verbose;
	struct why_settings why;
};

static const char *const yes_or_no[] = {"yes", "no", NULL}; /* ORDER keeps_privileges */

static const struct settings defaults = {.why.which = WHY_NOT};
static const char *const which_denials[] = {"first", "each", "summary", NULL}; /* ORDER enum why_which */

static const struct option_row options[] = {
    {"profile", 0, "FILE", take_text, offsetof(struct settings, profile), "the profile; -: standard input"},
    {"no-new-privs", 0, "yes|no", take_word, offsetof(struct settings, keeps_privileges),
     "default: yes; no needs CAP_SYS_ADMIN", .words = yes_or_no},
    {"verbose", 'v', NULL, take_flag, offsetof(struct settings, verbose),
     "also print the warnings of `profile check` on standard error"},
    {"why", 0, "[=first|each|summary]", take_word, offsetof(struct settings, why.which),
     "reports each denied call on standard error: the first of its kind, each one, or all at the end",
     .words = which_denials},
    {"limit", 0, "N", take_number, offsetof(struct settings, why.limit), "with --why: print at most N reports",
     .least = 1, .most = UINT_MAX},
    {"json", 0, NULL, take_flag, offsetof(struct settings, why.json),
     "with --why: print reports as JSON, one object per line"},
    {"keep-going", 0, NULL, take_flag, offsetof(struct settings, why.keep_going),
     "with --why: answers EPERM where the profile kills or traps, to show what else it denies"},
    {"suggest", 0, "FILE", take_text, offsetof(struct settings, why.suggest),
     "with --why: writes the profile with the fewest additional entries that allow the denied calls"},
    {0},
};

/* What the filter will answer to the very execve(2) that is to come; ALLOW where that is unknown. */
static uint32_t answer_to_exec(scmp_filter_ctx ctx, const char *path, char **argv)
{
	struct callgate_call call = {
	    .nr = callgate_syscall_number(SCMP_ARCH_NATIVE, "execve"),
	    .args = {(uintptr_t)path, (uintptr_t)argv, (uintptr_t)environ},
	};
	struct callgate_verdict verdict;

	return callgate_simulate(ctx, &call, &verdict) == 0 ? verdict.action : SCMP_ACT_ALLOW;
}

/*
 * A filter that denies execve often denies what it takes to say so, too. 0, or the exit status where the command has no
 * chance; one that a signal ends is ended by it.
 */
static int foresee_exec(scmp_filter_ctx ctx, const char *path, char **argv)
{
	uint32_t answer = answer_to_exec(ctx, path, argv), action = answer & SECCOMP_RET_ACTION_FULL;

	if (action == SCMP_ACT_ERRNO(0)) {
		cli_error("%s: %s: the filter denies execve", argv[0], strerror((int)(answer & SECCOMP_RET_DATA)));
		return RUN_NOT_EXECUTABLE;
	}
	if (action == SCMP_ACT_KILL_THREAD || action == SCMP_ACT_KILL_PROCESS || action == SCMP_ACT_TRAP)
		cli_error("%s: the filter kills for execve", argv[0]);
	return 0;
}

static int load(const struct filter *filter)
{
	int result = callgate_profile_load(filter->profile, filter->ctx);
	uint32_t no_new_privs = 1;

	if (result == 0)
		return 0;
	(void)seccomp_attr_get(filter->ctx, SCMP_FLTATR_CTL_NNP, &no_new_privs);
	cli_error("the filter could not be loaded: %s%s", callgate_profile_diagnosis(filter->profile),
	          no_new_privs ? "" : " (--no-new-privs=no needs CAP_SYS_ADMIN)");
	return RUN_FAILED;
}

/* Loads and executes; comes back only with a failure. */
static int enter(const struct filter *filter, const struct environment *environment, const struct why_settings *why,
                 char **argv)
{
	char path[PATH_MAX];
	int status = execute_find(argv[0], path);

	if (status)
		return status;
	if (why->which != WHY_NOT)
		return why_run(filter, environment, why, path, argv);
	if ((status = foresee_exec(filter->ctx, path, argv)) || (status = load(filter)))
		return status;
	execvp(path, argv); /* there is nothing to search any more; a script without #! is the shell's */
	return execute_failed(argv[0], errno);
}

/* What Docker gives a container that asks for nothing. */
static const char *const container_capabilities[] = {
    "CHOWN",  "DAC_OVERRIDE", "FSETID",  "FOWNER",           "MKNOD",      "NET_RAW", "SETGID",
    "SETUID", "SETFCAP",      "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL",    "AUDIT_WRITE",
};

/*
 * Root has all capabilities, and with them a profile would allow nearly everything that it keeps from a container. So
 * entries are chosen as for a container, unless the user says what is meant. False: out of memory.
 */
static bool take_container(struct environment *environment, bool *ret_taken)
{
	bool done = true;

	*ret_taken = geteuid() == 0;
	for (size_t i = 0; i < environment->settings.count; i++)
		if (strcmp(environment->settings.items[i].option->name, "cap") == 0)
			*ret_taken = false;
	for (size_t i = 0; *ret_taken && done && i < sizeof(container_capabilities) / sizeof(char *); i++)
		done = environment_add(environment, "cap", container_capabilities[i], 0);
	return done;
}

/* False after a message was printed. Warnings are for `profile check`. */
static bool open_profile(struct filter *filter, const struct settings *settings, struct environment *environment)
{
	bool is_container, opened = false;

	if (!settings->profile) {
		cli_error("which profile? Give --profile FILE");
		return false;
	}
	if (take_container(environment, &is_container))
		opened = filter_open_profile(filter, settings->profile, environment);
	if (!opened || settings->verbose)
		(void)filter_explain(filter, opened);
	if (opened && is_container && callgate_profile_asks_capabilities(filter->profile) == 1)
		cli_error("entries are chosen as for a container; the command keeps its own capabilities "
		          "(--cap says otherwise)");
	return opened;
}

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	struct filter filter = {0};
	int status = RUN_FAILED;

	if (settings->why.suggest &&
	    (settings->why.which == WHY_NOT || !settings->profile || strcmp(settings->profile, "-") == 0))
		cli_error("--suggest is for --why, with a profile that is a file");
	else if (!open_profile(&filter, settings, &call->environment))
		status = RUN_FAILED;
	else if (settings->why.suggest && callgate_profile_form(filter.profile) == CALLGATE_PROFILE_FORM_POLICY)
		cli_error("%s is a policy; --suggest is for JSON profiles only", settings->profile);
	else if (seccomp_attr_set(filter.ctx, SCMP_FLTATR_CTL_NNP, !settings->keeps_privileges) < 0)
		cli_error("%s", callgate_diagnosis(filter.ctx));
	else
		status = enter(&filter, &call->environment, &settings->why, call->operands);
	filter_close(&filter);
	return status;
}

const struct command cmd_run = {
    .name = "run",
    .for_this_kernel = true,
    .what = "run a command under a profile",
    .synopsis = "--profile FILE [OPTION]... [--] COMMAND [ARGUMENT]...",
    .help = "Runs COMMAND under the filter that FILE describes. Exit status: 125 if callgate fails, 126 if "
            "COMMAND "
            "can't be executed, 127 if it can't be found, otherwise COMMAND's.\n",
    .options = options,
    .environment = environment_options,
    .ends_at_operand = true,
    .defaults = &defaults,
    .settings_size = sizeof(struct settings),
    .operands_least = 1,
    .operands_most = UINT_MAX,
    .question = "which command is to run?",
    .failed = RUN_FAILED,
    .run = run,
};
