/*
 * What a filter as a whole does: what does a C library fall back to, what passes that is dangerous, slow or useless?
 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include <callgate/action.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "lint/linting.h"

/* ---- what C libraries fall back to ---- */

/*
 * Calls that C libraries try first, and the older one that they make after ENOSYS alone: glibc 2.36 to 2.41, musl 1.2.
 */
static const struct {
	const char *newer, *older;
} fallbacks[] = {
    {"clone3", "clone"},
    {"faccessat2", "faccessat"},
    {"fchmodat2", "fchmodat"},
    {"statx", "newfstatat"},
    {"statx", "fstatat64"},
    {"close_range", "close"},
    {"epoll_pwait2", "epoll_pwait"},
    {"preadv2", "preadv"},
    {"pwritev2", "pwritev"},
    {"clock_gettime64", "clock_gettime"},
    {"clock_nanosleep_time64", "clock_nanosleep"},
    {"futex_time64", "futex"},
    {"ppoll_time64", "ppoll"},
    {"pselect6_time64", "pselect6"},
    {"utimensat_time64", "utimensat"},
};

bool lint_falls_back(const struct linting *linting, size_t arch, const char *newer)
{
	for (size_t i = 0; i < sizeof(fallbacks) / sizeof(fallbacks[0]); i++)
		if (strcmp(fallbacks[i].newer, newer) == 0 && lint_passing(linting, arch, fallbacks[i].older) != DENIED)
			return true;
	return false;
}

static void look_at_fallback(struct linting *linting, size_t arch, const char *newer, const char *older)
{
	const struct callgate_call call = lint_call(linting, arch, newer);
	const enum passing passing = lint_passing(linting, arch, newer), other = lint_passing(linting, arch, older);
	struct callgate_finding finding = {.level = CALLGATE_FINDING_WARNING, .argument = -1};
	char action[CALLGATE_ACTION_TEXT], since[CALLGATE_SINCE_TEXT];

	if (call.nr < 0 || callgate_syscall_number(linting->archs[arch]->token, older) < 0)
		return;
	finding.subject = lint_text(linting, "%s>%s", newer, older);
	if (passing == DENIED && other != DENIED &&
	    lint_ask(linting, &call).action != SCMP_ACT_ERRNO(linting->archs[arch]->enosys)) {
		callgate_action_text(lint_ask(linting, &call).action, action);
		finding.name = "errno";
		finding.text = lint_text(linting, "%s gets %s on %s: C libraries fall back to %s after ENOSYS alone",
		                         newer, action, linting->archs[arch]->name, older);
		finding.fix = lint_text(linting, "give %s ENOSYS", newer);
	} else if (passing != DENIED && other == DENIED) {
		callgate_syscall_since_text(linting->archs[arch]->token, call.nr, since);
		finding.name = "twin";
		finding.level = CALLGATE_FINDING_NOTE;
		finding.text = lint_text(linting,
		                         "%s passes, but not %s, which C libraries make where %s is missing (it came "
		                         "with Linux %s)",
		                         newer, older, newer, since);
		finding.fix = lint_text(linting, "let %s pass too, unless no kernel is older", older);
	} else {
		return;
	}
	lint_show(linting, &finding, &call);
	lint_add(linting, &finding);
}

/* Calls that nobody knows: those of later kernels, which C libraries will try first. */
static void look_at_unknown(struct linting *linting)
{
	const struct callgate_arch *arch = linting->archs[0];
	const struct callgate_call call = {.arch = arch->token, .nr = callgate_syscall_newest(arch->token) + 1000};
	struct callgate_finding finding = {
	    .name = "errno", .level = CALLGATE_FINDING_NOTE, .subject = "unknown", .argument = -1};
	char action[CALLGATE_ACTION_TEXT];

	lint_show(linting, &finding, &call);
	if (linting->allows_by_default || finding.action == SCMP_ACT_ERRNO(arch->enosys))
		return;
	callgate_action_text(finding.action, action);
	finding.text = lint_text(
	    linting, "calls of later kernels get %s: C libraries fall back to older ones after ENOSYS alone", action);
	finding.fix = "give them ENOSYS: \"kernel >= VERSION\" in a policy, callgate_rule_unknown() in C, "
	              "--unknown-calls named";
	lint_add(linting, &finding);
}

