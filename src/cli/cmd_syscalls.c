/* callgate syscalls: names and numbers. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/info.h>
#include <callgate/syscall.h>

#include "base/vec.h"
#include "cli/command.h"

struct settings {
	uint32_t arch;
	bool sets;
	const char *kernel, *set, *against;
	struct callgate_linux version; /* of `kernel`; all zero: any */
};

static const struct option_row options[] = {
    {"arch", 'a', "ARCH", take_arch, offsetof(struct settings, arch), "default: this machine's"},
    {"kernel", 'k', "VERSION", take_text, offsetof(struct settings, kernel),
     "only calls that this Linux version has for certain"},
    {"sets", 0, NULL, take_flag, offsetof(struct settings, sets), "list the sets and their purposes"},
    {"set", 0, "SET", take_text, offsetof(struct settings, set),
     "list the calls of the set, and why each belongs to it"},
    {"against", 0, "SET", take_text, offsetof(struct settings, against),
     "with --set: how the two sets or versions differ; exit status 1 if they do"},
    {0},
};

struct row {
	int nr;
	const char *name, *reason; /* reason: why it is in the set; NULL: nobody asked */
};

static int by_number(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->nr > y->nr) - (x->nr < y->nr);
}

/* Is the call in the version that was asked about, for certain? */
static bool is_there(const struct settings *settings, int nr)
{
	const struct callgate_linux *version = &settings->version;
	struct callgate_since since;

	if (!version->major)
		return true;
	if (callgate_syscall_since(settings->arch, nr, &since) < 0 || since.by.major == 0)
		return false;
	return since.by.major < version->major ||
	       (since.by.major == version->major && since.by.minor <= version->minor);
}

static void print_row(uint32_t arch, const struct row *row)
{
	char since[CALLGATE_SINCE_TEXT];

	callgate_syscall_since_text(arch, row->nr, since);
	printf("%d\t%s\t%s%s%s\n", row->nr, row->name, since, row->reason ? "\t" : "", row->reason ? row->reason : "");
}

/*
 * The calls of a set, with reasons if they are asked for, or all if it is NULL, that the architecture has, ordered by
 * number.
 */
static int list(const struct settings *settings, const struct callgate_group *group)
{
	VEC(struct row) rows = {0};
	bool done = true;
	const char *name;

	for (size_t i = 0; done && (name = group ? group->syscalls[i] : callgate_syscall_name_at(i)); i++) {
		struct row row = {callgate_syscall_number(settings->arch, name), name,
		                  group && settings->set ? callgate_group_reason(group, i) : NULL};
		done = row.nr < 0 || !is_there(settings, row.nr) || vec_push(&rows, row);
	}
	if (!done)
		cli_error("out of memory");
	else if (rows.count)
		qsort(rows.items, rows.count, sizeof(rows.items[0]), by_number);
	for (size_t i = 0; done && i < rows.count; i++)
		print_row(settings->arch, &rows.items[i]);
	vec_finish(&rows);
	return done ? CLI_OK : CLI_FAILED;
}

/* ---- sets ---- */

static int list_sets(void)
{
	const struct callgate_group *group;

	printf("# edition %u\n", callgate_group_version());
	for (size_t i = 0; (group = callgate_group_at(i)); i++)
		printf("@%s@%u\t%s\n", group->name, callgate_group_version_of(group), group->purpose);
	return CLI_OK;
}

static const struct callgate_group *find_set(const char *name)
{
	const struct callgate_group *group = callgate_group_find(name);
	const char *closest = callgate_group_closest_name(name);
	const struct callgate_group *newest = closest ? callgate_group_find(closest) : NULL;

	if (!group && newest && strchr(name + 1, '@') && strncmp(name + (*name == '@'), closest, strlen(closest)) == 0)
		cli_error("there is no set \"%s\"; the newest version is \"@%s@%u\"", name, closest,
		          callgate_group_version_of(newest));
	else if (!group && closest)
		cli_error("there is no set \"%s\"; is \"@%s\" meant?", name, closest);
	else if (!group)
		cli_error("there is no set \"%s\"; --sets lists them", name);
	return group;
}

static int show_set(const struct settings *settings, const char *name)
{
	const struct callgate_group *group = find_set(name);

	return group ? list(settings, group) : CLI_NO;
}

