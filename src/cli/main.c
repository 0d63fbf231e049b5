/*
 * callgate: the library's questions, asked from a shell. How commands read their options and print their help; and the
 * table of them.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/arch.h>
#include <callgate/diagnosis.h>
#include <callgate/version.h>

#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/print.h"

enum { HELP_WIDTH = 80, HELP_COLUMN = 24, ROWS_MAX = 64 };

/* A message can have several lines. */
void cli_error(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	fflush(stdout);
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	print_safely(stderr, "callgate: %s\n", text ? text : "out of memory");
	free(text);
}

/* ---- values of options ---- */

bool take_flag(const struct option_row *row, void *target, const char *value)
{
	(void)row, (void)value;
	*(bool *)target = true;
	return true;
}

bool take_text(const struct option_row *row, void *target, const char *value)
{
	(void)row;
	*(const char **)target = value;
	return true;
}

bool take_number(const struct option_row *row, void *target, const char *value)
{
	char *end;

	errno = 0;
	unsigned long number = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || number < row->least || number > row->most) {
		cli_error("--%s takes a number from %u to %u, not \"%s\"", row->name, row->least, row->most, value);
		return false;
	}
	*(unsigned int *)target = (unsigned int)number;
	return true;
}

bool take_word(const struct option_row *row, void *target, const char *value)
{
	char list[200] = "";

	for (int i = 0; row->words[i]; i++) {
		if (!value || strcmp(row->words[i], value) == 0) {
			*(int *)target = i;
			return true;
		}
		size_t length = strlen(list);
		const char *separator = i == 0 ? "" : row->words[i + 1] ? ", " : " or ";
		snprintf(list + length, sizeof(list) - length, "%s%s", separator, row->words[i]);
	}
	cli_error("--%s takes %s, not \"%s\"", row->name, list, value);
	return false;
}

bool take_arch(const struct option_row *row, void *target, const char *value)
{
	const struct callgate_arch *arch = callgate_arch_find_name(value);
	char list[400] = "";

	(void)row;
	for (size_t i = 0; !arch && callgate_arch_at(i); i++) {
		size_t length = strlen(list);
		snprintf(list + length, sizeof(list) - length, "%s%s", i ? ", " : "", callgate_arch_at(i)->name);
	}
	if (!arch)
		cli_error("there is no architecture \"%s\"; there are %s", value, list);
	else
		*(uint32_t *)target = arch->token;
	return arch != NULL;
}

/* ---- help ---- */

/* Words up to the width of a screen; the first line begins in column `at`, the others in `indent`. Newlines stay. */
static void print_words(const char *text, int at, int indent)
{
	while (*text) {
		int length = (int)strcspn(text, " \n");
		if (at > indent && at + 1 + length > HELP_WIDTH) {
			putchar('\n');
			at = 0;
		}
		at += printf("%*s%.*s", at == 0 ? indent : at > indent ? 1 : 0, "", length, text);
		text += length;
		if (*text == '\n') {
			putchar('\n');
			at = 0;
		}
		text += *text != '\0';
	}
	putchar('\n');
}

/*
 * What stays together in a usage text: what is in brackets, and an option with its value, also where others can stand
 * in its place. Up to the next blank between such parts, or the end of the line.
 */
static size_t part_length(const char *text)
{
	size_t length = 0;
	int depth = 0;
	bool is_option = *text == '-';

	for (; text[length] && text[length] != '\n'; length++) {
		depth += text[length] == '[';
		depth -= text[length] == ']';
		is_option = is_option || (depth == 0 && strncmp(text + length, "|-", 2) == 0);
		if (text[length] != ' ' || depth > 0)
			continue;
		if (!is_option)
			break;
		is_option = false;
	}
	return length;
}