void lint_fallback(struct linting *linting)
{
	look_at_unknown(linting);
	for (size_t arch = 0; arch < linting->arch_count; arch++)
		for (size_t i = 0; i < sizeof(fallbacks) / sizeof(fallbacks[0]) && !linting->error; i++)
			look_at_fallback(linting, arch, fallbacks[i].newer, fallbacks[i].older);
}

/* ---- calls that are dangerous for whoever lets them pass ---- */

static const struct {
	const char *call, *why;
} dangerous[] = {
    {"bpf", "loads programs into the kernel"},
    {"kcmp", "compares what the kernel keeps for other processes"},
    {"keyctl", "works on keys, which belong to users and not to containers"},
    {"modify_ldt", "has had many flaws, and serves old programs alone"},
    {"perf_event_open", "has had many flaws, and shows what others do"},
    {"process_vm_writev", "writes into other processes of the user"},
    {"ptrace", "gives power over every process of the user, and what those may do"},
    {"setns", "enters other namespaces"},
    {"unshare", "makes namespaces, in which a process has all capabilities"},
    {"userfaultfd", "stops the kernel in the midst of its work, which makes races easy to win"},
};

static void look_at_danger(struct linting *linting, size_t arch)
{
	for (size_t i = 0; i < sizeof(dangerous) / sizeof(dangerous[0]) && !linting->error; i++) {
		const char *name = dangerous[i].call;
		const struct callgate_call call = lint_call(linting, arch, name);
		struct callgate_finding finding = {
		    .name = "broad", .level = CALLGATE_FINDING_NOTE, .subject = name, .argument = -1};
		if (call.nr < 0 || lint_passing(linting, arch, name) != PASSES)
			continue;
		finding.text =
		    lint_text(linting, "%s passes whatever its arguments are: it %s", name, dangerous[i].why);
		finding.fix = lint_text(linting, "deny %s, or restrict its arguments", name);
		lint_show(linting, &finding, &call);
		lint_add(linting, &finding);
	}
}

static void look_at_default(struct linting *linting)
{
	struct callgate_finding finding = {
	    .name = "broad", .level = CALLGATE_FINDING_NOTE, .subject = "default", .argument = -1};
	const struct callgate_arch *arch = linting->archs[0];
	const struct callgate_call unknown = {.arch = arch->token, .nr = callgate_syscall_newest(arch->token) + 1000};

	finding.text = "calls that no rule names pass, those of later kernels too: what is dangerous has to "
	               "be found one by one";
	finding.fix = "deny by default, and allow the calls that the program makes: `callgate record` finds them";
	lint_show(linting, &finding, &unknown);
	lint_add(linting, &finding);
}

/* ---- calls that need a capability ---- */

enum { CAPABLE_MAX = 22 };

/*
 * capabilities(7): these calls fail without, whatever their arguments are, but for those who make a namespace of users.
 */
static const struct {
	const char *name, *calls[CAPABLE_MAX];
} capable[] = {
    {"CAP_DAC_READ_SEARCH", {"open_by_handle_at"}},
    {"CAP_SYS_MODULE", {"create_module", "delete_module", "finit_module", "init_module"}},
    {"CAP_SYS_RAWIO", {"iopl"}},
    {"CAP_SYS_CHROOT", {"chroot"}},
    {"CAP_SYS_PACCT", {"acct"}},
    {"CAP_SYS_ADMIN",
     {"fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "pivot_root", "setdomainname",
      "sethostname", "swapoff", "swapon", "umount", "umount2"}},
    {"CAP_SYS_BOOT", {"kexec_file_load", "kexec_load", "reboot"}},
    {"CAP_SYS_TIME", {"clock_settime", "clock_settime64", "settimeofday", "stime"}},
    {"CAP_SYS_TTY_CONFIG", {"vhangup"}},
};

static bool has_capability(const struct linting *linting, const char *name)
{
	for (const char *const *own = linting->capabilities; own && *own; own++)
		if (strcasecmp(*own, name) == 0 || strcasecmp(*own, name + strlen("CAP_")) == 0)
			return true;
	return false;
}

