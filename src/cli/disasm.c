/* callgate disasm: a filter's instructions as text. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>

#include "cli/cli.h"

static const char usage[] =
    "disasm [--arch ARCH] [--check] FILE\n"
    "\n"
    "Lists the instructions of FILE (\"-\": standard input), an array of struct sock_filter as\n"
    "seccomp_export_bpf(3) and `callgate compile` write it.\n"
    "  --arch ARCH  whose byte order the file is in (default: this machine's)\n"
    "  --check      say on standard error whether the kernel would accept it; exit status 1 if not\n";

static int show(const struct callgate_program *program, bool check)
{
	char *text = callgate_program_disassemble(program);

	if (!text) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	fputs(text, stdout);
	free(text);
	if (!check || callgate_program_check(program) == 0)
		return CLI_OK;
	cli_error("the kernel would refuse it: %s", callgate_diagnosis(NULL));
	return CLI_NO;
}

int cli_disasm(int argc, char **argv)
{
	static const struct option options[] = {
	    {"arch", required_argument, NULL, 'a'},
	    {"check", no_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	uint32_t arch = SCMP_ARCH_NATIVE;
	bool check = false;

	for (int option; (option = getopt_long(argc, argv, "ha:", options, NULL)) != -1;) {
		if (option == 'a' && !cli_parse_arch(optarg, &arch))
			return CLI_FAILED;
		if (option == 'c')
			check = true;
		if (option == 'h' || option == '?')
			return cli_help(usage, option == 'h');
	}
	if (argc - optind != 1) {
		cli_error("one program is to be named");
		return cli_help(usage, false);
	}
	struct callgate_program *program = cli_read_program(argv[optind], arch);
	if (!program)
		return CLI_FAILED;
	int status = show(program, check);
	callgate_program_free(program);
	return status;
}
