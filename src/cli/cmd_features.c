/*
 * callgate features: what the running kernel can do for filters, as it says itself, and what callgate does with each of
 * these things.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>

#include <callgate/action.h>
#include <callgate/arch.h>

#include "base/confine.h"
#include "base/raw.h"
#include "cli/command.h"
#include "cli/print.h"

/* What headers of kernels before 5.13, 5.14 and 6.6 lack. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SECCOMP_IOCTL_NOTIF_ADDFD
struct seccomp_notif_addfd {
	__u64 id;
	__u32 flags, srcfd, newfd, newfd_flags;
};
#define SECCOMP_IOCTL_NOTIF_ADDFD _IOW('!', 3, struct seccomp_notif_addfd)
#endif
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif
#define NOTIF_SET_FLAGS _IOW('!', 4, __u64)

struct settings {
	bool json;
};

static const struct option_row options[] = {
    {"json", 0, NULL, take_flag, offsetof(struct settings, json), "the same as JSON"},
    {0},
};

/* ---- what is asked of the kernel: each question changes nothing ---- */

enum answer { NO, YES, UNKNOWN, FAKED };

/*
 * A filter around this process may answer ERRNO(0) to what the kernel always refuses; then nothing that it says is to
 * be believed.
 */
static bool is_seccomp_faked(void)
{
	struct sock_fprog nothing = {0};
	uint32_t none = 0x7ffe0000; /* no action */

	return raw_seccomp(SECCOMP_SET_MODE_STRICT, 1, NULL) >= 0 ||
	       raw_seccomp(SECCOMP_SET_MODE_FILTER, 0, &nothing) >= 0 ||
	       raw_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &none) >= 0;
}

static enum answer ask_seccomp(unsigned long flags)
{
	return is_seccomp_faked()                                                           ? FAKED
	       : raw_seccomp(SECCOMP_SET_MODE_FILTER, (unsigned int)flags, NULL) == -EFAULT ? YES
	                                                                                    : NO;
}

static enum answer ask_action(unsigned long action)
{
	uint32_t value = (uint32_t)action;

	if (is_seccomp_faked())
		return FAKED;
	int result = raw_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &value);
	if (result == 0)
		return YES;
	/* Before 4.14 there is no such question; these actions are as old as filters. */
	if ((result == -EINVAL || result == -ENOSYS) && value != SECCOMP_RET_KILL_PROCESS && value != SECCOMP_RET_LOG &&
	    value != SECCOMP_RET_USER_NOTIF)
		return raw_prctl(PR_GET_SECCOMP, 0, 0) >= 0 ? YES : NO;
	return NO;
}

static enum answer ask_prctl(unsigned long option)
{
	struct sock_fprog nothing = {0};

	if (option == PR_GET_SECCOMP && raw_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (unsigned long)&nothing) >= 0)
		return FAKED;
	return raw_prctl((int)option, 0, 0) >= 0 ? YES : NO;
}

/* In a child, for it stays. */
static enum answer ask_no_new_privileges(unsigned long unused)
{
	int status = 0;

	(void)unused;
	pid_t child = fork();
	if (child == 0) {
		int result = confine_no_new_privileges();
		_exit(result == 0 ? YES : result == CONFINE_FAKED ? FAKED : NO);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return UNKNOWN;
	return (enum answer)WEXITSTATUS(status);
}

static enum answer ask_sizes(unsigned long unused)
{
	struct seccomp_notif_sizes sizes;