static void look_at_capability(struct linting *linting, size_t arch, size_t index)
{
	struct callgate_finding finding = {.name = "capability", .level = CALLGATE_FINDING_NOTE, .argument = -1};
	struct callgate_call example = {.nr = -1};
	struct strbuf calls = {0};
	size_t count = 0;

	if (has_capability(linting, capable[index].name))
		return;
	for (size_t i = 0; i < CAPABLE_MAX && capable[index].calls[i]; i++) {
		const struct callgate_call call = lint_call(linting, arch, capable[index].calls[i]);
		if (call.nr < 0 || lint_passing(linting, arch, capable[index].calls[i]) != PASSES)
			continue;
		example = count++ ? example : call;
		strbuf_printf(&calls, "%s%s", count > 1 ? ", " : "", capable[index].calls[i]);
	}
	const char *list = lint_take(linting, &calls);
	if (!count)
		return;
	finding.subject = capable[index].name;
	finding.text = lint_text(linting, "%s %s without %s, which %s", list, count > 1 ? "pass" : "passes",
	                         capable[index].name, count > 1 ? "they need" : "it needs");
	finding.fix = count > 1 ? "deny them" : "deny it";
	lint_show(linting, &finding, &example);
	lint_add(linting, &finding);
}

/* ---- what keeps calls out of the kernel's bitmap ---- */

/* Calls that programs make most; src/arch/data/ordinary_work.inc has how often. */
static const char *const frequent[] = {"read",   "write",    "futex",      "epoll_wait", "epoll_pwait",
                                       "poll",   "recvfrom", "recvmsg",    "sendto",     "sendmsg",
                                       "writev", "readv",    "newfstatat", "close",      "openat",
                                       "lseek",  "mmap",     "munmap",     "brk",        "clock_gettime"};

static void look_at_cost(struct linting *linting)
{
	const struct callgate_arch *arch = linting->archs[0];
	struct callgate_finding finding = {.name = "cost", .argument = -1};
	struct callgate_call example = {.nr = -1};
	struct strbuf calls = {0};
	size_t count = 0, most = 0;
	const char *name;

	for (size_t i = 0; !linting->error && (name = callgate_syscall_name_at(i)); i++) {
		const struct callgate_call call = lint_call(linting, 0, name);
		if (call.nr < 0 || lint_passing(linting, 0, name) != PASSES)
			continue;
		const struct callgate_verdict verdict = lint_ask(linting, &call);
		if (verdict.from_bitmap)
			continue;
		example = count ? example : call;
		most = verdict.executed > most ? verdict.executed : most;
		if (count++ < 6)
			strbuf_printf(&calls, "%s%s", count > 1 ? ", " : "", name);
	}
	const char *list = lint_take(linting, &calls);
	if (!count)
		return;
	finding.subject = "bitmap";
	finding.level = CALLGATE_FINDING_NOTE;
	finding.text =
	    lint_text(linting,
	              "%zu calls that always pass run the program each time (up to %zu instructions), as it looks at "
	              "more than the number, or logs: on %s %s%s",
	              count, most, arch->name, list, count > 6 ? " and others" : "");
	finding.fix = "ALLOW instead of LOG, by a program that decides by the number alone: `callgate "
	              "compile` makes one";
	lint_show(linting, &finding, &example);
	lint_add(linting, &finding);
}

static void look_at_frequent(struct linting *linting)
{
	for (size_t i = 0; i < sizeof(frequent) / sizeof(frequent[0]) && !linting->error; i++) {
		const struct callgate_call call = lint_call(linting, 0, frequent[i]);
		struct callgate_finding finding = {
		    .name = "cost", .level = CALLGATE_FINDING_NOTE, .subject = frequent[i], .argument = -1};
		if (call.nr < 0 || lint_passing(linting, 0, frequent[i]) != CONDITIONAL)
			continue;
		finding.text = lint_text(linting,
		                         "%s is decided by its arguments: each one runs %zu instructions, and programs "
		                         "make many",
		                         frequent[i], lint_ask(linting, &call).executed);
		finding.fix = lint_text(linting, "let every %s pass, if nothing is lost by it", frequent[i]);
		finding.rule = lint_restricting_rule(linting, 0, frequent[i]);
		lint_show(linting, &finding, &call);
		lint_add(linting, &finding);
	}
}

void lint_whole(struct linting *linting)
{
	if (linting->allows_by_default)
		look_at_default(linting);
	for (size_t arch = 0; !linting->allows_by_default && arch < linting->arch_count; arch++) {
		look_at_danger(linting, arch);
		for (size_t i = 0; i < sizeof(capable) / sizeof(capable[0]) && !linting->error; i++)
			look_at_capability(linting, arch, i);
	}
	look_at_cost(linting);
	look_at_frequent(linting);
}