/* The calls of one that the other lacks, each with its reason; how many. */
static size_t print_missing(const struct callgate_group *of, const struct callgate_group *other, char sign)
{
	size_t count = 0;

	for (size_t i = 0, j = 0; of->syscalls[i]; i++) {
		while (other->syscalls[j] && strcmp(other->syscalls[j], of->syscalls[i]) < 0)
			j++;
		if (other->syscalls[j] && strcmp(other->syscalls[j], of->syscalls[i]) == 0)
			continue;
		printf("%c %s\t%s\n", sign, of->syscalls[i], callgate_group_reason(of, i));
		count++;
	}
	return count;
}

/* What changes when the second set takes the place of the first. */
static int show_difference(const char *first, const char *second)
{
	const struct callgate_group *old = find_set(first), *new = old ? find_set(second) : NULL;

	if (!new)
		return CLI_FAILED;
	size_t count = print_missing(old, new, '-');
	count += print_missing(new, old, '+');
	return count ? CLI_NO : CLI_OK;
}

/* ---- single calls ---- */

static int show_call(const struct settings *settings, const struct row *row)
{
	char since[CALLGATE_SINCE_TEXT];

	if (is_there(settings, row->nr)) {
		print_row(settings->arch, row);
		return CLI_OK;
	}
	callgate_syscall_since_text(settings->arch, row->nr, since);
	cli_error("%s is newer than Linux %s, or may be: %s", row->name, settings->kernel,
	          *since ? since : "its version is not known");
	return CLI_NO;
}

static int show_number(const struct settings *settings, int nr)
{
	char *name = seccomp_syscall_resolve_num_arch(settings->arch, nr);

	if (!name) {
		cli_error("no system call has the number %d", nr);
		return CLI_NO;
	}
	int status = show_call(settings, &(struct row){nr, name});
	free(name);
	return status;
}

static int show_name(const struct settings *settings, const char *name)
{
	const char *closest = callgate_syscall_closest_name(name);
	int nr = callgate_syscall_number(settings->arch, name);

	if (nr >= 0)
		return show_call(settings, &(struct row){nr, name});
	if (seccomp_syscall_resolve_name_arch(settings->arch, name) != __NR_SCMP_ERROR)
		cli_error("the architecture has no system call \"%s\" of its own", name);
	else if (closest)
		cli_error("no system call is called \"%s\"; is \"%s\" meant?", name, closest);
	else
		cli_error("no system call is called \"%s\"", name);
	return CLI_NO;
}

static int show(const struct settings *settings, const char *text)
{
	char *end;

	if (*text == '@')
		return show_set(settings, text);
	errno = 0;
	long long nr = strtoll(text, &end, 0);
	if (end == text || *end)
		return show_name(settings, text);
	if (errno || nr < INT32_MIN || nr > UINT32_MAX) {
		cli_error("%s: numbers of system calls have 32 bits", text);
		return CLI_FAILED;
	}
	return show_number(settings, (int)nr);
}

/* "5.10" */
static bool read_version(struct settings *settings)
{
	unsigned major, minor;
	int length = 0;

	if (sscanf(settings->kernel, "%3u.%3u%n", &major, &minor, &length) == 2 && !settings->kernel[length] &&
	    major > 0 && major <= UINT8_MAX && minor <= UINT8_MAX) {
		settings->version = (struct callgate_linux){(uint8_t)major, (uint8_t)minor, 0};
		return true;
	}
	cli_error("\"%s\" is not a version of Linux such as 5.10", settings->kernel);
	return false;
}

static int run(struct call *call)
{
	struct settings *settings = call->settings;
	int status = CLI_OK;

	if (settings->kernel && !read_version(settings))
		return CLI_FAILED;

	if ((settings->against && !settings->set) || (settings->set && call->operand_count)) {
		cli_error(settings->set ? "--set takes no further calls" : "--against is for --set");
		return CLI_FAILED;
	}
	if (settings->sets)
		return list_sets();
	if (settings->against)
		return show_difference(settings->set, settings->against);
	if (settings->set)
		return show_set(settings, settings->set);
	if (call->operand_count == 0)
		return list(settings, NULL);
	for (size_t i = 0; i < call->operand_count; i++) {
		int result = show(settings, call->operands[i]);
		status = result > status ? result : status;
	}
	return status;
}

const struct command cmd_syscalls = {
    .name = "syscalls",
    .what = "list names, numbers and ages of system calls",
    .synopsis = "[--arch ARCH] [--kernel VERSION] [--set @SET [--against @SET]] [NAME|NUMBER|@SET]...",
    .help = "Without a name or number: all system calls of the architecture, by number. With one: its number "
            "or name. "
            "With a set of callgate-test(5): its calls. Exit status 1 if one of them is unknown or the "
            "architecture "
            "does not have it.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .operands_most = UINT_MAX,
    .run = run,
};