	(void)unused;
	return is_seccomp_faked() ? FAKED : raw_seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0 ? YES : NO;
}

/* What a listener can do: a bit for each, or all of them if no listener can be had. */
enum { LISTENER_ADDS = 1, LISTENER_ADDS_AND_SENDS = 2, LISTENER_WAKES = 4, LISTENER_NONE = 8 };

static int try_listener(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {1, &allow};
	__u64 wakes = 1;
	int found = 0;

	if (confine_no_new_privileges() != 0)
		return LISTENER_NONE;
	int listener = confine_by_seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0)
		return LISTENER_NONE;
	struct seccomp_notif_addfd add = {.srcfd = (__u32)listener};
	found |= raw_ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) == -ENOENT ? LISTENER_ADDS : 0;
	add.flags = SECCOMP_ADDFD_FLAG_SEND;
	found |= raw_ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) == -ENOENT ? LISTENER_ADDS_AND_SENDS : 0;
	found |= raw_ioctl(listener, NOTIF_SET_FLAGS, (const void *)(uintptr_t)wakes) == 0 ? LISTENER_WAKES : 0;
	return found;
}

/* A child gets a listener, which it keeps until its end. */
static enum answer ask_listener(unsigned long what)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(try_listener());
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) == LISTENER_NONE)
		return ask_seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER) == NO ? NO : UNKNOWN;
	return (WEXITSTATUS(status) & (int)what) ? YES : NO;
}

/* The version of Landlock; 0: there is none. */
static long landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	return version > 0 ? version : 0;
}

static enum answer ask_landlock(unsigned long version)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1u << 31) >= 0)
		return FAKED;
	return landlock_version() >= (long)version ? YES : NO;
}

static enum answer ask_pidfd(unsigned long unused)
{
	(void)unused;
	long fd = syscall(SYS_pidfd_open, getpid(), 0);
	if (fd > 0)
		close((int)fd);
	return fd > 0 ? YES : NO;
}

/* ---- the list ---- */

static const struct row {
	const char *group, *name, *since, *use;
	enum answer (*ask)(unsigned long argument);
	unsigned long argument;
} rows[] = {
    {"filters", "prctl(PR_SET_SECCOMP)", "3.5", "loads filters where there is no seccomp(2)", ask_prctl,
     PR_GET_SECCOMP},
    {"filters", "seccomp(2)", "3.17", "loads filters", ask_seccomp, 0},
    {"filters", "no_new_privs", "3.5", "set before a filter is loaded, unless CTL_NNP is off", ask_no_new_privileges,
     0},
    {"filters", "strict mode", "2.6.23", "callgate_strict_enter(3), functions in strict children", ask_prctl,
     PR_GET_SECCOMP},
    {"actions", "KILL_PROCESS", "4.14", "ends the process; refused in filters where it is missing", ask_action,
     SECCOMP_RET_KILL_PROCESS},
    {"actions", "KILL_THREAD", "3.5", "ends the thread", ask_action, SECCOMP_RET_KILL_THREAD},
    {"actions", "TRAP", "3.5", "SIGSYS", ask_action, SECCOMP_RET_TRAP},
    {"actions", "ERRNO", "3.5", "the call fails", ask_action, SECCOMP_RET_ERRNO},
    {"actions", "NOTIFY", "5.0", "another process answers: seccomp_notify_receive(3)", ask_action,
     SECCOMP_RET_USER_NOTIF},
    {"actions", "TRACE", "3.5", "a tracer decides", ask_action, SECCOMP_RET_TRACE},
    {"actions", "LOG", "4.14", "allowed and logged; refused in filters where it is missing", ask_action,
     SECCOMP_RET_LOG},
    {"actions", "ALLOW", "3.5", "allowed", ask_action, SECCOMP_RET_ALLOW},
    {"flags", "TSYNC", "3.17", "CTL_TSYNC: the filter is for all threads", ask_seccomp, SECCOMP_FILTER_FLAG_TSYNC},
    {"flags", "LOG", "4.14", "CTL_LOG: what is denied is logged", ask_seccomp, SECCOMP_FILTER_FLAG_LOG},
    {"flags", "SPEC_ALLOW", "4.17", "CTL_SSB: speculation stays allowed", ask_seccomp, SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"flags", "NEW_LISTENER", "5.0", "set where rules have NOTIFY", ask_seccomp, SECCOMP_FILTER_FLAG_NEW_LISTENER},
    {"flags", "TSYNC_ESRCH", "5.7", "set for TSYNC with a listener", ask_seccomp, SECCOMP_FILTER_FLAG_TSYNC_ESRCH},
    {"flags", "WAIT_KILLABLE_RECV", "5.19", "CTL_WAITKILL: only SIGKILL interrupts a call that is answered for",
     ask_seccomp, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER},
    {"notifications", "GET_NOTIF_SIZES", "5.0", "seccomp_notify_alloc(3)", ask_sizes, 0},
    {"notifications", "ADDFD", "5.9", "for supervisors of their own; callgate needs the next one", ask_listener,
     LISTENER_ADDS},
    {"notifications", "ADDFD_FLAG_SEND", "5.14", "opens files for plugins where there is no Landlock", ask_listener,
     LISTENER_ADDS_AND_SENDS},
    {"notifications", "SYNC_WAKE_UP", "6.6", "not used", ask_listener, LISTENER_WAKES},
    {"processes", "Landlock", "5.13", "limits the files that a plugin reads while it is loaded", ask_landlock, 1},
    {"processes", "pidfd_open(2)", "5.3", "waits for children, and ends a plugin with its host", ask_pidfd, 0},
};

