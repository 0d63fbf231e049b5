/* Does a program start and end under the filter? What it needs depends on its C library, and on how it is linked. */
#include <string.h>

#include <callgate/action.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "lint/linting.h"

enum { WAYS_MAX = 3, ROWS_MAX = 32 };

/* What comes of it where none of a row's calls passes. */
enum need {
	NEEDED, /* the program does not start, or does not end as it should */
	MADE    /* the program goes on after an error; a filter that kills for the call ends it */
};

/* Calls of which one is needed, on architectures that have any. */
struct row {
	enum need need;
	const char *ways[WAYS_MAX];
};

/*
 * Measured on x86_64 with glibc 2.36, musl 1.2.3 and Go 1.19: without each call of the sets, with EPERM, ENOSYS and
 * KILL_PROCESS (tests/live/info/test_start_sets.py does it again). Two calls in one row serve one purpose, by
 * architecture or by age.
 */
static const struct program_kind {
	const char *name, *what;
	const char *sets[2];
	bool is_asked; /* only where it is named: no filter shows that it is meant */
	struct row rows[ROWS_MAX];
} kinds[] = {
    {"glibc",
     "a dynamically linked program of glibc",
     {"start"},
     false,
     {{NEEDED, {"execve", "execveat"}},
      {NEEDED, {"mmap", "mmap2"}},
      {NEEDED, {"mprotect"}},
      {NEEDED, {"openat"}},
      {NEEDED, {"read"}},
      {NEEDED, {"pread64"}},
      {NEEDED, {"close"}},
      {NEEDED, {"newfstatat", "fstatat64", "statx"}},
      {NEEDED, {"exit_group", "exit"}},
      {NEEDED, {"arch_prctl", "set_thread_area", "set_tls"}},
      {MADE, {"access", "faccessat"}},
      {MADE, {"brk"}},
      {MADE, {"exit_group"}},
      {MADE, {"getrandom"}},
      {MADE, {"munmap"}},
      {MADE, {"prlimit64", "ugetrlimit"}},
      {MADE, {"rseq"}},
      {MADE, {"set_robust_list"}},
      {MADE, {"set_tid_address"}}}},
    {"glibc-static",
     "a statically linked program of glibc",
     {"start-static"},
     false,
     {{NEEDED, {"execve", "execveat"}},
      {NEEDED, {"mprotect"}},
      {NEEDED, {"exit_group", "exit"}},
      {NEEDED, {"arch_prctl", "set_thread_area", "set_tls"}},
      {MADE, {"brk"}},
      {MADE, {"exit_group"}},
      {MADE, {"getrandom"}},
      {MADE, {"prlimit64", "ugetrlimit"}},
      {MADE, {"readlink", "readlinkat"}},
      {MADE, {"rseq"}},
      {MADE, {"set_robust_list"}},
      {MADE, {"set_tid_address"}}}},
    {"glibc-threads",
     "a program of glibc with threads",
     {"start", "threads"},
     true,
     {{NEEDED, {"execve", "execveat"}},
      {NEEDED, {"mmap", "mmap2"}},
      {NEEDED, {"mprotect"}},
      {NEEDED, {"munmap"}},
      {NEEDED, {"openat"}},
      {NEEDED, {"read"}},
      {NEEDED, {"pread64"}},
      {NEEDED, {"close"}},
      {NEEDED, {"newfstatat", "fstatat64", "statx"}},
      {NEEDED, {"clone3", "clone"}},
      {NEEDED, {"futex", "futex_time64"}},
      {NEEDED, {"exit"}},
      {NEEDED, {"arch_prctl", "set_thread_area", "set_tls"}},
      {MADE, {"access", "faccessat"}},
      {MADE, {"brk"}},
      {MADE, {"clone3"}},
      {MADE, {"exit_group"}},
      {MADE, {"getrandom"}},
      {MADE, {"madvise"}},
      {MADE, {"prlimit64", "ugetrlimit"}},
      {MADE, {"rseq"}},
      {MADE, {"rt_sigaction"}},
      {MADE, {"rt_sigprocmask"}},
      {MADE, {"set_robust_list"}},
      {MADE, {"set_tid_address"}}}},
    {"musl",
     "a dynamically linked program of musl",
     {"start"},
     false,
     {{NEEDED, {"execve", "execveat"}},
      {NEEDED, {"exit_group", "exit"}},
      {NEEDED, {"arch_prctl", "set_thread_area", "set_tls"}},
      {MADE, {"brk"}},
      {MADE, {"exit_group"}},
      {MADE, {"mmap", "mmap2"}},
      {MADE, {"mprotect"}},
      {MADE, {"set_tid_address"}}}},
    {"musl-static",
     "a statically linked program of musl",
     {"start-static"},
     false,
     {{NEEDED, {"execve", "execveat"}},
      {NEEDED, {"exit_group", "exit"}},
      {NEEDED, {"arch_prctl", "set_thread_area", "set_tls"}},
      {MADE, {"exit_group"}},
      {MADE, {"set_tid_address"}}}},
    {"musl-threads",
     "a program of musl with threads",
     {"start", "threads"},
     true,
     {{NEEDED, {"execve", "execveat"}},
      {NEEDED, {"mmap", "mmap2"}},
      {NEEDED, {"mprotect"}},
      {NEEDED, {"clone"}},
      {NEEDED, {"exit"}},
      {NEEDED, {"arch_prctl", "set_thread_area", "set_tls"}},
      {MADE, {"exit_group"}},
      {MADE, {"futex", "futex_time64"}},
      {MADE, {"munmap"}},
      {MADE, {"rt_sigprocmask"}},
      {MADE, {"set_tid_address"}}}},
    {"go",
     "a program of Go",
     {"start-go"},
     false,
     {{NEEDED, {"execve", "execveat"}},
      {NEEDED, {"mmap", "mmap2"}},
      {NEEDED, {"clone"}},
      {NEEDED, {"futex", "futex_time64"}},
      {NEEDED, {"rt_sigaction"}},
      {NEEDED, {"rt_sigprocmask"}},
      {NEEDED, {"sigaltstack"}},
      {NEEDED, {"exit_group"}},
      {NEEDED, {"arch_prctl", "set_thread_area", "set_tls"}},
      {MADE, {"openat"}},
      {MADE, {"read"}},
      {MADE, {"close"}},
      {MADE, {"fcntl", "fcntl64"}},
      {MADE, {"prlimit64", "getrlimit", "ugetrlimit"}},
      {MADE, {"gettid"}},
      {MADE, {"sched_getaffinity"}}}},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* ---- rows ---- */

static bool has_row(const struct program_kind *kind, size_t index)
{
	return index < ROWS_MAX && kind->rows[index].ways[0];
}

/* The first call that the architecture has; NULL: none. *ret_passes: one of them passes, perhaps with some arguments.
 */
static const char *look_at_row(const struct linting *linting, const struct row *row, bool *ret_passes)
{
	const char *first = NULL;

	*ret_passes = false;
	for (size_t i = 0; i < WAYS_MAX && row->ways[i]; i++) {
		if (lint_call(linting, 0, row->ways[i]).nr < 0)
			continue;
		first = first ? first : row->ways[i];
		*ret_passes = *ret_passes || lint_passing(linting, 0, row->ways[i]) != DENIED;
	}
	return first;
}

static bool kills(struct linting *linting, const char *call)
{
	const struct callgate_call example = lint_call(linting, 0, call);
	const uint32_t kind = lint_ask(linting, &example).action & SECCOMP_RET_ACTION_FULL;

	return kind == SCMP_ACT_KILL_PROCESS || kind == SCMP_ACT_KILL_THREAD || kind == SCMP_ACT_TRAP;
}

/* The call without which this kind of program does not get past the row; NULL: it does. */
static const char *missing_of(struct linting *linting, const struct row *row)
{
	bool passes;
	const char *first = look_at_row(linting, row, &passes);

	if (!first || passes || (row->need == MADE && !kills(linting, first)))
		return NULL;
	return first;
}

/* ---- for which kind a filter looks to be made ---- */

/*
 * A filter is for another kind than glibc where three quarters of that kind's rows pass, and four of glibc's do not.
 * Where fewer of the calls are denied that glibc needs, all rows of the other kind have to pass; or all but one, if
 * that is more than pass of glibc's.
 */
enum { QUARTERS_LEAST = 3, MISSING_LEAST = 4 };

/* How many of the kind's rows pass, of those that the architecture has; *ret_missing: how many of the needed do not. */
static size_t count_passing(const struct linting *linting, const struct program_kind *kind, size_t *ret_all,
                            size_t *ret_missing)
{
	size_t count = 0;

	*ret_all = *ret_missing = 0;
	for (size_t i = 0; has_row(kind, i); i++) {
		bool passes;
		const bool exists = look_at_row(linting, &kind->rows[i], &passes) != NULL;
		*ret_all += exists;
		*ret_missing += exists && !passes && kind->rows[i].need == NEEDED;
		count += passes;
	}
	return count;
}

/* A call or two may have been forgotten; where more are lacking, what passes says for which kind the filter is. */
static const struct program_kind *find_kind(const struct linting *linting)
{
	const struct program_kind *best = &kinds[0];
	size_t most = 0, all, missing;

	for (size_t i = 0; linting->libc && i < KINDS; i++)
		if (strcmp(kinds[i].name, linting->libc) == 0)
			return &kinds[i];
	const size_t passing = count_passing(linting, &kinds[0], &all, &missing);
	if (all - passing < MISSING_LEAST)
		return &kinds[0];
	const bool is_near = missing < MISSING_LEAST;
	for (size_t i = 1; i < KINDS; i++) {
		const size_t count = count_passing(linting, &kinds[i], &all, &missing);
		const bool is_likely =
		    is_near ? count == all || (count + 1 == all && count > passing) : count * 4 >= all * QUARTERS_LEAST;
		if (kinds[i].is_asked || !is_likely || count <= most)
			continue;
		best = &kinds[i];
		most = count;
	}
	return best;
}

bool lint_knows_libc(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return true;
	return false;
}

/* ---- the finding ---- */

/* The denied calls of the kind's sets: another version of the library may need any of them. */
static const char *denied_at_start(struct linting *linting, const struct program_kind *kind)
{
	struct strbuf calls = {0};

	for (size_t i = 0; i < 2 && kind->sets[i]; i++) {
		const struct callgate_group *group = callgate_group_find(kind->sets[i]);
		const struct callgate_group *before = i ? callgate_group_find(kind->sets[0]) : NULL;
		for (size_t j = 0; group && group->syscalls[j]; j++) {
			const char *call = group->syscalls[j];
			bool is_listed = false;
			for (size_t k = 0; before && before->syscalls[k]; k++)
				is_listed = is_listed || strcmp(before->syscalls[k], call) == 0;
			if (!is_listed && lint_call(linting, 0, call).nr >= 0 &&
			    lint_passing(linting, 0, call) == DENIED)
				strbuf_printf(&calls, "%s%s", calls.length ? ", " : "", call);
		}
	}
	return lint_take(linting, &calls);
}

void lint_start(struct linting *linting)
{
	const struct program_kind *kind = find_kind(linting);
	struct callgate_finding finding = {
	    .name = "startup", .level = CALLGATE_FINDING_WARNING, .subject = "start", .argument = -1};
	struct callgate_call example = {.nr = -1};
	struct strbuf missing = {0};

	for (size_t i = 0; has_row(kind, i); i++) {
		const char *call = missing_of(linting, &kind->rows[i]);
		bool is_listed = false;
		for (size_t j = 0; call && j < i; j++) {
			const char *other = missing_of(linting, &kind->rows[j]);
			is_listed = is_listed || (other && strcmp(other, call) == 0);
		}
		if (!call || is_listed)
			continue;
		example = missing.length ? example : lint_call(linting, 0, call);
		strbuf_printf(&missing, "%s%s", missing.length ? ", " : "", call);
	}
	const char *list = lint_take(linting, &missing);
	if (!*list)
		return;
	if (kind != &kinds[0])
		finding.subject = lint_text(linting, "start:%s", kind->name);
	finding.text = lint_text(linting, "%s does not start under this profile, which lacks: %s", kind->what, list);
	finding.fix = lint_text(linting,
	                        "allow all that starting needs, unless the program loads the filter after it has "
	                        "started, or is of another kind (--libc): %s",
	                        denied_at_start(linting, kind));
	lint_show(linting, &finding, &example);
	finding.rule = 0;
	lint_add(linting, &finding);
}
