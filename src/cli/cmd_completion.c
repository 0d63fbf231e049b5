/* callgate completion: what a shell offers on the command line, from the tables of commands and options. */
#include <stdio.h>
#include <string.h>

#include <callgate/arch.h>

#include "cli/command.h"

enum { ABOUT_MOST = 60 }; /* characters of a description */

/* ---- what the tables say ---- */

/* The first part of a help text, without what a shell would take for its own. */
static void print_about(const char *text)
{
	size_t length = strcspn(text, ";(");

	while (length > ABOUT_MOST && text[length - 1] != ' ')
		length--;
	while (length > 0 && text[length - 1] == ' ')
		length--;
	for (size_t i = 0; i < length; i++)
		putchar(strchr("'\"\\$`[]", text[i]) ? ' ' : text[i]);
}

static bool takes_arch(const struct option_row *row)
{
	return row->value && strcmp(row->value, "ARCH") == 0;
}

/* Values that can be listed; none of another option: its values are files, or nothing that is known. */
static void print_values(const struct option_row *row)
{
	const struct callgate_arch *arch;

	for (size_t i = 0; row->words && row->words[i]; i++)
		printf("%s%s", i ? " " : "", row->words[i]);
	for (size_t i = 0; takes_arch(row) && (arch = callgate_arch_at(i)); i++)
		printf("%s%s", i ? " " : "", arch->name);
}

static bool has_values(const struct option_row *row)
{
	return row->words || takes_arch(row);
}

static bool needs_value(const struct option_row *row)
{
	return row->value && row->value[0] != '[';
}

/* Calls `print` for each option of the command, and for those of profiles. */
static void each_option(const struct command *command,
                        void (*print)(const struct command *command, const struct option_row *row))
{
	for (const struct option_row *row = command->options; row->name; row++)
		print(command, row);
	for (const struct option_row *row = command->environment; row && row->name; row++)
		print(command, row);
}

/* ---- bash ---- */

static void bash_option(const struct command *command, const struct option_row *row)
{
	(void)command;
	printf(" --%s", row->name);
}

static void bash_values(const struct command *command, const struct option_row *row)
{
	if (!has_values(row))
		return;
	printf("\t%s:--%s) words='", command->name, row->name);
	print_values(row);
	puts("' ;;");
}

static void print_bash(void)
{
	const struct command *command;

	fputs("_callgate()\n{\n\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} "
	      "words=\n\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\tCOMPREPLY=($(compgen -W 'help",
	      stdout);
	for (size_t i = 0; (command = command_at(i)); i++)
		printf(" %s", command->name);
	fputs("' -- \"$word\"))\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]}:$before in\n", stdout);
	for (size_t i = 0; (command = command_at(i)); i++)
		each_option(command, bash_values);
	fputs("\tesac\n\tif [ -z \"$words\" ] && [ \"${word#-}\" != \"$word\" ]; then\n\t\tcase "
	      "${COMP_WORDS[1]} in\n",
	      stdout);
	for (size_t i = 0; (command = command_at(i)); i++) {
		printf("\t\t%s) words='--help", command->name);
		each_option(command, bash_option);
		puts("' ;;");
	}
	fputs("\t\tesac\n\tfi\n\tif [ -n \"$words\" ]; then\n\t\tCOMPREPLY=($(compgen -W \"$words\" -- "
	      "\"$word\"))\n\telse\n"
	      "\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n\tfi\n}\ncomplete -o filenames -o bashdefault -F "
	      "_callgate callgate\n",
	      stdout);
}

/* ---- zsh ---- */

static void zsh_option(const struct command *command, const struct option_row *row)
{
	(void)command;
	printf(" \\\n\t\t\t'*--%s%s[", row->name, needs_value(row) ? "" : row->value ? "=-" : "");
	print_about(row->help);
	putchar(']');
	if (row->value)
		printf("%s:value:", needs_value(row) ? "" : ":");
	if (has_values(row)) {
		putchar('(');
		print_values(row);
		putchar(')');
	} else if (row->value) {
		fputs("_files", stdout);
	}
	putchar('\'');
}

static void print_zsh(void)
{
	const struct command *command;

	fputs("#compdef callgate\nlocal -a commands\ncommands=(\n", stdout);
	for (size_t i = 0; (command = command_at(i)); i++) {
		printf("\t'%s:", command->name);
		print_about(command->what);
		puts("'");
	}
	fputs(")\nif (( CURRENT == 2 )); then\n\t_describe command commands\nelse\n\tcase $words[2] in\n", stdout);
	for (size_t i = 0; (command = command_at(i)); i++) {
		printf("\t%s)\n\t\t(( CURRENT-- )); shift words\n\t\t_arguments '--help[list the options]'",
		       command->name);
		each_option(command, zsh_option);
		puts(" '*:file:_files' ;;");
	}
	fputs("\t*) _files ;;\n\tesac\nfi\n", stdout);
}

/* ---- fish ---- */

static void fish_option(const struct command *command, const struct option_row *row)
{
	printf("complete -c callgate -n '__fish_seen_subcommand_from %s' -l %s", command->name, row->name);
	if (row->letter)
		printf(" -s %c", row->letter);
	if (has_values(row)) {
		fputs(needs_value(row) ? " -x -a '" : " -a '", stdout);
		print_values(row);
		putchar('\'');
	} else if (needs_value(row)) {
		fputs(" -r", stdout);
	}
	fputs(" -d '", stdout);
	print_about(row->help);
	puts("'");
}

static void print_fish(void)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)); i++) {
		printf("complete -c callgate -n __fish_use_subcommand -f -a %s -d '", command->name);
		print_about(command->what);
		puts("'");
	}
	for (size_t i = 0; (command = command_at(i)); i++)
		each_option(command, fish_option);
}

/* ---- the command ---- */

static const struct {
	const char *shell;
	void (*print)(void);
} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

static int run(struct call *call)
{
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(call->operands[0], shells[i].shell) == 0) {
			shells[i].print();
			return CLI_OK;
		}
	cli_error("completion is for bash, zsh or fish, not for \"%s\"", call->operands[0]);
	return CLI_FAILED;
}

static const struct option_row options[] = {{0}};

const struct command cmd_completion = {
    .name = "completion",
    .what = "print the completion file of a shell",
    .synopsis = "bash|zsh|fish",
    .help = "Prints the file from which the shell learns the commands and options of callgate. Packages "
            "install it; "
            "for one shell: eval \"$(callgate completion bash)\".\n",
    .options = options,
    .operands_least = 1,
    .operands_most = 1,
    .question = "for which shell? bash, zsh or fish",
    .run = run,
};