static const char *const words[] = {[NO] = "no", [YES] = "yes", [UNKNOWN] = "unknown", [FAKED] = "faked"};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void print_rows(const struct utsname *name, const char *machine, const enum answer answers[ROWS],
                       struct json *json)
{
	const char *group = "";

	if (json) {
		json_open(json, NULL, "{}");
		json_text(json, "kernel", name->release);
		json_text(json, "arch_name", machine);
		json_number(json, "api_level", seccomp_api_get());
		json_number(json, "landlock", landlock_version());
		json_open(json, "features", "[]");
	} else {
		printf("Linux %s on %s, API level %u, Landlock %ld\n", name->release, machine, seccomp_api_get(),
		       landlock_version());
	}
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		const char *word = words[answers[i]];
		if (json) {
			json_open(json, NULL, "{}");
			json_text(json, "group", row->group);
			json_text(json, "name", row->name);
			json_text(json, "supported", word);
			json_text(json, "since", row->since);
			json_text(json, "use", row->use);
			json_close(json);
			continue;
		}
		if (strcmp(group, row->group) != 0)
			printf("\n%s\n", row->group);
		group = row->group;
		printf("  %-22s %-8s %-7s %s\n", row->name, word, row->since, row->use);
	}
	if (json) {
		json_close(json);
		json_close(json);
	}
}

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	struct json json = {.out = stdout};
	enum answer answers[ROWS];
	struct utsname name;
	bool is_faked = false;

	if (uname(&name) < 0) {
		cli_error("uname: %s", strerror(errno));
		return CLI_FAILED;
	}
	for (size_t i = 0; i < ROWS; i++) {
		answers[i] = rows[i].ask(rows[i].argument);
		is_faked = is_faked || answers[i] == FAKED;
	}
	print_rows(&name, callgate_arch_find(SCMP_ARCH_NATIVE)->name, answers, settings->json ? &json : NULL);
	if (is_faked)
		cli_error("%s: callgate loads no filter here", CONFINE_FAKED_TEXT);
	return is_faked ? CLI_NO : CLI_OK;
}

const struct command cmd_features = {
    .name = "features",
    .for_this_kernel = true,
    .what = "show what this kernel supports",
    .synopsis = "[--json]",
    .help =
        "Reports whether the running kernel has the actions, flags, notifications, Landlock and other features that "
        "filters need, which Linux version introduced each, and what callgate uses it for. A feature is \"faked\" if "
        "an older filter of this process claims success in the kernel's place. Exit status 1 if one is faked.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .question = "features takes no argument",
    .run = run,
};
