/* callgate disasm: a filter's instructions as text. */
#include <stdlib.h>

#include <callgate/diagnosis.h>

#include "cli/filter.h"

struct settings {
	uint32_t arch;
	bool check;
};

static const struct option_row options[] = {
    {"arch", 'a', "ARCH", take_arch, offsetof(struct settings, arch),
     "whose byte order the file is in; default: this machine's"},
    {"check", 0, NULL, take_flag, offsetof(struct settings, check),
     "say on standard error whether the kernel would accept it; exit status 1 if not"},
    {0},
};

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

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	struct filter filter = {0};
	bool opened =
	    filter_explain(&filter, filter_open_program(&filter, call->operands[0], settings->arch));
	int status = opened ? show(filter.programs[0], settings->check) : CLI_FAILED;

	filter_close(&filter);
	return status;
}

const struct command cmd_disasm = {
    .name = "disasm",
    .what = "list the instructions of a filter",
    .synopsis = "[--arch ARCH] [--check] FILE",
    .help = "Lists the instructions of FILE (-: standard input), an array of struct sock_filter as "
            "seccomp_export_bpf(3) and `callgate compile` write it.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .operands_least = 1,
    .operands_most = 1,
    .question = "which program? One is to be named",
    .failed = CLI_FAILED,
    .run = run,
};