/* Each line of a synopsis is a form of the command. */
static void print_usage(const struct command *command, FILE *out)
{
	const char *text = command->synopsis, *before = "usage: ";

	while (*text) {
		const int indent = fprintf(out, "%scallgate %s", before, command->name);
		int at = indent;
		before = "       ";
		for (size_t length; *text && *text != '\n'; text += length + (text[length] == ' ')) {
			length = part_length(text);
			if (at > indent && at + 1 + (int)length > HELP_WIDTH)
				at = fprintf(out, "\n%*s", indent, "") - 1;
			at += fprintf(out, " %.*s", (int)length, text);
		}
		fputc('\n', out);
		text += *text == '\n';
	}
}

static void print_options(const struct option_row *row)
{
	for (; row->name; row++) {
		char letter[] = {'-', row->letter, ',', ' ', '\0'};
		int at = printf("  %s--%s%s%s", row->letter ? letter : "", row->name,
		                row->value && row->value[0] != '[' ? " " : "", row->value ? row->value : "");
		if (at >= HELP_COLUMN) {
			putchar('\n');
			at = 0;
		}
		printf("%*s", HELP_COLUMN - at, "");
		print_words(row->help, HELP_COLUMN, HELP_COLUMN);
	}
}

static int print_help(const struct command *command)
{
	print_usage(command, stdout);
	putchar('\n');
	print_words(command->help, 0, 0);
	print_options(command->options);
	if (command->environment)
		print_options(command->environment);
	return CLI_OK;
}

static int failure(const struct command *command)
{
	return command->failed ? command->failed : CLI_FAILED;
}

/* All of the help would hide what was wrong, which stands above. */
int command_misused(const struct command *command)
{
	print_usage(command, stderr);
	fprintf(stderr, "`callgate %s --help` says more.\n", command->name);
	return failure(command);
}

/* ---- reading the command line ---- */

/* All options of a command, as getopt_long(3) wants them. */
struct table {
	const struct option_row *rows[ROWS_MAX];
	struct option options[ROWS_MAX + 1];
	char letters[2 * ROWS_MAX + 3];
	int count;
};

enum { OPTION_HELP = 0x1000, OPTION_FIRST };

static void add_rows(struct table *table, const struct option_row *row)
{
	for (; row->name; row++) {
		size_t length = strlen(table->letters);
		int kind = !row->value ? no_argument : row->value[0] == '[' ? optional_argument : required_argument;
		assert(table->count < ROWS_MAX - 1);
		if (row->letter)
			snprintf(table->letters + length, sizeof(table->letters) - length, "%c%s", row->letter,
			         row->value ? ":" : "");
		table->options[table->count] = (struct option){row->name, kind, NULL, OPTION_FIRST + table->count};
		table->rows[table->count++] = row;
	}
}

/* The row of what getopt_long() returned. */
static int find_row(const struct table *table, int option)
{
	if (option >= OPTION_FIRST)
		return option - OPTION_FIRST;
	for (int i = 0; i < table->count; i++)
		if (table->rows[i]->letter == option)
			return i;
	return -1;
}

static bool is_within(const struct option_row *rows, const struct option_row *row)
{
	for (; rows->name; rows++)
		if (rows == row)
			return true;
	return false;
}

/* Says what getopt_long(3) found wrong, which names nobody's words on a terminal without care. */
static void refuse_option(const struct table *table, int option, const char *word)
{
	char letter[] = {'-', (char)optopt, '\0'};
	char name[64];

	if (option == ':') {
		cli_error("option %s needs a value", word);
	} else if (optopt >= OPTION_HELP) {
		cli_error("option %s takes no value", word);
	} else if (optopt) {
		cli_error("there is no option %s", letter);
	} else {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
		struct similar similar = similar_start(name);
		for (int i = 0; i < table->count; i++)
			similar_offer(&similar, table->rows[i]->name);
		cli_error(similar.best ? "there is no option %s; is --%s meant?" : "there is no option %s", word,
		          similar.best);
	}
}

