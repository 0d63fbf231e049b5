/* callgate run: a command under a profile, with env(1)'s exit statuses. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "cli/cli.h"
#include "cli/profile_option.h"

/* env(1)'s: the command's own status is passed on by exec. */
enum run_status {
	RUN_FAILED = 125,
	RUN_NOT_EXECUTABLE = 126,
	RUN_NOT_FOUND = 127,
};

static const char usage[] = "run --profile FILE [OPTION]... [--] COMMAND [ARGUMENT]...\n"
                            "\n"
                            "Runs COMMAND under the filter that FILE describes. Exit status: 125 if callgate "
                            "fails, 126 if COMMAND can't be\n"
                            "executed, 127 if it can't be found, else COMMAND's.\n" PROFILE_OPTIONS_HELP
                            "  --no-new-privs=yes|no  default: yes; no needs CAP_SYS_ADMIN\n";

static bool is_executable_file(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0 || access(path, X_OK) < 0)
		return false;
	if (S_ISDIR(status.st_mode))
		errno = EACCES;
	return S_ISREG(status.st_mode);
}

/* As execvp(3) searches, but before the filter is there: 0 and in `path` one with a slash, or RUN_*. */
static int find(const char *command, char *path, size_t size)
{
	const char *dirs = getenv("PATH");
	int status = RUN_NOT_FOUND;

	if (!*command)
		return status;
	if (strchr(command, '/'))
		dirs = NULL;
	else if (!dirs)
		dirs = "/bin:/usr/bin";
	for (;;) {
		size_t len = dirs ? strcspn(dirs, ":") : 0;
		const char *separator = !dirs ? "" : len ? "/" : "./";
		if (len + strlen(command) + 3 <= size) {
			memcpy(path, dirs ? dirs : "", len);
			strcpy(stpcpy(path + len, separator), command);
			if (is_executable_file(path))
				return 0;
			if (errno == EACCES)
				status = RUN_NOT_EXECUTABLE;
		}
		if (!dirs || !dirs[len])
			return status;
		dirs += len + 1;
	}
}

static int fail_exec(const char *command, int error)
{
	cli_error("%s: %s", *command ? command : "\"\"", strerror(error));
	return error == ENOENT || error == ENOTDIR ? RUN_NOT_FOUND : RUN_NOT_EXECUTABLE;
}

/* What the filter will answer to the very execve(2) that is to come; ALLOW where that can't be told. */
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
 * A filter that denies execve often denies what it takes to say so, too. 0, or the exit status where the command has no chance; one
 * that a signal ends is ended by it.
 */
static int foresee_exec(scmp_filter_ctx ctx, const char *path, char **argv)
{
	uint32_t answer = answer_to_exec(ctx, path, argv), action = answer & SECCOMP_RET_ACTION_FULL;

	if (action == SCMP_ACT_ERRNO(0)) {
		cli_error("%s: %s: the filter denies execve", argv[0],
		          strerror((int)(answer & SECCOMP_RET_DATA)));
		return RUN_NOT_EXECUTABLE;
	}
	if (action == SCMP_ACT_KILL_THREAD || action == SCMP_ACT_KILL_PROCESS || action == SCMP_ACT_TRAP)
		cli_error("%s: the filter kills for execve", argv[0]);
	return 0;
}

static int load(struct callgate_profile *profile, scmp_filter_ctx ctx)
{
	int result = callgate_profile_load(profile, ctx);
	uint32_t no_new_privs = 1;

	if (result == 0)
		return 0;
	(void)seccomp_attr_get(ctx, SCMP_FLTATR_CTL_NNP, &no_new_privs);
	cli_error("the filter could not be loaded: %s%s", callgate_profile_diagnosis(profile),
	          no_new_privs ? "" : " (--no-new-privs=no needs CAP_SYS_ADMIN)");
	return RUN_FAILED;
}

/* Loads and executes; comes back only with a failure. */
static int enter(struct callgate_profile *profile, scmp_filter_ctx ctx, char **argv)
{
	char path[4096];
	int status = find(argv[0], path, sizeof(path));

	if (status)
		return fail_exec(argv[0], status == RUN_NOT_FOUND ? ENOENT : EACCES);
	if ((status = foresee_exec(ctx, path, argv)) || (status = load(profile, ctx)))
		return status;
	execvp(path, argv); /* there is nothing to search any more; a script without #! is the shell's */
	return fail_exec(argv[0], errno);
}

static bool parse_yes(const char *text, bool *ret_yes)
{
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0) {
		cli_error("--no-new-privs takes yes or no, not \"%s\"", text);
		return false;
	}
	*ret_yes = *text == 'y';
	return true;
}

static int run(struct profile_options *profile, bool no_new_privs, char **argv)
{
	scmp_filter_ctx ctx = profile_options_context(profile);

	if (!ctx)
		return RUN_FAILED;
	if (seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, no_new_privs) < 0) {
		cli_error("%s", callgate_diagnosis(ctx));
		seccomp_release(ctx);
		return RUN_FAILED;
	}
	int status = enter(profile->profile, ctx, argv);
	seccomp_release(ctx);
	return status;
}

/* The exit status, or -1 where there is a command to run. */
static int parse(int argc, char **argv, struct profile_options *profile, bool *ret_no_new_privs)
{
	static const struct option options[] = {
	    PROFILE_OPTIONS,
	    {"no-new-privs", required_argument, NULL, 'n'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};

	for (int option; (option = getopt_long(argc, argv, "+h", options, NULL)) != -1;) {
		if (option == 'h' || option == '?')
			return cli_help(usage, option == 'h') == CLI_OK ? 0 : RUN_FAILED;
		if (profile_option_is(option) ? !profile_option_take(profile, option, optarg)
		                              : !parse_yes(optarg, ret_no_new_privs))
			return RUN_FAILED;
	}
	if (optind == argc) {
		cli_error("which command is to run?");
		return cli_help(usage, false), RUN_FAILED;
	}
	return -1;
}

int cli_run(int argc, char **argv)
{
	struct profile_options profile = {0};
	bool no_new_privs = true;
	int status = parse(argc, argv, &profile, &no_new_privs);

	if (status < 0)
		status = run(&profile, no_new_privs, argv + optind);
	profile_options_finish(&profile);
	return status;
}
