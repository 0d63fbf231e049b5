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
};

static const struct option_row options[] = {
    {"arch", 'a', "ARCH", take_arch, offsetof(struct settings, arch), "default: this machine's"},
    {"sets", 0, NULL, take_flag, offsetof(struct settings, sets), "the sets, and what they are for"},
    {0},
};

struct row {
	int nr;
	const char *name;
};

static int by_number(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->nr > y->nr) - (x->nr < y->nr);
}

/* The calls of a set, or all if it is NULL, that the architecture has, ordered by number. */
static int list(uint32_t arch, const struct callgate_group *group)
{
	VEC(struct row) rows = {0};
	bool done = true;
	const char *name;

	for (size_t i = 0; done && (name = group ? group->syscalls[i] : callgate_syscall_name_at(i)); i++) {
		struct row row = {callgate_syscall_number(arch, name), name};
		done = row.nr < 0 || vec_push(&rows, row);
	}
	if (!done)
		cli_error("out of memory");
	else if (rows.count)
		qsort(rows.items, rows.count, sizeof(rows.items[0]), by_number);
	for (size_t i = 0; done && i < rows.count; i++)
		printf("%d\t%s\n", rows.items[i].nr, rows.items[i].name);
	vec_finish(&rows);
	return done ? CLI_OK : CLI_FAILED;
}

/* ---- sets ---- */

static int list_sets(void)
{
	const struct callgate_group *group;

	printf("# version %u\n", callgate_group_version());
	for (size_t i = 0; (group = callgate_group_at(i)); i++)
		printf("@%s\t%s\n", group->name, group->purpose);
	return CLI_OK;
}

static int show_set(uint32_t arch, const char *name)
{
	const struct callgate_group *group = callgate_group_find(name);
	const char *closest = callgate_group_closest_name(name);

	if (!group && closest)
		cli_error("there is no set \"%s\"; is \"@%s\" meant?", name, closest);
	else if (!group)
		cli_error("there is no set \"%s\"; --sets lists them", name);
	return group ? list(arch, group) : CLI_NO;
}

/* ---- single calls ---- */

static int show_number(uint32_t arch, int nr)
{
	char *name = seccomp_syscall_resolve_num_arch(arch, nr);

	if (!name) {
		cli_error("no system call has the number %d", nr);
		return CLI_NO;
	}
	printf("%d\t%s\n", nr, name);
	free(name);
	return CLI_OK;
}

static int show_name(uint32_t arch, const char *name)
{
	const char *closest = callgate_syscall_closest_name(name);
	int nr = callgate_syscall_number(arch, name);

	if (nr >= 0) {
		printf("%d\t%s\n", nr, name);
		return CLI_OK;
	}
	if (seccomp_syscall_resolve_name_arch(arch, name) != __NR_SCMP_ERROR)
		cli_error("the architecture has no system call \"%s\" of its own", name);
	else if (closest)
		cli_error("no system call is called \"%s\"; is \"%s\" meant?", name, closest);
	else
		cli_error("no system call is called \"%s\"", name);
	return CLI_NO;
}

static int show(uint32_t arch, const char *text)
{
	char *end;

	if (*text == '@')
		return show_set(arch, text);
	errno = 0;
	long long nr = strtoll(text, &end, 0);
	if (end == text || *end)
		return show_name(arch, text);
	if (errno || nr < INT32_MIN || nr > UINT32_MAX) {
		cli_error("%s: numbers of system calls have 32 bits", text);
		return CLI_FAILED;
	}
	return show_number(arch, (int)nr);
}

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	int status = CLI_OK;

	if (settings->sets)
		return list_sets();
	if (call->operand_count == 0)
		return list(settings->arch, NULL);
	for (size_t i = 0; i < call->operand_count; i++) {
		int result = show(settings->arch, call->operands[i]);
		status = result > status ? result : status;
	}
	return status;
}

const struct command cmd_syscalls = {
    .name = "syscalls",
    .what = "names and numbers of system calls",
    .synopsis = "[--arch ARCH] [NAME|NUMBER|@SET]...",
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
