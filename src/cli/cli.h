/*
 * What the subcommands share. A subcommand is a file with one cli_NAME() and a row in the table of main.c.
 */
#ifndef CALLGATE_CLI_CLI_H
#define CALLGATE_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <callgate/program.h>

/* Exit statuses of all subcommands but `run`, which has env(1)'s. */
enum cli_status {
	CLI_OK = 0,
	CLI_NO = 1,     /* the answer is no: the profile has errors, the filters differ, a test failed */
	CLI_FAILED = 2, /* there is no answer: wrong usage, unreadable file, out of memory */
};

/* argv[0] is "callgate NAME"; getopt's state is fresh. Returns the exit status. */
typedef int cli_function(int argc, char **argv);

cli_function cli_bench, cli_compile, cli_diff, cli_disasm, cli_profile, cli_prove, cli_run, cli_syscalls,
    cli_test;

/* "callgate: ..." and a newline on standard error. */
__attribute__((format(printf, 1, 2))) void cli_error(const char *format, ...);

/*
 * Prints "usage: callgate ...": all of it because it was asked for (CLI_OK), or the first line because the usage was wrong
 * (CLI_FAILED).
 */
int cli_help(const char *usage, bool asked);

/*
 * A SCMP_ARCH_* token for "x86_64", "amd64" or "SCMP_ARCH_X86_64"; with false, a message was printed.
 */
bool cli_parse_arch(const char *text, uint32_t *ret_arch);

/* A program from a file ("-": standard input); NULL after a message was printed. */
struct callgate_program *cli_read_program(const char *path, uint32_t arch);

#endif
