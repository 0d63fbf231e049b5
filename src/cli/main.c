/* callgate: the library's questions, asked from a shell. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <callgate/version.h>

#include "base/similar.h"
#include "cli/command.h"

static const struct command *const commands[] = {
    &cmd_run,    &cmd_compile, &cmd_profile, &cmd_prove,    &cmd_diff,
    &cmd_disasm, &cmd_test,    &cmd_bench,   &cmd_syscalls,
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_help(FILE *out)
{
	fputs("usage: callgate COMMAND [ARGUMENT]...\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->what);
	fputs("\n`callgate COMMAND --help` says more; callgate(1) says everything.\n", out);
}

/*
 * No file that is opened shall become standard output or standard error because that was closed. What stands in fails when it is
 * used, and is gone again for a command that is executed.
 */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_PATH | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* An answer that nobody could read is none. */
static int finish(int status)
{
	bool failed = ferror(stdout);

	errno = 0;
	if (fflush(stdout) == 0 && !failed)
		return status;
	cli_error("standard output: %s", errno ? strerror(errno) : "not everything could be written");
	return CLI_FAILED;
}

/* NULL if there is none of this name. */
static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i]->name) == 0)
			return commands[i];
	return NULL;
}

static int no_command(const char *name)
{
	struct similar similar = similar_start(name);

	for (size_t i = 0; i < COMMANDS; i++)
		similar_offer(&similar, commands[i]->name);
	if (similar.best)
		cli_error("there is no command \"%s\"; is \"%s\" meant?", name, similar.best);
	else if (*name)
		cli_error("there is no command \"%s\"", name);
	print_help(stderr);
	return CLI_FAILED;
}

/* `help COMMAND` is `COMMAND --help`. */
static int help(int argc, char **argv)
{
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
	char option[] = "--help", *arguments[] = {NULL, option, NULL};

	if (command)
		return command_run(command, 2, arguments);
	if (argc > 1 && strcmp(argv[0], "help") == 0)
		return no_command(argv[1]);
	print_help(stdout);
	return CLI_OK;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command = find_command(name);

	open_standard_files();
	if (command != &cmd_run)          /* which passes on its signals */
		signal(SIGXFSZ, SIG_IGN); /* beyond a limit of file sizes writing shall fail, and say so */
	if (command)
		return finish(command_run(command, argc - 1, argv + 1));
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		printf("callgate %s\n", callgate_version());
		return finish(CLI_OK);
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
		return finish(help(argc - 1, argv + 1));
	return no_command(name);
}
