/* callgate disasm: a filter's instructions as text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/filter.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/diagnosis.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>
#include <callgate/testing.h>

#include "cli/filter_file.h"

struct settings {
	uint32_t arch;
	bool check, no_names;
};

static const struct option_row options[] = {
    {"arch", 'a', "ARCH", take_arch, offsetof(struct settings, arch),
     "the architecture whose byte order the file has; default: this machine's"},
    {"check", 0, NULL, take_flag, offsetof(struct settings, check),
     "say on standard error whether the kernel would accept it; exit status 1 if not"},
    {"no-names", 'C', NULL, take_flag, offsetof(struct settings, no_names),
     "print no names of calls, architectures and errors next to the numbers"},
    {0},
};

/* ---- names beside the numbers ---- */

static void print_arch(uint32_t audit)
{
	const char *separator = "  ; ";

	for (size_t i = 0; callgate_arch_at(i); i++)
		if (callgate_arch_at(i)->audit == audit) {
			printf("%s%s", separator, callgate_arch_at(i)->name);
			separator = ", ";
		}
}

static char *text_or_lack(char *text)
{
	if (!text)
		cli_lacks_memory();
	return text;
}

/* What a comparison is about, known from a call that comes to it: an architecture, a call, or bits of an argument. */
static void print_comparison(const struct callgate_edge *edge)
{
	const struct callgate_arch *arch = callgate_arch_of_call(edge->example.arch, (int32_t)edge->k);
	struct callgate_edge taken = *edge;
	char *text = NULL;

	if (edge->reach != CALLGATE_REACH_SOME)
		return;
	taken.taken = true;
	if (edge->operand == CALLGATE_OPERAND_ARGUMENT || edge->operand == CALLGATE_OPERAND_POINTER)
		text = text_or_lack(callgate_explain_edge(&taken));
	if (text)
		printf("  ; %s", text);
	else if (BPF_SRC(edge->code) == BPF_X || BPF_OP(edge->code) == BPF_JSET || edge->mask != UINT32_MAX)
		return;
	else if (edge->operand == CALLGATE_OPERAND_ARCH)
		print_arch(edge->k);
	else if (edge->operand == CALLGATE_OPERAND_NR && arch && callgate_syscall_name(arch->token, (int32_t)edge->k))
		printf("  ; %s on %s", callgate_syscall_name(arch->token, (int32_t)edge->k), arch->name);
	free(text);
}

/* Returns how many edges the instruction has had. */
static size_t print_names(const struct callgate_simulator *simulator, size_t edge, size_t instruction)
{
	struct callgate_edge first, second;

	if (callgate_simulator_edge(simulator, edge, &first) < 0 || first.instruction != instruction)
		return 0;
	bool is_pair = callgate_simulator_edge(simulator, edge + 1, &second) == 0 && second.instruction == instruction;
	print_comparison(is_pair && first.reach != CALLGATE_REACH_SOME ? &second : &first);
	return is_pair ? 2 : 1;
}

static void print_error(const char *line)
{
	static const char start[] = "return ERRNO(";
	const char *number = strstr(line, start);
	char action[CALLGATE_ACTION_TEXT];

	if (!number)
		return;
	callgate_action_text(SCMP_ACT_ERRNO((uint32_t)strtoul(number + strlen(start), NULL, 10)), action);
	printf("  ; %.*s", (int)strcspn(action + strlen("ERRNO("), ")"), action + strlen("ERRNO("));
}

/* The listing, a line for each instruction, with names. */
static void print_listing(char *text, const struct callgate_simulator *simulator)
{
	char *rest = NULL, *line = strtok_r(text, "\n", &rest);
	size_t edge = 0;

	for (size_t index = 0; line; index++, line = strtok_r(NULL, "\n", &rest)) {
		fputs(line, stdout);
		edge += print_names(simulator, edge, index);
		print_error(line);
		putchar('\n');
	}
}

bool disasm_print(const struct callgate_program *program, bool with_names)
{
	char *text = callgate_program_disassemble(program);
	struct callgate_simulator *simulator = NULL;

	if (!text) {
		cli_error("out of memory");
		return false;
	}
	int result = with_names ? callgate_simulator_new_program(program, &simulator) : -EINVAL;
	if (result == -ENOMEM)
		cli_lacks_memory();
	if (result == 0)
		print_listing(text, simulator);
	else
		fputs(text, stdout);
	callgate_simulator_free(simulator);
	free(text);
	return true;
}

static int show(const struct callgate_program *program, const struct settings *settings)
{
	if (!disasm_print(program, !settings->no_names))
		return CLI_FAILED;
	if (!settings->check || callgate_program_check(program) == 0)
		return CLI_OK;
	cli_error("the kernel would refuse it: %s", callgate_diagnosis(NULL));
	return CLI_NO;
}

static int run(struct call *call)
{
	const struct settings *settings = call->settings;
	struct filter filter = {0};
	bool opened = filter_explain(&filter, filter_open_program(&filter, call->operands[0], settings->arch));
	int status = opened ? show(filter.programs[0], settings) : CLI_FAILED;

	filter_close(&filter);
	return status;
}

const struct command cmd_disasm = {
    .name = "disasm",
    .what = "list the instructions of a filter",
    .synopsis = "[--arch ARCH] [--check] [-C] FILE",
    .help = "Lists the instructions of FILE (-: standard input), an array of struct sock_filter as "
            "seccomp_export_bpf(3) and `callgate compile` write it, with names next to the numbers.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .operands_least = 1,
    .operands_most = 1,
    .question = "which program? One is to be named",
    .run = run,
};