/* -1 where the command is to be run, or the exit status. */
static int read_options(struct call *call, int argc, char **argv)
{
	const struct command *command = call->command;
	struct table table = {.count = 0};

	strcpy(table.letters, command->ends_at_operand ? "+:h" : ":h");
	add_rows(&table, command->options);
	if (command->environment)
		add_rows(&table, command->environment);
	table.options[table.count] = (struct option){"help", no_argument, NULL, OPTION_HELP};
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, table.letters, table.options, NULL)) != -1;) {
		if (option == 'h' || option == OPTION_HELP)
			return print_help(command);
		if (option == '?' || option == ':') {
			refuse_option(&table, option, argv[optind - 1]);
			return command_misused(command);
		}
		const struct option_row *row = table.rows[find_row(&table, option)];
		char *base = is_within(command->options, row) ? call->settings : (char *)&call->environment;
		if (!row->take(row, base + row->target, optarg))
			return failure(command);
	}
	call->operands = argv + optind;
	call->operand_count = (size_t)(argc - optind);
	if (call->operand_count >= command->operands_least && call->operand_count <= command->operands_most)
		return -1;
	cli_error("%s", command->question);
	return command_misused(command);
}

enum { NEWEST_API_LEVEL = 7 };

/* argv[0] is the command's name. Prints help or what is wrong, or runs the command. Returns the exit status. */
static int run_command(const struct command *command, int argc, char **argv)
{
	struct call call = {.command = command, .settings = calloc(1, command->settings_size + 1)};
	int status = failure(command);

	assert(command->options && command->run);
	if (!call.settings) {
		cli_error("out of memory");
		return status;
	}
	if (command->defaults)
		memcpy(call.settings, command->defaults, command->settings_size);
	status = read_options(&call, argc, argv);
	if (status < 0 && !command->for_this_kernel && seccomp_api_set(NEWEST_API_LEVEL) < 0) {
		cli_error("%s", callgate_diagnosis(NULL));
		status = failure(command);
	}
	if (status < 0)
		status = command->run(&call);
	vec_finish(&call.environment.settings);
	free(call.settings);
	if (cli_lacked_memory()) {
		cli_error("out of memory: not everything was looked at and printed");
		status = command == &cmd_run ? status : failure(command); /* which is that of what was run */
	}
	return status;
}

/* ---- the commands ---- */

static const struct command *const commands[] = {
    &cmd_run,  &cmd_record, &cmd_compile,  &cmd_profile,  &cmd_lint,       &cmd_prove,
    &cmd_diff, &cmd_sim,    &cmd_explain,  &cmd_disasm,   &cmd_decode,     &cmd_dump,
    &cmd_test, &cmd_bench,  &cmd_syscalls, &cmd_features, &cmd_completion,
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

const struct command *command_at(size_t index)
{
	return index < COMMANDS ? commands[index] : NULL;
}

static void print_commands(FILE *out)
{
	fputs("usage: callgate COMMAND [ARGUMENT]...\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->what);
	fputs("\n`callgate COMMAND --help` says more; callgate(1) says everything.\n", out);
}

/*
 * No file that is opened shall become standard output or standard error because that was closed. What stands in fails
 * when it is used, and is gone again for a command that is executed.
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
	if (*name == '-')
		cli_error("there is no option \"%s\" without a command", name);
	else if (similar.best)
		cli_error("there is no command \"%s\"; is \"%s\" meant?", name, similar.best);
	else if (*name)
		cli_error("there is no command \"%s\"", name);
	print_commands(stderr);
	return CLI_FAILED;
}

/* `help COMMAND` is `COMMAND --help`. */
static int help(int argc, char **argv)
{
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
	char option[] = "--help", *arguments[] = {NULL, option, NULL};

	if (command)
		return run_command(command, 2, arguments);
	if (argc > 1 && strcmp(argv[0], "help") == 0)
		return no_command(argv[1]);
	print_commands(stdout);
	return CLI_OK;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command = find_command(name);

	open_standard_files();
	if (command != &cmd_run && command != &cmd_record) /* which pass on their signals */
		signal(SIGXFSZ, SIG_IGN); /* beyond a limit of file sizes writing shall fail, and say so */
	if (command)
		return finish(run_command(command, argc - 1, argv + 1));
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		printf("callgate %s\n", callgate_version());
		return finish(CLI_OK);
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
		return finish(help(argc - 1, argv + 1));
	return no_command(name);
}
