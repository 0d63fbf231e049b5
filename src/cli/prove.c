/* callgate prove: does a program do what a profile says? */
#include "cli/cli.h"
#include "cli/comparison.h"
#include "cli/profile_option.h"

static const char usage[] =
    "prove [--json] [--max N] [PROFILE OPTION]... PROFILE PROGRAM.bpf...\n"
    "\n"
    "Proves that PROGRAM.bpf, or several programs stacked in the order in which they are loaded, do what\n"
    "PROFILE says, for every call, or shows calls where they do not.\n"
    "Exit status 0: it does, 1: it does not, 2: there is no answer.\n" PROFILE_OPTIONS_HELP;

int cli_prove(int argc, char **argv)
{
	return comparison_run(argc, argv, usage, true);
}
