/*
 * What a subcommand is. Each is a file cmd_NAME.c with one struct command and a row in the table of main.c; its options
 * are rows of a table, too, from which they are read and the help is printed.
 */
#ifndef CALLGATE_CLI_COMMAND_H
#define CALLGATE_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

/* Exit statuses of all subcommands but `run`, which has env(1)'s. */
enum cli_status {
	CLI_OK = 0,
	CLI_NO = 1,     /* the answer is no: the profile has errors, the filters differ, a test failed */
	CLI_FAILED = 2, /* there is no answer: wrong usage, unreadable file, out of memory */
};

/* One option. `take` puts the value where `target` bytes from the beginning of the command's settings are. */
struct option_row {
	const char *name;
	char letter; /* 0: it has none */
	/*
	 * What the help calls its value; NULL: it has none, and `value` of take() is NULL; "[=VALUE]": it may have one.
	 */
	const char *value;
	bool (*take)(const struct option_row *row, void *target, const char *value);
	size_t target;
	const char *help;
	unsigned int least, most; /* for take_number() */
	const char *const *words; /* for take_word(): all values, NULL after the last */
};

/* What options do with their values. False after a message was printed. */
bool take_flag(const struct option_row *row, void *target, const char *value);   /* bool */
bool take_text(const struct option_row *row, void *target, const char *value);   /* const char *, kept */
bool take_number(const struct option_row *row, void *target, const char *value); /* unsigned int */
bool take_word(const struct option_row *row, void *target,
               const char *value); /* int: the index in `words`; the first without a value */
bool take_arch(const struct option_row *row, void *target, const char *value); /* uint32_t: a SCMP_ARCH_* token */

/* The environment in which profiles are read, as the options of profiles in filter_file.c say it: in their order. */
struct setting {
	const struct option_row *option;
	const char *value;
	unsigned int line; /* of the test file; 0: the command line */
};
struct environment {
	const char *source; /* the test file */
	VEC(struct setting) settings;
};

/* What a subcommand was called with. */
struct call {
	const struct command *command;
	void *settings; /* the defaults, as the options changed them */
	struct environment environment;
	char **operands;
	size_t operand_count;
};

struct command {
	const char *name;
	const char *what;                 /* in the list of commands */
	const char *synopsis;             /* what comes after the name; each line is a form */
	const char *help;                 /* a paragraph or several, each in a line; NULL: `what` says all */
	const struct option_row *options; /* the last row has no name */
	/* environment_options of filter_file.h as well; NULL: none of them */
	const struct option_row *environment;
	bool ends_at_operand; /* what comes after the first operand is no option of this command */
	/* Filters are for this kernel. Otherwise every action of libseccomp's API can be used, whatever runs here. */
	bool for_this_kernel;
	const void *defaults; /* of the settings; NULL: all zero */
	size_t settings_size;
	unsigned int operands_least, operands_most;
	const char *question; /* what is asked where there are fewer or more */
	int failed;           /* the exit status for wrong usage; 0: CLI_FAILED */
	int (*run)(struct call *call);
};

/* The hint after a message about wrong usage; returns the exit status. */
int command_misused(const struct command *command);

/* "callgate: ..." and a newline on standard error. */
__attribute__((format(printf, 1, 2))) void cli_error(const char *format, ...);

/*
 * Something that was to be printed is missing, or was not looked at, as memory was out: no output_commit() succeeds any
 * more, and neither does a command whose exit status is its own.
 */
void cli_lacks_memory(void);
bool cli_lacked_memory(void);

/* Compares two numbers of 64 bits, for qsort(3) and bsearch(3). */
static inline int compare_numbers(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The commands, from index 0, in the order of the help; NULL after the last. */
const struct command *command_at(size_t index);

/*
 * The instructions, with names beside the numbers; what the kernel would refuse is listed without. False after a
 * message was printed.
 */
struct callgate_program;
bool disasm_print(const struct callgate_program *program, bool with_names);

extern const struct command cmd_bench, cmd_compile, cmd_completion, cmd_decode, cmd_diff, cmd_disasm, cmd_dump,
    cmd_explain, cmd_features, cmd_lint, cmd_profile, cmd_prove, cmd_record, cmd_run, cmd_sim, cmd_syscalls, cmd_test;

#endif
